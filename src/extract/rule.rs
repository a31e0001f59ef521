//! Rules as they are applied.

use regex::Regex;
use serde_json::Value;

use super::options::{Kind, Start};
use super::path::Path;
use super::selector::Selector;
use crate::tree::embedded::essence_is;

/// The fields of a page, an item or an object.
#[derive(Debug)]
pub(super) struct Set {
    pub(super) rules: Vec<Rule>,
    /// The selectors of rules, by where they start: each walk serves all of a start.
    pub(super) starts: Vec<Begin>,
}

/// Selectors that start from the same element.
#[derive(Debug)]
pub(super) struct Begin {
    pub(super) start: Start,
    pub(super) selectors: Vec<Selector>,
    /// For each selector the place of its rule.
    pub(super) of: Vec<usize>,
}

/// One field.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) id: usize,
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) take: Take,
    pub(super) many: Many,
    pub(super) regex: Option<Regex>,
    pub(super) kind: Option<Kind>,
    pub(super) required: bool,
    pub(super) default: Option<Value>,
    /// The fields of the object that stands at the place.
    pub(super) inner: Option<Set>,
}

/// Where a value is.
#[derive(Debug)]
pub(super) enum Place {
    /// At the elements that a selector of [`Begin`] selects; in JSON that these hold, when there is a path.
    Css(Option<Path>),
    /// At the element where the search starts.
    Here(Start, Option<Path>),
    /// Where the fields around it are: it only groups fields.
    Group,
    /// In JSON where the fields around it are: the body, or an item.
    Json(Path),
    JsonLd(Path),
    Microdata(Path),
    OpenGraph(String),
    Script(String, Path),
}

/// What is taken of an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Take {
    Text,
    OwnText,
    Html,
    Attr(html5ever::LocalName),
}

/// How many values are taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Many {
    First,
    All,
    Join(String),
}

/// What rules are applied to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ground {
    /// A page, of HTML or of JSON.
    Page,
    /// An element of one.
    Element,
    /// A value of JSON.
    Json,
}

/// Which pages a rule can be applied to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    Html,
    Json,
}

impl Needs {
    /// What rules can be applied to a response of this type; `None` when none can.
    pub(super) fn of(content_type: &str) -> Option<Self> {
        let essence = content_type.split([';', ',']).next().unwrap_or_default().trim();
        if essence_is(essence, "text/html") || essence_is(essence, "application/xhtml+xml") {
            return Some(Self::Html);
        }
        let ends_in_json = essence.rsplit_once('+').is_some_and(|(_, suffix)| suffix.eq_ignore_ascii_case("json"));
        (ends_in_json || essence_is(essence, "application/json") || essence_is(essence, "text/json"))
            .then_some(Self::Json)
    }
}

impl Rule {
    /// Which pages it can be applied to; `None` when that depends on what is around it.
    pub(super) fn needs(&self) -> Option<Needs> {
        match &self.place {
            Place::Json(_) => Some(Needs::Json),
            Place::Group => self.inner.as_ref().and_then(|set| set.rules.iter().find_map(Self::needs)),
            _ => Some(Needs::Html),
        }
    }
}

impl Place {
    /// What the fields of an object are applied to that stands here.
    pub(super) fn ground(&self, around: Ground) -> Ground {
        match self {
            Self::Css(None) | Self::Here(_, None) => Ground::Element,
            Self::Group => around,
            _ => Ground::Json,
        }
    }
}

impl Set {
    /// The selector of the rule that is pushed next.
    pub(super) fn add(&mut self, start: Start, selector: Selector) {
        let place = self.rules.len();
        match self.starts.iter_mut().find(|begin| begin.start == start) {
            Some(begin) => {
                begin.selectors.push(selector);
                begin.of.push(place);
            }
            None => self.starts.push(Begin { start, selectors: vec![selector], of: vec![place] }),
        }
    }
}
