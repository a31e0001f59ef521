//! A frontier together with a store, for the contract suite: what the engine does with a thread in between.

use std::cell::RefCell;
use std::num::NonZeroU16;
use std::time::Instant;

#[cfg(feature = "postgres")]
use super::postgres::Postgres;
#[cfg(feature = "sqlite")]
use super::sqlite::Sqlite;
use super::*;
use crate::accounts::Accounts;
use crate::frontier::{Found, Frontier, Hold, HostRef, Lease, LeaseId, Limits, Place, RestoreRules, Split, WantedFor};
use crate::outcome::{OutcomeKind, SkipReason};
use crate::url::CrawlUrl;

/// A [`Frontier`] whose changes are kept by a [`Store`], and whose wants are answered after each operation.
#[derive(Debug)]
pub(super) struct Pair {
    frontier: Frontier,
    texts: Texts,
    split: Split,
    #[cfg_attr(
        not(any(feature = "sqlite", feature = "postgres")),
        expect(dead_code, reason = "only what is not in memory has to be opened again")
    )]
    place: StorePlace,
    store: Box<dyn Store>,
    clock: WallClock,
    /// What the last process has found in the store.
    pub(super) counts: Counts,
}

/// Which store, and where it lies.
#[derive(Debug)]
enum StorePlace {
    /// It is the object itself.
    Memory,
    #[cfg(feature = "sqlite")]
    File(tempfile::TempDir),
    #[cfg(feature = "postgres")]
    Database(Database),
    /// In memory, and everything that is asked is answered with the next commit only.
    Late,
}

/// Which texts the frontier has at hand.
#[derive(Debug, Clone, Copy)]
pub(super) enum Texts {
    AtHand,
    /// None: it asks for each.
    Forgotten,
}

impl Texts {
    pub(super) fn of(self, frontier: Frontier) -> Frontier {
        match self {
            Self::AtHand => frontier,
            Self::Forgotten => frontier.forgetful(),
        }
    }
}

/// Which store.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Memory,
    #[cfg(feature = "sqlite")]
    Sqlite,
    #[cfg(feature = "postgres")]
    Postgres,
    Late,
}

/// A crawl of a database of the test server, and its directory. Deleted with this.
#[cfg(feature = "postgres")]
#[derive(Debug)]
struct Database {
    place: crate::store_place::StorePlace,
    dir: tempfile::TempDir,
}

#[cfg(feature = "postgres")]
impl Drop for Database {
    fn drop(&mut self) {
        let _ = Postgres::delete(&self.place, self.dir.path());
    }
}

impl Kind {
    /// Whether there is what it needs on this machine.
    pub(super) fn is_there(self) -> bool {
        #[cfg(feature = "postgres")]
        let is_there = !matches!(self, Self::Postgres) || test_server::get().is_some();
        #[cfg(not(feature = "postgres"))]
        let is_there = matches!(self, Self::Memory | Self::Late) || cfg!(feature = "sqlite");
        is_there
    }
}

/// All stores, each with a frontier that has its texts at hand and with one that has not, and those that keep more than one
/// bucket with as many.
pub(super) const ALL: &[(Kind, Texts, u16)] = &[
    (Kind::Memory, Texts::AtHand, 1),
    (Kind::Memory, Texts::Forgotten, 1),
    #[cfg(feature = "sqlite")]
    (Kind::Sqlite, Texts::AtHand, 1),
    #[cfg(feature = "sqlite")]
    (Kind::Sqlite, Texts::Forgotten, 1),
    #[cfg(feature = "postgres")]
    (Kind::Postgres, Texts::AtHand, 1),
    #[cfg(feature = "postgres")]
    (Kind::Postgres, Texts::Forgotten, 1),
    (Kind::Late, Texts::AtHand, 1),
    (Kind::Late, Texts::Forgotten, 1),
    (Kind::Memory, Texts::AtHand, 7),
    (Kind::Memory, Texts::Forgotten, 7),
    #[cfg(feature = "postgres")]
    (Kind::Postgres, Texts::AtHand, 7),
    #[cfg(feature = "postgres")]
    (Kind::Postgres, Texts::Forgotten, 7),
    (Kind::Late, Texts::AtHand, 7),
    (Kind::Late, Texts::Forgotten, 7),
];

