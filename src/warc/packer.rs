//! The packer: records to gzip members, one each.

use flate2::{Compress, Compression, Crc, FlushCompress, Status};

/// Makes gzip members (RFC 1952). It keeps its tables from one to the next.
#[derive(Debug)]
pub(crate) struct Packer {
    deflate: Compress,
    /// What comes out next. Into a `Vec` flate2 writes by filling all that it has room for with zeros first.
    piece: Box<[u8]>,
}

impl Packer {
    /// A packer of this level: 1 the fastest, 9 the smallest.
    pub(crate) fn new(level: u32) -> Self {
        let deflate = Compress::new(Compression::new(level.min(9)), false);
        Self { deflate, piece: vec![0; PIECE].into_boxed_slice() }
    }

    /// Appends one member that holds these pieces; how long it is.
    pub(crate) fn pack<'a>(&mut self, pieces: impl Iterator<Item = &'a [u8]>, to: &mut Vec<u8>) -> usize {
        let (start, mut crc) = (to.len(), Crc::new());
        self.deflate.reset();
        to.extend_from_slice(HEADER);
        for piece in pieces {
            crc.update(piece);
            self.push(piece, FlushCompress::None, to);
        }
        self.push(&[], FlushCompress::Finish, to);
        to.extend_from_slice(&crc.sum().to_le_bytes());
        to.extend_from_slice(&crc.amount().to_le_bytes());
        to.len() - start
    }

    fn push(&mut self, mut piece: &[u8], flush: FlushCompress, to: &mut Vec<u8>) {
        loop {
            let (taken, made) = (self.deflate.total_in(), self.deflate.total_out());
            let status =
                self.deflate.compress(piece, &mut self.piece, flush).expect("deflating into memory cannot fail");
            let since = |now: u64, before: u64| usize::try_from(now - before).unwrap_or(usize::MAX);
            piece = piece.get(since(self.deflate.total_in(), taken)..).unwrap_or_default();
            let made = since(self.deflate.total_out(), made);
            to.extend_from_slice(self.piece.get(..made).unwrap_or_default());
            let is_done = match flush {
                FlushCompress::Finish => status == Status::StreamEnd,
                _ => piece.is_empty(),
            };
            if is_done {
                return;
            }
        }
    }
}

/// Deflated, without name, time or comment; made on no system that matters (RFC 1952, section 2.3).
const HEADER: &[u8] = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
/// How much comes out at once.
const PIECE: usize = 16 << 10;

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::bufread::GzDecoder;

    use super::*;

    #[test]
    fn each_member_is_whole_whatever_is_in_it() {
        let noise: Vec<u8> = (0..300_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[2]).collect();
        let text = "a page like any other ".repeat(10_000);
        let (mut packer, mut archive) = (Packer::new(1), Vec::new());
        for pieces in [&[][..], &[b"".as_slice()], &[b"a", b"", b"b"], &[noise.as_slice(), text.as_bytes(), &noise]] {
            let start = archive.len();
            let length = packer.pack(pieces.iter().copied(), &mut archive);
            assert_eq!(archive.len() - start, length);
            let (mut decoder, mut out) = (GzDecoder::new(&archive[start..]), Vec::new());
            decoder.read_to_end(&mut out).unwrap();
            assert!(out == pieces.concat() && decoder.into_inner().is_empty());
        }
    }
}
