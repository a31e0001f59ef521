//! The crawl directory: the files that a crawl makes, and no others.

mod next;
#[cfg(feature = "cli")]
mod schedule;

#[cfg(feature = "cli")]
pub(crate) use next::is_update;
pub(crate) use next::told;
#[cfg(feature = "cli")]
pub(crate) use schedule::Schedule;

use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::extracted::Health;
use crate::observe::Summary;
use crate::sink::{ARCHIVE, ArchiveNames, BODIES, ItemFormat, STDOUT};
use crate::store::{NODE, file};
use crate::versions;

/// A directory that belongs to one crawl, and to one process as long as this lives.
#[derive(Debug)]
pub struct CrawlDir {
    path: PathBuf,
    /// Locked: the operating system lets go of it when the process ends, however it ends.
    lock: File,
}

impl CrawlDir {
    /// Takes a directory, and creates it when it is not there.
    ///
    /// # Errors
    /// [`Error::Usage`] when another process has taken it, or when it is no directory.
    pub fn take(path: &Path) -> Result<Self> {
        if path.exists() && !path.is_dir() {
            return Err(Error::Usage(format!("the crawl directory {} is a file; --dir takes another", path.display())));
        }
        fs::create_dir_all(path).map_err(|error| Error::io("create", path, error))?;
        let lock_path = path.join(LOCK);
        let lock = File::options().read(true).write(true).create(true).truncate(false).open(&lock_path);
        let mut lock = lock.map_err(|error| Error::io("open", &lock_path, error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut owner = String::new();
                let _ = lock.read_to_string(&mut owner);
                let (path, owner) = (path.display(), owner.trim());
                return Err(Error::Usage(format!(
                    "process {owner} crawls into {path}; wait for its end, or --dir takes another directory"
                )));
            }
            Err(TryLockError::Error(error)) => return Err(Error::io("lock", &lock_path, error)),
        }
        lock.set_len(0)
            .and_then(|()| writeln!(lock, "{}", std::process::id()))
            .map_err(|error| Error::io("write", &lock_path, error))?;
        let dir = Self { path: path.to_owned(), lock };
        dir.finish_replacing()?;
        Ok(dir)
    }

