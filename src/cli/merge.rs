//! `crawler merge`: the records of all nodes of a crawl as one file.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::error::Result;
use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct Merge {
    /// The crawl directories of all nodes of one crawl
    #[arg(value_name = "DIR", required = true, value_hint = clap::ValueHint::DirPath)]
    dirs: Vec<PathBuf>,
    /// Write to this file, or to stdout for `-`
    #[arg(long, short, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    output: PathBuf,
    /// What to merge: pages, or items:NAME
    #[arg(long, value_name = "WHAT", default_value = "pages")]
    what: String,
    /// Take what there is, and say what is missing
    #[arg(long)]
    partial: bool,
    /// Replace a file that is there
    #[arg(long)]
    force: bool,
}

/// Writes the lines of all nodes into one file.
#[cfg(feature = "postgres")]
pub(crate) fn merge(asked: &Merge) -> Result<ExitCode> {
    use super::voice::say;
    use crate::committed::Output;
    use crate::error::Error;
    use crate::export::{MergeRequest, What, merge};
    use crate::observe::{bytes, counted, printable};

    let Merge { dirs, output: to, what, partial, force } = asked;
    let wrong = |problem: &dyn std::fmt::Display| Error::Usage(format!("--what: {problem}"));
    let what = what.parse::<What>().map_err(|problem| wrong(&problem))?;
    let output = match &what {
        What::Pages => Output::Records,
        What::Items(name) => Output::Items(name),
        What::Links | What::Duplicates => return Err(wrong(&"only pages and items:NAME are merged")),
    };
    let merged = merge(&MergeRequest { dirs, to, output, partial: *partial, replaces: *force })?;
    for missing in &merged.missing {
        say(&format!("warning: missing: {}", printable(missing)));
    }
    let lines = counted(merged.lines, "line", "lines");
    let of = counted(merged.nodes as u64, "node", "nodes");
    if let Some(length) = merged.bytes {
        say(&format!("wrote {}: {lines} of {of}, {}", printable(&to.display().to_string()), bytes(length)));
    }
    Ok(ExitCode::SUCCESS)
}

/// Nobody can be asked how far the files go.
#[cfg(not(feature = "postgres"))]
pub(crate) fn merge(asked: &Merge) -> Result<ExitCode> {
    let Merge { dirs, output, what, partial, force } = asked;
    tracing::trace!(?dirs, ?output, what, partial, force);
    let problem = "nodes of one crawl share a database, and this crawler is built without the feature `postgres`";
    Err(crate::error::Error::Usage(format!("{problem}\n = help: build it with --features postgres")))
}

pub(crate) const EPILOGUE: &str = "\
Examples:
  crawler merge /mnt/a/crawl /mnt/b/crawl -o pages.jsonl
  crawler merge node-* -o products.csv --what items:products

Takes of each file what the database says is committed, node by node. Each record is there once: what \
would be missing, twice or not as it was written is refused. The file has its name when it is whole. \
Archives (WARC) are read beside each other, or concatenated: cat node-*/archive/*.warc.gz.

Exit codes:
  0  the file was written
  1  it could not be, or a file is not what the crawl has written
  2  wrong usage, or something is missing and --partial is not given";
