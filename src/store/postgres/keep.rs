//! Keeping: the contract of a store, on a batch.

use std::ops::ControlFlow;
use std::time::Instant;

use serde::Serialize;

use super::batch::{Begin, SitemapRow};
use super::row::text;
use super::{BUCKET, Postgres, number_of};
use crate::error::{Error, Result};
use crate::frontier::{Bucket, Change, Moved, Restore, Rows, Want};
use crate::store::setting::Setting;
use crate::store::{Committed, Counts, Facts, KeptRecord, Note, Notes, Store};
use crate::wall_clock::WallClock;

impl Store for Postgres {
    fn clock(&self) -> WallClock {
        self.clock
    }

    fn recall(&mut self) -> Result<Notes> {
        self.read_notes()
    }

    fn restore(&mut self, bucket: Bucket, to: &mut Restore<'_>) -> Result<Counts> {
        self.read_back(number_of(bucket)?, to)
    }

    fn apply(&mut self, bucket: Bucket, changes: Vec<Change>, settled: Option<Facts>) -> Result<()> {
        let bucket = number_of(bucket)?;
        let Self { batch, records, clock, .. } = self;
        for change in changes {
            let record = match change {
                Change::Settled { .. } => settled.map(|facts| {
                    *records += 1;
                    (*records, facts)
                }),
                _ => None,
            };
            batch.take(bucket, &change, record, clock)?;
        }
        Ok(())
    }

    fn keep(&mut self, note: Note) -> Result<()> {
        let batch = &mut self.batch;
        match note {
            Note::Seed(url) => batch.seeds.push((url.key(), text(url.as_str()))),
            Note::SeedRedirect { from, to } => batch.redirects.push((text(from.as_str()), text(to.as_str()))),
            Note::Settings(settings) => batch.settings = Some(settings),
            Note::Host(host, saved) => drop(batch.manners.insert(text(host.as_str()), json(&*saved)?)),
            Note::Cookies(saved) => self.note(Setting::CookiesOf(&saved.site), &saved.cookies),
            Note::SeedName(saved) => self.note(Setting::NetworkOf(&saved.name), saved.network.name()),
            Note::Sitemap(url, saved) => {
                let next = i32::try_from(self.sitemaps.len()).unwrap_or(i32::MAX);
                let id = *self.sitemaps.entry(url.key()).or_insert(next);
                let (done, key) = (saved.done, url.key());
                let row = SitemapRow { key, url: text(url.as_str()), saved: json(&saved)?, done };
                batch.sitemaps.insert((BUCKET, id), row);
            }
            Note::Unasked(unasked) => self.note(Setting::Unasked, &unasked.to_string()),
            Note::Traps(traps) => self.note(Setting::Traps, &json(&traps)?),
            Note::Rules(health) => self.note(Setting::Rules, &json(&*health)?),
            Note::AskedAgain(records) => self.note(Setting::AskedAgain, &records.to_string()),
            Note::Unread(unread) => self.note(Setting::Unread, &json(&*unread)?),
            Note::Output(name, checkpoint) => drop(batch.outputs.insert(name, Some(checkpoint))),
            Note::NoOutput(name) => drop(batch.outputs.insert(name, None)),
            Note::Corrected => batch.correct(),
            Note::RunBegins { pid, at } => self.begin_run(pid, at)?,
            Note::RunEnds { state, failed_seeds } => {
                self.note(Setting::FailedSeeds, &json(&failed_seeds)?);
                self.batch.ends = Some(state);
            }
        }
        Ok(())
    }

    fn ask(&mut self, want: Want) -> Result<Option<Rows>> {
        self.asked.push(want);
        Ok(None)
    }

    fn moved(&mut self, after: u64) -> Result<Vec<(u64, Moved)>> {
        self.read_moved(after.cast_signed())
    }

    fn record(&self, number: u64) -> Result<Option<KeptRecord>> {
        let mut found = None;
        let number = number.cast_signed();
        self.each_record(&format!("record = {number}"), &mut |record| {
            found = Some(record);
            Ok(ControlFlow::Break(()))
        })?;
        Ok(found)
    }

    fn records(&self, each: &mut dyn FnMut(KeptRecord) -> Result<ControlFlow<()>>) -> Result<()> {
        self.each_record("record IS NOT NULL", each)
    }

    fn ask_again(&mut self, after: u64) -> Result<()> {
        self.forget_records(after.cast_signed());
        Ok(())
    }

    fn forget(&mut self, records: &[u64]) -> Result<()> {
        self.forget_some(records)
    }

    fn commit(&mut self, now: Instant) -> Result<Committed> {
        if !self.batch.is_empty() {
            let (batch, now) = (std::mem::take(&mut self.batch), self.clock.to_millis(now));
            let sent = self.blocking.wait(self.remote.send(&batch, self.records, now));
            sent.map_err(|trouble| self.named(self.remote.server.error("write", trouble)))?;
        }
        let answers =
            std::mem::take(&mut self.asked).into_iter().map(|want| self.answer(want)).collect::<Result<_>>()?;
        Ok(Committed { answers, ..Committed::default() })
    }
}

impl Postgres {
    fn note(&mut self, name: Setting<'_>, value: &str) {
        self.batch.notes.insert(text(&name.name()), text(value));
    }

    fn begin_run(&mut self, pid: u32, at: Instant) -> Result<()> {
        let back = self.set_back_by()?;
        if !back.is_zero() {
            for (host, saved) in self.hosts_known(back)? {
                // What was said of it since then is by the clock of this run.
                self.batch.manners.entry(text(host.as_str())).or_insert(json(&saved)?);
            }
            tracing::warn!(
                "the clock of the database shows a time before the last run had ended: it was set back, and what that run was \
                 told to wait for counts from its end"
            );
        }
        let (pid, at_millis) = (pid.cast_signed(), self.clock.to_millis(at));
        self.batch.begins = Some(Begin { pid, at_millis, records: self.records, back });
        Ok(())
    }
}

fn json(value: &(impl Serialize + ?Sized)) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::Internal(error.to_string()))
}
