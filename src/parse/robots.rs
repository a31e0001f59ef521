//! What a page asks of robots: `<meta name=robots>` and `X-Robots-Tag`.
//!
//! Of all directives only `nofollow` and `none` mean something to a crawler. `noindex` does not: it builds no index,
//! and whoever makes one from its records decides anew. What such directives say is told in the record.

use crate::usage::{Said, robots_directives};

/// The name that directives for this crawler are addressed to.
#[derive(Debug, Clone)]
pub(super) struct Robots {
    agent: String,
}

impl Robots {
    /// Directives for all robots, and those for the product token `agent`.
    pub(super) fn new(agent: &str) -> Self {
        Self { agent: agent.to_owned() }
    }

    /// Whether `<meta name=… content=…>` asks not to follow the links of the page.
    pub(super) fn meta_asks_nofollow(&self, name: &str, content: &str) -> bool {
        self.is_named(name) && Words(content).any(asks_nofollow)
    }

    /// Whether a `<meta>` of this name is for all robots or for this one.
    pub(super) fn is_named(&self, name: &str) -> bool {
        name.eq_ignore_ascii_case("robots") || self.is_agent(name)
    }

    /// Whether an `X-Robots-Tag` asks not to follow the links of the page.
    pub(super) fn header_asks_nofollow(&self, value: &str) -> bool {
        self.of_header(value).any(asks_nofollow)
    }

    /// Whether `<meta name=… content=…>` asks not to put the page into an index.
    pub(super) fn meta_asks_noindex(&self, name: &str, content: &str) -> bool {
        self.is_named(name) && Words(content).any(asks_noindex)
    }

    /// Whether an `X-Robots-Tag` asks that.
    pub(super) fn header_asks_noindex(&self, value: &str) -> bool {
        self.of_header(value).any(asks_noindex)
    }

    /// What a `<meta>` that is [for this robot](Self::is_named) restricts; `None` for nothing.
    pub(super) fn meta_restricts(content: &str) -> Option<Said> {
        restrictions(Words(content))
    }

    /// What an `X-Robots-Tag` restricts for this robot; `None` for nothing.
    pub(super) fn header_restricts(&self, value: &str) -> Option<Said> {
        restrictions(self.of_header(value))
    }

    /// The words of an `X-Robots-Tag` that are for this robot. A name with a colon in front of directives addresses them,
    /// up to the next such name; a comma may also join several headers into one.
    fn of_header<'a>(&self, value: &'a str) -> impl Iterator<Item = Word<'a>> {
        let mut for_us = true;
        Words(value).filter(move |word| {
            // Nobody is called `nofollow`.
            if let Word::Named(name) = word
                && !asks_nofollow(*word)
            {
                // `otherbot/1.0: …`
                let name = name.split('/').next().unwrap_or_default();
                if is_agent_name(name) {
                    for_us = self.is_agent(name);
                }
            }
            for_us
        })
    }

    fn is_agent(&self, name: &str) -> bool {
        name.eq_ignore_ascii_case(&self.agent)
    }
}

/// The words of a list of directives. Pages separate them by whatever comes to mind, not only by commas, so that no
/// order of `noindex; nofollow` may decide. The value of a directive is no word of its own: `max-image-preview: none`
/// asks for nothing.
struct Words<'a>(&'a str);

#[derive(Debug, Clone, Copy)]
enum Word<'a> {
    Plain(&'a str),
    /// A colon follows: the name of a robot, or a part of a time.
    Named(&'a str),
    /// A directive with the value behind its colon.
    Valued(&'a str, &'a str),
}

impl<'a> Iterator for Words<'a> {
    type Item = Word<'a>;

    fn next(&mut self) -> Option<Word<'a>> {
        let (word, colon) = self.take_word()?;
        if !colon {
            return Some(Word::Plain(word));
        }
        let last = word.rsplit(['/', '.']).next().unwrap_or_default();
        if !VALUED.iter().any(|directive| last.eq_ignore_ascii_case(directive)) {
            return Some(Word::Named(word));
        }
        let value = self.take_word().map_or("", |(value, _)| value);
        Some(Word::Valued(word, value))
    }
}

impl<'a> Words<'a> {
    /// The next word, and whether a colon follows it.
    fn take_word(&mut self) -> Option<(&'a str, bool)> {
        let rest = self.0.trim_start_matches(|c: char| is_separator(c) || c == ':');
        let (word, after) = rest.split_at(rest.find(|c: char| is_separator(c) || c == ':').unwrap_or(rest.len()));
        let value = after.trim_start().strip_prefix(':');
        self.0 = value.unwrap_or(after);
        (!word.is_empty()).then_some((word, value.is_some()))
    }
}

fn asks_nofollow(word: Word<'_>) -> bool {
    directives(word)
        .any(|(directive, _)| directive.eq_ignore_ascii_case("nofollow") || directive.eq_ignore_ascii_case("none"))
}

fn asks_noindex(word: Word<'_>) -> bool {
    directives(word)
        .any(|(directive, _)| directive.eq_ignore_ascii_case("noindex") || directive.eq_ignore_ascii_case("none"))
}

fn restrictions<'a>(words: impl Iterator<Item = Word<'a>>) -> Option<Said> {
    let (mut said, mut any) = (Said::default(), false);
    for (directive, value) in words.flat_map(directives) {
        any |= robots_directives::read(directive, value, &mut said);
    }
    any.then_some(said)
}

