//! Explain: the one state of a URL, and why it is in it.

use std::path::Path;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::Serialize;

use super::home::{Home, owner};
use super::last_run::{LastRun, RunRules, time};
use super::{body, look, outputs_of_records, shown, why};
use crate::committed::{leaves_over, saved_host};
use crate::config::redact_url;
use crate::error::{Error, Result};
use crate::frontier::NodeState;
use crate::mention::Mention;
use crate::observe::elapsed;
use crate::outcome::{OutcomeKind, SkipReason};
use crate::store::sqlite::{Spot, StoreReader, UrlRow};
use crate::url::{HostKey, UrlKey};
use crate::wall_clock::WallClock;

/// What a crawl knows of one URL. Texts in it come from sites: escape them before they reach a terminal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Explanation {
    /// The version of this format.
    pub(crate) version: u32,
    /// The URL as it was found first.
    pub(crate) url: String,
    /// Its state.
    pub(crate) state: UrlState,
    /// How the request ended, when it is settled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) outcome: Option<OutcomeKind>,
    /// Why it is not requested, when it is skipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<SkipReason>,
    /// The rule or the event behind its state, for a person.
    pub(crate) why: Vec<String>,
    /// The least number of links from where the crawl began.
    pub(crate) depth: u32,
    /// What names it on the page on which it was found, or where else it was found: an element, a header, a redirect, a
    /// sitemap. Absent for a seed, and where the store does not know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) found_by: Option<String>,
    /// What that says to a reader: the text of a link, in at most 80 characters. Absent where there is none, and where the
    /// store does not know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) link_text: Option<String>,
    /// The way to it, from the page on which it was found back to where the crawl began.
    pub(crate) found_on: Vec<FoundOn>,
    /// Where that way begins.
    pub(crate) origin: Beginning,
    /// How often it was requested.
    pub(crate) attempts: u32,
    /// When it is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) due: Option<String>,
    /// The HTTP status of its record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<u16>,
    /// The kind of error of its record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    /// The decoded length of the body of its record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bytes: Option<u64>,
    /// Which line of the output its record is, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<u64>,
    /// The output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) output: Option<String>,
    /// Where it is, when nodes share the crawl.
    #[serde(flatten)]
    pub(crate) home: Option<Home>,
}

/// The one state of a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum UrlState {
    /// It waits, or is being requested.
    Pending,
    /// It was requested, and has a record.
    Settled,
    /// It is known and not requested.
    Skipped,
}

/// A page on the way to a URL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct FoundOn {
    /// The page.
    pub(crate) url: String,
    /// The least number of links from where the crawl began.
    pub(crate) depth: u32,
}

/// Where a way begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Beginning {
    /// At a seed.
    Seed,
    /// At a URL that a sitemap lists.
    Sitemap,
    /// Further back than is told.
    Further,
}

/// A URL as the store has it.
#[derive(Debug)]
pub(super) struct KnownUrl {
    pub(super) url: String,
    pub(super) key: UrlKey,
    pub(super) state: (NodeState, Option<OutcomeKind>),
    pub(super) depth: u32,
    pub(super) hops: u32,
    referrer: Option<u32>,
    mention: Option<Mention>,
    link_text: Option<String>,
    pub(super) host: Option<u32>,
    pub(super) attempts: u32,
    pub(super) due: Option<i64>,
    record: Option<u64>,
    status: Option<u16>,
    error: Option<String>,
    bytes: Option<u64>,
    moved: bool,
    spot: Option<Spot>,
}

/// Says what a crawl knows of a URL, while it runs or after it; `None` when it has not found it. The URL is compared as
/// the crawl compares URLs: without its fragment, and by its canonical form. That takes one pass over all URLs.
///
/// # Errors
/// There is no store, it is not readable, or the text is no absolute URL.
pub(crate) fn explain(dir: &Path, url: &str) -> Result<Option<Explanation>> {
    look(dir, |store| explained(dir, store, url))
}

fn explained(dir: &Path, store: &StoreReader, text: &str) -> Result<Option<Explanation>> {
    store.begin()?;
    let (run, rules) = (LastRun::of(dir, store)?, RunRules::of(store)?);
    let key = match rules.urls.absolute(text) {
        Some(target) => target.key(),
        None => rules.urls.parse(text).map_err(|wrong| Error::Usage(redact_url(&wrong)))?.key(),
    };
    let Some(known) = store.find(key, KnownUrl::of)? else { return in_a_letter(store, key) };
    let known = known.ok_or_else(|| store.damaged(&format!("{text} is in no state that there is")))?;
    let clock = WallClock::new(Instant::now(), Timestamp::now());
    let (found_on, origin) = way(store, &known)?;
    let is_left_over = known.state.0 == NodeState::Pending && leaves_over(store, &rules.config)?;
    let (state, reason) = match known.state.0 {
        _ if is_left_over => (UrlState::Skipped, Some(SkipReason::Limit)),
        NodeState::Pending | NodeState::InFlight | NodeState::Elsewhere => (UrlState::Pending, None),
        NodeState::Settled => (UrlState::Settled, None),
        NodeState::Skipped(reason) => (UrlState::Skipped, Some(reason)),
    };
    let why = match (state, reason) {
        (_, Some(reason)) => vec![why::skipped(store, &known, reason, &rules)?],
        (UrlState::Pending, _) => pending(store, &known, &run, &rules, &clock)?,
        _ => settled(dir, store, &known)?,
    };
    let home = known.spot.and_then(|spot| Home::of(store, spot));
    let output = known.record.and(outputs_of_records(store)?.into_iter().next()).map(|(name, _)| shown(dir, &name));
    Ok(Some(Explanation {
        version: VERSION,
        url: known.url,
        state,
        outcome: known.state.1,
        reason,
        why,
        depth: known.depth,
        found_by: known.mention.map(|mention| mention.to_string()),
        link_text: known.link_text,
        found_on,
        origin,
        attempts: known.attempts,
        due: known.due.filter(|_| state == UrlState::Pending).map(time),
        status: known.status,
        error: known.error,
        bytes: known.bytes,
        line: known.record,
        output,
        home,
    }))
}

