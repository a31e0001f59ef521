//! Opening a store: a new one, or one that an earlier run has left, and never what is no store of ours.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, params};

use super::checksum::{LARGE_TABLES, TABLES, add_function};
use super::database::{Database, failed};
use super::{Identity, Sqlite, states};
use crate::error::{Error, Result};
use crate::store::file::{APPLICATION_ID, FILE, Header, foreign, header};
use crate::wall_clock::WallClock;

impl Sqlite {
    /// Opens the store of a crawl directory, and makes one when there is none. Times are kept by `clock`.
    ///
    /// # Errors
    /// [`Error::Damaged`] when what is there cannot be read, and [`Error::Usage`] when it is not of this program or of
    /// another version of it. Nothing of it is changed then.
    pub fn open(dir: &Path, clock: WallClock) -> Result<Self> {
        let path = dir.join(FILE);
        let is_new = match header(&path)? {
            Header::Missing => true,
            Header::Ours => false,
            Header::Foreign => return Err(foreign(&path)),
        };
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&path, flags).map_err(|error| failed(&path, "open", &error))?;
        // Or SQLite may compile a statement anew when another value is bound to it, as it did for each text it read back.
        let planned_once = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true);
        planned_once.map_err(|error| failed(&path, "open", &error))?;
        add_function(&connection).map_err(|error| failed(&path, "open", &error))?;
        let database = Database { connection, path };
        let mut store = Self::of(database, clock);
        if is_new || store.is_unmade()? {
            store.create().map_err(|error| store.database.failed("create", &error))?;
        } else {
            let version = store.database.expect_version()?;
            store.is_new = !store.database.has_log()?;
            if !store.is_new {
                store.database.run("open", PRAGMAS)?;
            }
            store.add_columns(version)?;
        }
        store.identity = identity(&store.database.path);
        Ok(store)
    }

    fn of(database: Database, clock: WallClock) -> Self {
        Self {
            database,
            clock,
            open: false,
            is_new: false,
            session: 0,
            records: 0,
            unasked: None,
            unread: None,
            identity: None,
        }
    }

    /// Whether the path still names the file that was opened: a directory can be deleted while a crawl writes to it.
    pub(super) fn expect_in_place(&self) -> Result<()> {
        let path = &self.database.path;
        if identity(path) == self.identity {
            return Ok(());
        }
        let error = std::io::Error::new(ErrorKind::NotFound, "it has been moved or deleted during the crawl");
        Err(Error::io("write", path, error))
    }

    /// Makes the tables of a new store. The transaction stays open: with what the crawl keeps first it is one step, and
    /// until it is committed the file is empty.
    fn create(&mut self) -> rusqlite::Result<()> {
        // Nothing can be lost yet; the commit with which a run begins makes it durable as a whole.
        let connection = &self.database.connection;
        connection.execute_batch("PRAGMA page_size = 8192; PRAGMA synchronous = OFF; BEGIN IMMEDIATE")?;
        connection.execute_batch(SCHEMA)?;
        let mut insert = connection.prepare("INSERT INTO state (code, name) VALUES (?1, ?2)")?;
        for (code, name) in states() {
            insert.execute(params![code, name])?;
        }
        connection.pragma_update(None, "application_id", APPLICATION_ID)?;
        connection.pragma_update(None, "user_version", VERSION)?;
        drop(insert);
        (self.open, self.is_new) = (true, true);
        Ok(())
    }

    /// Adds what the stores of earlier builds lack. Those could go on with one that has more columns, but would leave
    /// checksums behind that are not those of the rows.
    fn add_columns(&self, version: i64) -> Result<()> {
        for (name, kind) in LATE_COLUMNS {
            if !self.database.has_column("url", name)? {
                self.database.run("write", &format!("ALTER TABLE url ADD COLUMN {name} {kind}"))?;
            }
        }
        if version == VERSION {
            return Ok(());
        }
        let tables = TABLES.into_iter().chain(LARGE_TABLES);
        let columns: Vec<_> =
            tables.map(|table| format!("ALTER TABLE {} ADD COLUMN checksum INTEGER;", table.name)).collect();
        let columns = columns.concat() + "ALTER TABLE output ADD COLUMN crc INTEGER;";
        self.database.run("write", &format!("BEGIN IMMEDIATE; {columns} PRAGMA user_version = {VERSION}; COMMIT"))
    }

    /// Ends the time in which a store is new: its file is durable, and from here on each commit is.
    pub(super) fn settle_in(&mut self) -> Result<()> {
        let Database { path, .. } = &self.database;
        self.database.run("open", "PRAGMA journal_mode = WAL")?;
        let synced = File::open(path).and_then(|file| file.sync_all());
        synced.map_err(|error| Error::io("write", path, error))?;
        if let Some(folder) = path.parent() {
            // Not all systems can, and none needs it but after a loss of power.
            let _ = File::open(folder).and_then(|folder| folder.sync_all());
        }
        self.database.run("open", PRAGMAS)?;
        self.is_new = false;
        Ok(())
    }

    /// Whether a process was killed while it made the store: SQLite has then taken back what was written.
    fn is_unmade(&self) -> Result<bool> {
        let tables = "SELECT count(*) FROM sqlite_schema";
        let tables = self.database.connection.query_row(tables, [], |row| row.get::<_, i64>(0));
        tables.map(|tables| tables == 0).map_err(|error| self.database.failed("read", &error))
    }
}

impl Database {
    /// Whether a table has a column that those of earlier builds have not.
    pub(super) fn has_column(&self, table: &str, column: &str) -> Result<bool> {
        let columns = "SELECT count(*) FROM pragma_table_info(?1) WHERE name = ?2";
        let columns = self.connection.query_row(columns, [table, column], |row| row.get::<_, i64>(0));
        columns.map(|columns| columns > 0).map_err(|error| self.failed("read", &error))
    }

    /// Whether changes go to a log beside the file, as they do from the moment at which a new store is settled.
    fn has_log(&self) -> Result<bool> {
        let mode = self.connection.query_row("PRAGMA journal_mode", [], |row| row.get::<_, String>(0));
        mode.map(|mode| mode == "wal").map_err(|error| self.failed("read", &error))
    }

    /// The version of a store. Refuses one that is not known.
    pub(super) fn expect_version(&self) -> Result<i64> {
        let version = self.connection.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0));
        match version.map_err(|error| self.failed("read", &error))? {
            version @ UNCHECKED..=VERSION => Ok(version),
            version @ ..UNCHECKED => Err(self.damaged(&format!("it says that it has version {version}"))),
            version => Err(Error::Usage(format!(
                "{} was made by a newer crawler (version {version} of the store; this one knows {VERSION}); \
                 use that one, or --dir takes another directory",
                self.path.display()
            ))),
        }
    }
}

#[cfg(unix)]
fn identity(path: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata(path).ok().map(|file| (file.dev(), file.ino()))
}

#[cfg(not(unix))]
fn identity(path: &Path) -> Option<Identity> {
    path.exists().then_some((0, 0))
}

/// The version of the schema.
pub(crate) const VERSION: i64 = 2;
/// The one before, whose rows have no checksums.
const UNCHECKED: i64 = 1;

/// The columns of each URL that the first stores of this version lack.
pub(super) const LATE_COLUMNS: [(&str, &str); 2] = [("mention", "INTEGER"), ("link_text", "TEXT")];

/// `FULL`: a commit is on disk when it returns. The log is cut back when a checkpoint has emptied it.
const PRAGMAS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; \
                       PRAGMA cache_size = -8192; PRAGMA journal_size_limit = 16777216;";
pub(super) const SCHEMA: &str = include_str!("schema.sql");
