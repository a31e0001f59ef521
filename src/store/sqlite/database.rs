//! The file as SQLite has it open, and what is said when it fails.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, Row as SqlRow};

use crate::error::{Error, Result};

/// A store's file, open for whatever its owner does with it. What can be read from it, anyone may ask.
#[derive(Debug)]
pub(crate) struct Database {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
}

impl Database {
    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What SQLite finds wrong with its file, so many faults at most.
    pub(crate) fn faults(&self, most: usize) -> Result<Vec<String>> {
        let mut faults = Vec::new();
        self.each(&format!("PRAGMA integrity_check({most})"), |row| {
            faults.extend(Some(row.get(0)?).filter(|fault| fault != "ok"));
            Ok(Ok(()))
        })?;
        Ok(faults)
    }

    /// Refuses a file of which a part is missing or in a wrong place, when it takes no time to find that out: a crawl of
    /// millions of pages has to start at once.
    pub(super) fn expect_whole(&self) -> Result<()> {
        let length = self.path.metadata().map_err(|error| Error::io("read", &self.path, error))?.len();
        if length > CHECKED_WHOLE {
            return Ok(());
        }
        match self.faults(1)?.first() {
            Some(fault) => Err(self.named(broken(&fault.replace('\n', "; ")))),
            None => Ok(()),
        }
    }

    /// The error for something in the store that makes no sense.
    pub(crate) fn damaged(&self, what: &str) -> Error {
        damaged(&self.path, what)
    }

    pub(super) fn failed(&self, action: &'static str, error: &rusqlite::Error) -> Error {
        failed(&self.path, action, error)
    }

    /// An error of somebody who was given what is in the store, told as one about this store.
    pub(super) fn named(&self, error: Error) -> Error {
        match error {
            Error::Damaged(what) => self.damaged(&what),
            error => error,
        }
    }

    pub(super) fn run(&self, action: &'static str, sql: &str) -> Result<()> {
        self.connection.execute_batch(sql).map_err(|error| self.failed(action, &error))
    }

    /// Gives each row to somebody, whose complaints are told as those about this store.
    pub(in crate::store) fn each(
        &self,
        sql: &str,
        mut each: impl FnMut(&SqlRow<'_>) -> rusqlite::Result<Result<()>>,
    ) -> Result<()> {
        let failed = |error| self.failed("read", &error);
        let mut statement = self.connection.prepare(sql).map_err(failed)?;
        let mut rows = statement.query([]).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            each(row).map_err(|error| self.damaged(&error.to_string()))?.map_err(|error| self.named(error))?;
        }
        Ok(())
    }
}

/// How long a store is that is checked whole whenever a crawl goes on: that takes some tenths of a second.
const CHECKED_WHOLE: u64 = 64 << 20;

/// What SQLite says, for a person.
pub(super) fn failed(path: &Path, action: &'static str, error: &rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        // `Unknown` is SQLite's plain error: what is asked for is not there. Without a code, it is there and is no such thing.
        None | Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown) => {
            damaged(path, &error.to_string())
        }
        Some(ErrorCode::DiskFull) => Error::io(action, path, std::io::ErrorKind::StorageFull.into()),
        _ => Error::io(action, path, std::io::Error::other(error.to_string())),
    }
}

/// What is wrong with a place of a store, which may not be the only one; for [`Database::named`].
pub(super) fn broken(what: &str) -> Error {
    Error::Damaged(format!("{what}, and there may be more: `crawler verify` tells of all"))
}

pub(super) fn damaged(path: &Path, what: &str) -> Error {
    Error::Damaged(format!(
        "the store {} is damaged: {what}; put a copy of it back, or start over with --fresh",
        path.display()
    ))
}
