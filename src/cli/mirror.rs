//! `crawler mirror`: a crawl as a folder that a browser opens without a server.

use std::path::PathBuf;
use std::process::ExitCode;

use super::place::Place;
use crate::error::Result;
use crate::mirror::{self, Changes, Mirrored};
use crate::observe::{bytes, counted, printable};
use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct Mirror {
    #[command(flatten)]
    place: Place,
    /// The folder: a new one, an empty one, or a mirror, which is brought up to date
    #[arg(long, value_name = "SITE", value_hint = clap::ValueHint::DirPath)]
    to: PathBuf,
}

/// Makes a mirror, or brings one up to date.
pub(crate) fn mirror(asked: &Mirror) -> Result<ExitCode> {
    let mirrored = mirror::mirror(asked.place.path(), &asked.to)?;
    let missing = missing_parts(&mirrored);
    let Mirrored { pages, others, bytes: length, changes, missing_links, lost, left, front, .. } = mirrored;
    tell("not in the mirror", &lost);
    tell("left as an earlier mirror has it", &left);
    let [pages, others] = [counted(pages, "page", "pages"), counted(others, "other file", "other files")];
    let Changes { written, unchanged, deleted } = changes;
    let as_before = if left.is_empty() { String::new() } else { format!("{} left as before, ", left.len()) };
    super::voice::say(&format!(
        "wrote {}: {pages}, {others}, {} ({written} written, {unchanged} unchanged, {as_before}{deleted} deleted)",
        printable(&front.display().to_string()),
        bytes(length)
    ));
    if missing_links > 0 {
        super::voice::say(&format!("links to {} lead to the web", counted(missing_links, "other URL", "other URLs")));
    }
    for told in &missing {
        super::voice::say(told);
    }
    let without = (lost.len() + left.len()) as u64;
    if without > 0 {
        super::voice::say(&format!(
            "the mirror is not whole: {} of the crawl cannot be read in its archive",
            counted(without, "body", "bodies")
        ));
    }
    Ok(ExitCode::from(u8::from(without > 0)))
}

/// Says what pages are shown with and the mirror has not: why, and how it gets there if it can.
fn missing_parts(mirrored: &Mirrored) -> Vec<String> {
    let mut told = Vec::new();
    if mirrored.missing_parts > 0 {
        let parts = counted(mirrored.missing_parts, "part of pages that was", "parts of pages that were");
        let why = if mirrored.follows_parts {
            " (scope, robots.txt or a limit)"
        } else {
            "\n = help: crawl with --set 'parse.follow=[\"page\", \"embed\", \"style\"]'"
        };
        told.push(format!("loaded from the web: {parts} not asked for{why}"));
    }
    if mirrored.broken_parts > 0 {
        let parts = counted(mirrored.broken_parts, "part of pages that was", "parts of pages that were");
        told.push(format!("loaded from the web: {parts} answered with an error or not at all"));
    }
    told
}

/// Tells the first of them, and how many more there are.
fn tell(what: &str, all: &[String]) {
    for why in all.iter().take(MOST_TOLD) {
        super::voice::say(&format!("{what}: {}", printable(why)));
    }
    if all.len() > MOST_TOLD {
        super::voice::say(&format!("{what}: {} more", all.len() - MOST_TOLD));
    }
}

pub(crate) const EPILOGUE: &str = "\
Example:
  crawler https://example.com/ --warc --set 'parse.follow=[\"page\", \"embed\", \"style\"]'
  crawler mirror --to site && open site/index.html

Takes what the crawl has committed to its records and its archive. Links between what is there lead from \
file to file, all others to the web. Once more, it brings the folder up to date; until it is whole, \
SITE/index.html is not there.

Exit codes:
  0  the mirror is whole
  1  it could not be written, or the archive, or a body that it should have, cannot be read
  2  wrong usage, or there is no archive in DIR, or SITE holds other things";

/// More are counted.
const MOST_TOLD: usize = 10;
