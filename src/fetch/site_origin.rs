//! The origin of a site on disk: the URL that its folder appears under.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::problem::Problem;
use crate::url::{CrawlUrl, UrlRules};

/// An http or https URL up to its path: `http://localhost/`, `https://example.com/docs/`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SiteOrigin {
    /// As it was written.
    text: String,
    url: CrawlUrl,
}

impl SiteOrigin {
    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The URL, by rules that know no greatest length.
    pub fn url(&self) -> &CrawlUrl {
        &self.url
    }
}

impl FromStr for SiteOrigin {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let url = UrlRules::new(usize::MAX).parse(text).map_err(Problem::new)?;
        if url.path_and_query().contains('?') || text.contains('#') {
            return Err(Problem::new(format!("`{text}` has a query or a fragment"))
                .allowed("an http or https URL up to its path, like \"http://localhost/\""));
        }
        Ok(Self { text: text.to_owned(), url })
    }
}

impl Default for SiteOrigin {
    /// `http://localhost/`
    fn default() -> Self {
        "http://localhost/".parse().expect("it is an http URL without a query")
    }
}

impl PartialEq for SiteOrigin {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for SiteOrigin {}

impl fmt::Display for SiteOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl TryFrom<String> for SiteOrigin {
    type Error = Problem;

    fn try_from(text: String) -> Result<Self, Problem> {
        text.parse()
    }
}

impl From<SiteOrigin> for String {
    fn from(origin: SiteOrigin) -> Self {
        origin.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_an_http_url_up_to_its_path() {
        for text in ["http://localhost/", "https://example.com", "http://example.com/docs/"] {
            assert_eq!(text.parse::<SiteOrigin>().unwrap().to_string(), text);
        }
        for text in ["localhost", "ftp://a/", "http://a/?q", "http://a/#f", ""] {
            assert!(text.parse::<SiteOrigin>().is_err(), "{text}");
        }
    }
}
