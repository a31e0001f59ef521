//! Archives, read without the help of the program: gzip members, each with one record.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use flate2::bufread::GzDecoder;

/// One record.
#[derive(Debug, Clone)]
pub(crate) struct WarcRecord {
    fields: BTreeMap<String, String>,
    pub(crate) block: Vec<u8>,
}

impl WarcRecord {
    /// The value of a field; empty when there is none.
    pub(crate) fn field(&self, name: &str) -> &str {
        self.fields.get(&name.to_ascii_lowercase()).map_or("", String::as_str)
    }

    pub(crate) fn kind(&self) -> &str {
        self.field("WARC-Type")
    }

    pub(crate) fn url(&self) -> &str {
        self.field("WARC-Target-URI")
    }

    /// The block as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.block).into_owned()
    }

    /// What follows the head of an HTTP message.
    pub(crate) fn body(&self) -> Vec<u8> {
        let at = self.block.windows(4).position(|four| four == b"\r\n\r\n").expect("a head has an end");
        self.block[at + 4..].to_vec()
    }
}

/// The files of the archive in a crawl directory, in their order.
pub(crate) fn archive_files(dir: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(dir.join("archive")) else { return Vec::new() };
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.to_string_lossy().ends_with(".warc.gz"));
    files.sort();
    files
}

/// The records of an archive. Each is alone in its gzip member, and nothing follows the last one.
#[track_caller]
pub(crate) fn archived(dir: &Path) -> Vec<WarcRecord> {
    archive_files(dir).iter().flat_map(|path| records(&fs::read(path).unwrap())).collect()
}

#[track_caller]
pub(crate) fn records(mut bytes: &[u8]) -> Vec<WarcRecord> {
    let mut records = Vec::new();
    while !bytes.is_empty() {
        let (mut member, mut decoder) = (Vec::new(), GzDecoder::new(bytes));
        decoder.read_to_end(&mut member).unwrap();
        bytes = decoder.into_inner();
        records.push(record(&member));
    }
    records
}

#[track_caller]
fn record(member: &[u8]) -> WarcRecord {
    let end = member.windows(4).position(|four| four == b"\r\n\r\n").expect("a head has an end");
    let head = std::str::from_utf8(&member[..end]).unwrap();
    let (version, lines) = head.split_once("\r\n").unwrap();
    assert_eq!(version, "WARC/1.1");
    let fields: BTreeMap<_, _> = lines
        .split("\r\n")
        .map(|line| line.split_once(": ").unwrap_or_else(|| panic!("no field: {line}")))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length: usize = fields["content-length"].parse().unwrap();
    let block = member[end + 4..].strip_suffix(b"\r\n\r\n").expect("two ends of lines end a record").to_vec();
    assert_eq!(block.len(), length, "{head}");
    WarcRecord { fields, block }
}
