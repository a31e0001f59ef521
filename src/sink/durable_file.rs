//! A durable file: it grows by whole pieces, and holds what was committed to it whatever happens to its process.
//!
//! The mechanics that every output in a file needs, whatever its format: append, make durable, cut back, replace, and
//! notice that somebody else has taken the file away.

use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Take, Write};
use std::path::{Path, PathBuf};

use super::Checkpoint;
use super::summed::{Sum, Summed};
use crate::error::{Error, Result};

/// A file that grows by whole pieces: a line, a member of an archive.
///
/// - Only whole pieces are handed to the operating system, and when it takes a part of one only (the disk is full), that
///   part is cut off again.
/// - It is opened for appending. So what is written after somebody has cut the file leaves no hole in it, and what
///   somebody has appended is not written over.
/// - Each [`flush`](Self::flush) looks whether the file is still there, once.
/// - A path that names a pipe or a device is only written to: nothing can be made durable, cut back or replaced there.
#[derive(Debug)]
pub(super) struct DurableFile {
    /// As the user has named it.
    path: PathBuf,
    file: File,
    /// Pieces that are not handed over yet.
    pending: Vec<u8>,
    /// Of what the file holds in whole pieces.
    length: u64,
    /// Of so many bytes.
    sum: Sum,
    /// `None` for what is no regular file.
    place: Option<OnDisk>,
    prepared: Option<Prepared>,
}

/// A regular file, and how much of it is on disk.
#[derive(Debug)]
struct OnDisk {
    /// Absolute, without links in it: of a link to a file, the file is replaced and not the link.
    path: PathBuf,
    identity: Identity,
    durable: u64,
}

/// The file beside the one whose place it is to take.
#[derive(Debug)]
struct Prepared {
    file: File,
    length: u64,
    sum: Sum,
}

