//! Merge: the records of all nodes of a crawl, or the items of one name, as one file.
//!
//! That each record is there once needs no list of what was seen: by the database each URL has one record, and the records of a
//! node are numbered from 1 on; of each file as many lines as that are taken, and their checksum is that of what was committed.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::target::Target;
use crate::committed::Output;
use crate::crawl_dir::{foreign_ending, holds_records, is_own_file, items_name};
use crate::error::{Error, Result};
use crate::observe::counted;
use crate::sink::{Checkpoint, Lines, STDOUT, Written};
use crate::store::postgres::{NodeRecords, Snapshot};
use crate::store::{NodeFile, NodeOverview, Overview, Standing, file};

/// What is merged, and where to.
#[derive(Debug)]
pub(crate) struct MergeRequest<'a> {
    /// The crawl directories.
    pub(crate) dirs: &'a [PathBuf],
    /// The file, or `-`.
    pub(crate) to: &'a Path,
    /// The records, or items.
    pub(crate) output: Output<'a>,
    /// Whether what there is is enough.
    pub(crate) partial: bool,
    /// Whether a file that is there is replaced.
    pub(crate) replaces: bool,
}

/// What was merged.
#[derive(Debug)]
pub(crate) struct Merged {
    pub(crate) lines: u64,
    pub(crate) nodes: usize,
    /// The length of the file; `None` of stdout.
    pub(crate) bytes: Option<u64>,
    /// What is missing, where that was allowed.
    pub(crate) missing: Vec<String>,
}

/// The directory of a node.
struct NodeDir {
    path: PathBuf,
    node: NodeFile,
}

/// What one node gives.
struct Part {
    shown: String,
    lines: Lines,
    /// How many lines there have to be; `None` where nobody knows.
    expected: Option<u64>,
}

/// What the database says.
struct Said {
    overview: Overview,
    records: Vec<NodeRecords>,
    moved: Vec<(i64, u64)>,
    outputs: Vec<(String, String, Checkpoint)>,
}

/// Writes the lines of all nodes into one file. It has its name when it is whole.
///
/// # Errors
/// [`Error::Usage`] says what of the request is wrong, or what is missing where all is wanted. [`Error::Damaged`]: a file is not
/// what the crawl has written, or the database knows a record twice.
pub(crate) fn merge(request: &MergeRequest<'_>) -> Result<Merged> {
    let dirs = open_dirs(request)?;
    let (parts, missing, is_csv) = parts(request, &dirs)?;
    let mut merged = Merged { lines: 0, nodes: parts.len(), bytes: None, missing };
    if request.to == Path::new(STDOUT) {
        let mut stdout = BufWriter::with_capacity(BUFFER, std::io::stdout().lock());
        merged.lines = write(parts, is_csv, request.to, &mut stdout)?;
        return Ok(merged);
    }
    let target = Target::begin(request.to, request.replaces)?;
    merged.lines = write(parts, is_csv, request.to, &mut BufWriter::with_capacity(BUFFER, target.file()))?;
    merged.bytes = Some(target.finish()?);
    Ok(merged)
}

fn open_dirs(request: &MergeRequest<'_>) -> Result<Vec<NodeDir>> {
    let (to, mut dirs) = (request.to, Vec::<NodeDir>::new());
    if let (Output::Records, Some(ending)) = (request.output, foreign_ending(to)) {
        let to = to.display();
        let problem = format!("the output {to} would get JSON lines under the name of another format ({ending})");
        return Err(Error::Usage(format!("{problem}\n = help: take a name that ends with .jsonl")));
    }
    for path in request.dirs {
        let shown = path.display();
        let Some(node) = NodeFile::read(path)? else { return Err(Error::Usage(no_node(path)?)) };
        if let Some(same) = dirs.iter().find(|dir| dir.node.id == node.id) {
            let (same, id) = (same.path.display(), &node.id);
            return Err(Error::Usage(format!("{shown} and {same} are of the same node ({id}): name one of them")));
        }
        let real = std::fs::canonicalize(to).unwrap_or_else(|_| to.to_owned());
        if is_own_file(path, &real) {
            let to = to.display();
            return Err(Error::Usage(format!("the output {to} is a file of the crawl\n = help: take another name")));
        }
        dirs.push(NodeDir { path: path.clone(), node });
    }
    Ok(dirs)
}

fn no_node(dir: &Path) -> Result<String> {
    let shown = dir.display();
    if !dir.is_dir() {
        return Ok(format!("there is no crawl directory {shown}"));
    }
    Ok(if file::is_own(dir)? {
        format!(
            "{shown} is a crawl by itself, and no node of one in a database\n = help: its records are in one file already; \
             `crawler export {shown} --to FILE` writes them anew"
        )
    } else {
        format!("{shown} is no directory of a crawl in a database: it has no file `node`")
    })
}

