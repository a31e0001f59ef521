//! Keeping: the contract of a store, on a batch.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::batch::{Begin, SitemapRow};
use super::beside::Beside;
use super::read_back::{Found, ReadBack};
use super::row::{number_of, text};
use super::{Postgres, Run};
use crate::error::{Error, Result};
use crate::frontier::{Bucket, Change, Moved, Restore, Rows, Want};
use crate::sitemaps::SavedSitemap;
use crate::store::setting::Setting;
use crate::store::{Committed, Counts, Facts, KeptRecord, Loader, Note, Notes, Share, Store};
use crate::trap::Trap;
use crate::url::{CrawlUrl, UrlKey};
use crate::wall_clock::WallClock;

impl Store for Postgres {
    fn clock(&self) -> WallClock {
        self.clock
    }

    fn share(&self) -> Share {
        let own = self.holdings.all().map(|bucket| Bucket::at(bucket.cast_unsigned())).collect();
        Share { split: self.holdings.split, own, others: self.crowd.others_at_start }
    }

    fn recall(&mut self) -> Result<Notes> {
        self.read_notes()
    }

    fn restore(&mut self, bucket: Bucket, to: &mut Restore<'_>) -> Result<Counts> {
        self.read_bucket(bucket, to)
    }

    fn apply(&mut self, bucket: Bucket, changes: Vec<Change>, settled: Option<Facts>) -> Result<()> {
        let number = number_of(bucket)?;
        let Self { batch, records, clock, holdings, .. } = self;
        let mut census = holdings.census(number);
        for change in changes {
            match &mut census {
                Some(census) => census.take(&change),
                None if matches!(change, Change::Sent(_)) => {}
                None => return Err(not_here(bucket)),
            }
            let record = match change {
                Change::Settled { .. } => settled.map(|facts| {
                    *records += 1;
                    (*records, facts)
                }),
                _ => None,
            };
            batch.take(number, &change, record, clock)?;
        }
        Ok(())
    }

    fn keep(&mut self, note: Note) -> Result<()> {
        let batch = &mut self.batch;
        match note {
            Note::Seed(url) => batch.seeds.push((url.key(), text(url.as_str()))),
            Note::SeedRedirect { from, to } => batch.redirects.push((text(from.as_str()), text(to.as_str()))),
            Note::Settings(settings) => batch.settings = Some(settings),
            Note::Host(host, saved) => {
                if let Some(bucket) = self.own_bucket(host.name()) {
                    self.batch.manners.insert((bucket, text(host.as_str())), json(&*saved)?);
                }
            }
            Note::Cookies(saved) => {
                let name = text(&Setting::CookiesOf(&saved.site).name());
                match self.own_bucket(&saved.site) {
                    Some(bucket) => drop(self.batch.bucket_notes.insert((bucket, name), text(&saved.cookies))),
                    // Of a site whose hosts are of many buckets, each node has those that it was given.
                    None => drop(self.batch.notes.insert(name, text(&saved.cookies))),
                }
            }
            Note::SeedName(saved) => {
                let name = text(&Setting::NetworkOf(&saved.name).name());
                batch.crawl_notes.insert(name, saved.network.name().to_owned());
            }
            Note::Sitemap(url, saved) => self.keep_sitemap(&url, &saved)?,
            Note::Unasked(unasked) => self.note(Setting::Unasked, &unasked.to_string()),
            Note::Traps(traps) => self.keep_traps(traps)?,
            Note::Rules(health) => self.note(Setting::Rules, &json(&*health)?),
            Note::AskedAgain(records) => self.note(Setting::AskedAgain, &records.to_string()),
            Note::Unread(unread) => self.note(Setting::Unread, &json(&*unread)?),
            Note::Output(name, checkpoint) => drop(batch.outputs.insert(name, Some(checkpoint))),
            Note::NoOutput(name) => drop(batch.outputs.insert(name, None)),
            // Who has put files in their places that were corrected before has read nothing: they are corrected once more.
            Note::Corrected => batch.corrected.append(&mut self.out_of_date),
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
        self.forget_records(after.cast_signed())
    }

    fn forget(&mut self, records: &[u64]) -> Result<()> {
        self.forget_some(records)
    }

    fn pulse(&self) -> Option<Duration> {
        Some(PULSE)
    }

    fn loader(&self) -> Result<Box<dyn Loader>> {
        let read_back = ReadBack::new(self.remote.server.clone())?;
        Ok(Box::new(Beside::new(read_back, self.clock, self.holdings.loads())))
    }

    fn loaded(&mut self, bucket: Bucket) -> Result<()> {
        if self.holdings.loaded_beside(number_of(bucket)?) { Ok(()) } else { Err(not_here(bucket)) }
    }

    fn give(&mut self, bucket: Bucket) -> Result<()> {
        let number = number_of(bucket)?;
        if !self.holdings.has(number) {
            return Err(not_here(bucket));
        }
        self.batch.gives.insert(number);
        Ok(())
    }

    fn rest(&mut self, is_idle: bool) {
        self.is_at_rest = is_idle;
        if is_idle {
            self.crowd.hear();
        }
    }

    fn hold_mail(&mut self, is_full: bool) {
        self.is_full = is_full;
    }

    fn withdraw(&mut self) {
        if self.run == Run::NotBegun {
            self.leave_unbegun();
        }
    }

    fn commit(&mut self, now: Instant) -> Result<Committed> {
        self.take_turn(now)
    }
}

impl Postgres {
    fn note(&mut self, name: Setting<'_>, value: &str) {
        self.batch.notes.insert(text(&name.name()), text(value));
    }

