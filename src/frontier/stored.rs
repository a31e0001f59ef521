//! A frontier together with its store, for the contract suite: what the engine does with a thread in between.

use std::time::Instant;

use tempfile::TempDir;

use super::store::{Facts, Store};
use super::*;
use crate::wall_clock::WallClock;

/// A [`DiskFrontier`] whose changes are kept and whose wants are answered after each operation.
#[derive(Debug)]
pub(super) struct Stored {
    frontier: DiskFrontier,
    store: Store,
    clock: WallClock,
    dir: TempDir,
}

impl Stored {
    pub(super) fn new(limits: Limits) -> Self {
        Self::of(DiskFrontier::new(limits))
    }

    /// One that has no text at hand and asks for each.
    pub(super) fn forgetful(limits: Limits) -> Self {
        Self::of(DiskFrontier::with_room(limits, 0))
    }

    fn of(frontier: DiskFrontier) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = WallClock::new(Instant::now(), jiff::Timestamp::now());
        let mut store = Store::open(dir.path()).unwrap();
        store.start_session(1, &clock, clock.instant()).unwrap();
        Self { frontier, store, clock, dir }
    }

    /// Ends the process after its last commit, and starts another one with these settings.
    pub(super) fn restarted(mut self, limits: Limits, rules: Rules<'_>) -> Self {
        let changes = self.frontier.take_changes();
        self.keep(&changes).unwrap();
        self.store.commit(&self.clock, self.clock.instant()).unwrap();
        drop(self.store);
        let store = Store::open(self.dir.path()).unwrap();
        let mut restore = DiskFrontier::restore(limits, rules);
        store.restore(&mut restore, &self.clock).unwrap();
        Self { frontier: restore.finish(), store, ..self }
    }

    /// Settles, and keeps that; what is wanted because of it is not answered yet.
    pub(super) fn settle_unserved(&mut self, lease: LeaseId, found: Vec<Found>) -> Place {
        let place = self.frontier.settle(lease, OutcomeKind::Ok, found).unwrap();
        let changes = self.frontier.take_changes();
        self.keep(&changes).unwrap();
        place
    }

    /// Keeps what has changed, and takes the answers to what is wanted without giving them to the frontier.
    pub(super) fn answers(&mut self) -> Vec<Rows> {
        let changes = self.frontier.take_changes();
        self.keep(&changes).unwrap();
        self.frontier.take_wants().into_iter().map(|want| self.store.rows(want).unwrap()).collect()
    }

    /// Gives an answer to the frontier.
    pub(super) fn supply_late(&mut self, rows: Rows) {
        self.frontier.supply(rows, &|_| false).unwrap();
    }

    /// Leases what is due with the texts that are at hand.
    pub(super) fn lease_now(&mut self, now: Instant) -> Option<Lease> {
        self.frontier.lease(now).unwrap()
    }

    /// Keeps what has changed and answers what is wanted, until neither is left.
    pub(super) fn serve(&mut self, wanted: &dyn Fn(&CrawlUrl) -> bool) -> Result<()> {
        loop {
            let changes = self.frontier.take_changes();
            self.keep(&changes)?;
            let wants = self.frontier.take_wants();
            if changes.is_empty() && wants.is_empty() {
                return Ok(());
            }
            for want in wants {
                let rows = self.store.rows(want)?;
                self.frontier.supply(rows, wanted)?;
            }
        }
    }

    fn keep(&mut self, changes: &[Change]) -> Result<()> {
        self.store.apply(changes, Some(&Facts::default()), &self.clock)
    }
}

impl Frontier for Stored {
    fn add_seed(&mut self, url: CrawlUrl) -> Result<()> {
        self.frontier.add_seed(url)?;
        self.serve(&|_| false)
    }

    fn add_listed(&mut self, found: Vec<Found>) -> Result<()> {
        self.frontier.add_listed(found)?;
        self.serve(&|_| false)
    }

    fn lease(&mut self, now: Instant) -> Result<Option<Lease>> {
        let lease = self.frontier.lease(now)?;
        if lease.is_some() || !self.frontier.is_waiting() {
            self.serve(&|_| false)?;
            return Ok(lease);
        }
        self.serve(&|_| false)?;
        self.lease(now)
    }

    fn settle(&mut self, lease: LeaseId, kind: OutcomeKind, found: Vec<Found>) -> Result<Place> {
        let place = self.frontier.settle(lease, kind, found)?;
        self.serve(&|_| false)?;
        Ok(place)
    }

    fn retry(&mut self, lease: LeaseId, at: Instant) -> Result<()> {
        self.frontier.retry(lease, at)?;
        self.serve(&|_| false)
    }

    fn skip(&mut self, lease: LeaseId, reason: SkipReason) -> Result<()> {
        self.frontier.skip(lease, reason)?;
        self.serve(&|_| false)
    }

    fn give_back(&mut self, lease: LeaseId) -> Result<()> {
        self.frontier.give_back(lease)
    }

    fn hold(&mut self, host: HostId, until: Hold) {
        self.frontier.hold(host, until);
    }

    fn release(&mut self, host: HostId) {
        self.frontier.release(host);
    }

    fn release_first(&mut self, host: HostId) {
        self.frontier.release_first(host);
    }

    fn host_of(&self, url: &CrawlUrl) -> Option<HostId> {
        self.frontier.host_of(url)
    }

    fn next_due(&mut self) -> Option<Instant> {
        self.frontier.next_due()
    }

    fn skip_pending(&mut self, reason: SkipReason) -> Result<()> {
        self.frontier.skip_pending(reason)
    }

    fn reconsider(&mut self, reason: SkipReason, wanted: &dyn Fn(&CrawlUrl) -> bool) -> Result<()> {
        self.frontier.reconsider(reason, wanted)?;
        self.serve(wanted)
    }

    fn accounts(&self) -> Accounts {
        self.frontier.accounts()
    }

    fn host_count(&self) -> usize {
        self.frontier.host_count()
    }

    fn discovery_closed(&self) -> bool {
        self.frontier.discovery_closed()
    }

    fn take_moved(&mut self) -> Result<Vec<Moved>> {
        let moved = self.store.with_moved(|moved| moved.collect())?;
        self.store.forget_moved()?;
        Ok(moved)
    }
}
