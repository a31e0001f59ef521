//! robots.txt: what a host asks crawlers to leave alone (RFC 9309).
//!
//! Own code, because politeness is what a crawler has to be able to prove, and a proof names the line that decided. No
//! crate gives it: `texting_robots` answers with a bool and refuses the whole file over one pattern that is too much
//! for its regular expressions, `robotstxt` (a port of Google's parser) reads the file again for each URL and knows no
//! `%7E` for `~` (section 2.2.2), and `robotxt` comes closest but keeps neither lines nor rules as written.

mod agent;
mod lines;
mod notes;
pub(super) mod pattern;
mod rule;
#[cfg(test)]
mod tests;
mod usage;

pub(crate) use crate::user_agent::product_token;
pub(crate) use rule::{Access, AgentLine, Rule, Verdict};

use std::cmp::Reverse;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use encoding_rs::{Encoding, UTF_8};
use http::StatusCode;

use crate::url::header_text;
use crate::usage::Statement;
use lines::Line;
use usage::{OfAgent, Preferences, UseLine};

/// How much of a robots.txt is read, in bytes. RFC 9309, section 2.5, asks for at least 500 KiB.
pub(crate) const LIMIT: usize = 512 << 10;

/// How many redirects of a robots.txt are followed. RFC 9309, section 2.3.1.2, asks for at least five.
pub(crate) const REDIRECTS: u32 = 5;

/// The rules of one robots.txt for one agent, and what else the file says.
///
/// What applies to the agent is kept in few allocations, and the file beside it: a crawl holds one of these for each
/// host, and has to know it again when it is continued.
#[derive(Debug, Clone)]
pub struct Robots {
    /// The file; `None` when there is none that says it.
    source: Option<Arc<str>>,
    is_cut: bool,
    was_utf16: bool,
    /// All patterns, one after another: canonical, and as written where that differs.
    text: Box<str>,
    /// In the order of precedence: the first that matches decides.
    rules: Box<[StoredRule]>,
    /// What holds for a path that no rule matches.
    otherwise: Access,
    group: Box<[AgentLine]>,
    crawl_delay: Option<Duration>,
    sitemaps: Box<[String]>,
    /// What it says that its pages may be used for.
    preferences: Preferences,
}

#[derive(Debug, Clone, Copy)]
struct StoredRule {
    line: u32,
    access: Access,
    canonical: Span,
    written: Span,
}

/// A part of `Robots::text`.
#[derive(Debug, Clone, Copy)]
struct Span {
    start: u32,
    end: u32,
}

impl Robots {
    /// Reads a robots.txt for the agent with this [product token](product_token).
    ///
    /// UTF-8, or UTF-16 with its mark. Never fails: lines that are not understood are passed over. What is past [`LIMIT`] is not read, and neither is
    /// the line that the limit cuts: half a pattern would match too much.
    pub fn parse(body: &[u8], agent: &str) -> Self {
        let is_cut = body.len() >= LIMIT;
        let body = body.get(..LIMIT).unwrap_or(body);
        let utf16 = utf16(body);
        let body = whole_lines(utf16.as_ref().map_or(body, String::as_bytes), is_cut);
        Self { source: Some(as_text(body)), is_cut, was_utf16: utf16.is_some(), ..Self::read(body, agent) }
    }

    /// What the answer to a request for robots.txt says, once its redirects were followed (RFC 9309, section 2.3.1). `None`
    /// when it could not be reached: a server error, one redirect too many, or "too many requests", which does not say
    /// that there is none. Of a status below 300 the body is read.
    pub fn of_response(status: StatusCode, body: &[u8], agent: &str) -> Option<Self> {
        match status.as_u16() {
            200..=299 => Some(Self::parse(body, agent)),
            400..=499 if status != StatusCode::TOO_MANY_REQUESTS => Some(Self::allow_all()),
            _ => None,
        }
    }

    /// Reads a [`source`](Self::source) once more, maybe for another agent.
    pub fn from_source(source: Arc<str>, agent: &str) -> Self {
        let rules = Self::read(source.as_bytes(), agent);
        Self { source: Some(source), ..rules }
    }

    /// No rules: what holds for a host without a robots.txt (4xx; RFC 9309, section 2.3.1.3).
    pub fn allow_all() -> Self {
        Self::parse(&[], "")
    }

    /// Nothing is allowed: what holds for a host whose robots.txt cannot be reached (RFC 9309, section 2.3.1.4).
    pub fn disallow_all() -> Self {
        Self { otherwise: Access::Disallow, source: None, ..Self::allow_all() }
    }

    /// The file up to [`LIMIT`], for keeping it: [`from_source`](Self::from_source) makes the same verdicts of it. What
    /// is not UTF-8 is percent-encoded, which means the same in a path. `None` of [`disallow_all`](Self::disallow_all),
    /// which no file says.
    pub fn source(&self) -> Option<&Arc<str>> {
        self.source.as_ref()
    }

