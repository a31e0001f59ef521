//! The archive of a crawl: whether each record in it is what it says, and each settled URL is in it once.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;

use hashbrown::{HashMap, HashSet};
use serde::Serialize;

use super::archived::{LONGEST, at, faults};
use super::problems::Problems;
use super::revisits::Revisits;
use crate::committed::{ArchiveFile, settings};
use crate::error::{Error, Result};
use crate::outcome::OutcomeKind;
use crate::store::sqlite::StoreReader;
use crate::url::UrlRules;
use crate::warc::{Bounds, Fields, Kind, Record};

/// An archive, and what was seen of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct CheckedArchive {
    /// How many files it has.
    pub(crate) files: usize,
    /// How many records.
    pub(crate) records: u64,
    /// How many bytes.
    pub(crate) bytes: u64,
}

/// Checks the archive of a crawl, when it has one: reads all that is committed, inflates it, and takes the digest of every
/// record. That is as much work as it sounds: about a gigabyte of what was received in ten seconds. The archives before it are
/// read too, the latest first, as far as it refers to them.
pub(super) fn check(
    dir: &Path,
    store: &StoreReader,
    ended: bool,
    problems: &mut Problems,
) -> Result<Option<CheckedArchive>> {
    let files = ArchiveFile::of_store(dir, store)?;
    if files.is_empty() {
        return Ok(None);
    }
    let mut checked = CheckedArchive { files: files.len(), records: 0, bytes: 0 };
    let settings = settings(store)?;
    let (mut known, mut revisits) = (Known::new(settings.frontier.url_rules().of_any_length()), Revisits::default());
    for file in &files {
        let shown = file.path.display();
        let records = match file.records(Bounds { block: LONGEST, ..Bounds::default() }) {
            Ok(records) => records,
            Err(Error::Damaged(what)) => {
                problems.say(|| what);
                continue;
            }
            Err(error) => return Err(error),
        };
        let committed = file.committed.unwrap_or_default();
        let found = fs::metadata(&file.path).map_or(committed, |found| found.len());
        if found > committed && ended {
            let more = found - committed;
            problems.say(|| format!("{shown} has {more} bytes behind what the crawl has written to it"));
        }
        checked.bytes += committed;
        for placed in records {
            match placed {
                Ok(placed) => {
                    checked.records += 1;
                    revisits.take(&placed.record);
                    for wrong in faults(&placed).into_iter().chain(known.take(&placed.record)) {
                        problems.say(|| format!("{shown}, {}: {wrong}", at(placed.place)));
                    }
                }
                Err(fault) => problems.say(|| format!("{shown} is not what the crawl has written: {fault}")),
            }
        }
    }
    let failed = known.failed();
    let expected = Expected::of(store, &failed)?;
    compare(&known.in_turn(&expected.awaited), &expected.prints, store, problems)?;
    revisits.check(dir, (&files, &settings.archive.earlier), problems)?;
    Ok(Some(checked))
}

/// What the store has settled.
struct Expected {
    /// The settled URLs in the order of their records: a print of each.
    prints: Vec<u64>,
    /// Those that have no record: what has failed and is to be asked for again (`--retry-failed`) is one of them until it was,
    /// and a crawl may end before that.
    awaited: HashSet<u64>,
}

impl Expected {
    /// Reads it; `failed`: of which URLs it matters whether they wait.
    fn of(store: &StoreReader, failed: &HashSet<u64>) -> Result<Self> {
        let (mut prints, mut awaited) = (Vec::new(), HashSet::new());
        let bound = store.url_bound()?;
        store.entries(|entry| {
            if entry.record.is_none() {
                awaited.extend(Some(print(entry.url)).filter(|print| failed.contains(print)));
            }
            if let Some(slot) = entry.record.and_then(|record| record.checked_sub(1)).filter(|slot| *slot < bound) {
                let slot = usize::try_from(slot).unwrap_or(usize::MAX);
                if prints.len() <= slot {
                    prints.resize(slot + 1, 0);
                }
                if let Some(known) = prints.get_mut(slot) {
                    *known = print(entry.url);
                }
            }
            Ok(())
        })?;
        Ok(Self { prints, awaited })
    }
}

