//! The two sides of an update: what a crawl directory has committed, by its store.

use std::path::Path;

use super::earlier::Earlier;
use super::pages::Pages;
use super::pass::Reasons;
use crate::committed::{look, open_outputs};
use crate::crawl_dir::{holds_items, is_default};
use crate::error::{Error, Result};
use crate::frontier::NodeState;
use crate::outcome::SkipReason;
use crate::store::sqlite::StoreReader;
use crate::url::{UrlKey, UrlRules};

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
pub(crate) fn reasons_of(dir: &Path, earlier: &Earlier) -> Result<Reasons> {
    look(dir, |store: &StoreReader| {
        let mut reasons = Reasons::default();
        store.entries(|url| {
            let reason = match url.state {
                Some((NodeState::Pending | NodeState::InFlight, _)) => None,
                Some((NodeState::Skipped(reason), _)) if reason != SkipReason::Scheme => Some(reason),
                _ => return Ok(()),
            };
            if let Some(key) = <[u8; 16]>::try_from(url.key).ok().map(UrlKey::of_bytes).filter(|key| earlier.has(*key))
            {
                reasons.insert(key, reason);
            }
            Ok(())
        })?;
        Ok(reasons)
    })
}