impl Pair {
    pub(super) fn new((kind, texts, buckets): (Kind, Texts, u16), limits: Limits) -> Self {
        let split = Split::into(NonZeroU16::new(buckets).unwrap());
        let clock = WallClock::new(Instant::now(), jiff::Timestamp::now());
        let (place, mut store): (_, Box<dyn Store>) = match kind {
            Kind::Memory => (StorePlace::Memory, Box::new(Memory::new(clock))),
            #[cfg(feature = "sqlite")]
            Kind::Sqlite => {
                let dir = tempfile::tempdir().unwrap();
                let store = Sqlite::open(dir.path(), clock).unwrap();
                (StorePlace::File(dir), Box::new(store))
            }
            #[cfg(feature = "postgres")]
            Kind::Postgres => {
                let place = test_server::get().unwrap().new_place(buckets);
                let dir = tempfile::tempdir().unwrap();
                let store = Postgres::open(&place, dir.path()).unwrap().by_clock(clock);
                (StorePlace::Database(Database { place, dir }), Box::new(store))
            }
            Kind::Late => (StorePlace::Late, Box::new(Late { store: Memory::new(clock), asked: Vec::new() })),
        };
        store.keep(Note::RunBegins { pid: 1, at: clock.instant() }).unwrap();
        let frontier = Frontier::split(limits, split);
        let mut pair = Self { frontier, texts, split, place, store, clock, counts: Counts::default() };
        pair.read_back(limits, RestoreRules { judge: &|_, _| None, lifted: &[] });
        pair
    }

    /// Ends the process after its last commit, and starts another one with these settings.
    pub(super) fn restarted(mut self, limits: Limits, rules: RestoreRules<'_>) -> Self {
        self.keep().unwrap();
        self.store.commit(self.clock.instant()).unwrap();
        self.killed(limits, rules)
    }

    /// Ends the process, and starts another one with these settings.
    pub(super) fn killed(mut self, limits: Limits, rules: RestoreRules<'_>) -> Self {
        #[cfg(feature = "sqlite")]
        if let StorePlace::File(dir) = &self.place {
            drop(self.store);
            self.store = Box::new(Sqlite::open(dir.path(), self.clock).unwrap());
        }
        #[cfg(feature = "postgres")]
        if let StorePlace::Database(Database { place, dir }) = &self.place {
            self.store = Box::new(Postgres::open(place, dir.path()).unwrap().by_clock(self.clock));
        }
        self.read_back(limits, rules);
        self
    }

    fn read_back(&mut self, limits: Limits, rules: RestoreRules<'_>) {
        self.counts = Counts::default();
        self.frontier = self.texts.of(Frontier::split(limits, self.split));
        for bucket in (0..self.split.buckets()).map(Bucket::at) {
            let mut restore = Frontier::restore(bucket, limits, rules);
            self.counts.add_all(self.store.restore(bucket, &mut restore).unwrap());
            self.frontier.take(restore.finish());
        }
    }

    /// Settles, and keeps that; what is wanted because of it is not answered yet.
    pub(super) fn settle_unserved(&mut self, lease: LeaseId, found: Vec<Found>) -> Place {
        let place = self.frontier.settle(lease, OutcomeKind::Ok, found, &|_, _| None).unwrap().place;
        self.keep().unwrap();
        place
    }

    /// Settles with a record that says this.
    pub(super) fn settle_with(&mut self, lease: LeaseId, facts: Facts) {
        self.frontier.settle(lease, OutcomeKind::Ok, Vec::new(), &|_, _| None).unwrap();
        self.apply(facts).unwrap();
    }

    /// Keeps what has changed, and takes the answers to what is wanted without giving them to the frontier.
    pub(super) fn answers(&mut self) -> Vec<Rows> {
        self.keep().unwrap();
        self.ask().unwrap()
    }

    /// Gives an answer to the frontier.
    pub(super) fn supply_late(&mut self, rows: Rows) {
        self.frontier.supply(rows, &|_| false, &|_, _| None).unwrap();
    }

    /// Leases what is due with the texts that are at hand.
    pub(super) fn lease_now(&mut self, now: Instant) -> Option<Lease> {
        self.frontier.lease(now).unwrap()
    }

