//! Figures: what the page of a report shows, as texts, tables and drawings.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::drawing::{Columns, Ink, columns, graph, stacked_bar};
use super::pages::{Depth, Pages};
use super::response_times::ResponseTimes;
use super::sections::{Map, SectionCount};
use super::timeline::{Span, Timeline};
use crate::accounts::Settled;
use crate::error::Result;
use crate::inspect::{self, RunState, Status};
use crate::observe::{bytes, count, elapsed};

/// What is counted of one crawl.
#[derive(Debug)]
pub(super) struct Figures {
    pub(super) status: Status,
    pub(super) pages: Pages,
}

/// A text of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(super) struct Cell(pub(super) String);

/// One state that URLs are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Account {
    /// Its colour.
    class: &'static str,
    name: &'static str,
    count: u64,
}

/// How many milliseconds responses took at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Percentiles {
    half: u64,
    most: u64,
    nearly_all: u64,
}

/// How many URLs were answered in a second.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Rates {
    most: String,
    /// Of how many seconds that is the mean.
    within: String,
}

/// How many URLs there are of a depth, and how many hundredths of the most.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct DepthRow {
    depth: usize,
    ok: u64,
    other: u64,
    ok_width: u64,
    other_width: u64,
}

/// A section, and the links over its border.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct SectionRow {
    name: String,
    pages: u64,
    bad: u64,
    within: u64,
    into: u64,
    out: u64,
}

/// A figure of both crawls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Compared {
    name: &'static str,
    before: Cell,
    now: Cell,
    change: Cell,
}

impl Figures {
    /// Reads a crawl.
    pub(super) fn of(dir: &Path) -> Result<Self> {
        Ok(Self { status: inspect::status(dir, HOSTS_SHOWN)?, pages: Pages::of(dir)? })
    }
}

/// How the crawl has ended, if it has.
pub(super) fn state(state: RunState) -> &'static str {
    match state {
        RunState::Running => "still running",
        RunState::Interrupted => "interrupted",
        RunState::Complete => "complete",
        RunState::Limit => "ended by a limit",
        RunState::Stopped => "stopped",
    }
}

