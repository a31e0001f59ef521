//! What a robots.txt says beside its verdicts, and what it does not say although somebody thinks so.

use std::fmt;
use std::time::Duration;

use super::agent;
use super::lines::{self, Line};
use super::{AgentLine, Robots, product_token};

/// Something about a robots.txt that its author, or who is asked by it, should know. `Display` is for a person; what it
/// quotes is untrusted: escape it before it reaches a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// It is an HTML page.
    Html,
    /// It is UTF-16 with its mark. RFC 9309, section 2.3, asks for UTF-8.
    Utf16,
    /// It is UTF-16 without a mark, in which nothing is understood.
    Utf16Unmarked,
    /// Rules ahead of any `User-agent` are nobody's: the first line, and how many.
    Ownerless(u32, usize),
    /// The rules for the agent hold for others as well, which are named beside it: the lines and their values.
    Shared(Vec<AgentLine>),
    /// A line that ends no list of agents joins those above it with those below (RFC 9309, section 2.2.4): its number and
    /// name, and the agents above it.
    Joins(u32, String, Vec<AgentLine>),
    /// A `User-agent` that is longer than the token of the agent, and means it all the same.
    Longer(u32, String),
    /// A pattern that matches no path, since paths start with a slash.
    NeverMatches(u32, String),
    /// A pattern ends with white space that is no ASCII, which belongs to it.
    BlankAtEnd(u32, String),
    /// The `Crawl-delay` that is in force, as the file asks for it.
    Delay(u32, Duration),
    /// A record of no standard, which is not obeyed: its line, its name, its value.
    NotObeyed(u32, String, String),
    /// The URL of a sitemap.
    Sitemap(u32, String),
}

impl Robots {
    /// What there is to know of the file beside its verdicts, in the order of its lines. `agent` is the product token
    /// that it was read for.
    pub fn notes(&self, agent: &str) -> Vec<Note> {
        let Some(source) = self.source() else { return Vec::new() };
        let mut notes = self.of_the_whole(source);
        let mut reading = Reading { token: product_token(agent), ..Reading::default() };
        for (number, raw) in lines::raw(source.as_bytes()) {
            reading.take(number, raw);
        }
        reading.end_agents();
        let ours = self.group().iter().map(|line| line.line).collect::<Vec<_>>();
        notes.extend(reading.finish(&ours, self.crawl_delay()));
        notes
    }

    fn of_the_whole(&self, source: &str) -> Vec<Note> {
        let start = source.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        let nuls = source.bytes().take(LOOKED_AT).filter(|byte| *byte == 0).count();
        let is_html = start.starts_with('<');
        let unmarked = !self.was_utf16 && nuls > 0 && nuls >= source.len().min(LOOKED_AT) / 3;
        let all = [(self.was_utf16, Note::Utf16), (unmarked, Note::Utf16Unmarked), (is_html, Note::Html)];
        all.into_iter().filter_map(|(is, note)| is.then_some(note)).collect()
    }
}

/// The state of reading a file from top to bottom.
#[derive(Default)]
struct Reading<'a> {
    token: &'a str,
    notes: Vec<(u32, Note)>,
    /// The agents that the rules to come are for.
    agents: Vec<AgentLine>,
    /// What stands between two of them and ends no list: its line and name.
    gap: Option<(u32, String)>,
    has_rule: bool,
    ownerless: Option<(u32, usize)>,
    /// The lists of agents that went by.
    lists: Vec<List>,
    joint: Option<Joint>,
    delays: Vec<(u32, Duration)>,
}

struct List {
    agents: Vec<AgentLine>,
    joint: Option<Joint>,
}

/// What stands in a list of agents and ends none, and how many of them are above it.
struct Joint {
    line: u32,
    name: String,
    above: usize,
}