    /// Keeps what has changed and answers what is wanted, until neither is left.
    pub(super) fn serve(&mut self, wanted: &dyn Fn(&CrawlUrl) -> bool) -> Result<()> {
        loop {
            let kept = self.keep()?;
            let answers = self.ask()?;
            if kept == 0 && answers.is_empty() {
                return Ok(());
            }
            answers.into_iter().try_for_each(|rows| self.frontier.supply(rows, wanted, &|_, _| None))?;
        }
    }

    /// Keeps what has changed; how much that is.
    fn keep(&mut self) -> Result<usize> {
        self.apply(Facts { attempts: 1, ..Facts::default() })
    }

    fn apply(&mut self, facts: Facts) -> Result<usize> {
        let mut count = 0;
        for (bucket, changes) in self.frontier.take_changes() {
            count += changes.len();
            self.store.apply(bucket, changes, Some(facts))?;
        }
        Ok(count)
    }

    fn ask(&mut self) -> Result<Vec<Rows>> {
        let (mut answers, mut open) = (Vec::new(), 0);
        let asked: Vec<(Bucket, WantedFor)> = self
            .frontier
            .take_wants()
            .into_iter()
            .map(|want| {
                let purpose = (want.bucket, want.purpose);
                match self.store.ask(want).unwrap() {
                    Some(rows) => answers.push(rows),
                    None => open += 1,
                }
                purpose
            })
            .collect();
        if open > 0 {
            answers.extend(self.store.commit(self.clock.instant())?.answers);
        }
        assert!(
            answers.iter().map(|rows| (rows.bucket, rows.purpose)).eq(asked),
            "each is answered once, in the order of the questions"
        );
        Ok(answers)
    }

    pub(super) fn add_seed(&mut self, url: CrawlUrl) -> Result<()> {
        self.frontier.add_seed(url)?;
        self.serve(&|_| false)
    }

    pub(super) fn add_listed(&mut self, found: Vec<Found>) -> Result<()> {
        self.frontier.add_listed(found)?;
        self.serve(&|_| false)
    }

    pub(super) fn lease(&mut self, now: Instant) -> Result<Option<Lease>> {
        loop {
            let lease = self.frontier.lease(now)?;
            let waits = self.frontier.is_waiting();
            self.serve(&|_| false)?;
            // A host may only have lacked the texts that are here now.
            if lease.is_some() || !waits {
                return Ok(lease);
            }
        }
    }

    pub(super) fn settle(&mut self, lease: LeaseId, kind: OutcomeKind, found: Vec<Found>) -> Result<Place> {
        let place = self.frontier.settle(lease, kind, found, &|_, _| None)?.place;
        self.serve(&|_| false)?;
        Ok(place)
    }

    /// The same for a page that was read; the rules refuse these URLs. Those of which they were asked.
    pub(super) fn settle_by_rules(&mut self, lease: LeaseId, found: Vec<Found>, refused: &[CrawlUrl]) -> Vec<String> {
        let asked = RefCell::new(Vec::new());
        let rules = |url: &CrawlUrl, _| {
            asked.borrow_mut().push(url.to_string());
            refused.contains(url).then_some(SkipReason::Scope)
        };
        self.frontier.settle(lease, OutcomeKind::Ok, found, &rules).unwrap();
        self.serve(&|_| false).unwrap();
        asked.into_inner()
    }

    pub(super) fn retry(&mut self, lease: LeaseId, at: Instant) -> Result<()> {
        self.frontier.retry(lease, at)?;
        self.serve(&|_| false)
    }

    pub(super) fn skip(&mut self, lease: LeaseId, reason: SkipReason) -> Result<()> {
        self.frontier.skip(lease, reason)?;
        self.serve(&|_| false)
    }

    pub(super) fn give_back(&mut self, lease: LeaseId) -> Result<()> {
        self.frontier.give_back(lease)
    }

    pub(super) fn respell(&mut self, lease: LeaseId, spelling: CrawlUrl) -> Result<bool> {
        self.frontier.respell(lease, spelling)
    }

    pub(super) fn hold(&mut self, host: HostRef, until: Hold) {
        self.frontier.hold(host, until);
    }

