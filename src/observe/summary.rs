//! The summary: what a crawl came to, for `summary.json` and for the person at the terminal.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::HostSummary;
use super::host_table::host_table;
use super::rule_table::rule_table;
use super::text::{bytes, count, counted, elapsed, printable};
use super::unread_lines::unread_lines;
use super::update_lines::update_lines;
use super::usage_line::usage_line;
use super::wall_lines::wall_lines;
use crate::accounts::{Accounts, Settled, Skipped};
use crate::change::Changes;
use crate::extracted::{Drift, RuleHealth};
use crate::outcome::FailureKind;
use crate::trap::Trap;
use crate::unread::Unread;

/// What a crawl came to. `discovered = pending + settled + skipped`, and `records = settled`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Summary {
    /// The version of this format.
    pub version: u32,
    /// How the crawl ended.
    pub state: State,
    /// Every URL that was ever discovered.
    pub discovered: u64,
    /// Not requested yet: the crawl was stopped before.
    pub pending: u64,
    /// Being requested: 0 once a crawl has ended.
    pub in_flight: u64,
    /// Requested URLs by outcome.
    pub settled: Settled,
    /// URLs that were not requested, by reason.
    pub skipped: Skipped,
    /// Lines of the output.
    pub records: u64,
    /// Records by HTTP status.
    pub statuses: BTreeMap<u16, u64>,
    /// Records without a complete response, by kind of error.
    pub errors: BTreeMap<FailureKind, u64>,
    /// Requests that were sent, robots.txt and retries included.
    pub requests: u64,
    /// Requests that were sent because an earlier one for the same URL had failed.
    pub retries: u64,
    /// Decoded bytes of the bodies that were read.
    pub bytes: u64,
    /// What was met and not read.
    pub unread: Unread,
    /// When the crawl started, RFC 3339 in UTC with milliseconds.
    pub started_at: String,
    /// How long it ran.
    pub elapsed_ms: u64,
    /// Each host, by name.
    pub hosts: Vec<HostSummary>,
    /// Why no seed could be fetched; empty when one was.
    pub failed_seeds: Vec<FailedSeed>,
    /// How many items there are of each name. Absent without `[[items]]`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub items: BTreeMap<String, u64>,
    /// What each rule has found, in the order of the rules. Absent without rules.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuleHealth>,
    /// The rules that found something in the crawl before and do not find it any more. Absent when there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rule_drift: Vec<Drift>,
    /// The spaces of URLs that were closed because they are endless and say nothing new. Absent when there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub traps: Vec<Trap>,
    /// Where the records are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// What the archive has come to. Absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archive: Option<ArchiveSummary>,
    /// What has become of the pages since the crawl before. Absent unless this one has updated it, and was whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update: Option<Changes>,
}

/// What an archive has come to, in all runs of its crawl.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ArchiveSummary {
    /// The folder.
    pub path: String,
    /// How many files.
    pub files: u64,
    /// How long they are together, compressed.
    pub bytes: u64,
}

impl ArchiveSummary {
    /// So many files in a folder.
    pub fn new(path: String, files: u64, bytes: u64) -> Self {
        Self { path, files, bytes }
    }
}

/// How a crawl ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nothing is left.
    Complete,
    /// A limit that the user set has ended it.
    Limit,
    /// It was stopped: what is pending was not requested.
    Stopped,
}

impl State {
    /// The one with this name.
    pub fn of_name(name: &str) -> Option<Self> {
        [Self::Complete, Self::Limit, Self::Stopped].into_iter().find(|state| state.name() == name)
    }

    /// The name in the summary and in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Limit => "limit",
            Self::Stopped => "stopped",
        }
    }
}

/// A seed that gave no page.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FailedSeed {
    /// The seed.
    pub url: String,
    /// Why.
    pub reason: String,
}

