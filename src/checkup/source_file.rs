//! Source files: where a page lies that came from the folder of a site on disk.

use std::path::{Component, Path, PathBuf};

use percent_encoding::percent_decode_str;

use crate::committed::look;
use crate::error::Result;
use crate::store::file;

/// The folder that a crawl was of.
#[derive(Debug)]
pub(crate) struct SourceFiles {
    /// The folder, and where its files appear to be; `None` when the crawl asked hosts.
    site: Option<(PathBuf, String)>,
}

impl SourceFiles {
    /// That of the crawl in a directory.
    pub(crate) fn of(dir: &Path) -> Result<Self> {
        if !file::is_there(dir)? {
            return Ok(Self { site: None });
        }
        let site = look(dir, |store| {
            let folder = store.settings()?.map(|settings| settings.folder).filter(|folder| !folder.is_empty());
            let Some(folder) = folder else { return Ok(None) };
            let origin = crate::committed::settings(store)?.fetch.origin.as_str().to_owned();
            Ok(Some((PathBuf::from(folder), origin)))
        })?;
        Ok(Self { site })
    }

    /// The file of a page, from here when it lies below. `None` when there is no such file.
    pub(crate) fn file(&self, page: &str) -> Option<String> {
        let (folder, origin) = self.site.as_ref()?;
        let path = page.strip_prefix(origin.trim_end_matches('/'))?.split(['?', '#']).next()?;
        let path = percent_decode_str(path.trim_start_matches('/')).decode_utf8().ok()?;
        if !Path::new(&*path).components().all(|part| matches!(part, Component::Normal(_))) {
            return None;
        }
        let own = folder.join(&*path);
        let found =
            [own.clone(), own.join("index.html"), own.join("index.htm")].into_iter().find(|file| file.is_file())?;
        let here = std::env::current_dir().ok()?;
        Some(found.strip_prefix(&here).unwrap_or(&found).to_string_lossy().into_owned())
    }
}
