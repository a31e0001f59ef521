//! Looking into a store that somebody else writes, or has written: nothing of it is ever changed.

use std::ops::Deref;
use std::path::{Path as FilePath, PathBuf};

use percent_encoding::{AsciiSet, CONTROLS, percent_encode};
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, Row as SqlRow};

use super::checksum::{LARGE_TABLES, TABLES};
#[cfg(feature = "postgres")]
use super::copied::{BESIDE_OF_URLS, Part};
use super::database::{Database, failed};
use super::open::{LATE_COLUMNS, VERSION};
use super::{edges, of_code};
use crate::error::{Error, Result};
use crate::frontier::{Edge, NodeState, Path};
use crate::mention::Mention;
use crate::outcome::OutcomeKind;
use crate::store::file::{FILE, Header, header, is_there};
use crate::store::{NodeFile, Overview};
use crate::url::UrlKey;

/// The store of a crawl, open for reading while the crawl runs or after it. `Deref` gives what its file can
/// tell.
#[derive(Debug)]
pub(crate) struct StoreReader {
    database: Database,
    /// Nobody was writing when it was opened. Then it is read as a file that does not change: that needs no other file
    /// beside it, and so works in a directory that cannot be written to.
    frozen: bool,
    /// What is asked of each URL.
    columns: String,
    /// Whether rows have checksums.
    is_checked: bool,
    /// Who else crawls it, where the store is a database.
    overview: Option<Overview>,
}

/// A URL with all that a store knows of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UrlRow<'a> {
    /// The order of its discovery, from 0.
    pub(crate) id: i64,
    /// The bytes of its fingerprint.
    pub(crate) key: &'a [u8],
    /// Its text; of a URL that is too long, the start of it.
    pub(crate) url: &'a str,
    /// What names it where it was found; `None` for a seed, and when that is not known.
    pub(crate) mention: Option<Mention>,
    /// What that says to a reader, when that is known.
    pub(crate) link_text: Option<&'a str>,
    /// Its state, and the outcome when it is settled; `None` when the store has a number for it that means nothing.
    pub(crate) state: Option<(NodeState, Option<OutcomeKind>)>,
    /// How it was found.
    pub(crate) path: Path,
    /// The number of its host, when it is or was pending.
    pub(crate) host: Option<u32>,
    /// How often it was tried.
    pub(crate) attempts: u32,
    /// When it is tried again, in milliseconds since 1970.
    pub(crate) due: Option<i64>,
    /// The line of its record in the output, from 1.
    pub(crate) record: Option<u64>,
    /// The HTTP status of its record.
    pub(crate) status: Option<u16>,
    /// The kind of error of its record.
    pub(crate) error: Option<&'a str>,
    /// The decoded length of the body of its record.
    pub(crate) bytes: Option<u64>,
    /// Whether the depth and the referrer of its record are out of date.
    pub(crate) moved: bool,
    /// Whether what it leads to has not been told of its depth yet.
    pub(crate) untold: bool,
    /// Where it is, when the store is a database.
    pub(crate) spot: Option<Spot>,
}

/// Where a URL is in a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spot {
    /// Its bucket.
    pub(crate) bucket: i64,
    /// Its number there.
    pub(crate) id: i64,
    /// The node that has its record, and the line of that.
    pub(crate) record: Option<(i64, i64)>,
}

impl UrlRow<'_> {
    /// Whether its record is in the outputs of another node.
    pub(crate) fn is_recorded_elsewhere(&self) -> bool {
        self.record.is_none() && self.spot.is_some_and(|spot| spot.record.is_some())
    }
}

impl StoreReader {
    /// Opens the store of a crawl directory.
    ///
    /// # Errors
    /// [`Error::Usage`] when there is none, or none of this program, or one of a newer version of it.
    /// [`Error::Damaged`] when it cannot be read.
    pub(crate) fn open(dir: &FilePath) -> Result<Self> {
        match NodeFile::read(dir)? {
            Some(node) => Self::of_node(dir, &node, Part::All),
            None => Self::of_file(dir),
        }
    }

