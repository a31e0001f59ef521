//! What hosts say of the use of their pages, as far as it is known before a page is asked for.

use std::sync::Arc;
use std::time::Instant;

use super::host::Host;
use super::robots_state::RobotsState;
use crate::url::CrawlUrl;
use crate::usage::{Statement, Usage};

impl Politeness {
    /// What robots.txt of its origin, as far as it is obeyed and known, says that a URL may be used for. Takes nothing.
    pub fn usage(&self, url: &CrawlUrl) -> Vec<Statement> {
        let Some(host) = self.hosts.get(url.host()).filter(|host| host.options.robots) else { return Vec::new() };
        match &host.origin(url.scheme()).robots {
            RobotsState::Known { rules, .. } => rules.usage(url.path_and_query()),
            state => state.last_rules().map(|rules| rules.usage(url.path_and_query())).unwrap_or_default(),
        }
    }
}

/// A file of an origin is being asked for: its pages wait.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asking;
