//! A store in memory that several crawls of one process share, by the rules that nodes keep: for tests.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::Memory;
use crate::error::{Error, Result};
use crate::frontier::{Bucket, Change, Mail, Moved, Restore, Rows, Split, Want, WantedFor};
use crate::observe::State;
use crate::store::{
    BucketNotes, Committed, Counts, Facts, Loader, Member, MemberChange, News, Note, Notes, Share, Store,
};
use crate::url::UrlRules;
use crate::wall_clock::WallClock;

/// What all of them share. A node is lost when a test says so.
#[derive(Debug, Clone)]
pub(crate) struct World {
    split: Split,
    state: Arc<Mutex<Shared>>,
}

#[derive(Debug)]
struct Shared {
    memory: Memory,
    owners: BTreeMap<Bucket, usize>,
    nodes: Vec<Peer>,
    over: Option<State>,
    /// For how long a commit is good.
    ttl: Duration,
    commits: u64,
}

#[derive(Debug, Default)]
struct Peer {
    is_alive: bool,
    rests: bool,
    news: VecDeque<News>,
}

/// One node's way to it. What it is told comes to the others with a commit.
#[derive(Debug)]
pub(crate) struct Node {
    world: World,
    number: usize,
    batch: Vec<Told>,
    wants: Vec<Want>,
    /// Those of its buckets that are loaded.
    loaded: BTreeSet<Bucket>,
    /// Those that it is to give.
    surplus: BTreeSet<Bucket>,
    handed_out: BTreeSet<u64>,
    is_full: bool,
    rests: bool,
}

#[derive(Debug)]
enum Told {
    Changes(Bucket, Vec<Change>, Option<Facts>),
    Note(Note),
    Given(Bucket),
}

impl World {
    /// In so many buckets; a commit is good for so long.
    pub(crate) fn new(split: Split, ttl: Duration) -> Self {
        let memory = Memory::new(WallClock::new(Instant::now(), jiff::Timestamp::now()));
        let (owners, nodes) = (BTreeMap::new(), Vec::new());
        let state = Arc::new(Mutex::new(Shared { memory, owners, nodes, over: None, ttl, commits: 0 }));
        Self { split, state }
    }

    /// One more node.
    pub(crate) fn join(&self) -> Node {
        let mut state = self.lock();
        let number = state.nodes.len();
        state.tell_others(number, MemberChange::Joined);
        state.nodes.push(Peer { is_alive: true, ..Peer::default() });
        state.over = None;
        let (batch, wants, loaded, surplus) = (Vec::new(), Vec::new(), BTreeSet::new(), BTreeSet::new());
        Node {
            world: self.clone(),
            number,
            batch,
            wants,
            loaded,
            surplus,
            handed_out: BTreeSet::new(),
            is_full: false,
            rests: false,
        }
    }

    /// Declares a node lost.
    pub(crate) fn lose(&self, node: usize) {
        let mut state = self.lock();
        state.nodes[node].is_alive = false;
        state.owners.retain(|_, owner| *owner != node);
        state.tell_others(node, MemberChange::Lost);
    }

    /// How many buckets a node has.
    pub(crate) fn share_of(&self, node: usize) -> usize {
        self.lock().owners.values().filter(|owner| **owner == node).count()
    }

    /// The depth of each URL that is settled.
    pub(crate) fn depths(&self) -> BTreeMap<String, u32> {
        let mut state = self.lock();
        let settled: Vec<_> = state.memory.settled.iter().copied().collect();
        let rows = settled.iter().map(|(bucket, id)| {
            let want = Want { bucket: *bucket, purpose: WantedFor::Elsewhere, ids: vec![*id] };
            let row = state.memory.ask(want).unwrap().unwrap().rows.pop().unwrap();
            (row.text.to_string(), row.place.0)
        });
        let rows: Vec<_> = rows.collect();
        let all: BTreeMap<_, _> = rows.iter().cloned().collect();
        assert_eq!(all.len(), rows.len(), "a page was settled twice");
        all
    }

