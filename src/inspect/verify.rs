//! Verify: whether the store of a crawl is sound, and says of each settled URL what its output says.

use std::collections::HashSet;
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::ErrorKind;
use std::path::Path;

use serde::Serialize;

use super::archive::{self, CheckedArchive};
use super::expected::{Expected, said_by_store};
use super::problems::{Problems, SHOWN};
use super::{look, shown};
use crate::committed::open_outputs;
use crate::crawl_dir::{holds_items, holds_records, holds_survey};
use crate::error::{Error, Result};
use crate::frontier::{Edge, NodeState};
use crate::sink::{Checkpoint, Lines, Written};
use crate::store::sqlite::{StoreReader, UrlRow};
use crate::url::{CrawlUrl, UrlKey};

/// What a check of a crawl has found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Verification {
    /// The version of this format.
    pub(crate) version: u32,
    /// Whether nothing is wrong.
    pub(crate) ok: bool,
    /// URLs that the crawl has discovered.
    pub(crate) urls: u64,
    /// URLs that are settled.
    pub(crate) records: u64,
    /// Links between them that depths are told along.
    pub(crate) links: u64,
    /// Hosts that something was wanted of.
    pub(crate) hosts: u64,
    /// Where the records went.
    pub(crate) outputs: Vec<CheckedOutput>,
    /// What was seen of the archive; absent when the crawl has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) archive: Option<CheckedArchive>,
    /// What is wrong, the first 20 of it. URLs in it come from sites: escape them before they reach a terminal.
    pub(crate) problems: Vec<String>,
    /// How many things are wrong in all.
    pub(crate) problem_count: u64,
}

/// An output, and what was seen of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct CheckedOutput {
    /// The file, or `stdout`.
    pub(crate) name: String,
    /// How many lines there are as far as the crawl has committed them; absent when it cannot be read again: stdout, a
    /// pipe, a device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) lines: Option<u64>,
}

/// Checks the store of a crawl directory against its output, while the crawl runs or after it: what lies behind the last
/// commit does not count then. Takes one pass over both, and at most 24 bytes of memory for each URL.
///
/// # Errors
/// There is no store, or it is not readable to its end. What is wrong otherwise is in the [`Verification`].
pub(crate) fn verify(dir: &Path) -> Result<Verification> {
    look(dir, |store| check(dir, store))
}

fn check(dir: &Path, store: &StoreReader) -> Result<Verification> {
    let mut problems = Problems::default();
    for fault in store.faults(SHOWN)? {
        problems.say(|| format!("the store is damaged: {}", fault.replace('\n', "; ")));
    }
    let (mut urls, mut outputs, mut links, mut archive) = (Urls::default(), Vec::new(), 0, None);
    // All else would follow from that.
    if problems.count == 0 {
        let opened = open_outputs(dir, store, holds_records)?;
        store.broken_rows(|what| problems.say(|| what))?;
        urls = Urls::read(store, &mut problems)?;
        links = urls.check_edges(store, &mut problems)?;
        check_others(dir, store, urls.ended, &mut problems)?;
        archive = archive::check(dir, store, urls.ended, &mut problems)?;
        for (name, lines) in opened {
            outputs.push(urls.check_output(shown(dir, &name), lines, &mut problems)?);
        }
    }
    let problem_count = problems.count;
    let verification = Verification {
        version: VERSION,
        ok: problem_count == 0,
        urls: urls.nodes.len() as u64,
        records: urls.settled,
        links,
        hosts: urls.hosts.len() as u64,
        outputs,
        archive,
        problems: problems.into_texts(store)?,
        problem_count,
    };
    Ok(verification)
}