    /// The process that has taken a directory, and holds it. Nothing is created or changed.
    pub fn owner(path: &Path) -> Result<Option<u32>> {
        let lock_path = path.join(LOCK);
        let mut lock = match File::open(&lock_path) {
            Ok(lock) => lock,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io("open", &lock_path, error)),
        };
        match lock.try_lock_shared() {
            Ok(()) => Ok(None),
            Err(TryLockError::WouldBlock) => {
                let mut owner = String::new();
                lock.read_to_string(&mut owner).map_err(|error| Error::io("read", &lock_path, error))?;
                // It is taken before it is written to.
                Ok(Some(owner.trim().parse().unwrap_or_default()))
            }
            Err(TryLockError::Error(error)) => Err(Error::io("lock", &lock_path, error)),
        }
    }

    /// Refuses a directory that holds a crawl already: it is never overwritten.
    ///
    /// # Errors
    /// [`Error::Usage`] names what is there.
    pub fn expect_empty(&self) -> Result<()> {
        let shown = self.path.display();
        if file::is_there(&self.path)? {
            return Err(Error::Usage(format!(
                "the directory {shown} holds a crawl already\n = help: {OTHER_DIR}, or leave out --no-store to go on with it"
            )));
        }
        self.expect_unused()
    }

    /// Refuses a directory that holds files of a crawl, for one whose store is elsewhere, and new.
    ///
    /// # Errors
    /// [`Error::Usage`] names what is there.
    pub(crate) fn expect_unused(&self) -> Result<()> {
        let shown = self.path.display();
        match self.files().into_iter().find(|file| file.exists()) {
            None => Ok(()),
            Some(file) => Err(Error::Usage(format!(
                "the directory {shown} holds a crawl already ({}), but no store to go on from\n = help: {OTHER_DIR}",
                file.file_name().unwrap_or_default().display(),
            ))),
        }
    }

    /// Deletes the files that an earlier crawl made in the directory, also an output of another name. What lies elsewhere
    /// stays, whatever a summary says of it: a directory can come from anyone. `items`: what the items of the new crawl are
    /// called.
    ///
    /// # Errors
    /// [`Error::Usage`] when `output` could not be written then: nothing is deleted in vain.
    pub fn clear(&self, output: &Path, items: &[&str]) -> Result<()> {
        if !output.as_os_str().is_empty() && self.own_name(output).is_none() {
            Self::check_ending(output)?;
            self.check_output(output)?;
        }
        let named = fs::read(self.path.join(SUMMARY)).ok();
        let named = named.and_then(|summary| serde_json::from_slice::<serde_json::Value>(&summary).ok());
        let of_items = named.as_ref().and_then(|summary| summary.get("items")?.as_object()).into_iter().flatten();
        let of_items =
            of_items.map(|(name, _)| name.as_str()).chain(items.iter().copied()).filter(|name| is_name(name));
        let items: Vec<_> = of_items
            .flat_map(|name| [ItemFormat::Jsonl, ItemFormat::Csv].map(|format| self.items(name, format)))
            .collect();
        let named = named.as_ref().and_then(|summary| summary.get("output")?.as_str()).map(PathBuf::from);
        let named = named.filter(|output| output.is_file() && self.own_name(output).is_some());
        // First what could not be told to be of a crawl: then nothing is deleted.
        file::delete(&self.path)?;
        self.clear_next()?;
        let changes = [self.changes()];
        for file in self.files().into_iter().chain(named).chain(items).chain(archive_files(&self.path)).chain(changes) {
            match fs::remove_file(&file) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(Error::io("delete", &file, error)),
                _ => {}
            }
        }
        // What was to be told of is not there any more.
        versions::told(&self.path)
    }

    /// Checks where the records are to go.
    ///
    /// # Errors
    /// [`Error::Usage`] when that is a folder, a file of the crawl directory with another purpose, or a file that holds
    /// something.
    pub fn check_output(&self, output: &Path) -> Result<()> {
        let shown = output.display();
        let wrong = |what: &str| Err(Error::Usage(format!("the output {shown} {what}; --output takes another")));
        if output.is_dir() {
            return wrong("is a folder");
        }
        let own = [RECORDS_TEMPORARY, SUMMARY, SUMMARY_TEMPORARY, RULES, LOCK, file::FILE, NODE];
        if self.own_name(output).is_some_and(|name| own.iter().any(|own| name == *own)) {
            return wrong("is a file of the crawl directory that has another purpose");
        }
        match output.metadata() {
            Ok(file) if file.is_file() && file.len() > 0 => wrong("holds something that this crawl has not made"),
            _ => Ok(()),
        }
    }

    /// Checks where JSON lines are to go, by the ending of its name.
    ///
    /// # Errors
    /// [`Error::Usage`] when that is the one of another format.
    pub(crate) fn check_ending(output: &Path) -> Result<()> {
        let Some(ending) = foreign_ending(output) else { return Ok(()) };
        let shown = output.display();
        Err(Error::Usage(format!(
            "the output {shown} would get JSON lines under the name of another format ({ending})\n = help: --output \
             pages.jsonl, and when there are records `crawler export --to {shown}`"
        )))
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The directory, absolute and without links in its path.
    pub(crate) fn real_path(&self) -> Result<PathBuf> {
        self.path.canonicalize().map_err(|error| Error::io("open", &self.path, error))
    }

    /// What an output is called in the store: a file in this directory by its path from here, so that the directory can
    /// be moved.
    pub(crate) fn output_name(&self, output: &Path) -> Result<String> {
        if output == Path::new(STDOUT) {
            return Ok(STDOUT.to_owned());
        }
        let real = |path: &Path| path.canonicalize().map_err(|error| Error::io("open", path, error));
        // The file may not be there yet, and its folder neither.
        let mut missing = Vec::new();
        let mut there = std::path::absolute(output).map_err(|error| Error::io("open", output, error))?;
        while !there.exists() {
            match (there.file_name(), there.parent()) {
                (Some(name), Some(folder)) => {
                    missing.push(name.to_owned());
                    there = folder.to_owned();
                }
                _ => break,
            }
        }
        let mut path = real(&there)?;
        path.extend(missing.iter().rev());
        let dir = self.real_path()?;
        Ok(path.strip_prefix(&dir).unwrap_or(&path).display().to_string())
    }

    /// Where the records go unless the user names another file.
    pub fn records(&self) -> PathBuf {
        self.path.join(RECORDS)
    }

    /// Where the items of this name go.
    pub fn items(&self, name: &str, format: ItemFormat) -> PathBuf {
        self.path.join(ITEMS).join(format!("{name}.{}", format.name()))
    }

    /// Where what is kept of pages goes, for those who check them.
    pub fn survey(&self) -> PathBuf {
        self.path.join(SURVEY)
    }

    /// What rules found in the last crawl of this directory that came to its end. A file that cannot be read is as none:
    /// nobody's crawl fails over it.
    pub fn rules_before(&self) -> Option<Health> {
        serde_json::from_slice(&fs::read(self.path.join(RULES)).ok()?).ok()
    }

    /// Keeps what rules found, for the next crawl of this directory to be compared with.
    pub fn keep_rules(&self, health: &Health) -> Result<()> {
        self.replace(RULES, health)
    }

    /// Writes `summary.json`: whole, or not at all.
    pub fn write_summary(&self, summary: &Summary) -> Result<()> {
        self.replace(SUMMARY, summary)
    }

    /// Writes a file of this directory as JSON: whole, or not at all.
    fn replace(&self, name: &str, value: &impl serde::Serialize) -> Result<()> {
        let (path, temporary) = (self.path.join(name), self.path.join(format!("{name}.tmp")));
        let mut json =
            serde_json::to_vec_pretty(value).map_err(|error| Error::Internal(format!("{name} is no JSON: {error}")))?;
        json.push(b'\n');
        fs::write(&temporary, json).map_err(|error| Error::io("write", &temporary, error))?;
        fs::rename(&temporary, &path).map_err(|error| Error::io("write", &path, error))
    }

    /// The name of a file that lies directly in this directory. A path alone may lie: `..` and links lead elsewhere.
    fn own_name<'a>(&self, file: &'a Path) -> Option<&'a OsStr> {
        let folder = file.parent().map(|folder| if folder == Path::new("") { Path::new(".") } else { folder })?;
        (folder.canonicalize().ok()? == self.path.canonicalize().ok()?).then(|| file.file_name()).flatten()
    }

    fn files(&self) -> [PathBuf; 5] {
        [RECORDS, RECORDS_TEMPORARY, SUMMARY, SUMMARY_TEMPORARY, SURVEY].map(|name| self.path.join(name))
    }
}