    /// For how long commits are good from now on.
    pub(crate) fn set_ttl(&self, ttl: Duration) {
        self.lock().ttl = ttl;
    }

    /// How many commits there were.
    pub(crate) fn commits(&self) -> u64 {
        self.lock().commits
    }

    /// The letters that wait.
    pub(crate) fn letters(&self) -> Vec<String> {
        let state = self.lock();
        let told = |letter: &crate::frontier::Letter| format!("{:?} {}", letter.kind, letter.target.text());
        state.memory.mail.values().map(told).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.state.lock().unwrap()
    }
}

impl Shared {
    fn tell_others(&mut self, node: usize, change: MemberChange) {
        let member = Member { node: node.to_string(), machine: "here".to_owned(), change };
        self.news_of(node, &News::Member(member));
    }

    fn news_of(&mut self, node: usize, news: &News) {
        let others = self.nodes.iter_mut().enumerate().filter(|(number, _)| *number != node);
        others.for_each(|(_, peer)| peer.news.push_back(news.clone()));
    }

    fn take(&mut self, from: usize, told: Told) -> Result<()> {
        match told {
            Told::Changes(bucket, changes, settled) => {
                let is_letter = |change: &Change| matches!(change, Change::Sent(_));
                let is_owner = self.owners.get(&bucket) == Some(&from);
                assert!(is_owner || changes.iter().all(is_letter), "rows of a bucket are written by its owner only");
                self.memory.apply(bucket, changes, settled)
            }
            Told::Given(bucket) => {
                assert_eq!(self.owners.remove(&bucket), Some(from));
                Ok(())
            }
            Told::Note(note) => {
                if let Note::SeedRedirect { from: seed, to } = &note {
                    self.news_of(from, &News::SeedRedirect { from: seed.to_string(), to: to.to_string() });
                }
                if let Note::RunEnds { .. } = &note {
                    self.nodes[from].is_alive = false;
                    self.owners.retain(|_, owner| *owner != from);
                    self.tell_others(from, MemberChange::Ended);
                }
                self.memory.keep(note)
            }
        }
    }

    /// How many buckets each node gets.
    fn share(&self, split: Split) -> usize {
        let alive = self.nodes.iter().filter(|node| node.is_alive).count();
        usize::from(split.buckets()).div_ceil(alive.max(1))
    }
}

impl Node {
    /// Takes what is free, and says what is too much.
    fn balance(&mut self, state: &mut Shared, news: &mut Vec<News>) {
        let share = state.share(self.world.split);
        let mine = state.owners.values().filter(|owner| **owner == self.number).count();
        let free = (0..self.world.split.buckets()).map(Bucket::at).filter(|bucket| !state.owners.contains_key(bucket));
        let took: Vec<_> = free.take(share.saturating_sub(mine)).collect();
        state.owners.extend(took.iter().map(|bucket| (*bucket, self.number)));
        if !took.is_empty() {
            news.push(News::Took(took));
        }
        let more = mine.saturating_sub(share).saturating_sub(self.surplus.len());
        let more: Vec<_> = self.loaded.difference(&self.surplus).copied().take(more).collect();
        if !more.is_empty() {
            self.surplus.extend(&more);
            news.push(News::Surplus(more));
        }
    }
}

impl Store for Node {
    fn clock(&self) -> WallClock {
        self.world.lock().memory.clock()
    }

    fn share(&self) -> Share {
        let alive = self.world.lock().nodes.iter().filter(|peer| peer.is_alive).count();
        Share { split: self.world.split, own: Vec::new(), others: alive.saturating_sub(1) }
    }

    fn recall(&mut self) -> Result<Notes> {
        let notes = self.world.lock().memory.recall()?;
        Ok(Notes { seeds: notes.seeds, seed_redirects: notes.seed_redirects, ..Notes::default() })
    }

    fn restore(&mut self, bucket: Bucket, to: &mut Restore<'_>) -> Result<Counts> {
        self.world.lock().memory.restore(bucket, to)
    }

