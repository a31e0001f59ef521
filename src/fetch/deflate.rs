//! deflate as a content coding: in a zlib wrapper (RFC 1950) as the standard wants it, or bare (RFC 1951) as some servers
//! send it.
//!
//! The wrapper is taken apart here, for the reason for which that of gzip is: a body that lacks no more than its checksum
//! is whole.

use flate2::Decompress;

use super::coding::{Coding, Emit, Stop, cut, damaged, inflate_all, piece};

/// One stream. What follows it is left alone, as browsers do.
pub(super) struct Deflate {
    inflate: Decompress,
    place: Section,
    /// The bytes of a header or trailer that is not complete yet.
    pending: Vec<u8>,
    /// What was decoded so far comes to, in a wrapper.
    adler: Option<Adler>,
    piece: Box<[u8]>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    Header,
    Data,
    Trailer,
    /// After the end: what comes is not looked at.
    Behind,
}

impl Default for Deflate {
    fn default() -> Self {
        let inflate = Decompress::new(false);
        Self { inflate, place: Section::Header, pending: Vec::new(), adler: None, piece: piece() }
    }
}

impl Coding for Deflate {
    fn push(&mut self, mut data: &[u8], emit: &mut Emit<'_>) -> Result<(), Stop> {
        while !data.is_empty() {
            data = match self.place {
                Section::Header => self.header(data, emit)?,
                Section::Data => self.data(data, emit)?,
                Section::Trailer => self.trailer(data)?,
                Section::Behind => return Ok(()),
            };
        }
        Ok(())
    }

    fn finish(&mut self, _: &mut Emit<'_>) -> Result<(), Stop> {
        match self.place {
            Section::Header if self.pending.is_empty() => Ok(()),
            Section::Header | Section::Data => Err(cut("deflate")),
            Section::Trailer | Section::Behind => Ok(()),
        }
    }
}

impl Deflate {
    /// Each of these takes what belongs to it, and gives what follows.
    fn header<'a>(&mut self, data: &'a [u8], emit: &mut Emit<'_>) -> Result<&'a [u8], Stop> {
        let (part, rest) = data.split_at(data.len().min(HEADER - self.pending.len()));
        self.pending.extend_from_slice(part);
        if self.pending.len() == HEADER {
            self.place = Section::Data;
            let start = std::mem::take(&mut self.pending);
            if is_zlib(&start) {
                self.adler = Some(Adler::default());
            } else {
                self.data(&start, emit)?;
            }
        }
        Ok(rest)
    }

    fn data<'a>(&mut self, data: &'a [u8], emit: &mut Emit<'_>) -> Result<&'a [u8], Stop> {
        let (before, mut ended) = (self.inflate.total_in(), false);
        let adler = &mut self.adler;
        inflate_all(&mut self.inflate, &mut ended, data, &mut self.piece, &mut |piece| {
            if let Some(adler) = adler {
                adler.update(piece);
            }
            emit(piece)
        })?;
        if !ended {
            return Ok(&[]);
        }
        self.place = if self.adler.is_some() { Section::Trailer } else { Section::Behind };
        let used = usize::try_from(self.inflate.total_in() - before).unwrap_or(usize::MAX);
        Ok(data.get(used..).unwrap_or_default())
    }

    /// The checksum, most significant byte first.
    fn trailer<'a>(&mut self, data: &'a [u8]) -> Result<&'a [u8], Stop> {
        let (part, rest) = data.split_at(data.len().min(TRAILER - self.pending.len()));
        self.pending.extend_from_slice(part);
        if self.pending.len() == TRAILER {
            if self.adler.as_ref().is_some_and(|adler| self.pending != adler.sum().to_be_bytes()) {
                return Err(damaged("deflate"));
            }
            self.place = Section::Behind;
        }
        Ok(rest)
    }
}

/// A zlib header: deflate with a window of at most 32 KiB, and a checksum that fits (RFC 1950, section 2.2).
fn is_zlib(start: &[u8]) -> bool {
    match start {
        [cmf, flg, ..] => {
            cmf & 0x0f == 8 && cmf >> 4 <= 7 && (u16::from(*cmf) << 8 | u16::from(*flg)).is_multiple_of(31)
        }
        _ => false,
    }
}

/// Adler-32 (RFC 1950, section 8.2).
struct Adler {
    low: u32,
    high: u32,
}

impl Default for Adler {
    fn default() -> Self {
        Self { low: 1, high: 0 }
    }
}

impl Adler {
    fn update(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(UNREDUCED) {
            for byte in part {
                self.low += u32::from(*byte);
                self.high += self.low;
            }
            self.low %= MODULUS;
            self.high %= MODULUS;
        }
    }

    fn sum(&self) -> u32 {
        self.high << 16 | self.low
    }
}

const HEADER: usize = 2;
const TRAILER: usize = 4;
/// The largest prime below 65,536.
const MODULUS: u32 = 65_521;
/// So many bytes can be added before a sum of 32 bits is too small for them.
const UNREDUCED: usize = 5552;

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, ZlibEncoder};

    use super::*;

    fn text() -> Vec<u8> {
        (0..20_000_u32).flat_map(|n| n.to_string().into_bytes()).collect()
    }

    fn zlib() -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&text()).unwrap();
        encoder.finish().unwrap()
    }

    fn decode(data: &[u8], step: usize) -> Result<Vec<u8>, Stop> {
        let (mut deflate, mut out) = (Deflate::default(), Vec::new());
        let mut emit = |piece: &[u8]| {
            out.extend_from_slice(piece);
            Ok(())
        };
        data.chunks(step).try_for_each(|chunk| deflate.push(chunk, &mut emit))?;
        deflate.finish(&mut emit)?;
        Ok(out)
    }

    #[test]
    fn data_is_whole_without_its_checksum_and_not_with_a_wrong_one() {
        let data = zlib();
        for left_out in 0..=TRAILER {
            for step in [1, 7, usize::MAX] {
                assert!(decode(&data[..data.len() - left_out], step) == Ok(text()), "{left_out} by {step}");
            }
        }
        assert_eq!(decode(&data[..data.len() - TRAILER - 1], 7), Err(cut("deflate")));
        for wrong in 1..=TRAILER {
            let mut data = data.clone();
            let at = data.len() - wrong;
            data[at] ^= 1;
            assert_eq!(decode(&data, 7), Err(damaged("deflate")), "{wrong}");
        }
    }

    #[test]
    fn a_bare_stream_may_be_as_short_as_its_start_is_looked_at() {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.flush().unwrap();
        let empty = encoder.finish().unwrap();
        assert_eq!(decode(&empty, 1), Ok(Vec::new()));
        assert_eq!(decode(b"\x03\x00", 2), Ok(Vec::new()));
        assert_eq!(decode(b"\x03\x00behind", 1), Ok(Vec::new()));
        assert_eq!(decode(b"", 1), Ok(Vec::new()));
        assert_eq!(decode(b"\x03", 1), Err(cut("deflate")));
    }
}
