//! Zstandard (RFC 8878) as a content coding, block by block.
//!
//! The decoder of `ruzstd` reads whole blocks from a reader. So what is pushed is kept until a block is complete, and
//! blocks are decoded one at a time: a few bytes can say "128 KiB of zeros", a thousand times over.

use std::io::Read;

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::coding::{Coding, Emit, PIECE, Stop, cut, damaged};

/// One frame or several, with skippable ones among them.
pub(super) struct Zstd {
    frame: FrameDecoder,
    next: Next,
    /// Whether the last block of this frame is followed by a checksum.
    has_checksum: bool,
    /// Bytes of a block or header that is not complete yet.
    pending: Vec<u8>,
    piece: Box<[u8]>,
}

/// What the next byte belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Frame,
    Block,
    /// So many bytes of a skippable frame.
    Skip(usize),
}

impl Default for Zstd {
    fn default() -> Self {
        let mut frame = FrameDecoder::new();
        frame.set_max_window_size(MAX_WINDOW);
        let piece = vec![0; PIECE].into_boxed_slice();
        Self { frame, next: Next::Frame, has_checksum: false, pending: Vec::new(), piece }
    }
}

impl Coding for Zstd {
    fn push(&mut self, data: &[u8], emit: &mut Emit<'_>) -> Result<(), Stop> {
        let mut pending = std::mem::take(&mut self.pending);
        pending.extend_from_slice(data);
        let mut rest = pending.as_slice();
        while let Some(used) = self.step(rest, emit)? {
            rest = rest.get(used..).unwrap_or_default();
        }
        let used = pending.len() - rest.len();
        pending.drain(..used);
        self.pending = pending;
        Ok(())
    }

    fn finish(&mut self, _: &mut Emit<'_>) -> Result<(), Stop> {
        if self.next == Next::Frame && self.pending.is_empty() { Ok(()) } else { Err(cut("zstd")) }
    }
}

impl Zstd {
    /// Reads one header or block and says how long it was; `None` when it is not complete yet.
    fn step(&mut self, data: &[u8], emit: &mut Emit<'_>) -> Result<Option<usize>, Stop> {
        match self.next {
            Next::Frame => self.header(data),
            Next::Block => self.block(data, emit),
            Next::Skip(0) => {
                self.next = Next::Frame;
                Ok(Some(0))
            }
            Next::Skip(_) if data.is_empty() => Ok(None),
            Next::Skip(left) => {
                let used = left.min(data.len());
                self.next = Next::Skip(left - used);
                Ok(Some(used))
            }
        }
    }

    fn header(&mut self, data: &[u8]) -> Result<Option<usize>, Stop> {
        let mut reader = data;
        match self.frame.reset(&mut reader) {
            Ok(()) => {
                self.next = Next::Block;
                // The frame header descriptor follows the magic number (RFC 8878, section 3.1.1.1.1).
                self.has_checksum = data.get(MAGIC).is_some_and(|descriptor| descriptor & 4 == 4);
            }
            Err(FrameDecoderError::ReadFrameHeaderError(error)) => match error {
                ReadFrameHeaderError::SkipFrame { length, .. } => {
                    self.next = Next::Skip(usize::try_from(length).unwrap_or(usize::MAX));
                }
                ReadFrameHeaderError::BadMagicNumber(_) | ReadFrameHeaderError::InvalidFrameDescriptor(_) => {
                    return Err(damaged("zstd"));
                }
                // The reader ran dry: the header is not complete yet.
                _ => return Ok(None),
            },
            Err(FrameDecoderError::WindowSizeTooBig { .. }) => {
                return Err(Stop::Damaged("the zstd data needs a window of more than 8 MiB".to_owned()));
            }
            Err(_) => return Err(damaged("zstd")),
        }
        Ok(Some(data.len() - reader.len()))
    }

