//! Status: how far a crawl is, and what it waits for.

use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::path::Path;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::Serialize;

use super::last_run::{LastRun, RunRules, RunState, time};
use super::nodes::{Together, state_of_all};
use super::{look, outputs_of_records, shown};
use crate::accounts::{Accounts, Settled, Skipped};
use crate::committed::{UnreadRobots, leaves_over, saved_host};
use crate::error::Result;
use crate::frontier::NodeState;
use crate::observe::HostSummary;
use crate::outcome::{FailureKind, OutcomeKind, SkipReason};
use crate::store::sqlite::{StoreReader, UrlRow};
use crate::unread::Unread;
use crate::url::HostKey;
use crate::versions;
use crate::wall_clock::WallClock;

/// How far a crawl is: `discovered = pending + settled + skipped`, and `records = settled`, as of its last commit. Texts in
/// it come from sites: escape them before they reach a terminal.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Status {
    /// The version of this format.
    pub(crate) version: u32,
    /// Whether it runs, or how its last run has ended.
    pub(crate) state: RunState,
    /// The process that crawls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pid: Option<u32>,
    /// Every URL that was ever discovered.
    pub(crate) discovered: u64,
    /// Not requested yet, or being requested.
    pub(crate) pending: u64,
    /// Requested URLs by outcome.
    pub(crate) settled: Settled,
    /// URLs that are not requested, by reason.
    pub(crate) skipped: Skipped,
    /// How many of those that are skipped for robots.txt are so because it could not be read.
    pub(crate) robots_unread: u64,
    /// Lines of the output.
    pub(crate) records: u64,
    /// Records by HTTP status.
    pub(crate) statuses: BTreeMap<u16, u64>,
    /// Records without a complete response, by kind of error.
    pub(crate) errors: BTreeMap<FailureKind, u64>,
    /// Requests that were sent because an earlier one for the same URL had failed.
    pub(crate) retries: u64,
    /// Decoded bytes of the bodies that were read.
    pub(crate) bytes: u64,
    /// What was met and not read.
    pub(crate) unread: Unread,
    /// When the first run started, RFC 3339 in UTC with milliseconds.
    pub(crate) started_at: String,
    /// How long all runs took together.
    pub(crate) elapsed_ms: u64,
    /// How many runs there were.
    pub(crate) runs: u64,
    /// This run, or the last one.
    pub(crate) run: RunStatus,
    /// How many URLs wait for another attempt.
    pub(crate) retries_waiting: u64,
    /// The next of them.
    pub(crate) next_retries: Vec<NextRetry>,
    /// How many hosts are known.
    pub(crate) host_count: u64,
    /// How many of them something is pending of.
    pub(crate) hosts_waiting: u64,
    /// Those with the most that is pending, then those with the most that is settled.
    pub(crate) hosts: Vec<HostStatus>,
    /// Where the records are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) output: Option<String>,
    /// How far the update of this crawl is, as long as it is not whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) update: Option<UpdateStatus>,
    /// Who crawls it, where that are several nodes: the numbers above are of all of them, `runs` and `run` of the one of this
    /// directory.
    #[serde(flatten)]
    pub(crate) together: Option<Together>,
}

/// How far the update of a crawl is.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct UpdateStatus {
    /// Where it is made: `crawler status` of that says more.
    pub(crate) dir: String,
    /// Whether it runs, or how its last run has ended.
    pub(crate) state: RunState,
    /// Its records so far.
    pub(crate) records: u64,
}

/// How far one run is.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct RunStatus {
    /// When it started, RFC 3339 in UTC with milliseconds.
    pub(crate) started_at: String,
    /// Its last commit.
    pub(crate) committed_at: String,
    /// How long it takes so far, or took.
    pub(crate) elapsed_ms: u64,
    /// Its records.
    pub(crate) records: u64,
    /// Its records for each second until its last commit.
    pub(crate) records_per_second: f64,
}

/// A URL that is tried again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct NextRetry {
    /// When, RFC 3339 in UTC with milliseconds.
    pub(crate) due: String,
    /// The URL.
    pub(crate) url: String,
    /// How often it was tried.
    pub(crate) attempts: u32,
}