/// What each node gives, and what is missing; whether that is a table.
fn parts(request: &MergeRequest<'_>, dirs: &[NodeDir]) -> Result<(Vec<Part>, Vec<String>, bool)> {
    for _ in 0..ATTEMPTS {
        // Opened before the database is asked how far each goes: a corrected file may take the place of one at any time.
        let known = Said::read(dirs)?;
        let opened = known.opened(request, dirs)?;
        let said = Said::read(dirs)?;
        let missing = said.missing(request, dirs)?;
        let (mut parts, mut is_csv, count) = (Vec::new(), false, opened.len());
        for (dir, name, written) in opened {
            let Some(checkpoint) = said.checkpoint(&dir.node.id, &name) else { continue };
            let path = dir.path.join(&name);
            let Some(lines) = written.lines(checkpoint)? else { continue };
            is_csv |= path.extension().is_some_and(|ending| ending == "csv");
            let expected = matches!(request.output, Output::Records).then(|| said.records_of(&dir.node.id));
            parts.push(Part { shown: path.display().to_string(), lines, expected });
        }
        if parts.len() == count {
            return if parts.is_empty() { Err(nothing(request.output)) } else { Ok((parts, missing, is_csv)) };
        }
    }
    Err(Error::Internal("the outputs of the crawl do not keep still".to_owned()))
}

fn nothing(output: Output<'_>) -> Error {
    Error::Usage(match output {
        Output::Items(name) => format!("no node has items that are called `{name}`"),
        _ => "no node has a record that could be read again".to_owned(),
    })
}

impl Said {
    /// Asks the database of the first directory: the others have to be of the same crawl, by whatever name they reach it.
    fn read(dirs: &[NodeDir]) -> Result<Self> {
        let first = dirs.first().ok_or_else(|| Error::Usage("no crawl directory is named".to_owned()))?;
        let place = first.node.place();
        let Some(mut snapshot) = Snapshot::of(&place)? else {
            let shown = first.path.display();
            return Err(Error::Usage(format!("{place} holds no crawl, but {shown} is a node of it")));
        };
        let said = Self {
            overview: snapshot.overview()?,
            records: snapshot.records_of_nodes()?,
            moved: snapshot.moved_of_nodes()?,
            outputs: snapshot.outputs_of_nodes()?,
        };
        if let Some(other) = dirs.iter().find(|dir| said.overview.node(&dir.node.id).is_none()) {
            let (shown, of) = (other.path.display(), other.node.place());
            return Err(Error::Usage(format!(
                "{shown} is no node of the crawl in {place}; it says that it is of {of}"
            )));
        }
        said.expect_each_once()?;
        Ok(said)
    }

    fn expect_each_once(&self) -> Result<()> {
        for of in &self.records {
            let NodeRecords { file, count, numbers, first, last } = *of;
            let id = self.overview.nodes.iter().find(|node| node.file == file).map_or("?", |node| &node.id);
            let wrong = |what: &str| {
                Err(Error::Damaged(format!(
                    "the database has {count} records of the node {id} with {numbers} numbers, {first} to {last}: {what}\n = help: \
                     `crawler verify` in its directory says more"
                )))
            };
            if numbers < count {
                return wrong("some are there twice");
            }
            if (first, last) != (1, count) {
                return wrong("some are missing");
            }
        }
        Ok(())
    }

    fn records_of(&self, id: &str) -> u64 {
        let file = self.overview.node(id).map(|node| node.file);
        self.records.iter().find(|of| Some(of.file) == file).map_or(0, |of| of.count)
    }

    fn checkpoint(&self, id: &str, name: &str) -> Option<&Checkpoint> {
        self.outputs.iter().find(|(node, known, _)| node == id && known == name).map(|(.., checkpoint)| checkpoint)
    }

