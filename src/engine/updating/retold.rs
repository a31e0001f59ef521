//! Retold: what has become of each page, told once more when the crawl of an update has gone on in its place: asked again for
//! what has failed, or for what a limit has left out.
//!
//! It is compared with the same crawl before as when it took its place. A run that has asked for nothing has changed nothing.

use std::path::{Path, PathBuf};

use crate::change::Changes;
use crate::crawl_dir::CrawlDir;
use crate::engine::fail_point::fail_point;
use crate::error::Result;
use crate::observe::{State, Summary};
use crate::store::file;
use crate::update::{Choice, Earlier, pages_of, unasked_of, write_changes};
use crate::url::UrlRules;

/// Puts into the summary what has become of each page by now, and writes the lines anew when that is not what they say. Nothing
/// of a crawl that is no update. One that was stopped is told of as it was: what it has not asked for yet is not gone.
///
/// # Errors
/// A record cannot be read, or the file cannot be written.
pub(in crate::engine) fn retell(dir: &CrawlDir, urls: &UrlRules, summary: &mut Summary) -> Result<()> {
    let Some(before) = dir.summary_before() else { return Ok(()) };
    let Some(changes) = before.update else { return Ok(()) };
    let is_same = (before.requests, before.records) == (summary.requests, summary.records);
    if is_same || summary.state == State::Stopped {
        summary.update = Some(changes);
        return Ok(());
    }
    let Some(version) = version_of(dir, &changes)? else {
        tracing::warn!(
            "{} says what it said before this run: the crawl that its pages were compared with is not kept (update.keep)",
            changes.path
        );
        summary.update = Some(changes);
        return Ok(());
    };
    let choice = Choice { now: jiff::Timestamp::now(), trusts_cache: false, longest: None };
    let earlier = Earlier::new(pages_of(&version, urls)?, choice)?;
    let now = pages_of(dir.path(), urls)?;
    let unasked = unasked_of(dir.path(), &earlier)?;
    let path = dir.changes();
    let mut told = write_changes(&earlier, &now, &unasked, &path)?;
    fail_point("changes-retold");
    told.path = path.display().to_string();
    told.before = Some(version.display().to_string());
    summary.update = Some(told);
    Ok(())
}

/// Where the crawl is that pages were compared with; `None` when it is not kept any more.
fn version_of(dir: &CrawlDir, changes: &Changes) -> Result<Option<PathBuf>> {
    let name = changes.before.as_deref().and_then(|before| Path::new(before).file_name()?.to_str());
    let Some(version) = name.map(|name| dir.version(name)) else { return Ok(None) };
    Ok(file::is_there(&version)?.then_some(version))
}