/// How far the crawl of one host is, and whether it may be asked.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct HostStatus {
    /// What it was asked, and how long it is not to be asked now.
    #[serde(flatten)]
    pub(crate) summary: HostSummary,
    /// URLs that are not requested yet, also those that a limit has left over.
    pub(crate) pending: u64,
    /// URLs that have a record.
    pub(crate) settled: u64,
    /// When a hold ends: `retry_after`, `backoff`, `robots` and `breaker`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) held_until: Option<String>,
}

/// Says how far a crawl is, while it runs or after it, with so many hosts at most. Takes one pass over all URLs.
///
/// # Errors
/// There is no store, or it is not readable.
pub(crate) fn status(dir: &Path, hosts: usize) -> Result<Status> {
    let update = update_of(dir);
    let found = look(dir, |store| status_of(dir, store, hosts))?;
    Ok(Status { update, ..found })
}

/// How far the update of a crawl is; `None` when none is under way. One that has not begun to keep anything is none.
fn update_of(dir: &Path) -> Option<UpdateStatus> {
    let next = versions::next(dir);
    let last = next.is_dir().then(|| look(&next, |store| LastRun::of(&next, store)))?.ok()?;
    Some(UpdateStatus { dir: next.display().to_string(), state: last.state, records: last.session.records })
}

fn status_of(dir: &Path, store: &StoreReader, hosts: usize) -> Result<Status> {
    store.begin()?;
    let (run, rules) = (LastRun::of(dir, store)?, RunRules::of(store)?);
    let clock = WallClock::new(Instant::now(), Timestamp::now());
    let (mut count, unread_robots, mut robots_unread) = (Count::default(), UnreadRobots::default(), 0);
    store.entries(|entry| {
        count.take(&entry);
        robots_unread += u64::from(unread_robots.are_why(store, &entry)?);
        Ok(())
    })?;
    let together = store.overview().and_then(Together::of);
    let state = match store.overview() {
        Some(overview) if together.is_some() => state_of_all(overview, run.state),
        _ => run.state,
    };
    let mut accounts = count.accounts;
    if leaves_over(store, &rules.config)? {
        *accounts.skipped.of(SkipReason::Limit) += std::mem::take(&mut accounts.pending);
    }
    let (first, elapsed) = store.times()?;
    let now = clock.to_millis(clock.instant());
    // Until the next commit nobody but the clock knows how long it has been running.
    let since_commit = if run.state == RunState::Running { span(run.session.committed_at, now) } else { 0 };
    Ok(Status {
        version: VERSION,
        state,
        pid: run.pid.filter(|pid| *pid > 0),
        discovered: accounts.discovered(),
        pending: accounts.pending,
        settled: accounts.settled,
        skipped: accounts.skipped,
        robots_unread,
        records: if together.is_some() { accounts.settled.total() } else { run.session.records },
        statuses: count.statuses,
        errors: count.errors,
        retries: count.retries,
        bytes: count.bytes,
        unread: store.unread()?,
        started_at: time(first.unwrap_or(run.session.started_at)),
        elapsed_ms: millis(elapsed) + since_commit,
        runs: store.run_count()?,
        retries_waiting: count.retries_waiting,
        next_retries: next_retries(count.next_retries),
        host_count: store.host_count()?,
        hosts_waiting: count.hosts.values().filter(|host| host.pending > 0).count() as u64,
        hosts: host_statuses(store, count.hosts, hosts, &rules, &clock)?,
        output: outputs_of_records(store)?.into_iter().next().map(|(name, _)| shown(dir, &name)),
        run: run_status(&run, since_commit),
        update: None,
        together,
    })
}

/// What one pass over all URLs counts.
#[derive(Debug, Default)]
struct Count {
    accounts: Accounts,
    statuses: BTreeMap<u16, u64>,
    errors: BTreeMap<FailureKind, u64>,
    bytes: u64,
    retries: u64,
    hosts: HashMap<u32, HostCount>,
    retries_waiting: u64,
    /// The latest first: it makes room for one that is due before.
    next_retries: BinaryHeap<(i64, String, u32)>,
}

#[derive(Debug, Default, Clone, Copy)]
struct HostCount {
    pending: u64,
    settled: u64,
}

