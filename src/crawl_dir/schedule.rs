//! The schedule of a directory: who watches it, and the last run.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::recurrence::Turn;

/// Who watches a crawl directory: one process. The crawl itself is locked only while it runs.
#[derive(Debug)]
pub(crate) struct Schedule {
    path: PathBuf,
    last: Option<Turn>,
    /// Locked as long as somebody watches.
    _lock: File,
}

impl Schedule {
    /// Takes the schedule of a directory, which is made if it is not there.
    ///
    /// # Errors
    /// [`Error::Usage`] when another process watches it.
    pub(crate) fn take(dir: &Path) -> Result<Self> {
        fs::create_dir_all(dir).map_err(|error| Error::io("create", dir, error))?;
        let lock = dir.join(WATCH_LOCK);
        let io = |error| Error::io("open", &lock, error);
        let file = File::options().write(true).create(true).truncate(false).open(&lock).map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::Usage(format!("another process watches {} already", dir.display())));
            }
            Err(TryLockError::Error(error)) => return Err(Error::io("lock", &lock, error)),
        }
        let path = dir.join(SCHEDULE);
        // A file that nobody can read is as none: then it is due now.
        let last = fs::read(&path).ok().and_then(|kept| serde_json::from_slice(&kept).ok()).map(Kept::turn);
        Ok(Self { path, last: last.flatten(), _lock: file })
    }

    /// The last run.
    pub(crate) fn last(&self) -> Option<Turn> {
        self.last
    }

    /// Keeps what is known of a run, for this process and the next one: whole, or not at all.
    pub(crate) fn keep(&mut self, turn: Turn) -> Result<()> {
        let temporary = self.path.with_extension("json.tmp");
        let kept = Kept { due: turn.due.to_string(), ended: turn.ended.map(|ended| ended.to_string()) };
        let json = serde_json::to_vec(&kept).map_err(|error| Error::Internal(error.to_string()))?;
        fs::write(&temporary, json).map_err(|error| Error::io("write", &temporary, error))?;
        fs::rename(&temporary, &self.path).map_err(|error| Error::io("write", &self.path, error))?;
        self.last = Some(turn);
        Ok(())
    }
}

/// The file: times as RFC 3339 has them.
#[derive(serde::Serialize, serde::Deserialize)]
struct Kept {
    due: String,
    ended: Option<String>,
}

impl Kept {
    fn turn(self) -> Option<Turn> {
        let ended = self.ended.map(|ended| ended.parse()).transpose().ok()?;
        Some(Turn { due: self.due.parse().ok()?, ended })
    }
}

/// The last run.
pub(super) const SCHEDULE: &str = "schedule.json";
pub(super) const WATCH_LOCK: &str = "watch.lock";

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn one_process_watches_and_the_next_knows_the_last_run() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("crawl");
        let mut schedule = Schedule::take(&dir).unwrap();
        assert_eq!(schedule.last(), None);
        let refused = Schedule::take(&dir).unwrap_err().to_string();
        assert!(refused.contains("another process watches "), "{refused}");
        let turn = Turn { due: Timestamp::from_second(1_800_000_000).unwrap(), ended: None };
        schedule.keep(turn).unwrap();
        drop(schedule);
        let mut schedule = Schedule::take(&dir).unwrap();
        assert_eq!(schedule.last(), Some(turn));
        let ended = Turn { ended: Some(Timestamp::from_millisecond(1_800_000_600_123).unwrap()), ..turn };
        schedule.keep(ended).unwrap();
        drop(schedule);
        assert_eq!(Schedule::take(&dir).unwrap().last(), Some(ended));
        fs::write(dir.join(SCHEDULE), "{").unwrap();
        assert_eq!(Schedule::take(&dir).unwrap().last(), None);
    }
}
