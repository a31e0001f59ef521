//! From the text of an XHTML page to what its elements say: by the rules of XML and of its namespaces (HTML Standard,
//! section 14.2; Namespaces in XML 1.0).
//!
//! What differs from HTML: any element may be empty, a CDATA section is text, names have their case and a namespace, and
//! `xml:lang` is a language. Shadow roots are declared in HTML only.

use std::borrow::Cow;

use super::forms::{Control, Forms};
use super::xml::{Markup, StartTag, Token};
use super::{Around, Bounds, take_srcdoc};
use crate::parse::facts::{Element, Facts, folded};
use crate::parse::kinds;
use crate::parse::robots::Robots;

/// Reads a page that is sent as XHTML. Names that are in no namespace are taken for those of XHTML, unless the root
/// has a prefix: to a browser such a page is no page, but its author has meant one.
pub(in crate::parse) fn scan_xhtml<'a>(text: &'a str, bounds: Bounds<'_>, robots: &Robots) -> Facts<'a> {
    let mut scan = Scan {
        markup: Markup::new(text, bounds.attributes),
        facts: Facts::default(),
        elements: Elements::new(bounds.nesting, Space::Xhtml),
        title: None,
        forms: Forms::default(),
        bounds,
        robots,
    };
    // `None` is the end of the text.
    while scan.step().is_some() {}
    scan.elements.open.clear();
    scan.take_title();
    scan.forms.end_at(0, &mut scan.facts);
    scan.facts
}

/// Whether the root of an XML document, of which this is the start, is the `<html>` of XHTML.
pub(in crate::parse) fn has_xhtml_root(start: &str) -> bool {
    let mut markup = Markup::new(start, MAX_ROOT_ATTRIBUTES);
    loop {
        match markup.next() {
            Some(Token::Start(root)) => {
                let mut elements = Elements::new(1, Space::Other);
                return elements.space_of(&root, &markup) == Space::Xhtml && local(root.name) == "html";
            }
            Some(_) => {}
            None => return false,
        }
    }
}

struct Scan<'a, 'r> {
    markup: Markup<'a>,
    facts: Facts<'a>,
    elements: Elements<'a>,
    /// The text of the title that is open.
    title: Option<String>,
    forms: Forms<'a>,
    bounds: Bounds<'r>,
    robots: &'r Robots,
}

/// The namespaces that matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Space {
    Xhtml,
    Svg,
    Xlink,
    Other,
}

/// The open elements, and the namespaces that are declared in them.
#[derive(Debug)]
struct Elements<'a> {
    open: Vec<Open<'a>>,
    /// How many are open that are nested too deep to be among them.
    left_out: usize,
    /// How many are templates.
    templates: usize,
    /// The namespace of names without a prefix, where none is declared.
    without_prefix: Space,
    /// What the prefixes stand for, from the root inwards; the empty one is that of names without any.
    declared: Vec<(&'a str, Space)>,
    max: usize,
}

#[derive(Debug)]
struct Open<'a> {
    /// As it is written: an end tag repeats it.
    name: &'a str,
    is_template: bool,
    /// How many declarations there are around it.
    declared: usize,
}

