//! Content codings (RFC 9110, section 8.4), decoded while the body arrives.
//!
//! Each coding is pushed bytes and hands on what it can decode, in pieces of a fixed size. So however much a few bytes
//! blow up to, no more than the limit of the body and one window is ever held.

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use http::header::{CONTENT_ENCODING, HeaderMap};

use super::coding::{Coding, Emit, Stop, cut, damaged, piece};
use super::deflate::Deflate;
use super::gzip::Gzip;
use super::mislabelled::Doubted;
use super::zstd::Zstd;
use crate::outcome::{Failure, FailureKind};

/// The codings of one body, the outermost first.
pub(super) struct Decoder {
    codings: Vec<Box<dyn Coding>>,
}

impl Decoder {
    /// The decoder that `Content-Encoding` asks for; `None` when there is nothing to decode. What is no coding (`utf-8`,
    /// `none`, a media type) changes nothing, as in browsers (Fetch Standard, "handle content codings"). Of a coding
    /// that is one and cannot be read, the body would be noise: that is a failure.
    pub(super) fn of(headers: &HeaderMap) -> Result<Option<Self>, Failure> {
        let mut codings: Vec<Box<dyn Coding>> = Vec::new();
        for value in headers.get_all(CONTENT_ENCODING) {
            // Listed in the order in which they were applied, so undone from the last.
            for name in value.as_bytes().split(|byte| *byte == b',') {
                if let Some(coding) = coding(name.trim_ascii())? {
                    codings.insert(0, Box::new(Doubted::new(coding)));
                }
            }
        }
        if codings.len() > MAX_CODINGS {
            return Err(Failure::new(FailureKind::Decode, format!("the body is encoded {} times over", codings.len())));
        }
        Ok((!codings.is_empty()).then_some(Self { codings }))
    }

    /// Decodes the next bytes of the body.
    pub(super) fn push(&mut self, data: &[u8], emit: &mut Emit<'_>) -> Result<(), Stop> {
        push(&mut self.codings, data, emit)
    }

    /// Says that the body is over.
    pub(super) fn finish(&mut self, emit: &mut Emit<'_>) -> Result<(), Stop> {
        finish(&mut self.codings, emit)
    }
}

fn push(codings: &mut [Box<dyn Coding>], data: &[u8], emit: &mut Emit<'_>) -> Result<(), Stop> {
    match codings.split_first_mut() {
        Some((first, rest)) => first.push(data, &mut |piece| push(rest, piece, emit)),
        None => emit(data),
    }
}

fn finish(codings: &mut [Box<dyn Coding>], emit: &mut Emit<'_>) -> Result<(), Stop> {
    let Some((first, rest)) = codings.split_first_mut() else { return Ok(()) };
    first.finish(&mut |piece| push(rest, piece, emit))?;
    finish(rest, emit)
}

fn coding(name: &[u8]) -> Result<Option<Box<dyn Coding>>, Failure> {
    let coding: Box<dyn Coding> = match name.to_ascii_lowercase().as_slice() {
        b"gzip" | b"x-gzip" => Box::new(Gzip::default()),
        b"deflate" => Box::new(Deflate::default()),
        b"br" => Box::new(Brotli::default()),
        b"zstd" => Box::new(Zstd::default()),
        unread if UNREAD.contains(&unread) => {
            let shown = String::from_utf8_lossy(unread);
            return Err(Failure::new(FailureKind::Decode, format!("content-encoding `{shown}` is not supported")));
        }
        _ => return Ok(None),
    };
    Ok(Some(coding))
}

/// What a body comes to that arrives in pieces of so many bytes, up to a limit; `None` when it cannot be decoded. For the
/// fuzz target.
#[cfg(fuzzing)]
pub fn decoded(codings: &http::HeaderValue, body: &[u8], piece: usize, limit: usize) -> Option<Vec<u8>> {
    let headers = HeaderMap::from_iter([(CONTENT_ENCODING, codings.clone())]);
    let mut decoder = Decoder::of(&headers).ok()??;
    let mut read = Vec::new();
    let mut emit = |piece: &[u8]| {
        let room = limit - read.len();
        read.extend_from_slice(piece.get(..room.min(piece.len())).unwrap_or_default());
        if piece.len() > room { Err(Stop::Full) } else { Ok(()) }
    };
    let mut pieces = body.chunks(piece.max(1)).try_for_each(|piece| decoder.push(piece, &mut emit));
    if pieces.is_ok() {
        pieces = decoder.finish(&mut emit);
    }
    matches!(pieces, Ok(()) | Err(Stop::Full)).then_some(read)
}

