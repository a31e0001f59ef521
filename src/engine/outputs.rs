//! The outputs of a crawl: where its records go, taken up where an earlier run has left them.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::fail_point::fail_point;
use crate::crawl_dir::{
    CrawlDir, OTHER_DIR, archive_files, holds_archive, holds_items, holds_records, holds_survey, is_default,
};
use crate::error::{Error, Result};
use crate::extract::Rules;
use crate::observe::{ArchiveSummary, Summary};
use crate::sink::{
    ARCHIVE, Archive, ArchiveNames, ArchiveSettings, Checkpoint, ItemFormat, ItemsFile, JsonlFile, JsonlStream, STDOUT,
    Sink, SurveyFile,
};
use crate::store::{Note, Notes, Store};

/// Where a crawl keeps what it makes.
pub(super) struct Opened {
    pub(super) dir: CrawlDir,
    pub(super) outputs: Vec<Output>,
    /// Where the records go, as the user has named it.
    pub(super) records: PathBuf,
}

/// One output, open.
pub(super) struct Output {
    pub(super) sink: Box<dyn Sink>,
    /// What the store calls it. `None` for a sink that the library was given: nobody goes on with it.
    pub(super) name: Option<String>,
    /// The checkpoint that the store has of it.
    pub(super) kept: Option<Checkpoint>,
}

/// The outputs that a crawl is to have, each with what the store knows of it.
#[derive(Debug)]
pub(super) struct Outputs {
    pub(super) list: Vec<OutputPlace>,
    /// Where what is sent and received goes as well.
    pub(super) archive: Option<ArchivePlace>,
    /// What the store calls those that a run has named and could not open: they are none of the crawl.
    void: Vec<String>,
}

/// The archive that a crawl is to have.
#[derive(Debug)]
pub(super) struct ArchivePlace {
    settings: ArchiveSettings,
    /// What its files are called when it begins now.
    names: ArchiveNames,
    /// Its files, and how far each was durable; none when the store does not know of it yet.
    files: Vec<(String, Checkpoint)>,
}

/// Where one of them is.
#[derive(Debug)]
pub(super) struct OutputPlace {
    /// As the user has named it.
    pub(super) path: PathBuf,
    /// What the store calls it.
    pub(super) name: String,
    /// What it holds.
    pub(super) holds: Holds,
    /// How far it was durable; `None` when the store does not know it yet.
    pub(super) checkpoint: Option<Checkpoint>,
}

/// What an output holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Holds {
    /// A line for each record.
    Records,
    /// The items of one name, with these fields.
    Items { name: String, fields: Vec<String>, format: ItemFormat },
    /// What is kept of pages for those who check them.
    Survey,
}

impl Outputs {
    /// The outputs of records at these paths, and those of items. None is opened.
    ///
    /// # Errors
    /// [`Error::Usage`] when two of them are one.
    pub(super) fn new(
        dir: &CrawlDir,
        records: impl IntoIterator<Item = PathBuf>,
        items: &Rules,
        format: ItemFormat,
    ) -> Result<Self> {
        let records = records.into_iter().map(|path| (path, Holds::Records));
        let items = items.items().map(|(name, fields)| {
            (dir.items(name, format), Holds::Items { name: name.to_owned(), fields: fields.to_vec(), format })
        });
        let mut list: Vec<OutputPlace> = Vec::new();
        for (path, holds) in records.chain(items) {
            let name = dir.output_name(&path)?;
            if holds == Holds::Records && !holds_records(&name) {
                let (path, what) = (path.display(), others(&name));
                return Err(Error::Usage(format!("the output {path} is where {what} go; --output takes another")));
            }
            if list.iter().any(|place| place.name == name) {
                return Err(Error::Usage(format!("the output {} is given twice", path.display())));
            }
            list.push(OutputPlace { path, name, holds, checkpoint: None });
        }
        Ok(Self { list, archive: None, void: Vec::new() })
    }

    /// The same outputs, and an archive.
    pub(super) fn with_archive(self, archive: Option<ArchivePlace>) -> Self {
        Self { archive, ..self }
    }