    fn apply(&mut self, bucket: Bucket, changes: Vec<Change>, settled: Option<Facts>) -> Result<()> {
        self.batch.push(Told::Changes(bucket, changes, settled));
        Ok(())
    }

    fn keep(&mut self, note: Note) -> Result<()> {
        self.batch.push(Told::Note(note));
        Ok(())
    }

    fn ask(&mut self, want: Want) -> Result<Option<Rows>> {
        self.wants.push(want);
        Ok(None)
    }

    fn moved(&mut self, _: u64) -> Result<Vec<(u64, Moved)>> {
        Ok(Vec::new())
    }

    fn pulse(&self) -> Option<Duration> {
        Some(Duration::from_millis(2))
    }

    fn loader(&self) -> Result<Box<dyn Loader>> {
        Ok(Box::new(self.world.clone()))
    }

    fn loaded(&mut self, bucket: Bucket) -> Result<()> {
        assert!(self.loaded.insert(bucket));
        // Those that it did not come to read when it had it before.
        let mail = self.world.lock().memory.mail_to(bucket);
        self.handed_out.retain(|id| mail.iter().all(|mail| mail.id != *id));
        Ok(())
    }

    fn give(&mut self, bucket: Bucket) -> Result<()> {
        assert!(self.loaded.remove(&bucket) && self.surplus.remove(&bucket));
        self.batch.push(Told::Given(bucket));
        Ok(())
    }

    fn rest(&mut self, is_idle: bool) {
        self.rests = is_idle;
    }

    fn hold_mail(&mut self, is_full: bool) {
        self.is_full = is_full;
    }

    fn commit(&mut self, now: Instant) -> Result<Committed> {
        let world = self.world.clone();
        let mut state = world.lock();
        if !state.nodes[self.number].is_alive {
            return Err(Error::Fenced("a store for tests".to_owned()));
        }
        for told in std::mem::take(&mut self.batch) {
            state.take(self.number, told)?;
        }
        let answers = std::mem::take(&mut self.wants).into_iter().map(|want| state.memory.ask(want));
        let answers = answers.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect();
        let mut news: Vec<_> = state.nodes[self.number].news.drain(..).collect();
        let mut mail: Vec<Mail> = Vec::new();
        if state.nodes[self.number].is_alive {
            self.balance(&mut state, &mut news);
            let letters = self.loaded.iter().flat_map(|bucket| state.memory.mail_to(*bucket));
            let letters: Vec<_> = letters.filter(|_| !self.is_full).collect();
            mail.extend(letters.into_iter().filter(|mail| self.handed_out.insert(mail.id)));
            // What was told goes before.
            self.rests &= news.is_empty() && mail.is_empty();
            state.nodes[self.number].rests = self.rests;
            let all_rest = state.nodes.iter().all(|peer| !peer.is_alive || peer.rests && peer.news.is_empty());
            let all_here = state.owners.len() == usize::from(world.split.buckets());
            if all_rest && all_here && state.memory.mail.is_empty() && state.over.is_none() && news.is_empty() {
                state.over = Some(State::Complete);
                state.nodes.iter_mut().for_each(|peer| peer.news.push_back(News::Over(State::Complete)));
            }
        }
        state.commits += 1;
        Ok(Committed { answers, mail, news, valid_until: Some(now + state.ttl) })
    }
}

impl Loader for World {
    fn recall(&mut self, bucket: Bucket) -> Result<BucketNotes> {
        let notes = self.lock().memory.recall()?;
        let of_url = |url: &str| UrlRules::new(4096).parse(url).map(|url| self.split.of_url(&url));
        let hosts = notes.hosts.into_iter().filter(|(host, _)| self.split.of_name(host.name()) == bucket).collect();
        let sitemaps = notes.sitemaps.into_iter().filter(|(url, _)| of_url(url) == Ok(bucket)).collect();
        Ok(BucketNotes { hosts, sitemaps, ..BucketNotes::default() })
    }

    fn restore(&mut self, bucket: Bucket, to: &mut Restore<'_>) -> Result<Counts> {
        self.lock().memory.restore(bucket, to)
    }
}