impl Summary {
    /// A summary with the accounts filled in.
    pub fn new(state: State, accounts: Accounts, started_at: jiff::Timestamp, elapsed: Duration) -> Self {
        Self {
            version: VERSION,
            state,
            discovered: accounts.discovered(),
            pending: accounts.pending,
            in_flight: accounts.in_flight,
            settled: accounts.settled,
            skipped: accounts.skipped,
            records: accounts.settled.total(),
            statuses: BTreeMap::new(),
            errors: BTreeMap::new(),
            requests: 0,
            retries: 0,
            bytes: 0,
            unread: Unread::default(),
            started_at: format!("{started_at:.3}"),
            elapsed_ms: millis(elapsed),
            hosts: Vec::new(),
            failed_seeds: Vec::new(),
            items: BTreeMap::new(),
            rules: Vec::new(),
            rule_drift: Vec::new(),
            traps: Vec::new(),
            output: None,
            archive: None,
            update: None,
        }
    }
}

/// The closing table: one line a fact, nothing that counts nothing, and the hosts.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Complete => "complete",
            State::Limit => "ended by a limit",
            State::Stopped => "stopped",
        };
        let time = Duration::from_millis(self.elapsed_ms);
        let Settled { ok, redirect, http_error, failed, payment_required } = self.settled;
        // What is no page is not counted as one.
        let others = [
            (redirect, "redirect", "redirects"),
            (http_error + payment_required, "error", "errors"),
            (failed, "failed", "failed"),
        ];
        let others = others.into_iter().filter(|(n, ..)| *n > 0);
        let counts = std::iter::once((ok, "page", "pages")).chain(others).map(|(n, one, more)| counted(n, one, more));
        let counts: Vec<_> = counts.collect();
        let (comma, counts) = (if counts.len() > 1 { "," } else { "" }, counts.join(", "));
        writeln!(f, "{state}: {counts}{comma} in {}, {}", elapsed(time), bytes(self.bytes))?;
        let pairs = |pairs: Vec<(String, u64)>| {
            let shown = pairs.into_iter().filter(|(_, n)| *n > 0).map(|(name, n)| format!("{name} {}", count(n)));
            shown.collect::<Vec<_>>().join("  ")
        };
        let mut line = |name: &str, value: String| {
            if value.is_empty() { Ok(()) } else { writeln!(f, "  {name:<12}{value}") }
        };
        let outcomes = [
            ("ok", ok),
            ("redirect", redirect),
            ("http error", http_error),
            ("payment required", payment_required),
            ("failed", failed),
        ];
        line("outcome", pairs(outcomes.map(|(name, n)| (name.to_owned(), n)).to_vec()))?;
        line("status", pairs(self.statuses.iter().map(|(status, n)| (status.to_string(), *n)).collect()))?;
        line("error", pairs(self.errors.iter().map(|(kind, n)| (kind.name().to_owned(), *n)).collect()))?;
        for (name, unread) in unread_lines(&self.unread).into_iter().chain(wall_lines(&self.unread.walls)) {
            line(name, unread)?;
        }
        line("usage", usage_line(&self.hosts))?;
        line("skipped", pairs(self.skipped.iter().map(|(reason, n)| (reason.name().to_owned(), n)).collect()))?;
        let waiting = if self.pending > 0 { counted(self.pending, "URL", "URLs") } else { String::new() };
        line("pending", waiting)?;
        line("records", self.output.as_deref().map(printable).unwrap_or_default())?;
        let archive = self.archive.as_ref().map(|archive| {
            let files = counted(archive.files, "file", "files");
            format!("{}: {files}, {}", printable(&archive.path), bytes(archive.bytes))
        });
        line("archive", archive.unwrap_or_default())?;
        let items = self.items.iter().map(|(name, n)| format!("{} {}", printable(name), count(*n)));
        line("items", items.collect::<Vec<_>>().join("  "))?;
        for (name, text) in self.update.iter().flat_map(update_lines) {
            line(name, text)?;
        }
        rule_table(&self.rules).iter().try_for_each(|line| writeln!(f, "{}", line.trim_end()))?;
        host_table(&self.hosts, self.state == State::Complete)
            .iter()
            .try_for_each(|line| writeln!(f, "{}", line.trim_end()))
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

