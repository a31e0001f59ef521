//! The file of a store as anybody sees it, without SQLite: whether it is there, whether it is ours, and how it is deleted.

use std::fs::{self, File};
use std::io::{ErrorKind, Read as _};
use std::path::Path;

use super::node_file::NODE;
use crate::error::{Error, Result};

/// Whether a crawl directory holds a store that this program has made, of whatever version and in whatever state.
///
/// # Errors
/// [`Error::Usage`] when something else has its name.
pub(crate) fn is_there(dir: &Path) -> Result<bool> {
    // Where it says where in a database its store is.
    if dir.join(NODE).is_file() {
        return Ok(true);
    }
    is_own(dir)
}

/// The same for one in a file of the directory.
///
/// # Errors
/// [`Error::Usage`] when something else has its name.
pub(crate) fn is_own(dir: &Path) -> Result<bool> {
    let path = dir.join(FILE);
    match header(&path)? {
        Header::Missing => Ok(false),
        Header::Ours => Ok(true),
        Header::Foreign => Err(foreign(&path)),
    }
}

/// Deletes the store of a crawl directory, and what says that it is in a database: not what is there. What is no store of this
/// program stays.
pub(crate) fn delete(dir: &Path) -> Result<()> {
    let path = dir.join(FILE);
    if let Header::Foreign = header(&path)? {
        return Err(foreign(&path));
    }
    // The log first: alone it means nothing, but beside a new store it would be taken for its own.
    for name in
        [format!("{FILE}-wal"), format!("{FILE}-shm"), format!("{FILE}-journal"), FILE.to_owned(), NODE.to_owned()]
    {
        let file = dir.join(name);
        match fs::remove_file(&file) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(Error::io("delete", &file, error)),
            _ => {}
        }
    }
    Ok(())
}

pub(super) fn foreign(path: &Path) -> Error {
    let path = path.display();
    Error::Usage(format!("{path} is not a store of crawler, and is left alone; --dir takes another directory"))
}

/// Whose file it is.
pub(super) enum Header {
    Missing,
    Ours,
    Foreign,
}

/// Looks at the first bytes of a file, without SQLite: opening a foreign database with it could change that.
pub(super) fn header(path: &Path) -> Result<Header> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        // The latter where a file is named in place of the directory.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Header::Missing);
        }
        Err(error) => return Err(Error::io("open", path, error)),
    };
    let mut head = [0; HEAD];
    let length = read_up_to(&mut file, &mut head).map_err(|error| Error::io("read", path, error))?;
    // A process that was killed while it made the store.
    if length == 0 {
        return Ok(Header::Missing);
    }
    let id = head.get(APPLICATION_ID_AT..).and_then(|rest| rest.first_chunk::<4>());
    let ours = head.starts_with(MAGIC) && id == Some(&APPLICATION_ID.to_be_bytes());
    Ok(if ours { Header::Ours } else { Header::Foreign })
}

fn read_up_to(file: &mut File, to: &mut [u8]) -> std::io::Result<usize> {
    let mut length = 0;
    while let Some(rest) = to.get_mut(length..).filter(|rest| !rest.is_empty()) {
        match file.read(rest)? {
            0 => break,
            read => length += read,
        }
    }
    Ok(length)
}

/// The name of the store in its crawl directory.
pub(crate) const FILE: &str = "store.sqlite";
/// "CRWL": `file` and SQLite's own tools show whose database it is.
pub const APPLICATION_ID: i32 = 0x4352_574c;
/// The header of an SQLite file (sqlite.org/fileformat2.html, section 1.3).
const MAGIC: &[u8] = b"SQLite format 3\0";
const APPLICATION_ID_AT: usize = 68;
const HEAD: usize = 100;
