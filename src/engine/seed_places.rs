//! Where seeds lie: on the network, in folders, in archives.

use std::path::PathBuf;

use crate::config::{Config, Seed};
use crate::error::{Error, Result};
use crate::fetch::{Archive, Credentials, LocalSite};
use crate::url::CrawlUrl;

/// The seeds of a crawl, by what answers them.
pub(super) struct SeedPlaces {
    /// Those that have a URL of their own; when none has, and archives answer, those where the archives begin.
    pub(super) urls: Vec<CrawlUrl>,
    /// What they say to whom.
    pub(super) credentials: Vec<Credentials>,
    /// The folders.
    pub(super) sites: Vec<LocalSite>,
    /// What answers in place of the network.
    pub(super) archive: Option<Archive>,
    /// The files of that: absolute, without symbolic links.
    pub(super) archives: Vec<PathBuf>,
}

impl SeedPlaces {
    /// Opens what lies on disk.
    pub(super) fn of(seeds: Vec<Seed>, config: &Config) -> Result<Self> {
        let (mut urls, mut credentials, mut sites, mut archives) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for seed in seeds {
            match seed {
                Seed::Url { url, credentials: own } => {
                    urls.push(url);
                    credentials.extend(own);
                }
                Seed::Folder(path) => sites.push(LocalSite::open(&path, &config.fetch)?),
                Seed::Archive(path) => archives.push(path.canonicalize().unwrap_or(path)),
            }
        }
        let opened = || Archive::open(&archives, &config.fetch, config.frontier.url_rules());
        let archive = (!archives.is_empty()).then(opened).transpose()?;
        if let Some(archive) = archive.as_ref().filter(|_| urls.is_empty()) {
            urls.extend_from_slice(archive.seeds());
            if urls.is_empty() {
                let problem = "no archive names a seed or has a page";
                return Err(Error::Usage(format!("{problem}\n = help: give a URL that is in one as a seed too")));
            }
        }
        Ok(Self { urls, credentials, sites, archive, archives })
    }
}
