//! The folder of a mirror: nothing is written outside of it, nothing of others is changed in it, and a mirror that is not
//! whole does not look as if it were.
//!
//! A list at its top names the files that are ours, and whether they are all. It is there before the first of them, and each
//! is written beside its place and then renamed. While the mirror is not whole, the page that one opens is not there.

use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use hashbrown::HashSet;

use super::name::is_path;
use crate::error::{Error, Result};

/// A folder that is written.
#[derive(Debug)]
pub(super) struct Site {
    root: PathBuf,
    /// Locked as long as this lives.
    _lock: File,
    /// The files that are ours.
    ours: HashSet<String>,
    /// Folders that are no links, nor is anything above them.
    checked: HashSet<String>,
    /// What of it was changed.
    changes: Changes,
}

/// What became of the files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    /// New, or with other contents.
    pub(crate) written: u64,
    pub(crate) unchanged: u64,
    pub(crate) deleted: u64,
}

impl Site {
    /// Takes a folder: a new one, an empty one, or one that holds a mirror.
    ///
    /// # Errors
    /// [`Error::Usage`] when it holds something else, or another process is writing it.
    pub(super) fn take(path: &Path) -> Result<Self> {
        let shown = path.display();
        match fs::metadata(path) {
            Ok(found) if !found.is_dir() => {
                return Err(Error::Usage(format!("--to: {shown} is a file\n = help: name a folder")));
            }
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {
                fs::create_dir_all(path).map_err(|error| Error::io("create", path, error))?;
            }
            Err(error) => return Err(Error::io("open", path, error)),
        }
        let root = fs::canonicalize(path).map_err(|error| Error::io("open", path, error))?;
        let before = read_list(&root)?;
        if before.is_none() && has_others(&root)? {
            let help = "name a new or an empty folder, or one that holds a mirror";
            return Err(Error::Usage(format!("--to: {shown} holds other things\n = help: {help}")));
        }
        let lock_path = root.join(LOCK);
        expect_file(&lock_path)?;
        let lock = File::options().write(true).create(true).truncate(false).open(&lock_path);
        let lock = lock.map_err(|error| Error::io("open", &lock_path, error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::Usage(format!("another process is writing the mirror in {shown}")));
            }
            Err(TryLockError::Error(error)) => return Err(Error::io("lock", &lock_path, error)),
        }
        // What was read before the lock may be old.
        let before = read_list(&root)?.unwrap_or_default();
        Ok(Self { root, _lock: lock, ours: before, checked: HashSet::new(), changes: Changes::default() })
    }

    /// Says which files the mirror is to have, and deletes those that it has no more.
    ///
    /// # Errors
    /// [`Error::Usage`] when something that is not ours is in the place of one: what is on the list is deleted one day.
    pub(super) fn begin(&mut self, names: &[String]) -> Result<()> {
        let new: HashSet<&str> = names.iter().map(String::as_str).collect();
        for name in names.iter().filter(|name| !self.ours.contains(*name)) {
            let path = self.root.join(name);
            if look(&path)?.is_some_and(|found| !found.is_dir()) {
                return Err(in_the_way(&path));
            }
        }
        let mut all: Vec<&str> = self.ours.iter().map(String::as_str).filter(|name| !new.contains(name)).collect();
        all.extend(names.iter().map(String::as_str));
        write_list(&self.root, UNFINISHED, &all)?;
        self.delete(FRONT)?;
        let gone: Vec<String> = self.ours.iter().filter(|name| !new.contains(name.as_str())).cloned().collect();
        for name in gone {
            if self.delete(&name)? {
                self.changes.deleted += 1;
            }
            self.delete_empty_folders_of(&name);
        }
        self.ours = names.iter().cloned().collect();
        Ok(())
    }

    /// Writes a file that [`begin`](Self::begin) has named, unless it is as it should be.
    ///
    /// # Errors
    /// [`Error::Usage`] when something that is not ours is in its place.
    pub(super) fn write(&mut self, name: &str, contents: &[u8]) -> Result<()> {
        self.make_folders_of(name)?;
        let path = self.root.join(name);
        if let Some(found) = look(&path)? {
            if !found.is_file() {
                return Err(in_the_way(&path));
            }
            if found.len() == contents.len() as u64 && has(&path, contents)? {
                self.changes.unchanged += 1;
                return Ok(());
            }
        }
        replace(&self.root, &path, contents)?;
        self.changes.written += 1;
        Ok(())
    }

    /// Says that the mirror is whole: with the page that one opens.
    pub(super) fn finish(self, names: &[String], front: &[u8]) -> Result<Changes> {
        replace(&self.root, &self.root.join(FRONT), front)?;
        let all: Vec<&str> = names.iter().map(String::as_str).collect();
        write_list(&self.root, WHOLE, &all)?;
        Ok(self.changes)
    }

    /// Makes the folders that a file is in, and checks that none of them leads elsewhere.
    fn make_folders_of(&mut self, name: &str) -> Result<()> {
        for (end, _) in name.match_indices('/') {
            let folder = name.get(..end).unwrap_or_default();
            if self.checked.contains(folder) {
                continue;
            }
            let path = self.root.join(folder);
            match look(&path)? {
                Some(found) if found.is_dir() => {}
                Some(_) => return Err(in_the_way(&path)),
                None => fs::create_dir(&path).map_err(|error| Error::io("create", &path, error))?,
            }
            self.checked.insert(folder.to_owned());
        }
        Ok(())
    }

    /// How long a file of ours is that was there before; `None` when there is none.
    pub(super) fn left(&self, name: &str) -> Result<Option<u64>> {
        if self.ours.contains(name) { Ok(self.file(name)?.map(|found| found.len())) } else { Ok(None) }
    }

    /// Deletes a file of ours; whether there was one.
    fn delete(&self, name: &str) -> Result<bool> {
        if self.file(name)?.is_none() {
            return Ok(false);
        }
        let path = self.root.join(name);
        fs::remove_file(&path).map_err(|error| Error::io("delete", &path, error))?;
        Ok(true)
    }

    /// A file in this folder. Behind a link, or where there is no folder, there is nothing of ours.
    fn file(&self, name: &str) -> Result<Option<fs::Metadata>> {
        for (end, _) in name.match_indices('/') {
            let path = self.root.join(name.get(..end).unwrap_or_default());
            if !look(&path)?.is_some_and(|found| found.is_dir()) {
                return Ok(None);
            }
        }
        Ok(look(&self.root.join(name))?.filter(fs::Metadata::is_file))
    }

    fn delete_empty_folders_of(&self, name: &str) {
        for (end, _) in name.rmatch_indices('/') {
            // One that is not empty stays, and so do those above it.
            if fs::remove_dir(self.root.join(name.get(..end).unwrap_or_default())).is_err() {
                return;
            }
        }
    }
}