/// What is known of a URL that its bucket does not know yet: a letter tells of it.
fn in_a_letter(store: &StoreReader, key: UrlKey) -> Result<Option<Explanation>> {
    let Some((bucket, url, depth)) = store.letter(key)? else { return Ok(None) };
    let owner = owner(store, bucket);
    let whose = owner.as_ref().map_or("is of no node".to_owned(), |owner| format!("the node {owner} has"));
    let why = format!("a letter tells of it to the bucket {bucket}, which {whose}: it was not read yet");
    Ok(Some(Explanation {
        version: VERSION,
        url,
        state: UrlState::Pending,
        outcome: None,
        reason: None,
        why: vec![why],
        depth,
        found_by: None,
        link_text: None,
        found_on: Vec::new(),
        origin: Beginning::Further,
        attempts: 0,
        due: None,
        status: None,
        error: None,
        bytes: None,
        line: None,
        output: None,
        home: Some(Home { bucket, row: None, owner, recorded_by: None }),
    }))
}

impl KnownUrl {
    /// `None` when its state means nothing.
    fn of(entry: UrlRow<'_>) -> Option<Self> {
        Some(Self {
            url: entry.url.to_owned(),
            key: UrlKey::of_bytes(*entry.key.first_chunk()?),
            state: entry.state?,
            depth: entry.path.depth,
            hops: entry.path.hops,
            referrer: entry.path.referrer,
            mention: entry.mention,
            link_text: entry.link_text.map(str::to_owned),
            host: entry.host,
            attempts: entry.attempts,
            due: entry.due,
            record: entry.record,
            status: entry.status,
            error: entry.error.map(str::to_owned),
            bytes: entry.bytes,
            moved: entry.moved,
            spot: entry.spot,
        })
    }
}

/// The way back from a URL, as far as it is told.
fn way(store: &StoreReader, known: &KnownUrl) -> Result<(Vec<FoundOn>, Beginning)> {
    let (mut way, mut next) = (Vec::new(), known.referrer);
    while let Some(id) = next {
        if way.len() == LONGEST_WAY {
            return Ok((way, Beginning::Further));
        }
        let page = store
            .entry(id, |page| (FoundOn { url: page.url.to_owned(), depth: page.path.depth }, page.path.referrer))?;
        let (page, referrer) = page.ok_or_else(|| store.damaged(&format!("there is no URL {id}")))?;
        way.push(page);
        next = referrer;
    }
    let first = way.last().map_or(&known.url, |page| &page.url);
    let origin = if store.is_seed(first)? { Beginning::Seed } else { Beginning::Sitemap };
    Ok((way, origin))
}

/// What there is to say of a URL that has its record.
fn settled(dir: &Path, store: &StoreReader, known: &KnownUrl) -> Result<Vec<String>> {
    let mut why = Vec::new();
    if known.moved {
        why.push("its record has the depth of an earlier way, until the crawl ends".to_owned());
    }
    if let (Some(OutcomeKind::Ok), Some(line)) = (known.state.1, known.record) {
        why.extend(body::why_nothing(dir, store, line, known.bytes)?);
    }
    Ok(why)
}

/// What a URL waits for.
fn pending(
    store: &StoreReader,
    known: &KnownUrl,
    run: &LastRun,
    rules: &RunRules,
    clock: &WallClock,
) -> Result<Vec<String>> {
    let mut why = vec![why::waits(run).to_owned()];
    let left = |until: i64| clock.at_millis(until).saturating_duration_since(clock.instant());
    if let Some(due) = known.due.filter(|due| known.attempts > 0 && !left(*due).is_zero()) {
        let left = elapsed(left(due));
        why.push(format!("attempt {} has failed; the next one is due in {left}", known.attempts));
    }
    let Some(host) = known.host.map(|host| store.host_name(host)).transpose()?.flatten() else { return Ok(why) };
    let saved = saved_host(store, &host)?;
    for report in rules.reports(vec![(HostKey::stored(&host), saved)], clock) {
        if report.host.as_str() == host && report.delay.time > Duration::ZERO {
            why.push(why::held(&report));
        }
    }
    Ok(why)
}

const VERSION: u32 = 1;
/// How many pages of a way are told.
const LONGEST_WAY: usize = 20;