impl Drop for CrawlDir {
    fn drop(&mut self) {
        // To close the file is not enough while a process that is just being started by another thread has it too: that
        // has all files until it becomes another program. What fails here the end of the process makes good.
        let _ = self.lock.unlock();
    }
}

/// Whether an output, as the store calls it, holds items, and not records.
pub(crate) fn holds_items(output: &str) -> bool {
    Path::new(output).starts_with(ITEMS)
}

/// Whether an output, as the store calls it, is a file of an archive.
pub(crate) fn holds_archive(output: &str) -> bool {
    Path::new(output).starts_with(ARCHIVE)
}

/// Whether an output, as the store calls it, holds records.
pub(crate) fn holds_records(output: &str) -> bool {
    !holds_items(output) && !holds_archive(output) && !holds_survey(output)
}

/// Whether an output, as the store calls it, holds what is kept of pages for those who check them.
pub(crate) fn holds_survey(output: &str) -> bool {
    output == SURVEY
}

/// Where that is, of a crawl in this directory.
pub(crate) fn survey(dir: &Path) -> PathBuf {
    dir.join(SURVEY)
}

/// The files in the folder of an archive that crawls have made there: by their names, and nothing else.
pub(crate) fn archive_files(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir.join(ARCHIVE)).into_iter().flatten().flatten();
    let is_own = |name: &OsStr| {
        name.to_str().is_some_and(|name| name == BODIES || name == INDEX || ArchiveNames::parse(name).is_some())
    };
    let mut files: Vec<_> = entries.filter(|entry| is_own(&entry.file_name())).map(|entry| entry.path()).collect();
    files.sort_unstable();
    files
}