    /// The files that are wanted, open, in the order of the nodes.
    fn opened<'a>(
        &self,
        request: &MergeRequest<'_>,
        dirs: &'a [NodeDir],
    ) -> Result<Vec<(&'a NodeDir, String, Written)>> {
        let mut all = Vec::new();
        for node in &self.overview.nodes {
            let Some(dir) = dirs.iter().find(|dir| dir.node.id == node.id) else { continue };
            let of_node = self.outputs.iter().filter(|(id, ..)| *id == node.id).map(|(_, name, _)| name);
            // Each output of records holds all of them.
            for name in of_node.filter(|name| is_wanted(name, request.output)) {
                let written = if name == STDOUT { None } else { Written::open(&dir.path.join(name))? };
                if let Some(written) = written {
                    all.push((dir, name.clone(), written));
                    break;
                }
            }
        }
        Ok(all)
    }

    /// What is missing of the whole crawl.
    ///
    /// # Errors
    /// [`Error::Usage`] when anything is, and all is wanted.
    fn missing(&self, request: &MergeRequest<'_>, dirs: &[NodeDir]) -> Result<Vec<String>> {
        let mut missing = Vec::new();
        let Overview { state, open, letters, nodes, .. } = &self.overview;
        if state == "running" {
            let open = counted(*open, "bucket has", "buckets have");
            let letters = counted(*letters, "letter waits", "letters wait");
            missing.push(format!("the crawl is not over: {open} something left to do, and {letters} to be read"));
        }
        for node in nodes {
            missing.extend(self.missing_of(node, request, dirs));
        }
        if missing.is_empty() || request.partial {
            return Ok(missing);
        }
        let help = "name the directories of all nodes; --partial takes what there is; a node whose directory is lost: `crawler \
                    requeue --node`";
        Err(Error::Usage(format!("this would not be all of the crawl: {}\n = help: {help}", missing.join("; "))))
    }

    fn missing_of(&self, node: &NodeOverview, request: &MergeRequest<'_>, dirs: &[NodeDir]) -> Vec<String> {
        let NodeOverview { id, machine, .. } = node;
        let (records, mut missing) = (self.records_of(id), Vec::new());
        let of_node = || self.outputs.iter().filter(|(of, ..)| of == id);
        let is_there = dirs.iter().any(|dir| dir.node.id == *id);
        if node.standing == Standing::Alive {
            missing.push(format!("the node {id} (on {machine}) is crawling"));
        }
        let told = counted(records, "record", "records");
        if records > 0 && !is_there {
            missing.push(format!("the directory of the node {id} (on {machine}, {told}) is not named"));
        } else if records > 0 && of_node().all(|(_, name, _)| name == STDOUT || !holds_records(name)) {
            missing
                .push(format!("the records of the node {id} ({told}) went to stdout, and nobody can read them again"));
        }
        let moved = self.moved.iter().find(|(file, _)| *file == node.file).map_or(0, |(_, moved)| *moved);
        if moved > 0 && matches!(request.output, Output::Records) {
            let told = counted(moved, "record has", "records have");
            let dir = dirs.iter().find(|dir| dir.node.id == *id).map(|dir| dir.path.display().to_string());
            let call = dir.map(|dir| format!(" (`crawler --dir {dir}`)")).unwrap_or_default();
            missing.push(format!(
                "{told} depth and referrer of an earlier way in the file of the node {id} (on {machine}), which corrects them when \
                 it is started once more{call}"
            ));
        }
        missing
    }
}

fn is_wanted(name: &str, output: Output<'_>) -> bool {
    match output {
        Output::Items(items) => Path::new(name).with_extension("") == Path::new(&items_name(items)),
        _ => holds_records(name),
    }
}

/// Writes the lines of all; how many.
fn write(parts: Vec<Part>, is_csv: bool, shown: &Path, to: &mut impl Write) -> Result<u64> {
    let (mut all, mut has_head) = (0, false);
    let failed = |error| Error::io("write", shown, error);
    for Part { shown, mut lines, expected } in parts {
        let damaged = |what: String| {
            let help = "put the file back as it was; `crawler verify` in its directory says what is wrong with it";
            Err(Error::Damaged(format!("{shown} {what}\n = help: {help}")))
        };
        let (committed, found) = (lines.committed, lines.found.unwrap_or_default());
        if found < committed {
            return damaged(format!("has {found} of the {committed} bytes that the crawl has written to it"));
        }
        let mut count = 0;
        while let Some(line) = lines.next_line()? {
            if !line.ends_with(b"\n") {
                return damaged(format!("ends in the middle of its line {}", count + 1));
            }
            count += 1;
            // The names of the columns, once.
            if is_csv && count == 1 && std::mem::replace(&mut has_head, true) {
                continue;
            }
            to.write_all(line).map_err(failed)?;
        }
        if let Some(expected) = expected.filter(|expected| *expected != count) {
            return damaged(format!("has {count} lines, and the database {expected} records of its node"));
        }
        if lines.have_changed() {
            return damaged("has other bytes than the crawl has written to it: its checksum is another".to_owned());
        }
        all += count - u64::from(is_csv && count > 0);
    }
    to.flush().map_err(failed)?;
    Ok(all)
}

const ATTEMPTS: usize = 5;
const BUFFER: usize = 256 << 10;
