//! Readable: what a person reads of a page. The stage `content` makes it, records are written of it.

use serde::{Deserialize, Serialize};

/// What a person reads of a page: the text that a browser shows, without navigation, scripts and hidden parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[non_exhaustive]
pub struct Readable {
    /// Which part of the page it is.
    pub main: MainPart,
    /// The text: a line for each block, an empty one between paragraphs, the cells of a table's row with tabs between
    /// them. Absent when `[content]` does not ask for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The same as Markdown: `CommonMark` with the tables of GitHub, links and images absolute. Absent when `[content]` does
    /// not ask for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub markdown: Option<String>,
    /// Whether something is missing at the end, because the page is longer than `content.max_size`. Absent when not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut: bool,
}

/// A part of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MainPart {
    /// The article in it.
    Article,
    /// All of it, or all but its navigation.
    Body,
}

impl Readable {
    /// What is read of this part, before anything is.
    pub fn new(main: MainPart) -> Self {
        Self { main, text: None, markdown: None, cut: false }
    }

    /// How many bytes of memory it takes until it is written.
    pub(crate) fn weight(&self) -> u64 {
        let texts = [&self.text, &self.markdown];
        texts.into_iter().flatten().map(|text| text.len() as u64).sum()
    }
}
