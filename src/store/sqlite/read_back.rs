//! Reading back: all URLs that earlier runs have found, with what their records come to, in one pass.
//!
//! To take a row out of the file and to check it costs as much time as to make a frontier of it. So a thread of its own reads,
//! a few thousand rows ahead of whoever takes them; it has ended when everything is there, or something is wrong.

use std::ops::Range;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use rusqlite::Row as SqlRow;
use rusqlite::types::{FromSql, ValueRef};

use super::checksum::{Check, URL, check_values};
use super::database::broken;
use super::read::is_sound_text;
use super::{Database, of_code};
use crate::error::{Error, Result};
use crate::frontier::{HostId, KeptUrl, Path, Restore};
use crate::outcome::{FailureKind, OutcomeKind};
use crate::store::Counts;
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
            let reader = reader.spawn_scoped(scope, move || database.read_ahead(&sender));
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

    fn read_ahead(&mut self, to: &SyncSender<Batch>) -> Result<Counts> {
        let (mut counts, mut batch) = (Counts::default(), Batch::default());
        let mut is_wanted = true;
        self.each(&format!("{} ORDER BY id", URL.select()), |row| {
            if let Err(error) = batch.take(row, &mut counts)? {
                return Ok(Err(error));
            }
            if batch.urls.len() == BATCH {
                is_wanted = to.send(std::mem::take(&mut batch)).is_ok();
            }
            // Nobody sees this error: whoever takes no more has one of its own.
            Ok(if is_wanted { Ok(()) } else { Err(Error::Internal("nobody takes what is read".to_owned())) })
        })?;
        let _ = to.send(batch);
        Ok(counts)
    }
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
    fn take(&mut self, row: &SqlRow<'_>, counts: &mut Counts) -> rusqlite::Result<Result<()>> {
        let mut columns = [ValueRef::Null; COLUMNS];
        for (at, column) in columns.iter_mut().enumerate() {
            *column = row.get_ref(at)?;
        }
        let [id, key, text, state, depth, hops, referrer, host, attempts, due, record, ..] = columns;
        let [.., status, error, bytes, _moved, untold, _mention, link_text, _checksum] = columns;
        let is_sound = match check_values(&columns)? {
            Check::Sound => true,
            Check::Unchecked => is_sound_text(text.as_str()?, state.as_i64()?),
            Check::Broken => false,
        };
        if !is_sound {
            return Ok(Err(broken(&URL.broken(row))));
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
/// How many rows come at a time, and how many such batches are ahead.
const BATCH: usize = 4096;
const AHEAD: usize = 4;
/// How many are looked for at once.
const TOGETHER: usize = 256;
