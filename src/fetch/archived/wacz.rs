//! WACZ: archives, an index and a list of pages, packed into one ZIP file (specification 1.1.1).

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use hashbrown::HashMap;
use serde::Deserialize;
use zip::{CompressionMethod, ZipArchive};

use super::catalog::Catalog;
use super::index;
use super::volume::Volume;

/// A line of the list of pages.
#[derive(Deserialize)]
struct Page {
    url: Option<String>,
    #[serde(default)]
    seed: bool,
}

/// Takes a WACZ: what its indexes name, else all records of its archives, and the pages that it calls seeds.
pub(super) fn take(path: &Path, catalog: &mut Catalog) -> Result<(), String> {
    let file = BufReader::new(File::open(path).map_err(|error| error.to_string())?);
    let mut zip = ZipArchive::new(file).map_err(|error| format!("this is no ZIP file that can be read: {error}"))?;
    // A name that is no text names nothing that a WACZ has.
    let names: Vec<String> = zip.file_names().filter_map(|name| Some(name.ok()?.into_owned())).collect();
    let mut volumes = HashMap::new();
    for name in names.iter().filter(|name| name.starts_with("archive/")) {
        let entry = zip.by_name(name).map_err(|error| format!("{name}: {error}"))?;
        if !entry.is_file() {
            continue;
        }
        if entry.compression() != CompressionMethod::Stored {
            return Err(format!("{name} is compressed once more, and no record can be found in it: unpack the file"));
        }
        let start = entry.data_start().ok_or_else(|| format!("{name} is nowhere in the file"))?;
        volumes.insert(name.trim_start_matches("archive/").to_owned(), Volume::part(path, start, entry.size()));
    }
    if volumes.is_empty() {
        return Err("there is no `archive/` in it, so it is no WACZ".to_owned());
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
            catalog.read_through(volume)?;
        }
    }
    Ok(())
}

/// The lines of a file in it, which may be compressed in itself as well.
fn text<'a>(zip: &'a mut ZipArchive<BufReader<File>>, name: &str) -> Result<Box<dyn BufRead + 'a>, String> {
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
