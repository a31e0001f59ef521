//! Kept: how the crawl of a directory was called, for a command that names the directory and nothing else to go on with it.

use std::path::Path;

use crate::committed::look_at_notes;
use crate::config::bare_url;
use crate::error::Result;
use crate::store::file;

/// The settings of the last run in a crawl directory, its seeds among them, as a `crawl.toml`; `None` when there is no crawl.
/// What is secret in them is [redacted](crate::config::REDACTED).
pub(crate) fn kept(dir: &Path) -> Result<Option<String>> {
    if !dir.is_dir() || !file::is_there(dir)? {
        return Ok(None);
    }
    look_at_notes(dir, |store| {
        let Some(kept) = store.settings()? else { return Ok(None) };
        let mut table: toml::Table = kept.toml.parse().map_err(|error: toml::de::Error| {
            store.damaged(&format!("its settings are not readable: {}", error.message()))
        })?;
        // As it was written, a folder or a file is found from one place only.
        let is_url =
            |seed: &str| seed.contains("://") || bare_url(seed).is_some() && !Path::new(&kept.folder).ends_with(seed);
        let written = table.remove("seeds").and_then(|seeds| seeds.as_array().cloned()).unwrap_or_default();
        let urls = written.into_iter().filter(|seed| seed.as_str().is_some_and(is_url));
        let on_disk = kept.folder.lines().chain(kept.archives.lines()).map(toml::Value::from);
        let seeds = urls.chain(on_disk).collect();
        table.insert("seeds".to_owned(), toml::Value::Array(seeds));
        Ok(Some(table.to_string()))
    })
}
