//! The archive: what was sent and received, as WARC.

mod earlier;
mod files;
mod known_bodies;
mod known_names;
mod members;
mod names;

pub use names::{ARCHIVE, ArchiveNames, NamePart};

use std::path::{Path, PathBuf};

use self::earlier::Earlier;
use self::files::Files;
use self::known_bodies::KnownBodies;
use self::known_names::KnownNames;
use self::members::{Captured, Members};
use super::{Aside, Checkpoint, Settled, Sink};
use crate::error::Result;
use crate::exchange::LookedUp;
use crate::warc::Fields;

/// An archive in a crawl directory: WARC/1.1, one gzip member for each record, in files of a bounded length.
///
/// - Each exchange is in it once, in one piece with all that belongs to it: response or revisit, request, metadata.
/// - A file is whole at each commit, up to its checkpoint, under the name that it keeps.
pub struct Archive {
    files: Files,
    bodies: KnownBodies,
    earlier: Earlier,
    members: Members,
    names: KnownNames,
    /// What stands at the head of each file.
    info: Fields,
}

/// What an archive is like.
#[derive(Debug, Clone)]
pub struct ArchiveSettings {
    /// As long as this a file is full.
    pub max_file: u64,
    /// Indexes of earlier archives, whose bodies are not kept again.
    pub earlier: Vec<PathBuf>,
    /// From 1, the fastest, to 9, the smallest.
    pub level: u32,
    /// Names and values that stand at the head of each file.
    pub info: Vec<(String, String)>,
}

impl Archive {
    /// Goes on with the archive in a crawl directory where it was committed: these files.
    ///
    /// # Errors
    /// [`Error::Damaged`](crate::error::Error::Damaged) when one of them is not as the crawl has left it.
    pub fn resume(dir: &Path, files: &[(String, Checkpoint)], settings: &ArchiveSettings) -> Result<Self> {
        let files = Files::resume(dir, files, settings.max_file)?;
        let mut bodies = KnownBodies::open(&files.folder().join(BODIES), MOST_BODIES);
        let earlier = Earlier::open(&settings.earlier, &mut bodies)?;
        let mut info = Fields::default();
        for (name, value) in &settings.info {
            info.push(name, value);
        }
        Ok(Self { files, bodies, earlier, members: Members::new(settings.level), names: KnownNames::default(), info })
    }

    /// What the store calls the first file of an archive of these names.
    pub fn first_output(names: &ArchiveNames) -> String {
        Files::first(names)
    }

    /// Makes room for one piece: a full file is closed, and a new one begins with what made it.
    fn begin(&mut self, at: jiff::Timestamp) -> Result<()> {
        self.files.turn()?;
        if self.files.is_new() {
            self.members.info(&self.files.name(), at, &self.info);
            self.append()?;
        }
        Ok(())
    }

    /// Packs an exchange; its name.
    fn pack(&mut self, captured: &Captured<'_>) -> Option<String> {
        let digest = captured.of_whole_body();
        let known = digest.and_then(|digest| {
            let place @ (serial, offset) = self.bodies.get(digest)?;
            let of_earlier = self.earlier.original(place, digest);
            of_earlier.or_else(|| members::original(&self.files.read(serial, offset, HEAD)?, digest))
        });
        let (serial, end) = self.files.end();
        let packed = self.members.exchange(captured, known.as_ref());
        if let (Some(digest), None, true) = (digest, known, packed.is_response) {
            self.bodies.put(digest, (serial, end));
        }
        packed.id
    }

    fn append(&mut self) -> Result<()> {
        let appended = self.files.append(self.members.bytes());
        self.members.clear();
        appended
    }
}

impl Sink for Archive {
    fn wants_exchange(&self) -> bool {
        true
    }

    fn write(&mut self, settled: &Settled) -> Result<()> {
        let record = &settled.record;
        self.begin(record.fetched_at)?;
        let captured = settled.exchange.as_deref().map(|exchange| {
            Captured::new(exchange, record.fetched_at, record.error.as_ref().map(|failure| failure.kind))
        });
        let unchanged = settled.exchange.as_deref().and_then(|exchange| members::Original::unchanged(record, exchange));
        let id = captured.and_then(|captured| match unchanged {
            Some(original) => self.members.exchange(&captured, Some(&original)).id,
            None => self.pack(&captured),
        });
        self.members.metadata(record, id.as_deref());
        self.append()
    }

    fn write_aside(&mut self, aside: &Aside) -> Result<()> {
        self.begin(aside.fetched_at)?;
        self.pack(&Captured::new(&aside.exchange, aside.fetched_at, aside.failure));
        self.append()
    }

    fn write_lookup(&mut self, lookup: &LookedUp) -> Result<()> {
        if !self.names.is_news(lookup) {
            return Ok(());
        }
        self.begin(lookup.at)?;
        self.members.lookup(lookup);
        self.append()
    }

    fn flush(&mut self) -> Result<Option<Checkpoint>> {
        self.files.flush()?;
        self.bodies.keep();
        Ok(None)
    }

    fn take_files(&mut self) -> Vec<(String, Checkpoint)> {
        self.files.take_untold()
    }
}

impl std::fmt::Debug for Archive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Archive").field("files", &self.files).finish_non_exhaustive()
    }
}

