//! A shelf: what the store in memory keeps of one bucket.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

use crate::error::{Error, Result};
use crate::frontier::{
    Change, Edge, HostId, KeptUrl, Moved, NodeState, Path, Place, Restore, Row, Rows, Segments, StoredUrl, Want,
    WantedFor,
};
use crate::outcome::OutcomeKind;
use crate::store::arena::{Arena, Spot};
use crate::store::{Counts, Facts, edges};
use crate::url::{HostKey, UrlKey};

/// The URLs and hosts of a bucket, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    urls: Segments<Kept>,
    /// The texts of all URLs, and what the settled ones lead to.
    bytes: Arena,
    hosts: Vec<HostKey>,
    /// How often those were tried that are to be tried again, and when they are.
    retries: HashMap<u32, (u32, Instant)>,
    counts: Counts,
    /// Settled URLs whose records are out of date.
    moved: HashSet<u32>,
    /// Settled URLs that have not told what they lead to of their place, and those elsewhere whose home has not been told.
    untold: HashSet<u32>,
    /// The referrers that are of other buckets.
    referrers: HashMap<u32, Arc<str>>,
}

/// One URL. What few of them have is kept elsewhere.
#[derive(Debug)]
struct Kept {
    text: Spot,
    key: UrlKey,
    /// Empty as long as it is not settled.
    edges: Spot,
    /// [`NONE`] for a seed, and for what a sitemap lists.
    referrer: u32,
    /// [`NONE`] when it never was pending.
    host: u32,
    depth: u32,
    hops: u16,
    stands: Stands,
}

/// The state of a URL: what is in flight is pending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stands {
    Open(NodeState),
    Settled(OutcomeKind),
}

impl Shelf {
    pub(super) fn give_back(&self, to: &mut Restore<'_>) -> Result<Counts> {
        for (number, name) in (0..).zip(&self.hosts) {
            to.host(HostId::at(number), name.clone())?;
        }
        to.make_room(self.urls.len());
        for (id, kept) in (0..).zip(self.urls.iter()) {
            let text = self.text(kept);
            let referrer_url = self.referrers.get(&id).map(|referrer| &**referrer);
            let url = KeptUrl { referrer_url, ..kept.given_back(id, &text) };
            match kept.stands {
                Stands::Settled(kind) => to.settled(url, kind, self.untold.contains(&id))?,
                Stands::Open(NodeState::Elsewhere) => to.elsewhere(url, self.untold.contains(&id))?,
                Stands::Open(_) => to.open(url, self.retries.get(&id).map(|(_, due)| *due))?,
            }
        }
        Ok(self.counts.clone())
    }

    /// Takes a change, with what the record says of a URL that is settled.
    pub(super) fn take(&mut self, change: Change, settled: Option<Facts>) -> Result<()> {
        match change {
            Change::Host { name, .. } => self.hosts.push(name),
            Change::Found(url) => {
                let text = self.bytes.put(url.text.as_bytes()).ok_or_else(too_much)?;
                self.urls.push(Kept::new(&url, text)?);
                self.referrers.extend(url.referrer_url.map(|referrer| (url.id, referrer)));
            }
            Change::Placed { id, depth, hops, state, host } => {
                let kept = self.kept_mut(id)?;
                (kept.depth, kept.hops) = (depth, narrow(hops)?);
                if state == NodeState::Settled {
                    self.untold.insert(id);
                } else {
                    kept.stands = Stands::Open(state);
                    kept.host = host.map_or(NONE, HostId::number);
                }
                if state == NodeState::Elsewhere {
                    self.untold.insert(id);
                }
            }
            Change::Told { id } => drop(self.untold.remove(&id)),
            Change::Moved { id, referrer, referrer_url, .. } => {
                let kept = self.kept_mut(id)?;
                kept.referrer = referrer.unwrap_or(NONE);
                if matches!(kept.stands, Stands::Settled(_)) {
                    self.moved.insert(id);
                }
                match referrer_url {
                    Some(referrer) => drop(self.referrers.insert(id, referrer)),
                    None => drop(self.referrers.remove(&id)),
                }
            }
            Change::Settled { id, kind, edges } => {
                let facts = settled.ok_or_else(|| Error::Internal(format!("URL {id} is settled without a record")))?;
                let edges = self.bytes.put(&edges::encode(&edges)).ok_or_else(too_much)?;
                let kept = self.kept_mut(id)?;
                (kept.stands, kept.edges) = (Stands::Settled(kind), edges);
                self.retries.remove(&id);
                self.counts.add(facts.status, facts.error, 1, facts.bytes.unwrap_or_default());
            }
            Change::Retry { id, attempts, due } => {
                self.retries.insert(id, (attempts, due));
                self.counts.retries += 1;
            }
            Change::Sent(_) | Change::Read { .. } => {}
            Change::Skipped { id, reason } => self.kept_mut(id)?.stands = Stands::Open(NodeState::Skipped(reason)),
        }
        Ok(())
    }

