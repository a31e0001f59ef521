//! `crawler links`: what is wrong with the links of a crawl, and where they are.

use std::process::ExitCode;

use crate::checkup::{Asked, Links as Found};
use crate::error::{Error, Result};
use crate::observe::{count, counted};
use clap::Args;
use serde_json::json;

use super::findings::{About, Shown};
use super::place::Place;

#[derive(Debug, Args)]
pub(crate) struct Links {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    shown: Shown,
    /// Also list the links to what robots.txt, the scope or a limit kept from being asked for
    #[arg(long)]
    unchecked: bool,
    /// Exit with 4 when there is such a link; repeats
    #[arg(long, value_name = "WHAT", value_parser = ["broken-links", "redirect-loops", "missing-fragments",
        "mixed-content", "mixed-media", "redirect-chains", "permanent-redirects"])]
    fail_on: Vec<String>,
}

/// Says what is wrong with the links of a crawl. 4 when something is wrong on which it is to fail.
pub(crate) fn links(asked: &Links) -> Result<ExitCode> {
    let dir = asked.place.path();
    let found = Found::judge(dir, Asked { unchecked: asked.unchecked })?;
    let needs = |wanted: &&String| SURVEYED.contains(&wanted.as_str());
    if let Some(rule) = asked.fail_on.iter().find(needs).filter(|_| !found.is_surveyed) {
        return Err(unknown(rule));
    }
    let unchecked = found.unchecked.iter();
    let unchecked: Vec<_> =
        unchecked.map(|(reason, told, links)| json!({ "reason": reason, "told": told, "links": links })).collect();
    let about = json!({
        "version": 1,
        "surveyed": found.is_surveyed,
        "pages": found.pages,
        "links": found.mentions,
        "links_left_out": found.left_out,
        "unchecked": unchecked,
    });
    let about = About { name: "crawler links", dir, json: about.as_object().cloned().unwrap_or_default() };
    asked.shown.print(&found.findings, &about)?;
    tell(&found, asked.shown.is_text())?;
    let is_in = |id: &str| asked.fail_on.iter().any(|wanted| wanted == id);
    let fails = found.findings.counts()?.iter().any(|(rule, urls, _)| *urls > 0 && is_in(rule.id));
    Ok(ExitCode::from(if fails { FAILS } else { 0 }))
}

/// Says how much was looked at, and what was not.
fn tell(found: &Found, is_text: bool) -> Result<()> {
    let (pages, links) = (counted(found.pages, "page", "pages"), counted(found.mentions, "link", "links"));
    let wrong: u64 =
        found.findings.counts()?.iter().filter(|(rule, ..)| rule.id != "unchecked").map(|(_, urls, _)| urls).sum();
    let wrong = if wrong == 0 {
        "nothing is wrong with them".to_owned()
    } else {
        counted(wrong, "target is wrong", "targets are wrong")
    };
    super::voice::say(&format!("{links} on {pages}: {wrong}"));
    for (_, told, links) in found.unchecked.iter().filter(|_| is_text) {
        super::voice::say(&format!(
            "not asked for, so that nobody knows: {} ({told})",
            counted(*links, "link", "links")
        ));
    }
    if found.left_out > 0 {
        let left_out = count(found.left_out);
        super::voice::say(&format!(
            "{left_out} more links are on pages that have more than parse.max_links or parse.max_link_bytes let through"
        ));
    }
    if !found.is_surveyed {
        super::voice::say(" = help: crawl with --check-links for lines, columns, fragments and mixed content");
    }
    Ok(())
}

/// Nobody has looked: that would pass for a site without a fault.
pub(super) fn unknown(rule: &str) -> Error {
    let problem = format!("--fail-on {rule}: the crawl has kept nothing by which that is found");
    Error::Usage(format!(
        "{problem}\n = help: crawl with --check-links, in another directory (--dir) or as another crawl"
    ))
}

/// What is found in a survey alone.
const SURVEYED: [&str; 3] = ["missing-fragments", "mixed-content", "mixed-media"];
const FAILS: u8 = 4;

pub(crate) const EPILOGUE: &str = "\
Needs no network: it reads what a crawl has kept, while it runs or after it. A crawl with --check-links \
tells each place with line and column, and knows fragments and mixed content; without, pages only. \
Links to what robots.txt, the scope or a limit kept from being asked for are counted, and are neither \
wrong nor fine. A fragment is told once for each page.

Exit codes:
  0  done, whatever is wrong
  1  the crawl cannot be read
  2  wrong usage, no crawl in DIR, or one without links
  4  something is wrong that --fail-on names";