/// Where bodies lie, for the next run.
pub(crate) const BODIES: &str = "bodies.idx";
/// How many bodies are known for sure, and half of how many may be: 24 MiB to 48 MiB.
const MOST_BODIES: usize = 1 << 20;
/// As much of a member has the head of its record in any case.
const HEAD: u64 = 16 << 10;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::Arc;

    use http::{HeaderMap, StatusCode, Version};

    use super::*;
    use crate::exchange::{BodyEnd, Exchange, RawBody, Received, Sent};
    use crate::sink::record::tests::page;
    use crate::warc::{Bounds, Kind, Record, Records};

    fn settings(max_file: u64) -> ArchiveSettings {
        ArchiveSettings {
            max_file,
            earlier: Vec::new(),
            level: 1,
            info: vec![("software".to_owned(), "a test".to_owned())],
        }
    }

    /// A page that was answered with this body.
    fn settled(url: &str, body: &'static str) -> Settled {
        let raw = RawBody::new(body.as_bytes().into(), BodyEnd::Whole);
        let mut received = Received::new(StatusCode::OK, &HeaderMap::new(), raw);
        received.version = Some(Version::HTTP_11);
        let mut settled = Settled::new(page(url, 1, None));
        settled.exchange = Some(Box::new(Exchange::new(Sent::new(Arc::from(url), Vec::new()), received)));
        settled
    }

    fn begun() -> Vec<(String, Checkpoint)> {
        let names = ArchiveNames::new("a", jiff::Timestamp::UNIX_EPOCH, "b");
        vec![(Archive::first_output(&names), Checkpoint::length(0))]
    }

    /// Writes these in one run, and commits them: what the store knows then.
    fn run(
        dir: &Path,
        known: &[(String, Checkpoint)],
        max_file: u64,
        pages: &[(&str, &'static str)],
    ) -> Vec<(String, Checkpoint)> {
        let mut archive = Archive::resume(dir, known, &settings(max_file)).unwrap();
        for (url, body) in pages {
            archive.write(&settled(url, body)).unwrap();
        }
        archive.flush().unwrap();
        let mut known: std::collections::BTreeMap<_, _> = known.iter().cloned().collect();
        known.extend(archive.take_files());
        known.into_iter().collect()
    }

    fn records(dir: &Path, known: &[(String, Checkpoint)]) -> Vec<Record> {
        let mut all = Vec::new();
        for (name, checkpoint) in known {
            let bytes = fs::read(dir.join(name)).unwrap();
            assert_eq!(bytes.len() as u64, checkpoint.settled_length(), "{name}");
            assert_eq!(checkpoint.settled_crc(), Some(crc32fast::hash(&bytes)), "{name}");
            all.extend(Records::new(bytes.as_slice(), Bounds::default()).map(|placed| placed.unwrap().record));
        }
        all
    }

    fn captures(dir: &Path, known: &[(String, Checkpoint)]) -> Vec<String> {
        let records = records(dir, known);
        let captures = records.iter().filter(|record| matches!(record.kind(), Kind::Response | Kind::Revisit));
        captures.map(|record| format!("{} {}", record.kind().name(), record.target_uri().unwrap())).collect()
    }

    #[test]
    fn a_body_is_known_to_the_next_run_unless_its_record_was_cut_off() {
        let dir = tempfile::tempdir().unwrap();
        let first = run(dir.path(), &begun(), 1 << 20, &[("http://e.com/1", "same")]);
        // Not committed any more.
        run(dir.path(), &first, 1 << 20, &[("http://e.com/2", "other")]);
        let last = run(dir.path(), &first, 1 << 20, &[("http://e.com/3", "same"), ("http://e.com/4", "other")]);
        let expected = ["response http://e.com/1", "revisit http://e.com/3", "response http://e.com/4"];
        assert_eq!(captures(dir.path(), &last), expected);
    }

    #[test]
    fn files_that_no_commit_knows_are_taken_away() {
        let dir = tempfile::tempdir().unwrap();
        let pages = [("http://e.com/1", "1"), ("http://e.com/2", "2"), ("http://e.com/3", "3")];
        let first = run(dir.path(), &begun(), 1, &pages[..1]);
        run(dir.path(), &first, 1, &pages);
        assert_eq!(fs::read_dir(dir.path().join(ARCHIVE)).unwrap().count(), 5, "four files, and where bodies lie");
        let last = run(dir.path(), &first, 1, &pages[1..]);
        assert_eq!(captures(dir.path(), &last).len(), 3);
        assert_eq!(last.len(), 3, "{last:?}");
        let kinds: Vec<_> = records(dir.path(), &last).iter().map(Record::kind).collect();
        assert_eq!(kinds.iter().filter(|kind| **kind == Kind::Warcinfo).count(), 3);
    }

    #[test]
    fn a_file_that_is_not_as_it_was_left_is_told_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let pages = [("http://e.com/1", "1"), ("http://e.com/2", "2")];
        let known = run(dir.path(), &begun(), 1, &pages);
        let full = dir.path().join(&known[0].0);
        fs::write(&full, "short").unwrap();
        let told = Archive::resume(dir.path(), &known, &settings(1)).unwrap_err().to_string();
        assert!(told.contains("00000-b.warc.gz is 5 bytes long, but the crawl has written"), "{told}");
        fs::remove_file(&full).unwrap();
        let told = Archive::resume(dir.path(), &known, &settings(1)).unwrap_err().to_string();
        assert!(told.contains("00000-b.warc.gz is not there, but the crawl has written"), "{told}");
    }
}
