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
        if kinds.survey() && !self.nesting.is_in_shadow_root() {
            self.see(name, space == kinds::Space::Html);
        }
    }

    /// Takes the name that an element of `MathML` has for fragments.
    pub(super) fn take_math(&mut self) {
        if self.surveys() && !self.nesting.is_in_shadow_root() {
            self.see("", false);
        }
    }

    /// Takes what an element is to readers, whatever attributes it has.
    pub(super) fn take_heading(&mut self, name: Name, written: Range<usize>) {
        if !self.surveys() || self.nesting.is_in_shadow_root() {
            return;
        }
        let (written, tag) = (self.cursor.text.get(written).unwrap_or_default(), self.facts.tag_at());
        self.facts.seen.read_heading(written, tag);
        self.facts.seen.titles += u32::from(name == Name::TITLE);
    }

    /// Counts text that is shown.
    #[inline]
    pub(super) fn count_text(&mut self, length: usize) {
        if self.surveys() {
            self.facts
                .seen
                .read_text(self.cursor.text.get(self.cursor.at..self.cursor.at + length).unwrap_or_default());
        }
    }

    /// Whether the page is surveyed, and what comes now counts.
    fn surveys(&self) -> bool {
        self.bounds.kinds.is_some_and(kinds::OtherKinds::survey) && !self.nesting.is_in_template()
    }

    fn see(&mut self, name: &str, is_html: bool) {
        let (tag, attributes) = (self.facts.tag_at(), &self.attributes);
        self.facts.seen.read_element(name, is_html, tag, |name| attributes.get(name));
        if is_html && name.eq_ignore_ascii_case("meta") {
            let [name, content] = ["name", "content"].map(|name| attributes.get(name).unwrap_or_default());
            self.facts.seen.noindex |= self.robots.meta_asks_noindex(name.trim_ascii(), &content);
        }
    }

    /// Takes what the text of a script or a style sheet names, which is next.
    fn take_text(&mut self, name: Name, end: usize) {
        let Some(kinds) = self.bounds.kinds.filter(|_| !self.nesting.is_in_template()) else { return };
        let text = self.cursor.text.get(self.cursor.at..self.cursor.at + end).unwrap_or_default();
        if name == Name::STYLE {
            kinds.read_css(&mut self.facts, text);
        } else {
            let kind = self.attributes.get("type");
            kinds.read_script(&mut self.facts, kind.as_deref(), text);
        }
    }

    /// Reads a script or a style sheet. Without an end tag it is all that is left.
    pub(super) fn read_raw(&mut self, name: Name, end: Option<usize>) -> Option<()> {
        self.take_text(name, end.unwrap_or(self.cursor.rest().len()));
        self.cursor.at += end?;
        self.close()
    }
}
