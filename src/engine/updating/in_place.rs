//! In place: the end of a crawl that is made where it stays. When that is an update, it is told what has become of each page by
//! now.

use std::path::PathBuf;

#[cfg(feature = "sqlite")]
use super::retold::retell;
use crate::crawl_dir::CrawlDir;
use crate::engine::outputs;
use crate::error::{Error, Result};
use crate::observe::Summary;
use crate::url::UrlRules;

/// Writes the summary, with what has changed since the crawl before when there was one.
///
/// # Errors
/// A file cannot be read or written. The same command does it once more.
pub(in crate::engine) async fn close_in_place(
    (dir, output): (CrawlDir, PathBuf),
    rules: UrlRules,
    summary: &mut Summary,
) -> Result<()> {
    let mut closed = summary.clone();
    let closing = tokio::task::spawn_blocking(move || {
        retell(&dir, &rules, &mut closed)?;
        outputs::close(&dir, &output, &mut closed)?;
        Ok(closed)
    });
    let lost = |_| Error::Internal("the summary could not be written".to_owned());
    *summary = closing.await.map_err(lost)??;
    Ok(())
}

/// Without a store on disk no crawl has taken the place of another.
#[cfg(not(feature = "sqlite"))]
#[expect(clippy::unnecessary_wraps, reason = "the one beside a store reads files")]
fn retell(_: &CrawlDir, _: &UrlRules, _: &mut Summary) -> Result<()> {
    Ok(())
}
