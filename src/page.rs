//! What the parser found in one HTML page.

/// The parts of a page that go into its record; its links are in [`Outcome::links`](crate::outcome::Outcome::links).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The text of `<title>`, white space folded.
    pub title: Option<String>,
    /// `<meta name=description>`, white space folded.
    pub description: Option<String>,
    /// The `lang` of `<html>`.
    pub lang: Option<String>,
    /// The absolute URL of `<link rel=canonical>`.
    pub canonical: Option<String>,
    /// The absolute http and https URLs in document order, each once.
    pub links: Vec<std::sync::Arc<str>>,
}
