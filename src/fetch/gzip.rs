//! gzip (RFC 1952) as a content coding.
//!
//! The members are taken apart here, since only so it is known that all data of one came and no more than its checksum
//! is missing. Such a body is whole: servers that cut their output short leave off these eight bytes, and browsers do not
//! look at them.

use flate2::{Crc, Decompress};

use super::coding::{Coding, Emit, Stop, cut, damaged, inflate_all, piece};

/// One member or several. What follows the last one and is no member is left alone, as browsers do.
pub(super) struct Gzip {
    inflate: Decompress,
    place: Section,
    /// The bytes of a header or trailer that is not complete yet.
    pending: Vec<u8>,
    crc: Crc,
    piece: Box<[u8]>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    /// Before the first member.
    Start,
    Header,
    Data,
    Trailer,
    /// After a complete member.
    Between,
    /// After the last member: what comes is not looked at.
    Behind,
}

impl Default for Gzip {
    fn default() -> Self {
        let (inflate, crc) = (Decompress::new(false), Crc::new());
        Self { inflate, place: Section::Start, pending: Vec::new(), crc, piece: piece() }
    }
}

impl Coding for Gzip {
    fn push(&mut self, mut data: &[u8], emit: &mut Emit<'_>) -> Result<(), Stop> {
        while let Some(next) = data.first() {
            data = match self.place {
                Section::Behind => return Ok(()),
                Section::Between if *next != MAGIC[0] => {
                    self.place = Section::Behind;
                    return Ok(());
                }
                Section::Start | Section::Between => {
                    self.place = Section::Header;
                    data
                }
                Section::Header => self.header(data)?,
                Section::Data => self.data(data, emit)?,
                Section::Trailer => self.trailer(data)?,
            };
        }
        Ok(())
    }

    fn finish(&mut self, _: &mut Emit<'_>) -> Result<(), Stop> {
        match self.place {
            Section::Header | Section::Data => Err(cut("gzip")),
            Section::Start | Section::Trailer | Section::Between | Section::Behind => Ok(()),
        }
    }
}

impl Gzip {
    /// Each of these takes what belongs to it, and gives what follows.
    fn header<'a>(&mut self, data: &'a [u8]) -> Result<&'a [u8], Stop> {
        let before = self.pending.len();
        self.pending.extend_from_slice(data.get(..MAX_HEADER).unwrap_or(data));
        let Some(length) = header_length(&self.pending)? else {
            return if self.pending.len() > MAX_HEADER { Err(damaged("gzip")) } else { Ok(&[]) };
        };
        self.pending.clear();
        self.inflate.reset(false);
        self.crc.reset();
        self.place = Section::Data;
        Ok(data.get(length - before..).unwrap_or_default())
    }

    fn data<'a>(&mut self, data: &'a [u8], emit: &mut Emit<'_>) -> Result<&'a [u8], Stop> {
        let (before, mut ended) = (self.inflate.total_in(), false);
        let crc = &mut self.crc;
        inflate_all(&mut self.inflate, &mut ended, data, &mut self.piece, &mut |piece| {
            crc.update(piece);
            emit(piece)
        })
        .map_err(|stop| if stop == damaged("deflate") { damaged("gzip") } else { stop })?;
        if !ended {
            return Ok(&[]);
        }
        self.place = Section::Trailer;
        let used = usize::try_from(self.inflate.total_in() - before).unwrap_or(usize::MAX);
        Ok(data.get(used..).unwrap_or_default())
    }

    /// The checksum and the length of the data, least significant byte first.
    fn trailer<'a>(&mut self, data: &'a [u8]) -> Result<&'a [u8], Stop> {
        let (part, rest) = data.split_at(data.len().min(TRAILER - self.pending.len()));
        self.pending.extend_from_slice(part);
        if self.pending.len() == TRAILER {
            let said = [self.crc.sum().to_le_bytes(), self.crc.amount().to_le_bytes()].concat();
            if self.pending != said {
                return Err(damaged("gzip"));
            }
            self.pending.clear();
            self.place = Section::Between;
        }
        Ok(rest)
    }
}