    pub(super) fn rows(&self, want: Want) -> Result<Rows> {
        let Want { bucket, purpose, ids } = want;
        let rows = ids.into_iter().map(|id| self.row(id, purpose == WantedFor::Edges)).collect::<Result<_>>()?;
        Ok(Rows { bucket, purpose, rows })
    }

    /// Whether no record is out of date.
    pub(super) fn is_true(&self) -> bool {
        self.moved.is_empty()
    }

    /// Takes it that no record is out of date any more.
    pub(super) fn correct(&mut self) {
        self.moved.clear();
    }

    /// What has moved since its record was written.
    pub(super) fn moved(&self, id: u32) -> Result<Option<Moved>> {
        if !self.moved.contains(&id) {
            return Ok(None);
        }
        let kept = self.kept(id)?;
        let place = Place { depth: kept.depth, referrer: self.referrer(id, kept)? };
        Ok(Some(Moved { url: self.text(kept), place }))
    }

    fn row(&self, id: u32, with_edges: bool) -> Result<Row> {
        let kept = self.kept(id)?;
        Ok(Row {
            id,
            text: self.text(kept),
            key: kept.key,
            attempts: self.retries.get(&id).map_or(0, |(attempts, _)| *attempts),
            referrer: self.referrer(id, kept)?,
            place: (kept.depth, kept.hops.into()),
            edges: if with_edges { edges::decode(self.bytes.get(kept.edges))? } else { Vec::<Edge>::new() },
        })
    }

    fn referrer(&self, id: u32, kept: &Kept) -> Result<Option<Arc<str>>> {
        if let Some(referrer) = self.referrers.get(&id) {
            return Ok(Some(Arc::clone(referrer)));
        }
        let referrer = some(kept.referrer).map(|referrer| self.kept(referrer));
        referrer.map(|referrer| referrer.map(|referrer| self.text(referrer))).transpose()
    }

    fn text(&self, kept: &Kept) -> Arc<str> {
        // Only whole texts are put in.
        String::from_utf8_lossy(self.bytes.get(kept.text)).into()
    }

    fn kept(&self, id: u32) -> Result<&Kept> {
        self.urls.at(id as usize).ok_or_else(|| unknown(id))
    }

    fn kept_mut(&mut self, id: u32) -> Result<&mut Kept> {
        self.urls.at_mut(id as usize).ok_or_else(|| unknown(id))
    }
}

impl Kept {
    fn new(url: &StoredUrl, text: Spot) -> Result<Self> {
        let StoredUrl { key, path, state, host, .. } = *url;
        Ok(Self {
            text,
            key,
            edges: Spot::EMPTY,
            referrer: path.referrer.unwrap_or(NONE),
            host: host.map_or(NONE, HostId::number),
            depth: path.depth,
            hops: narrow(path.hops)?,
            stands: Stands::Open(state),
        })
    }

    fn given_back<'a>(&self, id: u32, text: &'a str) -> KeptUrl<'a> {
        let path = Path { depth: self.depth, hops: self.hops.into(), referrer: some(self.referrer) };
        let state = match self.stands {
            Stands::Open(state) => state,
            Stands::Settled(_) => NodeState::Settled,
        };
        let host = some(self.host).map(HostId::at);
        KeptUrl { id, text, key: self.key, path, referrer_url: None, link_text: 0, state, host }
    }
}

fn some(number: u32) -> Option<u32> {
    (number != NONE).then_some(number)
}

fn narrow(hops: u32) -> Result<u16> {
    u16::try_from(hops).map_err(|_| Error::Internal(format!("{hops} redirects in a row are more than are counted")))
}

fn too_much() -> Error {
    Error::Internal("more texts than this store counts".to_owned())
}

fn unknown(id: u32) -> Error {
    Error::Internal(format!("the store keeps no URL {id}"))
}

/// No number of a host, and of a URL only the last of four billion, to which nothing can be found any more.
const NONE: u32 = u32::MAX;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_takes_48_bytes_beside_its_text_and_links() {
        assert_eq!(size_of::<Kept>(), 48);
    }
}
