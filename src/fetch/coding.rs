//! A content coding: what each of them does, and what they have in common.

use flate2::{Decompress, FlushDecompress, Status};

/// Why decoding stops before the end.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The body is as long as its limit, and goes on.
    Full,
    /// The encoded body is damaged or ends too early.
    Damaged(String),
}

/// What takes decoded bytes, piece by piece.
pub(super) type Emit<'a> = dyn FnMut(&[u8]) -> Result<(), Stop> + 'a;

/// One content coding.
pub(super) trait Coding: Send {
    /// Decodes the next bytes and emits what they give.
    fn push(&mut self, data: &[u8], emit: &mut Emit<'_>) -> Result<(), Stop>;
    /// Says that no byte follows: emits what is left, or says that the end is missing. A coding that was never pushed
    /// a byte is complete: servers label empty bodies too.
    fn finish(&mut self, emit: &mut Emit<'_>) -> Result<(), Stop>;
}

/// Inflates all of `data` up to the end of the stream, which `ended` tells.
pub(super) fn inflate_all(
    inflate: &mut Decompress,
    ended: &mut bool,
    mut data: &[u8],
    piece: &mut [u8],
    emit: &mut Emit<'_>,
) -> Result<(), Stop> {
    while !*ended {
        let (before_in, before_out) = (inflate.total_in(), inflate.total_out());
        let status = inflate.decompress(data, piece, FlushDecompress::None).map_err(|_| damaged("deflate"))?;
        let used = usize::try_from(inflate.total_in() - before_in).unwrap_or(usize::MAX);
        let made = usize::try_from(inflate.total_out() - before_out).unwrap_or(usize::MAX);
        emit(piece.get(..made).unwrap_or_default())?;
        data = data.get(used..).unwrap_or_default();
        *ended = status == Status::StreamEnd;
        if used == 0 && made == 0 || data.is_empty() && made < piece.len() {
            break;
        }
    }
    Ok(())
}

/// The encoded body is not what its coding says.
pub(super) fn damaged(coding: &str) -> Stop {
    Stop::Damaged(format!("the {coding} data is damaged"))
}

/// The encoded body ends before its coding does.
pub(super) fn cut(coding: &str) -> Stop {
    Stop::Damaged(format!("the {coding} data ends too early"))
}

/// Room for one piece.
pub(super) fn piece() -> Box<[u8]> {
    vec![0; PIECE].into_boxed_slice()
}

/// How much is decoded before it is handed on.
pub(super) const PIECE: usize = 32 << 10;
