//! A clock that was set back between two runs: what was kept by the one before must not hold longer than it was to.

use std::sync::LazyLock;
use std::time::Duration;

use rusqlite::params;

use super::Sqlite;
use super::checksum::URL;
use super::keep::{KEEP_MANNERS, json};
use crate::error::Result;
use crate::politeness::SavedHost;
use crate::url::HostKey;

impl Sqlite {
    /// How far the clock of this run lies behind that of the last one. Everything was kept before its last commit, so a
    /// clock that shows less than that was set back, by so much at least.
    pub(super) fn set_back_by(&self) -> Result<Duration> {
        let last = self.database.last_session()?.map_or(i64::MIN, |last| last.committed_at);
        let now = self.clock.to_millis(self.clock.instant());
        Ok(Duration::from_millis(u64::try_from(last.saturating_sub(now)).unwrap_or_default()))
    }

    /// What politeness knew of each host, by the clock of this run.
    pub(super) fn hosts_known(&self) -> Result<Vec<(HostKey, SavedHost)>> {
        let by = self.set_back_by()?;
        let hosts = self.database.hosts_known()?;
        Ok(hosts.into_iter().map(|(host, saved)| (host, saved.set_back(by))).collect())
    }

    /// Keeps all times anew by the clock of this run. In the step in which the run begins: from there on the last commit is
    /// one of this clock.
    pub(super) fn keep_times_anew(&self) -> Result<()> {
        let by = self.set_back_by()?;
        if by.is_zero() {
            return Ok(());
        }
        self.execute(&DUE, params![i64::try_from(by.as_millis()).unwrap_or(i64::MAX)])?;
        for (host, saved) in self.hosts_known()? {
            self.execute(&KEEP_MANNERS, params![host.as_str(), json(&saved)?])?;
        }
        tracing::warn!(
            "the clock shows a time before the last run had ended: it was set back, and what that run was told to wait for \
             counts from its end"
        );
        Ok(())
    }
}

static DUE: LazyLock<String> = LazyLock::new(|| URL.update(&[("due", "due - ?1")], "due IS NOT NULL"));

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Instant;

    use super::*;
    use crate::frontier::{Bucket, Change, Frontier, HostId, Limits, NodeState, Path as Way, RestoreRules, StoredUrl};
    use crate::store::{Note, Store as _};
    use crate::url::UrlRules;
    use crate::wall_clock::WallClock;

    const START: i64 = 1_700_000_000_000;

    /// A host that was to be left alone for four seconds from a time on.
    fn manners(from: i64) -> SavedHost {
        let failure = serde_json::json!({ "kind": "connect", "message": "refused" });
        let saved = serde_json::json!({
            "robots_http": { "state": "read", "text": "user-agent: *", "until_ms": from + 1 },
            "robots_https": { "state": "unreachable", "attempts": 1, "until_ms": from + 2 },
            "breaker_http": { "state": "parked", "failed_probes": 0, "until_ms": from + 3, "failure": failure },
            "breaker_https": { "state": "given_up", "failed_probes": 0, "until_ms": from + 4, "failure": failure },
            "quiet_since_ms": from,
            "ended_last_ms": from + 5,
            "left_alone_until_ms": from + 4000,
            "latency_us": 7,
        });
        serde_json::from_value(saved).unwrap()
    }

    fn clock(shown: i64) -> WallClock {
        WallClock::new(Instant::now(), jiff::Timestamp::from_millisecond(shown).unwrap())
    }

    fn begin(dir: &Path, shown: i64) -> Sqlite {
        let clock = clock(shown);
        let mut store = Sqlite::open(dir, clock).unwrap();
        store.keep(Note::RunBegins { pid: 1, at: clock.instant() }).unwrap();
        store
    }

    /// How long the host is left alone, and the URL waits for its next attempt, in a run that begins at this time.
    fn waits(dir: &Path, shown: i64) -> (i64, Option<Duration>) {
        let clock = clock(shown);
        let mut store = Sqlite::open(dir, clock).unwrap();
        let (_, saved) = store.recall().unwrap().hosts.remove(0);
        let rules = RestoreRules { judge: &|_, _| None, lifted: &[] };
        let limits = Limits { depth: None, redirects: 10, ahead: u64::MAX };
        let mut restore = Frontier::restore(Bucket::FIRST, limits, rules);
        store.restore(Bucket::FIRST, &mut restore).unwrap();
        let due = Frontier::of(restore.finish()).next_due();
        let until = saved.left_alone_until_ms.unwrap();
        assert_eq!(saved, manners(until - 4000), "all times go together");
        (until - shown, due.map(|due| due - clock.instant()))
    }

    #[test]
    fn a_clock_that_was_set_back_holds_nothing_longer_than_it_was_to_be_held() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = begin(dir.path(), START);
        let clock = store.clock;
        let url = UrlRules::new(99).parse("http://e.com/").unwrap();
        let (host, path) = (HostId::at(0), Way { depth: 0, hops: 0, referrer: None });
        let found = StoredUrl::bare(0, &url, path, NodeState::Pending, Some(host));
        let due = clock.instant() + Duration::from_secs(5);
        let changes = vec![
            Change::Host { id: host, name: url.host_key() },
            Change::Found(found),
            Change::Retry { id: 0, attempts: 1, due },
        ];
        store.apply(Bucket::FIRST, changes, None).unwrap();
        store.keep(Note::Host(url.host_key(), Box::new(manners(START)))).unwrap();
        store.commit(clock.instant() + Duration::from_millis(500)).unwrap();
        drop(store);
        let (left, due) = (3500, Some(Duration::from_millis(4500)));
        let hour = 3_600_000;
        assert_eq!(waits(dir.path(), START + 500), (left, due));
        assert_eq!(waits(dir.path(), START - hour), (left, due), "an hour is not waited for");
        assert_eq!(waits(dir.path(), START + 1500), (left - 1000, Some(Duration::from_millis(3500))));

        let mut store = begin(dir.path(), START - hour);
        store.commit(store.clock.instant()).unwrap();
        drop(store);
        assert_eq!(waits(dir.path(), START - hour), (left, due), "the next run goes by the new clock");
        assert_eq!(waits(dir.path(), START - hour + 1000).0, left - 1000);
        assert_eq!(waits(dir.path(), START - 2 * hour), (left, due));
    }
}
