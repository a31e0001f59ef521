//! Whatever a body is encoded as, it comes to the same however it is cut into pieces, and never to more than its limit:
//! `cargo +nightly fuzz run decode`. The first byte is the length of a piece, what follows up to a line end the codings.
//!
//! Only a damaged body may come to less in larger pieces: a decoder may drop what it had before the damage.

#![no_main]

use crawler::internals::fetch::decoded;
use http::HeaderValue;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((piece, input)) = input.split_first() else { return };
    let at = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    let (codings, body) = input.split_at(at);
    let Ok(codings) = HeaderValue::from_bytes(codings) else { return };
    let body = body.get(1..).unwrap_or_default();
    let whole = decoded(&codings, body, usize::MAX, LIMIT);
    assert!(whole.as_ref().is_none_or(|whole| whole.len() <= LIMIT));
    let pieces = decoded(&codings, body, usize::from(*piece), LIMIT);
    let is_damaged = |read: &Option<Vec<u8>>| read.as_deref().is_none_or(|read| read == body);
    assert!(pieces == whole || is_damaged(&pieces) && is_damaged(&whole), "{pieces:?} {whole:?}");
});

const LIMIT: usize = 1 << 16;
