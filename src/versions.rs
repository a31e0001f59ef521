//! Versions: how a crawl that is whole takes the place of the one before it in its directory, which is kept.
//!
//! Files are renamed one by one, and a process can be killed between any two of these. So first a note says which files go
//! and which come, and whoever takes the directory next finishes what it says. Each name is decided by where the file is:
//! nothing is done twice, and nothing is asked of the files themselves.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// What is to be renamed, as it is noted in the directory before anything is.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Swap {
    /// The name of the version that what was there becomes.
    version: String,
    /// What goes there, of the directory.
    out: Vec<String>,
    /// What comes, of [`NEXT`].
    r#in: Vec<String>,
}

/// Where the next crawl of a directory is made, as long as it is not whole.
pub(crate) fn next(dir: &Path) -> PathBuf {
    dir.join(NEXT)
}

/// Whether a swap was begun and not finished: the files of the directory are of two crawls.
pub(crate) fn is_between(dir: &Path) -> bool {
    dir.join(NOTE).exists()
}

/// Puts the crawl in [`next`] in the place of that in `dir`, which becomes a version. `out` and `into`: the names of what
/// belongs to each, as far as they are there. `version`: what the version is called. `passed` is told each step. Nobody else
/// may have either directory.
///
/// # Errors
/// A file cannot be renamed. The next one who takes the directory goes on with it.
pub(crate) fn swap(
    dir: &Path,
    version: &str,
    (out, into): (&[String], &[String]),
    passed: &mut dyn FnMut(&'static str),
) -> Result<()> {
    let there = |folder: &Path, names: &[String]| -> Vec<String> {
        names.iter().filter(|name| folder.join(name).symlink_metadata().is_ok()).cloned().collect()
    };
    let swap = Swap { version: version.to_owned(), out: there(dir, out), r#in: there(&next(dir), into) };
    swap.write(dir)?;
    passed("swap-noted");
    swap.finish(dir, passed)
}

/// Finishes what a process was killed over, if there is anything. `own`: what of a version belongs to its crawl.
///
/// # Errors
/// [`Error::Damaged`] when the note cannot be read; nothing is changed then. Or a file cannot be renamed or deleted.
pub(crate) fn finish(dir: &Path, own: impl Fn(&Path) -> Vec<PathBuf>) -> Result<()> {
    let path = dir.join(NOTE);
    match fs::read(&path) {
        Ok(note) => {
            let swap: Option<Swap> = serde_json::from_slice(&note).ok().filter(Swap::is_sound);
            let damaged = || Error::Damaged(format!("{} is not what a crawl has left there", path.display()));
            swap.ok_or_else(damaged)?.finish(dir, &mut |_| ())?;
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(Error::io("read", &path, error)),
    }
    let versions = dir.join(VERSIONS);
    for version in all(&versions).into_iter().filter(|version| version.join(GOING).exists()) {
        clear(&version, &own, &mut |_| ())?;
    }
    Ok(())
}

/// Whether what has changed with the last swap was told to nobody: whoever swapped was killed before.
pub(crate) fn is_untold(dir: &Path) -> bool {
    dir.join(UNTOLD).exists()
}

/// Takes note that it was told.
///
/// # Errors
/// The file that says otherwise cannot be deleted.
pub(crate) fn told(dir: &Path) -> Result<()> {
    delete(&dir.join(UNTOLD))
}

/// The versions that a directory keeps, the oldest first.
pub(crate) fn kept(dir: &Path) -> Vec<PathBuf> {
    let mut kept = all(&dir.join(VERSIONS));
    kept.retain(|path| path.join(STORE).is_file());
    kept
}

/// Where the crawls before the one in a directory are, the oldest first; of some only the archives are left. Those before a
/// version are beside it, and those before a crawl that is not whole yet are where it is made, and there.
pub(crate) fn before(dir: &Path) -> Vec<PathBuf> {
    let own = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    let is_called = |path: &Path, name: &str| path.file_name().is_some_and(|of| of == name);
    match own.parent() {
        Some(beside) if is_called(beside, VERSIONS) => {
            let mut older = all(beside);
            older.retain(|version| *version < own);
            older
        }
        Some(above) if is_called(&own, NEXT) && above.join(STORE).is_file() => {
            let mut older = all(&above.join(VERSIONS));
            older.push(above.to_owned());
            older
        }
        _ => all(&dir.join(VERSIONS)),
    }
}

/// All that is left of versions in their folder, the oldest first.
fn all(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter(|entry| entry.file_name().to_str().is_some_and(is_version));
    let mut all: Vec<_> = names.map(|entry| entry.path()).collect();
    all.sort_unstable();
    all
}

/// Deletes the oldest versions until there are no more than so many; their archives stay, since what later ones say has not
/// changed is there and nowhere else. `own`: what of a version belongs to its crawl. `passed` is told each step.
///
/// # Errors
/// A file cannot be deleted. Whoever takes the directory next goes on with it.
pub(crate) fn prune(
    dir: &Path,
    most: usize,
    own: impl Fn(&Path) -> Vec<PathBuf>,
    passed: &mut dyn FnMut(&'static str),
) -> Result<()> {
    let kept = kept(dir);
    for version in kept.get(..kept.len().saturating_sub(most)).unwrap_or_default() {
        let store = version.join(STORE);
        // From here on it is no version, whatever is left of it.
        fs::rename(&store, version.join(GOING)).map_err(|error| Error::io("rename", &store, error))?;
        passed("version-going");
        clear(version, &own, passed)?;
    }
    let _ = fs::remove_dir(dir.join(VERSIONS));
    Ok(())
}

/// Deletes what is left of a version that is none any more.
fn clear(version: &Path, own: &impl Fn(&Path) -> Vec<PathBuf>, passed: &mut dyn FnMut(&'static str)) -> Result<()> {
    for path in own(version) {
        delete(&path)?;
        passed("version-file-deleted");
    }
    delete(&version.join(GOING))?;
    // What somebody else has put there stays, and an archive does.
    let _ = fs::remove_dir(version.join("items"));
    let _ = fs::remove_dir(version);
    Ok(())
}

fn delete(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::io("delete", path, error)),
        _ => Ok(()),
    }
}

impl Swap {
    /// Makes it durable, whole or not at all.
    fn write(&self, dir: &Path) -> Result<()> {
        let (path, temporary) = (dir.join(NOTE), dir.join(NOTE_TEMPORARY));
        let note = serde_json::to_vec(self).map_err(|error| Error::Internal(format!("{NOTE} is no JSON: {error}")))?;
        let written = File::create(&temporary).and_then(|mut file| {
            file.write_all(&note)?;
            file.sync_all()
        });
        written.map_err(|error| Error::io("write", &temporary, error))?;
        fs::rename(&temporary, &path).map_err(|error| Error::io("write", &path, error))?;
        sync(dir);
        Ok(())
    }

    /// Whether no name of it leads out of its directory: a directory can come from anyone.
    fn is_sound(&self) -> bool {
        let is_name = |name: &String| {
            !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', '\0']) && name != VERSIONS
        };
        is_version(&self.version) && self.out.iter().chain(&self.r#in).all(is_name)
    }

    /// All of what went goes before anything comes, so that a name is never that of both.
    fn finish(&self, dir: &Path, passed: &mut dyn FnMut(&'static str)) -> Result<()> {
        let version = dir.join(VERSIONS).join(&self.version);
        fs::create_dir_all(&version).map_err(|error| Error::io("create", &version, error))?;
        let next = next(dir);
        for name in &self.out {
            rename(&dir.join(name), &version.join(name), Once::ByTarget)?;
            passed("swap-out");
        }
        sync(&version);
        sync(dir);
        for name in &self.r#in {
            rename(&next.join(name), &dir.join(name), Once::BySource)?;
            passed("swap-in");
        }
        sync(dir);
        sync(&next);
        // In one step it is finished, and to be told.
        let note = dir.join(NOTE);
        fs::rename(&note, dir.join(UNTOLD)).map_err(|error| Error::io("rename", &note, error))?;
        sync(dir);
        passed("swap-finished");
        Ok(())
    }
}

/// How it is known that a file has its new name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Once {
    /// What has the new name is that file.
    ByTarget,
    /// Nothing has the old name.
    BySource,
}

/// Gives a file its new name, unless it has it.
fn rename(from: &Path, to: &Path, once: Once) -> Result<()> {
    let is_done = once == Once::ByTarget && to.symlink_metadata().is_ok();
    if is_done || from.symlink_metadata().is_err() {
        return Ok(());
    }
    fs::rename(from, to).map_err(|error| Error::io("rename", from, error))
}

fn is_version(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'T' | b'Z' | b'-'))
}

/// Makes renames in a folder durable. Not all systems can, and none needs it but after a loss of power.
fn sync(folder: &Path) {
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
}

/// What has become of each page, beside the crawl that says it.
pub(crate) const CHANGES: &str = "changes.jsonl";
/// The folder of the next crawl.
pub(crate) const NEXT: &str = "next";
/// The folder of the kept ones.
pub(crate) const VERSIONS: &str = "versions";
/// What says what is to be renamed.
const NOTE: &str = "swap.json";
const NOTE_TEMPORARY: &str = "swap.json.tmp";
/// What the note becomes when all is renamed, until somebody was told what has changed.
const UNTOLD: &str = "untold.json";
/// What every version has.
const STORE: &str = "store.sqlite";
/// What its store is called in a version that is being deleted.
const GOING: &str = "store.sqlite.going";

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn tree(dir: &Path) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        let mut left = vec![dir.to_owned()];
        while let Some(folder) = left.pop() {
            for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if entry.is_dir() {
                    left.push(entry);
                } else {
                    let name = entry.strip_prefix(dir).unwrap().display().to_string();
                    found.insert(name, fs::read_to_string(&entry).unwrap());
                }
            }
        }
        found
    }

    fn made() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        fs::create_dir_all(dir.join("next/items")).unwrap();
        for (name, text) in [
            ("pages.jsonl", "old"),
            ("store.sqlite", "old"),
            ("changes.jsonl", "old"),
            ("lock", "1"),
            ("next/pages.jsonl", "new"),
            ("next/store.sqlite", "new"),
            ("next/items/a.jsonl", "new"),
            ("next/lock", "1"),
        ] {
            fs::write(dir.join(name), text).unwrap();
        }
        folder
    }

    fn names() -> Vec<String> {
        ["store.sqlite", "pages.jsonl", "items", "changes.jsonl", "summary.json"].map(str::to_owned).to_vec()
    }

    const T: &str = "2025-01-02T03-04-05Z";

    #[test]
    fn a_swap_is_finished_wherever_it_was_cut_off() {
        let whole = made();
        let mut steps = 0;
        swap(whole.path(), T, (&names(), &names()), &mut |_| steps += 1).unwrap();
        let expected = tree(whole.path());
        insta::assert_debug_snapshot!(expected, @r#"
        {
            "items/a.jsonl": "new",
            "lock": "1",
            "next/lock": "1",
            "pages.jsonl": "new",
            "store.sqlite": "new",
            "untold.json": "{\"version\":\"2025-01-02T03-04-05Z\",\"out\":[\"store.sqlite\",\"pages.jsonl\",\"changes.jsonl\"],\"in\":[\"store.sqlite\",\"pages.jsonl\",\"items\"]}",
            "versions/2025-01-02T03-04-05Z/changes.jsonl": "old",
            "versions/2025-01-02T03-04-05Z/pages.jsonl": "old",
            "versions/2025-01-02T03-04-05Z/store.sqlite": "old",
        }
        "#);
        for cut in 1..=steps {
            let folder = made();
            let dir = folder.path().to_owned();
            // A process that is killed does nothing any more: what is there at that step is all that is left.
            let (left, mut step) = (tempfile::tempdir().unwrap(), 0);
            swap(&dir, T, (&names(), &names()), &mut |_| {
                step += 1;
                if step == cut {
                    copy(&dir, left.path());
                }
            })
            .unwrap();
            finish(left.path(), own).unwrap();
            assert_eq!(tree(left.path()), expected, "cut off at step {cut}");
            assert!(!is_between(left.path()) && is_untold(left.path()));
            told(left.path()).unwrap();
            assert!(!is_untold(left.path()));
        }
    }

    /// What of a version belongs to its crawl.
    fn own(version: &Path) -> Vec<PathBuf> {
        ["store.sqlite", "pages.jsonl", "summary.json", "items/a.jsonl"].map(|name| version.join(name)).to_vec()
    }

    fn copy(from: &Path, to: &Path) {
        for (name, text) in tree(from) {
            fs::create_dir_all(to.join(&name).parent().unwrap()).unwrap();
            fs::write(to.join(name), text).unwrap();
        }
    }

    #[test]
    fn a_note_that_leads_elsewhere_is_refused() {
        for (version, name) in [(T, "../secret"), (T, "a/b"), ("..", "pages.jsonl"), (T, ""), (T, ".ssh")] {
            let folder = made();
            let note = Swap { version: version.to_owned(), out: vec![name.to_owned()], r#in: Vec::new() };
            note.write(folder.path()).unwrap();
            let before = tree(folder.path());
            assert!(finish(folder.path(), own).is_err(), "{version} {name}");
            assert_eq!(tree(folder.path()), before);
        }
    }

    /// Three versions, each with an archive; the first has a file of somebody else.
    fn three() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in ["2025-01-01T00-00-00Z", "2025-01-02T00-00-00Z", "2025-01-03T00-00-00Z"] {
            let version = folder.path().join("versions").join(name);
            fs::create_dir_all(version.join("archive")).unwrap();
            fs::create_dir_all(version.join("items")).unwrap();
            for file in ["store.sqlite", "pages.jsonl", "items/a.jsonl", "archive/a.warc.gz"] {
                fs::write(version.join(file), name).unwrap();
            }
        }
        fs::write(folder.path().join("versions/2025-01-01T00-00-00Z/notes.txt"), "mine").unwrap();
        folder
    }

    #[test]
    fn the_oldest_versions_go_and_their_archives_stay() {
        let folder = three();
        assert_eq!(kept(folder.path()).len(), 3);
        prune(folder.path(), 2, own, &mut |_| ()).unwrap();
        assert_eq!(kept(folder.path()).len(), 2);
        let names = |found: Vec<PathBuf>| -> Vec<String> {
            found.iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect()
        };
        assert_eq!(names(before(folder.path())).len(), 3);
        let second = folder.path().join("versions/2025-01-02T00-00-00Z");
        assert_eq!(names(before(&second)), ["2025-01-01T00-00-00Z"], "those before a version are beside it");
        let archive = folder.path().join("versions/2025-01-01T00-00-00Z/archive/a.warc.gz");
        assert!(archive.is_file(), "a later archive may refer to it");
        let next = folder.path().join("next");
        fs::create_dir(&next).unwrap();
        assert_eq!(before(&next).len(), 0, "that is some folder");
        fs::write(folder.path().join("store.sqlite"), "").unwrap();
        assert_eq!(before(&next).len(), 4, "the one in whose place it is to be, and those before that");
        assert_eq!(before(folder.path()).len(), 3);
    }

    #[test]
    fn a_version_whose_deletion_was_cut_off_is_none_and_goes() {
        let whole = three();
        let mut steps = 0;
        prune(whole.path(), 1, own, &mut |_| steps += 1).unwrap();
        let expected = tree(whole.path());
        assert_eq!((expected.len(), steps), (3 + 3 + 1, 10), "{expected:?}");
        for cut in 1..=steps {
            let folder = three();
            let (left, mut step) = (tempfile::tempdir().unwrap(), 0);
            prune(folder.path(), 1, own, &mut |_| {
                step += 1;
                if step == cut {
                    copy(folder.path(), left.path());
                }
            })
            .unwrap();
            let is_whole = |version: &PathBuf| version.join("pages.jsonl").exists() && version.join("items").exists();
            assert!(kept(left.path()).iter().all(is_whole), "cut off at step {cut}");
            finish(left.path(), own).unwrap();
            // Those that were not begun with are for the next update.
            prune(left.path(), 1, own, &mut |_| ()).unwrap();
            assert_eq!(tree(left.path()), expected, "cut off at step {cut}");
        }
    }
}