/// The states that URLs are in.
pub(super) fn accounts(status: &Status) -> Vec<Account> {
    let parts = parts(status);
    let account = |(ink, name, count): (Ink, &'static str, u64)| Account { class: ink.class(), name, count };
    parts.into_iter().map(account).filter(|of| of.count > 0).collect()
}

pub(super) fn account_bar(status: &Status) -> String {
    stacked_bar(&format!("{} URLs by their state", status.discovered), &parts(status))
}

fn parts(status: &Status) -> Vec<(Ink, &'static str, u64)> {
    let Settled { ok, redirect, http_error, failed, payment_required } = status.settled;
    vec![
        (Ink::Ok, "ok", ok),
        (Ink::Redirect, "redirect", redirect),
        (Ink::HttpError, "HTTP error", http_error),
        (Ink::Failed, "failed", failed),
        (Ink::Payment, "payment required", payment_required),
        (Ink::Skipped, "skipped", status.skipped.total()),
        (Ink::Pending, "pending", status.pending),
    ]
}

pub(super) fn timeline(timeline: &Timeline) -> String {
    let spans = timeline.spans();
    let column = |span: &Span| {
        let Settled { ok, redirect, http_error, failed, payment_required } = span.settled;
        let parts = [
            (Ink::Ok, ok),
            (Ink::Redirect, redirect),
            (Ink::HttpError, http_error),
            (Ink::Payment, payment_required),
            (Ink::Failed, failed),
        ];
        (parts.to_vec(), format!("{}: {} URLs", clock(span.start), span.settled.total()))
    };
    let below = [0, spans.len() / 2, spans.len().saturating_sub(1)];
    columns(&Columns {
        title: "URLs answered over time, by outcome".to_owned(),
        stacks: spans.iter().map(column).collect(),
        below: below.into_iter().filter_map(|at| Some((at, clock(spans.get(at)?.start)))).collect(),
        most: rates(timeline).map(|rates| format!("{} URLs/s", rates.most)).unwrap_or_default(),
    })
}

/// The highest rate that was kept over one span of the timeline.
pub(super) fn rates(timeline: &Timeline) -> Option<Rates> {
    let spans = timeline.spans();
    let most = spans.iter().map(|span| span.settled.total()).max()?;
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let rate = most as f64 * 1000.0 / timeline.span() as f64;
    let within = elapsed(Duration::from_millis(timeline.span().unsigned_abs()));
    Some(Rates { most: format!("{rate:.1}"), within })
}

pub(super) fn histogram(times: &ResponseTimes) -> String {
    let of = times.columns();
    let most = of.iter().map(|column| column.count).max().unwrap_or_default();
    columns(&Columns {
        title: "Responses by the time that they took".to_owned(),
        stacks: of
            .iter()
            .map(|column| {
                let says = format!("from {}: {} responses", millis(column.from), column.count);
                (vec![(Ink::Plain, column.count)], says)
            })
            .collect(),
        below: of.iter().enumerate().map(|(at, column)| (at, millis(column.from))).collect(),
        most: format!("{} responses", count(most)),
    })
}

pub(super) fn percentiles(times: &ResponseTimes) -> Option<Percentiles> {
    let at = |percent| times.percentile(percent);
    let found = at(50).zip(at(95)).zip(at(99));
    found.map(|((half, most), nearly_all)| Percentiles { half, most, nearly_all })
}

pub(super) fn depths(depths: &[Depth]) -> Vec<DepthRow> {
    let most = depths.iter().map(|depth| depth.ok + depth.other).max().unwrap_or_default().max(1);
    let row = |(depth, of): (usize, &Depth)| DepthRow {
        depth,
        ok: of.ok,
        other: of.other,
        ok_width: of.ok * 100 / most,
        other_width: of.other * 100 / most,
    };
    depths.iter().enumerate().map(row).collect()
}

pub(super) fn sections(map: &Map) -> Vec<SectionRow> {
    let label = labels(map);
    let row = |(at, section): (usize, &super::sections::Section)| {
        let sum = |is_counted: &dyn Fn(usize, usize) -> bool| {
            map.links.iter().filter(|(from, to, _)| is_counted(*from, *to)).map(|(_, _, count)| count).sum()
        };
        let SectionCount { pages, bad, .. } = section.count;
        SectionRow {
            name: label(&section.name),
            pages,
            bad,
            within: sum(&|from, to| from == at && to == at),
            into: sum(&|from, to| from != at && to == at),
            out: sum(&|from, to| from == at && to != at),
        }
    };
    map.sections.iter().enumerate().map(row).collect()
}

/// The picture of the sections; of one alone there is none.
pub(super) fn section_map(map: &Map) -> String {
    if map.sections.len() < 2 {
        return String::new();
    }
    graph(map, labels(map))
}

/// How sections are called: of one site by their paths, of several by hosts too.
fn labels(map: &Map) -> impl Fn(&str) -> String + use<> {
    let origin = |name: &str| {
        let host = name.find("://").map_or(0, |at| at + 3);
        let end = name.get(host..).and_then(|rest| rest.find('/')).map_or(name.len(), |at| host + at);
        name.get(..end).unwrap_or_default().to_owned()
    };
    let first = map.sections.first().map(|section| origin(&section.name)).unwrap_or_default();
    let is_one = map.sections.iter().all(|section| origin(&section.name) == first);
    move |name| {
        let short =
            if is_one { name.strip_prefix(first.as_str()) } else { name.split_once("://").map(|(_, rest)| rest) };
        short.filter(|short| !short.is_empty()).unwrap_or(name).to_owned()
    }
}

/// How a figure is called, and where it is.
type Counted = (&'static str, fn(&Figures) -> u64);

/// The figures of two crawls beside each other.
pub(super) fn compared(before: &Figures, now: &Figures) -> Vec<Compared> {
    let counts: [Counted; 9] = [
        ("URLs found", |of| of.status.discovered),
        ("pages", |of| of.status.settled.ok),
        ("redirects", |of| of.status.settled.redirect),
        ("HTTP errors", |of| of.status.settled.http_error),
        ("failed", |of| of.status.settled.failed),
        ("skipped", |of| of.status.skipped.total()),
        ("pending", |of| of.status.pending),
        ("hosts", |of| of.status.host_count),
        ("deepest", |of| of.pages.depths.len().saturating_sub(1) as u64),
    ];
    let row = |name, before: u64, now: u64, show: &dyn Fn(u64) -> String| {
        let change = match now.cmp(&before) {
            std::cmp::Ordering::Equal => "=".to_owned(),
            std::cmp::Ordering::Greater => format!("+{}", show(now - before)),
            std::cmp::Ordering::Less => format!("−{}", show(before - now)),
        };
        Compared { name, before: Cell(show(before)), now: Cell(show(now)), change: Cell(change) }
    };
    let mut rows: Vec<_> =
        counts.iter().map(|(name, of)| row(name, of(before), of(now), &|n| count(n).to_string())).collect();
    rows.push(row("bytes", before.status.bytes, now.status.bytes, &|n| bytes(n).to_string()));
    rows.push(row("time", before.status.elapsed_ms, now.status.elapsed_ms, &millis));
    for (name, percent) in [("response time, half", 50), ("response time, 95 %", 95)] {
        if let (Some(before), Some(now)) = (before.pages.times.percentile(percent), now.pages.times.percentile(percent))
        {
            rows.push(row(name, before, now, &millis));
        }
    }
    rows
}

/// A time in milliseconds as people write it.
pub(super) fn millis(millis: u64) -> String {
    if millis < 1000 { format!("{millis} ms") } else { elapsed(Duration::from_millis(millis)) }
}

/// A share as a percentage.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// An instant, in UTC.
fn clock(millis: i64) -> String {
    Timestamp::from_millisecond(millis).map(|at| at.strftime("%m-%d %H:%M:%S").to_string()).unwrap_or_default()
}

/// A picture of more is none.
pub(super) const SECTIONS_SHOWN: usize = 16;
const HOSTS_SHOWN: usize = 100;
