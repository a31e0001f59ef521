//! The records of an archive, one after the other, with the place of each.

use std::fmt;
use std::io::{BufRead, BufReader, Error, Read, Result as IoResult, copy, sink};

use flate2::bufread::GzDecoder;

use super::{Fields, Record};

/// Reads records: each in a gzip member of its own, all in one member, or not compressed, also in turns. It ends behind
/// the first thing that is no record: whoever asks gets that as a [`Fault`], once.
pub(crate) struct Records<R> {
    source: Source<R>,
    bounds: Bounds,
}

/// How much of a record is kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// The longest head, in bytes: a longer one is a fault.
    pub(crate) head: u64,
    /// As much of a block is kept; what is behind is passed over.
    pub(crate) block: u64,
}

/// Where a record lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// So many bytes from there on hold it and nothing else: it can be read alone.
    Alone { offset: u64, length: u64 },
    /// It is the one after so many others in the gzip member that starts there.
    Among { offset: u64, before: u64 },
}

/// A record and where it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Placed {
    pub(crate) record: Record,
    pub(crate) place: Place,
}

/// What is no record, or cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The start of the record, or of the gzip member that it lies in.
    pub(crate) offset: u64,
    /// What is wrong, for a person.
    pub(crate) why: String,
}

enum Source<R> {
    /// Between two members, or two records that are not compressed.
    Between(Counted<R>),
    /// In a member, behind so many records.
    Member {
        start: u64,
        before: u64,
        member: Box<BufReader<GzDecoder<Counted<R>>>>,
    },
    Over,
}

/// Counts what was taken.
struct Counted<R> {
    from: R,
    taken: u64,
}

impl Place {
    /// The same place when all starts so many bytes further on.
    pub(crate) fn moved(self, by: u64) -> Self {
        match self {
            Self::Alone { offset, length } => Self::Alone { offset: offset + by, length },
            Self::Among { offset, before } => Self::Among { offset: offset + by, before },
        }
    }
}

impl<R: BufRead> Records<R> {
    /// The records of all that comes.
    pub(crate) fn new(from: R, bounds: Bounds) -> Self {
        Self { source: Source::Between(Counted { from, taken: 0 }), bounds }
    }

    /// The next record; `None` behind the last one.
    fn read(&mut self) -> Result<Option<Placed>, Fault> {
        loop {
            match std::mem::replace(&mut self.source, Source::Over) {
                Source::Over => return Ok(None),
                Source::Between(mut from) => {
                    let start = from.taken;
                    let fault = |why| Fault { offset: start, why };
                    match from.fill_buf().map_err(|error| fault(unreadable(&error)))?.first() {
                        None => return Ok(None),
                        Some(0x1f) => {
                            let member = Box::new(BufReader::new(GzDecoder::new(from)));
                            self.source = Source::Member { start, before: 0, member };
                        }
                        Some(b'\r' | b'\n') => {
                            from.consume(1);
                            self.source = Source::Between(from);
                        }
                        Some(_) => {
                            let record = read_record(&mut from, self.bounds).map_err(fault)?;
                            skip_blank(&mut from).map_err(|error| fault(unreadable(&error)))?;
                            let place = Place::Alone { offset: start, length: from.taken - start };
                            self.source = Source::Between(from);
                            return Ok(record.map(|record| Placed { record, place }));
                        }
                    }
                }
                Source::Member { start, before, mut member } => {
                    let fault = |why| Fault { offset: start, why };
                    let record = read_record(&mut *member, self.bounds).map_err(fault)?;
                    let is_last = skip_blank(&mut *member).map_err(|error| fault(unreadable(&error)))?;
                    let place = if is_last {
                        let from = member.into_inner().into_inner();
                        let length = from.taken - start;
                        self.source = Source::Between(from);
                        if before == 0 {
                            Place::Alone { offset: start, length }
                        } else {
                            Place::Among { offset: start, before }
                        }
                    } else {
                        self.source = Source::Member { start, before: before + 1, member };
                        Place::Among { offset: start, before }
                    };
                    if let Some(record) = record {
                        return Ok(Some(Placed { record, place }));
                    }
                }
            }
        }
    }
}

impl<R: BufRead> Iterator for Records<R> {
    type Item = Result<Placed, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, to: &mut [u8]) -> IoResult<usize> {
        let read = self.from.read(to)?;
        self.taken += read as u64;
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> IoResult<&[u8]> {
        self.from.fill_buf()
    }

    fn consume(&mut self, bytes: usize) {
        self.taken += bytes as u64;
        self.from.consume(bytes);
    }
}

impl Default for Bounds {
    /// Heads of 1 MiB, blocks of 64 MiB.
    fn default() -> Self {
        Self { head: 1 << 20, block: 64 << 20 }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at byte {}: {}", self.offset, self.why)
    }
}

