//! Reading back: all URLs that earlier runs have found, with what their records come to, in one pass.
//!
//! To take a row out of the file and to check it costs as much time as to make a frontier of it. So a thread of its own reads,
//! a few thousand rows ahead of whoever takes them; it has ended when everything is there, or something is wrong. It is
//! handed the values of a row by a function that SQLite calls: to ask for each of them costs twice as much.

use std::ops::Range;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::FromSql;

use super::checksum::{Check, URL, check_values};
use super::database::broken;
use super::{Database, of_code};
use crate::error::{Error, Result};
use crate::frontier::{HostId, KeptUrl, Path, Restore};
use crate::outcome::{FailureKind, OutcomeKind};
use crate::store::Counts;
use crate::store::code::is_sound_text;
use crate::url::{HostKey, UrlKey};
use crate::wall_clock::WallClock;

impl Database {
    /// Gives back what earlier runs have found; what all records come to.
    pub(super) fn read_back(&mut self, to: &mut Restore<'_>, clock: &WallClock) -> Result<Counts> {
        self.each("SELECT id, name FROM host ORDER BY id", |row| {
            let (id, name) = (row.get::<_, u32>(0)?, row.get_ref(1)?.as_str()?);
            Ok(to.host(HostId::at(id), HostKey::stored(name)))
        })?;
        to.make_room(self.most_urls()?);
        let (path, database) = (self.path.clone(), &mut *self);
        let (given, read) = thread::scope(|scope| {
            let (sender, receiver) = sync_channel(AHEAD);
            let reader = thread::Builder::new().name("store".to_owned());
            let reader = reader.spawn_scoped(scope, move || database.read_ahead(sender));
            let reader = reader.map_err(|error| Error::io("read", &path, error))?;
            let given = give(&receiver, to, clock);
            drop(receiver);
            let read = reader.join().map_err(|_| Error::Internal("the reader of the store has panicked".to_owned()))?;
            Ok((given, read))
        })?;
        // Whatever was refused came before what the reader has met since.
        given.map_err(|error| self.named(error)).and(read)
    }

    /// How many URLs there are, by the greatest number, and as far as a file of this length can hold so many.
    fn most_urls(&self) -> Result<usize> {
        let last = self.connection.query_row("SELECT max(id) FROM url", [], |row| row.get::<_, Option<i64>>(0));
        let last = last.map_err(|error| self.failed("read", &error))?;
        let length = self.path.metadata().map_err(|error| Error::io("read", &self.path, error))?.len();
        let count = last.map_or(0, |last| u64::try_from(last).unwrap_or_default().saturating_add(1));
        Ok(usize::try_from(count.min(length / LEAST_ROW)).unwrap_or_default())
    }

    fn read_ahead(&mut self, to: SyncSender<Batch>) -> Result<Counts> {
        let reading = Arc::new(Mutex::new(Reading::to(to)));
        let taken = Arc::clone(&reading);
        let take = move |row: &Context<'_>| Ok(!locked(&taken).take(row));
        let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DIRECTONLY;
        let added = self.connection.create_scalar_function(TAKE, -1, flags, take);
        added.map_err(|error| self.failed("read", &error))?;
        // A row of the answer is one that was not taken: there is one at most.
        let columns = URL.columns.join(", ");
        let rows = format!("SELECT 1 FROM {} WHERE {TAKE}({columns}, checksum) ORDER BY id LIMIT 1", URL.name);
        let read = self.each(&rows, |_| Ok(Ok(())));
        let (end, counts) = locked(&reading).finish();
        let removed = self.connection.remove_function(TAKE, -1);
        removed.map_err(|error| self.failed("read", &error))?;
        end.map_err(|error| self.damaged(&error.to_string()))?.map_err(|error| self.named(error))?;
        read.map(|()| counts)
    }
}

/// What the function has that SQLite calls.
struct Reading {
    /// `None` once it is over.
    to: Option<SyncSender<Batch>>,
    batch: Batch,
    counts: Counts,
    /// Why it takes no more.
    end: rusqlite::Result<Result<()>>,
}

impl Reading {
    fn to(to: SyncSender<Batch>) -> Self {
        Self { to: Some(to), batch: Batch::default(), counts: Counts::default(), end: Ok(Ok(())) }
    }

    /// Takes a row; whether there may be more.
    fn take(&mut self, row: &Context<'_>) -> bool {
        self.end = self.batch.take(row, &mut self.counts);
        if !matches!(self.end, Ok(Ok(()))) {
            return false;
        }
        // Whoever takes no more has an error of its own.
        self.batch.urls.len() < BATCH || self.send()
    }

    /// Hands over what was taken; whether it was wanted.
    fn send(&mut self) -> bool {
        let batch = std::mem::take(&mut self.batch);
        self.to.as_ref().is_some_and(|to| to.send(batch).is_ok())
    }

