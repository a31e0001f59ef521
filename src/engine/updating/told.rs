//! Told: who takes note that somebody was told what has changed with an update. Until then the next run tells it.

use std::path::Path;

use crate::crawl_dir::told;
use crate::error::Result;

/// Who tells it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::engine) enum Told {
    /// The summary that a run gives: whoever has that knows.
    #[default]
    BySummary,
    /// Who has called, once it was told.
    #[cfg_attr(not(feature = "cli"), expect(dead_code, reason = "only the command line has to exit before it is told"))]
    ByCaller,
}

impl Told {
    /// Takes note that what has changed in a crawl directory is told, unless somebody else does.
    pub(in crate::engine) fn note(self, dir: &Path) -> Result<()> {
        if self == Self::BySummary { told(dir) } else { Ok(()) }
    }
}
