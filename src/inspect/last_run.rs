//! The last run of a crawl: whether it goes on, how it has ended, and by which rules it went.

use std::path::Path;

use serde::Serialize;

use crate::committed::settings;
use crate::config::Config;
use crate::crawl_dir::CrawlDir;
use crate::error::{Error, Result};
use crate::frontier;
use crate::observe::State;
use crate::politeness::{HostReport, Politeness, SavedHost};
use crate::scope::Scope;
use crate::store::Session;
use crate::store::sqlite::StoreReader;
use crate::traps::Traps;
use crate::url::{CrawlUrl, HostKey, UrlRules};
use crate::wall_clock::WallClock;

/// Whether a crawl runs, or how its last run has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RunState {
    /// A process crawls now.
    Running,
    /// It was killed, or could not go on.
    Interrupted,
    /// Nothing is left.
    Complete,
    /// A limit that the user set has ended it.
    Limit,
    /// It was stopped.
    Stopped,
}

/// What is known of the last run.
#[derive(Debug)]
pub(super) struct LastRun {
    pub(super) session: Session,
    pub(super) state: RunState,
    /// The process that crawls now.
    pub(super) pid: Option<u32>,
}

/// The rules by which the last run went.
#[derive(Debug)]
pub(super) struct RunRules {
    pub(super) config: Config,
    pub(super) urls: UrlRules,
    /// Whether the site lies on disk.
    on_disk: bool,
    /// Whether archives have answered.
    of_archives: bool,
}

impl LastRun {
    pub(super) fn of(dir: &Path, store: &StoreReader) -> Result<Self> {
        let session = store.last_session()?.ok_or_else(|| {
            // Between its first two commits.
            Error::Usage(format!("the crawl in {} has not begun yet", dir.display()))
        })?;
        // Who has ended may hold the directory for a moment, and is not asked for: nobody who crawls is to find it taken.
        let pid = if session.ended.is_none() { CrawlDir::owner(dir)? } else { None };
        let state = match (session.ended, pid) {
            (Some(State::Complete), _) => RunState::Complete,
            (Some(State::Limit), _) => RunState::Limit,
            (Some(State::Stopped), _) => RunState::Stopped,
            (None, Some(_)) => RunState::Running,
            (None, None) => RunState::Interrupted,
        };
        Ok(Self { session, state, pid })
    }
}

impl RunRules {
    /// The settings that the last run has kept: all but its seeds and what is secret.
    pub(super) fn of(store: &StoreReader) -> Result<Self> {
        let (config, kept) = (settings(store)?, store.settings()?.unwrap_or_default());
        let urls = config.url_rules();
        let (on_disk, of_archives) = (!kept.folder.is_empty(), !kept.archives.is_empty());
        Ok(Self { config, urls, on_disk, of_archives })
    }

    /// The seeds of all runs.
    pub(super) fn seeds(&self, store: &StoreReader) -> Result<Vec<CrawlUrl>> {
        store.seeds()?.iter().map(|seed| self.parse(store, seed)).collect()
    }

    /// The scope as the last run had it at its end.
    pub(super) fn scope(&self, store: &StoreReader) -> Result<Scope> {
        let mut scope = Scope::new(&self.config.scope, &self.seeds(store)?)
            .with_hosts(self.config.per_host(|host| host.scope.clone()));
        for (from, to) in store.seed_redirects()? {
            scope.follow_seed_redirect(&self.parse(store, &from)?, &self.parse(store, &to)?);
        }
        Ok(scope)
    }

    /// The spaces that were closed, and would be by the settings of the last run.
    pub(super) fn traps(&self, store: &StoreReader) -> Result<Traps> {
        let mut traps = Traps::new(self.config.traps.clone());
        traps.restore(store.traps()?);
        Ok(traps)
    }

    /// The name by which robots.txt files address the crawl.
    pub(super) fn agent(&self) -> &str {
        self.config.fetch.user_agent.token()
    }

    /// What politeness would say of these hosts now.
    pub(super) fn reports(&self, hosts: Vec<(HostKey, SavedHost)>, clock: &WallClock) -> Vec<HostReport> {
        let of_hosts = self.config.per_host(|host| host.politeness.clone());
        let mut politeness = Politeness::new(self.config.politeness.clone(), clock.instant()).with_hosts(of_hosts);
        if self.of_archives {
            politeness = politeness.lifted();
        }
        if let (true, Ok(site)) = (self.on_disk, self.urls.parse(self.config.fetch.origin.as_str())) {
            politeness.lift(&site);
        }
        for (host, saved) in hosts {
            politeness.restore(host, saved, self.agent(), clock);
        }
        politeness.reports()
    }

    fn parse(&self, store: &StoreReader, url: &str) -> Result<CrawlUrl> {
        // It was one once, whatever the greatest length is now.
        let rules = frontier::Options { max_url_length: usize::MAX, ..self.config.frontier.clone() }.url_rules();
        rules.parse(url).map_err(|wrong| store.damaged(&wrong))
    }
}

/// A time for people and programs: RFC 3339 in UTC with milliseconds.
pub(super) fn time(millis: i64) -> String {
    jiff::Timestamp::from_millisecond(millis).map(|time| format!("{time:.3}")).unwrap_or_default()
}