    /// The same outputs, and what is kept of pages for those who check them.
    pub(super) fn with_survey(mut self, dir: &CrawlDir) -> Result<Self> {
        let path = dir.survey();
        let name = dir.output_name(&path)?;
        self.list.push(OutputPlace { path, name, holds: Holds::Survey, checkpoint: None });
        Ok(self)
    }

    /// Learns how far each is.
    ///
    /// # Errors
    /// [`Error::Usage`] when the crawl has had other outputs; nothing is changed then.
    pub(super) fn recall(&mut self, dir: &CrawlDir, notes: &Notes) -> Result<()> {
        if notes.outputs.is_empty() {
            return Ok(());
        }
        let (files, known): (Vec<_>, Vec<_>) = notes.outputs.iter().cloned().partition(|(name, _)| holds_archive(name));
        let known = &known;
        // The run that has named them has not begun: no record is in them, and this one is free to have others.
        if notes.last.is_none() && !self.are(known, !files.is_empty()) {
            self.void = notes.outputs.iter().map(|(name, _)| name.clone()).collect();
            return Ok(());
        }
        match (&mut self.archive, files.is_empty()) {
            (Some(archive), false) => archive.files = files,
            (None, true) => {}
            (archive, _) => return Err(Error::Usage(other_archive(dir, archive.is_some()))),
        }
        for place in &mut self.list {
            place.checkpoint = known.iter().find(|(name, _)| *name == place.name).map(|(_, known)| known.clone());
        }
        if known.len() != self.list.len() || self.list.iter().any(|place| place.checkpoint.is_none()) {
            let is_survey_known = known.iter().any(|(name, _)| holds_survey(name));
            if is_survey_known != self.list.iter().any(|place| place.holds == Holds::Survey) {
                return Err(Error::Usage(other_survey(dir, !is_survey_known)));
            }
            if let Some(message) = other_items(dir, known, &self.list) {
                return Err(Error::Usage(message));
            }
            let (dir, again) = (dir.path().display(), again(known));
            let known = shown(known.iter().map(|(name, _)| name));
            let named = shown(self.list.iter().map(|place| &place.name));
            return Err(Error::Usage(format!(
                "the records of the crawl in {dir} go to {known}, not to {named}\n = help: {again} to go on, or \
                 {OTHER_DIR}"
            )));
        }
        self.list.iter().try_for_each(OutputPlace::expect_writable)
    }

    /// Whether these are what a store knows, with or without an archive.
    fn are(&self, known: &[(String, Checkpoint)], with_archive: bool) -> bool {
        let is_known = |place: &OutputPlace| known.iter().any(|(name, _)| *name == place.name);
        self.archive.is_some() == with_archive && known.len() == self.list.len() && self.list.iter().all(is_known)
    }

    /// Opens each where it was committed. From here on it is known to the store.
    pub(super) fn open(self, dir: &CrawlDir, store: &mut dyn Store) -> Result<Vec<Output>> {
        let mut archive = self.archive;
        if self.list.iter().any(|place| place.checkpoint.is_none()) {
            self.list.iter().try_for_each(|place| place.check(dir))?;
            for name in self.void {
                store.keep(Note::NoOutput(name))?;
            }
            for (name, checkpoint) in archive.iter_mut().flat_map(ArchivePlace::begin) {
                store.keep(Note::Output(name.clone(), checkpoint.clone()))?;
            }
            for place in &self.list {
                store.keep(Note::Output(place.name.clone(), Checkpoint::length(0)))?;
            }
            // Before the output is there: a file without a store would be refused.
            store.commit(Instant::now())?;
            fail_point("output-named");
        }
        let mut outputs = Vec::new();
        let mut is_amended = false;
        for OutputPlace { path, name, holds, checkpoint } in self.list {
            let checkpoint = checkpoint.unwrap_or(Checkpoint::length(0));
            // Before anything else is kept: an output that is not as it was left changes nothing.
            let sink = open(&path, &holds, &checkpoint)?;
            is_amended |= matches!(checkpoint, Checkpoint::Length { amended: Some(_), .. });
            outputs.push(Output { sink, name: Some(name), kept: None });
        }
        outputs.extend(archive.map(|archive| archive.open(dir)).transpose()?);
        fail_point("output-opened");
        if is_amended {
            // They were prepared together, and all have taken their places now.
            store.keep(Note::Corrected)?;
        }
        Ok(outputs)
    }

