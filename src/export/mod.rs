//! Export: what a crawl has written, as a file of another format, while it runs or after it. Nothing of the crawl is changed.
//!
//! Rows are pulled one at a time, from the lines that the crawl has committed to the file that takes them. Columns and their
//! types come from the types of records and from the rules: the same for a crawl of ten pages and of ten million.

mod archive;
mod column;
mod csv;
mod filter;
mod format;
mod from_csv;
mod from_rules;
mod from_schema;
mod jsonl;
mod kind;
#[cfg(feature = "postgres")]
mod merge;
#[cfg(feature = "parquet")]
mod parquet;
mod reader_call;
mod rows;
mod selection;
mod sqlite;
mod target;

pub(crate) use archive::{Wacz, index, wacz};
pub(crate) use kind::What;
#[cfg(feature = "postgres")]
pub(crate) use merge::{MergeRequest, merge};
pub(crate) use reader_call::Tool;
pub(crate) use target::Target;

use std::fs;
use std::path::{Path, PathBuf};

use self::format::Format;
use self::kind::Kind;
use self::rows::Rows;
use crate::committed::{LineSource, Source};
use crate::crawl_dir::is_own_file;
use crate::error::{Error, Result};

/// What is exported, and where to.
#[derive(Debug)]
pub(crate) struct Request {
    /// The crawl directory.
    pub(crate) dir: PathBuf,
    /// The file; its ending says what it is.
    pub(crate) to: PathBuf,
    pub(crate) what: What,
    /// The names of the columns, in their order. Empty: all.
    pub(crate) columns: Vec<String>,
    /// Which rows are taken. `None`: all.
    pub(crate) filter: Option<String>,
    /// Whether a file that is there is replaced.
    pub(crate) replaces: bool,
}

/// What was exported.
#[derive(Debug)]
pub(crate) struct Exported {
    pub(crate) rows: u64,
    /// The length of the file.
    pub(crate) bytes: u64,
}

/// Who finds the duplicates among the pages of the crawl in a directory, as lines: another reader does.
pub(crate) type Finder = fn(&Path) -> Result<Box<dyn LineSource>>;

/// Writes a file out of what a crawl has committed. It has its name when it is whole; what was there before stays until then.
///
/// # Errors
/// [`Error::Usage`] says what of the request is wrong. [`Error::Damaged`]: a line of the crawl is not what it should be.
pub(crate) fn export(request: &Request, duplicates: Finder) -> Result<Exported> {
    let format = Format::of(&request.to).map_err(|problem| Error::Usage(format!("--to: {problem}")))?;
    expect_built(format)?;
    let to = fs::canonicalize(&request.to).unwrap_or_else(|_| request.to.clone());
    if is_own_file(&request.dir, &to) {
        let to = request.to.display();
        return Err(Error::Usage(format!("--to: {to} is a file of the crawl\n = help: take another name")));
    }
    let (lines, kind) = opened(request, duplicates)?;
    let filter = request.filter.as_deref().map(|text| {
        let filter = filter::parse(text, &kind.columns);
        filter.map_err(|wrong| Error::Usage(format!("--where: {}", wrong.shown(text))))
    });
    let selects = !request.columns.is_empty();
    let columns = if selects {
        let selected = selection::select(&request.columns, &kind.columns);
        selected.map_err(|problem| Error::Usage(format!("--columns: {problem}")))?
    } else {
        kind.columns.clone()
    };
    let mut rows = Rows::new(lines, kind.shape, columns.clone(), filter.transpose()?);
    let target = Target::begin(&request.to, request.replaces)?;
    match format {
        Format::Jsonl(packing) => jsonl::write(&mut rows, selects.then_some(&columns[..]), packing, &target)?,
        Format::Csv => csv::write(&mut rows, &target)?,
        Format::Sqlite => {
            let table = sqlite::Table { name: kind.table, key: kind.key, texts: kind.texts };
            sqlite::write(&mut rows, &table, &target)?;
        }
        #[cfg(feature = "parquet")]
        Format::Parquet => parquet::write(&mut rows, &kind.table, &target)?,
        #[cfg(not(feature = "parquet"))]
        Format::Parquet => return Err(Error::Usage(NO_PARQUET.to_owned())),
    }
    let bytes = target.finish()?;
    Ok(Exported { rows: rows.given, bytes })
}

/// The lines that the rows are in, and what becomes of them.
fn opened(request: &Request, duplicates: Finder) -> Result<(Box<dyn LineSource>, Kind)> {
    let Some(output) = request.what.output() else {
        return Ok((duplicates(&request.dir)?, request.what.kind(None)?));
    };
    let source = Source::open(&request.dir, output)?;
    let mut kind = request.what.kind(source.settings.as_ref())?;
    if !source.is_csv {
        return Ok((source.lines, kind));
    }
    kind.columns = from_csv::columns(kind.columns);
    Ok((Box::new(from_csv::Objects::of(source.lines, &kind.columns)), kind))
}

/// Whether this build can write a format.
fn expect_built(format: Format) -> Result<()> {
    if format == Format::Parquet && !cfg!(feature = "parquet") {
        return Err(Error::Usage(NO_PARQUET.to_owned()));
    }
    Ok(())
}

/// What to do about a build without Parquet.
const NO_PARQUET: &str = "this build of crawler writes no Parquet\n = help: build it with --features parquet, or export \
    .jsonl.zst: DuckDB makes Parquet of that with COPY (FROM 'pages.jsonl.zst') TO 'pages.parquet'";