const VERSION: u32 = 1;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host_report::DelayReason;
    use crate::outcome::SkipReason;
    use crate::unread::Seen;

    fn summary() -> Summary {
        let mut accounts = Accounts { pending: 3, ..Accounts::default() };
        accounts.settled = Settled { ok: 1234, redirect: 5, http_error: 2, failed: 1, payment_required: 0 };
        *accounts.skipped.of(SkipReason::Scope) = 77;
        *accounts.skipped.of(SkipReason::Robots) = 4;
        let elapsed = Duration::from_millis(83_250);
        let mut summary = Summary::new(State::Stopped, accounts, jiff::Timestamp::UNIX_EPOCH, elapsed);
        summary.statuses = BTreeMap::from([(200, 1234), (301, 5), (404, 2)]);
        summary.errors = BTreeMap::from([(FailureKind::Timeout, 1)]);
        summary.bytes = 5 << 20;
        summary
            .unread
            .bodies
            .insert("image/png".to_owned(), Seen { count: 7, example: Some("http://a.example/\u{1b}".to_owned()) });
        summary.output = Some("crawl/pages.jsonl".to_owned());
        summary.hosts = ["a.example", "b.example"]
            .into_iter()
            .enumerate()
            .map(|(n, host)| HostSummary {
                host: host.to_owned(),
                requests: 1000,
                failures: 0,
                highest_rate: 5,
                smallest_gap_ms: Some(204 * n as u64),
                delay_ms: 30_300 * n as u64,
                delay_reason: if n == 0 { DelayReason::None } else { DelayReason::CrawlDelay },
                given_up_after_ms: None,
                given_up_because: None,
                slowed: 2 * n as u64,
                mean_response_ms: 20 + n as u64,
                usage: None,
            })
            .collect();
        summary
    }

    #[test]
    fn the_table_shows_what_counts_and_nothing_else() {
        insta::assert_snapshot!(summary(), @r"
        stopped: 1,234 pages, 5 redirects, 2 errors, 1 failed, in 1m 23s, 5.00 MiB
          outcome     ok 1,234  redirect 5  http error 2  failed 1
          status      200 1,234  301 5  404 2
          error       timeout 1
          unread      image/png 7, first http://a.example/�
          skipped     scope 77  robots 4
          pending     3 URLs
          records     crawl/pages.jsonl
          hosts      requests  most/s    gap  response  delay            slowed
          a.example     1,000       5    0ms      20ms  -                     -
          b.example     1,000       5  204ms      21ms  30s crawl_delay      2x
        ");
    }

    #[test]
    fn one_is_no_plural_and_what_failed_is_no_page() {
        let settled = |ok, failed| Accounts {
            pending: 1,
            settled: Settled { ok, failed, ..Settled::default() },
            ..Accounts::default()
        };
        let shown = |accounts| {
            Summary::new(State::Limit, accounts, jiff::Timestamp::UNIX_EPOCH, Duration::from_millis(2_100)).to_string()
        };
        insta::assert_snapshot!(shown(settled(1, 0)), @"
        ended by a limit: 1 page in 2.1s, 0 B
          outcome     ok 1
          pending     1 URL
        ");
        insta::assert_snapshot!(shown(settled(0, 1)), @"
        ended by a limit: 0 pages, 1 failed, in 2.1s, 0 B
          outcome     failed 1
          pending     1 URL
        ");
    }

    #[test]
    fn the_accounts_add_up_in_json() {
        let json = serde_json::to_value(summary()).unwrap();
        let sum = |key: &str| json[key].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum::<u64>();
        assert_eq!(json["discovered"].as_u64().unwrap(), 3 + sum("settled") + sum("skipped"));
        assert_eq!(json["records"].as_u64().unwrap(), sum("settled"));
    }

    #[test]
    fn what_is_written_is_read_back_as_it_was() {
        let mut summary = summary();
        summary.update = Some(Changes { pages: 3, new: 1, unchanged: 2, ..Changes::default() });
        summary.traps = Vec::new();
        summary.items = BTreeMap::from([("rows".to_owned(), 0)]);
        let json = serde_json::to_string(&summary).unwrap();
        let back: Summary = serde_json::from_str(&json).unwrap();
        assert_eq!(serde_json::to_string(&back).unwrap(), json);
        assert_eq!(back.to_string(), summary.to_string());
    }
}
