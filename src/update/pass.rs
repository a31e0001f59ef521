//! The pass over two crawls that tells what has become of each page.
//!
//! Both are committed, so the same comes of it whenever it is made. Memory holds 16 bytes for each record of both, and some
//! more for each page that is in one of them only.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::sync::Arc;

use hashbrown::{HashMap, HashSet};

use super::compare::{compare, is_failed, is_permanent, say_what};
use super::earlier::Earlier;
use super::pages::Pages;
use super::unasked::{Unasked, Why};
use super::unknown::Unknown;
use crate::change::{Change, ChangeKind, Changes};
use crate::error::{Error, Result};
use crate::outcome::{OutcomeKind, SkipReason};
use crate::sink::Record;
use crate::url::UrlKey;

/// Writes a line for each page of two crawls: those of the earlier one in its order, then the others. Whole or not at all.
///
/// # Errors
/// A record cannot be read, or the file cannot be written.
pub(crate) fn write_changes(earlier: &Earlier, now: &Pages, unasked: &Unasked, to: &Path) -> Result<Changes> {
    let before = &earlier.pages;
    let (arrivals, unknown) = (Arrivals::default(), Unknown::default());
    let (mut pass, temporary) = (Pass { earlier, before, now, unasked, arrivals, unknown }, to.with_extension("tmp"));
    let failed = pass.find_arrivals()?;
    pass.unknown = Unknown::find(earlier, now, unasked, failed)?;
    let failed = |error| Error::io("write", &temporary, error);
    let mut file = BufWriter::new(File::create(&temporary).map_err(failed)?);
    let mut changes = Changes::default();
    let mut write = |change: &Change| {
        changes.note(change);
        serde_json::to_writer(&mut file, change)
            .map_err(|error| Error::Internal(format!("a change is no JSON: {error}")))?;
        file.write_all(b"\n").map_err(failed)
    };
    before.each_line(|line, _| write(&pass.of_earlier(before.record(line)?)?))?;
    now.each_line(|line, _| pass.of_new(now.record(line)?).map_or(Ok(()), |change| write(&change)))?;
    let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
    file.sync_all().map_err(failed)?;
    fs::rename(&temporary, to).map_err(|error| Error::io("write", to, error))?;
    now.each_line(|line, _| {
        let record = now.record(line)?;
        if let Some(why) = record.carried {
            changes.note_carried(why, record.bytes.unwrap_or_default());
        }
        Ok(())
    })?;
    Ok(changes)
}

struct Pass<'a> {
    earlier: &'a Earlier,
    before: &'a Pages,
    now: &'a Pages,
    unasked: &'a Unasked,
    arrivals: Arrivals,
    unknown: Unknown,
}

/// The pages that are in the later crawl only.
#[derive(Debug, Default)]
struct Arrivals {
    /// By the hashes of their bodies; `None` for what several have.
    by_content: HashMap<String, Option<Arc<str>>>,
    /// Those to which another page has moved: they are no pages that were not there.
    taken: HashSet<UrlKey>,
}