impl DurableFile {
    /// Creates the file, and the folders that it is in. An existing file is emptied.
    pub(super) fn create(path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder).map_err(|error| Error::io("create", folder, error))?;
        }
        let io = |error| Error::io("create", &path, error);
        if !is_stream(&path) && !path.metadata().is_ok_and(|found| !found.is_file() && !found.is_dir()) {
            File::create(&path).map_err(io)?;
        }
        let this = Self::opened(path.clone(), 0, Sum::new())?;
        sync_folder(&path);
        Ok(this)
    }

    /// Goes on with the file of a crawl that was stopped or killed: cuts off what lies behind its checkpoint. What was
    /// prepared and committed takes its place first. What is no regular file is only opened. `ends`: what every piece
    /// ends with; empty when that is not known.
    ///
    /// # Errors
    /// [`Error::Damaged`] when it is not the file that the crawl has left; it is then not touched.
    pub(super) fn resume(path: impl Into<PathBuf>, checkpoint: &Checkpoint, ends: &[u8]) -> Result<Self> {
        let path = path.into();
        finish_prepared(&path, checkpoint)?;
        let length = checkpoint.settled_length();
        match fs::metadata(&path) {
            Ok(found) if found.is_file() && !is_stream(&path) => {}
            Ok(_) => return Self::create(path),
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(Error::io("open", &path, error)),
            Err(_) if length == 0 => return Self::create(path),
            Err(_) => return Err(damaged(&path, "is not there", length)),
        }
        cut(&path, length, ends)?;
        Self::opened(path, length, Sum::after(length, checkpoint.settled_crc()))
    }

    /// Appends one piece. It may stay in memory until [`flush`](Self::flush).
    pub(super) fn append(&mut self, piece: impl FnOnce(&mut Vec<u8>) -> Result<()>) -> Result<()> {
        if self.prepared.is_some() {
            return Err(Error::Internal(format!("{} is about to be replaced", self.path.display())));
        }
        let whole = self.pending.len();
        if let Err(error) = piece(&mut self.pending) {
            self.pending.truncate(whole);
            return Err(error);
        }
        if self.pending.len() >= BUFFER { self.hand_over() } else { Ok(()) }
    }

    /// Where the next piece will be.
    pub(super) fn end(&self) -> u64 {
        self.length + self.pending.len() as u64
    }

    /// Makes everything durable. `None` for what cannot be cut back.
    ///
    /// # Errors
    /// [`Error::Taken`] when the file is not there any more, or not as it was written.
    pub(super) fn flush(&mut self) -> Result<Option<Checkpoint>> {
        self.hand_over()?;
        let Some(place) = &mut self.place else { return Ok(None) };
        if place.durable < self.length {
            self.file.sync_data().map_err(|error| Error::io("write", &self.path, error))?;
        }
        place.expect_as_written(&self.path, self.length)?;
        place.durable = self.length;
        Ok(Some(Checkpoint::length(self.length).with_crc(self.sum.value())))
    }

    /// Writes another file beside this one, out of this one, and makes it and its name durable. `None` when this is no
    /// file that can be replaced.
    pub(super) fn prepare(
        &mut self,
        copy: impl FnOnce(BufReader<Take<File>>, &mut BufWriter<Summed>) -> Result<()>,
    ) -> Result<Option<Checkpoint>> {
        if self.place.is_none() {
            return Ok(None);
        }
        self.flush()?;
        let Some(place) = &self.place else { return Ok(None) };
        let prepared = prepare(&place.path, self.length, copy).inspect_err(|_| {
            // The file itself is as it was; what is beside it is of no use to anybody.
            let _ = fs::remove_file(beside(&place.path));
        })?;
        let (amended, crc) = (Some(prepared.length), prepared.sum.value());
        let checkpoint = Checkpoint::Length { committed: self.length, amended, crc };
        self.prepared = Some(prepared);
        Ok(Some(checkpoint))
    }

    /// Puts what was prepared in its place, and goes on there. Without anything prepared, nothing is done.
    pub(super) fn finish_prepared(&mut self) -> Result<()> {
        if let (Some(Prepared { file, length, sum }), Some(place)) = (self.prepared.take(), &mut self.place) {
            place.expect_as_written(&self.path, self.length)?;
            replace(&place.path)?;
            let identity = identity(&file.metadata().map_err(|error| Error::io("amend", &self.path, error))?);
            (place.identity, place.durable) = (identity, length);
            (self.file, self.length, self.sum) = (file, length, sum);
        }
        Ok(())
    }

    fn opened(path: PathBuf, length: u64, sum: Sum) -> Result<Self> {
        let io = |error| Error::io("open", &path, error);
        let file = File::options().append(true).open(&path).map_err(io)?;
        let found = file.metadata().map_err(io)?;
        let place = if found.is_file() && !is_stream(&path) {
            let real = fs::canonicalize(&path).map_err(io)?;
            Some(OnDisk { path: real, identity: identity(&found), durable: length })
        } else {
            None
        };
        Ok(Self { path, file, pending: Vec::new(), length, sum, place, prepared: None })
    }

    /// Hands everything to the operating system: whoever opens the file can read it then.
    pub(super) fn hand_over(&mut self) -> Result<()> {
        if let Err(error) = self.file.write_all(&self.pending) {
            self.cut_back();
            return Err(Error::io("write", &self.path, error));
        }
        self.length += self.pending.len() as u64;
        self.sum.add(&self.pending);
        self.pending.clear();
        Ok(())
    }

    /// Takes back a write that failed half way. When that fails too, the first error is the one worth telling. A file
    /// that somebody else has changed is left alone.
    fn cut_back(&mut self) {
        let is_longer = |file: &File| file.metadata().is_ok_and(|found| found.len() > self.length);
        if self.place.is_some() && is_longer(&self.file) {
            let _ = self.file.set_len(self.length);
        }
    }
}

impl OnDisk {
    /// Looks whether the path still names this file, and whether it is as long as what was written to it.
    fn expect_as_written(&self, shown: &Path, length: u64) -> Result<()> {
        let what = match fs::metadata(&self.path) {
            Ok(found) if identity(&found) != self.identity => "has been replaced".to_owned(),
            Ok(found) if found.len() < length => format!("has had {} bytes cut off", length - found.len()),
            Ok(found) if found.len() > length => "has been written to".to_owned(),
            Ok(_) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => "has been removed or renamed".to_owned(),
            Err(error) => return Err(Error::io("open", shown, error)),
        };
        Err(Error::Taken { path: shown.to_owned(), what })
    }
}

/// Puts a prepared and committed file in its place unless a process that was killed has done so. Going back to the file
/// before would be wrong: killed again after the prepared one is deleted, nobody could tell which of the two is left.
pub(super) fn finish_prepared(path: &Path, checkpoint: &Checkpoint) -> Result<()> {
    let Checkpoint::Length { amended: Some(length), .. } = *checkpoint else { return Ok(()) };
    if is_stream(path) {
        return Ok(());
    }
    // Of a link to a file, the file is replaced and not the link.
    let linked = path.is_symlink().then(|| fs::canonicalize(path).ok()).flatten();
    let path = linked.as_deref().unwrap_or(path);
    let beside = beside(path);
    match fs::metadata(&beside) {
        Ok(left) if left.len() == length => replace(path),
        Ok(left) => Err(damaged(&beside, &format!("is {} bytes long", left.len()), length)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Error::io("open", &beside, error)),
    }
}