impl<'a> Scan<'a, '_> {
    fn step(&mut self) -> Option<()> {
        match self.markup.next()? {
            Token::Start(tag) => return self.read_start_tag(&tag),
            Token::End(name) => {
                if self.elements.close(name) {
                    self.take_title();
                }
            }
            Token::Text(raw) if self.title.is_none() && self.counts_text() => self.facts.seen.read_text(raw),
            Token::Text(raw) if self.title.is_some() => {
                let text = self.markup.decode(raw);
                self.add_to_title(&text);
            }
            Token::Cdata(text) if self.title.is_some() => self.add_to_title(text),
            Token::Text(_) | Token::Cdata(_) => {}
        }
        Some(())
    }

    fn read_start_tag(&mut self, tag: &StartTag<'a>) -> Option<()> {
        self.facts.tag = tag.at;
        let declared = self.elements.declared.len();
        let space = self.elements.space_of(tag, &self.markup);
        if self.elements.open.is_empty() && space == Space::Xhtml && tag.name.contains(':') {
            // Who writes `h:html` writes `h:a`.
            self.elements.without_prefix = Space::Other;
        }
        let name = local(tag.name);
        let is_xhtml = space == Space::Xhtml;
        if !self.elements.is_in_template() {
            if self.bounds.forms {
                self.read_control(if is_xhtml { name } else { "" }, tag);
            }
            self.take(space, name, tag);
            self.take_others(space, name, tag);
        }
        if tag.is_empty {
            self.elements.declared.truncate(declared);
            self.take_title();
            return Some(());
        }
        self.elements.open(tag.name, is_xhtml && name == "template", declared);
        if is_xhtml && matches!(name, "script" | "style") {
            let text = self.markup.skip_text_of(tag.name)?;
            if let Some(kinds) = self.bounds.kinds.filter(|_| !self.elements.is_in_template()) {
                // Character references count there (HTML Standard, section 14.3).
                let text = self.markup.decode(text);
                let kind = tag.attributes.iter().find(|(written, _)| *written == "type");
                let kind = kind.map(|(_, raw)| self.markup.decode(raw));
                if name == "style" {
                    kinds.read_css(&mut self.facts, &text);
                } else {
                    kinds.read_script(&mut self.facts, kind.as_deref(), &text);
                }
            }
        }
        Some(())
    }

    /// Whether the text that comes now is counted.
    fn counts_text(&self) -> bool {
        self.bounds.kinds.is_some_and(kinds::OtherKinds::survey) && !self.elements.is_in_template()
    }

    /// Takes what an element names beside pages.
    fn take_others(&mut self, space: Space, name: &str, tag: &StartTag<'a>) {
        let Some(kinds) = self.bounds.kinds else { return };
        let space = match space {
            Space::Xhtml => kinds::Space::Html,
            Space::Svg => kinds::Space::Svg,
            Space::Xlink | Space::Other => return,
        };
        let raw = |name: &str| tag.attributes.iter().find(|(written, _)| *written == name).map(|(_, raw)| *raw);
        let xlink = || {
            let found = tag.attributes.iter().find(|(written, _)| {
                let prefix = written.strip_suffix("href").and_then(|prefix| prefix.strip_suffix(':'));
                prefix.is_some_and(|prefix| self.elements.space_of_prefix(prefix) == Space::Xlink)
            });
            found.map(|(_, raw)| *raw).filter(|_| space == kinds::Space::Svg)
        };
        let attribute = |name: &str| {
            let raw = raw(name).or_else(|| if name == "href" { xlink() } else { None });
            raw.map(|raw| self.markup.decode(raw))
        };
        kinds.read(&mut self.facts, space, name, attribute);
        if kinds.survey() {
            self.see(name, space == kinds::Space::Html, tag);
        }
    }

    /// Takes what an element is called, and what it is to readers.
    fn see(&mut self, name: &str, is_html: bool, tag: &StartTag<'a>) {
        let markup = &self.markup;
        let attribute = |name: &str| {
            let found =
                tag.attributes.iter().find(|(written, _)| *written == name || name == "id" && *written == "xml:id");
            found.map(|(_, raw)| markup.decode(raw))
        };
        let (at, seen) = (self.facts.tag_at(), &mut self.facts.seen);
        seen.read_element(name, is_html, at, attribute);
        if is_html {
            seen.read_heading(name, at);
            seen.titles += u32::from(name == "title");
        }
        if is_html && name == "meta" {
            let [name, content] = ["name", "content"].map(|name| attribute(name).unwrap_or_default());
            seen.noindex |= self.robots.meta_asks_noindex(name.trim_ascii(), &content);
        }
    }

    /// Takes what an element says that is in no template.
    fn take(&mut self, space: Space, name: &str, tag: &StartTag<'a>) {
        let attribute = |name: &str| {
            let found = tag.attributes.iter().find(|(written, _)| *written == name);
            found.map(|(_, raw)| self.markup.decode(raw))
        };
        let in_space = |wanted: Space, name: &str| {
            let found = tag.attributes.iter().find(|(written, _)| {
                let prefix = written.strip_suffix(name).and_then(|prefix| prefix.strip_suffix(':'));
                prefix.is_some_and(|prefix| self.elements.space_of_prefix(prefix) == wanted)
            });
            found.map(|(_, raw)| self.markup.decode(raw))
        };
        let element = match (space, name) {
            (Space::Svg, "a") => {
                let href = attribute("href").or_else(|| in_space(Space::Xlink, "href"));
                let attribute = |name: &str| if name == "href" { href.clone() } else { attribute(name) };
                return self.facts.read(Element::Anchor, attribute, self.robots);
            }
            (Space::Xhtml, "title") => {
                if self.facts.title.is_none() && self.title.is_none() {
                    self.title = Some(String::new());
                }
                return;
            }
            (Space::Xhtml, "script") => return self.facts.read_script(attribute("type").as_deref()),
            (Space::Xhtml, "iframe") if attribute("srcdoc").is_some() => {
                // It is HTML, also in XHTML (HTML Standard, section 4.8.5).
                let page = attribute("srcdoc").unwrap_or_default();
                return take_srcdoc(
                    &mut self.facts,
                    &page,
                    self.bounds,
                    self.robots,
                    Around { pages: 0, stacks: false },
                );
            }
            (Space::Xhtml, name) => element(name),
            _ => None,
        };
        if let Some(element) = element {
            // It wins over `lang` (HTML Standard, section 3.2.6.2).
            let language = if element == Element::Html { attribute("xml:lang") } else { None };
            let attribute = |name: &str| language.clone().filter(|_| name == "lang").or_else(|| attribute(name));
            self.facts.read(element, attribute, self.robots);
        }
    }

    /// Reads what may be a part of a form. A form has ended when it is no more among the open elements.
    fn read_control(&mut self, name: &str, tag: &StartTag<'a>) {
        let depth = self.elements.open.len();
        self.forms.end_at(depth, &mut self.facts);
        let control = match name {
            "form" if !tag.is_empty => Control::Form,
            "input" => Control::Input,
            "button" => Control::Button,
            "select" => Control::Select,
            "option" => Control::Option,
            "textarea" => Control::Textarea,
            _ => return,
        };
        let attribute = |name: &'static str| {
            let found = tag.attributes.iter().find(|(written, _)| *written == name);
            found.map(|(_, raw)| self.markup.decode(raw))
        };
        let text = || Cow::Owned(folded(&self.markup.decode(self.markup.text_ahead())).unwrap_or_default());
        self.forms.start(control, depth, attribute, text);
    }

    /// The text of a title is that of its own, not of elements in it.
    fn add_to_title(&mut self, text: &str) {
        let is_own = self.elements.open.last().is_some_and(|open| local(open.name) == "title");
        if let Some(title) = self.title.as_mut().filter(|_| is_own) {
            title.push_str(text);
        }
    }

    /// Takes the title, once it is closed: the first counts, also when it is empty.
    fn take_title(&mut self) {
        let elements = &self.elements;
        let is_closed = |_: &mut String| !elements.open.iter().any(|open| local(open.name) == "title");
        if let Some(title) = self.title.take_if(is_closed) {
            self.facts.title = Some(Cow::Owned(title));
        }
    }
}

