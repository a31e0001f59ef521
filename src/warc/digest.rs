//! Digests of blocks and payloads, as archives write them: an algorithm, a colon, a value.

use std::fmt;

use sha1::{Digest as _, Sha1};
use sha2::Sha256;

/// A digest. Two are equal when both say the same of the same algorithm, however the value was written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Digest {
    /// SHA-1: what nearly every archive has. It tells bodies apart, and is no proof against who makes up two that agree.
    Sha1([u8; 20]),
    /// SHA-256, as Browsertrix writes it.
    Sha256([u8; 32]),
    /// Of an algorithm that is not checked here, as it was written.
    Other(String),
}

/// A SHA-1 that is still growing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sha1Sum(Sha1);

impl Digest {
    /// The SHA-1 of these bytes.
    pub(crate) fn sha1(bytes: &[u8]) -> Self {
        Self::Sha1(sha1(bytes))
    }

    /// Reads one: base32 or hexadecimal, in either case (archives have all of these).
    pub(crate) fn parse(text: &str) -> Self {
        let (algorithm, value) = text.trim().split_once(':').unwrap_or(("sha1", text.trim()));
        let algorithm = algorithm.trim().to_ascii_lowercase();
        let known = match algorithm.as_str() {
            "sha1" | "sha-1" => bytes_of(value).map(Self::Sha1),
            "sha256" | "sha-256" => bytes_of(value).map(Self::Sha256),
            _ => None,
        };
        known.unwrap_or_else(|| Self::Other(text.trim().to_owned()))
    }

    /// Whether these bytes have it; `None` when that cannot be told.
    pub(crate) fn is_of(&self, bytes: &[u8]) -> Option<bool> {
        match self {
            Self::Sha1(known) => Some(sha1(bytes) == *known),
            Self::Sha256(known) => Some(<[u8; 32]>::from(Sha256::digest(bytes)) == *known),
            Self::Other(_) => None,
        }
    }
}

impl Sha1Sum {
    /// Adds these bytes.
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// What it comes to.
    pub(crate) fn finish(self) -> Digest {
        Digest::Sha1(self.0.finalize().into())
    }
}

impl fmt::Display for Digest {
    /// SHA-1 in base32, as all tools read it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sha1(bytes) => write!(f, "sha1:{}", base32(bytes)),
            Self::Sha256(bytes) => {
                f.write_str("sha256:")?;
                bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
            Self::Other(text) => f.write_str(text),
        }
    }
}

/// The SHA-1 of these bytes.
pub(crate) fn sha1(bytes: &[u8]) -> [u8; 20] {
    Sha1::digest(bytes).into()
}

/// A value of so many bytes, in hexadecimal or base32.
fn bytes_of<const N: usize>(value: &str) -> Option<[u8; N]> {
    let decoded = if value.len() == N * 2 { from_hex(value)? } else { from_base32(value)? };
    decoded.try_into().ok()
}

/// RFC 4648, section 6, without padding: 20 bytes need none.
fn base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    let (mut bits, mut held) = (0_u32, 0);
    for byte in bytes {
        (bits, held) = (bits << 8 | u32::from(*byte), held + 8);
        while held >= 5 {
            held -= 5;
            text.push(digit(bits >> held));
        }
    }
    if held > 0 {
        text.push(digit(bits << (5 - held)));
    }
    text
}

fn digit(bits: u32) -> char {
    char::from(*BASE32.get((bits & 31) as usize).expect("five bits are below 32"))
}

fn from_base32(text: &str) -> Option<Vec<u8>> {
    let (mut bits, mut held, mut bytes) = (0_u32, 0, Vec::new());
    for letter in text.trim_end_matches('=').bytes() {
        let value = BASE32.iter().position(|known| *known == letter.to_ascii_uppercase())?;
        (bits, held) = (bits << 5 | u32::try_from(value).ok()?, held + 5);
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xff).ok()?);
        }
    }
    Some(bytes)
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes().chunks(2).map(|pair| str::from_utf8(pair).ok());
    digits.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect()
}

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sha1_is_written_as_archives_write_it() {
        // Of nothing: as Heritrix, warcio and wget have it.
        assert_eq!(Digest::sha1(b"").to_string(), "sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ");
    }

    #[test]
    fn base32_is_that_of_rfc_4648() {
        let check = |bytes: &str, text: &str| {
            assert_eq!(base32(bytes.as_bytes()), text);
            assert_eq!(from_base32(text).unwrap(), bytes.as_bytes());
        };
        check("", "");
        check("f", "MY");
        check("fo", "MZXQ");
        check("foo", "MZXW6");
        check("foob", "MZXW6YQ");
        check("fooba", "MZXW6YTB");
        check("foobar", "MZXW6YTBOI");
    }

    #[test]
    fn a_digest_is_the_same_however_it_is_written() {
        let empty = Digest::sha1(b"");
        for text in [
            "sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ",
            "SHA1:3i42h3s6nnfq2msvx7xzkyayscx5qbyj",
            " sha-1:da39a3ee5e6b4b0d3255bfef95601890afd80709 ",
            "3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ",
        ] {
            assert_eq!(Digest::parse(text), empty, "{text}");
        }
        let sha256 = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Digest::parse(sha256).is_of(b""), Some(true));
        assert_eq!(Digest::parse(sha256).to_string(), sha256);
        assert_eq!(Digest::parse(sha256).is_of(b"x"), Some(false));
    }

    #[test]
    fn what_cannot_be_checked_is_neither_right_nor_wrong() {
        for text in ["md5:d41d8cd98f00b204e9800998ecf8427e", "sha1:short", "sha1:", "", "blake3:aé", "sha1:é"] {
            assert_eq!(Digest::parse(text).is_of(b""), None, "{text}");
        }
    }
}
