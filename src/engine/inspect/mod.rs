//! Inspect: what the store and the output of a crawl say, while it runs or after it. Nothing of them is ever changed.

mod expected;
mod problems;
mod verify;

pub use verify::{CheckedOutput, Verification, verify};

use std::path::Path;

use crate::error::Result;
use crate::frontier::store::StoreReader;

/// Looks into the store of a crawl directory; once more when a crawl has begun there meanwhile.
fn look<T>(dir: &Path, at: impl Fn(&StoreReader) -> Result<T>) -> Result<T> {
    let store = StoreReader::open(dir)?;
    let seen = at(&store);
    if store.is_overtaken() { at(&StoreReader::open(dir)?) } else { seen }
}
