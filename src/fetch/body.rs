//! Bodies: which are wanted, and how they are collected without ever holding more than their limit.

use bytes::Bytes;

use super::MediaRange;
use super::budget::Held;
use super::coding::Stop;
use super::decode::Decoder;
use crate::exchange::{BodyEnd, RawBody};
use crate::media_type::MediaType;

/// Whether a body of this type is wanted. One without a type is, or with one that is none: many servers forget it on
/// pages, and what it is shows when it is read.
pub(super) fn is_wanted(media_type: Option<&MediaType>, types: &[MediaRange]) -> bool {
    let Some(media_type) = media_type.filter(|known| !known.is_unknown()) else { return true };
    types.iter().any(|range| range.contains(media_type))
}

/// A body on its way: decoded, joined, and at most `limit` long.
pub(super) struct Collector {
    decoder: Option<Decoder>,
    /// A body that comes in one piece is never copied.
    first: Option<Bytes>,
    joined: Vec<u8>,
    /// How long the body says it is.
    expected: Option<u64>,
    limit: usize,
    /// Bytes taken, before decoding.
    taken: u64,
    /// The same bytes, when somebody wants them beside what they decode to.
    raw: Option<Vec<u8>>,
    /// Whether the body has come to its end.
    whole: bool,
}

impl Collector {
    /// A collector for a body that says how long it is, before decoding, or does not.
    pub(super) fn new(decoder: Option<Decoder>, expected: Option<u64>, limit: u64) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Self { decoder, first: None, joined: Vec::new(), expected, limit, taken: 0, raw: None, whole: false }
    }

    /// The same collector, which keeps the body as it was before decoding too. That is bounded as well: by the limit,
    /// and when the body is encoded by twice the limit and 64 KiB.
    pub(super) fn keep_raw(self) -> Self {
        Self { raw: Some(Vec::new()), ..self }
    }

    /// Takes the next chunk. After [`Stop::Full`] the body holds exactly `limit` bytes.
    pub(super) fn push(&mut self, chunk: Bytes) -> Result<(), Stop> {
        self.taken += chunk.len() as u64;
        let (joined, limit) = (&mut self.joined, self.limit);
        if let Some(decoder) = &mut self.decoder {
            // Encoded bytes may decode to nothing, for ever.
            if self.taken > (limit as u64).saturating_mul(2).saturating_add(SLACK) {
                return Err(Stop::Full);
            }
            if let Some(raw) = &mut self.raw {
                raw.extend_from_slice(&chunk);
            }
            return decoder.push(&chunk, &mut |piece| append(joined, piece, limit));
        }
        if self.first.is_none() && joined.is_empty() && chunk.len() <= limit {
            self.first = Some(chunk);
            return Ok(());
        }
        if let Some(first) = self.first.take() {
            let expected = usize::try_from(self.expected.unwrap_or(0)).unwrap_or(usize::MAX);
            joined.reserve(expected.min(limit).min(MAX_RESERVED).max(first.len() + chunk.len()));
            append(joined, &first, limit)?;
        }
        append(joined, &chunk, limit)
    }

    /// Says that the body is over, which a decoder may not agree with.
    pub(super) fn finish(&mut self) -> Result<(), Stop> {
        self.whole = true;
        let (joined, limit) = (&mut self.joined, self.limit);
        match &mut self.decoder {
            Some(decoder) => decoder.finish(&mut |piece| append(joined, piece, limit)),
            None => Ok(()),
        }
    }

    /// What was collected: the body, and that body before decoding if it was to be kept. They hold that part of the budget
    /// until they are dropped.
    pub(super) fn into_parts(self, mut held: Held) -> (Bytes, RawBody) {
        let Self { decoder, first, joined, raw, whole, .. } = self;
        let raw_held = held.split(raw.as_ref().map_or(0, |raw| raw.capacity() as u64));
        let body = match first {
            Some(first) => held.owning(first),
            None => held.owning(joined),
        };
        let end = if whole { BodyEnd::Whole } else { BodyEnd::Cut };
        let raw = match raw {
            // Without a coding it is the same body, which is shared and not copied.
            Some(_) if decoder.is_none() => RawBody::new(body.clone(), end),
            Some(raw) => RawBody::new(raw_held.owning(raw), end),
            None => RawBody::default(),
        };
        (body, raw)
    }

    /// How many bytes of memory it takes.
    pub(super) fn held(&self) -> usize {
        let raw = self.raw.as_ref().map_or(0, Vec::capacity);
        self.first.as_ref().map_or(0, Bytes::len) + self.joined.capacity() + raw
    }

    /// Bytes taken so far, before decoding.
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }
}

fn append(joined: &mut Vec<u8>, piece: &[u8], limit: usize) -> Result<(), Stop> {
    let room = limit - joined.len();
    match piece.get(..room) {
        Some(fits) if fits.len() < piece.len() => {
            joined.extend_from_slice(fits);
            Err(Stop::Full)
        }
        _ => {
            joined.extend_from_slice(piece);
            Ok(())
        }
    }
}

/// How much of a robots.txt is read; at least 500 KiB have to be (RFC 9309, section 2.5).
pub(super) const MAX_ROBOTS: u64 = 512 << 10;
/// How much of a sitemap is read: 50 MiB is what the protocol allows (sitemaps.org), and one byte more tells who reads it
/// that there is more.
pub(super) const MAX_SITEMAP: u64 = (50 << 20) + 1;
/// The most that is reserved because a header says so.
const MAX_RESERVED: usize = 1 << 20;
/// What the frame of an encoded body may weigh.
const SLACK: u64 = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::Budget;

    #[test]
    fn media_types_match_without_case_and_parameters() {
        let check = |patterns: &[&str], content_type: &str, wanted: bool| {
            let types: Vec<MediaRange> = patterns.iter().map(|text| text.parse().unwrap()).collect();
            let media_type = MediaType::parse(content_type);
            assert_eq!(is_wanted(media_type.as_ref(), &types), wanted, "{patterns:?} {content_type}");
        };
        check(&["text/html"], "text/html", true);
        check(&["text/html"], "Text/HTML ; charset=utf-8", true);
        check(&["text/html"], "text/html5", false);
        check(&["text/html"], "image/png", false);
        check(&["text/*"], "text/plain", true);
        check(&["text/*"], "texture/x", false);
        check(&["*/*"], "image/png", true);
        check(&["Text/HTML"], "text/html", true);
        check(&["text/html"], "", true);
        check(&["text/html"], "html", true);
        check(&["text/html"], "unknown/unknown", true);
        check(&[], "text/html", false);
        check(&[], "", true);
    }

    #[test]
    fn a_body_is_cut_at_its_limit_to_the_byte() {
        let check = |chunks: &[&'static [u8]], limit: u64, full: bool, body: &[u8]| {
            let mut collector = Collector::new(None, Some(100), limit);
            let result = chunks.iter().try_for_each(|chunk| collector.push(Bytes::from_static(chunk)));
            assert_eq!(result.is_err(), full, "{chunks:?}");
            assert_eq!(collector.into_parts(Budget::new(0).hold(0)).0, body, "{chunks:?}");
        };
        check(&[], 3, false, b"");
        check(&[b"abc"], 3, false, b"abc");
        check(&[b"abcd"], 3, true, b"abc");
        check(&[b"a", b"bc"], 3, false, b"abc");
        check(&[b"ab", b"cd"], 3, true, b"abc");
        check(&[b"a"], 0, true, b"");
    }
}