    /// Whether there may be more of the file than was [parsed](Self::parse): it is as long as [`LIMIT`], or longer.
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Whether a path with its query may be asked for. The longest matching pattern decides, and between equally long
    /// ones an `Allow` does (RFC 9309, section 2.2.2). `/robots.txt` itself always may.
    pub fn verdict(&self, path_and_query: &str) -> Verdict<'_> {
        if path_and_query == "/robots.txt" {
            return Verdict { allowed: true, rule: None };
        }
        let path = pattern::canonical_path(path_and_query);
        let rule = self.rules.iter().find(|rule| pattern::matches(self.slice(rule.canonical), &path));
        let access = rule.map_or(self.otherwise, |rule| rule.access);
        Verdict {
            allowed: access == Access::Allow,
            rule: rule.map(|rule| Rule { line: rule.line, access: rule.access, pattern: self.slice(rule.written) }),
        }
    }

    /// The `User-agent` lines that select the rules: the agent's own, or those with `*`, or none.
    pub fn group(&self) -> &[AgentLine] {
        &self.group
    }

    /// The `Crawl-delay` of the group, at most a day. Of several the longest holds; one ahead of all groups is meant
    /// for every agent that has none of its own. Not part of RFC 9309, but what many hosts ask for.
    pub fn crawl_delay(&self) -> Option<Duration> {
        self.crawl_delay
    }

    /// The values of all `Sitemap` lines, which belong to no group (RFC 9309, section 2.2.4), as the file has them.
    pub fn sitemaps(&self) -> &[String] {
        &self.sitemaps
    }

    /// What the file says that a path with its query may be used for: nothing of it changes whether it may be asked for.
    pub fn usage(&self, path_and_query: &str) -> Vec<Statement> {
        let Some(preferences) = &self.preferences else { return Vec::new() };
        preferences.of_path(&pattern::canonical_path(path_and_query))
    }

    fn read(body: &[u8], agent: &str) -> Self {
        let mut reading = Reading::new(agent);
        for (number, line) in lines::lines(body) {
            reading.take(number, line);
        }
        reading.finish()
    }

    fn of(group: Group<'_>, sitemaps: Vec<String>, preferences: Preferences) -> Self {
        let mut text = String::new();
        let mut store = |part: &str| {
            let start = offset(text.len());
            text.push_str(part);
            Span { start, end: offset(text.len()) }
        };
        let mut rules: Vec<StoredRule> = group
            .rules
            .into_iter()
            .map(|(line, access, written)| {
                let canonical = pattern::canonical_pattern(written);
                let span = store(&canonical);
                let written =
                    if written == canonical.as_bytes() { span } else { store(&String::from_utf8_lossy(written)) };
                StoredRule { line, access, canonical: span, written }
            })
            .collect();
        // Octets are counted in the canonical form, so that one rule has one rank however it is written.
        rules.sort_by_key(|rule| (Reverse(rule.canonical.end - rule.canonical.start), rule.access));
        Self {
            source: None,
            is_cut: false,
            was_utf16: false,
            text: text.into(),
            rules: rules.into(),
            otherwise: Access::Allow,
            group: group.agents.into(),
            crawl_delay: group.delay,
            sitemaps: sitemaps.into(),
            preferences,
        }
    }

    fn slice(&self, span: Span) -> &str {
        self.text.get(span.start as usize..span.end as usize).expect("spans were taken from this text")
    }
}

/// The state of reading a file from top to bottom. Both groups that could apply are kept until the end, because the
/// agent's own may come last.
struct Reading<'a> {
    token: &'a str,
    own: Group<'a>,
    any: Group<'a>,
    rules_for: Members,
    /// Those above a delay or a line of use.
    said_for: Members,
    last: Last,
    common_delay: Option<Duration>,
    common_usage: Vec<UseLine<'a>>,
    licenses: Vec<(u32, &'a [u8])>,
    sitemaps: Vec<String>,
}

/// What the file says to one agent, its groups merged.
#[derive(Default)]
struct Group<'a> {
    agents: Vec<AgentLine>,
    rules: Vec<(u32, Access, &'a [u8])>,
    delay: Option<Duration>,
    usage: Vec<UseLine<'a>>,
}

/// Which of the two groups the current `User-agent` lines name.
#[derive(Clone, Copy, Default)]
struct Members {
    own: bool,
    any: bool,
}

/// The last line that matters to where a group begins.
enum Last {
    Nothing,
    Agent,
    /// A delay, or a line of use.
    Said,
    Rule,
}

