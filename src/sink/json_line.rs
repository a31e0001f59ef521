//! A line of JSON: how every output in lines has one thing.

use serde::Serialize;

use crate::error::{Error, Result};

/// Appends a value as a line; `what` calls it in a message. After an error, the start of it may be there.
pub(super) fn push(lines: &mut Vec<u8>, value: &impl Serialize, what: impl FnOnce() -> String) -> Result<()> {
    serde_json::to_writer(&mut *lines, value)
        .map_err(|error| Error::Internal(format!("{} is no JSON: {error}", what())))?;
    lines.push(b'\n');
    Ok(())
}
