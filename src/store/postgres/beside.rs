//! Beside: reading back buckets that were taken from others, while the store goes on writing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio_postgres::Row;

use super::census::Census;
use super::holdings::{Loads, lock};
use super::link::Link;
use super::notes::{BUCKET_NOTES, MANNERS, SITEMAPS, host, named, of_bucket, sitemap};
use super::outage::Outage;
use super::read_back::{Found, ReadBack};
use super::row::{key, number_of};
use super::server::{Purpose, Server};
use super::trouble::Answer;
use crate::error::Result;
use crate::frontier::{Bucket, Restore};
use crate::store::{BucketNotes, Counts, Loader};
use crate::url::UrlKey;
use crate::wall_clock::WallClock;

/// A [`Loader`] with connections of its own.
#[derive(Debug)]
pub(super) struct Beside {
    read_back: ReadBack,
    link: Option<Link>,
    clock: WallClock,
    /// What the store has to know of it.
    loads: Arc<Mutex<Loads>>,
    /// The sitemaps of buckets that are not read back yet.
    sitemaps: HashMap<i16, Vec<KnownSitemap>>,
}

/// A sitemap, with its number and whether it is done.
type KnownSitemap = (UrlKey, i32, bool);

impl Beside {
    pub(super) fn new(read_back: ReadBack, clock: WallClock, loads: Arc<Mutex<Loads>>) -> Self {
        Self { read_back, link: None, clock, loads, sitemaps: HashMap::new() }
    }

    /// The rows of a question. Who only reads can ask again, whatever has happened.
    fn rows<T>(&mut self, sql: &'static str, bucket: i16, take: impl Fn(&Row) -> Answer<T>) -> Result<Vec<T>> {
        let Self { read_back: ReadBack { blocking, server, .. }, link, .. } = self;
        let asked = blocking.wait(async {
            let mut outage = Outage::default();
            loop {
                match ask(server, link, sql, bucket).await {
                    Ok(rows) => return Ok(rows),
                    Err(trouble) => {
                        *link = None;
                        outage.wait(&server.shown, trouble).await?;
                    }
                }
            }
        });
        let taken = asked.and_then(|rows| rows.iter().map(take).collect());
        taken.map_err(|trouble| server.named(server.error("read", trouble)))
    }
}

impl Loader for Beside {
    fn recall(&mut self, bucket: Bucket) -> Result<BucketNotes> {
        let number = number_of(bucket)?;
        let mut notes = BucketNotes { hosts: self.rows(MANNERS, number, host)?, ..BucketNotes::default() };
        for (name, value) in self.rows(BUCKET_NOTES, number, named)? {
            let taken = of_bucket(&name, value, &mut notes.cookies, &mut notes.traps);
            taken.map_err(|error| self.read_back.server.named(error))?;
        }
        let mut known = Vec::new();
        for (saved, (_, sitemap)) in self.rows(SITEMAPS, number, |row| Ok((sitemap(row)?, known_sitemap(row)?)))? {
            notes.sitemaps.push(saved);
            known.push(sitemap);
        }
        self.sitemaps.insert(number, known);
        Ok(notes)
    }

    fn restore(&mut self, bucket: Bucket, to: &mut Restore<'_>) -> Result<Counts> {
        let number = number_of(bucket)?;
        let loads = &self.loads;
        let others = || lock(loads).taken.iter().copied().collect();
        let Found { counts, mut census } = self.read_back.read(number, others, &self.clock, to, &mut || Ok(()))?;
        add_sitemaps(&mut census, self.sitemaps.remove(&number).unwrap_or_default());
        lock(loads).censuses.insert(number, census);
        Ok(counts)
    }
}

async fn ask(server: &Server, link: &mut Option<Link>, sql: &'static str, bucket: i16) -> Answer<Vec<Row>> {
    let link = match link {
        Some(link) => link,
        none => none.insert(server.connect(Purpose::Everything).await?),
    };
    link.query(sql, &[&vec![bucket]]).await
}

/// A row of [`SITEMAPS`], as far as a census has to know it, with its bucket.
pub(super) fn known_sitemap(row: &Row) -> Answer<(i16, KnownSitemap)> {
    Ok((row.try_get(2)?, (key(row.try_get(3)?)?, row.try_get(4)?, row.try_get(5)?)))
}

fn add_sitemaps(census: &mut Census, sitemaps: Vec<KnownSitemap>) {
    for (key, id, done) in sitemaps {
        census.sitemap(key, id, done);
    }
}
