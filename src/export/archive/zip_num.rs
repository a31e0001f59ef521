//! `ZipNum`: a sorted index in gzip members of some lines each, and the first key of each member in a second one. That is
//! how a reader finds a line of a long index with few bytes read.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use sha2::{Digest as _, Sha256};

/// An index on its way into members.
#[derive(Debug)]
pub(super) struct ZipNum<W> {
    to: W,
    offset: u64,
    block: Vec<u8>,
    lines: usize,
    first: String,
    /// The lines of the second index.
    keys: String,
}

impl<W: io::Write> ZipNum<W> {
    /// Writes members there, which others will know by this name.
    pub(super) fn new(to: W, name: &str) -> Self {
        let meta = json!({ "format": "cdxj-gzip-1.0", "filename": name });
        Self { to, offset: 0, block: Vec::new(), lines: 0, first: String::new(), keys: format!("!meta 0 {meta}\n") }
    }

    /// Takes the next line, without its end.
    pub(super) fn push(&mut self, line: &str) -> io::Result<()> {
        if self.lines == 0 {
            line.split('{').next().unwrap_or_default().trim_end().clone_into(&mut self.first);
        }
        self.block.extend_from_slice(line.as_bytes());
        self.block.push(b'\n');
        self.lines += 1;
        if self.lines == LINES { self.close() } else { Ok(()) }
    }

    /// Writes what is left; the second index.
    pub(super) fn finish(mut self) -> io::Result<String> {
        self.close()?;
        Ok(self.keys)
    }

    fn close(&mut self) -> io::Result<()> {
        if self.lines == 0 {
            return Ok(());
        }
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&self.block)?;
        let member = encoder.finish()?;
        let length = member.len() as u64;
        let digest = hex(&Sha256::digest(&member));
        let place = json!({ "offset": self.offset, "length": length, "digest": digest });
        let _ = writeln!(self.keys, "{} {place}", self.first);
        self.to.write_all(&member)?;
        self.offset += length;
        self.block.clear();
        self.lines = 0;
        Ok(())
    }
}

/// A SHA-256 as packages have it.
pub(super) fn hex(digest: &[u8]) -> String {
    let mut text = "sha256:".to_owned();
    for byte in digest {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// As many lines as other tools put into a member.
const LINES: usize = 300;

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;

    use super::*;

    #[test]
    fn each_key_leads_to_the_member_that_begins_with_it() {
        let mut packed = Vec::new();
        let mut index = ZipNum::new(&mut packed, "index.cdx.gz");
        for n in 0..700 {
            index.push(&format!("com,e)/{n:04} 2026 {{\"url\": \"x\"}}")).unwrap();
        }
        let keys = index.finish().unwrap();
        let keys: Vec<_> = keys.lines().collect();
        assert_eq!((keys.len(), keys[0]), (4, r#"!meta 0 {"format":"cdxj-gzip-1.0","filename":"index.cdx.gz"}"#));
        for (key, first) in keys[1..].iter().zip([0, 300, 600]) {
            let (before, json) = key.split_at(key.find('{').unwrap());
            assert_eq!(before, format!("com,e)/{first:04} 2026 "));
            let place: serde_json::Value = serde_json::from_str(json).unwrap();
            let [from, length] =
                ["offset", "length"].map(|name| usize::try_from(place[name].as_u64().unwrap()).unwrap());
            let member = &packed[from..from + length];
            assert_eq!(place["digest"], hex(&Sha256::digest(member)));
            let mut text = String::new();
            GzDecoder::new(member).read_to_string(&mut text).unwrap();
            assert!(text.starts_with(before), "{text}");
        }
    }
}