/// Looks whether the files of items, and that of surveys, have what was committed to them, and no more when the last run has come to its end.
fn check_others(dir: &Path, store: &StoreReader, ended: bool, problems: &mut Problems) -> Result<()> {
    let is_other = |name: &str| holds_items(name) || holds_survey(name);
    for (name, checkpoint) in store.outputs()?.into_iter().filter(|(name, _)| is_other(name)) {
        let (path, committed) = (dir.join(&name), checkpoint.settled_length());
        match fs::metadata(&path) {
            Ok(found) if found.len() > committed && ended => {
                let more = found.len() - committed;
                problems
                    .say(|| format!("{} has {more} bytes behind what the crawl has written to it", shown(dir, &name)));
            }
            Ok(found) if found.len() >= committed => {
                if have_changed(&path, &checkpoint)? {
                    problems.say(|| changed(&shown(dir, &name)));
                }
            }
            Ok(found) => problems.say(|| {
                format!("{} has {} bytes of the {committed} that were written", shown(dir, &name), found.len())
            }),
            Err(error) if error.kind() == ErrorKind::NotFound && committed == 0 => {}
            Err(error) => problems.say(|| format!("{}: {error}", shown(dir, &name))),
        }
    }
    Ok(())
}

/// Whether a file has other bytes than were committed to it.
fn have_changed(path: &Path, checkpoint: &Checkpoint) -> Result<bool> {
    let Some(mut lines) = Written::open(path)?.map(|written| written.lines(checkpoint)).transpose()?.flatten() else {
        return Ok(false);
    };
    while lines.next_line()?.is_some() {}
    Ok(lines.have_changed())
}

/// What is known of all URLs, packed: 12 bytes for each, and 12 more with a record.
#[derive(Debug, Default)]
struct Urls {
    /// The depth of each, with [`SETTLED`] and [`UNTOLD`].
    nodes: Vec<u32>,
    /// Half of the key of each.
    keys: Vec<u64>,
    /// URLs whose referrer has a greater number.
    referred: Vec<(u32, u32)>,
    /// A print of each host's name.
    hosts: Vec<u64>,
    expected: Expected,
    settled: u64,
    /// Whether the last run has come to its end: then nothing may lie behind what it has committed.
    ended: bool,
    /// Whether records were lost and asked for again: what such a page has led to may be there before it.
    asked_again: bool,
    /// Whether letters wait: what they tell of lies less deep than is known.
    letters_wait: bool,
    bound: u64,
}

impl Urls {
    fn read(store: &StoreReader, problems: &mut Problems) -> Result<Self> {
        let last = store.last_session()?;
        let (records, bound) = (last.as_ref().map_or(0, |last| last.records), store.url_bound()?);
        let room = |count: u64| usize::try_from(count).unwrap_or(0);
        let mut urls = Self {
            expected: Expected::with_capacity(room(records.min(bound))),
            ended: last.is_some_and(|last| last.ended.is_some()),
            asked_again: store.asked_again()?.is_some(),
            letters_wait: store.overview().is_some_and(|overview| overview.letters > 0),
            bound,
            ..Self::default()
        };
        store.hosts(|id, name| {
            if id.cast_unsigned() != urls.hosts.len() as u64 {
                problems.say(|| format!("host {name} has the number {id}, which is not its turn"));
            }
            urls.hosts.push(hash(name));
        })?;
        store.entries(|entry| {
            if entry.id.cast_unsigned() != urls.nodes.len() as u64 {
                return Err(Error::Damaged(format!("there is no URL {}", urls.nodes.len())));
            }
            urls.take(&entry, problems);
            Ok(())
        })?;
        for (id, referrer) in std::mem::take(&mut urls.referred) {
            urls.check_referrer(id, referrer, problems);
        }
        for record in urls.expected.vacant() {
            problems.say(|| format!("no URL has the record {record}"));
        }
        if records != urls.settled {
            let settled = urls.settled;
            problems.say(|| format!("the crawl has counted {records} records, but {settled} URLs are settled"));
        }
        urls.check_keys(store, problems)?;
        Ok(urls)
    }