    /// Hands over the rest, and says that there is no more. Why it ended, and what all records come to.
    fn finish(&mut self) -> (rusqlite::Result<Result<()>>, Counts) {
        self.send();
        self.to = None;
        (std::mem::replace(&mut self.end, Ok(Ok(()))), std::mem::take(&mut self.counts))
    }
}

fn locked(reading: &Mutex<Reading>) -> MutexGuard<'_, Reading> {
    // Nothing is done with it after a panic: SQLite calls no more.
    reading.lock().unwrap_or_else(PoisonError::into_inner)
}

fn give(batches: &Receiver<Batch>, to: &mut Restore<'_>, clock: &WallClock) -> Result<()> {
    for batch in batches {
        for urls in batch.urls.chunks(TOGETHER) {
            to.expect(urls.iter().map(|url| url.kept.key));
            for url in urls {
                let kept = KeptUrl { text: batch.texts.get(url.text.clone()).unwrap_or_default(), ..url.kept };
                match url.outcome {
                    Some(kind) => to.settled(kept, kind, url.untold)?,
                    None => to.open(kept, url.due.map(|due| clock.at_millis(due)))?,
                }
            }
        }
    }
    Ok(())
}

/// Rows on their way.
#[derive(Debug, Default)]
struct Batch {
    urls: Vec<Url>,
    /// Their texts, one behind the other: an allocation for each, freed by another thread, costs more than the rest.
    texts: String,
}

#[derive(Debug)]
struct Url {
    /// Without its text.
    kept: KeptUrl<'static>,
    text: Range<usize>,
    /// How its request ended, once it is settled.
    outcome: Option<OutcomeKind>,
    untold: bool,
    due: Option<i64>,
}

impl Batch {
    /// Takes a row, once it was found to be as it was written.
    fn take(&mut self, row: &Context<'_>, counts: &mut Counts) -> rusqlite::Result<Result<()>> {
        let columns: [_; COLUMNS] = std::array::from_fn(|at| row.get_raw(at));
        let [id, key, text, state, depth, hops, referrer, host, attempts, due, record, ..] = columns;
        let [.., status, error, bytes, _moved, untold, _mention, link_text, _checksum] = columns;
        let is_sound = match check_values(&columns)? {
            Check::Sound => true,
            Check::Unchecked => is_sound_text(text.as_str()?, state.as_i64()?),
            Check::Broken => false,
        };
        if !is_sound {
            return Ok(Err(broken(&URL.broken_values(|at| columns.get(at).copied()))));
        }
        let Some((state, outcome)) = of_code(state.as_i64()?) else {
            return Ok(Err(Error::Damaged(format!("URL {} has no known state", id.as_i64()?))));
        };
        let is_recorded = record.as_i64_or_null()?.is_some();
        if is_recorded {
            let error = error.as_str_or_null()?.and_then(FailureKind::of_name);
            let bytes = bytes.as_i64_or_null()?.unwrap_or_default();
            counts.add(Option::column_result(status)?, error, 1, bytes.cast_unsigned());
        }
        // Of one that is settled, the last attempt was the end; of another, each has led to one more.
        let retries = attempts.as_i64()?.saturating_sub(i64::from(is_recorded));
        counts.retries += u64::try_from(retries).unwrap_or_default();
        let text = self.put(text.as_str()?);
        let depth = u32::column_result(depth)?;
        let path = Path { depth, hops: u32::column_result(hops)?, referrer: Option::column_result(referrer)? };
        let kept = KeptUrl {
            id: u32::column_result(id)?,
            text: "",
            key: UrlKey::of_bytes(FromSql::column_result(key)?),
            path,
            referrer_url: None,
            link_text: link_text.as_str_or_null()?.map_or(0, str::len),
            state,
            host: Option::column_result(host)?.map(HostId::at),
        };
        let (untold, due) = (Option::column_result(untold)?.unwrap_or_default(), due.as_i64_or_null()?);
        self.urls.push(Url { kept, text, outcome, untold, due });
        Ok(Ok(()))
    }

    /// Where a text is that is put behind the others.
    fn put(&mut self, text: &str) -> Range<usize> {
        let start = self.texts.len();
        self.texts.push_str(text);
        start..self.texts.len()
    }
}

/// Those of a URL, with the checksum.
const COLUMNS: usize = URL.columns.len() + 1;
/// What a row takes at least in the file, in bytes: those of its key, its text and its numbers.
const LEAST_ROW: u64 = 40;
/// The function that takes a row.
const TAKE: &str = "taken";
/// How many rows come at a time, and how many such batches are ahead.
const BATCH: usize = 4096;
const AHEAD: usize = 4;
/// How many are looked for at once.
const TOGETHER: usize = 256;