/// How long the header at the start of these bytes is, when all of it is there (RFC 1952, section 2.3).
fn header_length(bytes: &[u8]) -> Result<Option<usize>, Stop> {
    let known = bytes.len().min(MAGIC.len());
    if bytes.get(..known) != MAGIC.get(..known) {
        return Err(damaged("gzip"));
    }
    let Some(flags) = bytes.get(FLAGS) else { return Ok(None) };
    let mut length = FIXED_HEADER;
    if flags & HAS_EXTRA != 0 {
        let Some(&[low, high]) = bytes.get(length..length + 2) else { return Ok(None) };
        length += 2 + usize::from(u16::from_le_bytes([low, high]));
    }
    for text in [HAS_NAME, HAS_COMMENT] {
        if flags & text != 0 {
            let end = bytes.get(length..).and_then(|rest| memchr::memchr(0, rest));
            let Some(end) = end else { return Ok(None) };
            length += end + 1;
        }
    }
    if flags & HAS_HEADER_CRC != 0 {
        length += 2;
    }
    Ok((bytes.len() >= length).then_some(length))
}

/// Magic number and method: deflate is the only one.
const MAGIC: [u8; 3] = [0x1f, 0x8b, 8];
const FLAGS: usize = 3;
const FIXED_HEADER: usize = 10;
const TRAILER: usize = 8;
const HAS_HEADER_CRC: u8 = 2;
const HAS_EXTRA: u8 = 4;
const HAS_NAME: u8 = 8;
const HAS_COMMENT: u8 = 16;
/// The longest extra field, and more than any name and comment take.
const MAX_HEADER: usize = 128 << 10;

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, GzBuilder};

    use super::*;

    const TEXT: &[u8] = b"<p>hello, hello, hello</p>";

    fn member(builder: GzBuilder) -> Vec<u8> {
        let mut encoder = builder.write(Vec::new(), Compression::default());
        encoder.write_all(TEXT).unwrap();
        encoder.finish().unwrap()
    }

    fn decode(data: &[u8], step: usize) -> Result<Vec<u8>, Stop> {
        let (mut gzip, mut out) = (Gzip::default(), Vec::new());
        let mut emit = |piece: &[u8]| {
            out.extend_from_slice(piece);
            Ok(())
        };
        data.chunks(step).try_for_each(|chunk| gzip.push(chunk, &mut emit))?;
        gzip.finish(&mut emit)?;
        Ok(out)
    }

    #[test]
    fn a_header_may_have_all_its_fields() {
        let full = || GzBuilder::new().extra(vec![7; 300]).filename("a").comment("b");
        let mut checked = member(full());
        checked[FLAGS] |= HAS_HEADER_CRC;
        let end = header_length(&member(full())).unwrap().unwrap();
        checked.splice(end..end, [1, 2]);
        for data in [member(GzBuilder::new()), member(full()), checked] {
            for step in [1, 7, usize::MAX] {
                assert_eq!(decode(&data, step), Ok(TEXT.to_vec()), "by {step}");
            }
        }
    }

    #[test]
    fn a_header_without_end_is_damage() {
        let endless = [&[0x1f, 0x8b, 8, HAS_NAME, 0, 0, 0, 0, 0, 0][..], &vec![b'a'; MAX_HEADER]].concat();
        assert_eq!(decode(&endless, 4096), Err(damaged("gzip")));
    }

    #[test]
    fn data_is_whole_without_its_trailer_and_not_with_a_wrong_one() {
        let data = member(GzBuilder::new());
        for left_out in 1..=TRAILER {
            assert_eq!(decode(&data[..data.len() - left_out], 7), Ok(TEXT.to_vec()), "{left_out}");
        }
        assert_eq!(decode(&data[..data.len() - TRAILER - 1], 7), Err(cut("gzip")));
        for wrong in 1..=TRAILER {
            let mut data = data.clone();
            let at = data.len() - wrong;
            data[at] ^= 1;
            assert_eq!(decode(&data, 7), Err(damaged("gzip")), "{wrong}");
        }
    }
}
