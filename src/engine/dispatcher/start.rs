//! What a dispatcher starts with, and what it has come to at the end.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use super::checks::Checks;
use super::seeds::Seeds;
use crate::accounts::Accounts;
use crate::engine::judge::Judge;
use crate::engine::loading::Loading;
use crate::engine::tally::Tally;
use crate::engine::worker::Worker;
use crate::engine::writer::Writer;
use crate::extracted::Health;
use crate::fetch::Budget;
use crate::frontier::Frontier;
use crate::observe::{State, Stats, counted};
use crate::policy::Policy;
use crate::politeness::{HostReport, Politeness};
use crate::sink;
use crate::sitemaps::Sitemaps;
use crate::trap::Trap;
use crate::url::CrawlUrl;
use crate::wall_clock::WallClock;

/// What a dispatcher starts with.
#[derive(Debug)]
pub(in crate::engine) struct Start {
    pub(in crate::engine) frontier: Frontier,
    pub(in crate::engine) politeness: Politeness,
    pub(in crate::engine) judge: Judge,
    pub(in crate::engine) policy: Policy,
    /// How what is only looked for is asked for.
    pub(in crate::engine) checks: Checks,
    pub(in crate::engine) worker: Worker,
    /// What the outcomes of pages hold until they are written.
    pub(in crate::engine) budget: Budget,
    pub(in crate::engine) sitemaps: Sitemaps,
    /// The sitemaps that settings name.
    pub(in crate::engine) named: Vec<CrawlUrl>,
    pub(in crate::engine) seeds: Seeds,
    pub(in crate::engine) tally: Tally,
    pub(in crate::engine) writer: Writer,
    /// The way to load what is taken from others; `None` where all of the crawl is this process's.
    pub(in crate::engine) loading: Option<Loading>,
    pub(in crate::engine) stats: Arc<Stats>,
    pub(in crate::engine) output: sink::Options,
    /// How many requests may be in flight.
    pub(in crate::engine) slots: usize,
    /// How many knocks may be under way.
    pub(in crate::engine) knocks: usize,
    /// How many pages are asked for; `None` has no limit.
    pub(in crate::engine) most_pages: Option<u64>,
    /// When to start nothing new.
    pub(in crate::engine) deadline: Option<Instant>,
    pub(in crate::engine) clock: WallClock,
    pub(in crate::engine) started: Instant,
}

/// What a crawl has come to.
#[derive(Debug)]
pub(in crate::engine) struct End {
    pub(in crate::engine) state: State,
    pub(in crate::engine) accounts: Accounts,
    /// Whether no page came of anything, as far as that can be told: by who has all of the crawl.
    pub(in crate::engine) is_fruitless: bool,
    pub(in crate::engine) hosts: Vec<HostReport>,
    /// What the summary counts beside the accounts.
    pub(in crate::engine) tally: Tally,
    pub(in crate::engine) seeds: Seeds,
    /// The traps that are closed.
    pub(in crate::engine) traps: Vec<Trap>,
    /// What the rules have found; `None` when there are none.
    pub(in crate::engine) health: Option<Health>,
}

/// Says that this is not the first run in a directory.
pub(super) fn goes_on(dir: &Path, accounts: &Accounts, failed: u64, is_done: bool) -> String {
    let (dir, records) = (dir.display(), accounts.settled.total());
    if is_done {
        let records = counted(records, "record", "records");
        let again = match failed {
            0 => String::new(),
            failed => format!(", {failed} of pages that failed; --retry-failed asks for these again"),
        };
        return format!("the crawl in {dir} is complete, with {records}{again}; --update crawls it anew");
    }
    let records = counted(records, "record is", "records are");
    let pending = counted(accounts.pending, "URL is", "URLs are");
    format!("going on with the crawl in {dir}: {records} there, {pending} waiting")
}
