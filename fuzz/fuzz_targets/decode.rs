//! Whatever a body is encoded as, it comes to the same however it is cut into pieces, and never to more than its limit:
//! `cargo +nightly fuzz run decode`. The first byte is the length of a piece, what follows up to a line end the codings.
//!
//! Only a damaged body may come to less in larger pieces: a decoder may drop what it had before the damage, where in smaller
//! ones the limit came first.

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
    let is_cut = |read: &Option<Vec<u8>>| read.as_ref().is_some_and(|read| read.len() == LIMIT);
    let may_differ = is_damaged(&whole) && (is_damaged(&pieces) || is_cut(&pieces));
    assert!(pieces == whole || may_differ, "{pieces:?} {whole:?}");
});

const LIMIT: usize = 1 << 16;
