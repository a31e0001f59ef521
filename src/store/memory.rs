//! The store in memory: for a crawl that nobody goes on with. It is gone with the process.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::arena::{Arena, Spot};
use super::note::{Note, Notes, Session};
use super::{Committed, Counts, Facts, Store, edges};
use crate::error::{Error, Result};
use crate::fetch::SavedCookies;
use crate::frontier::{
    Change, Edge, HostId, KeptUrl, Moved, NodeState, Path, Place, Restore, Row, Rows, Segments, StoredUrl, Want,
    WantedFor,
};
use crate::outcome::OutcomeKind;
use crate::politeness::SavedHost;
use crate::sink::Checkpoint;
use crate::url::{HostKey, UrlKey};
use crate::wall_clock::WallClock;

/// A [`Store`] in memory: a URL takes 48 bytes and those of its text, a link one or two.
///
/// Who keeps the object can go on with it, as with any other store: a commit has nothing left to do.
#[derive(Debug)]
pub struct Memory {
    clock: WallClock,
    urls: Segments<Kept>,
    /// The texts of all URLs, and what the settled ones lead to.
    bytes: Arena,
    hosts: Vec<HostKey>,
    /// How often those were tried that are to be tried again, and when they are.
    retries: HashMap<u32, (u32, Instant)>,
    /// In the order of their records.
    settled: Segments<u32>,
    counts: Counts,
    /// Settled URLs whose records are out of date.
    moved: HashSet<u32>,
    /// Settled URLs that have not told what they lead to of their place.
    untold: HashSet<u32>,
    notes: Notes,
    seeds: BTreeSet<Arc<str>>,
    known_hosts: HashMap<HostKey, Box<SavedHost>>,
    /// By their site.
    cookies: BTreeMap<String, SavedCookies>,
    /// Where in the notes each sitemap is.
    sitemaps: HashMap<Arc<str>, usize>,
    outputs: BTreeMap<String, Checkpoint>,
    /// Whether there is anything new since the last commit.
    is_new: bool,
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

impl Memory {
    /// An empty store.
    pub fn new(clock: WallClock) -> Self {
        Self {
            clock,
            urls: Segments::default(),
            bytes: Arena::default(),
            hosts: Vec::new(),
            retries: HashMap::new(),
            settled: Segments::default(),
            counts: Counts::default(),
            moved: HashSet::new(),
            untold: HashSet::new(),
            notes: Notes::default(),
            seeds: BTreeSet::new(),
            known_hosts: HashMap::new(),
            cookies: BTreeMap::new(),
            sitemaps: HashMap::new(),
            outputs: BTreeMap::new(),
            is_new: false,
        }
    }

    fn take(&mut self, change: Change, settled: Option<Facts>) -> Result<()> {
        match change {
            Change::Host { name, .. } => self.hosts.push(name),
            Change::Found(url) => {
                let text = self.bytes.put(url.text.as_bytes()).ok_or_else(too_much)?;
                self.urls.push(Kept::new(&url, text)?);
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
            }
            Change::Told { id } => drop(self.untold.remove(&id)),
            Change::Moved { id, referrer, .. } => {
                let kept = self.kept_mut(id)?;
                kept.referrer = referrer.unwrap_or(NONE);
                if matches!(kept.stands, Stands::Settled(_)) {
                    self.moved.insert(id);
                }
            }
            Change::Settled { id, kind, edges } => {
                let facts = settled.ok_or_else(|| Error::Internal(format!("URL {id} is settled without a record")))?;
                let edges = self.bytes.put(&edges::encode(&edges)).ok_or_else(too_much)?;
                let kept = self.kept_mut(id)?;
                (kept.stands, kept.edges) = (Stands::Settled(kind), edges);
                self.retries.remove(&id);
                self.settled.push(id);
                self.counts.add(facts.status, facts.error, 1, facts.bytes.unwrap_or_default());
            }
            Change::Retry { id, attempts, due } => {
                self.retries.insert(id, (attempts, due));
                self.counts.retries += 1;
            }
            Change::Skipped { id, reason } => self.kept_mut(id)?.stands = Stands::Open(NodeState::Skipped(reason)),
        }
        Ok(())
    }

    fn row(&self, id: u32, with_edges: bool) -> Result<Row> {
        let kept = self.kept(id)?;
        Ok(Row {
            id,
            text: self.text(kept),
            key: kept.key,
            attempts: self.retries.get(&id).map_or(0, |(attempts, _)| *attempts),
            referrer: self.referrer(kept)?,
            place: (kept.depth, kept.hops.into()),
            edges: if with_edges { edges::decode(self.bytes.get(kept.edges))? } else { Vec::<Edge>::new() },
        })
    }

    fn referrer(&self, kept: &Kept) -> Result<Option<Arc<str>>> {
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

    fn session(&mut self) -> Option<&mut Session> {
        self.notes.last.as_mut()
    }

    fn begin_run(&mut self, pid: u32, at: Instant) {
        let (now, records) = (self.clock.to_millis(at), self.settled.len() as u64);
        self.notes.started_at.get_or_insert(now);
        if let Some(before) = self.notes.last.take() {
            self.notes.elapsed += took(&before);
        }
        self.notes.last = Some(Session {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid,
            started_at: now,
            committed_at: now,
            records_before: records,
            records,
            ended: None,
        });
    }
}

impl Store for Memory {
    fn clock(&self) -> WallClock {
        self.clock
    }

