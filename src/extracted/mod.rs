//! Extracted: what rules took out of a page: fields, items, and what was found of each rule. The stage `extract` makes it,
//! records and items are written of it.

mod findings;
mod health;

pub use findings::{Findings, Tally};
pub use health::{Drift, Health, RuleHealth};

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::url::UrlKey;

/// What came of a page.
#[derive(Debug, Clone, Default)]
pub struct Extracted {
    /// The fields of its record, in the order of the rules; `null` where a rule found nothing. `None` when no
    /// `[[extract]]` is for the page.
    pub fields: Option<Map<String, Value>>,
    /// Its items, in the order of the tables and of the page.
    pub items: Vec<Item>,
    /// The keys of the links that are to be followed; `None` when all are.
    pub follow: Option<Vec<UrlKey>>,
    /// The names of the rules whose required value is missing, each once.
    pub missing: Vec<String>,
    /// What was found of each rule.
    pub findings: Findings,
}

/// One item of a page.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// What such items are called.
    pub name: Arc<str>,
    /// The URL of the page under `page_url`, then what was taken.
    pub value: Map<String, Value>,
}

impl Item {
    /// The item as a value of a type of one's own. Numbers, truth values, lists and objects are what they are in JSON; dates
    /// and URLs are texts, in the form of RFC 3339 and absolute; what was not found is `null`.
    ///
    /// # Errors
    /// The type wants what the item does not have.
    pub fn read<T: DeserializeOwned>(self) -> serde_json::Result<T> {
        serde_json::from_value(Value::Object(self.value))
    }
}

/// The key of an item under which the URL of its page stands.
pub const PAGE_URL: &str = "page_url";