impl<'a> Elements<'a> {
    fn new(max: usize, without_prefix: Space) -> Self {
        Self { open: Vec::new(), left_out: 0, templates: 0, without_prefix, declared: Vec::new(), max }
    }

    fn is_in_template(&self) -> bool {
        self.templates > 0
    }

    /// The namespace of an element, whose declarations hold from here on.
    fn space_of(&mut self, tag: &StartTag<'a>, markup: &Markup<'a>) -> Space {
        for (name, raw) in &tag.attributes {
            let prefix = match name.strip_prefix("xmlns") {
                Some("") => "",
                Some(prefixed) => match prefixed.strip_prefix(':') {
                    Some(prefix) => prefix,
                    None => continue,
                },
                None => continue,
            };
            if self.declared.len() < MAX_DECLARED {
                self.declared.push((prefix, Space::of(&markup.decode(raw))));
            }
        }
        self.space_of_prefix(tag.name.split_once(':').map_or("", |(prefix, _)| prefix))
    }

    fn space_of_prefix(&self, prefix: &str) -> Space {
        let declared = self.declared.iter().rev().find(|(declared, _)| *declared == prefix).map(|(_, space)| *space);
        declared.unwrap_or(if prefix.is_empty() { self.without_prefix } else { Space::Other })
    }

