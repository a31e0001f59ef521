//! What a frontier tells a store, and what it asks it for.

use std::sync::Arc;
use std::time::Instant;

use super::bucket::Bucket;
use super::lease::HostId;
use super::letter::Letter;
use super::node::{Edge, NodeState, Path};
use crate::mention::Mention;
use crate::outcome::{OutcomeKind, SkipReason};
#[cfg(any(test, fuzzing))]
use crate::url::CrawlUrl;
use crate::url::{HostKey, UrlKey};

/// What has changed: of each bucket in its order. All of it belongs together.
pub(crate) type Changes = Vec<(Bucket, Vec<Change>)>;

/// One thing that has changed in a bucket, whose URLs and hosts are meant by their numbers. Changes are kept in their order;
/// those of one operation belong together.
///
/// What is in flight is pending for a store: a lease that a process took with it into its end was never given.
#[derive(Debug, Clone)]
pub enum Change {
    /// A host got its number.
    Host {
        /// Its number.
        id: HostId,
        /// Its name.
        name: HostKey,
    },
    /// A URL was discovered.
    Found(StoredUrl),
    /// A URL has another depth, state or host. What a settled URL leads to has to be [told](Change::Told), and the home of
    /// one that is elsewhere.
    Placed {
        /// Which URL.
        id: u32,
        /// The least number of links from a seed.
        depth: u32,
        /// Redirects since the last link.
        hops: u32,
        /// Its state.
        state: NodeState,
        /// Whose it is, once that is known.
        host: Option<HostId>,
    },
    /// A URL is found on another page, or in a sitemap, at a smaller depth. When it has a record, that is out of date.
    Moved {
        /// Which URL.
        id: u32,
        /// The page; `None` for a seed, for what a sitemap lists, and when it is of another bucket.
        referrer: Option<u32>,
        /// The text of a page of another bucket.
        referrer_url: Option<Arc<str>>,
        /// What names it there; `None` when that is not known, and for a seed.
        mention: Option<Mention>,
        /// What that says to a reader, when that is known.
        link_text: Option<Arc<str>>,
    },
    /// A URL is settled.
    Settled {
        /// Which URL.
        id: u32,
        /// How the request ended.
        kind: OutcomeKind,
        /// What the response leads to.
        edges: Vec<Edge>,
    },
    /// What a settled URL leads to has been told of its new place, or the home of one that is elsewhere.
    Told {
        /// Which URL.
        id: u32,
    },
    /// A URL is to be tried again.
    Retry {
        /// Which URL.
        id: u32,
        /// How often it was tried.
        attempts: u32,
        /// When it is due.
        due: Instant,
    },
    /// A URL is skipped.
    Skipped {
        /// Which URL.
        id: u32,
        /// Why.
        reason: SkipReason,
    },
    /// A letter to a bucket that is not here: to be kept until its effect is.
    Sent(Box<Letter>),
    /// A letter has had the effect that the changes beside this one are: it is not to be kept any longer.
    Read {
        /// Its number.
        letter: u64,
    },
}

/// A URL as a store keeps it.
#[derive(Debug, Clone)]
pub struct StoredUrl {
    /// Its number: the order of discovery.
    pub id: u32,
    /// Its text; of a URL that is too long, the start of it.
    pub text: Arc<str>,
    /// Its fingerprint.
    pub key: UrlKey,
    /// How it was found.
    pub path: Path,
    /// The text of its referrer, when that is of another bucket.
    pub referrer_url: Option<Arc<str>>,
    /// What names it there; `None` when that is not asked for or not known, and for a seed.
    pub mention: Option<Mention>,
    /// What that says to a reader, when that is known.
    pub link_text: Option<Arc<str>>,
    /// Its state.
    pub state: NodeState,
    /// Whose it is, when it is or was pending.
    pub host: Option<HostId>,
}

#[cfg(any(test, fuzzing))]
impl StoredUrl {
    /// A URL of which nothing is known but this.
    pub(crate) fn bare(id: u32, url: &CrawlUrl, path: Path, state: NodeState, host: Option<HostId>) -> Self {
        let (text, key) = (url.to_shared(), url.key());
        Self { id, text, key, path, referrer_url: None, mention: None, link_text: None, state, host }
    }
}

/// Texts that a frontier asks a store for.
#[derive(Debug, Clone)]
pub struct Want {
    /// Of which bucket.
    pub bucket: Bucket,
    /// What for: comes back with the answer.
    pub purpose: WantedFor,
    /// Which URLs.
    pub ids: Vec<u32>,
}

/// What texts are wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WantedFor {
    /// They are the next of a host.
    Queue(HostId),
    /// Settled pages have a shorter path, so what they lead to has one too.
    Edges,
    /// They were skipped and may be wanted now.
    Reconsider,
    /// They are of other buckets, which have to be told of a shorter path.
    Elsewhere,
}

/// What a store answers.
#[derive(Debug, Clone)]
#[expect(clippy::struct_field_names, reason = "rows are what it is, and most of what it has")]
pub struct Rows {
    /// Of which bucket.
    pub bucket: Bucket,
    /// What they were wanted for.
    pub purpose: WantedFor,
    /// One for each URL that was asked for.
    pub rows: Vec<Row>,
}

/// One URL as a store has it.
#[derive(Debug, Clone)]
pub struct Row {
    /// Which URL.
    pub id: u32,
    /// Its text.
    pub text: Arc<str>,
    /// Its fingerprint.
    pub key: UrlKey,
    /// How often it was tried.
    pub attempts: u32,
    /// The text of its referrer.
    pub referrer: Option<Arc<str>>,
    /// Its depth and its redirects since the last link, when the question was answered: where it was found may have
    /// changed since.
    pub place: (u32, u32),
    /// What it leads to; empty unless that was asked for.
    pub edges: Vec<Edge>,
}
