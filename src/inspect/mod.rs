//! Inspect: what the store and the output of a crawl say, while it runs or after it. Nothing of them is ever changed.

mod body;
mod expected;
mod explain;
mod last_run;
mod problems;
mod status;
mod verify;
mod why;

pub(crate) use explain::{Beginning, Explanation, UrlState, explain};
pub(crate) use last_run::RunState;
pub(crate) use status::{HostStatus, Status, status};
pub(crate) use verify::{Verification, verify};

use std::path::Path;

use crate::crawl_dir::holds_items;
use crate::error::Result;
use crate::sink::{Checkpoint, STDOUT};
use crate::store::sqlite::StoreReader;

/// Looks into the store of a crawl directory; once more when a crawl has begun there meanwhile.
fn look<T>(dir: &Path, at: impl Fn(&StoreReader) -> Result<T>) -> Result<T> {
    let store = StoreReader::open(dir)?;
    let seen = at(&store);
    if store.is_overtaken() { at(&StoreReader::open(dir)?) } else { seen }
}

/// The outputs of records, and how far each is durable.
fn outputs_of_records(store: &StoreReader) -> Result<Vec<(String, Checkpoint)>> {
    Ok(store.outputs()?.into_iter().filter(|(name, _)| !holds_items(name)).collect())
}

/// An output as messages have it.
fn shown(dir: &Path, name: &str) -> String {
    if name == STDOUT { "stdout".to_owned() } else { dir.join(name).display().to_string() }
}