impl Count {
    fn take(&mut self, entry: &UrlRow<'_>) {
        self.retries += u64::from(entry.attempts.saturating_sub(1));
        let (state, kind) = entry.state.unwrap_or((NodeState::Pending, None));
        let host = entry.host.map(|host| self.hosts.entry(host).or_default());
        match state {
            NodeState::Pending | NodeState::InFlight => {
                self.accounts.pending += 1;
                if let Some(host) = host {
                    host.pending += 1;
                }
                self.take_due(entry);
            }
            NodeState::Skipped(reason) => *self.accounts.skipped.of(reason) += 1,
            // It counts where it is at home.
            NodeState::Elsewhere => {}
            NodeState::Settled => {
                if let Some(host) = host {
                    host.settled += 1;
                }
                self.take_settled(entry, kind.unwrap_or(OutcomeKind::Failed));
            }
        }
    }

    fn take_settled(&mut self, entry: &UrlRow<'_>, kind: OutcomeKind) {
        *self.accounts.settled.of(kind) += 1;
        self.bytes += entry.bytes.unwrap_or_default();
        if let Some(status) = entry.status {
            *self.statuses.entry(status).or_default() += 1;
        }
        if let Some(kind) = entry.error.and_then(FailureKind::of_name) {
            *self.errors.entry(kind).or_default() += 1;
        }
    }

    fn take_due(&mut self, entry: &UrlRow<'_>) {
        let Some(due) = entry.due else { return };
        self.retries_waiting += 1;
        if self.next_retries.len() < RETRIES_SHOWN || self.next_retries.peek().is_some_and(|(last, ..)| due < *last) {
            self.next_retries.push((due, entry.url.to_owned(), entry.attempts));
        }
        if self.next_retries.len() > RETRIES_SHOWN {
            self.next_retries.pop();
        }
    }
}

fn next_retries(found: BinaryHeap<(i64, String, u32)>) -> Vec<NextRetry> {
    let sorted = found.into_sorted_vec().into_iter();
    sorted.map(|(due, url, attempts)| NextRetry { due: time(due), url, attempts }).collect()
}

fn run_status(run: &LastRun, since_commit: u64) -> RunStatus {
    let session = &run.session;
    let (records, took) =
        (session.records.saturating_sub(session.records_before), span(session.started_at, session.committed_at));
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let records_per_second = records as f64 * 1000.0 / took.max(1) as f64;
    RunStatus {
        started_at: time(session.started_at),
        committed_at: time(session.committed_at),
        elapsed_ms: took + since_commit,
        records,
        records_per_second: (records_per_second * 10.0).round() / 10.0,
    }
}

/// The hosts that are shown.
fn host_statuses(
    store: &StoreReader,
    counts: HashMap<u32, HostCount>,
    most: usize,
    rules: &RunRules,
    clock: &WallClock,
) -> Result<Vec<HostStatus>> {
    let mut busiest: Vec<_> = counts.into_iter().collect();
    busiest.sort_unstable_by_key(|(host, count)| (std::cmp::Reverse((count.pending, count.settled)), *host));
    busiest.truncate(most);
    let mut known = Vec::with_capacity(busiest.len());
    for (host, count) in busiest {
        if let Some(name) = store.host_name(host)? {
            known.push((HostKey::stored(&name), count));
        }
    }
    let kept = known.iter().map(|(name, _)| Ok((name.clone(), saved_host(store, name.as_str())?)));
    let reports = rules.reports(kept.collect::<Result<_>>()?, clock);
    let reports: HashMap<_, _> = reports.into_iter().map(|report| (report.host.clone(), report)).collect();
    let status = |(name, count): (HostKey, HostCount)| {
        let report = reports.get(&name)?;
        let held_until = report.delay.reason.is_hold().then(|| {
            let until = clock.instant() + report.delay.time;
            time(clock.to_millis(until))
        });
        Some(HostStatus {
            summary: HostSummary::from(report),
            pending: count.pending,
            settled: count.settled,
            held_until,
        })
    };
    Ok(known.into_iter().filter_map(status).collect())
}

/// Milliseconds from one time to a later one; the clock on the wall may have been set back.
fn span(from: i64, to: i64) -> u64 {
    to.saturating_sub(from).max(0).unsigned_abs()
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

const VERSION: u32 = 1;
const RETRIES_SHOWN: usize = 5;