/// Brotli (RFC 7932).
struct Brotli {
    state: Box<BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>>,
    place: Section,
    piece: Box<[u8]>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    Start,
    Inside,
    /// After the end: what comes is not looked at.
    Behind,
}

impl Default for Brotli {
    fn default() -> Self {
        let alloc = StandardAlloc::default;
        // Strict: the windows of up to 1 GiB of "large window Brotli" are no part of the HTTP coding.
        let state = Box::new(BrotliState::new_strict(alloc(), alloc(), alloc()));
        Self { state, place: Section::Start, piece: piece() }
    }
}

impl Coding for Brotli {
    fn push(&mut self, data: &[u8], emit: &mut Emit<'_>) -> Result<(), Stop> {
        if self.place == Section::Behind || data.is_empty() {
            return Ok(());
        }
        self.place = Section::Inside;
        let (mut left, mut used, mut total) = (data.len(), 0, 0);
        loop {
            let (mut room, mut made) = (self.piece.len(), 0);
            let result = BrotliDecompressStream(
                &mut left,
                &mut used,
                data,
                &mut room,
                &mut made,
                &mut self.piece,
                &mut total,
                &mut self.state,
            );
            emit(self.piece.get(..made).unwrap_or_default())?;
            match result {
                BrotliResult::NeedsMoreOutput => {}
                BrotliResult::NeedsMoreInput => return Ok(()),
                BrotliResult::ResultSuccess => {
                    self.place = Section::Behind;
                    return Ok(());
                }
                BrotliResult::ResultFailure => return Err(damaged("br")),
            }
        }
    }

    fn finish(&mut self, _: &mut Emit<'_>) -> Result<(), Stop> {
        if self.place == Section::Inside { Err(cut("br")) } else { Ok(()) }
    }
}

/// Nobody encodes a page more than twice; each layer multiplies what a hostile body costs.
const MAX_CODINGS: usize = 3;
/// The other codings that IANA has registered.
const UNREAD: [&[u8]; 7] = [b"compress", b"x-compress", b"dcb", b"dcz", b"exi", b"pack200-gzip", b"aes128gcm"];