    /// Opens one of which no URL and no host is asked for: a database need not be read whole for that.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub(crate) fn open_notes(dir: &FilePath) -> Result<Self> {
        match NodeFile::read(dir)? {
            Some(node) => Self::of_node(dir, &node, Part::Notes),
            None => Self::of_file(dir),
        }
    }

    fn of_file(dir: &FilePath) -> Result<Self> {
        let path = dir.join(FILE);
        match header(&path)? {
            // Beside a store that is being made, or was when its process was killed: nothing is in it yet.
            Header::Ours if has_beside(&path, "-journal") => return Err(Error::Usage(missing(dir))),
            Header::Ours => {}
            Header::Missing => return Err(Error::Usage(missing(dir))),
            Header::Foreign => {
                return Err(Error::Usage(format!(
                    "{} is not a store of crawler; name another directory",
                    path.display()
                )));
            }
        }
        let frozen = !has_beside(&path, LOG);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = if frozen {
            Connection::open_with_flags(frozen_uri(&path)?, flags | OpenFlags::SQLITE_OPEN_URI)
        } else {
            Connection::open_with_flags(&path, flags)
        };
        let connection = connection.map_err(|error| failed(&path, "open", &error))?;
        let database = Database { connection, path };
        let version = database.expect_version()?;
        let mut columns = COLUMNS.to_owned();
        for (name, _) in LATE_COLUMNS {
            columns.push_str(", ");
            columns.push_str(if database.has_column("url", name)? { name } else { "NULL" });
        }
        columns.push_str(", NULL, NULL, NULL, NULL");
        Ok(Self { database, frozen, columns, is_checked: version == VERSION, overview: None })
    }

    /// A copy of what a database has of the crawl of a directory: it is as it was at one moment from the start.
    #[cfg(feature = "postgres")]
    fn of_node(dir: &FilePath, node: &NodeFile, part: Part) -> Result<Self> {
        let Some((database, overview)) = Database::copied(node, part)? else {
            let (shown, place) = (dir.display(), node.place());
            return Err(Error::Usage(format!("{place} holds no store of a crawl in {shown}\n = help: {NAME_IT}")));
        };
        let columns = LATE_COLUMNS.iter().map(|(name, _)| *name).chain(BESIDE_OF_URLS);
        let columns = columns.fold(COLUMNS.to_owned(), |columns, name| format!("{columns}, {name}"));
        Ok(Self { database, frozen: false, columns, is_checked: false, overview })
    }

    #[cfg(not(feature = "postgres"))]
    fn of_node(dir: &FilePath, node: &NodeFile, _: Part) -> Result<Self> {
        let (shown, place) = (dir.display(), node.place());
        let problem = format!(
            "the crawl in {shown} is kept in {place}, and this crawler is built without the feature `postgres`"
        );
        Err(Error::Usage(format!("{problem}\n = help: build it with --features postgres")))
    }

    /// Who crawls it with this directory; `None` of a crawl whose store is in its directory.
    pub(crate) fn overview(&self) -> Option<&Overview> {
        self.overview.as_ref()
    }

    /// The letter that tells of a URL: the bucket that it is to, the text of the URL, and its depth.
    pub(crate) fn letter(&self, key: UrlKey) -> Result<Option<(i64, String, u32)>> {
        if self.overview.is_none() {
            return Ok(None);
        }
        let sql = "SELECT bucket, url, depth FROM letter WHERE key = ?1 ORDER BY depth LIMIT 1";
        self.one(sql, [key.as_bytes().as_slice()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
    }

    /// From here on everything is read as it is at one moment, that of the first question.
    pub(crate) fn begin(&self) -> Result<()> {
        self.run("read", "BEGIN; SELECT count(*) FROM session")
    }

    /// Ends what [`begin`](Self::begin) began.
    pub(crate) fn end(&self) -> Result<()> {
        self.run("read", "COMMIT")
    }

    /// Whether somebody has begun to write to a store to which nobody did when it was opened. What was read since then may
    /// be neither the old nor the new.
    pub(crate) fn is_overtaken(&self) -> bool {
        self.frozen && has_beside(self.path(), LOG)
    }

    /// Gives what there is to be said of each row that is not as it was written to somebody.
    pub(crate) fn broken_rows(&self, mut broken: impl FnMut(String)) -> Result<()> {
        let tables = TABLES.into_iter().chain(LARGE_TABLES).filter(|_| self.is_checked);
        for table in tables {
            self.check_rows(table, |what| {
                broken(what);
                Ok(())
            })?;
        }
        Ok(())
    }

    /// How many URLs there can be at most: the greatest number and one.
    pub(crate) fn url_bound(&self) -> Result<u64> {
        self.number("SELECT coalesce(max(id) + 1, 0) FROM url")
    }

    /// How many runs there were.
    pub(crate) fn run_count(&self) -> Result<u64> {
        self.number("SELECT count(*) FROM session")
    }

    /// How many hosts are known.
    pub(crate) fn host_count(&self) -> Result<u64> {
        self.number("SELECT count(*) FROM host")
    }

    /// Every URL in the order of discovery.
    pub(crate) fn entries(&self, mut each: impl FnMut(UrlRow<'_>) -> Result<()>) -> Result<()> {
        self.each(&format!("SELECT {} FROM url ORDER BY id", self.columns), |row| Ok(each(entry(row)?)))
    }

    /// Every host with its number.
    pub(crate) fn hosts(&self, mut each: impl FnMut(i64, &str)) -> Result<()> {
        self.each("SELECT id, name FROM host ORDER BY id", |row| {
            each(row.get(0)?, row.get_ref(1)?.as_str()?);
            Ok(Ok(()))
        })
    }

    /// What each settled URL leads to, by its number; an error when that cannot be read.
    pub(crate) fn all_edges(&self, mut each: impl FnMut(i64, Result<Vec<Edge>>)) -> Result<()> {
        self.each("SELECT id, links FROM edges ORDER BY id", |row| {
            each(row.get(0)?, edges::decode(row.get_ref(1)?.as_blob()?));
            Ok(Ok(()))
        })
    }

    /// A URL by its fingerprint. There is no index for that, so all of them are looked at.
    pub(crate) fn find<T>(&self, key: UrlKey, take: impl FnOnce(UrlRow<'_>) -> T) -> Result<Option<T>> {
        self.one(&format!("SELECT {} FROM url WHERE key = ?1", self.columns), [key.as_bytes().as_slice()], |row| {
            entry(row).map(take)
        })
    }

    /// A URL by its number.
    pub(crate) fn entry<T>(&self, id: u32, take: impl FnOnce(UrlRow<'_>) -> T) -> Result<Option<T>> {
        self.one(&format!("SELECT {} FROM url WHERE id = ?1", self.columns), [id], |row| entry(row).map(take))
    }

    /// The name of a host.
    pub(crate) fn host_name(&self, id: u32) -> Result<Option<String>> {
        self.one("SELECT name FROM host WHERE id = ?1", [id], |row| row.get(0))
    }

    /// What politeness knew of one host.
    pub(crate) fn manners_of(&self, host: &str) -> Result<Option<String>> {
        self.one("SELECT saved FROM manners WHERE host = ?1", [host], |row| row.get(0))
    }

    /// Whether a URL is a seed of any run.
    pub(crate) fn is_seed(&self, url: &str) -> Result<bool> {
        self.one("SELECT 1 FROM seed WHERE url = ?1", [url], |_| Ok(())).map(|found| found.is_some())
    }

    fn one<T>(
        &self,
        sql: &str,
        values: impl rusqlite::Params,
        take: impl FnOnce(&SqlRow<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>> {
        self.connection.query_row(sql, values, take).optional().map_err(|error| self.failed("read", &error))
    }

    fn number(&self, sql: &str) -> Result<u64> {
        let number = self.connection.query_row(sql, [], |row| row.get::<_, i64>(0));
        number.map(|number| number.max(0).cast_unsigned()).map_err(|error| self.failed("read", &error))
    }
}

impl Deref for StoreReader {
    type Target = Database;

    fn deref(&self) -> &Database {
        &self.database
    }
}

/// What is copied of a crawl in a database.
#[cfg(not(feature = "postgres"))]
#[derive(Debug, Clone, Copy)]
enum Part {
    All,
    Notes,
}

fn entry<'a>(row: &'a SqlRow<'_>) -> rusqlite::Result<UrlRow<'a>> {
    let number = |at| row.get::<_, Option<i64>>(at).map(|number| number.map(i64::cast_unsigned));
    Ok(UrlRow {
        id: row.get(0)?,
        key: row.get_ref(1)?.as_blob()?,
        url: row.get_ref(2)?.as_str()?,
        state: of_code(row.get(3)?),
        path: Path { depth: row.get(4)?, hops: row.get(5)?, referrer: row.get(6)? },
        host: row.get(7)?,
        attempts: row.get(8)?,
        due: row.get(9)?,
        record: number(10)?,
        status: row.get(11)?,
        error: row.get_ref(12)?.as_str_or_null()?,
        bytes: number(13)?,
        moved: row.get::<_, Option<i64>>(14)?.is_some(),
        untold: row.get::<_, Option<bool>>(15)?.unwrap_or_default(),
        mention: row.get::<_, Option<u8>>(16)?.and_then(Mention::of_code),
        link_text: row.get_ref(17)?.as_str_or_null()?,
        spot: match row.get::<_, Option<i64>>(18)? {
            None => None,
            Some(bucket) => Some(Spot {
                bucket,
                id: row.get(19)?,
                record: row.get::<_, Option<i64>>(20)?.zip(row.get::<_, Option<i64>>(21)?),
            }),
        },
    })
}

fn missing(dir: &FilePath) -> String {
    let shown = dir.display();
    if dir.is_file() {
        let problem = format!("{shown} is a file, and no crawl directory");
        let parent = dir.parent().filter(|parent| is_there(parent).is_ok_and(|is_there| is_there));
        return match parent {
            Some(parent) => format!("{problem}\n = help: the crawl that it is of: {}", parent.display()),
            None => format!("{problem}\n = help: {NAME_IT}"),
        };
    }
    if shown.to_string().contains("://") {
        return format!(
            "there is no crawl directory {shown}\n = help: a URL is crawled first (crawler {shown}), and what that leaves is in \
             a directory: crawl, unless --dir names another"
        );
    }
    if !dir.exists() {
        return format!("there is no crawl directory {shown}\n = help: {NAME_IT}");
    }
    format!("{shown} holds no store of a crawl; a crawl with --no-store leaves none\n = help: {NAME_IT}")
}

/// Whether SQLite keeps something in a file beside the store.
fn has_beside(path: &FilePath, suffix: &str) -> bool {
    let mut beside = path.as_os_str().to_owned();
    beside.push(suffix);
    PathBuf::from(beside).metadata().is_ok_and(|beside| beside.len() > 0)
}

/// Names a file that does not change while it is open (sqlite.org/uri.html).
fn frozen_uri(path: &FilePath) -> Result<String> {
    let absolute = path.canonicalize().map_err(|error| Error::io("open", path, error))?;
    Ok(format!("file://{}?immutable=1", percent_encode(absolute.as_os_str().as_encoded_bytes(), IN_URI)))
}

const NAME_IT: &str = "name the directory of a crawl, as DIR or --dir DIR; without either it is crawl";
/// The log of changes that are not in the store yet. The last one who writes takes it away.
const LOG: &str = "-wal";
const COLUMNS: &str = "id, key, url, state, depth, hops, referrer, host, attempts, due, record, status, error, bytes, \
                       moved, untold";
const IN_URI: &AsciiSet = &CONTROLS.add(b'%').add(b'?').add(b'#').add(b' ');

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::store::sqlite::Sqlite;
    use crate::store::{Note, Store as _};
    use crate::wall_clock::WallClock;

    fn names(dir: &FilePath) -> Vec<String> {
        let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = entries.collect();
        names.sort();
        names
    }

    #[test]
    fn a_store_is_read_as_it_was_at_one_moment_while_somebody_writes() {
        // A name that means something in a URI.
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("50%?#a crawl");
        std::fs::create_dir(&dir).unwrap();
        let clock = WallClock::new(Instant::now(), jiff::Timestamp::now());
        let run = |pid| Note::RunBegins { pid, at: clock.instant() };
        let mut store = Sqlite::open(&dir, clock).unwrap();
        store.keep(run(1)).unwrap();
        store.commit(clock.instant()).unwrap();
        drop(store);
        assert_eq!(names(&dir), [FILE]);

        let reader = StoreReader::open(&dir).unwrap();
        assert!(reader.frozen && reader.run_count().unwrap() == 1 && !reader.is_overtaken());
        let mut store = Sqlite::open(&dir, clock).unwrap();
        store.keep(run(2)).unwrap();
        assert!(StoreReader::open(&dir).unwrap().faults(1).unwrap().is_empty());
        store.commit(clock.instant()).unwrap();
        assert!(reader.is_overtaken(), "a frozen store has no moment");

        let reader = StoreReader::open(&dir).unwrap();
        assert!(!reader.frozen);
        reader.begin().unwrap();
        store.keep(Note::Unasked(7)).unwrap();
        store.commit(clock.instant()).unwrap();
        assert_eq!((reader.unasked().unwrap(), reader.is_overtaken()), (0, false));
        reader.end().unwrap();
        assert_eq!(reader.unasked().unwrap(), 7);
    }

    #[test]
    fn nothing_is_there_before_the_first_commit() {
        let folder = tempfile::tempdir().unwrap();
        let clock = WallClock::new(Instant::now(), jiff::Timestamp::now());
        let refused = || StoreReader::open(folder.path()).is_err_and(|error| error.to_string().contains("no store"));
        let mut store = Sqlite::open(folder.path(), clock).unwrap();
        assert!(refused());
        store.keep(Note::RunBegins { pid: 1, at: clock.instant() }).unwrap();
        assert!(refused());
        store.commit(clock.instant()).unwrap();
        assert!(!refused());
    }
}