impl<R> fmt::Debug for Records<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Records").field("bounds", &self.bounds).finish_non_exhaustive()
    }
}

/// Reads the head of the record at the start of these bytes, which may end behind it.
pub(crate) fn read_head(bytes: &[u8]) -> Result<Fields, String> {
    let most = Bounds::default().head;
    let head = match bytes.first() {
        Some(0x1f) => read_lines(&mut BufReader::new(GzDecoder::new(bytes)), most),
        _ => read_lines(&mut &*bytes, most),
    };
    head.map(|head| fields_of(&head))
}

/// Reads one record; `None` when nothing but empty lines is left.
fn read_record(from: &mut impl BufRead, bounds: Bounds) -> Result<Option<Record>, String> {
    if skip_blank(from).map_err(|error| unreadable(&error))? {
        return Ok(None);
    }
    let head = read_lines(from, bounds.head)?;
    let fields = fields_of(&head);
    let length = fields.get("Content-Length").ok_or("the record has no Content-Length")?;
    let length: u64 = length.parse().map_err(|_| format!("`{}` is no length of a record", shown(length)))?;
    let mut block = Vec::new();
    let kept = length.min(bounds.block);
    from.take(kept).read_to_end(&mut block).map_err(|error| unreadable(&error))?;
    let passed = copy(&mut from.take(length - kept), &mut sink()).map_err(|error| unreadable(&error))?;
    let found = block.len() as u64 + passed;
    if found < length {
        return Err(format!("the record ends after {found} of {length} bytes"));
    }
    Ok(Some(Record { fields, block, block_length: length }))
}

/// The fields of a head, which follow its version.
fn fields_of(head: &[u8]) -> Fields {
    let version = head.iter().position(|byte| *byte == b'\n').unwrap_or(head.len());
    Fields::parse(head.get(version..).unwrap_or_default())
}

/// The lines of a head, up to the empty one.
fn read_lines(from: &mut impl BufRead, most: u64) -> Result<Vec<u8>, String> {
    let mut head = Vec::new();
    loop {
        let before = head.len();
        let room = most.saturating_sub(before as u64);
        from.take(room).read_until(b'\n', &mut head).map_err(|error| unreadable(&error))?;
        let line = head.get(before..).unwrap_or_default();
        if before == 0 && !line.starts_with(b"WARC/") {
            return Err("this is no WARC record".to_owned());
        }
        if !line.ends_with(b"\n") {
            let is_long = head.len() as u64 >= most;
            let why = if is_long { "the head of the record is too long" } else { "the head of the record has no end" };
            return Err(why.to_owned());
        }
        if matches!(line, b"\r\n" | b"\n") {
            return Ok(head);
        }
    }
}

/// Passes over the ends of lines; whether nothing else is left.
fn skip_blank(from: &mut impl BufRead) -> IoResult<bool> {
    loop {
        let next = from.fill_buf()?;
        if next.is_empty() {
            return Ok(true);
        }
        let blank = next.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let is_other = blank < next.len();
        from.consume(blank);
        if is_other {
            return Ok(false);
        }
    }
}

fn unreadable(error: &Error) -> String {
    error.to_string()
}

