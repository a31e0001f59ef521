//! `crawler index` and `crawler wacz`: the archive of a crawl as other programs look at it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::place::Place;
use crate::error::Result;
use crate::export;
use crate::observe::{bytes, counted, printable};
use crate::versions::VERSIONS;
use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct Index {
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
pub(crate) struct Wacz {
    #[command(flatten)]
    place: Place,
    /// The file
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    to: PathBuf,
    /// What people call it [default: the URL of the first seed]
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// Replace a file that is there
    #[arg(long)]
    force: bool,
}

/// Writes the index of an archive.
pub(crate) fn index(index: &Index) -> Result<ExitCode> {
    let made = export::index(index.place.path())?;
    let path = printable(&made.path.display().to_string());
    let captures = counted(made.captures, "capture", "captures");
    let files = counted(made.files as u64, "file", "files");
    super::voice::say(&format!("wrote {path}: {captures} of {files}"));
    tell_unchanged(index.place.path(), made.unchanged);
    Ok(ExitCode::SUCCESS)
}

/// Packs an archive with its index and its pages.
pub(crate) fn wacz(wacz: &Wacz) -> Result<ExitCode> {
    let Wacz { place, to, title, force } = wacz;
    let request = export::Wacz { dir: place.path().to_owned(), to: to.clone(), title: title.clone(), replaces: *force };
    let packed = export::wacz(&request)?;
    let to = printable(&to.display().to_string());
    let [pages, captures] = [counted(packed.pages, "page", "pages"), counted(packed.captures, "capture", "captures")];
    super::voice::say(&format!("wrote {to}: {pages}, {captures}, {}", bytes(packed.bytes)));
    tell_unchanged(place.path(), packed.unchanged);
    Ok(ExitCode::SUCCESS)
}

/// Tells of the captures whose bodies are in other archives.
fn tell_unchanged(dir: &Path, unchanged: u64) {
    if unchanged > 0 {
        super::voice::say(&format!(
            "{} of pages that had not changed: their bodies are in the archives of the crawls before\n = help: read it \
             together with those in {}",
            counted(unchanged, "capture is", "captures are"),
            printable(&dir.join(VERSIONS).display().to_string())
        ));
    }
}

pub(crate) const INDEX_EPILOGUE: &str = "\
Writes DIR/archive/index.cdxj: a line for each capture, sorted by its bytes, as pywb and other programs \
read it. It is of what the crawl has committed, and replaces the index before.

Exit codes:
  0  the index was written
  1  it could not be, or the archive cannot be read
  2  there is no archive in DIR";

pub(crate) const WACZ_EPILOGUE: &str = "\
Example:
  crawler https://example.com/ --warc && crawler wacz --to example.wacz

A WACZ holds the archive, its index and a list of its pages, with their text when records have it \
(--text). ReplayWeb.page shows it in a browser, also from a server that knows nothing of it.

Exit codes:
  0  the file was written
  1  it could not be, or the archive cannot be read
  2  wrong usage, or there is no archive in DIR";
