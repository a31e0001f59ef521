//! What a robots.txt says of use: `Content-Usage` and `Content-Signal` rules of a group, `License` lines of the file. None of
//! it changes what may be asked for.

use super::lines::Line;
use super::pattern;
use crate::usage::{Place, Said, Statement, Vocabulary, content_signal, content_usage, path_value, rsl};

/// What holds for one agent. `None` stands for the many files that say nothing.
pub(super) type Preferences = Option<Box<OfAgent>>;

/// The rules that hold for one agent, and the licences.
#[derive(Debug, Clone, Default)]
pub(super) struct OfAgent {
    rules: Vec<PathRule>,
    licenses: Vec<Statement>,
}

/// One rule with the paths that it is for.
#[derive(Debug, Clone)]
struct PathRule {
    /// Canonical; empty for all paths.
    pattern: Box<str>,
    statement: Statement,
}

/// A line of use, as it is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct UseLine<'a> {
    pub(super) number: u32,
    pub(super) line: Line<'a>,
}

impl OfAgent {
    /// What the lines of a group say, those ahead of all groups, and the licences. What stands ahead of all groups is meant
    /// for every agent whose group has no rule in the same words.
    pub(super) fn of(group: &[UseLine<'_>], common: &[UseLine<'_>], licenses: &[(u32, &[u8])]) -> Preferences {
        let mut rules: Vec<_> = group.iter().filter_map(PathRule::of).take(MAX_RULES).collect();
        let has = |of: Vocabulary, rules: &[PathRule]| rules.iter().any(|rule| rule.statement.vocabulary == of);
        let common = common.iter().filter_map(PathRule::of).filter(|rule| !has(rule.statement.vocabulary, &rules));
        let common: Vec<_> = common.take(MAX_RULES).collect();
        rules.extend(common);
        let licenses = licenses.iter().take(MAX_LICENSES);
        let licenses = licenses.map(|(line, value)| rsl::of_line(*line, &String::from_utf8_lossy(value)));
        let licenses: Vec<_> = licenses.collect();
        (!rules.is_empty() || !licenses.is_empty()).then(|| Box::new(Self { rules, licenses }))
    }

    /// What is said of a canonical path: of each vocabulary the rules with the longest pattern that matches
    /// (draft-ietf-aipref-attach-05, section 3.1), and all licences.
    pub(super) fn of_path(&self, path: &str) -> Vec<Statement> {
        let mut found = Vec::new();
        for vocabulary in [Vocabulary::ContentUsage, Vocabulary::ContentSignal] {
            let of_it = self.rules.iter().filter(|rule| rule.statement.vocabulary == vocabulary);
            let matching: Vec<_> = of_it.filter(|rule| pattern::matches(&rule.pattern, path)).collect();
            let longest = matching.iter().map(|rule| rule.pattern.len()).max();
            let deciding = matching.into_iter().filter(|rule| Some(rule.pattern.len()) == longest);
            found.extend(deciding.map(|rule| rule.statement.clone()));
        }
        found.extend(self.licenses.iter().cloned());
        found
    }
}

impl PathRule {
    fn of(said: &UseLine<'_>) -> Option<Self> {
        let (name, vocabulary, value, read): (_, _, _, fn(&[u8]) -> Said) = match said.line {
            Line::Usage(value) => ("Content-Usage", Vocabulary::ContentUsage, value, content_usage::read),
            Line::Signal(value) => ("Content-Signal", Vocabulary::ContentSignal, value, content_signal::read),
            _ => return None,
        };
        let (path, preference) = path_value::split(value);
        let text = format!("{name}: {}", String::from_utf8_lossy(value));
        let statement = Statement::new(vocabulary, Place::RobotsTxt, Some(said.number), text);
        Some(Self { pattern: pattern::canonical_pattern(path).into(), statement: statement.saying(read(preference)) })
    }
}

/// How many rules of one group count: each is compared with each page.
const MAX_RULES: usize = 1000;
/// How many licences of one file are told of.
const MAX_LICENSES: usize = 16;

#[cfg(test)]
mod tests {
    use crate::politeness::robots::Robots;

    /// What is said of a path, as `line: meaning`.
    #[track_caller]
    fn check(body: &str, agent: &str, path: &str, expected: &[&str]) {
        let robots = Robots::parse(body.as_bytes(), agent);
        let told = |robots: &Robots| {
            let said = robots.usage(path).into_iter();
            said.map(|one| format!("{}: {}", one.line.unwrap(), one.url.clone().unwrap_or_else(|| one.meaning())))
                .collect::<Vec<_>>()
        };
        assert_eq!(told(&robots), expected, "{path} for {agent}");
        let again = Robots::from_source(robots.source().unwrap().clone(), agent);
        assert_eq!(told(&again), expected, "{path} for {agent}, read again");
    }

    /// draft-ietf-aipref-attach-05, section 3.4.
    const ATTACH: &str = "User-Agent: *\nAllow: /\nDisallow: /never/\nContent-Usage: train-ai=n\n\
        Content-Usage: /ai-ok/ train-ai=y\n\nUser-Agent: ExampleBot\nAllow: /\nContent-Usage: train-ai=y\n";

