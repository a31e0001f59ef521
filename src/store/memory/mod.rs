//! The store in memory: for a crawl that nobody goes on with. It is gone with the process.

#[cfg(test)]
pub(super) mod shared;
mod shelf;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use self::shelf::Shelf;
use super::note::{Note, Notes, Session};
use super::{Committed, Counts, Facts, Store};
use crate::error::Result;
use crate::fetch::SavedCookies;
use crate::frontier::{Bucket, Change, Letter, Mail, Moved, Restore, Rows, Segments, Want};
use crate::politeness::SavedHost;
use crate::sink::Checkpoint;
use crate::url::HostKey;
use crate::wall_clock::WallClock;

/// A [`Store`] in memory: a URL takes 48 bytes and those of its text, a link one or two.
///
/// Who keeps the object can go on with it, as with any other store: a commit has nothing left to do.
#[derive(Debug)]
pub struct Memory {
    clock: WallClock,
    shelves: BTreeMap<Bucket, Shelf>,
    /// Letters by their bucket and number.
    mail: BTreeMap<(Bucket, u64), Letter>,
    /// How many were ever sent.
    sent: u64,
    /// The buckets that were restored, each with the number of the next letter to be given out.
    given_out: BTreeMap<Bucket, u64>,
    /// In the order of their records.
    settled: Segments<(Bucket, u32)>,
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

impl Memory {
    /// An empty store.
    pub fn new(clock: WallClock) -> Self {
        Self {
            clock,
            shelves: BTreeMap::new(),
            mail: BTreeMap::new(),
            sent: 0,
            given_out: BTreeMap::new(),
            settled: Segments::default(),
            notes: Notes::default(),
            seeds: BTreeSet::new(),
            known_hosts: HashMap::new(),
            cookies: BTreeMap::new(),
            sitemaps: HashMap::new(),
            outputs: BTreeMap::new(),
            is_new: false,
        }
    }

    /// The letters that wait for a bucket.
    #[cfg(test)]
    pub(in crate::store) fn mail_to(&self, bucket: Bucket) -> Vec<Mail> {
        let waiting = self.mail.range((bucket, 0)..=(bucket, u64::MAX));
        waiting.map(|(&(_, id), letter)| Mail { id, letter: letter.clone() }).collect()
    }

    fn shelf(&mut self, bucket: Bucket) -> &mut Shelf {
        self.shelves.entry(bucket).or_default()
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

    fn restore(&mut self, bucket: Bucket, to: &mut Restore<'_>) -> Result<Counts> {
        self.given_out.insert(bucket, 0);
        self.shelf(bucket).give_back(to)
    }

    fn apply(&mut self, bucket: Bucket, changes: Vec<Change>, settled: Option<Facts>) -> Result<()> {
        self.is_new |= !changes.is_empty();
        let kept = self.shelves.entry(bucket).or_default();
        for change in changes {
            match change {
                Change::Sent(letter) => {
                    self.mail.insert((letter.to, self.sent), *letter);
                    self.sent += 1;
                }
                Change::Read { letter } => drop(self.mail.remove(&(bucket, letter))),
                change => {
                    if let Change::Settled { id, .. } = change {
                        self.settled.push((bucket, id));
                    }
                    kept.take(change, settled)?;
                }
            }
        }
        Ok(())
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
            Note::Corrected => self.shelves.values_mut().for_each(Shelf::correct),
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
        self.shelf(want.bucket).rows(want).map(Some)
    }

    fn moved(&mut self, after: u64) -> Result<Vec<(u64, Moved)>> {
        let (mut found, mut at) = (Vec::new(), usize::try_from(after).unwrap_or(usize::MAX));
        if self.shelves.values().all(Shelf::is_true) {
            return Ok(found);
        }
        while let Some((bucket, id)) = self.settled.at(at).filter(|_| found.len() < PAGE) {
            at += 1;
            if let Some(moved) = self.shelves.get(bucket).map(|shelf| shelf.moved(*id)).transpose()?.flatten() {
                found.push((at as u64, moved));
            }
        }
        Ok(found)
    }

    fn commit(&mut self, now: Instant) -> Result<Committed> {
        let (now, records) = (self.clock.to_millis(now), self.settled.len() as u64);
        if let (true, Some(session)) = (std::mem::take(&mut self.is_new), self.session()) {
            (session.committed_at, session.records) = (now, records);
        }
        let mut mail = Vec::new();
        for (bucket, next) in &mut self.given_out {
            let waiting = self.mail.range((*bucket, *next)..=(*bucket, u64::MAX));
            mail.extend(waiting.map(|(&(_, id), letter)| Mail { id, letter: letter.clone() }));
            *next = self.sent;
        }
        Ok(Committed { mail, ..Committed::default() })
    }
}

fn took(session: &Session) -> Duration {
    Duration::from_millis(session.committed_at.saturating_sub(session.started_at).max(0).unsigned_abs())
}

/// How many records that are out of date are told at a time.
const PAGE: usize = 1024;
