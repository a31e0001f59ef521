//! What a tag stands in: HTML, SVG, `MathML`, a template. Enough of the stack of open elements to tell, and no more.
//!
//! Outside of SVG, `MathML` and templates nothing is stacked. HTML elements are only counted by name there, to know what
//! an end tag inside of SVG belongs to that names nothing in it: `<a><svg></a>` ends both.

use super::name::Name;
use super::tag::Attributes;

/// The open elements that matter.
#[derive(Debug)]
pub(super) struct Nesting {
    /// From the outermost template, SVG or `MathML` element inwards.
    open: Vec<Open>,
    /// How many of them are templates.
    templates: usize,
    /// How many of them are shadow roots.
    shadow_roots: usize,
    /// How many templates are open that are not among them, because they are nested too deep.
    templates_left_out: usize,
    /// How many HTML elements may be open that are not among them, by the slot of their name.
    others: [u32; 256],
    max: usize,
}

#[derive(Debug, Clone, Copy)]
struct Open {
    name: Name,
    space: Space,
    shadow: Shadow,
}

/// What is known of an element as the host of a shadow root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shadow {
    /// It can have none, or nobody asks.
    Impossible,
    Possible,
    /// It has one.
    Host,
    /// It is the template that holds one.
    Root,
}

/// The language that an element belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Space {
    Html,
    Svg,
    Math,
    /// `MathML`, as an annotation that holds HTML.
    MathAnnotation,
}

impl Nesting {
    /// Nothing is open. What nests deeper than `max` is read as if it did not.
    pub(super) fn new(max: usize) -> Self {
        Self { open: Vec::new(), templates: 0, shadow_roots: 0, templates_left_out: 0, others: [0; 256], max }
    }

    /// The same for a page of which all open elements have to be known, as one with shadow roots: the body is open.
    pub(super) fn with_body(max: usize) -> Self {
        let body = Open { name: Name::BODY, space: Space::Html, shadow: Shadow::Possible };
        Self { open: vec![body], ..Self::new(max) }
    }

    /// Whether what comes now is in nothing but HTML elements.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Counts an HTML element that is opened where there is nothing else.
    #[inline]
    pub(super) fn count(&mut self, name: Name) {
        if let Some(count) = self.others.get_mut(usize::from(name.slot())) {
            *count = match name {
                // There is no `<select>` in another: the tag ends the one that is open.
                Name::SELECT if *count > 0 => *count - 1,
                // Nor an `<a>`: it is closed, and the new one opened.
                Name::A if *count > 0 => *count,
                _ => count.saturating_add(1),
            };
        }
    }

    /// Whether what comes now is in a template, and so not in the page.
    pub(super) fn is_in_template(&self) -> bool {
        self.templates > 0
    }

    /// Whether what comes now is in a shadow root: it is shown, and no part of the document.
    pub(super) fn is_in_shadow_root(&self) -> bool {
        self.shadow_roots > 0
    }

    /// Whether the current node is not of HTML, so that there may be a CDATA section.
    pub(super) fn is_foreign(&self) -> bool {
        self.open.last().is_some_and(|open| open.space != Space::Html)
    }

    /// Everything is closed.
    pub(super) fn clear(&mut self) {
        self.open.clear();
        (self.templates, self.shadow_roots, self.templates_left_out) = (0, 0, 0);
    }

    /// Decides what a start tag belongs to, and opens the element if that is not HTML (HTML Standard, sections 13.2.6
    /// "tree construction dispatcher" and 13.2.6.5).
    #[inline]
    pub(super) fn start(&mut self, name: Name, closes_itself: bool, attributes: &Attributes<'_>) -> Space {
        let Some(current) = self.open.last().copied().filter(|current| !current.takes_as_html(name)) else {
            return Space::Html;
        };
        if breaks_out(name, attributes) {
            self.break_out();
            return Space::Html;
        }
        let space = if current.space == Space::Svg { Space::Svg } else { Space::Math };
        self.open(name, space, closes_itself, attributes);
        space
    }

    /// Opens an element that belongs to HTML.
    #[inline]
    pub(super) fn open_html(&mut self, name: Name, closes_itself: bool, attributes: &Attributes<'_>) {
        match name {
            Name::SVG => self.open(name, Space::Svg, closes_itself, attributes),
            Name::MATH => self.open(name, Space::Math, closes_itself, attributes),
            Name::TEMPLATE if self.open.len() >= self.max => self.templates_left_out += 1,
            Name::TEMPLATE => {
                self.templates += 1;
                self.open.push(Open { name, space: Space::Html, shadow: Shadow::Impossible });
            }
            _ if self.open.is_empty() => self.count(name),
            _ if name.is_never_open() || name.is_part_of_table() => {}
            _ => self.open(name, Space::Html, false, attributes),
        }
    }

    /// Opens a template that holds the shadow root of the element around it (HTML Standard, section 13.2.6.4.4, start tag
    /// "template"). Whether it can: that element may have one, and has none yet.
    pub(super) fn open_shadow_root(&mut self) -> bool {
        let depth = self.open.len();
        let Some(host) = self.open.last_mut().filter(|host| host.shadow == Shadow::Possible && depth < self.max) else {
            return false;
        };
        host.shadow = Shadow::Host;
        self.shadow_roots += 1;
        self.open.push(Open { name: Name::TEMPLATE, space: Space::Html, shadow: Shadow::Root });
        true
    }

