//! `/.well-known/tdmrep.json`: what an origin says of text and data mining (TDMRep, final report of 10 May 2024, section 6.1).
//! Asked for once per origin, as robots.txt is, and only when the settings say so.

use std::sync::Arc;

use serde_json::Value;

use super::robots::pattern;
use crate::usage::{Place, Statement, Vocabulary, tdmrep};

/// Where it is.
pub(crate) const PATH: &str = "/.well-known/tdmrep.json";

/// The rules of one file.
#[derive(Debug, Clone)]
pub struct TdmFile {
    source: Arc<str>,
    rules: Vec<Rule>,
}

#[derive(Debug, Clone)]
struct Rule {
    /// Canonical.
    pattern: Box<str>,
    statement: Statement,
}

/// What is known of the file of one origin.
#[derive(Debug, Clone, Default)]
pub(super) enum TdmState {
    #[default]
    Unknown,
    Asking,
    /// There is one, or none that can be read: then the origin does not implement the protocol.
    Known(Option<Arc<TdmFile>>),
}

impl TdmFile {
    /// Reads a file; `None` of what is no list of rules. A rule without location or reservation is passed over.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let source = std::str::from_utf8(body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body)).ok()?;
        let Value::Array(all) = serde_json::from_str(source).ok()? else { return None };
        let rules = all.iter().filter_map(Rule::of).take(MAX_RULES).collect();
        Some(Self { source: source.into(), rules })
    }

    /// The file, for keeping it.
    pub fn source(&self) -> &Arc<str> {
        &self.source
    }

    /// What is said of a path with its query: the first rule that matches says it.
    pub fn usage(&self, path_and_query: &str) -> Option<Statement> {
        let path = pattern::canonical_path(path_and_query);
        self.rules.iter().find(|rule| pattern::matches(&rule.pattern, &path)).map(|rule| rule.statement.clone())
    }
}

impl Rule {
    fn of(rule: &Value) -> Option<Self> {
        let location = rule.get("location")?.as_str()?;
        let reservation = match rule.get(tdmrep::Name::Reservation.text())? {
            Value::Number(number) => number.to_string(),
            Value::String(text) => text.clone(),
            _ => String::new(),
        };
        let said = tdmrep::read(&reservation);
        let is_reserved = !said.disallows.is_empty();
        let statement = Statement::new(Vocabulary::Tdmrep, Place::TdmFile, None, rule.to_string()).saying(said);
        let policy = rule.get(tdmrep::Name::Policy.text()).and_then(Value::as_str).filter(|_| is_reserved);
        Some(Self {
            pattern: pattern::canonical_pattern(location.as_bytes()).into(),
            statement: policy.map_or(statement.clone(), |policy| statement.naming(policy)),
        })
    }
}

impl TdmState {
    /// The file, when there is one.
    pub(super) fn file(&self) -> Option<&Arc<TdmFile>> {
        match self {
            Self::Known(file) => file.as_ref(),
            Self::Unknown | Self::Asking => None,
        }
    }

    /// What is to be kept: the file, empty when there is none; `None` when it is not known.
    pub(super) fn saved(&self) -> Option<Arc<str>> {
        match self {
            Self::Known(file) => Some(file.as_ref().map_or_else(|| "".into(), |file| Arc::clone(file.source()))),
            Self::Unknown | Self::Asking => None,
        }
    }

    /// Goes on from what was kept.
    pub(super) fn restored(saved: &str) -> Self {
        Self::Known(TdmFile::parse(saved.as_bytes()).map(Arc::new))
    }
}

/// How many rules of one file count: each is compared with each page.
const MAX_RULES: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(file: &str, path: &str, meaning: Option<&str>, policy: Option<&str>) {
        let file = TdmFile::parse(file.as_bytes()).unwrap();
        let again = TdmFile::parse(file.source().as_bytes()).unwrap();
        for file in [file, again] {
            let said = file.usage(path);
            assert_eq!(said.as_ref().map(Statement::meaning).as_deref(), meaning, "{path}");
            assert_eq!(said.and_then(|said| said.url).as_deref(), policy, "{path}");
        }
    }

    #[test]
    fn the_examples_of_the_report_are_read() {
        // Section 6.1.2: everything is reserved.
        let all = r#"[ { "location": "/", "tdm-reservation": 1 } ]"#;
        check(all, "/", Some("no mining"), None);
        check(all, "/a/b.pdf?c", Some("no mining"), None);
        // Three groups of files.
        let three = r#"[
            {"location": "/directory-a/", "tdm-reservation": 1},
            {"location": "/directory-b/html/", "tdm-reservation": 1, "tdm-policy":"https://provider.com/policies/policy.json"},
            {"location": "/directory-b/images/*.jpg", "tdm-reservation": 0}
        ]"#;
        check(three, "/directory-a/x.pdf", Some("no mining"), None);
        let policy = Some("https://provider.com/policies/policy.json");
        check(three, "/directory-b/html/x.html", Some("no mining"), policy);
        check(three, "/directory-b/images/x.jpg", Some("mining allowed"), None);
        check(three, "/directory-b/images/x.png", None, None);
        check(three, "/", None, None);
        // Section 6.1.1: special characters, and how they are written verbatim.
        let special = r#"[{"location": "/this/path/exactly$", "tdm-reservation": 1},
            {"location": "/this/*/then", "tdm-reservation": 1}, {"location": "/path/foo-%24", "tdm-reservation": 0}]"#;
        check(special, "/this/path/exactly", Some("no mining"), None);
        check(special, "/this/path/exactly/not", None, None);
        check(special, "/this/or/that/then", Some("no mining"), None);
        check(special, "/path/foo-$", Some("mining allowed"), None);
    }

    #[test]
    fn the_first_rule_that_matches_decides_and_errors_reserve_nothing() {
        let order = r#"[{"location": "/a/b", "tdm-reservation": 0}, {"location": "/a", "tdm-reservation": 1}]"#;
        check(order, "/a/b/c", Some("mining allowed"), None);
        check(order, "/a/c", Some("no mining"), None);
        let odd = r#"[{"location": "/a", "tdm-reservation": 2, "tdm-policy": "https://e.com/"},
            {"tdm-reservation": 1}, {"location": "/b"}, 7, {"location": "/c", "tdm-reservation": "1"}]"#;
        check(odd, "/a", Some(""), None);
        check(odd, "/b", None, None);
        check(odd, "/c", Some("no mining"), None);
        for no_file in ["", "{}", "[", "<html>", r#"{"location": "/", "tdm-reservation": 1}"#] {
            assert!(TdmFile::parse(no_file.as_bytes()).is_none(), "{no_file}");
        }
    }
}