impl Reading<'_> {
    fn take(&mut self, number: u32, raw: &[u8]) {
        let name = || lines::name_and_value(raw).map(|(name, _)| text(name)).unwrap_or_default();
        match Line::parse(raw) {
            Line::Agent(value) => self.agent(number, value),
            Line::Allow(pattern) | Line::Disallow(pattern) => self.rule(number, pattern),
            Line::Delay(delay) => {
                self.delays.extend(delay.map(|delay| (number, delay)));
                self.gap(number, name());
            }
            Line::Sitemap(value) => {
                self.notes.extend(lines::urls(value).map(|url| (number, Note::Sitemap(number, text(url)))));
                self.gap(number, name());
            }
            Line::Usage(_) | Line::Signal(_) | Line::License(_) => self.gap(number, name()),
            Line::Other => {
                let Some((name, value)) = lines::name_and_value(raw).filter(|(name, _)| !name.is_empty()) else {
                    return;
                };
                let name = text(name);
                if NOT_OBEYED.iter().any(|known| name.eq_ignore_ascii_case(known)) {
                    self.notes.push((number, Note::NotObeyed(number, name.clone(), text(value))));
                    self.gap(number, name);
                }
            }
        }
    }

    fn agent(&mut self, number: u32, value: &[u8]) {
        if self.has_rule {
            self.end_agents();
        }
        if let Some((line, name)) = self.gap.take()
            && self.joint.is_none()
        {
            self.joint = Some(Joint { line, name, above: self.agents.len() });
        }
        let value_text = text(value);
        if agent::names(value, self.token) && is_other_name(&value_text, self.token) {
            self.notes.push((number, Note::Longer(number, value_text.clone())));
        }
        self.agents.push(AgentLine { line: number, agent: value_text.into() });
    }

    fn rule(&mut self, number: u32, pattern: &[u8]) {
        if self.agents.is_empty() {
            let (_, count) = self.ownerless.get_or_insert((number, 0));
            *count += 1;
        }
        self.has_rule = true;
        let shown = text(pattern);
        if !matches!(pattern.first(), None | Some(b'/' | b'*')) && pattern != b"$" {
            self.notes.push((number, Note::NeverMatches(number, shown.clone())));
        }
        if shown.trim_end() != shown || shown.ends_with("%A0") {
            self.notes.push((number, Note::BlankAtEnd(number, shown)));
        }
    }

    /// A line that is neither an agent nor a rule.
    fn gap(&mut self, number: u32, name: String) {
        if !self.agents.is_empty() && !self.has_rule {
            self.gap.get_or_insert((number, name));
        }
    }

    fn end_agents(&mut self) {
        (self.has_rule, self.gap) = (false, None);
        let agents = std::mem::take(&mut self.agents);
        self.lists.push(List { agents, joint: self.joint.take() });
    }

    /// All notes, now that it is known which agents select the rules.
    fn finish(mut self, ours: &[u32], delay: Option<Duration>) -> Vec<Note> {
        if let Some((line, count)) = self.ownerless {
            self.notes.push((line, Note::Ownerless(line, count)));
        }
        for List { agents, joint } in self.lists {
            if !agents.iter().any(|agent| ours.contains(&agent.line)) {
                continue;
            }
            let line = agents.first().map_or(0, |agent| agent.line);
            match joint {
                // The joint matters when the agent stands on one side of it and others on the other.
                Some(Joint { line, name, above }) if agents.len() > above => {
                    let above = agents.get(..above).unwrap_or_default().to_vec();
                    self.notes.push((line, Note::Joins(line, name, above)));
                }
                _ => {
                    let others: Vec<_> = agents.into_iter().filter(|agent| !ours.contains(&agent.line)).collect();
                    if !others.is_empty() {
                        self.notes.push((line, Note::Shared(others)));
                    }
                }
            }
        }
        let in_force = delay.and_then(|delay| self.delays.iter().find(|(_, said)| *said == delay));
        self.notes.extend(in_force.map(|(line, delay)| (*line, Note::Delay(*line, *delay))));
        self.notes.sort_by_key(|(line, _)| *line);
        self.notes.into_iter().map(|(_, note)| note).collect()
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Html => f.write_str("this is HTML, and no robots.txt"),
            Self::Utf16 => f.write_str("this is UTF-16, which is read by its mark; RFC 9309 asks for UTF-8"),
            Self::Utf16Unmarked => f.write_str("this looks like UTF-16 without a mark, of which nothing is understood"),
            Self::Ownerless(line, 1) => write!(f, "line {line}: a rule without a User-agent above it is for nobody"),
            Self::Ownerless(line, count) => {
                write!(f, "line {line}: {count} rules without a User-agent above them are for nobody")
            }
            Self::Shared(agents) => write!(f, "the same group is for {}", Agents(agents)),
            Self::Joins(line, name, above) => write!(
                f,
                "line {line}: `{name}` ends no group, so the rules below are for {} as well (RFC 9309, 2.2.4)",
                Agents(above)
            ),
            Self::Longer(line, agent) => write!(
                f,
                "line {line}: `{agent}` means this agent too: a product token ends where letters, digits, `-` and `_` do; \
                 with a name of your own in fetch.user_agent it does not"
            ),
            Self::NeverMatches(line, pattern) => {
                write!(f, "line {line}: `{pattern}` never matches: paths start with a slash")
            }
            Self::BlankAtEnd(line, pattern) => {
                write!(f, "line {line}: `{pattern}` ends with white space that is no ASCII and belongs to the pattern")
            }
            Self::Delay(line, delay) => {
                write!(f, "line {line}: a Crawl-delay of {} s is in force", delay.as_secs_f64())
            }
            Self::NotObeyed(line, name, value) => {
                write!(f, "line {line}: `{name}: {value}` is in no standard, and not obeyed")
            }
            Self::Sitemap(line, url) => write!(f, "line {line}: Sitemap: {url}"),
        }
    }
}