#[cfg(test)]
pub(super) mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    pub(in crate::fetch) fn gzip(data: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(data: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    fn bare(data: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    /// One uncompressed meta-block and the empty last one.
    fn brotli(data: &[u8]) -> Vec<u8> {
        // WBITS 16 (0), ISLAST 0, MNIBBLES 4 (00), MLEN - 1 in 16 bits, ISUNCOMPRESSED 1, padding.
        let bits = u32::try_from(data.len() - 1).unwrap() << 4 | 1 << 20;
        [&bits.to_le_bytes()[..3], data, &[3]].concat()
    }

    fn zstd(data: &[u8]) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(data, ruzstd::encoding::CompressionLevel::Fastest)
    }

    fn decode(encoding: &str, data: &[u8], step: usize) -> Result<Vec<u8>, Stop> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_ENCODING, encoding.parse().unwrap());
        let mut decoder = Decoder::of(&headers).unwrap().unwrap();
        let mut out = Vec::new();
        let mut emit = |piece: &[u8]| {
            out.extend_from_slice(piece);
            if out.len() > LIMIT { Err(Stop::Full) } else { Ok(()) }
        };
        for chunk in data.chunks(step) {
            decoder.push(chunk, &mut emit)?;
        }
        decoder.finish(&mut emit)?;
        Ok(out)
    }

    const LIMIT: usize = 1 << 20;
    /// 4 MiB of zeros.
    const BROTLI_BOMB: [u8; 14] = [155, 255, 255, 63, 0, 36, 0, 226, 177, 64, 114, 239, 127, 0];

    fn text() -> Vec<u8> {
        (0..6000_u32)
            .flat_map(|n| format!("<p>{}</p>", n.wrapping_mul(2_654_435_761)).into_bytes())
            .take(65_000)
            .collect()
    }

    #[test]
    fn every_coding_is_read_in_chunks_of_any_size() {
        let text = text();
        let chained = bare(&gzip(&text));
        let two_members = [gzip(&text[..100]), gzip(&text[100..])].concat();
        let two_frames = [zstd(&text[..100]), zstd(&text[100..])].concat();
        for (encoding, data) in [
            ("gzip", gzip(&text)),
            ("X-GZIP", two_members),
            ("gzip", [gzip(&text).as_slice(), b"\0\0\0"].concat()),
            ("deflate", zlib(&text)),
            ("deflate", bare(&text)),
            ("br", brotli(&text)),
            ("zstd", zstd(&text)),
            ("zstd", two_frames),
            ("gzip, deflate", chained),
            ("identity, br , ", brotli(&text)),
        ] {
            for step in [1, 7, 4096, usize::MAX] {
                assert!(decode(encoding, &data, step).as_ref() == Ok(&text), "{encoding} by {step}");
            }
        }
    }

    #[test]
    fn a_body_that_ends_too_early_is_damaged() {
        let text = text();
        for (encoding, data) in
            [("gzip", gzip(&text)), ("deflate", zlib(&text)), ("br", brotli(&text)), ("zstd", zstd(&text))]
        {
            // The last bytes of these are a checksum, which may be missing.
            let checksum = match encoding {
                "gzip" => 8,
                "deflate" => 4,
                _ => 0,
            };
            for length in [1, 2, 5, 12, 1000, data.len() - checksum - 1] {
                let result = decode(encoding, &data[..length], 512);
                assert_eq!(result, Err(cut(encoding)), "{encoding} {length}");
            }
        }
    }

    #[test]
    fn a_damaged_body_is_no_body() {
        let text = text();
        for (encoding, data) in [("gzip", gzip(&text)), ("deflate", zlib(&text)), ("zstd", zstd(&text))] {
            let mut data = data;
            let middle = data.len() / 2;
            data[middle..middle + 20].fill(0x55);
            assert!(matches!(decode(encoding, &data, 512), Err(Stop::Damaged(_))), "{encoding}");
        }
    }

    #[test]
    fn text_that_is_not_encoded_is_left_as_it_is() {
        let text = "<!doctype html><p>nicht übersetzt";
        for encoding in ["gzip", "deflate", "br", "zstd", "gzip, br", "x-gzip, zstd"] {
            for step in [1, 7, 512] {
                assert_eq!(
                    decode(encoding, text.as_bytes(), step),
                    Ok(text.as_bytes().to_vec()),
                    "{encoding} by {step}"
                );
            }
        }
        assert_eq!(decode("br, gzip", &gzip(text.as_bytes()), 9), Ok(text.as_bytes().to_vec()), "inside of a coding");
        let image = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
        for encoding in ["gzip", "zstd"] {
            assert!(matches!(decode(encoding, image, 512), Err(Stop::Damaged(_))), "{encoding}");
        }
    }

    #[test]
    fn what_a_body_is_does_not_depend_on_how_it_arrives() {
        let check = |body: &[u8], is_text: bool| {
            for step in [1, 2, 3, 100, usize::MAX] {
                let read = decode("deflate, gzip", body, step);
                assert_eq!(read.is_ok_and(|read| read == body), is_text, "{body:?} by {step}");
            }
        };
        check(b" gzip\n, and text to its end", true);
        check(b" gzip\n\0\0, and then none", false);
        check(&[b"text".repeat(400), b"\0".to_vec()].concat(), true);
    }

    #[test]
    fn an_empty_body_may_have_any_coding() {
        for encoding in ["gzip", "deflate", "br", "zstd", "gzip, br"] {
            assert_eq!(decode(encoding, b"", 1), Ok(Vec::new()), "{encoding}");
        }
    }

    #[test]
    fn a_bomb_stops_at_the_limit() {
        let zeros = vec![0; 4 << 20];
        let twice = gzip(&gzip(&zeros));
        for (encoding, data) in
            [("gzip", gzip(&zeros)), ("deflate", zlib(&zeros)), ("gzip, gzip", twice), ("br", BROTLI_BOMB.to_vec())]
        {
            assert_eq!(decode(encoding, &data, usize::MAX), Err(Stop::Full), "{encoding}");
        }
    }

    fn decoder(value: &'static str) -> Result<Option<Decoder>, Failure> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_ENCODING, value.parse().unwrap());
        Decoder::of(&headers)
    }

    #[test]
    fn what_is_no_coding_changes_nothing() {
        for none in ["", "identity", "none", "UTF-8", "binary", "text/html; charset=utf-8", "aws-chunked", "8bit, foo"]
        {
            assert!(decoder(none).unwrap().is_none(), "{none}");
        }
        let text = text();
        assert!(decode("gzip, utf-8", &gzip(&text), 512) == Ok(text));
    }

    #[test]
    fn a_coding_that_cannot_be_read_is_named() {
        let message = |value| decoder(value).map(drop).unwrap_err().to_string();
        assert_eq!(message("Compress"), "decode: content-encoding `compress` is not supported");
        assert_eq!(message("gzip, dcb"), "decode: content-encoding `dcb` is not supported");
        assert_eq!(message("gzip, gzip, br, gzip"), "decode: the body is encoded 4 times over");
    }
}