    /// Opens an element, around which there were so many declarations.
    fn open(&mut self, name: &'a str, is_template: bool, declared: usize) {
        if self.open.len() >= self.max {
            self.left_out += 1;
            return;
        }
        self.templates += usize::from(is_template);
        self.open.push(Open { name, is_template, declared });
    }

    /// Closes an element, and those in it that were left open. Whether there was one.
    fn close(&mut self, name: &str) -> bool {
        if self.left_out > 0 {
            self.left_out -= 1;
            return false;
        }
        let Some(at) = self.open.iter().rposition(|open| open.name == name) else { return false };
        for closed in self.open.drain(at..).rev() {
            self.templates -= usize::from(closed.is_template);
            self.declared.truncate(closed.declared);
        }
        true
    }
}

impl Space {
    fn of(name: &str) -> Self {
        match name {
            "http://www.w3.org/1999/xhtml" => Self::Xhtml,
            "http://www.w3.org/2000/svg" => Self::Svg,
            "http://www.w3.org/1999/xlink" => Self::Xlink,
            _ => Self::Other,
        }
    }
}

fn element(name: &str) -> Option<Element> {
    Some(match name {
        "html" => Element::Html,
        "base" => Element::Base,
        "a" => Element::Anchor,
        "area" => Element::Area,
        "frame" => Element::Frame,
        "iframe" => Element::Iframe,
        "object" => Element::Object,
        "embed" => Element::Embed,
        "link" => Element::Link,
        "meta" => Element::Meta,
        _ => return None,
    })
}

/// A name without its prefix.
fn local(name: &str) -> &str {
    name.split_once(':').map_or(name, |(_, local)| local)
}

