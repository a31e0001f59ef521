//! `crawler export`: what a crawl has written, as a file of another format.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::place::Place;
use crate::committed::LineSource;
use crate::duplicates::{self, Duplicates};
use crate::error::{Error, Result};
use crate::export::{self, Request, What};
use crate::observe::{bytes, counted, printable};
use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct Export {
    #[command(flatten)]
    place: Place,
    /// The file; its ending says what it is: .parquet .csv .sqlite .jsonl .jsonl.gz .jsonl.zst
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    to: PathBuf,
    /// What to export: pages, links, duplicates, or items:NAME
    #[arg(long, value_name = "WHAT", default_value = "pages")]
    what: String,
    /// Only these columns, in this order: url,title,error.kind
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    columns: Vec<String>,
    /// Only the rows for which this holds: 'outcome = "ok" and bytes > 1000'
    #[arg(long = "where", value_name = "EXPRESSION", allow_hyphen_values = true)]
    filter: Option<String>,
    /// Replace a file that is there
    #[arg(long)]
    force: bool,
}

/// Writes a file out of what a crawl has committed.
pub(crate) fn export(export: &Export) -> Result<ExitCode> {
    let what = export.what.parse::<What>().map_err(|problem| Error::Usage(format!("--what: {problem}")))?;
    let request = Request {
        dir: export.place.path().to_owned(),
        to: export.to.clone(),
        what,
        columns: export.columns.iter().map(|name| name.trim().to_owned()).collect(),
        filter: export.filter.clone(),
        replaces: export.force,
    };
    let exported = export::export(&request, duplicates)?;
    let (rows, to) = (counted(exported.rows, "row", "rows"), printable(&export.to.display().to_string()));
    super::voice::say(&format!("wrote {to}: {rows}, {}", bytes(exported.bytes)));
    Ok(ExitCode::SUCCESS)
}

/// The duplicates among the pages of a crawl, as `crawler duplicates` prints them.
fn duplicates(dir: &Path) -> Result<Box<dyn LineSource>> {
    Ok(Duplicates::find(dir, duplicates::MOST)?.into_lines())
}

pub(crate) const EPILOGUE: &str = "\
Examples:
  crawler export --to pages.parquet
  crawler export --to errors.csv --columns url,error --where 'outcome = \"failed\"'
  crawler export shop --to products.sqlite --what items:products
  crawler export --to links.csv --what links --where 'kind = \"link\"'
  crawler export text --to duplicates.parquet --what duplicates

Takes what the crawl has committed, while it runs or after it; the file has its name when it is whole. \
--where compares columns with =, !=, <, <=, > and >=, tests `is null` and `is not null`, and joins \
that with `and`, `or`, `not` and ( ). As in SQL, no comparison holds for what is not there.

Exit codes:
  0  the file was written
  1  it could not be, or a line of the crawl cannot be read
  2  wrong usage, or there is no crawl in DIR";