/// The name of the file that is prepared beside another.
pub(super) fn beside(path: &Path) -> PathBuf {
    let mut beside = OsString::from(path);
    beside.push(".tmp");
    PathBuf::from(beside)
}

/// Whether a path names what this process was started with, which is nobody's to cut even when it is a file.
pub(super) fn is_stream(path: &Path) -> bool {
    ["/dev/stdout", "/dev/stderr", "/dev/fd", "/proc"].iter().any(|stream| path.starts_with(stream))
}

/// Makes the name of a file durable. Not all systems can, and none needs it but after a loss of power.
pub(super) fn sync_folder(path: &Path) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
}

fn prepare(
    path: &Path,
    length: u64,
    copy: impl FnOnce(BufReader<Take<File>>, &mut BufWriter<Summed>) -> Result<()>,
) -> Result<Prepared> {
    let io = |error| Error::io("amend", path, error);
    let from = File::open(path).map_err(io)?;
    let permissions = from.metadata().map_err(io)?.permissions();
    let beside = beside(path);
    let to = File::create(&beside).and_then(|_| File::options().append(true).open(&beside)).map_err(io)?;
    let mut to = BufWriter::with_capacity(BUFFER, Summed { file: to, sum: Sum::new() });
    copy(BufReader::with_capacity(BUFFER, from.take(length)), &mut to)?;
    let Summed { file, sum } = to.into_inner().map_err(|error| io(error.into_error()))?;
    file.set_permissions(permissions).and_then(|()| file.sync_all()).map_err(io)?;
    let length = file.metadata().map_err(io)?.len();
    // The store will rely on finding it there, or else on its having taken the place of the file.
    sync_folder(path);
    Ok(Prepared { file, length, sum })
}

/// Puts the prepared file in its place.
fn replace(path: &Path) -> Result<()> {
    fs::rename(beside(path), path).map_err(|error| Error::io("amend", path, error))?;
    sync_folder(path);
    Ok(())
}

/// Cuts off what follows so many bytes.
fn cut(path: &Path, length: u64, ends: &[u8]) -> Result<()> {
    let io = |error| Error::io("open", path, error);
    // Not for appending: not every system lets such a file be cut.
    let mut file = File::options().read(true).write(true).open(path).map_err(io)?;
    let found = file.metadata().map_err(io)?.len();
    if found < length {
        return Err(damaged(path, &format!("is {found} bytes long"), length));
    }
    if let Some(start) = length.checked_sub(ends.len() as u64).filter(|_| length > 0) {
        let mut end = vec![0; ends.len()];
        file.seek(SeekFrom::Start(start)).and_then(|_| file.read_exact(&mut end)).map_err(io)?;
        if end != ends {
            return Err(damaged(path, &format!("has no end of a line at byte {length}"), length));
        }
    }
    if found > length {
        file.set_len(length).and_then(|()| file.sync_all()).map_err(|error| Error::io("cut", path, error))?;
    }
    Ok(())
}

fn damaged(path: &Path, is: &str, committed: u64) -> Error {
    Error::Damaged(format!(
        "{} {is}, but the crawl has written {committed} bytes to it\n = help: put the file back as it was, or start over \
         with --fresh",
        path.display()
    ))
}

/// Which file it is: a path may come to name another one.
type Identity = (u64, u64);