    #[test]
    fn the_example_of_the_draft_has_its_preferences() {
        check(ATTACH, "crawler", "/test", &["4: no ai-train"]);
        check(ATTACH, "crawler", "/ai-ok/test", &["5: ai-train allowed"]);
        check(ATTACH, "ExampleBot", "/test", &["9: ai-train allowed"]);
        check(ATTACH, "ExampleBot", "/never/test", &["9: ai-train allowed"]);
        // Section 1.2.
        check("User-Agent: *\nAllow: /\nContent-Usage: train-ai=n\n", "crawler", "/", &["3: no ai-train"]);
        let robots = Robots::parse(ATTACH.as_bytes(), "crawler");
        assert!(robots.verdict("/test").allowed && robots.verdict("/ai-ok/test").allowed);
        assert!(!robots.verdict("/never/test").allowed);
    }

    #[test]
    fn paths_are_matched_as_those_of_allow_and_disallow() {
        let of = |rules: &str| format!("User-agent: *\n{rules}");
        // The longest pattern wins, in whatever order.
        let two = of("Content-Usage: /a/b train-ai=n\nContent-Usage: /a train-ai=y");
        check(&two, "crawler", "/a/b/c", &["2: no ai-train"]);
        check(&two, "crawler", "/a/c", &["3: ai-train allowed"]);
        check(&two, "crawler", "/b", &[]);
        // Identical paths apply separately: any "no" wins where they are put together.
        let same = of("Content-Usage: /a train-ai=n\nContent-Usage: /%61 train-ai=y");
        check(&same, "crawler", "/a", &["2: no ai-train", "3: ai-train allowed"]);
        let wild = of("Content-Usage: /*.pdf$ search=n\nContent-Usage: /a%20b train-ai=n");
        check(&wild, "crawler", "/x/y.pdf", &["2: no search"]);
        check(&wild, "crawler", "/x/y.pdf?a", &[]);
        check(&wild, "crawler", "/a%20b", &["3: no ai-train"]);
        // White space around name and colon; a comment ends the line; a value that cannot be read says nothing.
        check(&of(" content-usage\t:\t/a \t train-ai=n # why"), "crawler", "/a", &["2: no ai-train"]);
        check(&of("Content-Usage: train-ai=n; # not"), "crawler", "/a", &["2: "]);
        check(&of("Content-Usage:"), "crawler", "/a", &["2: "]);
    }

    #[test]
    fn signals_are_of_groups_and_each_vocabulary_stands_by_itself() {
        // contentsignals.org.
        let signals = "User-Agent: *\nContent-Signal: ai-train=no, search=yes, ai-input=yes\nAllow: /\n";
        check(signals, "crawler", "/", &["2: no ai-train, search allowed, ai-input allowed"]);
        let google = "User-agent: googlebot\nContent-Signal: ai-input=no\nAllow: /\n\nUser-agent: *\nAllow: /\n";
        check(google, "googlebot", "/", &["2: no ai-input"]);
        check(google, "crawler", "/", &[]);
        let blog = "User-agent: *\nContent-Signal: /blog/ ai-train=no, search=yes, ai-input=no\nAllow: /\n";
        check(blog, "crawler", "/blog/1", &["2: no ai-train, no ai-input, search allowed"]);
        check(blog, "crawler", "/about", &[]);
        let both = "User-agent: *\nContent-Usage: /a train-ai=n\nContent-Signal: ai-train=yes\n";
        check(both, "crawler", "/a", &["2: no ai-train", "3: ai-train allowed"]);
        // Ahead of all groups: for those that say nothing themselves.
        let ahead =
            "Content-Signal: search=no\nUser-agent: a\nContent-Signal: search=yes\nUser-agent: *\nDisallow: /x\n";
        check(ahead, "a", "/", &["3: search allowed"]);
        check(ahead, "crawler", "/", &["1: no search"]);
    }

    #[test]
    fn a_line_of_use_ends_no_list_of_agents_and_is_for_those_above_it() {
        let joined = "User-agent: a\nContent-Usage: train-ai=n\nUser-agent: crawler\nDisallow: /x\n";
        check(joined, "a", "/", &["2: no ai-train"]);
        check(joined, "crawler", "/", &[]);
        for agent in ["a", "crawler"] {
            assert!(!Robots::parse(joined.as_bytes(), agent).verdict("/x").allowed, "{agent}");
        }
        let plain = "User-agent: a\nUser-agent: b\nContent-Signal: search=no\nDisallow: /x\nContent-Usage: search=y\n";
        check(plain, "b", "/", &["5: search allowed", "3: no search"]);
    }

    #[test]
    fn licences_are_of_no_group() {
        let rsl =
            "License: https://example.com/license.xml\n\nUser-agent: Googlebot\nAllow: /\nlicense: https://a.com/2\n";
        check(rsl, "crawler", "/", &["1: https://example.com/license.xml", "5: https://a.com/2"]);
        check(rsl, "Googlebot", "/", &["1: https://example.com/license.xml", "5: https://a.com/2"]);
        // A relative one names nothing.
        check("License: /license.xml\n", "crawler", "/", &["1: "]);
    }

    #[test]
    fn a_file_that_says_nothing_keeps_nothing() {
        let robots = Robots::parse(b"User-agent: *\nDisallow: /x\nSitemap: http://e.com/s\n", "crawler");
        assert!(robots.preferences.is_none());
        assert!(Robots::disallow_all().usage("/").is_empty());
    }
}
