//! Problems: what is wrong with a crawl, so many of them that a person can read them, and the count of all.

use std::collections::HashMap;

use crate::error::Result;
use crate::sink::RecordLine;
use crate::store::sqlite::StoreReader;

use super::expected::said_by_store;

/// What was found wrong so far.
#[derive(Debug, Default)]
pub(super) struct Problems {
    pub(super) count: u64,
    shown: Vec<Discrepancy>,
}

/// One thing that is wrong. What needs a text that only the store has gets it at the end, for all at once: there is no
/// index to find a record by.
#[derive(Debug)]
pub(super) enum Discrepancy {
    Text(String),
    /// There is no line for a record.
    Missing {
        output: String,
        record: u64,
    },
    /// A line is not what the store says of the record that should be there.
    Differs {
        output: String,
        line: u64,
        record: u64,
        said: Box<RecordLine<'static>>,
    },
}

impl Problems {
    /// Counts a problem. What it says is made only when it will be shown.
    pub(super) fn add(&mut self, problem: impl FnOnce() -> Discrepancy) {
        self.count += 1;
        if self.shown.len() < SHOWN {
            self.shown.push(problem());
        }
    }

    /// Counts a problem that is said in words.
    pub(super) fn say(&mut self, text: impl FnOnce() -> String) {
        self.add(|| Discrepancy::Text(text()));
    }

    /// The same of those that need no text of a store.
    #[cfg(feature = "postgres")]
    pub(super) fn into_plain_texts(self) -> Vec<String> {
        self.shown.iter().map(|problem| problem.text(&|_| None)).collect()
    }

    /// The first of them in words.
    pub(super) fn into_texts(self, store: &StoreReader) -> Result<Vec<String>> {
        let mut records: HashMap<u64, Option<RecordLine<'static>>> =
            self.shown.iter().filter_map(Discrepancy::record).map(|record| (record, None)).collect();
        if !records.is_empty() {
            store.entries(|entry| {
                if let Some(known) = entry.record.and_then(|record| records.get_mut(&record)) {
                    *known = said_by_store(&entry).map(RecordLine::into_owned);
                }
                Ok(())
            })?;
        }
        let known = |record: u64| records.get(&record).and_then(Option::as_ref);
        Ok(self.shown.iter().map(|problem| problem.text(&known)).collect())
    }
}

impl Discrepancy {
    fn record(&self) -> Option<u64> {
        match self {
            Self::Text(_) => None,
            Self::Missing { record, .. } | Self::Differs { record, .. } => Some(*record),
        }
    }

    fn text<'a>(&self, known: &impl Fn(u64) -> Option<&'a RecordLine<'static>>) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Missing { output, record } => match known(*record) {
                Some(known) => format!("{output} has no line for {}, which is settled", known.url),
                None => format!("{output} has no line for the record {record}"),
            },
            Self::Differs { output, line, record, said } => match known(*record) {
                Some(known) if known.url == said.url => {
                    format!("line {line} of {output} ({}) {}", said.url, differences(said, known))
                }
                Some(known) => {
                    format!("line {line} of {output} is of {}, where that of {} should be", said.url, known.url)
                }
                None => format!("line {line} of {output} is of {}, which has no record by the store", said.url),
            },
        }
    }
}

/// What a line says, and what the store says instead.
fn differences(said: &RecordLine<'_>, known: &RecordLine<'_>) -> String {
    let number = |n: Option<u64>| n.map_or("none".to_owned(), |n| n.to_string());
    let fields = |line: &RecordLine<'_>| {
        [
            ("outcome", line.outcome.name().to_owned()),
            ("status", number(line.status.map(u64::from))),
            ("error", line.error.map_or("none", crate::outcome::FailureKind::name).to_owned()),
            ("attempts", line.attempts.to_string()),
            ("bytes", number(line.bytes)),
        ]
    };
    let pairs = fields(said).into_iter().zip(fields(known)).filter(|(said, known)| said != known);
    let texts: Vec<_> =
        pairs.map(|((name, said), (_, known))| format!("has {name} {said}, the store {known}")).collect();
    texts.join("; ")
}

/// How many problems are put in words.
pub(super) const SHOWN: usize = 20;
