//! The outline of a page: its body, and what leads to other pages in it rather than says something.

use std::collections::HashSet;

use html5ever::{LocalName, local_name, ns};
use scraper::ElementRef;

use super::kind::Kind;
use super::part::Part;
use super::walk::{Inside, Visitor, walk};
use crate::tree::{Document, NodeId, NodeRef};

/// The body of a page; `None` when it has none, as a page of frames.
pub(super) fn body(document: &Document) -> Option<ElementRef<'_>> {
    let is_body = |element: &ElementRef<'_>| {
        let name = &element.value().name;
        name.local == local_name!("body") && name.ns == ns!(html)
    };
    document.html.root_element().child_elements().find(is_body)
}

/// The body without its navigation: menus, what stands at the edges of all pages, search. What is left is at least some of
/// it: else all of it is.
pub(super) fn without_navigation(body: ElementRef<'_>) -> Part<'_> {
    let mut survey = Survey::default();
    walk(&Part::all(body), &mut survey);
    let Survey { navigation, inside, all, main, .. } = survey;
    // One element for what is particular to this page.
    let root = main.filter(|(_, length)| *length * MAIN_PART >= all - inside).map_or(body, |(element, _)| element);
    let left = length(&Part::without(root, navigation.clone()));
    if left * LEAST_PART < all { Part::all(body) } else { Part::without(root, navigation) }
}

/// How much text there is in a part, in bytes that are not white.
pub(super) fn length(part: &Part<'_>) -> usize {
    let mut count = Count::default();
    walk(part, &mut count);
    count.bytes
}

/// How many blocks of code, tables and lists of terms there are in a part.
pub(super) fn blocks(part: &Part<'_>) -> usize {
    let mut count = Count::default();
    walk(part, &mut count);
    count.blocks
}

#[derive(Default)]
struct Count {
    bytes: usize,
    blocks: usize,
}

impl<'a> Visitor<'a> for Count {
    fn enter(&mut self, _: ElementRef<'a>, kind: Kind) -> Inside {
        self.blocks += usize::from(matches!(kind, Kind::Pre | Kind::Table | Kind::Terms));
        Inside::Read
    }

    fn leave(&mut self, _: ElementRef<'a>, _: Kind) {}

    fn text(&mut self, _: NodeRef<'a>, text: &'a str) {
        self.bytes += dense(text);
    }

    fn is_full(&self) -> bool {
        false
    }
}

#[derive(Default)]
struct Survey<'a> {
    navigation: HashSet<NodeId>,
    /// How many elements of navigation are open.
    open: usize,
    /// How many articles are open: what stands at their edges is theirs.
    articles: usize,
    /// How much text there is, and how much of it in navigation.
    all: usize,
    inside: usize,
    /// The element for what is particular to the page, with its length.
    main: Option<(ElementRef<'a>, usize)>,
    in_main: usize,
}

impl<'a> Visitor<'a> for Survey<'a> {
    fn enter(&mut self, element: ElementRef<'a>, _: Kind) -> Inside {
        if self.open == 0 && self.is_navigation(element) {
            self.navigation.insert(element.id());
        }
        self.open += usize::from(self.navigation.contains(&element.id()));
        self.articles += usize::from(is_article(element));
        if is_main(element) {
            self.in_main += 1;
            self.main.get_or_insert((element, 0));
        }
        Inside::Read
    }

    fn leave(&mut self, element: ElementRef<'a>, _: Kind) {
        self.open -= usize::from(self.navigation.contains(&element.id()));
        self.articles -= usize::from(is_article(element));
        self.in_main -= usize::from(is_main(element));
    }

    fn text(&mut self, _: NodeRef<'a>, text: &'a str) {
        let length = dense(text);
        self.all += length;
        if self.open > 0 {
            self.inside += length;
        } else if let Some((_, in_main)) = self.main.as_mut().filter(|_| self.in_main > 0) {
            *in_main += length;
        }
    }

    fn is_full(&self) -> bool {
        false
    }
}

impl Survey<'_> {
    fn is_navigation(&self, element: ElementRef<'_>) -> bool {
        let value = element.value();
        if matches!(value.name.local, local_name!("body") | local_name!("main") | local_name!("article")) {
            return false;
        }
        let is_in_text = self.articles > 0;
        match value.attr("role") {
            Some("navigation" | "search" | "menu" | "menubar" | "banner" | "contentinfo") => return true,
            Some("complementary") => return !is_in_text,
            _ => {}
        }
        match value.name.local {
            local_name!("nav") => return true,
            local_name!("footer") | local_name!("aside") => return !is_in_text,
            local_name!("header") => return !is_in_text && !has_heading(element),
            _ => {}
        }
        let named = ["id", "class"].into_iter().filter_map(|name| value.attr(name));
        named
            .flat_map(str::split_ascii_whitespace)
            .any(|name| NAMES.iter().any(|known| name.eq_ignore_ascii_case(known)))
    }
}

fn is_article(element: ElementRef<'_>) -> bool {
    element.value().name.local == local_name!("article") || is_main(element)
}

fn is_main(element: ElementRef<'_>) -> bool {
    let value = element.value();
    value.name.local == local_name!("main") || value.attr("role") == Some("main")
}

/// Whether the first heading of the page may be in it.
fn has_heading(element: ElementRef<'_>) -> bool {
    let is_heading = |name: &LocalName| *name == local_name!("h1");
    element
        .descendants()
        .take(LOOK_DOWN)
        .filter_map(ElementRef::wrap)
        .any(|inner| is_heading(&inner.value().name.local))
}

fn dense(text: &str) -> usize {
    text.bytes().filter(|byte| !byte.is_ascii_whitespace()).count()
}

/// What sites call their navigation, as a class or an id.
const NAMES: [&str; 33] = [
    "nav",
    "navbar",
    "navigation",
    "navheader",
    "navfooter",
    "nav-bar",
    "nav-menu",
    "main-nav",
    "top-nav",
    "topnav",
    "bottom-nav",
    "sub-nav",
    "subnav",
    "menu",
    "main-menu",
    "breadcrumb",
    "breadcrumbs",
    "sidebar",
    "side-bar",
    "sphinxsidebar",
    "footer",
    "page-footer",
    "site-footer",
    "site-header",
    "pagination",
    "pager",
    "skip-link",
    "skip-nav",
    "cookie-banner",
    "cookie-consent",
    "cookie-notice",
    "social-share",
    "share-buttons",
];
/// An element for what is particular to a page holds at least one part in so many of what is no navigation.
const MAIN_PART: usize = 4;
/// Without its navigation a page has at least one part in so many of its text.
const LEAST_PART: usize = 10;
/// How many nodes of a header are looked at.
const LOOK_DOWN: usize = 200;