    /// Opens each anew, without a store.
    pub(super) fn create(self, dir: &CrawlDir) -> Result<Vec<Output>> {
        self.list.iter().try_for_each(|place| place.check(dir))?;
        let open = |place: OutputPlace| {
            let sink = open(&place.path, &place.holds, &Checkpoint::length(0))?;
            Ok(Output { sink, name: Some(place.name), kept: None })
        };
        let mut outputs = self.list.into_iter().map(open).collect::<Result<Vec<_>>>()?;
        if let Some(mut archive) = self.archive {
            archive.begin();
            outputs.push(archive.open(dir)?);
        }
        Ok(outputs)
    }
}

impl ArchivePlace {
    /// An archive of these settings, whose files are called so when it begins now.
    pub(super) fn new(settings: ArchiveSettings, names: ArchiveNames) -> Self {
        Self { settings, names, files: Vec::new() }
    }

    /// Begins it, unless it has begun: what the store has to know of it.
    fn begin(&mut self) -> &[(String, Checkpoint)] {
        if self.files.is_empty() {
            self.files.push((Archive::first_output(&self.names), Checkpoint::length(0)));
        }
        &self.files
    }

    /// Opens it where it was committed. Each of its files is an output to the store, and it is none itself.
    fn open(self, dir: &CrawlDir) -> Result<Output> {
        Ok(Output::unnamed(Box::new(Archive::resume(dir.path(), &self.files, &self.settings)?)))
    }
}

impl OutputPlace {
    /// Checks whether it may be begun there.
    fn check(&self, dir: &CrawlDir) -> Result<()> {
        if self.holds == Holds::Records {
            CrawlDir::check_ending(&self.path)?;
        }
        dir.check_output(&self.path)
    }

    /// Whether it can be written to, if it is there: before millions of URLs are read back. What is a pipe is not opened twice.
    fn expect_writable(&self) -> Result<()> {
        match self.path.metadata() {
            Ok(found) if self.name != STDOUT && (found.is_file() || found.is_dir()) => {
                let opened = File::options().append(true).open(&self.path);
                opened.map(drop).map_err(|error| Error::io("open", &self.path, error))
            }
            _ => Ok(()),
        }
    }
}

impl Output {
    /// An output that no later run goes on with.
    pub(super) fn unnamed(sink: Box<dyn Sink>) -> Self {
        Self { sink, name: None, kept: None }
    }
}

/// Writes the summary into the directory.
pub(super) fn close(dir: &CrawlDir, output: &Path, summary: &mut Summary) -> Result<()> {
    close_as(dir, (output, dir.path()), summary)
}

/// The same, of outputs and a directory that are going to be named otherwise.
pub(super) fn close_as(dir: &CrawlDir, (output, named): (&Path, &Path), summary: &mut Summary) -> Result<()> {
    let shown = if output == Path::new(STDOUT) { "stdout".to_owned() } else { output.display().to_string() };
    summary.output = Some(shown);
    summary.archive = archive_of(dir, named);
    dir.write_summary(summary)
}

/// What the archive in a crawl directory has come to.
fn archive_of(dir: &CrawlDir, named: &Path) -> Option<ArchiveSummary> {
    let lengths: Vec<_> = archive_files(dir.path())
        .iter()
        .filter(|path| path.extension().is_some_and(|ending| ending == "gz"))
        .filter_map(|path| Some(path.metadata().ok()?.len()))
        .collect();
    let folder = named.join(ARCHIVE).display().to_string();
    (!lengths.is_empty()).then(|| ArchiveSummary::new(folder, lengths.len() as u64, lengths.iter().sum()))
}

