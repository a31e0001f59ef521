//! Patterns on whole URLs: globs, or regular expressions after `re:`.

use std::sync::Arc;

use globset::GlobBuilder;
use regex::bytes::{RegexBuilder, RegexSet, RegexSetBuilder};
use serde::{Deserialize, Serialize};

use crate::problem::Problem;

/// Checks one pattern, for whoever read it and knows its line and column. The error is for a person: the pattern, what
/// is wrong with it and where, and what to write.
pub(crate) fn check_pattern(text: &str) -> Result<(), Problem> {
    let expression = expression(text)?;
    // One at a time, because a set does not say which of its members is refused.
    match RegexBuilder::new(&expression).build() {
        Ok(_) => Ok(()),
        Err(error) => {
            Err(Problem::new(format!("`{text}` is not a regular expression: {}; {REGEX_HELP}", reason(&error))))
        }
    }
}

/// Several patterns, matched in one pass over the URL: globs on the whole of it, or regular expressions after `re:`.
/// Cloning is cheap.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct Patterns {
    set: RegexSet,
    /// As they were written.
    texts: Arc<[String]>,
}

impl Patterns {
    /// Reads patterns. The problem names the one that is none, or says that they are too much together.
    pub fn parse<S: Into<String>>(texts: impl IntoIterator<Item = S>) -> Result<Self, Problem> {
        let texts: Vec<String> = texts.into_iter().map(Into::into).collect();
        for text in &texts {
            check_pattern(text)?;
        }
        let expressions = texts.iter().map(|text| expression(text)).collect::<Result<Vec<_>, _>>()?;
        let set = RegexSetBuilder::new(expressions).size_limit(SET_SIZE).build().map_err(|error| {
            Problem::new(format!("the {} patterns are too much together: {}", texts.len(), reason(&error)))
        })?;
        Ok(Self { set, texts: texts.into() })
    }

    /// The patterns as they were written.
    pub fn texts(&self) -> &[String] {
        &self.texts
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.set.is_empty()
    }

    /// Whether one of them matches.
    pub fn is_match(&self, url: &str) -> bool {
        // Asked for each URL that is new, mostly without any pattern: which the set takes long to find.
        !self.texts.is_empty() && self.set.is_match(url.as_bytes())
    }

    /// The first pattern that matches, as it was written.
    pub fn first_match(&self, url: &str) -> Option<&str> {
        let first = self.set.matches(url.as_bytes()).iter().next()?;
        self.texts.get(first).map(String::as_str)
    }
}

impl PartialEq for Patterns {
    fn eq(&self, other: &Self) -> bool {
        self.texts == other.texts
    }
}

impl Eq for Patterns {}

impl TryFrom<Vec<String>> for Patterns {
    type Error = Problem;

    fn try_from(texts: Vec<String>) -> Result<Self, Problem> {
        Self::parse(texts)
    }
}

impl From<Patterns> for Vec<String> {
    fn from(patterns: Patterns) -> Self {
        patterns.texts.to_vec()
    }
}

/// The regular expression that a pattern stands for. Globs become one too, so that one automaton takes all.
fn expression(text: &str) -> Result<String, Problem> {
    if let Some(expression) = text.strip_prefix("re:") {
        return match expression {
            "" => Err(Problem::new(format!("`re:` matches every URL; {REGEX_HELP}"))),
            _ => Ok(expression.to_owned()),
        };
    }
    let glob = GlobBuilder::new(text)
        .literal_separator(false)
        .backslash_escape(true)
        .build()
        .map_err(|error| Problem::new(format!("`{text}` is not a glob: {}; {GLOB_HELP}", error.kind())))?;
    if can_match_a_url(text) {
        Ok(glob.regex().to_owned())
    } else {
        let found = format!("`{text}` matches no URL, for a glob is compared with the whole of it; write `*{text}`");
        Err(Problem::new(found))
    }
}

/// Whether a URL can start as the glob does: the most frequent mistake is to write a path.
fn can_match_a_url(glob: &str) -> bool {
    let literal = glob.split(['*', '?', '[', '{', '\\']).next().unwrap_or_default();
    let is_whole = literal.len() == glob.len();
    ["http://", "https://"]
        .iter()
        .any(|scheme| literal.starts_with(scheme) || (!is_whole && scheme.starts_with(literal)))
}