    fn recall(&mut self) -> Result<Notes> {
        let mut notes = self.notes.clone();
        notes.seeds = self.seeds.iter().map(ToString::to_string).collect();
        notes.hosts = self.known_hosts.iter().map(|(host, saved)| (host.clone(), (**saved).clone())).collect();
        notes.cookies = self.cookies.values().cloned().collect();
        notes.outputs = self.outputs.clone().into_iter().collect();
        notes.elapsed += notes.last.as_ref().map_or(Duration::ZERO, took);
        Ok(notes)
    }

    fn restore(&mut self, to: &mut Restore<'_>) -> Result<Counts> {
        for (number, name) in (0..).zip(&self.hosts) {
            to.host(HostId::at(number), name.clone())?;
        }
        to.make_room(self.urls.len());
        for (id, kept) in (0..).zip(self.urls.iter()) {
            let text = self.text(kept);
            let url = kept.given_back(id, &text);
            match kept.stands {
                Stands::Settled(kind) => to.settled(url, kind, self.untold.contains(&id))?,
                Stands::Open(_) => to.open(url, self.retries.get(&id).map(|(_, due)| *due))?,
            }
        }
        Ok(self.counts.clone())
    }

    fn apply(&mut self, changes: Vec<Change>, settled: Option<Facts>) -> Result<()> {
        self.is_new |= !changes.is_empty();
        changes.into_iter().try_for_each(|change| self.take(change, settled))
    }

    fn keep(&mut self, note: Note) -> Result<()> {
        self.is_new = true;
        match note {
            Note::Seed(url) => drop(self.seeds.insert(url.to_shared())),
            Note::SeedRedirect { from, to } => self.notes.seed_redirects.push((from.to_string(), to.to_string())),
            Note::Settings(settings) => self.notes.settings = Some(settings),
            Note::Host(host, saved) => drop(self.known_hosts.insert(host, saved)),
            Note::Cookies(saved) => drop(self.cookies.insert(saved.site.clone(), saved)),
            Note::SeedName(saved) => {
                self.notes.seed_names.retain(|known| known.name != saved.name);
                self.notes.seed_names.push(saved);
            }
            Note::Sitemap(url, saved) => {
                let sitemaps = &mut self.notes.sitemaps;
                let at = *self.sitemaps.entry(url.to_shared()).or_insert(sitemaps.len());
                match sitemaps.get_mut(at) {
                    Some((_, known)) => *known = saved,
                    None => sitemaps.push((url.to_string(), saved)),
                }
            }
            Note::Unasked(unasked) => self.notes.unasked = unasked,
            Note::Traps(traps) => self.notes.traps = traps,
            Note::Rules(health) => self.notes.rules = Some(*health),
            Note::AskedAgain(records) => self.notes.asked_again = records,
            Note::Unread(unread) => self.notes.unread = *unread,
            Note::Output(name, checkpoint) => drop(self.outputs.insert(name, checkpoint)),
            Note::NoOutput(name) => drop(self.outputs.remove(&name)),
            Note::Corrected => self.moved.clear(),
            Note::RunBegins { pid, at } => self.begin_run(pid, at),
            Note::RunEnds { state, failed_seeds } => {
                self.notes.failed_seeds = failed_seeds;
                if let Some(session) = self.session() {
                    session.ended = Some(state);
                }
            }
        }
        Ok(())
    }

    fn ask(&mut self, want: Want) -> Result<Option<Rows>> {
        let Want { purpose, ids } = want;
        let rows = ids.into_iter().map(|id| self.row(id, purpose == WantedFor::Edges)).collect::<Result<_>>()?;
        Ok(Some(Rows { purpose, rows }))
    }

    fn moved(&mut self, after: u64) -> Result<Vec<(u64, Moved)>> {
        let (mut found, mut at) = (Vec::new(), usize::try_from(after).unwrap_or(usize::MAX));
        while let Some(id) = self.settled.at(at).filter(|_| !self.moved.is_empty() && found.len() < PAGE) {
            at += 1;
            if self.moved.contains(id) {
                let kept = self.kept(*id)?;
                let place = Place { depth: kept.depth, referrer: self.referrer(kept)? };
                found.push((at as u64, Moved { url: self.text(kept), place }));
            }
        }
        Ok(found)
    }

    fn commit(&mut self, now: Instant) -> Result<Committed> {
        let (now, records) = (self.clock.to_millis(now), self.settled.len() as u64);
        if let (true, Some(session)) = (std::mem::take(&mut self.is_new), self.session()) {
            (session.committed_at, session.records) = (now, records);
        }
        Ok(Committed::default())
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
        KeptUrl { id, text, key: self.key, path, link_text: 0, state, host }
    }
}

fn took(session: &Session) -> Duration {
    Duration::from_millis(session.committed_at.saturating_sub(session.started_at).max(0).unsigned_abs())
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
/// How many records that are out of date are told at a time.
const PAGE: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_takes_48_bytes_beside_its_text_and_links() {
        assert_eq!(size_of::<Kept>(), 48);
    }
}
