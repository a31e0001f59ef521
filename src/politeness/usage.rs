//! What hosts say of the use of their pages, as far as it is known before a page is asked for.

use std::sync::Arc;
use std::time::Instant;

use super::host::Host;
use super::robots_state::RobotsState;
use super::tdm_file::{self, TdmFile, TdmState};
use super::{Admit, Politeness};
use crate::url::CrawlUrl;
use crate::usage::{Statement, Usage};

impl Politeness {
    /// Counts what is said of the use of a page.
    pub fn note_usage(&mut self, url: &CrawlUrl, usage: &Usage) {
        self.count(url).usage.get_or_insert_default().note(usage);
    }

    /// The same as [`usage`](Self::usage), but nothing when robots.txt has to be asked for again first.
    pub fn fresh_usage(&self, url: &CrawlUrl, now: Instant) -> Vec<Statement> {
        let is_fresh = |host: &Host| {
            let robots = &host.origin(url.scheme()).robots;
            !host.options.robots || matches!(robots, RobotsState::Known { until, .. } if now < *until)
        };
        if self.hosts.get(url.host()).is_some_and(|host| is_fresh(host)) { self.usage(url) } else { Vec::new() }
    }

    /// What robots.txt of its origin, as far as it is obeyed and known, and its `tdmrep.json` say that a URL may be used for.
    /// Takes nothing.
    pub fn usage(&self, url: &CrawlUrl) -> Vec<Statement> {
        let Some(host) = self.hosts.get(url.host()) else { return Vec::new() };
        let origin = host.origin(url.scheme());
        let mut said = if host.options.robots { origin.robots.usage(url.path_and_query()) } else { Vec::new() };
        if self.reads_tdm {
            said.extend(origin.tdm.file().and_then(|file| file.usage(url.path_and_query())));
        }
        said
    }

    /// What came of asking for `tdmrep.json` of a URL's origin: `None` when there is none that can be read.
    pub fn tdm_known(&mut self, url: &CrawlUrl, file: Option<Arc<TdmFile>>) {
        self.change(url).origin_mut(url.scheme()).tdm = TdmState::Known(file);
    }

    /// Whether `tdmrep.json` of its origin is to be asked for now, unless robots.txt is. Where that disallows it there is none.
    ///
    /// # Errors
    /// It is being asked for.
    pub(super) fn wants_tdm_file(&mut self, url: &CrawlUrl, asks_robots: bool) -> Result<bool, Asking> {
        if !self.reads_tdm || asks_robots {
            return Ok(false);
        }
        let host = self.host(url);
        let obeys = host.options.robots;
        let origin = host.origin(url.scheme());
        let is_disallowed = match (&origin.tdm, &origin.robots) {
            (TdmState::Known(_), _) => return Ok(false),
            (TdmState::Asking, _) => return Err(Asking),
            (TdmState::Unknown, RobotsState::Known { rules, .. }) => obeys && !rules.verdict(tdm_file::PATH).allowed,
            (TdmState::Unknown, _) => obeys,
        };
        if is_disallowed {
            self.tdm_known(url, None);
        }
        Ok(!is_disallowed)
    }

    /// Has `tdmrep.json` asked for.
    pub(super) fn ask_tdm_file(&mut self, url: &CrawlUrl) -> Admit {
        self.host(url).origin_mut(url.scheme()).tdm = TdmState::Asking;
        Admit::AskTdmFile
    }

    /// The same, which has `tdmrep.json` of each origin asked for before its first page.
    #[must_use]
    pub fn reading_tdm_files(self) -> Self {
        Self { reads_tdm: true, ..self }
    }
}

/// A file of an origin is being asked for: its pages wait.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asking;
