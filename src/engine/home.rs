//! Home: the directory of a crawl while it runs, and the output in it.

use std::path::{Path, PathBuf};

use crate::crawl_dir::CrawlDir;
use crate::error::Result;
use crate::observe::Summary;
use crate::sink::{Committed, JsonlFile, JsonlStream, STDOUT, Sink};

/// Where a crawl keeps what it makes.
pub(super) struct Home {
    pub(super) dir: CrawlDir,
    pub(super) output: Box<dyn Sink>,
    /// Where the output goes, as the user has named it.
    pub(super) path: PathBuf,
}

/// Opens an output: a file where it was committed, or stdout.
pub(super) fn open_output(path: &Path, committed: Committed) -> Result<Box<dyn Sink>> {
    if path == Path::new(STDOUT) {
        return Ok(Box::new(JsonlStream::stdout()));
    }
    Ok(Box::new(JsonlFile::resume(path, committed)?))
}

/// Writes the summary into the directory.
pub(super) fn close(dir: &CrawlDir, output: &Path, summary: &mut Summary) -> Result<()> {
    let shown = if output == Path::new(STDOUT) { "stdout".to_owned() } else { output.display().to_string() };
    summary.output = Some(shown);
    dir.write_summary(summary)
}

impl std::fmt::Debug for Home {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Home").field("dir", &self.dir).field("path", &self.path).finish_non_exhaustive()
    }
}