    /// The bucket of a host, if it is one of this node's.
    fn own_bucket(&self, name: &str) -> Option<i16> {
        number_of(self.holdings.split.of_name(name)).ok().filter(|bucket| self.holdings.has(*bucket))
    }

    fn keep_sitemap(&mut self, url: &CrawlUrl, saved: &SavedSitemap) -> Result<()> {
        let (key, done) = (url.key(), saved.done);
        let bucket = self.own_bucket(url.host_name());
        let Some((bucket, census)) = bucket.and_then(|bucket| Some((bucket, self.holdings.census(bucket)?))) else {
            tracing::debug!("the sitemap {url} is of a host of another machine, and is not kept here");
            return Ok(());
        };
        let id = census.keep_sitemap(key, done);
        let row = SitemapRow { key, url: text(url.as_str()), saved: json(saved)?, done };
        self.batch.sitemaps.insert((bucket, id), row);
        Ok(())
    }

    /// Each trap is with the bucket of what it is an example of.
    fn keep_traps(&mut self, traps: Vec<Trap>) -> Result<()> {
        let mut by_bucket: BTreeMap<i16, Vec<Trap>> = BTreeMap::new();
        for trap in traps {
            let example =
                trap.examples.first().map(|url| CrawlUrl::stored(url.as_str().into(), UrlKey::of_bytes([0; 16])));
            if let Some(bucket) = self.own_bucket(example.as_ref().map_or("", CrawlUrl::host_name)) {
                by_bucket.entry(bucket).or_default().push(trap);
            }
        }
        for (bucket, traps) in by_bucket {
            let name = Setting::Traps.name().into_owned();
            self.batch.bucket_notes.insert((bucket, name), text(&json(&traps)?));
        }
        Ok(())
    }

    /// Reads back one of the buckets that this node has as it starts.
    fn read_bucket(&mut self, bucket: Bucket, to: &mut Restore<'_>) -> Result<Counts> {
        let number = number_of(bucket)?;
        if !self.holdings.has(number) {
            return Err(not_here(bucket));
        }
        let clock = self.clock.later(self.set_back_by()?);
        let own: Vec<_> = self.holdings.all().collect();
        let read_back = self.read_back.take();
        let mut read_back = read_back.map_or_else(|| ReadBack::new(self.remote.server.clone()), Ok)?;
        let found = read_back.read(number, || own.clone(), &clock, to, &mut || self.renew());
        self.read_back = Some(read_back);
        let Found { counts, census } = found?;
        self.holdings.loaded(number, census);
        Ok(counts)
    }

    fn begin_run(&mut self, pid: u32, at: Instant) -> Result<()> {
        let back = self.set_back_by()?;
        if !back.is_zero() {
            for (host, saved) in self.hosts_known(back)? {
                // What was said of it since then is by the clock of this run.
                let Some(bucket) = self.own_bucket(host.name()) else { continue };
                self.batch.manners.entry((bucket, text(host.as_str()))).or_insert(json(&saved)?);
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

fn not_here(bucket: Bucket) -> Error {
    Error::Internal(format!("bucket {bucket} is not one of this node's"))
}

fn json(value: &(impl Serialize + ?Sized)) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::Internal(error.to_string()))
}

/// How soon others are heard: letters are looked for, and news.
const PULSE: Duration = Duration::from_millis(250);
