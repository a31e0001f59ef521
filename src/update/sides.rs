//! The two sides of an update: what a crawl directory has committed, by its store.

use std::path::Path;

use hashbrown::HashMap;

use super::earlier::Earlier;
use super::pages::Pages;
use super::unasked::{Unasked, Why};
use crate::committed::{look, open_outputs};
use crate::crawl_dir::{holds_items, is_default};
use crate::error::{Error, Result};
use crate::frontier::NodeState;
use crate::outcome::SkipReason;
use crate::politeness::{SavedHost, SavedRobots};
use crate::sitemaps::SavedSitemap;
use crate::store::sqlite::StoreReader;
use crate::url::{CrawlUrl, HostKey, Scheme, UrlKey, UrlRules};

/// The pages of a crawl that has come to its end.
///
/// # Errors
/// [`Error::Usage`] when its records went elsewhere, [`Error::Damaged`] when they are not as the crawl has left them.
pub(crate) fn pages_of(dir: &Path, urls: &UrlRules) -> Result<Pages> {
    look(dir, |store| {
        let opened = open_outputs(dir, store, |name| is_default(name) || holds_items(name))?;
        store.end()?;
        let (mut records, mut items) = (None, Vec::new());
        for (name, lines) in opened {
            let (path, lines) = (dir.join(&name), lines.filter(|lines| lines.found.is_some() || lines.committed == 0));
            let Some(lines) = lines else {
                let path = path.display();
                return Err(Error::Damaged(format!(
                    "{path} is not there\n = help: put it back, or start over with --fresh"
                )));
            };
            if is_default(&name) {
                records = Some((path, lines));
            } else if let (Some(stem), true) = (path.file_stem(), path.extension().is_some_and(|end| end == "jsonl")) {
                items.push((stem.to_string_lossy().into_owned(), path.clone(), lines));
            }
        }
        let records = records.ok_or_else(|| {
            Error::Usage(format!(
                "the records of the crawl in {} went elsewhere, and --update needs them in its directory\n = help: crawl once \
                 without --output, with --fresh",
                dir.display()
            ))
        })?;
        Pages::read(urls.clone(), records, items)
    })
}

/// Why pages of the earlier crawl have no record in a later one that knows them.
///
/// # Errors
/// The store of the later one cannot be read.
pub(crate) fn unasked_of(dir: &Path, earlier: &Earlier) -> Result<Unasked> {
    look(dir, |store: &StoreReader| {
        let mut unasked = Unasked::default();
        let without_robots: HashMap<HostKey, SavedHost> =
            store.hosts_known()?.into_iter().filter(|(_, host)| lacks_any(host)).collect();
        let is_unread = |(_, sitemap): &(String, SavedSitemap)| sitemap.unread || !sitemap.done;
        unasked.lacks_sitemaps = store.sitemaps()?.iter().any(is_unread);
        unasked.without_robots = without_robots.keys().cloned().collect();
        store.entries(|row| {
            let Some(key) = <[u8; 16]>::try_from(row.key).ok().map(UrlKey::of_bytes).filter(|key| earlier.has(*key))
            else {
                return Ok(());
            };
            let why = match row.state {
                Some((NodeState::Pending | NodeState::InFlight | NodeState::Skipped(SkipReason::Limit), _)) => {
                    Why::LeftOver
                }
                Some((NodeState::Skipped(SkipReason::Robots), _)) => {
                    let url = CrawlUrl::stored(row.url.into(), key);
                    let host = without_robots.get(&url.host_key());
                    let is_lacking = host.is_some_and(|host| lacks(host.robots(url.scheme())));
                    if is_lacking { Why::NoRobots } else { Why::Skipped(SkipReason::Robots) }
                }
                Some((NodeState::Skipped(reason), _)) if reason != SkipReason::Scheme => Why::Skipped(reason),
                _ => return Ok(()),
            };
            unasked.reasons.insert(key, why);
            Ok(())
        })?;
        Ok(unasked)
    })
}

fn lacks_any(host: &SavedHost) -> bool {
    [Scheme::Http, Scheme::Https].into_iter().any(|scheme| lacks(host.robots(scheme)))
}

/// Whether a robots.txt was asked for and could not be read.
fn lacks(robots: Option<&SavedRobots>) -> bool {
    robots.is_some_and(|robots| !matches!(robots, SavedRobots::Read { .. }))
}
