//! What commands say: data to stdout, talk to stderr, and how the process ends.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use crate::error::{Error, Result};
use crate::observe::in_json;

/// Prints why the crawl cannot go on and gives the exit code of it.
pub(super) fn report(error: &Error) -> ExitCode {
    match error {
        // The reader has what it wanted.
        Error::ClosedPipe => return ExitCode::SUCCESS,
        error => say(&format!("error: {error}")),
    }
    ExitCode::from(if matches!(error, Error::Usage(_)) { USAGE } else { FAILURE })
}

/// Prints a line to stderr.
pub(super) fn say(line: &str) {
    // A closed stderr leaves nobody to tell.
    let _ = writeln!(std::io::stderr(), "{line}");
}

pub(super) fn print_json(value: &serde_json::Value) -> Result<()> {
    print_object(value)
}

/// Prints something that a program reads: one JSON object.
pub(super) fn print_object(object: &impl serde::Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(object).map_err(|error| Error::Internal(error.to_string()))?;
    print(&in_json(format!("{text}\n")))
}

pub(super) fn print(text: &str) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    written.map_err(|error| Error::io("write to", Path::new("stdout"), error))
}

/// The crawl directory of helpers unless another one is named.
pub(super) const DIR: &str = "crawl";
pub(super) const USAGE: u8 = 2;
const FAILURE: u8 = 1;
