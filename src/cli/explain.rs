//! `crawler explain`: the one state of a URL, and why it is in it.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use super::place::Place;
use crate::config::{bare_url, redact_url};
use crate::error::{Error, Result};
use crate::inspect::{self, Beginning, Explanation, Home, UrlState};
use crate::observe::{bytes, printable};
use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The URL
    url: String,
    #[command(flatten)]
    place: Place,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Says what a crawl knows of a URL. 1 when it has not found it.
pub(crate) fn explain(explain: &Explain) -> Result<ExitCode> {
    let dir = explain.place.path().display().to_string();
    expect_url(&explain.url, &dir)?;
    let known = inspect::explain(explain.place.path(), &explain.url)?;
    let url = redact_url(&explain.url);
    match &known {
        Some(known) if explain.json => super::voice::print_object(known)?,
        Some(known) => super::voice::print(&text(known))?,
        None if explain.json => {
            super::voice::print_object(&serde_json::json!({ "version": 1, "url": url, "state": "unknown" }))?;
        }
        None => {
            super::voice::print(&printable(&format!("{url} was not found by the crawl in {dir}")))?;
            super::voice::print("\n")?;
        }
    }
    Ok(ExitCode::from(u8::from(known.is_none())))
}

/// Refuses what is no URL, before anything is read for it: what names a host and no scheme, which the URL Standard may take for
/// a URL of the scheme `host:`, and a directory that stands where the URL belongs.
fn expect_url(text: &str, dir: &str) -> Result<()> {
    if text.contains("://") {
        return Ok(());
    }
    if dir.contains("://") || Path::new(text).is_dir() {
        let url = if dir.contains("://") { dir.to_owned() } else { bare_url(dir).unwrap_or_else(|| "URL".to_owned()) };
        let help = format!("crawler explain {} {text}", redact_url(&url));
        return Err(Error::Usage(format!("the URL comes first, and the directory behind it\n = help: {help}")));
    }
    match bare_url(text) {
        Some(url) => Err(Error::Usage(format!("`{text}` has no scheme\n = help: write {url}"))),
        None => Ok(()),
    }
}

fn text(known: &Explanation) -> String {
    let mut text = format!("{}\n", printable(&known.url));
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(text, "  {name:<12}{}", printable(value));
    };
    let state = match (known.state, known.outcome, known.reason) {
        (UrlState::Skipped, _, Some(reason)) => format!("skipped: {}", reason.name()),
        (UrlState::Settled, Some(outcome), _) => format!("settled: {}", outcome.name()),
        (UrlState::Pending, ..) => "pending".to_owned(),
        (UrlState::Skipped, ..) => "skipped".to_owned(),
        (UrlState::Settled, ..) => "settled".to_owned(),
    };
    line("state", &state);
    for (n, why) in known.why.iter().enumerate() {
        line(if n == 0 { "why" } else { "" }, why);
    }
    if let Some(status) = known.status {
        line("status", &status.to_string());
    }
    if let Some(error) = &known.error {
        line("error", error);
    }
    if let (Some(number), Some(output)) = (known.line, &known.output) {
        line("record", &format!("line {number} of {output}"));
    }
    if let Some(home) = &known.home {
        place(home, &mut line);
    }
    if let Some(read) = known.bytes {
        line("bytes", &bytes(read).to_string());
    }
    if known.attempts > 0 {
        line("attempts", &known.attempts.to_string());
    }
    if let Some(due) = &known.due {
        line("due", due);
    }
    line("depth", &known.depth.to_string());
    let begins = match known.origin {
        Beginning::Seed => "a seed",
        Beginning::Sitemap => "listed in a sitemap",
        Beginning::Further if known.found_on.is_empty() => "on a page of another bucket",
        Beginning::Further => "and so on",
    };
    if let Some(found_by) = known.found_by.as_ref().filter(|_| !known.found_on.is_empty()) {
        let link_text = known.link_text.as_ref().map(|text| format!(" \"{text}\"")).unwrap_or_default();
        line("found by", &format!("{found_by}{link_text}"));
    }
    for (n, page) in known.found_on.iter().enumerate() {
        let name = if n == 0 { "found on" } else { "" };
        let is_last = n + 1 == known.found_on.len();
        let end = if is_last { format!(", {begins}") } else { String::new() };
        line(name, &format!("{}  (depth {}{end})", page.url, page.depth));
    }
    if known.found_on.is_empty() {
        line("found", begins);
    }
    text
}

/// Where a URL is that nodes share.
fn place(home: &Home, line: &mut impl FnMut(&str, &str)) {
    if let Some(by) = &home.recorded_by {
        line("record", &format!("line {} in the output of the node {} (on {})", by.line, by.node, by.machine));
    }
    let owner = home.owner.as_ref().map_or("of no node".to_owned(), |owner| format!("of the node {owner}"));
    let row = home.row.map(|row| format!(", URL {row} there")).unwrap_or_default();
    line("bucket", &format!("{}, {owner}{row}", home.bucket));
}

pub(crate) const EPILOGUE: &str = "\
The URL is compared as the crawl does it: without its fragment, its percent-encoding normalised, and \
without the parameters of frontier.ignore_params. Rules are those of the last run.

Exit codes:
  0  the crawl knows the URL
  1  it has not found it, or the store cannot be read
  2  wrong usage, or there is no store in DIR";
