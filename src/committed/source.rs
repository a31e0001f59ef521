//! Source: the lines of one output of a crawl, as far as the crawl has committed them.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use super::{look_at_notes, open_outputs, settings, shown};
use crate::config::Config;
use crate::crawl_dir::{holds_records, holds_survey, items_name, records, survey};
use crate::error::{Error, Result};
use crate::sink::Lines;
use crate::store::file;
use crate::store::sqlite::StoreReader;

/// Lines, as far as they count.
pub(crate) trait LineSource {
    /// The next one, with or without its end.
    fn next_line(&mut self) -> Result<Option<&[u8]>>;

    /// What messages call it.
    fn shown(&self) -> String;
}

/// Which output of a crawl is read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Output<'a> {
    Records,
    /// The items of this name.
    Items(&'a str),
    /// What is kept of pages for those who check them.
    Survey,
}

/// The lines of an output, and the settings that they were written by.
pub(crate) struct Source {
    pub(crate) lines: Box<dyn LineSource>,
    /// Whether they are those of a table (RFC 4180), and not JSON.
    pub(crate) is_csv: bool,
    /// `None` of a crawl without a store: it has kept none.
    pub(crate) settings: Option<Config>,
}

impl Source {
    /// Opens an output of the crawl in a directory, while it runs or after it.
    ///
    /// # Errors
    /// There is no crawl, or nobody can read that output again.
    pub(crate) fn open(dir: &Path, output: Output<'_>) -> Result<Self> {
        if !file::is_there(dir)? && records(dir).is_file() {
            return Self::without_store(dir, output);
        }
        look_at_notes(dir, |store| Self::of_store(dir, store, output))
    }

    /// Whether the crawl in a directory keeps surveys.
    pub(crate) fn has_survey(dir: &Path) -> Result<bool> {
        if !file::is_there(dir)? {
            return Ok(survey(dir).is_file());
        }
        look_at_notes(dir, |store| Ok(store.outputs()?.iter().any(|(name, _)| holds_survey(name))))
    }

    fn of_store(dir: &Path, store: &StoreReader, output: Output<'_>) -> Result<Self> {
        let is_wanted = |name: &str| match output {
            Output::Records => holds_records(name),
            Output::Items(items) => Path::new(name).with_extension("") == Path::new(&items_name(items)),
            Output::Survey => holds_survey(name),
        };
        let opened = open_outputs(dir, store, is_wanted)?;
        let settings = settings(store)?;
        // What is open stays as it is: the crawl may go on.
        store.end()?;
        let names: Vec<_> = opened.iter().map(|(name, _)| shown(dir, name)).collect();
        // Each output of records holds all of them.
        let found = opened.into_iter().find_map(|(name, lines)| Some((name, lines?)));
        let Some((name, lines)) = found else { return Err(nothing(output, &names, &settings)) };
        let path = dir.join(&name);
        let is_csv = path.extension().is_some_and(|ending| ending == "csv");
        if lines.found.is_none() && lines.committed > 0 {
            return Err(Error::Damaged(format!(
                "{} is not there, but the crawl has written {} bytes to it\n = help: put it back; `crawler verify` says \
                 what else is wrong",
                path.display(),
                lines.committed
            )));
        }
        let lines = Committed { path, lines };
        Ok(Self { lines: Box::new(lines), is_csv, settings: Some(settings) })
    }

    /// The records of a crawl that keeps no store.
    fn without_store(dir: &Path, output: Output<'_>) -> Result<Self> {
        if let Output::Items(name) = output {
            let dir = dir.display();
            return Err(Error::Usage(format!(
                "the crawl in {dir} has no store, so nobody knows what items {name} have"
            )));
        }
        let path = if matches!(output, Output::Survey) { survey(dir) } else { records(dir) };
        let file = File::open(&path).map_err(|error| Error::io("open", &path, error))?;
        let from = BufReader::with_capacity(BUFFER, file);
        let lines = WholeLines { path, from, line: Vec::new() };
        Ok(Self { lines: Box::new(lines), is_csv: false, settings: None })
    }
}

/// Why no output is read.
fn nothing(output: Output<'_>, names: &[String], settings: &Config) -> Error {
    match output {
        Output::Records => Error::Usage(format!(
            "the records of this crawl went to {}: nobody can read them again\n = help: --output takes a file",
            names.join(" and ")
        )),
        Output::Survey => Error::Usage(
            "the crawl has kept nothing of its pages for those who check them\n = help: crawl with --check-links"
                .to_owned(),
        ),
        Output::Items(name) => {
            let mut known: Vec<_> = settings.items.iter().map(|items| items.name.as_str()).collect();
            known.dedup();
            let known =
                if known.is_empty() { "it has none".to_owned() } else { format!("allowed: {}", known.join(", ")) };
            Error::Usage(format!("the crawl has no items that are called `{name}`; {known}"))
        }
    }
}

/// The committed lines of an output.
struct Committed {
    path: PathBuf,
    lines: Lines,
}

impl LineSource for Committed {
    fn next_line(&mut self) -> Result<Option<&[u8]>> {
        self.lines.next_line()
    }

    fn shown(&self) -> String {
        self.path.display().to_string()
    }
}

/// The whole lines of a file of which nobody knows how far it counts.
struct WholeLines {
    path: PathBuf,
    from: BufReader<File>,
    line: Vec<u8>,
}

impl LineSource for WholeLines {
    fn next_line(&mut self) -> Result<Option<&[u8]>> {
        self.line.clear();
        match self.from.read_until(b'\n', &mut self.line) {
            Ok(_) => Ok(self.line.ends_with(b"\n").then_some(&self.line)),
            Err(error) => Err(Error::io("read", &self.path, error)),
        }
    }

    fn shown(&self) -> String {
        self.path.display().to_string()
    }
}

const BUFFER: usize = 256 << 10;
