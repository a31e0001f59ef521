//! WACZ: archives, an index and a list of pages, packed into one ZIP file (specification 1.1.1); and several of them, packed
//! into one more, as collections of Browsertrix are.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use hashbrown::HashMap;
use serde::Deserialize;
use zip::{CompressionMethod, ZipArchive};

use super::catalog::Catalog;
use super::index;
use super::volume::{Bytes, Volume};

/// A line of the list of pages.
#[derive(Deserialize)]
struct Page {
    url: Option<String>,
    #[serde(default)]
    seed: bool,
}

/// The file that is one, or the part of a file.
type Zip = ZipArchive<BufReader<Bytes>>;

/// Takes a WACZ: what its indexes name, else all records of its archives, and the pages that it calls seeds. Of one that
/// has others in it, each of these.
pub(super) fn take(path: &Path, catalog: &mut Catalog) -> Result<(), String> {
    let length = path.metadata().map_err(|error| error.to_string())?.len();
    let whole = Volume::part(path, 0, length);
    let packed = take_one(&whole, catalog)?;
    if packed.is_empty() {
        return Ok(());
    }
    for (name, part) in packed {
        if !take_one(&part, catalog).map_err(|why| format!("{name}: {why}"))?.is_empty() {
            return Err(format!("{name}: there are more in it, and no tool packs them so deep"));
        }
    }
    Ok(())
}

/// Takes one, when it is one; else those that are packed in it, which are none of its own.
fn take_one(part: &Volume, catalog: &mut Catalog) -> Result<Vec<(String, Volume)>, String> {
    let file = part.bytes().map_err(|error| error.to_string())?;
    let mut zip = ZipArchive::new(BufReader::new(file))
        .map_err(|error| format!("this is no ZIP file that can be read: {error}"))?;
    // A name that is no text names nothing that a WACZ has.
    let names: Vec<String> = zip.file_names().filter_map(|name| Some(name.ok()?.into_owned())).collect();
    let mut volumes = HashMap::new();
    for name in names.iter().filter(|name| name.starts_with("archive/")) {
        if let Some(volume) = stored(&mut zip, name, part)? {
            volumes.insert(name.trim_start_matches("archive/").to_owned(), volume);
        }
    }
    if volumes.is_empty() {
        let mut packed = Vec::new();
        for name in names.into_iter().filter(|name| Path::new(name).extension().is_some_and(|ending| ending == "wacz"))
        {
            packed.extend(stored(&mut zip, &name, part)?.map(|volume| (name, volume)));
        }
        let why = "there is neither an `archive/` nor a .wacz in it, so it is no WACZ";
        return if packed.is_empty() { Err(why.to_owned()) } else { Ok(packed) };
    }
    for name in names.iter().filter(|name| is_page_list(name)) {
        for line in text(&mut zip, name)?.take(MOST_OF_TEXT).split(b'\n') {
            let line = line.map_err(|error| format!("{name}: {error}"))?;
            if let Ok(Page { url: Some(url), seed: true }) = serde_json::from_slice(&line) {
                catalog.seed(&url);
            }
        }
    }
    let before = catalog.len();
    let mut taken = HashMap::new();
    for name in names.iter().filter(|name| is_index(name)) {
        let lines = text(&mut zip, name)?;
        index::read(lines, catalog, |catalog, volume| {
            let known = taken.get(volume).copied();
            known.or_else(|| {
                let number = catalog.volume(volumes.get(volume)?.clone());
                taken.insert(volume.to_owned(), number);
                Some(number)
            })
        })
        .map_err(|why| format!("{name}: {why}"))?;
    }
    if catalog.len() == before {
        let mut volumes: Vec<_> = volumes.into_iter().collect();
        volumes.sort_unstable_by(|(name, _), (other, _)| name.cmp(other));
        for (_, volume) in volumes {
            catalog.read_through(&volume)?;
        }
    }
    Ok(Vec::new())
}

/// Where a file lies in the archive file; nothing when it is a folder.
fn stored(zip: &mut Zip, name: &str, part: &Volume) -> Result<Option<Volume>, String> {
    let entry = zip.by_name(name).map_err(|error| format!("{name}: {error}"))?;
    if !entry.is_file() {
        return Ok(None);
    }
    if entry.compression() != CompressionMethod::Stored {
        return Err(format!("{name} is compressed once more, and nothing can be found in it: unpack the file"));
    }
    let start = entry.data_start().ok_or_else(|| format!("{name} is nowhere in the file"))?;
    Ok(Some(part.within(start, entry.size())))
}

/// The lines of a file in it, which may be compressed in itself as well.
fn text<'a>(zip: &'a mut Zip, name: &str) -> Result<Box<dyn BufRead + 'a>, String> {
    let mut entry = BufReader::new(zip.by_name(name).map_err(|error| format!("{name}: {error}"))?);
    let start = entry.fill_buf().map_err(|error| format!("{name}: {error}"))?;
    let is_compressed = start.starts_with(&[0x1f, 0x8b]);
    Ok(if is_compressed { Box::new(BufReader::new(MultiGzDecoder::new(entry))) } else { Box::new(entry) })
}

fn is_page_list(name: &str) -> bool {
    name.starts_with("pages/") && Path::new(name).extension().is_some_and(|ending| ending == "jsonl")
}

/// Whether a file has lines of captures: the second level of a compressed index (`.idx`) has none.
fn is_index(name: &str) -> bool {
    let name = name.strip_prefix("indexes/").map(|name| name.strip_suffix(".gz").unwrap_or(name));
    name.is_some_and(|name| Path::new(name).extension().is_some_and(|ending| ending == "cdx" || ending == "cdxj"))
}

/// What is read of a list of pages: the text of each may be in it.
const MOST_OF_TEXT: u64 = 4 << 30;
