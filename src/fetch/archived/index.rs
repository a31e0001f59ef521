//! Indexes as seeds: the volumes that CDXJ lines name, beside them.

use std::io::BufRead;
use std::path::{Component, Path, PathBuf};

use hashbrown::HashMap;

use super::captures::Spot;
use super::catalog::{Catalog, is_page};
use super::volume::Volume;
use crate::warc::CdxLine;

/// Takes all captures that the lines name, of volumes that `volume` finds by their names. How many lines are no captures.
///
/// # Errors
/// A volume that is not there, by its name and the line that names it.
pub(super) fn read(
    lines: impl BufRead,
    catalog: &mut Catalog,
    mut volume: impl FnMut(&mut Catalog, &str) -> Option<u32>,
) -> Result<u64, String> {
    let mut passed = 0;
    let mut known: HashMap<String, u32> = HashMap::new();
    for (number, line) in (1_u64..).zip(lines.split(b'\n')) {
        let line = line.map_err(|error| error.to_string())?;
        let Some(capture) = str::from_utf8(&line).ok().and_then(|line| CdxLine::parse(line.trim_end())) else {
            passed += u64::from(!line.trim_ascii().is_empty());
            continue;
        };
        if is_no_answer(&capture) {
            continue;
        }
        let name = capture.filename.as_str();
        let Some(volume) = known.get(name).copied().or_else(|| volume(catalog, name)) else {
            return Err(format!("line {number} names the archive `{name}`, which is not there"));
        };
        known.entry_ref(name).insert(volume);
        // A thing without a head has no status.
        let is_first_page =
            capture.status.is_none_or(|status| status == 200) && capture.mime.as_deref().is_some_and(is_page);
        let spot = Spot { volume, offset: capture.offset, before: 0 };
        catalog.indexed(&capture.url, capture.date, spot, is_first_page);
    }
    Ok(passed)
}

/// Takes the volumes that stand beside an index, or where a WACZ that was unpacked has them: in `../archive`.
pub(super) fn beside(index: &Path) -> impl FnMut(&mut Catalog, &str) -> Option<u32> {
    let folder = index.parent().unwrap_or(Path::new("")).to_owned();
    move |catalog, name| {
        let found = places(&folder, name).find(|path| path.is_file())?;
        catalog.number_of(&found).or_else(|| Some(catalog.volume(Volume::file(&found).ok()?)))
    }
}

/// Where a volume may be. Its name is a stranger's: of one that leads elsewhere only the last part counts.
fn places(folder: &Path, name: &str) -> impl Iterator<Item = PathBuf> {
    let name = Path::new(name);
    let is_below = name.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    let last = name.file_name().map(Path::new).into_iter();
    let by_last = last.flat_map(|last| ["", "archive", "../archive"].map(|place| folder.join(place).join(last)));
    let by_last: Vec<_> = by_last.collect();
    is_below.then(|| folder.join(name)).into_iter().chain(by_last)
}

/// What an index says to be no answer to a GET: a part of a body, or that nothing has changed.
fn is_no_answer(capture: &CdxLine) -> bool {
    matches!(capture.status, Some(206 | 304))
}