/// What is wrong, on one line. The error's own text is a drawing: the expression, a caret below it, then the reason.
fn reason(error: &regex::Error) -> String {
    let regex::Error::Syntax(drawing) = error else {
        return error.to_string();
    };
    let mut lines = drawing.lines();
    let reason = lines.next_back().unwrap_or_default().trim_start_matches("error: ");
    let caret = lines.next_back().filter(|line| line.trim_matches([' ', '^']).is_empty());
    match caret.and_then(|line| line.find('^')?.checked_sub(DRAWING_INDENT)) {
        Some(before) => format!("{reason} (character {})", before + 1),
        None => reason.to_owned(),
    }
}

const GLOB_HELP: &str = "write `*` for any text, `?` for one character, `{a,b}` for either, `[*]` for the character \
                         itself, or a regular expression after `re:`";
const REGEX_HELP: &str = "write what the regex crate takes, like `re:/page/[0-9]+$`";
const DRAWING_INDENT: usize = 4;
/// In bytes: a few thousand patterns.
const SET_SIZE: usize = 64 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, matching: &[&str], others: &[&str]) {
        let patterns = Patterns::parse([pattern]).unwrap();
        for url in matching {
            assert!(patterns.is_match(url), "{pattern} {url}");
        }
        for url in others {
            assert!(!patterns.is_match(url), "{pattern} {url}");
        }
    }

    #[test]
    fn a_glob_is_compared_with_the_whole_url() {
        check("*/blog/*", &["http://e.com/blog/a/b", "http://e.com/x/blog/"], &["http://e.com/blog", "http://e.com/"]);
        check("*.pdf", &["http://e.com/a/b.pdf"], &["http://e.com/b.pdf?x", "http://e.com/bpdf"]);
        check(
            "https://e.com/{a,b}?",
            &["https://e.com/a1", "https://e.com/b2"],
            &["http://e.com/a1", "https://e.com/a"],
        );
        check("http*://e.com/**", &["http://e.com/", "https://e.com/a/b"], &["https://f.com/"]);
        check("*[?]page=*", &["http://e.com/?page=1"], &["http://e.com/xpage=1"]);
    }

    #[test]
    fn a_regular_expression_is_found_anywhere() {
        check("re:/page/[0-9]+$", &["http://e.com/page/12"], &["http://e.com/page/x", "http://e.com/page/1/"]);
        check("re:^https:", &["https://e.com/"], &["http://e.com/https:"]);
        check("re:(?i)LOGIN", &["http://e.com/login"], &["http://e.com/log"]);
    }

    #[test]
    fn one_of_many_is_enough() {
        let patterns = Patterns::parse(["*.pdf", "re:zip$"]).unwrap();
        assert!(patterns.is_match("http://e.com/a.pdf"));
        assert!(patterns.is_match("http://e.com/a.zip"));
        assert!(!patterns.is_match("http://e.com/a.html"));
    }

    #[test]
    fn of_many_patterns_the_bad_one_is_named() {
        assert!(Patterns::parse(["*", "re:["]).unwrap_err().found.starts_with("`re:[` is not a regular expression: "));
    }

    #[test]
    fn a_bad_pattern_says_what_and_where() {
        let error = |pattern: &str| check_pattern(pattern).unwrap_err().found;
        assert_eq!(
            error("re:/a(b"),
            "`re:/a(b` is not a regular expression: unclosed group (character 3); \
             write what the regex crate takes, like `re:/page/[0-9]+$`"
        );
        assert!(error("*[a").starts_with("`*[a` is not a glob: unclosed character class; missing ']'; write `*` for"));
        assert!(error("re:").contains("matches every URL"));
        assert!(error("re:(a{1000}){1000}").contains("size limit"));
    }

    #[test]
    fn a_glob_that_matches_no_url_says_what_to_write() {
        for path in ["/blog/*", "e.com/*", "blog", "", "HTTP://e.com/*", "ftp://*"] {
            let error = check_pattern(path).unwrap_err().found;
            assert!(error.ends_with(&format!("write `*{path}`")), "{error}");
        }
        for fine in ["*", "http*", "http://e.com/", "https://*", "h?tp*", "{http,https}://e.com/*", "[h]*", "ht\\tp*"] {
            assert_eq!(check_pattern(fine), Ok(()), "{fine}");
        }
    }
}