/// Whether a path leads to a file that a crawl makes in this directory, or to what holds its items.
pub(crate) fn is_own_file(dir: &Path, path: &Path) -> bool {
    let folder = path.parent().map(|folder| if folder == Path::new("") { Path::new(".") } else { folder });
    let real = |path: &Path| path.canonicalize().ok();
    let (Some(folder), Some(dir)) = (folder.and_then(real), real(dir)) else { return false };
    let own = [RECORDS, RECORDS_TEMPORARY, SUMMARY, SUMMARY_TEMPORARY, RULES, LOCK, SURVEY, NODE];
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
    folder == dir.join(ITEMS) || folder == dir && (own.contains(&name) || name.starts_with(file::FILE))
}

/// Whether a folder is what a crawl has made, and no site: nothing in it is shown at the place of the folder.
#[cfg(feature = "cli")]
pub(crate) fn is_crawl(folder: &Path) -> bool {
    let has = |name: &str| folder.join(name).is_file();
    has(LOCK) && (has(file::FILE) || has(NODE) || has(SUMMARY)) && !has("index.html")
}

/// Where the records of a crawl in this directory go unless the user names another file.
pub(crate) fn records(dir: &Path) -> PathBuf {
    dir.join(RECORDS)
}

/// The name of an output of items, as the store calls it; without the ending.
pub(crate) fn items_name(name: &str) -> String {
    format!("{ITEMS}/{name}")
}

/// Whether an output, as the store calls it, is that of the records unless the user names another.
pub(crate) fn is_default(output: &str) -> bool {
    output == RECORDS
}

/// Whether it is what items may be called: never a way out of their folder.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

/// The ending of a file that everybody would take for something else than JSON lines.
pub(crate) fn foreign_ending(output: &Path) -> Option<&'static str> {
    let name = output.file_name()?.to_string_lossy().to_ascii_lowercase();
    FOREIGN_ENDINGS.iter().find(|ending| name.ends_with(*ending)).copied()
}