/// Agents with their lines, as many as are of use to a reader.
struct Agents<'a>(&'a [AgentLine]);

impl fmt::Display for Agents<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, AgentLine { line, agent }) in self.0.iter().take(SHOWN).enumerate() {
            let comma = if at > 0 { ", " } else { "" };
            write!(f, "{comma}{agent} (line {line})")?;
        }
        match self.0.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// Whether a name that a token stands at the start of goes on as a name does, and not with a version or a comment.
fn is_other_name(value: &str, token: &str) -> bool {
    let rest = value.get(token.len()..).unwrap_or_default();
    let mut rest = rest.chars();
    !matches!(rest.next(), None | Some('/' | ' ' | '\t' | '(' | ';' | '*')) && rest.next().is_some()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// How many agents are named.
const SHOWN: usize = 5;
/// How much of a file tells its encoding.
const LOOKED_AT: usize = 1024;
/// Records that are met, and ask for something that is not done.
const NOT_OBEYED: [&str; 5] = ["request-rate", "visit-time", "noindex", "nofollow", "noarchive"];

#[cfg(test)]
mod tests {
    use super::*;

    fn notes(body: impl AsRef<[u8]>) -> Vec<String> {
        Robots::parse(body.as_ref(), "crawler").notes("crawler").iter().map(ToString::to_string).collect()
    }

    #[track_caller]
    fn check(body: impl AsRef<[u8]>, expected: &[&str]) {
        assert_eq!(notes(body), expected);
    }

    #[test]
    fn of_a_plain_file_there_is_nothing_to_say() {
        check("User-agent: *\nDisallow: /a\nAllow: /a/$\n\nUser-agent: other\nCrawl-delay: 3\nDisallow: *.pdf\n", &[]);
        check("", &[]);
        assert_eq!(Robots::disallow_all().notes("crawler"), []);
    }

    #[test]
    fn what_is_in_force_is_told_with_its_line() {
        let delays = "User-agent: a\nCrawl-delay: 9\nDisallow: /\nUser-agent: *\nCrawl-delay: 2.5\nDisallow: /b\n";
        check(
            format!("{delays}Sitemap: /s,http://e.com/t"),
            &["line 5: a Crawl-delay of 2.5 s is in force", "line 7: Sitemap: /s", "line 7: Sitemap: http://e.com/t"],
        );
    }

    #[test]
    fn who_shares_the_group_is_told() {
        check(
            "User-agent: a\nUser-agent: crawler\nUser-agent: b\nDisallow: /x",
            &["the same group is for a (line 1), b (line 3)"],
        );
        check("User-agent: a\nUser-agent: b\nDisallow: /x\nUser-agent: *\nDisallow: /", &[]);
        let many = (0..9).fold(String::new(), |all, n| all + &format!("User-agent: a{n}\n"));
        check(
            format!("{many}User-agent: *\nDisallow: /x"),
            &["the same group is for a0 (line 1), a1 (line 2), a2 (line 3), a3 (line 4), a4 (line 5) and 4 more"],
        );
    }

    #[test]
    fn the_line_that_joins_two_groups_is_named() {
        let joined =
            "line 2: `Crawl-delay` ends no group, so the rules below are for a (line 1) as well (RFC 9309, 2.2.4)";
        check("User-agent: a\nCrawl-delay: 1\n\nUser-agent: *\nDisallow: /", &[joined]);
        check(
            "User-agent: *\nCrawl-delay: 1\n\nUser-agent: bad\nDisallow: /",
            &[
                "line 2: `Crawl-delay` ends no group, so the rules below are for * (line 1) as well (RFC 9309, 2.2.4)",
                "line 2: a Crawl-delay of 1 s is in force",
            ],
        );
        check("User-agent: a\nCrawl-delay: 1\nDisallow: /b\nUser-agent: *\nDisallow: /", &[]);
    }

    #[test]
    fn rules_that_do_nothing_are_told() {
        check(
            "Disallow: /a\nDisallow: /b\nUser-agent: *\nDisallow: private\nDisallow: http://e.com/x\nDisallow:\nDisallow: *x",
            &[
                "line 1: 2 rules without a User-agent above them are for nobody",
                "line 4: `private` never matches: paths start with a slash",
                "line 5: `http://e.com/x` never matches: paths start with a slash",
            ],
        );
        let blank = |shown: &str| {
            format!("line 2: `{shown}` ends with white space that is no ASCII and belongs to the pattern")
        };
        check("User-agent: *\nDisallow: /a\u{a0}\nDisallow: /b", &[&blank("/a\u{a0}")]);
        check(b"User-agent: *\nDisallow: /a\xa0\n", &[&blank("/a%A0")]);
        check(
            "User-agent: *\nRequest-rate: 1/5\nDisallow: /a",
            &["line 2: `Request-rate: 1/5` is in no standard, and not obeyed"],
        );
    }

    #[test]
    fn a_longer_name_that_means_the_agent_is_told() {
        let said = notes("User-agent: crawler.feedback\nDisallow: /\n");
        assert!(said.len() == 1 && said[0].starts_with("line 1: `crawler.feedback` means this agent too"), "{said:?}");
        check(
            "User-agent: crawler/1.0\nUser-agent: Crawler *\nDisallow: /",
            &["the same group is for Crawler * (line 2)"][..0],
        );
    }

    #[test]
    fn what_is_no_text_is_told() {
        check("\n<!DOCTYPE html>\n<html>", &["this is HTML, and no robots.txt"]);
        let utf16 = |mark: &[u8], text: &str| {
            [mark, &text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>()].concat()
        };
        check(
            utf16(b"\xff\xfe", "User-agent: *\nDisallow: /a"),
            &["this is UTF-16, which is read by its mark; RFC 9309 asks for UTF-8"],
        );
        check(
            utf16(b"", "User-agent: *\nDisallow: /a"),
            &["this looks like UTF-16 without a mark, of which nothing is understood"],
        );
    }
}
