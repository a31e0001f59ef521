//! What a scan and a tree tell of one page, in a form that can be compared: for tests and the fuzz target.

use std::borrow::Cow;
use std::collections::BTreeSet;

use html5ever::{LocalName, local_name, ns};
use scraper::ElementRef;

use super::facts::{Element, Facts, Start};
use super::kinds::{self, OtherKinds};
use super::robots::Robots;
use super::scan;
use crate::mention::Kind;
use crate::tree::{Bounds, Document};

/// What a scan and a tree tell of a page, when that is not the same.
pub(super) fn alike(page: &str) -> Result<(), String> {
    let (by_scan, by_tree) = (by_scan(page), by_tree(page));
    if by_scan == by_tree {
        return Ok(());
    }
    let differs = by_scan.lines().zip(by_tree.lines()).find(|(scan, tree)| scan != tree);
    Err(format!("{differs:?} differ\nscan: {by_scan}\ntree: {by_tree}"))
}

/// The same of what a page names beside pages, in any order: what is a part of it, or stands in its styles and scripts.
pub(super) fn others_alike(page: &str) -> Result<(), String> {
    let kinds = all_kinds();
    let bounds = scan::Bounds { kinds: Some(&kinds), ..bounds() };
    let by_scan = told_others(&scan::scan(page, bounds, &Robots::new("crawler")));
    let document = Document::parse(page, BOUNDS);
    let mut facts = Facts::default();
    for element in document.elements() {
        read_others(&kinds, &mut facts, element);
    }
    let by_tree = told_others(&facts);
    if by_scan == by_tree { Ok(()) } else { Err(format!("scan: {by_scan:#?}\ntree: {by_tree:#?}")) }
}

/// All kinds, and a data attribute.
pub(super) fn all_kinds() -> OtherKinds {
    let kinds = [Kind::Embed, Kind::Style, Kind::Feed, Kind::Cite, Kind::Ping, Kind::Data, Kind::Script];
    let data = ["data-src".parse().expect("it is a name")];
    OtherKinds::new(kinds.into_iter().collect(), &data).expect("there are others than pages")
}

fn told_others(facts: &Facts<'_>) -> BTreeSet<String> {
    let others = facts.references.iter().filter(|reference| reference.mention.kind() != Kind::Page);
    others.map(|reference| format!("{} {:?}", reference.mention.kind().name(), reference.text)).collect()
}

fn read_others<'a>(kinds: &OtherKinds, facts: &mut Facts<'a>, element: ElementRef<'a>) {
    let name = &element.value().name;
    let space = match name.ns {
        ns!(html) => kinds::Space::Html,
        ns!(svg) => kinds::Space::Svg,
        _ => return,
    };
    let text = || element.text().collect::<String>();
    match (space, &name.local) {
        // Its page is not looked into here.
        (kinds::Space::Html, &local_name!("iframe")) if element.attr("srcdoc").is_some() => {}
        (kinds::Space::Html, &local_name!("style")) => kinds.read_css(facts, &text()),
        (kinds::Space::Html, &local_name!("script")) => kinds.read_script(facts, element.attr("type"), &text()),
        _ => {}
    }
    let attribute = |name: &str| match space {
        kinds::Space::Html => element.attr(name).map(Cow::Borrowed),
        kinds::Space::Svg => self::attribute(element, name).map(Cow::Borrowed),
    };
    kinds.read(facts, space, &name.local, attribute);
}

/// What a scan tells of a page.
pub(super) fn by_scan(page: &str) -> String {
    told(&scan::scan(page, bounds(), &Robots::new("crawler")))
}

fn bounds() -> scan::Bounds<'static> {
    scan::Bounds { nesting: BOUNDS.nesting, attributes: BOUNDS.attributes, forms: false, kinds: None }
}

/// What a tree tells of a page.
pub(super) fn by_tree(page: &str) -> String {
    told(&facts(&Document::parse(page, BOUNDS), &Robots::new("crawler")))
}

