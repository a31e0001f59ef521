//! What the tags, the scripts and the style sheets of a page name beside pages, where that is asked for.

use std::ops::Range;

use super::Scan;
use super::name::Name;
use crate::parse::kinds;

impl Scan<'_, '_> {
    /// Takes what an element names beside pages, unless it is in a template.
    pub(super) fn take_others(&mut self, written: Range<usize>, space: kinds::Space) {
        let Some(kinds) = self.bounds.kinds.filter(|_| !self.attributes.are_none()) else { return };
        if self.nesting.is_in_template() {
            return;
        }
        let name = self.cursor.text.get(written).unwrap_or_default();
        kinds.read(&mut self.facts, space, name, |name| self.attributes.get(name));
    }

    /// Takes what the text of a script or a style sheet names, which is next.
    pub(super) fn take_text(&mut self, name: Name, end: usize) {
        let Some(kinds) = self.bounds.kinds.filter(|_| !self.nesting.is_in_template()) else { return };
        let text = self.cursor.text.get(self.cursor.at..self.cursor.at + end).unwrap_or_default();
        if name == Name::STYLE {
            kinds.read_css(&mut self.facts, text);
        } else {
            let kind = self.attributes.get("type");
            kinds.read_script(&mut self.facts, kind.as_deref(), text);
        }
    }
}
