//! The plan: what the settings alone say about a crawl, put together and checked before anything runs.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use super::descriptors::Descriptors;
use super::outputs::ArchivePlace;
use super::proxies;
use super::seed_places::SeedPlaces;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::extract;
use crate::fetch::{Budget, ByOrigin, Credentials, Fetch, Http, LocalSite};
use crate::frontier;
use crate::politeness::Politeness;
use crate::scope::Scope;
use crate::sink::{ArchiveNames, ArchiveSettings};
#[cfg(test)]
use crate::store::Store;
use crate::url::{CrawlUrl, UrlRules};

/// Everything a crawl needs but its outputs and what earlier runs have left. Nothing changes it: what is found out later
/// is kept by those who find it.
pub(super) struct Plan {
    pub(super) config: Config,
    /// Those of the network, then those on disk.
    pub(super) seeds: Vec<CrawlUrl>,
    /// What the crawl is about: its seeds, or without any the sitemaps that it takes alone.
    pub(super) places: Vec<CrawlUrl>,
    /// The seeds that are sites on disk: there is no host to be polite to.
    pub(super) on_disk: Vec<CrawlUrl>,
    /// The folder of such a site.
    pub(super) folder: Option<PathBuf>,
    /// The archives that answer in place of the network: then there is nobody to be polite to.
    pub(super) archives: Vec<PathBuf>,
    /// The places of the seeds, and the patterns.
    pub(super) scope: Scope,
    pub(super) rules: UrlRules,
    /// What is taken out of pages.
    pub(super) extract: extract::Rules,
    pub(super) fetch: Arc<dyn Fetch>,
    /// Whether that connects to hosts itself.
    connects: bool,
    /// For bodies, and what comes of them.
    pub(super) budget: Budget,
    /// How many file descriptors there are for all of it, and how they are shared out.
    free: Option<usize>,
    pub(super) descriptors: Descriptors,
    /// Those that settings name, and those of sites on disk.
    pub(super) sitemaps: Vec<CrawlUrl>,
    /// Whether what has failed in earlier runs is asked for again.
    pub(super) retry_failed: bool,
    /// A store that is open, for a crawl without a directory.
    #[cfg(test)]
    pub(super) store: Option<Box<dyn Store>>,
}

impl Plan {
    pub(super) fn new(mut config: Config, fetch: Option<Arc<dyn Fetch>>, free: Option<usize>) -> Result<Self> {
        let parsed = config.checked_seeds()?;
        config.store_place()?;
        let extract = config.extract_rules()?;
        config.read_types_of(&extract);
        config.check.survey |= config.fail_on.iter().any(|condition| condition.needs_survey());
        let descriptors = Descriptors::share(free, config.concurrency);
        let rules = config.url_rules();
        let SeedPlaces { urls: network, credentials, sites, archive, archives } = SeedPlaces::of(parsed, &config)?;
        let archiving = |site: LocalSite| site.archiving(config.archive.bodies());
        let sites: Vec<_> = sites.into_iter().map(archiving).collect();
        let mut sitemaps = named_sitemaps(&config, &rules)?;
        let mut on_disk = Vec::new();
        for site in &sites {
            on_disk.push(rules.parse(config.fetch.origin.as_str()).map_err(Error::Usage)?);
            if site.folder().join(SITEMAP).is_file() {
                sitemaps.extend(sitemap_on_disk(&config, &rules)?);
            }
        }
        let seeds: Vec<CrawlUrl> = network.iter().chain(&on_disk).cloned().collect();
        let places = if seeds.is_empty() && config.sitemaps.are_seeds() { sitemaps.clone() } else { seeds.clone() };
        if places.is_empty() {
            return Err(Error::Usage("the crawl has no seed".to_owned()));
        }
        expect_one(&sites, &config)?;
        let folder = sites.first().map(|site| site.folder().to_owned());
        let budget = Budget::new(config.fetch.max_buffered);
        let mut connects = false;
        let fetch = if let Some(fetch) = fetch {
            fetch
        } else {
            let asked = if seeds.is_empty() { &places } else { &network };
            let asked = if archive.is_some() { &[] } else { asked.as_slice() };
            let http = http(&config, asked, &credentials, descriptors)?;
            connects = http.is_some();
            let archive = archive.map(|archive| archive.sharing(budget.clone()));
            Arc::new(ByOrigin { sites, archive, http: http.map(|http| http.sharing(budget.clone())) })
        };
        let scope = Scope::new(&config.scope, &places).with_hosts(config.per_host(|host| host.scope.clone()));
        Ok(Self {
            config,
            seeds,
            places,
            on_disk,
            folder,
            archives,
            scope,
            rules,
            extract,
            fetch,
            connects,
            budget,
            free,
            descriptors,
            sitemaps,
            retry_failed: false,
            #[cfg(test)]
            store: None,
        })
    }

    /// The same, which asks again for what has failed.
    pub(super) fn retrying_failed(self) -> Self {
        Self { retry_failed: true, ..self }
    }

    /// The same, kept in a store that is open.
    #[cfg(test)]
    pub(super) fn kept_in(self, store: Option<Box<dyn Store>>) -> Self {
        Self { store, ..self }
    }

    pub(super) fn limits(&self) -> frontier::Limits {
        frontier::Limits {
            depth: self.config.depth.0.map(|depth| u32::try_from(depth).unwrap_or(u32::MAX)),
            redirects: self.config.frontier.max_redirects,
            ahead: self.config.frontier.max_ahead,
        }
    }