/// How many declarations of namespaces are kept at once: each name with a prefix is looked up among them.
const MAX_DECLARED: usize = 64;
/// How many attributes of a root are looked at.
const MAX_ROOT_ATTRIBUTES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(page: &str) -> Facts<'_> {
        scan_xhtml(page, Bounds { nesting: 16, attributes: 16, forms: true, kinds: None }, &Robots::new("crawler"))
    }

    #[track_caller]
    fn check(page: &str, title: Option<&str>, links: &[&str]) {
        for page in [page.to_owned(), format!("<html xmlns=\"http://www.w3.org/1999/xhtml\">{page}</html>")] {
            let facts = facts(&page);
            assert_eq!(facts.title.as_deref(), title, "{page}");
            assert_eq!(facts.references.iter().map(|link| &*link.text).collect::<Vec<_>>(), links, "{page}");
        }
    }

    #[test]
    fn an_empty_element_swallows_nothing() {
        for name in [
            "title",
            "script",
            "style",
            "textarea",
            "iframe",
            "template",
            "noscript",
            "xmp",
            "noembed",
            "noframes",
            "plaintext",
            "a",
            "p",
            "div",
            "select",
            "frameset",
            "svg",
            "math",
            "object",
        ] {
            let title = (name == "title").then_some("");
            check(&format!("<{name}/><a href='/a'/>"), title, &["/a"]);
            check(&format!("<{name} id='x' /><a href='/a'/>"), title, &["/a"]);
            check(&format!("<{name}></{name}><a href='/a'/>"), title, &["/a"]);
        }
        check("<title/><title>t</title>", Some(""), &[]);
        check("<iframe src='/f'/><script src='/s'/><a href='/a'/>", None, &["/f", "/a"]);
    }

    #[test]
    fn what_is_in_a_section_a_comment_or_an_instruction_is_no_link() {
        check("<![CDATA[ a > b <a href='/no'>x</a> ]]><a href='/a'/>", None, &["/a"]);
        check("<!-- <a href='/no'/> --><?php <a href='/no'/> ?><a href='/a'/>", None, &["/a"]);
        check("<script><![CDATA[ '<a href=\"/no\">' && '</script>' ]]></script><a href='/a'/>", None, &["/a"]);
        check("<script>if (a < b) write('<a href=\"/no\">');</script><a href='/a'/>", None, &["/a"]);
        check("<style>a<b{}</style><a href='/a'/>", None, &["/a"]);
    }

    #[test]
    fn a_title_is_its_text() {
        check("<title><![CDATA[A < B]]> &amp; C</title>", Some("A < B & C"), &[]);
        check("<title>a<b>b</b>c</title>", Some("ac"), &[]);
        check("<title>a</title><title>b</title>", Some("a"), &[]);
        check("<template><title>a</title></template><title>b</title>", Some("b"), &[]);
        check(
            "<s:svg xmlns:s='http://www.w3.org/2000/svg'><s:title>a</s:title></s:svg><title>b</title>",
            Some("b"),
            &[],
        );
        check("<title>never closed <a href='/a'/>", Some("never closed "), &["/a"]);
    }

    #[test]
    fn the_language_is_that_of_xml() {
        let lang = |page| facts(page).lang.map(Cow::into_owned);
        assert_eq!(lang("<html xml:lang='fr'/>").as_deref(), Some("fr"));
        assert_eq!(lang("<html lang='de' xml:lang='fr'/>").as_deref(), Some("fr"));
        assert_eq!(lang("<html lang='de'/>").as_deref(), Some("de"));
        assert_eq!(lang("<p xml:lang='fr'/>"), None);
    }

    #[test]
    fn names_have_a_namespace_and_a_case() {
        let xhtml = "http://www.w3.org/1999/xhtml";
        check(&format!("<h:a xmlns:h='{xhtml}' href='/a'/><h:a href='/no'/>"), None, &["/a"]);
        check(
            &format!("<x xmlns='urn:x'><a href='/no'/><a xmlns='{xhtml}' href='/a'/></x><a href='/b'/>"),
            None,
            &["/a", "/b"],
        );
        let prefixed = format!("<h:html xmlns:h='{xhtml}'><a href='/no'/><h:a href='/a'/></h:html>");
        assert_eq!(facts(&prefixed).references.iter().map(|link| &*link.text).collect::<Vec<_>>(), ["/a"]);
        check("<a xmlns='' href='/no'/><a xmlns='urn:x' href='/no'/><a href='/a'/>", None, &["/a"]);
        check("<A HREF='/no' href='/no'/><a HREF='/no'/><a href='/a'/>", None, &["/a"]);
        check("<x:a href='/no' xmlns:x='urn:x'/><y:a href='/no'/><a y:href='/no'/>", None, &[]);
        let svg = "<svg xmlns='http://www.w3.org/2000/svg' xmlns:l='http://www.w3.org/1999/xlink'>";
        check(
            &format!("{svg}<a l:href='/a'/><a href='/b' l:href='/no'/><link rel='next' href='/no'/></svg>"),
            None,
            &["/a", "/b"],
        );
    }

    #[test]
    fn templates_are_not_in_the_page_and_shadow_roots_are_not_declared_in_xml() {
        check("<template><a href='/no'/></template><a href='/a'/>", None, &["/a"]);
        check("<div><template shadowrootmode='open'><a href='/no'/></template></div><a href='/a'/>", None, &["/a"]);
    }

    #[test]
    fn what_is_not_well_formed_is_read_on() {
        check("<p><a href=/a>x<br></p></q><b><i></b></i><a href='/b' disabled>&nbsp;&none; a & b", None, &["/a", "/b"]);
        check("<a href='/a?b&amp;c&#x26;d&copy=1'/>", None, &["/a?b&c&d&copy=1"]);
        check(
            &format!("{}<a href='/deep'/>{}<a href='/a'/>", "<p>".repeat(99), "</p>".repeat(99)),
            None,
            &["/deep", "/a"],
        );
    }

    #[test]
    fn a_page_in_a_page_is_html() {
        check(
            "<iframe src='/no' srcdoc='&lt;a href=/a&gt;&lt;title/&gt;&lt;a href=/no&gt;'/><a href='/b'/>",
            None,
            &["/a", "/b"],
        );
    }

    #[test]
    fn a_root_of_xhtml_is_told_from_others() {
        let xhtml = "xmlns='http://www.w3.org/1999/xhtml'";
        assert!(has_xhtml_root(&format!("<?xml version='1.0'?><!DOCTYPE html><!-- c -->\n<html {xhtml}>")));
        assert!(has_xhtml_root("<h:html xmlns:h='http://www.w3.org/1999/xhtml'/>"));
        for other in [
            "<html>".to_owned(),
            format!("<rss><html {xhtml}/></rss>"),
            format!("<body {xhtml}/>"),
            format!("<x:html {xhtml}/>"),
            format!("<HTML {xhtml}/>"),
            String::new(),
        ] {
            assert!(!has_xhtml_root(&other), "{other}");
        }
    }
}