#[cfg(unix)]
fn identity(file: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt as _;
    (file.dev(), file.ino())
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> Identity {
    (0, 0)
}

const BUFFER: usize = 64 << 10;

#[cfg(test)]
pub(super) mod tests {
    use super::super::{Settled, Sink};
    use super::*;

    /// What is in the file of a sink after a process was killed that had committed the first pages and written the second ones,
    /// and another one has gone on.
    pub(in crate::sink) fn after_a_kill<S: Sink>(
        open: impl Fn(&Path, &Checkpoint) -> S,
        [committed, lost]: [&[Settled]; 2],
    ) -> String {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("below/lines");
        let write = |sink: &mut S, pages: &[Settled]| {
            for page in pages {
                sink.write(page).unwrap();
            }
            sink.flush().unwrap().unwrap()
        };
        let mut sink = open(&path, &Checkpoint::length(0));
        let checkpoint = write(&mut sink, committed);
        write(&mut sink, lost);
        drop(sink);
        write(&mut open(&path, &checkpoint), lost);
        fs::read_to_string(&path).unwrap()
    }

    /// A file with these pieces, flushed.
    fn written(path: &Path, pieces: &[&str]) -> DurableFile {
        let mut file = DurableFile::create(path).unwrap();
        append(&mut file, pieces);
        file.flush().unwrap();
        file
    }

    /// The checkpoint of a file of so many bytes.
    fn whole(path: &Path, length: u64) -> Checkpoint {
        Checkpoint::length(length).with_crc(Some(crc32fast::hash(&fs::read(path).unwrap())))
    }

    fn append(file: &mut DurableFile, pieces: &[&str]) {
        for piece in pieces {
            let append = |to: &mut Vec<u8>| {
                to.extend_from_slice(piece.as_bytes());
                Ok(())
            };
            file.append(append).unwrap();
        }
    }

    fn disturbance(file: &mut DurableFile) -> String {
        match file.flush() {
            Err(error @ Error::Taken { .. }) => error.to_string(),
            other => panic!("not noticed: {other:?}"),
        }
    }

    #[test]
    fn what_another_program_does_to_the_file_is_noticed_and_nothing_is_written_over() {
        let check = |disturb: &dyn Fn(&Path), what: &str, left: Option<&str>| {
            for more in [&[][..], &["more\n"]] {
                let dir = tempfile::tempdir().unwrap();
                let path = dir.path().join("pages");
                let mut file = written(&path, &["one\n", "two\n"]);
                disturb(&path);
                append(&mut file, more);
                let message = disturbance(&mut file);
                assert!(message.ends_with(&format!("pages {what} by another program during the crawl")), "{message}");
                let after = fs::read_to_string(&path).ok();
                assert_eq!(after.is_some(), left.is_some(), "{what}");
                assert!(
                    after.unwrap_or_default().starts_with(left.unwrap_or_default()),
                    "{what}: no byte of it is lost"
                );
            }
        };
        check(&|path| fs::remove_file(path).unwrap(), "has been removed or renamed", None);
        check(&|path| fs::rename(path, path.with_extension("1")).unwrap(), "has been removed or renamed", None);
        check(
            &|path| {
                fs::write(path.with_extension("new"), "foreign1").unwrap();
                fs::rename(path.with_extension("new"), path).unwrap();
            },
            "has been replaced",
            Some("foreign1"),
        );
        let appended = |path: &Path| File::options().append(true).open(path).unwrap().write_all(b"foreign").unwrap();
        check(&appended, "has been written to", Some("one\ntwo\nforeign"));
    }

    #[test]
    fn a_file_that_is_cut_is_noticed_whatever_is_written_then_and_has_no_hole() {
        for more in [&[][..], &["more\n"][..], &["a lot more\n"; 5][..]] {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("pages");
            let mut file = written(&path, &["one\n", "two\n"]);
            File::options().write(true).open(&path).unwrap().set_len(0).unwrap();
            append(&mut file, more);
            let message = disturbance(&mut file);
            let what = "pages has had 8 bytes cut off by another program";
            assert!(message.contains(what), "{message}");
            assert_eq!(fs::read_to_string(&path).unwrap(), more.concat());
        }
    }

    #[test]
    fn a_folder_that_is_removed_takes_the_file_with_it() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("crawl");
        let mut file = written(&folder.join("pages"), &["one\n"]);
        fs::remove_dir_all(&folder).unwrap();
        assert!(disturbance(&mut file).contains("removed or renamed"));
    }

    #[test]
    fn half_a_piece_is_taken_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pages");
        let mut file = written(&path, &["one\n"]);
        file.file.write_all(b"hal").unwrap();
        file.cut_back();
        append(&mut file, &["two\n"]);
        file.flush().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\n");
    }

    #[test]
    fn a_piece_that_cannot_be_made_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pages");
        let mut file = written(&path, &["one\n"]);
        let refused = file.append(|to| {
            to.extend_from_slice(b"hal");
            Err(Error::ClosedPipe)
        });
        assert!(refused.is_err());
        append(&mut file, &["two\n"]);
        assert_eq!(file.flush().unwrap(), Some(whole(&path, 8)));
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\n");
    }

    #[test]
    fn a_prepared_file_takes_the_place_of_one_that_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pages");
        let mut file = written(&path, &["one\n"]);
        let copy = |_: BufReader<Take<File>>, to: &mut BufWriter<Summed>| {
            to.write_all(b"two\n").map_err(|error| Error::io("amend", Path::new("pages"), error))
        };
        let checkpoint = file.prepare(copy).unwrap().unwrap();
        fs::remove_file(&path).unwrap();
        assert!(file.finish_prepared().is_err(), "it is noticed");
        let mut file = DurableFile::resume(&path, &checkpoint, b"\n").unwrap();
        append(&mut file, &["three\n"]);
        assert_eq!(file.flush().unwrap(), Some(whole(&path, 10)));
        assert_eq!(fs::read_to_string(&path).unwrap(), "two\nthree\n");
    }
}
