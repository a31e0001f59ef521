//! One page while rules are applied to it: its tree and its data, each built when first asked for, and once.

use std::cell::{OnceCell, RefCell};

use encoding_rs::Encoding;
use scraper::ElementRef;
use serde_json::Value;

use super::element::Work;
use super::microdata;
use super::options::Start;
use super::path::{self, Path};
use super::rule::Needs;
use crate::extracted::Findings;
use crate::tree::{Document, PageTree, References, embedded};
use crate::url::{CrawlUrl, Target, UrlRules};

/// A page that rules are applied to.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// Where it was found.
    pub url: &'a CrawlUrl,
    /// Its body, decoded.
    pub text: &'a str,
    /// The value of `Content-Type`, as it was received.
    pub content_type: Option<&'a str>,
    /// What the body was decoded from: queries of URLs are written in it.
    pub encoding: &'static Encoding,
    /// How URLs are resolved and told apart.
    pub url_rules: &'a UrlRules,
}

/// The page, and what was made of it.
pub(super) struct Page<'a> {
    pub(super) input: &'a Input<'a>,
    pub(super) work: Work,
    pub(super) findings: RefCell<Findings>,
    document: Option<&'a Document>,
    body: Option<Value>,
    references: References<'a>,
    json_ld: OnceCell<Vec<Value>>,
    microdata: OnceCell<Vec<Value>>,
}

/// What fields are taken of.
#[derive(Clone, Copy)]
pub(super) enum At<'p> {
    Page,
    Element(ElementRef<'p>),
    Json(&'p Value),
}

impl<'a> Page<'a> {
    pub(super) fn new(input: &'a Input<'a>, tree: &'a PageTree<'a>, rules: usize) -> Self {
        let mut findings = Findings::new(rules);
        let is_json = input.content_type.and_then(Needs::of) == Some(Needs::Json);
        let body = is_json.then(|| serde_json::from_str(input.text.trim_start_matches('\u{feff}')));
        let body =
            body.and_then(|body| body.map_err(|error| findings.trouble(format!("the body is no JSON: {error}"))).ok());
        let document = (!is_json).then(|| tree.document());
        let size = match (&document, &body) {
            (Some(document), _) => document.html.tree.values().len(),
            (None, body) => body.as_ref().map_or(0, |body| path::size(body).0),
        };
        Self {
            input,
            work: Work::for_size(size),
            findings: RefCell::new(findings),
            document,
            body,
            references: References::new(input.url, input.url_rules, input.encoding),
            json_ld: OnceCell::new(),
            microdata: OnceCell::new(),
        }
    }

    /// The tree, when the page is HTML.
    pub(super) fn document(&self) -> Option<&Document> {
        self.document
    }

    /// The body, when it is JSON.
    pub(super) fn body(&self) -> Option<&Value> {
        self.body.as_ref()
    }

    /// Whether it is of the kind that a rule needs.
    pub(super) fn is(&self, needs: Needs) -> bool {
        self.document.is_some() == (needs == Needs::Html)
    }

    /// The JSON-LD blocks that can be read.
    pub(super) fn json_ld(&self) -> &[Value] {
        self.json_ld.get_or_init(|| {
            let (blocks, broken) = self.document().map(embedded::json_ld).unwrap_or_default();
            for broken in broken {
                self.trouble(broken);
            }
            blocks
        })
    }

    /// The items of microdata.
    pub(super) fn microdata(&self) -> &[Value] {
        self.microdata.get_or_init(|| {
            let resolve = |reference: &str| self.absolute(reference);
            self.document().map(|document| microdata::items(document, &self.work, &resolve)).unwrap_or_default()
        })
    }

    /// The JSON of a script.
    pub(super) fn script(&self, name: &str) -> Option<Value> {
        let found = embedded::script(self.document()?, name)?;
        found.map_err(|error| self.trouble(error)).ok()
    }

    /// The absolute URL that a reference of the page stands for.
    pub(super) fn absolute(&self, reference: &str) -> Option<String> {
        self.references.absolute(reference, self.document())
    }

    /// What a link of the page leads to.
    pub(super) fn target(&self, reference: &str) -> Option<Target> {
        self.references.target(reference, self.document())
    }

    /// What a path selects. Too much work is told, and selects nothing.
    pub(super) fn select<'v>(&self, path: &Path, values: impl IntoIterator<Item = &'v Value>) -> Vec<&'v Value> {
        let mut found = Vec::new();
        for value in values {
            match path.select(value, &self.work) {
                Some(selected) => found.extend(selected),
                None => self.too_much(),
            }
        }
        found
    }

    /// Something to tell of the page.
    pub(super) fn trouble(&self, what: String) {
        self.findings.borrow_mut().trouble(what);
    }

    pub(super) fn too_much(&self) {
        self.trouble("the rules take too much work on this page: some of it was not looked at".to_owned());
    }
}

impl Start {
    /// The element that the search starts from; `None` when there is none.
    pub(super) fn of(self, item: ElementRef<'_>) -> Option<ElementRef<'_>> {
        match self {
            Self::Item => Some(item),
            Self::Parent => item.parent().and_then(ElementRef::wrap),
            Self::Next => item.next_siblings().find_map(ElementRef::wrap),
            Self::Previous => item.prev_siblings().find_map(ElementRef::wrap),
        }
    }
}
