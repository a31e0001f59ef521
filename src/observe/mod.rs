//! Observe: what a crawl shows while it runs and when it has ended. Never blocks the crawl.

mod durations;
#[cfg(feature = "cli")]
mod estimate;
mod fail_on;
mod host_summary;
mod host_table;
#[cfg(feature = "cli")]
mod log;
mod options;
#[cfg(feature = "cli")]
mod progress;
mod rule_table;
mod stats;
mod summary;
#[cfg(feature = "cli")]
mod terminal;
mod text;
mod unread_lines;
mod update_lines;
mod usage_line;
mod wall_lines;

pub use crate::accounts::{Settled, Skipped};
pub use crate::trap::{Trap, TrapKind};
pub use crate::wall::{Wall, WallKind};
pub use durations::Durations;
pub use fail_on::FailOn;
pub use host_summary::HostSummary;
#[cfg(feature = "cli")]
pub use log::subscriber;
pub use options::{LogFormat, LogLevel, Options, ProgressMode};
#[cfg(feature = "cli")]
pub use progress::Progress;
pub use stats::{Close, Held, Snapshot, Stats};
pub use summary::{ArchiveSummary, FailedSeed, State, Summary};
#[cfg(feature = "cli")]
pub use terminal::Terminal;
pub use text::{bytes, count, counted, elapsed, printable};
pub(crate) use text::{in_json, in_markup};
pub use unread_lines::unread_lines;
#[cfg(feature = "cli")]
pub(crate) use update_lines::update_line;
pub use wall_lines::wall_lines;

use std::fmt;
use std::time::{Duration, Instant};

/// Someone who looks at a running crawl from time to time, on a thread of its own.
pub trait Observer: fmt::Debug + Send {
    /// How much time is to pass between two looks.
    fn every(&self) -> Duration;

    /// Takes a look. The crawl does not wait for it.
    fn look(&mut self, snapshot: &Snapshot, now: Instant);

    /// The crawl has ended; there will be no further look.
    fn end(&mut self) {}
}
