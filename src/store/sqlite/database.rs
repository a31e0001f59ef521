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
    pub(super) fn each(
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

pub(super) fn damaged(path: &Path, what: &str) -> Error {
    Error::Damaged(format!(
        "the store {} is damaged: {what}; put a copy of it back, or start over with --fresh",
        path.display()
    ))
}