impl Pass<'_> {
    /// Finds what is in the later crawl only, and what of that others have moved to for good; gives what has failed of what is
    /// in both.
    fn find_arrivals(&mut self) -> Result<HashSet<UrlKey>> {
        let (now, mut failed) = (self.now, HashSet::new());
        now.each_line(|line, _| {
            let record = now.record(line)?;
            if record.carried.is_some() {
                return Ok(());
            }
            let Some(key) = now.key(&record.url) else { return Ok(()) };
            if is_failed(&record) && self.is_known(key) {
                failed.insert(key);
            }
            if is_permanent(&record) {
                return self.note_target(key, &record);
            }
            if record.outcome == OutcomeKind::Ok
                && record.bytes != Some(0)
                && !self.is_known(key)
                && let Some(hash) = record.content_hash
            {
                let by_content = &mut self.arrivals.by_content;
                by_content.entry(hash).and_modify(|other| *other = None).or_insert(Some(record.url));
            }
            Ok(())
        })?;
        Ok(failed)
    }

    /// Takes note of where a page has moved to.
    fn note_target(&mut self, key: UrlKey, redirect: &Record) -> Result<()> {
        if self.before.find(key)?.is_some_and(|(was, _)| was.outcome == OutcomeKind::Ok) {
            let to = self.end_of(redirect)?;
            self.arrivals.taken.extend(to.and_then(|to| self.now.key(&to)));
        }
        Ok(())
    }

    /// Whether the earlier crawl has a record of a page.
    fn is_known(&self, key: UrlKey) -> bool {
        self.earlier.has(key)
    }

    /// Where permanent redirects lead to in the end.
    fn end_of(&self, redirect: &Record) -> Result<Option<Arc<str>>> {
        let mut to = redirect.location.clone();
        for _ in 0..MOST_REDIRECTS {
            let Some(key) = to.as_deref().and_then(|to| self.now.key(to)) else { break };
            match self.now.find(key)? {
                Some((next, _)) if is_permanent(&next) && next.location.is_some() => to = next.location,
                _ => break,
            }
        }
        Ok(to)
    }

    /// What has become of a page of the earlier crawl.
    fn of_earlier(&mut self, was: Record) -> Result<Change> {
        let key = self.before.key(&was.url);
        let now = key.map_or(Ok(None), |key| self.now.find(key))?;
        let Some(now) = now else { return Ok(self.not_asked(&was, key)) };
        if now.0.carried.is_some() {
            let mut change = Change::new(was.url, ChangeKind::Unchanged);
            (change.status, change.carried) = (now.0.status, now.0.carried);
            return Ok(change);
        }
        let was = self.before.with_items(was);
        let mut change = compare(&was, &now);
        match change.kind {
            ChangeKind::Moved => {
                change.to = self.end_of(&now.0)?;
                let target = change.to.as_deref().and_then(|to| self.now.key(to));
                if let Some(there) = target.map_or(Ok(None), |key| self.now.find(key))? {
                    let mut there_is = Change::new(Arc::clone(&was.0.url), ChangeKind::Moved);
                    say_what(&mut there_is, &was, &there);
                    let Change { what, distance, fields, links_added, links_removed, .. } = there_is;
                    change = Change { what, distance, fields, links_added, links_removed, ..change };
                }
            }
            ChangeKind::Gone => {
                if let Some(to) = self.arrival(&was.0) {
                    (change.kind, change.to) = (ChangeKind::Moved, Some(to));
                }
            }
            _ => {}
        }
        Ok(change)
    }

    /// What has become of a page of the earlier crawl that was not asked for in the later one.
    fn not_asked(&mut self, was: &Record, key: Option<UrlKey>) -> Change {
        let mut change = Change::new(Arc::clone(&was.url), ChangeKind::Gone);
        change.status_before = was.status;
        let why = key.and_then(|key| self.unasked.why(key));
        // Who asks for fewer pages has not learnt that the others are gone.
        if key.is_some_and(|key| self.unknown.has(key)) {
            change.kind = ChangeKind::Failed;
        } else if why.is_none()
            && let Some(to) = self.arrival(was)
        {
            (change.kind, change.to) = (ChangeKind::Moved, Some(to));
            return change;
        }
        let why = match why {
            Some(Why::LeftOver) => SkipReason::Limit.name(),
            Some(Why::NoRobots) => SkipReason::Robots.name(),
            Some(Why::Skipped(reason)) => reason.name(),
            None => NOT_LINKED,
        };
        change.why = Some(why.to_owned());
        change
    }

    /// The one new page that has what a page had which is not there any more.
    fn arrival(&mut self, was: &Record) -> Option<Arc<str>> {
        let hash = was.content_hash.as_ref().filter(|_| was.outcome == OutcomeKind::Ok)?;
        let to = self.arrivals.by_content.get_mut(hash)?.take()?;
        let key = self.now.key(&to)?;
        self.arrivals.taken.insert(key).then_some(to)
    }

    /// A page that was not there before; `None` of all others, and of what another page has become.
    fn of_new(&self, is: Record) -> Option<Change> {
        let key = self.now.key(&is.url);
        if is.carried.is_some() || key.is_some_and(|key| self.is_known(key) || self.arrivals.taken.contains(&key)) {
            return None;
        }
        let kind = if is_failed(&is) { ChangeKind::Failed } else { ChangeKind::New };
        Some(Change { status: is.status, ..Change::new(is.url, kind) })
    }
}

/// How many redirects in a row are followed to where a page is.
const MOST_REDIRECTS: usize = 20;
const NOT_LINKED: &str = "not_linked";
