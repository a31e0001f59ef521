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
    /// The absolute URL of `<link rel=canonical>`, or of a `Link` header of that type.
    pub canonical: Option<String>,
    /// It has a script and not one link: what it shows, and where it leads, is only known to a browser.
    pub needs_script: bool,
    /// The absolute http and https URLs in document order, each once.
    pub links: Vec<std::sync::Arc<str>>,
}
