//! Lines of a file, found again by the URL that they are of: 16 bytes of memory for each.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::error::{Error, Result};
use crate::url::UrlKey;

/// The lines of a file that does not change, by the fingerprints of what they are of.
#[derive(Debug)]
pub(crate) struct IndexedLines {
    path: PathBuf,
    file: Mutex<File>,
    /// Half of each fingerprint, and where the line begins; in their order.
    places: Vec<(u64, u64)>,
    /// How far the file counts.
    length: u64,
}

/// The places of lines, as they are found.
#[derive(Debug, Default)]
pub(crate) struct Places {
    places: Vec<(u64, u64)>,
    /// Where the next line begins.
    next: u64,
}

impl Places {
    /// Takes note of the next line, which is so long, when it is to be found again.
    pub(crate) fn note(&mut self, key: Option<UrlKey>, length: usize) {
        self.places.extend(key.map(|key| (half(key), self.next)));
        self.next += length as u64;
    }

    /// The lines of the file at a path, as far as they were noted.
    pub(crate) fn open(mut self, path: &Path) -> Result<IndexedLines> {
        let file = File::open(path).map_err(|error| Error::io("open", path, error))?;
        self.places.sort_unstable();
        self.places.shrink_to_fit();
        Ok(IndexedLines { path: path.to_owned(), file: Mutex::new(file), places: self.places, length: self.next })
    }
}

impl IndexedLines {
    /// How many lines can be found.
    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// How far the file counts, in bytes.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// The numbers of the lines that may be of a fingerprint.
    pub(crate) fn numbers_of(&self, key: UrlKey) -> std::ops::Range<usize> {
        let first = self.places.partition_point(|(half_key, _)| *half_key < half(key));
        let after = self.places.partition_point(|(half_key, _)| *half_key <= half(key));
        first..after
    }

    /// The lines that may be of a fingerprint, in their order, each with its number: one, nearly always. May block.
    pub(crate) fn of(&self, key: UrlKey) -> impl Iterator<Item = Result<(usize, Vec<u8>)>> {
        let first = self.places.partition_point(|(half_key, _)| *half_key < half(key));
        let same = move |(_, (half_key, _)): &(usize, &(u64, u64))| *half_key == half(key);
        let places = self.places.iter().enumerate().skip(first).take_while(same);
        places.map(|(number, (_, at))| Ok((number, self.line(*at)?)))
    }

    /// The line that begins there, and those after it that belong to it as far as `more` says.
    pub(crate) fn lines_from(&self, at: u64, most: u64, mut each: impl FnMut(&[u8]) -> bool) -> Result<()> {
        let mut next = at;
        for _ in 0..most {
            let line = self.line(next)?;
            if line.is_empty() || !each(&line) {
                break;
            }
            next += line.len() as u64 + 1;
        }
        Ok(())
    }

    /// Where the first line of a fingerprint begins.
    pub(crate) fn place_of(&self, key: UrlKey) -> Option<u64> {
        let first = self.places.partition_point(|(half_key, _)| *half_key < half(key));
        self.places.get(first).filter(|(half_key, _)| *half_key == half(key)).map(|(_, at)| *at)
    }

    /// The line that begins there, without its end.
    fn line(&self, at: u64) -> Result<Vec<u8>> {
        let failed = |error| Error::io("read", &self.path, error);
        // Nobody panics while holding it; what is read is not changed by that either.
        let mut file = self.file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let (mut line, mut piece) = (Vec::new(), vec![0; PIECE]);
        let mut from = at;
        while from < self.length {
            file.seek(SeekFrom::Start(from)).map_err(failed)?;
            let read = file.read(&mut piece).map_err(failed)?;
            let read = piece.get(..read).unwrap_or_default();
            if let Some(end) = memchr::memchr(b'\n', read) {
                line.extend_from_slice(read.get(..end).unwrap_or_default());
                break;
            }
            if read.is_empty() {
                break;
            }
            line.extend_from_slice(read);
            from += read.len() as u64;
        }
        Ok(line)
    }
}

fn half(key: UrlKey) -> u64 {
    key.as_bytes().first_chunk().copied().map_or(0, u64::from_le_bytes)
}

/// How much is read at once, in bytes: most records are shorter.
const PIECE: usize = 8 << 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::url::UrlRules;

    #[test]
    fn each_line_is_found_by_what_it_is_of() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines");
        let key = |n: usize| UrlRules::new(2048).parse(&format!("http://e.com/{n}")).unwrap().key();
        let line = |n: usize| format!("{n} {}", "x".repeat(n * 977));
        let mut places = Places::default();
        let mut text = String::new();
        for n in 0..40 {
            let line = line(n) + "\n";
            places.note((n != 7).then(|| key(n)), line.len());
            text += &line;
        }
        std::fs::write(&path, text + "behind\n").unwrap();
        let lines = places.open(&path).unwrap();
        assert_eq!((lines.places.len(), lines.numbers_of(key(7)).len(), lines.numbers_of(key(8)).len()), (39, 0, 1));
        for n in 0..40 {
            let found: Vec<_> = lines.of(key(n)).map(|found| found.unwrap().1).collect();
            let expected = if n == 7 { Vec::new() } else { vec![line(n).into_bytes()] };
            assert_eq!(found, expected);
        }
        assert_eq!(lines.of(key(41)).count(), 0);
        let mut after = Vec::new();
        lines
            .lines_from(lines.place_of(key(38)).unwrap(), 9, |line| {
                after.push(line.len());
                true
            })
            .unwrap();
        assert_eq!(after, [line(38).len(), line(39).len()], "what lies behind does not count");
    }
}
