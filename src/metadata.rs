//! Metadata: what a page says of itself beside its text, each with what of the page says so. Records are written of it.

use serde::{Deserialize, Serialize};

/// Something that a page says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Said<T> {
    /// What it says.
    pub value: T,
    /// What of the page says so.
    pub source: Source,
}

/// What of a page says something of it. What comes first here holds before what comes later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum Source {
    /// A script of JSON-LD, by the words of schema.org.
    #[serde(rename = "json-ld")]
    JsonLd,
    /// A property of OpenGraph.
    #[serde(rename = "opengraph")]
    OpenGraph,
    /// Another `<meta>` element.
    #[serde(rename = "meta")]
    Meta,
    /// A `<time>` element.
    #[serde(rename = "time")]
    Time,
}

impl Source {
    /// The name in records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::JsonLd => "json-ld",
            Self::OpenGraph => "opengraph",
            Self::Meta => "meta",
            Self::Time => "time",
        }
    }
}

/// The language of a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Language {
    /// Its code as in BCP 47: two letters where there are such (ISO 639-1), else three.
    pub code: String,
    /// Who says so.
    pub source: LanguageSource,
    /// How sure that is, in percent. Absent when the page says it itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 100))]
    pub confidence: Option<u8>,
}

/// Who says in which language a page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LanguageSource {
    /// The `lang` of its root element.
    Lang,
    /// What its text looks like.
    Text,
}
