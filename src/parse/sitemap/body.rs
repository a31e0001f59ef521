//! The body of a sitemap: unzipped, and as text.

use std::borrow::Cow;
use std::io::Read as _;

use flate2::read::MultiGzDecoder;

use super::listing::{Fault, LIMIT};
use crate::parse::charset::Charset;

/// The bytes of a sitemap, without the gzip of `sitemap.xml.gz`.
pub(super) struct Plain<'a>(Cow<'a, [u8]>);

impl<'a> Plain<'a> {
    /// Unzips what begins like gzip, whatever it is called, and cuts what is too long.
    pub(super) fn of(body: &'a [u8], faults: &mut Vec<Fault>) -> Self {
        let mut plain = if body.starts_with(&GZIP) { Cow::Owned(unzip(body, faults)) } else { Cow::Borrowed(body) };
        if plain.len() > LIMIT {
            faults.push(Fault::TooLong);
            match &mut plain {
                Cow::Owned(bytes) => bytes.truncate(LIMIT),
                Cow::Borrowed(bytes) => *bytes = bytes.get(..LIMIT).unwrap_or_default(),
            }
        }
        Self(plain)
    }

    /// The text. A sitemap has to be UTF-8, so what is UTF-8 is read so, whatever is declared: generators copy the
    /// declaration from somewhere. Else the declaration counts.
    pub(super) fn decode(&self, label: Option<&str>, host: &str) -> Cow<'_, str> {
        let bytes = self.0.as_ref();
        // Bytes of UTF-16 without a mark are UTF-8 as well, with a NUL beside each character.
        if !matches!(bytes, [0, ..] | [_, 0, ..]) {
            match std::str::from_utf8(bytes) {
                Ok(text) => return Cow::Borrowed(text),
                // A character that the end cuts: the text was cut, not encoded otherwise.
                Err(error) if error.error_len().is_none() => {
                    return String::from_utf8_lossy(bytes.get(..error.valid_up_to()).unwrap_or_default());
                }
                Err(_) => {}
            }
        }
        Charset::of(bytes, label, host).decode(bytes)
    }
}

/// One byte more than the limit, so that what is too long is known to be.
fn unzip(body: &[u8], faults: &mut Vec<Fault>) -> Vec<u8> {
    let mut plain = Vec::new();
    let read = MultiGzDecoder::new(body).take(LIMIT as u64 + 1).read_to_end(&mut plain);
    if read.is_err() {
        faults.push(Fault::Compression);
    }
    plain
}

const GZIP: [u8; 2] = [0x1f, 0x8b];