const FOREIGN_ENDINGS: &[&str] = &[
    ".csv", ".tsv", ".parquet", ".sqlite", ".sqlite3", ".db", ".duckdb", ".arrow", ".feather", ".avro", ".json",
    ".xml", ".html", ".htm", ".md", ".xlsx", ".warc", ".wacz", ".gz", ".zst", ".br", ".bz2", ".xz", ".zip", ".tar",
];
/// What to do when another crawl has a directory: never to delete it.
pub(crate) const OTHER_DIR: &str = "name another directory: --dir DIR";
const RECORDS: &str = "pages.jsonl";
/// What the JSONL sink writes while it amends.
const RECORDS_TEMPORARY: &str = "pages.jsonl.tmp";
/// What is kept of pages for those who check them.
const SURVEY: &str = "survey.jsonl";
/// The folder of items.
const ITEMS: &str = "items";
/// The index of an archive, beside its files.
pub(crate) const INDEX: &str = "index.cdxj";
/// What rules found in the last crawl that came to its end. It outlives `--fresh`: that crawl is compared with it.
const RULES: &str = "rules.json";
const SUMMARY: &str = "summary.json";
const SUMMARY_TEMPORARY: &str = "summary.json.tmp";
/// Holds the process id of the one who crawls. Stays when a crawl ends: a file that is deleted could be locked twice.
const LOCK: &str = "lock";

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(result: Result<()>) -> String {
        match result {
            Err(Error::Usage(message)) => message,
            other => panic!("not refused: {other:?}"),
        }
    }

    #[test]
    fn a_directory_is_free_once_it_is_dropped_whoever_still_has_its_files() {
        let folder = tempfile::tempdir().unwrap();
        let taken = CrawlDir::take(folder.path()).unwrap();
        let of_a_child = taken.lock.try_clone().unwrap();
        assert!(CrawlDir::take(folder.path()).is_err());
        drop(taken);
        CrawlDir::take(folder.path()).unwrap();
        drop(of_a_child);
    }

    #[test]
    fn only_the_files_of_a_crawl_are_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let (named, notes) = (folder.path().join("named.jsonl"), folder.path().join("notes.txt"));
        let summary = serde_json::json!({ "output": named }).to_string();
        for (file, text) in [(&named, "x"), (&notes, "x"), (&folder.path().join(SUMMARY), &summary)] {
            fs::write(file, text).unwrap();
        }
        let dir = CrawlDir::take(folder.path()).unwrap();
        let refused = refusal(dir.expect_empty());
        assert!(refused.contains("--dir DIR") && !refused.contains("--fresh"), "{refused}");
        dir.clear(Path::new(""), &[]).unwrap();
        dir.expect_empty().unwrap();
        assert!(notes.exists() && !named.exists());
    }

    #[test]
    fn nothing_is_deleted_for_an_output_that_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (crawl, output) = (folder.path().join("crawl"), folder.path().join("out.jsonl"));
        let dir = CrawlDir::take(&crawl).unwrap();
        fs::write(crawl.join(SUMMARY), "{}").unwrap();
        fs::write(&output, "precious").unwrap();
        assert!(refusal(dir.clear(&output, &[])).contains("out.jsonl"));
        assert!(crawl.join(SUMMARY).exists());
        fs::remove_file(&output).unwrap();
        dir.clear(&output, &[]).unwrap();
        assert!(!crawl.join(SUMMARY).exists());
    }

    #[test]
    fn nothing_outside_of_the_directory_is_deleted_whatever_its_summary_says() {
        let outside = tempfile::tempdir().unwrap();
        let keep = outside.path().join("keep.txt");
        fs::write(&keep, "precious").unwrap();
        let crawl = outside.path().join("crawl");
        let dir = CrawlDir::take(&crawl).unwrap();
        for lie in [keep.clone(), crawl.join("../keep.txt")] {
            fs::write(crawl.join(SUMMARY), serde_json::json!({ "output": lie }).to_string()).unwrap();
            dir.clear(Path::new(""), &[]).unwrap();
            assert!(keep.exists(), "{}", lie.display());
        }
    }

    #[test]
    fn items_are_deleted_by_their_names_and_nothing_else_beside_them() {
        let folder = tempfile::tempdir().unwrap();
        let dir = CrawlDir::take(&folder.path().join("crawl")).unwrap();
        let keep = [folder.path().join("keep.jsonl"), folder.path().join("crawl/items/mine.csv")];
        let gone = [dir.items("old", ItemFormat::Csv), dir.items("new", ItemFormat::Jsonl)];
        fs::create_dir_all(gone[0].parent().unwrap()).unwrap();
        keep.iter().chain(&gone).for_each(|file| fs::write(file, "precious").unwrap());
        let summary = serde_json::json!({ "items": { "old": 3, "../../keep": 1 } });
        fs::write(folder.path().join("crawl").join(SUMMARY), summary.to_string()).unwrap();
        dir.clear(Path::new(""), &["new"]).unwrap();
        assert!(keep.iter().all(|file| file.exists()) && !gone.iter().any(|file| file.exists()));
    }

    #[test]
    fn a_directory_belongs_to_one_crawl_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let first = CrawlDir::take(folder.path()).unwrap();
        let refused = CrawlDir::take(folder.path()).map(drop);
        assert!(refusal(refused).contains(&format!("process {} crawls", std::process::id())));
        assert_eq!(CrawlDir::owner(folder.path()).unwrap(), Some(std::process::id()));
        drop(first);
        assert_eq!(CrawlDir::owner(folder.path()).unwrap(), None);
        CrawlDir::take(folder.path()).unwrap();
    }

    #[test]
    fn records_go_nowhere_where_something_else_would_be_lost() {
        let folder = tempfile::tempdir().unwrap();
        let dir = CrawlDir::take(folder.path()).unwrap();
        let keep = folder.path().join("keep.txt");
        fs::write(&keep, "precious").unwrap();
        assert!(refusal(dir.check_output(&keep)).contains("has not made"));
        assert!(refusal(dir.check_output(folder.path())).contains("is a folder"));
        fs::create_dir(folder.path().join("sub")).unwrap();
        for summary in [SUMMARY, "./summary.json", "sub/../summary.json"] {
            assert!(refusal(dir.check_output(&folder.path().join(summary))).contains("another purpose"));
        }
        dir.check_output(&dir.records()).unwrap();
        dir.check_output(Path::new("/dev/null")).unwrap();
    }
}