/// Whether a name at the top of a mirror is that of a file which is no page of the site.
pub(super) fn is_own(name: &str) -> bool {
    [FRONT, LIST, LOCK, BESIDE].iter().any(|own| name.eq_ignore_ascii_case(own))
}

/// What is at a place, without following links.
fn look(path: &Path) -> Result<Option<fs::Metadata>> {
    match fs::symlink_metadata(path) {
        Ok(found) => Ok(Some(found)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(Error::io("open", path, error)),
    }
}

fn expect_file(path: &Path) -> Result<()> {
    if look(path)?.is_some_and(|found| !found.is_file()) { Err(in_the_way(path)) } else { Ok(()) }
}

fn in_the_way(path: &Path) -> Error {
    Error::Usage(format!("{} is in the way, and not of this mirror\n = help: move it elsewhere", path.display()))
}

/// Whether there is anything but what is left of a process that was killed before it wrote the list.
fn has_others(root: &Path) -> Result<bool> {
    for entry in fs::read_dir(root).map_err(|error| Error::io("open", root, error))? {
        let name = entry.map_err(|error| Error::io("open", root, error))?.file_name();
        if name != LOCK && name != BESIDE {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The files that a list names; `None` when there is no list.
fn read_list(root: &Path) -> Result<Option<HashSet<String>>> {
    let path = root.join(LIST);
    expect_file(&path)?;
    let mut text = String::new();
    match File::open(&path).and_then(|mut file| file.read_to_string(&mut text)) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io("read", &path, error)),
    }
    let mut lines = text.lines();
    if lines.next() != Some(SIGN) {
        return Err(in_the_way(&path));
    }
    // Whoever has written the list: what it names is deleted, and may only be in the folder.
    Ok(Some(lines.skip(1).filter(|name| is_path(name)).map(str::to_owned).collect()))
}

fn write_list(root: &Path, state: &str, names: &[&str]) -> Result<()> {
    let mut list = format!("{SIGN}\n{state}\n");
    for name in names {
        list.push_str(name);
        list.push('\n');
    }
    replace(root, &root.join(LIST), list.as_bytes())
}

/// Puts a file into its place when it is whole. A link in that place is replaced, and nothing behind it changed.
fn replace(root: &Path, path: &Path, contents: &[u8]) -> Result<()> {
    let beside = root.join(BESIDE);
    if look(&beside)?.is_some() {
        fs::remove_file(&beside).map_err(|error| Error::io("delete", &beside, error))?;
    }
    let file = File::options().write(true).create_new(true).open(&beside);
    let written = file.and_then(|mut file| file.write_all(contents)).and_then(|()| fs::rename(&beside, path));
    written.map_err(|error| Error::io("write", path, error))
}

/// Whether a file holds this.
fn has(path: &Path, contents: &[u8]) -> Result<bool> {
    fs::read(path).map(|found| found == contents).map_err(|error| Error::io("read", path, error))
}

/// The page that one opens.
pub(super) const FRONT: &str = "index.html";
const LIST: &str = "crawler-mirror.txt";
const LOCK: &str = "crawler-mirror.lock";
const BESIDE: &str = "crawler-mirror.tmp";
/// The first line of a list.
const SIGN: &str = "files of a mirror made by crawler, 1";
const WHOLE: &str = "whole";
const UNFINISHED: &str = "unfinished";

#[cfg(test)]
mod tests {
    use super::*;

    fn make(root: &Path, files: &[(&str, &str)]) -> Result<Changes> {
        let names: Vec<String> = files.iter().map(|(name, _)| (*name).to_owned()).collect();
        let mut site = Site::take(root)?;
        site.begin(&names)?;
        for (name, contents) in files {
            site.write(name, contents.as_bytes())?;
        }
        site.finish(&names, b"front")
    }

    fn all(root: &Path) -> Vec<String> {
        let mut found = Vec::new();
        let mut open = vec![root.to_owned()];
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    open.push(path.clone());
                }
                found.push(path.strip_prefix(root).unwrap().display().to_string());
            }
        }
        found.retain(|name| !is_own(name));
        found.sort();
        found
    }

    #[test]
    fn a_mirror_is_brought_up_to_date() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("site");
        let made = make(&root, &[("h/a.html", "1"), ("h/b/c.html", "2"), ("h/d", "3")]).unwrap();
        assert_eq!(made, Changes { written: 3, unchanged: 0, deleted: 0 });
        let made = make(&root, &[("h/a.html", "1"), ("h/d", "4"), ("h/e/f", "5")]).unwrap();
        assert_eq!(made, Changes { written: 2, unchanged: 1, deleted: 1 });
        assert_eq!(all(&root), ["h", "h/a.html", "h/d", "h/e", "h/e/f"]);
        // A file becomes a folder, and a folder a file.
        make(&root, &[("h/d/x", "1"), ("h/e", "2")]).unwrap();
        assert_eq!(all(&root), ["h", "h/d", "h/d/x", "h/e"]);
        assert_eq!(fs::read_to_string(root.join(FRONT)).unwrap(), "front");
    }

    #[test]
    fn what_was_given_up_has_no_front_and_is_finished_by_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        make(root, &[("h/a", "1")]).unwrap();
        let names = ["h/a".to_owned(), "h/b".to_owned()];
        let mut site = Site::take(root).unwrap();
        site.begin(&names).unwrap();
        site.write("h/b", b"2").unwrap();
        let refused = Site::take(root).unwrap_err().to_string();
        assert!(refused.starts_with("another process is writing the mirror in "), "{refused}");
        drop(site);
        assert!(!root.join(FRONT).exists());
        assert!(fs::read_to_string(root.join(LIST)).unwrap().contains("\nunfinished\n"));
        assert_eq!(make(root, &[("h/c", "1")]).unwrap(), Changes { written: 1, unchanged: 0, deleted: 2 });
        assert_eq!(all(root), ["h", "h/c"]);
    }

    #[test]
    fn what_others_have_made_is_refused_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::write(root.join("note"), "mine").unwrap();
        let refused = make(root, &[("h/a", "1")]).unwrap_err().to_string();
        assert!(refused.contains("holds other things"), "{refused}");
        fs::remove_file(root.join("note")).unwrap();
        make(root, &[("h/a", "1")]).unwrap();
        fs::write(root.join("h/mine"), "mine").unwrap();
        let refused = make(root, &[("h/mine", "1")]).unwrap_err().to_string();
        assert!(refused.contains("mine is in the way"), "{refused}");
        make(root, &[("i/a", "1")]).unwrap();
        assert_eq!(all(root), ["h", "h/mine", "i", "i/a"]);
        let refused = make(&root.join("i/a"), &[]).unwrap_err().to_string();
        assert!(refused.contains("is a file"), "{refused}");
        fs::write(root.join(LIST), "a list of my own").unwrap();
        assert!(make(root, &[]).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed() {
        use std::os::unix::fs::symlink;

        let folder = tempfile::tempdir().unwrap();
        let (root, outside) = (folder.path().join("site"), folder.path().join("outside"));
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("a"), "theirs").unwrap();
        make(&root, &[("h/a", "1"), ("i", "1")]).unwrap();
        fs::remove_dir_all(root.join("h")).unwrap();
        symlink(&outside, root.join("h")).unwrap();
        assert!(make(&root, &[("h/a", "2")]).unwrap_err().to_string().contains("is in the way"));
        // What is to be deleted is not deleted behind it.
        make(&root, &[]).unwrap();
        assert_eq!(fs::read_to_string(outside.join("a")).unwrap(), "theirs");
        fs::remove_file(root.join("h")).unwrap();
        symlink(outside.join("a"), root.join("i")).unwrap();
        assert!(make(&root, &[("i", "2")]).unwrap_err().to_string().contains("is in the way"));
        for own in [FRONT, LIST, LOCK, BESIDE] {
            let _ = fs::remove_file(root.join(own));
            symlink(outside.join("a"), root.join(own)).unwrap();
            let _ = make(&root, &[("j", "2")]);
            assert_eq!(fs::read_to_string(outside.join("a")).unwrap(), "theirs", "{own}");
            let _ = fs::remove_file(root.join(own));
        }
    }

    #[test]
    fn a_list_of_somebody_else_deletes_nothing_outside() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("site");
        fs::create_dir(&root).unwrap();
        fs::write(folder.path().join("mine"), "mine").unwrap();
        fs::write(root.join(LIST), format!("{SIGN}\n{WHOLE}\n../mine\n{}/mine\n", folder.path().display())).unwrap();
        make(&root, &[]).unwrap();
        assert!(folder.path().join("mine").exists());
    }
}