/// The directives of a word, each with the value behind it.
fn directives(word: Word<'_>) -> impl Iterator<Item = (&str, Option<&str>)> {
    let (word, value) = match word {
        Word::Plain(word) | Word::Named(word) => (word, None),
        Word::Valued(word, value) => (word, Some(value)),
    };
    let all = word.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_'));
    all.map(move |directive| (directive, value))
}

/// A product token that is no directive. Times have colons as well, but begin with a digit.
fn is_agent_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        && !OTHERS.iter().any(|directive| name.eq_ignore_ascii_case(directive))
}

/// What is in no directive, and not in the name of a robot with its version.
fn is_separator(c: char) -> bool {
    !c.is_alphanumeric() && !matches!(c, '-' | '_' | '.' | '/' | ':')
}

/// The directives that have a value behind a colon.
const VALUED: &[&str] = &["unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"];
/// The others that are in use, but for those that ask not to follow.
const OTHERS: &[&str] = &[
    "all",
    "follow",
    "index",
    "indexifembedded",
    "noarchive",
    "nocache",
    "noimageindex",
    "noindex",
    "nosnippet",
    "notranslate",
    "noai",
    "noimageai",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_counts_when_it_addresses_everybody_or_this_crawler() {
        let check = |value: &str, expected: bool| {
            assert_eq!(Robots::new("crawler").header_asks_nofollow(value), expected, "{value}");
        };
        check("nofollow", true);
        check("NoIndex, NoFollow", true);
        check("none", true);
        check("noindex", false);
        check("crawler: nofollow", true);
        check("Crawler: noindex, nofollow", true);
        check("otherbot: noindex, nofollow", false);
        check("otherbot: nofollow, crawler: none", true);
        check("crawler: noindex, otherbot: nofollow", false);
        check("unavailable_after: 25 Jun 2010 15:00:00 PST, nofollow", true);
        check("unavailable_after: Fri, 25 Jun 2010 15:00:00 GMT, nofollow", true);
        check("max-snippet: 20, nofollow", true);
        check("max-snippet: none", false);
        check("", false);
        check("noindex nofollow", true);
        check("noindex max-snippet: 20 nofollow", true);
        check("max-image-preview : none, noindex", false);
        check("otherbot/1.0: nofollow", false);
        check("crawler/1.0 : nofollow", true);
        check("other bot: nofollow", false);
        check(": nofollow", true);
    }

    #[test]
    fn the_order_of_directives_and_what_separates_them_do_not_decide() {
        let robots = Robots::new("crawler");
        for separator in
            [",", ", ", ";", "; ", " ;", "/", " / ", "|", "+", " ", "\n", "\u{a0}", ".", ",,", "&", ":", " : "]
        {
            for directives in [["nofollow", "noindex"], ["noindex", "nofollow"], ["NONE", "noarchive"]] {
                let value = directives.join(separator);
                assert!(robots.header_asks_nofollow(&value), "{value}");
                assert!(robots.header_asks_nofollow(&format!("otherbot: all, crawler: {value}")), "{value}");
                assert!(robots.meta_asks_nofollow("robots", &value), "{value}");
            }
            let value = ["index", "follow", "nofollowed", "max-image-preview: none"].join(separator);
            assert!(!robots.header_asks_nofollow(&value), "{value}");
            assert!(!robots.meta_asks_nofollow("robots", &value), "{value}");
        }
    }

    #[test]
    fn a_meta_counts_when_its_name_is_robots_or_this_crawler() {
        let robots = Robots::new("crawler");
        assert!(robots.meta_asks_nofollow("Robots", "index,NOFOLLOW"));
        assert!(robots.meta_asks_nofollow("crawler", "none"));
        assert!(!robots.meta_asks_nofollow("googlebot", "nofollow"));
        assert!(!robots.meta_asks_nofollow("robots", "noindex, follow"));
        assert!(!robots.meta_asks_nofollow("robots", "max-image-preview: none"));
        assert!(robots.meta_asks_nofollow("robots", "max-image-preview:large;nofollow"));
    }

    #[test]
    fn what_is_restricted_for_this_robot_is_told() {
        use crate::usage::Use;

        let robots = Robots::new("crawler");
        let check = |value: &str, expected: Option<&[Use]>| {
            let said = robots.header_restricts(value);
            assert_eq!(said.as_ref().map(|said| &said.disallows[..]), expected, "{value}");
        };
        check("noindex", Some(&[Use::Search]));
        check("noai, noimageai", Some(&[Use::AiTrain, Use::AiInput]));
        check("noindex; noarchive", Some(&[Use::Search, Use::Archive]));
        check("googlebot: noindex", None);
        check("googlebot: noindex, crawler: noarchive", Some(&[Use::Archive]));
        check("unavailable_after: 25 Jun 2010 15:00:00 GMT", Some(&[]));
        check("max-snippet: 0", Some(&[Use::AiInput]));
        check("index, follow, max-snippet:-1, max-image-preview:large, max-video-preview:-1", None);
        check("nofollow", None);
        check("", None);
        assert_eq!(Robots::meta_restricts("NoSnippet").map(|said| said.disallows), Some(vec![Use::AiInput]));
        assert_eq!(Robots::meta_restricts("index, follow"), None);
    }
}