    fn take(&mut self, entry: &UrlRow<'_>, problems: &mut Problems) {
        let id = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        let named = || format!("URL {id} ({})", entry.url);
        let state = entry.state.map_or(NodeState::Pending, |(state, _)| state);
        if entry.state.is_none() {
            problems.say(|| format!("{} is in no state that there is", named()));
        }
        let is_settled = state == NodeState::Settled;
        let depth = entry.path.depth.min(DEPTH);
        let mark = |set: bool, mark: u32| if set { mark } else { 0 };
        self.nodes.push(depth | mark(is_settled, SETTLED) | mark(entry.untold, UNTOLD));
        match entry.key.first_chunk::<8>() {
            Some(half) if entry.key.len() == KEY => self.keys.push(u64::from_ne_bytes(*half)),
            _ => problems.say(|| format!("{} has a key of {} bytes", named(), entry.key.len())),
        }
        match entry.path.referrer {
            None if (depth, entry.path.hops) != (0, 0) => {
                problems.say(|| format!("{} lies at depth {depth} and was found nowhere", named()));
            }
            None => {}
            Some(referrer) if referrer > id => self.referred.push((id, referrer)),
            Some(referrer) => self.check_referrer(id, referrer, problems),
        }
        self.check_host(entry, state, problems);
        self.settled += u64::from(is_settled && !entry.is_recorded_elsewhere());
        self.check_record(entry, is_settled, problems);
    }

    fn check_referrer(&self, id: u32, referrer: u32, problems: &mut Problems) {
        let node = |id: u32| self.nodes.get(id as usize).copied();
        match (node(id), node(referrer)) {
            (_, None) => problems.say(|| format!("URL {id} was found on URL {referrer}, which is not there")),
            (_, Some(from)) if (from & SETTLED == 0 && !self.asked_again) || id == referrer => {
                problems.say(|| format!("URL {id} was found on URL {referrer}, which is not settled"));
            }
            (Some(to), Some(from)) if (to & DEPTH) < (from & DEPTH) => {
                let (to, from) = (to & DEPTH, from & DEPTH);
                problems
                    .say(|| format!("URL {id} lies at depth {to}, but was found on URL {referrer} at depth {from}"));
            }
            _ => {}
        }
    }

    fn check_host(&self, entry: &UrlRow<'_>, state: NodeState, problems: &mut Problems) {
        let named = || format!("URL {} ({})", entry.id, entry.url);
        let Some(host) = entry.host else {
            if !matches!(state, NodeState::Skipped(_)) {
                problems.say(|| format!("{} has no host", named()));
            }
            return;
        };
        let url = CrawlUrl::stored(entry.url.into(), UrlKey::of_bytes([0; KEY]));
        match self.hosts.get(host as usize) {
            None => problems.say(|| format!("{} is of host {host}, which is not there", named())),
            Some(known) if *known != hash(url.host()) => {
                problems.say(|| format!("{} is said to be of host {host}, which is another", named()));
            }
            Some(_) => {}
        }
    }

    fn check_record(&mut self, entry: &UrlRow<'_>, is_settled: bool, problems: &mut Problems) {
        let named = || format!("URL {} ({})", entry.id, entry.url);
        let record = match entry.record {
            None if entry.is_recorded_elsewhere() => return,
            None if is_settled => return problems.say(|| format!("{} is settled and has no record", named())),
            None => return,
            Some(record) if !is_settled => {
                return problems.say(|| format!("{} has the record {record} and is not settled", named()));
            }
            Some(record) => record,
        };
        let slot = record.checked_sub(1).filter(|_| record <= self.bound).and_then(|slot| usize::try_from(slot).ok());
        let Some(slot) = slot else {
            return problems.say(|| format!("{} has the record {record}, which there cannot be", named()));
        };
        let Some(line) = said_by_store(entry) else {
            let error = entry.error.unwrap_or_default();
            return problems.say(|| format!("{} has the error {error}, which is none", named()));
        };
        if !self.expected.put(slot, &line, entry.moved) {
            problems.say(|| format!("{} has the record {record}, as another URL has", named()));
        }
    }

