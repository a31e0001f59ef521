//! `crawler verify`: one line of figures when a crawl is sound, or a line for each thing that is wrong with it.

use std::fmt::Write as _;
use std::process::ExitCode;

use super::database::Database;
use super::place::Place;
use crate::error::Result;
use crate::inspect::{self, Verification};
use crate::observe::{count, counted, printable};
use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct Verify {
    #[command(flatten)]
    place: Place,
    /// Check what a database has of the crawl over all nodes, and no output
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    database: Database,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Checks the store of a crawl against its output. 1 when something is wrong.
pub(crate) fn verify(verify: &Verify) -> Result<ExitCode> {
    if verify.all {
        return verify_all(verify);
    }
    verify.database.expect_none("verify without --all looks at the outputs of one node, which are in its directory")?;
    let found = inspect::verify(verify.place.path())?;
    if verify.json {
        super::voice::print_object(&found)?;
    } else {
        super::voice::print(&text(&found))?;
    }
    Ok(ExitCode::from(u8::from(!found.ok)))
}

/// The same of all that a database has.
#[cfg(feature = "postgres")]
fn verify_all(verify: &Verify) -> Result<ExitCode> {
    let found = inspect::verify_all(&verify.database.of(&verify.place)?)?;
    if verify.json {
        super::voice::print_object(&found)?;
    } else {
        super::voice::print(&text_of_all(&found))?;
    }
    Ok(ExitCode::from(u8::from(!found.ok)))
}

#[cfg(not(feature = "postgres"))]
fn verify_all(verify: &Verify) -> Result<ExitCode> {
    Err(super::database::unbuilt(&verify.database.of(&verify.place)?))
}

#[cfg(feature = "postgres")]
fn text_of_all(found: &inspect::AllVerified) -> String {
    let mut text = String::new();
    if found.ok {
        let [urls, buckets] = [counted(found.urls, "URL", "URLs"), counted(found.buckets, "bucket", "buckets")];
        let [records, nodes] = [counted(found.records, "record", "records"), counted(found.nodes, "node", "nodes")];
        let [links, hosts] = [counted(found.links, "link", "links"), counted(found.hosts, "host", "hosts")];
        let letters = counted(found.letters, "letter waits", "letters wait");
        let _ = writeln!(text, "ok: {urls} in {buckets}, {records} of {nodes}, {links}, {hosts}; {letters}");
    }
    problems(&mut text, &found.problems, found.problem_count);
    text
}

fn problems(text: &mut String, problems: &[String], all: u64) {
    for problem in problems {
        let _ = writeln!(text, "{}", printable(problem));
    }
    if let Some(more @ 1..) = all.checked_sub(problems.len() as u64) {
        let _ = writeln!(text, "and {} more", count(more));
    }
}

fn text(found: &Verification) -> String {
    let mut text = String::new();
    if found.ok {
        let [urls, records] = [counted(found.urls, "URL", "URLs"), counted(found.records, "record", "records")];
        let [links, hosts] = [counted(found.links, "link", "links"), counted(found.hosts, "host", "hosts")];
        let outputs: Vec<_> = found.outputs.iter().map(|output| printable(&output.name)).collect();
        let archive = found.archive.as_ref().map(|archive| {
            let records = counted(archive.records, "record", "records");
            let files = counted(archive.files as u64, "file", "files");
            format!(", an archive of {records} in {files}")
        });
        let archive = archive.unwrap_or_default();
        let _ = writeln!(text, "ok: {urls}, {records} in {}, {links}, {hosts}{archive}", outputs.join(" and "));
    }
    problems(&mut text, &found.problems, found.problem_count);
    for output in found.outputs.iter().filter(|output| output.lines.is_none()) {
        let _ = writeln!(text, "{} cannot be read again: its records were not checked", printable(&output.name));
    }
    text
}

pub(crate) const EPILOGUE: &str = "\
Each URL that is settled has to have one whole line in the output, and all that the store knows has to \
fit together. An archive has to have each of them once, and is read to its end: some ten seconds for \
each gigabyte that was received. What it says has not changed has to be in it, or in those of the \
crawls before (DIR/versions). A crawl may be running: what it has not committed yet does not count.

With --all, what a database has of all nodes and buckets: that each URL is known once, at its home, that \
depths and links fit together, and that each settled URL has one record. Outputs are not looked at.

Exit codes:
  0  nothing is wrong
  1  something is: each problem on a line, the first 20 of them; or the store cannot be read
  2  there is no store in DIR";
