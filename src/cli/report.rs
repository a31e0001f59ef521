//! `crawler report`: a crawl as one page for people.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::place::Place;
use crate::crawl_dir::is_own_file;
use crate::error::{Error, Result};
use crate::export::Target;
use crate::observe::{bytes, printable};
use crate::report::Report as Found;
use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct Report {
    #[command(flatten)]
    place: Place,
    /// Write it here, or to stdout with `-`
    #[arg(short, long, value_name = "FILE", default_value = "report.html", value_hint = clap::ValueHint::FilePath)]
    output: PathBuf,
    /// Compare it with the crawl in this directory
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    baseline: Option<PathBuf>,
    /// Replace the file also when it is no report
    #[arg(long)]
    force: bool,
}

/// Writes the report of a crawl.
pub(crate) fn report(asked: &Report) -> Result<ExitCode> {
    let is_stdout = asked.output == Path::new("-");
    if is_own_file(asked.place.path(), &asked.output) {
        let shown = printable(&asked.output.display().to_string());
        return Err(Error::Usage(format!("{shown} is a file of the crawl\n = help: -o takes another one")));
    }
    // What cannot be written is refused before all records are read.
    let target =
        if is_stdout { None } else { Some(Target::begin(&asked.output, asked.force || is_report(&asked.output))?) };
    let found = Found::of(asked.place.path(), asked.baseline.as_deref())?;
    let html = found.html()?;
    let Some(target) = target else {
        super::voice::print(&html)?;
        return Ok(ExitCode::SUCCESS);
    };
    target.file().write_all(html.as_bytes()).map_err(|error| Error::io("write", target.beside(), error))?;
    let shown = printable(&target.shown().display().to_string());
    let length = target.finish()?;
    super::voice::say(&format!("wrote {shown}: {}, {}", found.summary(), bytes(length)));
    Ok(ExitCode::SUCCESS)
}

/// Whether a file is a report, which a new one takes the place of.
fn is_report(path: &Path) -> bool {
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(1024).read_to_end(&mut start));
    read.is_ok() && String::from_utf8_lossy(&start).contains("<meta name=\"generator\" content=\"crawler report\">")
}

pub(crate) const EPILOGUE: &str = "\
One file of HTML that opens without a network and without a script: what was crawled, the accounts of \
all URLs, answers and response times, depth, hosts with the proof of their politeness, rules, what is \
broken, traps, the largest and slowest pages, sections and the links between them. With --baseline \
also what is otherwise than in another crawl. A crawl that still runs is shown as of its last commit.

Exit codes:
  0  done
  1  the records cannot be read, or the file cannot be written
  2  wrong usage, or no crawl in DIR";
