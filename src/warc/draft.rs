//! A record that is to be written.

use jiff::Timestamp;

use super::fields::line;
use super::{Digest, Kind, RecordId, date_text};

/// A record that is to be written: WARC/1.1. Its fields come in the order in which they are added.
#[derive(Debug)]
pub(crate) struct Draft {
    head: Vec<u8>,
}

impl Draft {
    /// A record of this kind and name, captured then.
    pub(crate) fn new(kind: Kind, id: RecordId, date: Timestamp) -> Self {
        let mut draft = Self { head: Vec::with_capacity(512) };
        draft.head.extend_from_slice(b"WARC/1.1\r\n");
        draft.put("WARC-Type", kind.name());
        draft.put("WARC-Record-ID", &id.to_string());
        draft.put("WARC-Date", &date_text(date));
        draft
    }

    /// With one more field.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.put(name, value);
        self
    }

    /// With one more field, when there is a value.
    #[must_use]
    pub(crate) fn with_some(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// The record as it is written, in pieces: its head, a block of these pieces of this type, and its end. The digest is
    /// that of the block.
    pub(crate) fn pieces<'a>(mut self, content_type: &str, digest: &Digest, block: &'a [&'a [u8]]) -> Pieces<'a> {
        let length: usize = block.iter().map(|piece| piece.len()).sum();
        self.put("WARC-Block-Digest", &digest.to_string());
        self.put("Content-Type", content_type);
        self.put("Content-Length", &length.to_string());
        self.head.extend_from_slice(b"\r\n");
        Pieces { head: self.head, block }
    }

    fn put(&mut self, name: &str, value: &str) {
        line(name, value, &mut self.head);
    }
}

/// A whole record, in pieces.
#[derive(Debug)]
pub(crate) struct Pieces<'a> {
    head: Vec<u8>,
    block: &'a [&'a [u8]],
}

impl Pieces<'_> {
    /// The pieces in their order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        std::iter::once(self.head.as_slice()).chain(self.block.iter().copied()).chain(std::iter::once(END))
    }
}

/// Of a revisit: the same body, by its digest (WARC 1.1, section 6.7.2).
pub(crate) const REVISIT_PROFILE: &str = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest";
/// Of a revisit: the host has said that nothing has changed (WARC 1.1, section 6.7.3).
pub(crate) const NOT_MODIFIED_PROFILE: &str = "http://netpreserve.org/warc/1.1/revisit/server-not-modified";
/// What ends a record.
const END: &[u8] = b"\r\n\r\n";
