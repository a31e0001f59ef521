//! Why robots.txt keeps a URL from being asked for: a line of it disallows that, or it could not be read.

use std::cell::RefCell;

use hashbrown::HashMap;

use super::saved_host;
use crate::error::Result;
use crate::frontier::NodeState;
use crate::outcome::SkipReason;
use crate::store::sqlite::{StoreReader, UrlRow};
use crate::url::{CrawlUrl, UrlKey};

/// The origins of which something is skipped for its robots.txt, each looked up once.
#[derive(Debug, Default)]
pub(crate) struct UnreadRobots(RefCell<HashMap<Box<str>, bool>>);

impl UnreadRobots {
    /// Whether a URL is skipped because the robots.txt of its origin could not be read; `false` when it is not skipped for that.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) fn are_why(&self, store: &StoreReader, row: &UrlRow<'_>) -> Result<bool> {
        let is_skipped = row.state.is_some_and(|(state, _)| state == NodeState::Skipped(SkipReason::Robots));
        let Some(key) = <[u8; 16]>::try_from(row.key).ok().filter(|_| is_skipped) else { return Ok(false) };
        let url = CrawlUrl::stored(row.url.into(), UrlKey::of_bytes(key));
        if let Some(known) = self.0.borrow().get(url.origin()) {
            return Ok(*known);
        }
        let host = saved_host(store, url.host())?;
        let is_unread = host.robots(url.scheme()).is_none_or(|robots| robots.rules().is_none());
        self.0.borrow_mut().insert(url.origin().into(), is_unread);
        Ok(is_unread)
    }
}