    /// The element that was opened last may have a shadow root.
    pub(super) fn allow_shadow_root(&mut self) {
        if let Some(last) = self.open.last_mut().filter(|last| last.space == Space::Html) {
            last.shadow = Shadow::Possible;
        }
    }

    /// How many elements are open that are not only counted.
    pub(super) fn depth(&self) -> usize {
        self.open.len()
    }

    /// Reads an end tag. Whether it is one of HTML, for which more may have to be done.
    #[inline]
    pub(super) fn end(&mut self, name: Name) -> bool {
        let Some(current) = self.open.last() else {
            self.uncount(name);
            return true;
        };
        if current.space == Space::Html {
            self.end_html(name);
            return true;
        }
        if matches!(name, Name::BR | Name::P) {
            self.break_out();
            return true;
        }
        // Section 13.2.6.5, "any other end tag".
        let html = self.open.iter().rposition(|open| open.space == Space::Html).map_or(0, |at| at + 1);
        let foreign = self.open.get(html..).unwrap_or_default();
        if let Some(at) = foreign.iter().rposition(|open| open.name == name) {
            self.open.truncate(html + at);
            return false;
        }
        if html > 0 {
            self.end_html(name);
        } else if self.end_other(name) {
            self.open.clear();
        }
        true
    }

    fn open(&mut self, name: Name, space: Space, closes_itself: bool, attributes: &Attributes<'_>) {
        if closes_itself || self.open.len() >= self.max {
            return;
        }
        let space = match space {
            Space::Math if name == Name::ANNOTATION_XML && holds_html(attributes) => Space::MathAnnotation,
            space => space,
        };
        self.open.push(Open { name, space, shadow: Shadow::Impossible });
    }

    /// Closes an HTML element that is among the open ones.
    fn end_html(&mut self, name: Name) {
        if name == Name::TEMPLATE {
            return self.end_template();
        }
        // What follows is still in the body, and in whatever is open there (section 13.2.6.4.19).
        if name == Name::BODY {
            return;
        }
        // Neither a template nor an integration point is left by another end tag, and a block only by that of a block
        // or of formatting.
        let held_by_blocks = !name.is_block() && !name.is_formatting();
        for (at, open) in self.open.iter().enumerate().rev() {
            if open.space == Space::Html && open.name == name {
                return self.open.truncate(at);
            }
            if open.is_boundary() || held_by_blocks && open.space == Space::Html && open.name.is_block() {
                return;
            }
        }
    }

    fn end_template(&mut self) {
        if self.templates_left_out > 0 {
            self.templates_left_out -= 1;
            return;
        }
        let is_template = |open: &Open| open.space == Space::Html && open.name == Name::TEMPLATE;
        if let Some(at) = self.open.iter().rposition(is_template) {
            let is_root = self.open.get(at).is_some_and(|template| template.shadow == Shadow::Root);
            *(if is_root { &mut self.shadow_roots } else { &mut self.templates }) -= 1;
            self.open.truncate(at);
        }
    }

    /// Closes an HTML element that is not among the open ones. Whether it is one that what is in SVG may stand in.
    fn end_other(&mut self, name: Name) -> bool {
        self.uncount(name) && !name.is_never_open() && !matches!(name, Name::BODY | Name::FORM)
    }

    /// Counts an HTML element as closed. Whether one was open.
    #[inline]
    pub(super) fn uncount(&mut self, name: Name) -> bool {
        let count = self.others.get_mut(usize::from(name.slot())).filter(|count| **count > 0);
        count.map(|count| *count -= 1).is_some()
    }

    /// Leaves SVG and `MathML` up to where HTML may stand.
    fn break_out(&mut self) {
        let keep = self.open.iter().rposition(|open| open.space == Space::Html || open.is_integration_point());
        self.open.truncate(keep.map_or(0, |at| at + 1));
    }
}

impl Open {
    /// Whether a start tag in this element is one of HTML.
    fn takes_as_html(self, name: Name) -> bool {
        match self.space {
            Space::Html | Space::MathAnnotation => true,
            Space::Svg => self.is_integration_point(),
            Space::Math if self.name == Name::ANNOTATION_XML => name == Name::SVG,
            Space::Math => self.is_integration_point() && !matches!(name, Name::MGLYPH | Name::MALIGNMARK),
        }
    }

    fn is_integration_point(self) -> bool {
        match self.space {
            Space::Svg => matches!(self.name, Name::FOREIGN_OBJECT | Name::DESC | Name::TITLE),
            Space::Math => matches!(self.name, Name::MI | Name::MO | Name::MN | Name::MS | Name::MTEXT),
            Space::Html | Space::MathAnnotation => false,
        }
    }

    fn is_boundary(self) -> bool {
        self.name == Name::TEMPLATE && self.space == Space::Html || self.is_integration_point()
    }
}

/// Whether a start tag cannot stand in SVG and `MathML`, and ends them.
fn breaks_out(name: Name, attributes: &Attributes<'_>) -> bool {
    match name {
        Name::FONT => ["color", "face", "size"].iter().any(|attribute| attributes.has(attribute)),
        _ => name.is_html_only(),
    }
}

/// Whether an annotation says that it holds HTML.
fn holds_html(attributes: &Attributes<'_>) -> bool {
    let types = ["text/html", "application/xhtml+xml"];
    attributes.get("encoding").is_some_and(|value| types.iter().any(|html| value.eq_ignore_ascii_case(html)))
}
