//! Declared shadow roots: HTML Standard, section 13.2.6.4.4, start tag "template".

use std::borrow::Cow;
use std::ops::Range;

use super::Scan;
use super::name::Name;

impl Scan<'_, '_> {
    /// Whether the template that was read last asks for a shadow root, where there may be one: in the head, and in other
    /// templates, there is none.
    pub(super) fn opens_shadow_root(&self) -> bool {
        let is_mode = |mode: Cow<'_, str>| ["open", "closed"].iter().any(|known| mode.eq_ignore_ascii_case(known));
        self.attributes.get("shadowrootmode").is_some_and(is_mode)
            && !self.nesting.is_in_template()
            && !self.frames.are_in_head()
    }

    /// Opens the shadow root of the current element, or else an inert template. `None` when it is not known what the
    /// current element is.
    pub(super) fn open_shadow_root(&mut self) -> Option<()> {
        if !self.around.stacks {
            self.needs_stack = true;
            return None;
        }
        if !self.nesting.open_shadow_root() {
            self.nesting.open_html(Name::TEMPLATE, false, &self.attributes);
        }
        Some(())
    }

    /// Whether an element may have a shadow root: all custom ones, whose names have a hyphen.
    pub(super) fn may_have_shadow_root(&self, name: Name, written: Range<usize>) -> bool {
        name.is_shadow_host() || self.cursor.text.get(written).is_some_and(|name| name.contains('-'))
    }
}
