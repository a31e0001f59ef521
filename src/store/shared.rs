//! A store that many processes share: who owns what of the crawl, and what it says of the others.

use std::fmt;

use super::counts::Counts;
use crate::error::Result;
use crate::fetch::SavedCookies;
use crate::frontier::{Bucket, Restore, Split};
use crate::observe::State;
use crate::politeness::SavedHost;
use crate::sitemaps::SavedSitemap;
use crate::trap::Trap;
use crate::url::HostKey;

/// How a crawl is split, and what of it is this process's as it starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// Into how many buckets.
    pub split: Split,
    /// Those that are to be [restored](super::Store::restore) before anything else: nobody else asks their hosts.
    pub own: Vec<Bucket>,
    /// How many others take part as this one starts.
    pub others: usize,
}

impl Share {
    /// All of a crawl that is one process's.
    pub fn whole() -> Self {
        Self { split: Split::ONE, own: vec![Bucket::FIRST], others: 0 }
    }
}

/// What a commit says of the crawl beside what was asked. Each is said once, in the order in which it is to be heard.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum News {
    /// This process owns these buckets from now on: they are to be read back by a [`Loader`], and then
    /// [told as loaded](super::Store::loaded).
    Took(Vec<Bucket>),
    /// These are more than its share: nothing more of them is to be leased, and once nothing of them is in flight they are to be
    /// [given](super::Store::give). Never said of one that is not loaded.
    Surplus(Vec<Bucket>),
    /// Another node has found where a seed leads to: the scope moves with it.
    SeedRedirect {
        /// The seed, or what one leads to.
        from: String,
        /// Where to.
        to: String,
    },
    /// Another node has come or gone.
    Member(Member),
    /// The crawl is over for all nodes, in this way.
    Over(State),
}

/// What has become of another node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its number, as in `DIR/node`.
    pub node: String,
    /// The name of the machine.
    pub machine: String,
    /// What.
    pub change: MemberChange,
}

/// What may become of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberChange {
    /// It crawls with the others.
    Joined,
    /// It has ended, and has given away what it had.
    Ended,
    /// It was not heard of for too long: what it had is taken by others.
    Lost,
}

/// What is kept about the hosts of one bucket.
#[derive(Debug, Clone, Default)]
pub struct BucketNotes {
    /// What politeness knew of each host.
    pub hosts: Vec<(HostKey, SavedHost)>,
    /// What is known of each sitemap, by its URL, in the order in which they were taken.
    pub sitemaps: Vec<(String, SavedSitemap)>,
    /// The cookies of each site.
    pub cookies: Vec<SavedCookies>,
    /// The traps that are closed.
    pub traps: Vec<Trap>,
}

/// Reads buckets back that this process has taken from others, beside a [`Store`](super::Store) that goes on writing: a million rows
/// must not hold up a commit. It belongs to one thread, which may be blocked by it.
pub trait Loader: fmt::Debug + Send {
    /// What is kept about the hosts of a bucket. Comes before [`restore`](Self::restore).
    fn recall(&mut self, bucket: Bucket) -> Result<BucketNotes>;

    /// Gives back what others have found of a bucket, as [`Store::restore`](super::Store::restore) does.
    fn restore(&mut self, bucket: Bucket, to: &mut Restore<'_>) -> Result<Counts>;
}