/// What is known of settled URLs, as far as the archive is read.
struct Known {
    /// Which URLs are one page.
    rules: UrlRules,
    told: Vec<Told>,
    /// The last capture: its name and its URL.
    capture: Option<(String, String)>,
}

/// One record that says what is known of a settled URL.
struct Told {
    print: u64,
    /// It had failed, so that it may have been asked for again.
    has_failed: bool,
}

impl Known {
    /// Nothing yet, of a crawl with these rules.
    fn new(rules: UrlRules) -> Self {
        Self { rules, told: Vec::new(), capture: None }
    }

    /// Takes the next record; what is wrong with it.
    fn take(&mut self, record: &Record) -> Option<String> {
        let url = record.target_uri().unwrap_or_default();
        match record.kind() {
            Kind::Response | Kind::Revisit | Kind::Resource => {
                self.capture = Some((record.id().unwrap_or_default().to_owned(), url.to_owned()));
                None
            }
            Kind::Metadata => {
                let fields = Fields::parse(&record.block);
                let failures = [OutcomeKind::Failed, OutcomeKind::HttpError].map(OutcomeKind::name);
                let has_failed = fields.get("outcome").is_some_and(|outcome| failures.contains(&outcome));
                self.told.push(Told { print: print(url), has_failed });
                let named = record.concurrent_to().next()?;
                let (id, of) = self.capture.take().unwrap_or_default();
                (id != named || !self.is_same_page(&of, url))
                    .then(|| format!("what {url} was answered with is not there"))
            }
            _ => None,
        }
    }

    /// Whether what was asked for is the page of a URL: itself, or another spelling of it that it has redirected to.
    fn is_same_page(&self, asked: &str, url: &str) -> bool {
        let key = |text: &str| self.rules.parse(text).ok().map(|url| url.key());
        asked == url || key(asked).is_some_and(|asked| key(url) == Some(asked))
    }

    /// Those that have failed once.
    fn failed(&self) -> HashSet<u64> {
        self.told.iter().filter(|told| told.has_failed).map(|told| told.print).collect()
    }

    /// The URLs in their order, each once. Of one that has failed and came again, the last counts; of one that has failed and is
    /// still awaited, none.
    fn in_turn(self, awaited: &HashSet<u64>) -> Vec<u64> {
        let (mut later, mut prints) = (HashSet::new(), Vec::new());
        for Told { print, has_failed } in self.told.into_iter().rev() {
            let is_last = later.insert(print);
            if !has_failed || is_last && !awaited.contains(&print) {
                prints.push(print);
            }
        }
        prints.reverse();
        prints
    }
}

/// Compares the turn of the archive with that of the records.
fn compare(found: &[u64], expected: &[u64], store: &StoreReader, problems: &mut Problems) -> Result<()> {
    let is_wrong = |(nth, print): &(usize, &u64)| expected.get(*nth) != Some(*print);
    let wrong: Vec<_> = found.iter().enumerate().filter(is_wrong).map(|(nth, print)| (nth + 1, *print)).collect();
    let asked: HashSet<u64> = wrong.iter().take(MOST_NAMES).map(|(_, print)| *print).collect();
    let mut names = HashMap::new();
    if !asked.is_empty() {
        store.entries(|entry| {
            let print = print(entry.url);
            if asked.contains(&print) {
                names.insert(print, entry.url.to_owned());
            }
            Ok(())
        })?;
    }
    for (number, print) in wrong {
        let url = names.get(&print).map_or("a URL", String::as_str);
        let turn = format!("not in its turn, which is that of record {number}");
        problems.say(|| format!("{url} is in the archive twice, or {turn}"));
    }
    if let Some(missing) = expected.len().checked_sub(found.len()).filter(|missing| *missing > 0) {
        problems.say(|| format!("{missing} of the records are not in the archive"));
    }
    Ok(())
}

fn print(url: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    url.hash(&mut hasher);
    hasher.finish()
}

/// More than are told.
const MOST_NAMES: usize = 64;
