//! Committed: the outputs of a crawl as far as its store knows of them, and the settings of its last run, for those who
//! look at it from outside. Nothing of them is ever changed.

mod archive;
mod source;
mod unread_robots;

pub(crate) use archive::ArchiveFile;
pub(crate) use source::{LineSource, Output, Source};
pub(crate) use unread_robots::UnreadRobots;

use std::fmt;
use std::path::Path;

use crate::config::Config;
use crate::crawl_dir::holds_records;
use crate::error::{Error, Result};
use crate::observe::State;
use crate::politeness::SavedHost;
use crate::sink::{Checkpoint, Lines, STDOUT, Written};
use crate::store::sqlite::StoreReader;
use crate::versions;

/// Looks into the store of a crawl directory; once more when a crawl has begun there meanwhile.
pub(crate) fn look<T>(dir: &Path, at: impl Fn(&StoreReader) -> Result<T>) -> Result<T> {
    look_by(StoreReader::open, dir, at)
}

/// The same, at what is not of single URLs and hosts: settings, outputs, runs.
pub(crate) fn look_at_notes<T>(dir: &Path, at: impl Fn(&StoreReader) -> Result<T>) -> Result<T> {
    look_by(StoreReader::open_notes, dir, at)
}

fn look_by<T>(
    open: impl Fn(&Path) -> Result<StoreReader>,
    dir: &Path,
    at: impl Fn(&StoreReader) -> Result<T>,
) -> Result<T> {
    let store = match open(dir) {
        Err(Error::Usage(_)) if versions::is_between(dir) => return Err(Error::Usage(between(dir))),
        opened => opened?,
    };
    let seen = at(&store);
    if store.is_overtaken() { at(&open(dir)?) } else { seen }
}

/// What to say while, or when a process was killed while, a crawl was put in the place of another.
fn between(dir: &Path) -> String {
    format!(
        "an update is just being put in its place in {}\n = help: try again; when no crawl runs there, the next one that is \
         started there finishes it first",
        dir.display()
    )
}

/// The outputs of records, and how far each is durable.
pub(crate) fn outputs_of_records(store: &StoreReader) -> Result<Vec<(String, Checkpoint)>> {
    Ok(store.outputs()?.into_iter().filter(|(name, _)| holds_records(name)).collect())
}

/// Opens some outputs as they are at the moment from which on the store is read; without lines, what cannot be read again.
pub(crate) fn open_outputs(
    dir: &Path,
    store: &StoreReader,
    is_wanted: impl Fn(&str) -> bool,
) -> Result<Vec<(String, Option<Lines>)>> {
    let wanted = || -> Result<Vec<(String, Checkpoint)>> {
        Ok(store.outputs()?.into_iter().filter(|(name, _)| is_wanted(name)).collect())
    };
    for _ in 0..ATTEMPTS {
        let open = |(name, _): (String, Checkpoint)| {
            let written = if name == STDOUT { None } else { Written::open(&dir.join(&name))? };
            Ok((name, written))
        };
        let opened = wanted()?.into_iter().map(open).collect::<Result<Vec<_>>>()?;
        store.begin()?;
        let known = wanted()?;
        let mut outputs = Vec::new();
        for (name, written) in opened {
            let Some((_, checkpoint)) = known.iter().find(|(known, ..)| *known == name) else { continue };
            let lines = match written {
                None => Some(None),
                Some(written) => written.lines(checkpoint)?.map(Some),
            };
            outputs.extend(lines.map(|lines| (name, lines)));
        }
        if outputs.len() == known.len() {
            return Ok(outputs);
        }
        store.end()?;
    }
    Err(Error::Internal("the outputs of the crawl do not keep still".to_owned()))
}

/// An output as messages have it.
pub(crate) fn shown(dir: &Path, name: &str) -> String {
    if name == STDOUT { "stdout".to_owned() } else { dir.join(name).display().to_string() }
}

/// The settings that the last run has kept: all but its seeds and what is secret.
pub(crate) fn settings(store: &StoreReader) -> Result<Config> {
    let unreadable = |why: &dyn fmt::Display| store.damaged(&format!("its settings are not readable: {why}"));
    let kept = store.settings()?.unwrap_or_default();
    let mut table: toml::Table = kept.toml.parse().map_err(|error: toml::de::Error| unreadable(&error.message()))?;
    // The seeds are in the store, and the folder of one may be gone.
    table.remove("seeds");
    Config::from_toml(&table.to_string(), "settings").map_err(|error| unreadable(&error))
}

/// Whether what is pending was left over by `max_pages`, and so counts as skipped. What was not reached in `max_time` is pending,
/// as what was not reached before a signal.
pub(crate) fn leaves_over(store: &StoreReader, settings: &Config) -> Result<bool> {
    let (Some(session), Some(most)) = (store.last_session()?, settings.max_pages.0) else { return Ok(false) };
    // Pages that were asked for: what `max_pages` counts.
    let asked = session.records.saturating_sub(store.unasked()?);
    Ok(session.ended == Some(State::Limit) && asked >= most)
}

/// What is kept of a host; of one that was never asked, that nothing is known.
pub(crate) fn saved_host(store: &StoreReader, host: &str) -> Result<SavedHost> {
    let Some(saved) = store.manners_of(host)? else { return Ok(SavedHost::default()) };
    serde_json::from_str(&saved)
        .map_err(|error| store.damaged(&format!("what is known of the host {host} is not readable: {error}")))
}

const ATTEMPTS: usize = 5;
