//! A small store with something in every table, and all that the next run learns of it, for those who damage it: tests and
//! the fuzz target.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use super::Sqlite;
use super::checksum::{LARGE_TABLES, TABLES};
use crate::error::{Error, Result};
use crate::frontier::{
    Bucket, Change, Edge, Frontier, HostId, Limits, NodeState, Path as Way, RestoreRules, StoredUrl, Want, WantedFor,
};
use crate::observe::State;
use crate::outcome::{OutcomeKind, SkipReason};
use crate::politeness::SavedHost;
use crate::sink::Checkpoint;
use crate::sitemaps::SavedSitemap;
use crate::store::{Facts, Note, RunSettings, Store as _};
use crate::url::{CrawlUrl, HostKey, UrlRules};
use crate::wall_clock::WallClock;

const URLS: u32 = 12;

fn url(text: &str) -> Result<CrawlUrl> {
    UrlRules::new(99).parse(text).map_err(Error::Internal)
}

/// Makes a store in a folder. `checked`: whether its rows have checksums, as those of earlier builds have not.
///
/// # Errors
/// It cannot be written.
pub fn make_sample(dir: &Path, clock: WallClock, checked: bool) -> Result<()> {
    let mut store = Sqlite::open(dir, clock)?;
    store.keep(Note::RunBegins { pid: 1, at: clock.instant() })?;
    store.keep(Note::Seed(url("http://e.com/0")?))?;
    store.keep(Note::SeedRedirect { from: url("http://e.com/0")?, to: url("http://e.com/1")? })?;
    let toml = "depth = 3\n".to_owned();
    store.keep(Note::Settings(RunSettings { toml, robots: "crawler".to_owned(), ..RunSettings::default() }))?;
    let manners = SavedHost { left_alone_until_ms: Some(5), requests: 7, ..SavedHost::default() };
    store.keep(Note::Host(HostKey::stored("e.com"), Box::new(manners)))?;
    let sitemap = SavedSitemap { site: "e.com".to_owned(), nesting: 0, redirects: 0, done: true, unread: false };
    store.keep(Note::Sitemap(url("http://e.com/sitemap.xml")?, sitemap))?;
    store.keep(Note::Output("pages.jsonl".to_owned(), Checkpoint::length(77)))?;
    let host = HostId::at(0);
    let mut changes = vec![Change::Host { id: host, name: HostKey::stored("e.com") }];
    for id in 0..URLS {
        let url = url(&format!("http://e.com/{id}"))?;
        let path = Way { depth: id.min(1), hops: 0, referrer: (id > 0).then_some(0) };
        let state = if id == 3 { NodeState::Skipped(SkipReason::Robots) } else { NodeState::Pending };
        changes.push(Change::Found(StoredUrl::bare(id, &url, path, state, Some(host))));
    }
    store.apply(Bucket::FIRST, changes, None)?;
    for id in 0..3 {
        let edges = vec![Edge { to: id + 1, redirect: id == 1 }, Edge { to: 9, redirect: false }];
        let facts = Facts { attempts: 1, status: Some(200), error: None, bytes: Some(700) };
        store.apply(Bucket::FIRST, vec![Change::Settled { id, kind: OutcomeKind::Ok, edges }], Some(facts))?;
    }
    let due = clock.instant() + Duration::from_mins(1);
    let moved = Change::Moved { id: 1, referrer: Some(2), referrer_url: None, mention: None, link_text: None };
    store.apply(Bucket::FIRST, vec![Change::Retry { id: 4, attempts: 1, due }, moved], None)?;
    store.keep(Note::Unasked(3))?;
    store.keep(Note::RunEnds { state: State::Stopped, failed_seeds: Vec::new() })?;
    store.commit(clock.instant())?;
    if !checked {
        for table in TABLES.into_iter().chain(LARGE_TABLES) {
            store.database.run("write", &format!("UPDATE {} SET checksum = NULL", table.name))?;
        }
    }
    Ok(())
}

/// All that the next run learns of a store, in words.
///
/// # Errors
/// The store is damaged.
pub fn read_sample(dir: &Path, clock: WallClock) -> Result<String> {
    let mut store = Sqlite::open(dir, clock)?;
    let notes = store.recall()?;
    let mut records = Vec::new();
    store.records(&mut |record| {
        records.push(record);
        Ok(ControlFlow::Continue(()))
    })?;
    let limits = Limits { depth: None, redirects: 10, ahead: u64::MAX };
    let mut restore = Frontier::restore(Bucket::FIRST, limits, RestoreRules { judge: &|_, _| None, lifted: &[] });
    let counts = store.restore(Bucket::FIRST, &mut restore)?;
    let mut frontier = Frontier::of(restore.finish());
    let want = |purpose| Want { bucket: Bucket::FIRST, purpose, ids: (0..URLS).collect() };
    let rows = [WantedFor::Edges, WantedFor::Reconsider].map(|purpose| store.ask(want(purpose)));
    let [edges, texts] = rows;
    let found = (notes, records, counts, frontier.accounts(), edges?, texts?, store.moved(0)?);
    Ok(format!("{found:?} {:?}", frontier.next_due().map(|due| due - clock.instant())))
}
