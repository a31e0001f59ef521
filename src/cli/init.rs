//! `crawler init`: a first `crawl.toml`.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use super::voice::say;
use crate::config::reference;
use crate::error::{Error, Result};

/// Whether what is written is for its owner alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    Secret,
    NoSecret,
}

/// Writes the settings that are given, or all of them with what they mean. With `force` in place of what is there.
pub(super) fn init(path: &Path, force: bool, given: Option<&str>, holds: Holds) -> Result<()> {
    let mut options = File::options();
    let mut file = match options.write(true).create(force).truncate(force).create_new(!force).open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let name = path.display();
            return Err(Error::Usage(format!("{name} is already there\n = help: --force replaces it")));
        }
        opened => opened.map_err(|error| Error::io("write", path, error))?,
    };
    if holds == Holds::Secret {
        // While it is empty, and also when it was there.
        keep_others_out(&file).map_err(|error| Error::io("change who can read", path, error))?;
    }
    let text = given.map_or_else(reference::template, str::to_owned);
    file.write_all(text.as_bytes()).map_err(|error| Error::io("write", path, error))?;
    let next = if text.lines().any(|line| line.starts_with("seeds = ")) { "" } else { "set `seeds` in it, then " };
    say(&format!("wrote {}: {next}run `crawler`", path.display()));
    Ok(())
}

#[cfg(unix)]
fn keep_others_out(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(std::fs::Permissions::from_mode(OWNERS))
}

#[cfg(not(unix))]
fn keep_others_out(_: &File) -> io::Result<()> {
    Ok(())
}

/// The owner reads and writes, and nobody else.
#[cfg(unix)]
const OWNERS: u32 = 0o600;