fn shown(text: &str) -> String {
    text.chars().take(40).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::*;
    use crate::warc::{Digest, Draft, Kind, Packer, RecordId};

    fn all(bytes: &[u8]) -> Vec<Result<Placed, Fault>> {
        Records::new(bytes, Bounds::default()).collect()
    }

    /// A record as other programs write it.
    fn text(version: &str, block: &str) -> String {
        let length = block.len();
        format!("WARC/{version}\r\nWARC-Type: resource\r\nContent-Length: {length}\r\n\r\n{block}\r\n\r\n")
    }

    fn gzipped(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// The blocks, and whether each can be read alone; a fault as its text.
    fn seen(bytes: &[u8]) -> Vec<String> {
        let show = |placed: Result<Placed, Fault>| match placed {
            Ok(Placed { record, place }) => {
                let block = String::from_utf8_lossy(&record.block).into_owned();
                match place {
                    Place::Alone { offset, length } => {
                        let [start, end] = [offset, offset + length].map(|at| usize::try_from(at).unwrap());
                        let alone = all(&bytes[start..end]);
                        assert_eq!(alone[0].as_ref().unwrap().record, record);
                        assert_eq!(alone.len(), 1);
                        block
                    }
                    Place::Among { before, .. } => format!("{block} after {before}"),
                }
            }
            Err(fault) => fault.to_string(),
        };
        all(bytes).into_iter().map(show).collect()
    }

    #[test]
    fn records_are_read_in_all_forms_that_archives_have() {
        let (a, b) = (text("1.0", "a"), text("0.18", "bb"));
        let plain = format!("{a}{b}");
        assert_eq!(seen(plain.as_bytes()), ["a", "bb"]);
        let members = [gzipped(a.as_bytes()), gzipped(b.as_bytes())].concat();
        assert_eq!(seen(&members), ["a", "bb"]);
        assert_eq!(seen(&gzipped(plain.as_bytes())), ["a after 0", "bb after 1"]);
        let mixed = [gzipped(a.as_bytes()), b.clone().into_bytes(), gzipped(b"\r\n"), gzipped(a.as_bytes())].concat();
        assert_eq!(seen(&mixed), ["a", "bb", "a"]);
        assert_eq!(seen(plain.replace("\r\n", "\n").as_bytes()), ["a", "bb"]);
        assert_eq!(seen(b""), [""; 0]);
    }

    #[test]
    fn what_is_no_record_is_told_once_and_what_was_before_is_kept() {
        let a = text("1.1", "a");
        let check = |bytes: &[u8], fault: &str| {
            let bytes = [gzipped(a.as_bytes()), bytes.to_vec()].concat();
            let found = seen(&bytes);
            assert_eq!((found.len(), &*found[0]), (2, "a"), "{found:?}");
            assert!(found[1].ends_with(fault), "{found:?}");
        };
        check(b"<html>", "this is no WARC record");
        check(b"WARC/1.1\r\nWARC-Type: resource\r\n\r\n", "the record has no Content-Length");
        check(b"WARC/1.1\r\nContent-Length: -1\r\n\r\n", "`-1` is no length of a record");
        check(b"WARC/1.1\r\nContent-Length: 5\r\n\r\nabc", "the record ends after 3 of 5 bytes");
        check(b"WARC/1.1\r\nContent-Length: 5\r\n", "the head of the record has no end");
        check(format!("WARC/1.1\r\nA: {}", "b".repeat(2 << 20)).as_bytes(), "the head of the record is too long");
        check(&gzipped(a.as_bytes())[..30], "incomplete deflate stream");
        let mut damaged = gzipped(a.as_bytes());
        let crc = damaged.len() - 6;
        damaged[crc] ^= 1;
        check(&damaged, "corrupt gzip stream does not have a matching checksum");
    }

    #[test]
    fn a_long_block_is_kept_in_part_and_passed_over_as_a_whole() {
        let plain = text("1.1", &"a".repeat(1000)) + &text("1.1", "b");
        for bytes in [plain.clone().into_bytes(), gzipped(plain.as_bytes())] {
            let bounds = Bounds { block: 10, ..Bounds::default() };
            let found: Vec<_> = Records::new(bytes.as_slice(), bounds).map(|placed| placed.unwrap().record).collect();
            let lengths: Vec<_> = found.iter().map(|record| (record.block.len(), record.block_length)).collect();
            assert_eq!(lengths, [(10, 1000), (1, 1)]);
            assert!(!found[0].is_whole() && found[1].is_whole());
        }
    }

    proptest! {
        #[test]
        fn any_record_is_read_as_it_was_written(
            uri in "[ -~]{0,80}",
            blocks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..2000), 1..5),
            id in any::<u128>(),
        ) {
            let (mut packer, mut archive) = (Packer::new(1), Vec::new());
            let date = "2026-11-30T19:00:01.123Z".parse().unwrap();
            for block in &blocks {
                let draft = Draft::new(Kind::Resource, RecordId::new(id), date).with("WARC-Target-URI", &uri);
                let digest = Digest::sha1(block);
                let parts = [block.as_slice()];
                packer.pack(draft.pieces("a/b", &digest, &parts).iter(), &mut archive);
            }
            let found = all(&archive);
            prop_assert_eq!(found.len(), blocks.len());
            for (placed, block) in found.into_iter().zip(&blocks) {
                let Placed { record, place } = placed.unwrap();
                let is_alone = matches!(place, Place::Alone { .. });
                prop_assert!(is_alone);
                prop_assert_eq!(&record.block, block);
                prop_assert_eq!(record.fields.get("WARC-Target-URI"), Some(uri.trim()));
                prop_assert_eq!(record.date(), Some(date));
                prop_assert_eq!(record.block_digest().unwrap().is_of(block), Some(true));
                let name = RecordId::new(id).to_string();
                prop_assert_eq!(record.id(), Some(name.as_str()));
            }
        }

        #[test]
        fn any_bytes_are_read_to_an_end(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let headed = [b"WARC/1.0\r\nContent-Length: 9\r\n".to_vec(), bytes.clone()].concat();
            for Placed { record, .. } in all(&bytes).into_iter().chain(all(&headed)).flatten() {
                let _ = (record.kind(), record.date(), record.refers_to(), record.payload_digest(), record.message());
            }
            let _ = all(&gzipped(&bytes));
            let block = [b"HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec(), bytes].concat();
            let _ = crate::warc::Message::parse(&block).map(|message| message.payload().len());
        }
    }
}