    /// Keys are too many to compare whole: half of each, and whole only those whose halves are the same.
    fn check_keys(&mut self, store: &StoreReader, problems: &mut Problems) -> Result<()> {
        let mut keys = std::mem::take(&mut self.keys);
        keys.sort_unstable();
        let twice = |pair: &[u64]| match pair {
            [one, other] if one == other => Some(*one),
            _ => None,
        };
        let suspect: HashSet<u64> = keys.windows(2).filter_map(twice).collect();
        drop(keys);
        if suspect.is_empty() {
            return Ok(());
        }
        let mut seen = HashSet::new();
        store.entries(|entry| {
            let half = entry.key.first_chunk::<8>().map(|half| u64::from_ne_bytes(*half));
            if half.is_some_and(|half| suspect.contains(&half)) && !seen.insert(entry.key.to_vec()) {
                problems.say(|| format!("URL {} ({}) is known twice", entry.id, entry.url));
            }
            Ok(())
        })
    }

    /// Checks what settled pages lead to; how many links there are.
    fn check_edges(&self, store: &StoreReader, problems: &mut Problems) -> Result<u64> {
        let mut links = 0;
        store.all_edges(|id, edges| {
            let from = usize::try_from(id).ok().and_then(|id| self.nodes.get(id));
            let Some(from) = from.filter(|from| **from & SETTLED != 0) else {
                return problems.say(|| format!("URL {id} has links and is not settled"));
            };
            let Ok(edges) = edges else { return problems.say(|| format!("the links of URL {id} are not readable")) };
            links += edges.len() as u64;
            for Edge { to, redirect } in edges {
                let Some(node) = self.nodes.get(to as usize) else {
                    problems.say(|| format!("URL {id} links to URL {to}, which is not there"));
                    continue;
                };
                // A redirect may be one too many in a row, and then is no way.
                if !redirect && from & UNTOLD == 0 && !self.letters_wait && node & DEPTH > (from & DEPTH) + 1 {
                    let (depth, from) = (node & DEPTH, from & DEPTH);
                    problems
                        .say(|| format!("URL {to} lies at depth {depth}, but URL {id} at depth {from} links to it"));
                }
            }
        })?;
        Ok(links)
    }

    fn check_output(&self, name: String, lines: Option<Lines>, problems: &mut Problems) -> Result<CheckedOutput> {
        // A file that was given as a device has no committed length.
        let Some(mut lines) = lines.filter(|lines| lines.committed > 0 || self.settled == 0) else {
            return Ok(CheckedOutput { name, lines: None });
        };
        let committed = lines.committed;
        match lines.found {
            None if committed > 0 => {
                problems.say(|| format!("{name} is not there, but the crawl has written {committed} bytes to it"));
            }
            Some(found) if found < committed => {
                problems
                    .say(|| format!("{name} is {found} bytes long, but the crawl has written {committed} bytes to it"));
            }
            Some(found) if found > committed && self.ended => {
                let more = found - committed;
                problems.say(|| format!("{name} has {more} bytes behind what the crawl has written to it"));
            }
            _ => {}
        }
        let before = problems.count;
        let count = self.expected.compare(&name, &mut lines, problems)?;
        // Whatever has been told of a line would be told once more.
        if problems.count == before && lines.have_changed() {
            problems.say(|| changed(&name));
        }
        Ok(CheckedOutput { name, lines: Some(count) })
    }
}

/// Says of an output that it has other bytes than were written.
fn changed(name: &str) -> String {
    format!("{name} is as long as what the crawl has written to it, but has other bytes: its checksum is another")
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

const VERSION: u32 = 1;
/// How often an output may get another place while it is being opened.
const KEY: usize = 16;
const SETTLED: u32 = 1 << 31;
const UNTOLD: u32 = 1 << 30;
const DEPTH: u32 = UNTOLD - 1;