    pub(super) fn release(&mut self, host: HostRef) {
        self.frontier.release(host);
    }

    pub(super) fn release_first(&mut self, host: HostRef) {
        self.frontier.release_first(host);
    }

    pub(super) fn has_ahead(&self) -> bool {
        self.frontier.has_ahead()
    }

    pub(super) fn is_done_with(&self, host: HostRef) -> bool {
        self.frontier.is_done_with(host)
    }

    pub(super) fn next_due(&mut self) -> Option<Instant> {
        self.frontier.next_due()
    }

    pub(super) fn skip_pending(&mut self, reason: SkipReason) -> Result<()> {
        self.frontier.skip_pending(reason)
    }

    pub(super) fn reconsider(&mut self, reason: SkipReason, wanted: &dyn Fn(&CrawlUrl) -> bool) -> Result<()> {
        self.frontier.reconsider(reason);
        self.serve(wanted)
    }

    pub(super) fn accounts(&self) -> Accounts {
        self.frontier.accounts()
    }

    pub(super) fn is_one_bucket(&self) -> bool {
        self.split == Split::ONE
    }

    pub(super) fn host_count(&self) -> usize {
        self.frontier.host_count()
    }

    pub(super) fn discovery_closed(&self) -> bool {
        self.frontier.discovery_closed()
    }

    /// The records that are out of date, in their order; from here on they are not.
    pub(super) fn take_moved(&mut self) -> Result<Vec<Moved>> {
        self.store.commit(self.clock.instant())?;
        let (mut all, mut after) = (Vec::new(), 0);
        loop {
            let moved = self.store.moved(after)?;
            let Some((last, _)) = moved.last() else { break };
            assert!(moved.iter().all(|(record, _)| *record > after));
            after = *last;
            all.extend(moved.into_iter().map(|(_, moved)| moved));
        }
        self.store.keep(Note::Corrected)?;
        self.store.commit(self.clock.instant())?;
        assert!(self.store.moved(0)?.is_empty());
        Ok(all)
    }

    /// The store, for what the frontier has no part in.
    pub(super) fn store(&mut self) -> &mut dyn Store {
        &mut *self.store
    }
}

#[cfg(feature = "postgres")]
#[path = "../../tests/it/support/postgres.rs"]
pub(super) mod test_server;

#[cfg(feature = "postgres")]
impl test_server::TestServer {
    /// A crawl of its own.
    pub(super) fn new_place(&self, buckets: u16) -> crate::store_place::StorePlace {
        let name = self.new_name().parse().unwrap();
        let (url, password_file) = (self.url().parse().unwrap(), std::path::PathBuf::new());
        let making = crate::store_place::Making { buckets: NonZeroU16::new(buckets).unwrap(), ..Default::default() };
        crate::store_place::StorePlace { url, name, password_file, insecure: false, making }
    }
}

/// A store that answers with its next commit, as one that is far away does.
#[derive(Debug)]
struct Late {
    store: Memory,
    asked: Vec<Want>,
}

impl Store for Late {
    fn clock(&self) -> WallClock {
        self.store.clock()
    }

    fn recall(&mut self) -> Result<Notes> {
        self.store.recall()
    }

    fn restore(&mut self, bucket: Bucket, to: &mut Restore<'_>) -> Result<Counts> {
        self.store.restore(bucket, to)
    }

    fn apply(&mut self, bucket: Bucket, changes: Vec<Change>, settled: Option<Facts>) -> Result<()> {
        self.store.apply(bucket, changes, settled)
    }

    fn keep(&mut self, note: Note) -> Result<()> {
        self.store.keep(note)
    }

    fn ask(&mut self, want: Want) -> Result<Option<Rows>> {
        self.asked.push(want);
        Ok(None)
    }

    fn moved(&mut self, after: u64) -> Result<Vec<(u64, Moved)>> {
        self.store.moved(after)
    }

    fn commit(&mut self, now: Instant) -> Result<Committed> {
        let Committed { mut answers, mail, .. } = self.store.commit(now)?;
        for want in std::mem::take(&mut self.asked) {
            answers.extend(self.store.ask(want)?);
        }
        Ok(Committed { answers, mail, ..Committed::default() })
    }
}
