//! Earlier archives: what their indexes say of bodies that need not be kept again.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use super::known_bodies::KnownBodies;
use super::members::Original;
use crate::error::{Error, Result};
use crate::warc::{CdxLine, Digest, date_text};

/// The indexes (CDXJ) of earlier archives. Of each line only its place is kept, beside a part of its digest: what it says
/// is read when a body comes that may be the same.
#[derive(Debug, Default)]
pub(super) struct Earlier {
    indexes: Vec<PathBuf>,
}

impl Earlier {
    /// Reads these indexes, and makes the bodies known that they name.
    ///
    /// # Errors
    /// [`Error::Usage`] when one cannot be read, or has no line that is one of an index.
    pub(super) fn open(indexes: &[PathBuf], bodies: &mut KnownBodies) -> Result<Self> {
        for (nth, path) in indexes.iter().enumerate() {
            let serial = u32::try_from(nth).ok().map_or(u32::MAX, |nth| nth | EARLIER);
            let shown = path.display();
            let unreadable = |why: &dyn std::fmt::Display| {
                Error::Usage(format!(
                    "archive.earlier: {shown}: {why}\n = help: it takes indexes as `crawler index` writes them (CDXJ)"
                ))
            };
            let mut lines = BufReader::new(File::open(path).map_err(|error| unreadable(&error))?);
            let (mut line, mut offset, mut captures) = (Vec::new(), 0, 0_u64);
            loop {
                line.clear();
                let read = lines.read_until(b'\n', &mut line).map_err(|error| unreadable(&error))?;
                if read == 0 {
                    break;
                }
                if let Some((digest, _)) = body_of(&line) {
                    bodies.note(digest, (serial, offset));
                    captures += 1;
                }
                offset += read as u64;
            }
            if captures == 0 && offset > 0 {
                return Err(unreadable(&"no line of it is one of an index"));
            }
        }
        Ok(Self { indexes: indexes.to_vec() })
    }

    /// What a line says, when it is of the body of this digest. `None` also for a place that is in this archive.
    pub(super) fn original(&self, (serial, offset): (u32, u64), digest: [u8; 20]) -> Option<Original> {
        let path = self.indexes.get(serial.checked_sub(EARLIER)? as usize)?;
        let (found, line) = body_of(&line_at(path, offset)?)?;
        let of_line = || Original { id: None, uri: line.url, date: date_text(line.date) };
        (found == digest).then(of_line)
    }
}

/// The digest of the body that a line is of, and what the line says.
fn body_of(line: &[u8]) -> Option<([u8; 20], CdxLine)> {
    let line = CdxLine::parse(str::from_utf8(line).ok()?)?;
    let is_body = line.status.is_some() && line.mime.as_deref() != Some("warc/revisit");
    match line.digest.as_deref().map(Digest::parse) {
        Some(Digest::Sha1(digest)) if is_body => Some((digest, line)),
        _ => None,
    }
}

fn line_at(path: &Path, offset: u64) -> Option<Vec<u8>> {
    let (mut file, mut line) = (File::open(path).ok()?, Vec::new());
    file.seek(SeekFrom::Start(offset)).ok()?;
    BufReader::new(file.take(LONGEST)).read_until(b'\n', &mut line).ok()?;
    Some(line)
}

/// What tells the places of earlier archives from those of this one.
const EARLIER: u32 = 1 << 31;
/// A longer line is none that is read.
const LONGEST: u64 = 64 << 10;