/// Opens an output: a file where it was committed, or stdout.
fn open(path: &Path, holds: &Holds, checkpoint: &Checkpoint) -> Result<Box<dyn Sink>> {
    if let Holds::Items { name, fields, format } = holds {
        return Ok(Box::new(ItemsFile::resume(path, checkpoint, name, fields, *format)?));
    }
    if *holds == Holds::Survey {
        return Ok(Box::new(SurveyFile::resume(path, checkpoint)?));
    }
    if path == Path::new(STDOUT) {
        return Ok(Box::new(JsonlStream::stdout()));
    }
    Ok(Box::new(JsonlFile::resume(path, checkpoint)?))
}

/// What to say when the crawl has an archive and is not to have one, or the other way round.
fn other_archive(dir: &CrawlDir, is_wanted: bool) -> String {
    let dir = dir.path().display();
    let (has, again) = if is_wanted {
        ("has no archive, and what is settled would be missing in it", "leave --warc out")
    } else {
        ("has an archive, and what is settled now would be missing in it", "give --warc again")
    };
    format!("the crawl in {dir} {has}\n = help: {again} to go on, or {OTHER_DIR}")
}

/// What to say when a crawl surveys its pages and is not to, or the other way round.
fn other_survey(dir: &CrawlDir, is_wanted: bool) -> String {
    let dir = dir.path().display();
    let (has, again) = if is_wanted {
        ("has kept nothing for `crawler links` so far (survey.jsonl)", "leave --check-links and the like out")
    } else {
        (
            "keeps its pages for `crawler links` (survey.jsonl), and what is settled now would be missing there",
            "give --check-links again",
        )
    };
    format!("the crawl in {dir} {has}\n = help: {again} to go on, or {OTHER_DIR}")
}

/// What goes where an output of records may not be.
fn others(name: &str) -> &'static str {
    if holds_items(name) {
        "items"
    } else if holds_survey(name) {
        "surveys"
    } else {
        "archives"
    }
}

/// What to say when the crawl has other items than the store knows, and the same records.
fn other_items(dir: &CrawlDir, known: &[(String, Checkpoint)], list: &[OutputPlace]) -> Option<String> {
    let known = known.iter().map(|(name, _)| name);
    let now = list.iter().map(|place| &place.name);
    let records = |names: &mut dyn Iterator<Item = &String>| {
        let mut records: Vec<_> = names.filter(|name| !holds_items(name)).cloned().collect();
        records.sort_unstable();
        records
    };
    if records(&mut known.clone()) != records(&mut now.clone()) {
        return None;
    }
    let or_none = |names: String| if names.is_empty() { "nowhere".to_owned() } else { names };
    Some(format!(
        "the items of the crawl in {} go to {}, and by these rules to {}: those of the pages that are settled would be \
         missing\n = help: set the rules back to go on, or {OTHER_DIR}",
        dir.path().display(),
        or_none(shown(known.filter(|name| holds_items(name)))),
        or_none(shown(now.filter(|name| holds_items(name))))
    ))
}

/// What to do about `--output` to have the records where they go already.
fn again(known: &[(String, Checkpoint)]) -> String {
    let records = known.iter().map(|(name, _)| name).filter(|name| holds_records(name));
    let given: Vec<_> = records.filter(|name| !is_default(name)).map(|name| format!("--output {name}")).collect();
    if given.is_empty() { "leave --output out".to_owned() } else { format!("give {} again", given.join(" and ")) }
}

/// Outputs as messages have them.
fn shown<'a>(names: impl Iterator<Item = &'a String>) -> String {
    let names: Vec<_> = names.map(|name| if name == STDOUT { "stdout" } else { name }).collect();
    names.join(" and ")
}

impl std::fmt::Debug for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Output").field("name", &self.name).field("kept", &self.kept).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opened").field("dir", &self.dir).field("outputs", &self.outputs).finish_non_exhaustive()
    }
}