impl<'a> Reading<'a> {
    fn new(agent: &'a str) -> Self {
        Self {
            token: product_token(agent),
            own: Group::default(),
            any: Group::default(),
            rules_for: Members::default(),
            said_for: Members::default(),
            last: Last::Nothing,
            common_delay: None,
            common_usage: Vec::new(),
            licenses: Vec::new(),
            sitemaps: Vec::new(),
        }
    }

    fn take(&mut self, number: u32, line: Line<'a>) {
        match line {
            Line::Agent(value) => self.agent(number, value),
            Line::Allow(pattern) => self.rule(number, Access::Allow, pattern),
            Line::Disallow(pattern) => self.rule(number, Access::Disallow, pattern),
            Line::Delay(delay) => self.delay(delay),
            Line::Sitemap(value) => {
                let urls = lines::urls(value).map(|url| header_text(url).into_owned());
                self.sitemaps.extend(urls);
            }
            Line::Usage(_) | Line::Signal(_) => self.usage(UseLine { number, line }),
            Line::License(value) => self.licenses.push((number, value)),
            Line::Other => {}
        }
    }

    /// Only a rule ends a list of agents (RFC 9309, section 2.2: other records do not interfere). A delay and a line of
    /// use are for the agents above them and no others, though: `User-agent: a`, `Crawl-delay: 9`, `User-agent: b` slows `a` alone.
    fn agent(&mut self, number: u32, value: &[u8]) {
        match self.last {
            Last::Rule => (self.rules_for, self.said_for) = (Members::default(), Members::default()),
            Last::Said => self.said_for = Members::default(),
            Last::Nothing | Last::Agent => {}
        }
        self.last = Last::Agent;
        let group = if agent::is_any(value) {
            (self.rules_for.any, self.said_for.any) = (true, true);
            &mut self.any
        } else if agent::names(value, self.token) {
            (self.rules_for.own, self.said_for.own) = (true, true);
            &mut self.own
        } else {
            return;
        };
        group.agents.push(AgentLine { line: number, agent: String::from_utf8_lossy(value).into() });
    }

    fn rule(&mut self, number: u32, access: Access, pattern: &'a [u8]) {
        // A rule ahead of all agents is no one's.
        if matches!(self.last, Last::Nothing) {
            return;
        }
        self.last = Last::Rule;
        if pattern.is_empty() {
            return;
        }
        for (member, group) in [(self.rules_for.own, &mut self.own), (self.rules_for.any, &mut self.any)] {
            if member {
                group.rules.push((number, access, pattern));
            }
        }
    }

    fn delay(&mut self, delay: Option<Duration>) {
        let Last::Nothing = self.last else {
            self.last = if let Last::Rule = self.last { Last::Rule } else { Last::Said };
            for (member, group) in [(self.said_for.own, &mut self.own), (self.said_for.any, &mut self.any)] {
                if member {
                    group.delay = group.delay.max(delay);
                }
            }
            return;
        };
        self.common_delay = self.common_delay.max(delay);
    }

    fn usage(&mut self, said: UseLine<'a>) {
        if let Last::Nothing = self.last {
            self.common_usage.push(said);
            return;
        }
        self.last = if let Last::Rule = self.last { Last::Rule } else { Last::Said };
        for (member, group) in [(self.said_for.own, &mut self.own), (self.said_for.any, &mut self.any)] {
            if member {
                group.usage.push(said);
            }
        }
    }

    fn finish(self) -> Robots {
        let mut group = if self.own.agents.is_empty() { self.any } else { self.own };
        group.delay = group.delay.or(self.common_delay);
        let preferences = OfAgent::of(&group.usage, &self.common_usage, &self.licenses);
        Robots::of(group, self.sitemaps, preferences)
    }
}

/// The text of a file that its mark says to be UTF-16. RFC 9309, section 2.3, has robots.txt in UTF-8, but who did not
/// know that has not allowed everything.
fn utf16(body: &[u8]) -> Option<String> {
    let encoding = match Encoding::for_bom(body) {
        // In UTF-16 each letter of a rule has a zero beside it. Without any, the mark is wrong, and to believe it would
        // allow everything.
        Some((encoding, _)) if encoding != UTF_8 && memchr::memchr(0, body).is_some() => encoding,
        _ => return None,
    };
    Some(encoding.decode_with_bom_removal(body).0.into_owned())
}

/// The lines that the limit has not cut. When the body ends there, whoever read it may have stopped in one.
fn whole_lines(body: &[u8], is_cut: bool) -> &[u8] {
    if !is_cut {
        return body;
    }
    body.get(..memchr::memrchr2(b'\n', b'\r', body).unwrap_or(0)).unwrap_or_default()
}

fn as_text(body: &[u8]) -> Arc<str> {
    let mut text = String::with_capacity(body.len());
    for chunk in body.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            write!(text, "%{byte:02X}").expect("a String takes all that is written to it");
        }
    }
    text.into()
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).expect("a robots.txt is read up to a limit far below 4 GiB")
}
