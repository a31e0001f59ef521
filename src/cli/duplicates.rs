//! `crawler duplicates`: a line of JSON for each page that says the same as another one.

use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::ExitCode;

use crate::duplicates::{self, Counts};
use crate::error::{Error, Result};
use crate::observe::counted;
use clap::Args;

use super::place::Place;

#[derive(Debug, Args)]
pub(crate) struct Duplicates {
    #[command(flatten)]
    place: Place,
    /// In how many of 64 bits the hashes of two pages that say nearly the same may differ
    #[arg(long, value_name = "BITS", default_value_t = duplicates::MOST, value_parser = clap::value_parser!(u32).range(..=i64::from(duplicates::MOST)))]
    distance: u32,
}

/// Prints the duplicates among the pages of a crawl.
pub(crate) fn duplicates(asked: &Duplicates) -> Result<ExitCode> {
    let found = duplicates::Duplicates::find(asked.place.path(), asked.distance)?;
    let to_stdout = |error| Error::io("write to", Path::new("stdout"), error);
    let mut stdout = BufWriter::new(std::io::stdout().lock());
    for duplicate in found.iter() {
        let text = serde_json::to_string(&duplicate).map_err(|error| Error::Internal(error.to_string()))?;
        writeln!(stdout, "{text}").map_err(to_stdout)?;
    }
    stdout.flush().map_err(to_stdout)?;
    super::voice::say(&summary(&found.counts()));
    Ok(ExitCode::SUCCESS)
}

fn summary(counts: &Counts) -> String {
    let Counts { pages, originals, equal, near } = *counts;
    let pages = counted(pages, "page", "pages");
    if equal + near == 0 {
        return format!("{pages} compared, no duplicates");
    }
    let all = counted(equal + near, "duplicate", "duplicates");
    let originals = counted(originals, "original", "originals");
    format!("{pages} compared, {all} of {originals}: {equal} equal, {near} nearly so")
}

pub(crate) const EPILOGUE: &str = "\
Needs a crawl with --text or --markdown. Pages are compared by their main text: equal ones by its \
hash, others by its SimHash, exactly, whatever their number. Of pages that say the same the one with \
the least depth is the original, then the first by its URL: the order of the crawl decides nothing. \
Each line has url, depth, original, equal and distance.

Exit codes:
  0  done, also when there are none
  1  the records cannot be read
  2  wrong usage, no crawl in DIR, or one without texts";