    /// The archive that the settings ask for; it would begin now.
    pub(super) fn archive(&self) -> Option<ArchivePlace> {
        let archive = &self.config.archive;
        let info = [
            ("software", concat!("crawler/", env!("CARGO_PKG_VERSION")).to_owned()),
            ("format", "WARC File Format 1.1".to_owned()),
            ("conformsTo", CONFORMS_TO.to_owned()),
            ("robots", if self.config.politeness.robots { "obey" } else { "ignore" }.to_owned()),
            ("http-header-user-agent", self.config.fetch.user_agent.to_string()),
            // By this the tools of Webrecorder take each page for one, and not only those that a `Referer` names.
            ("json-metadata", r#"{"type": "recording", "pages": []}"#.to_owned()),
        ];
        let settings = ArchiveSettings {
            max_file: archive.max_file,
            earlier: archive.earlier.clone(),
            level: archive.level,
            info: info.map(|(name, value)| (name.to_owned(), value)).to_vec(),
        };
        let names = ArchiveNames::new(archive.prefix.as_str(), jiff::Timestamp::now(), archive.host.as_str());
        archive.warc.then(|| ArchivePlace::new(settings, names))
    }

    /// How hosts are treated, as long as nothing is known of them.
    pub(super) fn politeness(&self, started: Instant) -> Politeness {
        let of_hosts = self.config.per_host(|host| host.politeness.clone());
        let mut politeness = Politeness::new(self.config.politeness.clone(), started).with_hosts(of_hosts);
        if !self.archives.is_empty() {
            politeness = politeness.lifted();
        }
        if self.config.policy.tdmrep { politeness.reading_tdm_files() } else { politeness }
    }

    /// Where records go; `None` for the file of the crawl directory.
    pub(super) fn output(&self) -> Option<&Path> {
        Some(self.config.output.path.as_path()).filter(|path| !path.as_os_str().is_empty())
    }

    /// Says at the start what is not as the settings seem to mean it.
    pub(super) fn tell(&self) {
        for told in self.config.seeds_told() {
            tracing::info!("{told}");
        }
        let (from, to) = (self.config.concurrency, self.descriptors.requests);
        if let (Some(free), true) = (self.free, to < from) {
            tracing::info!(
                "concurrency lowered from {from} to {to}: only {free} file descriptors are free (ulimit -n)"
            );
        }
        if self.connects {
            match proxies::used(&self.config.fetch) {
                Some(used) => tracing::info!("{used}"),
                None => {
                    if let Some(not_used) = proxies::not_used(|name| std::env::var_os(name)) {
                        tracing::warn!("{not_used}");
                    }
                }
            }
        }
        let is_on_disk = |seed: &CrawlUrl| self.on_disk.iter().any(|site| site.key() == seed.key());
        let seeds = self.seeds.iter().filter(|seed| !is_on_disk(seed));
        // A table that is in force for nothing lifts a limit unnoticed.
        for (table, meant, host) in self.config.missed_by_port(seeds) {
            tracing::warn!(
                "[hosts.\"{table}\"] does not apply to the seed {host}: with another port it is another host; \
                 write [hosts.\"{meant}\"]"
            );
        }
    }
}

/// Refuses several folders: all would appear at one place.
fn expect_one(sites: &[LocalSite], config: &Config) -> Result<()> {
    match sites.len() {
        0 | 1 => Ok(()),
        more => {
            let origin = &config.fetch.origin;
            Err(Error::Usage(format!("{more} folders cannot all appear under {origin}; give one")))
        }
    }
}

/// The sitemaps that the settings name. Those of a robots.txt that is never asked for would be missed in silence.
fn named_sitemaps(config: &Config, rules: &UrlRules) -> Result<Vec<CrawlUrl>> {
    let asks =
        config.politeness.robots || config.per_host(|host| host.politeness.robots).any(|(_, own)| own == Some(true));
    if !asks && config.sitemaps.reads_robots() {
        let problem = "the sitemaps that robots.txt names are asked for, but robots.txt is not";
        let help = "name them with --sitemap, or leave --ignore-robots away";
        return Err(Error::Usage(format!("{problem}\n = help: {help}")));
    }
    config.sitemaps.urls.iter().map(|url| rules.parse(url).map_err(Error::Usage)).collect()
}

/// The sitemap in the folder of a site on disk: its robots.txt names the place where the site will be once it is
/// published, if any.
fn sitemap_on_disk(config: &Config, rules: &UrlRules) -> Result<Option<CrawlUrl>> {
    if !config.sitemaps.reads_robots() {
        return Ok(None);
    }
    let url = format!("{}/{SITEMAP}", config.fetch.origin.as_str().trim_end_matches('/'));
    rules.parse(&url).map(Some).map_err(Error::Usage)
}

/// The network, unless nobody is asked: the whole crawl is on disk. Then no socket is opened.
fn http(
    config: &Config,
    seeds: &[CrawlUrl],
    credentials: &[Credentials],
    descriptors: Descriptors,
) -> Result<Option<Http>> {
    if seeds.is_empty() {
        return Ok(None);
    }
    let http = Http::archiving(&config.fetch, seeds, credentials, config.archive.bodies())?;
    let http = http.with_hosts(config.per_host(|host| host.fetch.clone()));
    Ok(Some(http.keep_alive(descriptors.kept)))
}

impl fmt::Debug for Plan {
    /// Without the settings, which may hold passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan").field("seeds", &self.seeds).finish_non_exhaustive()
    }
}

/// The standard that archives are written by.
const CONFORMS_TO: &str = "https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/";
/// Where sites have their sitemap when nothing says otherwise.
const SITEMAP: &str = "sitemap.xml";
