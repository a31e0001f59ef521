//! Expected: what the lines of an output have to say by the store, in 12 bytes for each.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::problems::{Discrepancy, Problems};
use crate::error::Result;
use crate::frontier::NodeState;
use crate::outcome::FailureKind;
use crate::sink::{Lines, RecordLine};
use crate::store::sqlite::UrlRow;

/// What each line has to say: prints instead of texts, so that ten million of them are held beside each other.
#[derive(Debug, Default)]
pub(super) struct Expected {
    /// Of the record with this number less one; 0 when there is none.
    prints: Vec<u64>,
    /// [`ANY`] when the record is out of date.
    depths: Vec<u32>,
}

/// Where a line belongs.
enum Belongs {
    Here,
    /// Lines are missing before it.
    Ahead(usize),
    /// It was there before.
    Behind,
    Nowhere,
}

impl Expected {
    /// Room for so many records.
    pub(super) fn with_capacity(records: usize) -> Self {
        Self { prints: Vec::with_capacity(records), depths: Vec::with_capacity(records) }
    }

    /// Takes the record of a settled URL; `false` when another URL has that record.
    pub(super) fn put(&mut self, record: usize, line: &RecordLine<'_>, moved: bool) -> bool {
        if self.prints.len() <= record {
            self.prints.resize(record + 1, 0);
            self.depths.resize(record + 1, ANY);
        }
        match (self.prints.get_mut(record), self.depths.get_mut(record)) {
            (Some(known), Some(depth)) if *known == 0 => {
                (*known, *depth) = (print(line), if moved { ANY } else { line.depth });
                true
            }
            _ => false,
        }
    }

    /// The numbers from 1 that no URL has.
    pub(super) fn vacant(&self) -> impl Iterator<Item = usize> {
        self.prints.iter().enumerate().filter(|(_, print)| **print == 0).map(|(at, _)| at + 1)
    }

    /// Compares the lines of an output with this; the number of its lines.
    pub(super) fn compare(&self, output: &str, lines: &mut Lines, problems: &mut Problems) -> Result<u64> {
        let mut number = 0;
        let mut at = 0;
        // The last place that was given to a line that belongs nowhere: it may have come in between.
        let mut taken = None;
        while let Some(line) = lines.next_line()? {
            number += 1;
            let said = line.strip_suffix(b"\n").ok_or_else(|| "it has no end".to_owned()).and_then(RecordLine::parse);
            let said = match said {
                Ok(said) => said,
                Err(why) => {
                    problems.say(|| format!("line {number} of {output} is no whole record: {why}"));
                    taken = Some(at);
                    at += 1;
                    continue;
                }
            };
            let print = print(&said);
            if let Some(place) = taken.take_if(|place| self.prints.get(*place) == Some(&print)) {
                self.compare_depth(place, number, output, &said, problems);
                continue;
            }
            match self.place(print, at) {
                Belongs::Here => {}
                Belongs::Ahead(place) => {
                    self.miss(at..place, output, problems);
                    at = place;
                }
                Belongs::Behind => {
                    problems
                        .say(|| format!("line {number} of {output} ({}) is there twice, or not in its turn", said.url));
                    continue;
                }
                Belongs::Nowhere => {
                    let (line, record, said) = (number, at as u64 + 1, Box::new(said.into_owned()));
                    problems.add(|| Discrepancy::Differs { output: output.to_owned(), line, record, said });
                    taken = Some(at);
                    at += 1;
                    continue;
                }
            }
            self.compare_depth(at, number, output, &said, problems);
            at += 1;
        }
        self.miss(at..self.prints.len(), output, problems);
        Ok(number)
    }

    fn place(&self, print: u64, at: usize) -> Belongs {
        let behind = at.saturating_sub(WINDOW)..at;
        let found = |slots: std::ops::Range<usize>| {
            self.prints.get(slots.start..slots.end.min(self.prints.len()))?.iter().position(|known| *known == print)
        };
        match found(at..at + WINDOW) {
            Some(0) => Belongs::Here,
            Some(further) => Belongs::Ahead(at + further),
            None if found(behind).is_some() => Belongs::Behind,
            None => Belongs::Nowhere,
        }
    }

    fn compare_depth(&self, at: usize, line: u64, output: &str, said: &RecordLine<'_>, problems: &mut Problems) {
        match self.depths.get(at) {
            Some(depth) if *depth != ANY && *depth != said.depth => problems
                .say(|| format!("line {line} of {output} ({}) has depth {}, the store {depth}", said.url, said.depth)),
            _ => {}
        }
    }

    fn miss(&self, slots: std::ops::Range<usize>, output: &str, problems: &mut Problems) {
        // What has no URL either was told before.
        for slot in slots.filter(|slot| self.prints.get(*slot).is_some_and(|print| *print != 0)) {
            problems.add(|| Discrepancy::Missing { output: output.to_owned(), record: slot as u64 + 1 });
        }
    }
}

/// What the record of a settled URL has to say; `None` when it is not settled, or failed for a reason that is none.
pub(super) fn said_by_store<'a>(entry: &UrlRow<'a>) -> Option<RecordLine<'a>> {
    let Some((NodeState::Settled, Some(outcome))) = entry.state else { return None };
    let error = match entry.error {
        Some(name) => Some(FailureKind::of_name(name)?),
        None => None,
    };
    Some(RecordLine {
        url: Cow::Borrowed(entry.url),
        outcome,
        status: entry.status,
        error,
        attempts: entry.attempts,
        bytes: entry.bytes,
        depth: entry.path.depth,
    })
}

/// Everything but the depth, which may be out of date. Never 0.
fn print(line: &RecordLine<'_>) -> u64 {
    let RecordLine { url, outcome, status, error, attempts, bytes, depth: _ } = line;
    let mut hasher = DefaultHasher::new();
    (&**url, outcome, status, error, attempts, bytes).hash(&mut hasher);
    hasher.finish().max(1)
}

const ANY: u32 = u32::MAX;
/// How far away a line is looked for that is not where it should be.
const WINDOW: usize = 64;
