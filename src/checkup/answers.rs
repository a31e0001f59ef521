//! Answers: what the URLs of a crawl were answered with, or why nobody has asked for them.

use std::borrow::Cow;
use std::cell::RefCell;
use std::path::Path;

use hashbrown::HashMap;
use serde::Deserialize;

use super::keys::{Key, Keys};
use crate::committed::{Output, Source, UnreadRobots, leaves_over, look, settings};
use crate::error::{Error, Result};
use crate::frontier::NodeState;
use crate::outcome::{FailureKind, OutcomeKind, SkipReason};
use crate::store::file;

/// What is known of each URL, in some 40 bytes, and the texts of those that redirect.
#[derive(Debug, Default)]
pub(super) struct Answers {
    known: HashMap<Key, Answer>,
    redirects: Vec<Redirect>,
    /// How many records were read.
    records: u64,
}

/// What came of a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Ok,
    /// Refused with this status.
    Status(u16),
    Failed(FailureKind),
    /// It redirects: the one with this number.
    Redirect(u32),
    /// Nobody has asked for it, for this reason.
    Skipped(SkipReason),
    /// Nobody has asked for it, since the robots.txt of its host could not be read.
    NoRobots,
    /// It is not its turn yet.
    Pending,
}

/// One redirect.
#[derive(Debug)]
pub(super) struct Redirect {
    pub(super) url: Box<str>,
    pub(super) status: u16,
    pub(super) to: Box<str>,
    /// `None` when that is no URL that can be asked for.
    to_key: Option<Key>,
}

/// Where a URL leads to in the end.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Landing {
    /// The redirects on the way.
    pub(super) hops: Vec<u32>,
    pub(super) end: End,
}

/// How a way ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// At a URL of which this is known.
    At(Key, Answer),
    /// At a URL that the crawl does not know: of a kind that it does not follow.
    Unknown,
    /// At one of its own redirects.
    Circle,
}

/// What of a record is looked at.
#[derive(Deserialize)]
struct Record<'a> {
    #[serde(borrow)]
    url: Cow<'a, str>,
    outcome: OutcomeKind,
    #[serde(default)]
    status: Option<u16>,
    #[serde(default)]
    error: Option<ErrorKind>,
    #[serde(borrow, default)]
    location: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct ErrorKind {
    kind: FailureKind,
}

impl Answers {
    /// Reads the records of a crawl, and its store when it has one: what it has committed so far.
    pub(super) fn read(dir: &Path, keys: &mut Keys) -> Result<Self> {
        let mut answers = Self::default();
        let mut lines = Source::open(dir, Output::Records)?.lines;
        let shown = lines.shown();
        while let Some(line) = lines.next_line()? {
            answers.records += 1;
            let count = answers.records;
            let broken = |error| Error::Damaged(format!("line {count} of {shown} is no record: {error}"));
            answers.take(&serde_json::from_slice(line).map_err(broken)?, keys);
        }
        if file::is_there(dir)? {
            // What a crawl that goes on has settled meanwhile is told as pending.
            let known = RefCell::new(&mut answers.known);
            look(dir, |store| {
                let unread_robots = UnreadRobots::default();
                let left = if leaves_over(store, &settings(store)?)? {
                    Answer::Skipped(SkipReason::Limit)
                } else {
                    Answer::Pending
                };
                store.entries(|entry| {
                    if let (Some((state, _)), Some(key)) = (entry.state, Key::of_bytes(entry.key)) {
                        let answer = match state {
                            NodeState::Skipped(_) if unread_robots.are_why(store, &entry)? => Answer::NoRobots,
                            NodeState::Skipped(reason) => Answer::Skipped(reason),
                            NodeState::Pending | NodeState::InFlight => left,
                            NodeState::Settled | NodeState::Elsewhere => Answer::Pending,
                        };
                        known.borrow_mut().entry(key).or_insert(answer);
                    }
                    Ok(())
                })
            })?;
        }
        Ok(answers)
    }

    /// How many URLs were answered with what they stand for.
    pub(super) fn ok(&self) -> u64 {
        self.known.values().filter(|answer| **answer == Answer::Ok).count() as u64
    }

    /// Follows a URL to its end.
    pub(super) fn follow(&self, key: Key) -> Landing {
        let (mut hops, mut at) = (Vec::new(), Some(key));
        loop {
            let Some(key) = at else { return Landing { hops, end: End::Unknown } };
            let nth = match self.known.get(&key) {
                None => return Landing { hops, end: End::Unknown },
                Some(Answer::Redirect(nth)) => *nth,
                Some(answer) => return Landing { hops, end: End::At(key, *answer) },
            };
            if hops.contains(&nth) {
                return Landing { hops, end: End::Circle };
            }
            hops.push(nth);
            at = self.redirect(nth).and_then(|redirect| redirect.to_key);
        }
    }

    /// A redirect.
    pub(super) fn redirect(&self, nth: u32) -> Option<&Redirect> {
        self.redirects.get(nth as usize)
    }

    fn take(&mut self, record: &Record<'_>, keys: &mut Keys) {
        let Some(key) = keys.of(&record.url) else { return };
        let answer = match (record.outcome, record.status, &record.location) {
            (OutcomeKind::Redirect, status, Some(to)) => {
                let nth = u32::try_from(self.redirects.len()).unwrap_or(u32::MAX);
                let (url, status) = (Box::from(&*record.url), status.unwrap_or_default());
                self.redirects.push(Redirect { url, status, to: Box::from(&**to), to_key: keys.of(to) });
                Answer::Redirect(nth)
            }
            (OutcomeKind::Ok, ..) => Answer::Ok,
            (OutcomeKind::Failed, ..) => {
                Answer::Failed(record.error.as_ref().map_or(FailureKind::Unavailable, |error| error.kind))
            }
            (_, status, _) => Answer::Status(status.unwrap_or_default()),
        };
        self.known.insert(key, answer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::url::UrlRules;

    fn answers(records: &[&str]) -> (Answers, Keys) {
        let (mut answers, mut keys) = (Answers::default(), Keys::new(UrlRules::new(4096)));
        for record in records {
            answers.take(&serde_json::from_str(record).unwrap(), &mut keys);
        }
        (answers, keys)
    }

    fn redirect(from: &str, to: &str) -> String {
        format!(
            "{{\"url\":\"http://e.com/{from}\",\"outcome\":\"redirect\",\"status\":301,\"location\":\"http://e.com/{to}\"}}"
        )
    }

    #[test]
    fn a_way_ends_where_it_does() {
        let records = [
            redirect("a", "b"),
            redirect("b", "c"),
            "{\"url\":\"http://e.com/c\",\"outcome\":\"http_error\",\"status\":404}".to_owned(),
            redirect("x", "y"),
            redirect("y", "z"),
            redirect("z", "y"),
            redirect("out", "unknown"),
        ];
        let (answers, mut keys) = answers(&records.each_ref().map(String::as_str));
        let mut follow = |path: &str| {
            let key = keys.of(&format!("http://e.com/{path}")).unwrap();
            (answers.follow(key), keys.of("http://e.com/c").unwrap())
        };
        let (landing, c) = follow("a");
        assert_eq!(landing, Landing { hops: vec![0, 1], end: End::At(c, Answer::Status(404)) });
        assert_eq!(follow("x").0, Landing { hops: vec![2, 3, 4], end: End::Circle });
        assert_eq!(follow("out").0, Landing { hops: vec![5], end: End::Unknown });
        assert_eq!(follow("nobody").0, Landing { hops: vec![], end: End::Unknown });
    }
}