/// All that is known of a page, a fact in each line. A tree repeats links where it opens an `<a>` again.
fn told(facts: &Facts<'_>) -> String {
    let mut links: Vec<(&str, Start, bool)> = Vec::new();
    for reference in &facts.references {
        match links.iter_mut().find(|(text, start, _)| (*text, *start) == (&reference.text, reference.start)) {
            Some((_, _, nofollow)) => *nofollow &= reference.nofollow,
            None => links.push((&reference.text, reference.start, reference.nofollow)),
        }
    }
    let mut told = String::new();
    let mut tell = |name: &str, value: Option<&str>| {
        if let Some(value) = value {
            told.extend([name, " ", &format!("{value:?}"), "\n"]);
        }
    };
    tell("base", facts.base.as_deref());
    tell("title", facts.title.as_deref());
    tell("description", facts.description.as_deref());
    tell("lang", facts.lang.as_deref());
    for canonical in &facts.canonicals {
        tell("canonical", Some(&canonical.text));
    }
    for (start, base) in &facts.inner_bases {
        tell(&format!("base from {start:?}"), Some(base));
    }
    tell("script", facts.has_script.then_some("yes"));
    tell("robots", facts.nofollow.then_some("nofollow"));
    tell("usage", facts.usage.is_something().then(|| format!("{:?}", facts.usage)).as_deref());
    for label in &facts.charset_labels {
        tell("charset", Some(label));
    }
    for (text, start, nofollow) in links {
        let name = if nofollow { "nofollow" } else { "link" };
        match start {
            Start::Base => tell(name, Some(text)),
            Start::Url | Start::Inner(_) => tell(&format!("{name} from {start:?}"), Some(text)),
        }
    }
    told
}

/// What the elements of a tree say.
fn facts<'a>(document: &'a Document, robots: &Robots) -> Facts<'a> {
    let mut facts = Facts::default();
    for element in document.elements() {
        let name = &element.value().name;
        if name.ns == ns!(html) && name.local == local_name!("title") && facts.title.is_none() {
            facts.title = Some(Cow::Owned(element.text().collect()));
        }
        if name.ns == ns!(html) && name.local == local_name!("script") {
            facts.read_script(element.attr("type"));
        }
        let is_frame = name.ns == ns!(html) && name.local == local_name!("iframe");
        if let Some(page) = element.attr("srcdoc").filter(|_| is_frame) {
            facts.take_inner(self::facts(&Document::parse(page, BOUNDS), robots));
        } else if let Some(kind) = kind_of(element) {
            facts.read(kind, |name| attribute(element, name).map(Cow::Borrowed), robots);
        }
    }
    facts.charset_labels = document.charset_labels().iter().map(|label| Cow::Borrowed(label.as_str())).collect();
    facts
}

fn kind_of(element: ElementRef<'_>) -> Option<Element> {
    let name = &element.value().name;
    if name.ns == ns!(svg) && name.local == local_name!("a") {
        return Some(Element::Anchor);
    }
    match name.local {
        _ if name.ns != ns!(html) => None,
        local_name!("html") => Some(Element::Html),
        local_name!("base") => Some(Element::Base),
        local_name!("a") => Some(Element::Anchor),
        local_name!("area") => Some(Element::Area),
        local_name!("frame") => Some(Element::Frame),
        local_name!("iframe") => Some(Element::Iframe),
        local_name!("object") => Some(Element::Object),
        local_name!("embed") => Some(Element::Embed),
        local_name!("link") => Some(Element::Link),
        local_name!("meta") => Some(Element::Meta),
        _ => None,
    }
}

/// The value of an attribute. In SVG, `xlink:href` is an `href` as well.
fn attribute<'a>(element: ElementRef<'a>, name: &str) -> Option<&'a str> {
    let name = LocalName::from(name);
    let value_in = |namespace| {
        let mut attributes = element.value().attrs.iter();
        attributes.find(|(key, _)| key.local == name && key.ns == namespace).map(|(_, value)| &**value)
    };
    value_in(ns!()).or_else(|| value_in(ns!(xlink)))
}

/// Those of the options, and more nodes than any page here has.
const BOUNDS: Bounds = Bounds { nesting: 512, attributes: 512, nodes: 1_000_000 };