    fn block(&mut self, data: &[u8], emit: &mut Emit<'_>) -> Result<Option<usize>, Stop> {
        let [a, b, c, ..] = data else { return Ok(None) };
        // RFC 8878, section 3.1.1.2: last block, type, size.
        let header = u32::from_le_bytes([*a, *b, *c, 0]);
        let size = if header >> 1 & 3 == RLE { 1 } else { header >> 3 } as usize;
        if size > MAX_BLOCK {
            return Err(damaged("zstd"));
        }
        // The decoder reads the checksum together with the last block.
        let ends = header & 1 == 1;
        let checksum = if ends && self.has_checksum { CHECKSUM } else { 0 };
        let whole = BLOCK_HEADER + size + checksum;
        let Some(mut reader) = data.get(..whole) else { return Ok(None) };
        self.frame.decode_blocks(&mut reader, BlockDecodingStrategy::UptoBlocks(1)).map_err(|_| damaged("zstd"))?;
        while self.frame.can_collect() > 0 {
            let made = self.frame.read(&mut self.piece).map_err(|_| damaged("zstd"))?;
            emit(self.piece.get(..made).unwrap_or_default())?;
        }
        if ends {
            let said = self.frame.get_checksum_from_data();
            if said.is_some() && said != self.frame.get_calculated_checksum() {
                return Err(damaged("zstd"));
            }
            self.next = Next::Frame;
        }
        Ok(Some(whole))
    }
}

/// The greatest window that a recipient has to support, and so the greatest that a server may use (RFC 9659).
const MAX_WINDOW: u64 = 8 << 20;
/// RFC 8878, section 3.1.1.2.4.
const MAX_BLOCK: usize = 128 << 10;
/// The length of the magic number.
const MAGIC: usize = 4;
const BLOCK_HEADER: usize = 3;
const CHECKSUM: usize = 4;
const RLE: u32 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame without content size and with a window of 1 KiB << `exponent`.
    fn frame(exponent: u8, checksum: bool, blocks: &[u8]) -> Vec<u8> {
        [&[0x28, 0xb5, 0x2f, 0xfd, u8::from(checksum) << 2, exponent << 3], blocks].concat()
    }

    /// A block that repeats one byte `size` times.
    fn repeat(byte: u8, size: u32, last: bool) -> [u8; 4] {
        let [a, b, c, _] = (size << 3 | RLE << 1 | u32::from(last)).to_le_bytes();
        [a, b, c, byte]
    }

    fn decode(data: &[u8], limit: usize) -> Result<Vec<u8>, Stop> {
        let (mut zstd, mut out) = (Zstd::default(), Vec::new());
        let mut emit = |piece: &[u8]| {
            out.extend_from_slice(piece);
            if out.len() > limit { Err(Stop::Full) } else { Ok(()) }
        };
        zstd.push(data, &mut emit)?;
        zstd.finish(&mut emit)?;
        Ok(out)
    }

    #[test]
    fn skippable_frames_are_skipped() {
        let skip = [0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 9, 9, 9];
        let data = [&skip, frame(0, false, &repeat(b'a', 5, true)).as_slice(), &skip].concat();
        assert_eq!(decode(&data, 100), Ok(b"aaaaa".to_vec()));
    }

    #[test]
    fn a_checksum_that_does_not_fit_is_damage() {
        let with = |sum: u32| frame(0, true, &[&repeat(b'a', 5, true)[..], &sum.to_le_bytes()].concat());
        assert_eq!(decode(&with(1), 100), Err(damaged("zstd")));
        assert_eq!(decode(&with(SUM_OF_AAAAA), 100), Ok(b"aaaaa".to_vec()));
    }

    #[test]
    fn a_bomb_stops_at_the_limit() {
        let blocks: Vec<u8> = (0..100_000).flat_map(|_| repeat(0, 128 << 10, false)).collect();
        assert_eq!(decode(&frame(10, false, &blocks), 4 << 20), Err(Stop::Full));
    }

    #[test]
    fn a_window_of_more_than_eight_mebibytes_is_refused() {
        assert_eq!(decode(&frame(13, false, &repeat(b'a', 1, true)), 100), Ok(b"a".to_vec()));
        assert_eq!(
            decode(&frame(14, false, &repeat(b'a', 1, true)), 100),
            Err(Stop::Damaged("the zstd data needs a window of more than 8 MiB".to_owned()))
        );
    }

    /// XXH64 with seed 0, the low half.
    const SUM_OF_AAAAA: u32 = 0x1345_4168;
}
