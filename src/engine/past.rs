//! What earlier runs of a crawl have left: read back, and compared with the settings of this one.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use super::crawl_dir::CrawlDir;
use super::fail_point::fail_point;
use super::home::{STDOUT, open_output};
use super::ledger::FAILED_SEEDS;
use super::tally::Tally;
use crate::config::{Config, redact_url};
use crate::error::{Error, Result};
use crate::fetch::Fetch;
use crate::frontier::store::{Session, Store};
use crate::frontier::{DiskFrontier, Frontier, Limits, MemoryFrontier, Rules};
use crate::observe::FailedSeed;
use crate::outcome::SkipReason;
use crate::politeness::SavedHost;
use crate::politeness::robots::product_token;
use crate::scope::Scope;
use crate::sink::{Committed, Sink};
use crate::sitemaps::SavedSitemap;
use crate::url::{CrawlUrl, HostKey, UrlRules};
use crate::wall_clock::WallClock;

/// Where a crawl goes on: what it knows at its start.
#[derive(Debug)]
pub(super) struct Past {
    /// `None` when nobody keeps what this crawl finds.
    pub(super) store: Option<Store>,
    pub(super) frontier: Box<dyn Frontier>,
    pub(super) manners: Vec<(HostKey, SavedHost)>,
    pub(super) sitemaps: Vec<(CrawlUrl, SavedSitemap)>,
    pub(super) seed_redirects: Vec<(CrawlUrl, CrawlUrl)>,
    pub(super) failed_seeds: Vec<FailedSeed>,
    pub(super) tally: Tally,
    /// The last run; `None` when this is the first.
    pub(super) last: Option<Session>,
    /// When the first run began, in milliseconds since 1970.
    pub(super) started_at: Option<i64>,
    /// How long all earlier runs took together.
    pub(super) elapsed: Duration,
    pub(super) clock: WallClock,
}

/// What of this run the past is compared with.
#[derive(Debug)]
pub(super) struct Present<'a> {
    pub(super) config: &'a Config,
    pub(super) seeds: &'a [CrawlUrl],
    /// The folder of a site on disk.
    pub(super) folder: Option<&'a Path>,
    pub(super) rules: &'a UrlRules,
    pub(super) fetch: &'a dyn Fetch,
    pub(super) limits: Limits,
}

impl Past {
    /// A crawl that has no past, and leaves none.
    pub(super) fn none(limits: Limits) -> Self {
        Self {
            store: None,
            frontier: Box::new(MemoryFrontier::new(limits)),
            manners: Vec::new(),
            sitemaps: Vec::new(),
            seed_redirects: Vec::new(),
            failed_seeds: Vec::new(),
            tally: Tally::default(),
            last: None,
            started_at: None,
            elapsed: Duration::ZERO,
            clock: WallClock::new(Instant::now(), jiff::Timestamp::now()),
        }
    }

    /// Opens the store of a crawl directory, a new one if there is none, and reads it back. The scope learns where the
    /// seeds led to.
    ///
    /// # Errors
    /// [`Error::Usage`] when it is the store of another crawl, [`Error::Damaged`] when it cannot be read. Nothing is
    /// changed then.
    pub(super) fn open(dir: &CrawlDir, present: &Present<'_>, scope: &mut Scope) -> Result<Self> {
        let clock = WallClock::new(Instant::now(), jiff::Timestamp::now());
        if !Store::is_there(dir.path())? {
            dir.expect_empty()?;
        }
        let store = Store::open(dir.path())?;
        fail_point("store-opened");
        let known = store.seeds()?;
        present.expect_same(&store, &known, dir)?;
        let mut seed_redirects = Vec::new();
        for (from, to) in store.seed_redirects()? {
            let parse = |text: &str| present.rules.parse(text).map_err(Error::Damaged);
            let (from, to) = (parse(&from)?, parse(&to)?);
            scope.follow_seed_redirect(&from, &to);
            seed_redirects.push((from, to));
        }
        let seeds: BTreeSet<_> = present.seeds.iter().map(CrawlUrl::key).collect();
        let judge = |url: &CrawlUrl| present.judge(url, scope).filter(|_| !seeds.contains(&url.key()));
        let lifted = present.lifted(&store)?;
        let mut restore = DiskFrontier::restore(present.limits, Rules { judge: &judge, lifted: &lifted });
        store.restore(&mut restore, &clock)?;
        let mut manners = Vec::new();
        store.manners(|host, saved| {
            let saved = serde_json::from_str(saved).map_err(|error| {
                Error::Damaged(format!("what is known of the host {host} is not readable: {error}"))
            })?;
            manners.push((host, saved));
            Ok(())
        })?;
        let failed = store.setting(FAILED_SEEDS)?;
        let failed_seeds = failed.and_then(|failed| serde_json::from_str(&failed).ok()).unwrap_or_default();
        let (started_at, elapsed) = store.times()?;
        Ok(Self {
            frontier: Box::new(restore.finish()),
            manners,
            sitemaps: present.sitemaps(&store)?,
            seed_redirects,
            failed_seeds,
            tally: Tally::restore(&store)?,
            last: store.last_session()?,
            started_at,
            elapsed,
            clock,
            store: Some(store),
        })
    }

    /// Opens the output where it was committed, and keeps what this run is: from here on it can be continued.
    pub(super) fn take_up(&mut self, dir: &CrawlDir, present: &Present<'_>, path: &Path) -> Result<Box<dyn Sink>> {
        let Some(store) = &mut self.store else { return open_output(path, Committed::default()) };
        let name = dir.output_name(path)?;
        let (committed, is_new) = match store.outputs()?.into_iter().next() {
            None => (Committed::default(), true),
            Some((known, length, amended)) if known == name => (Committed { length, amended }, false),
            Some((known, ..)) => {
                let (dir, [known, name]) = (dir.path().display(), [&known, &name].map(|name| shown(name)));
                return Err(Error::Usage(format!(
                    "the records of the crawl in {dir} go to {known}, not to {name}; leave --output as it was, \
                     or --fresh starts over, or --dir takes another directory"
                )));
            }
        };
        let now = Instant::now();
        if is_new {
            dir.check_output(path)?;
            store.keep_output(&name, 0, None)?;
            // Before the output is there: a file without a store would be refused.
            store.commit(&self.clock, now)?;
            fail_point("output-named");
        }
        // Before anything else is kept: an output that is not as it was left changes nothing.
        let sink = open_output(path, committed)?;
        fail_point("output-opened");
        if let Some(amended) = committed.amended {
            store.forget_moved()?;
            store.keep_output(&name, amended, None)?;
        }
        present.keep(store)?;
        // With the settings that they come of: the next run sees no difference to these.
        store.apply(&self.frontier.take_changes(), None, &self.clock)?;
        store.start_session(std::process::id(), &self.clock, now)?;
        store.commit(&self.clock, now)?;
        fail_point("session-begun");
        self.started_at.get_or_insert(self.clock.to_millis(now));
        Ok(sink)
    }
}

impl Present<'_> {
    fn judge(&self, url: &CrawlUrl, scope: &Scope) -> Option<SkipReason> {
        if !scope.admits(url) {
            return Some(SkipReason::Scope);
        }
        self.fetch.refuses(url).map(|_| SkipReason::UnsafeAddress)
    }

    /// The reasons to skip that these settings no longer give.
    fn lifted(&self, store: &Store) -> Result<Vec<SkipReason>> {
        let mut lifted = Vec::new();
        // What `only` left out looks the same.
        if !self.config.parse.nofollow && !self.config.sitemaps.only {
            lifted.push(SkipReason::Nofollow);
        }
        if store.setting(ROBOTS)?.is_some_and(|robots| robots != self.robots()) {
            lifted.push(SkipReason::Robots);
        }
        Ok(lifted)
    }

    /// What is known of the sitemaps, but for those whose URLs these settings do not take.
    fn sitemaps(&self, store: &Store) -> Result<Vec<(CrawlUrl, SavedSitemap)>> {
        let mut sitemaps = Vec::new();
        store.sitemaps(|url, saved| {
            let saved = serde_json::from_str(saved).map_err(|error| {
                Error::Damaged(format!("what is known of the sitemap {url} is not readable: {error}"))
            })?;
            sitemaps.extend(self.rules.parse(url).ok().map(|url| (url, saved)));
            Ok(())
        })?;
        Ok(sitemaps)
    }

    /// Refuses to go on with a crawl of other seeds, or one to which other URLs are the same page.
    fn expect_same(&self, store: &Store, known: &[String], dir: &CrawlDir) -> Result<()> {
        let shown = dir.path().display();
        let seeds: BTreeSet<&str> = self.seeds.iter().map(CrawlUrl::as_str).collect();
        if let Some(other) = known.iter().find(|seed| !seeds.contains(seed.as_str())) {
            return Err(Error::Usage(format!(
                "{shown} holds a crawl of other seeds, among them {}; give its seeds too to go on with it, \
                 --fresh starts over, --dir takes another directory",
                redact_url(other)
            )));
        }
        let same = |name, now: String| store.setting(name).map(|kept| kept.is_none_or(|kept| kept == now));
        if !same(FOLDER, self.folder())? {
            return Err(Error::Usage(format!(
                "{shown} holds a crawl of another folder; --fresh starts over, --dir takes another directory"
            )));
        }
        if !same(URL_RULES, self.url_rules())? {
            return Err(Error::Usage(format!(
                "frontier.ignore_params is not what it was for the crawl in {shown}, and decides which URLs are one \
                 page; set it back to go on, --fresh starts over, --dir takes another directory"
            )));
        }
        Ok(())
    }

    /// Keeps what the next run is compared with.
    fn keep(&self, store: &mut Store) -> Result<()> {
        store.keep_seeds(self.seeds.iter().map(CrawlUrl::as_str))?;
        store.keep_setting(URL_RULES, &self.url_rules())?;
        store.keep_setting(ROBOTS, &self.robots())?;
        store.keep_setting(FOLDER, &self.folder())?;
        store.keep_setting(SETTINGS, &self.config.shown()?)
    }

    fn url_rules(&self) -> String {
        self.config.frontier.ignore_params.join("&")
    }

    /// Whose rules of robots.txt are obeyed, and at which hosts that is another matter.
    fn robots(&self) -> String {
        let all = if self.config.politeness.robots {
            product_token(&self.config.fetch.user_agent).to_owned()
        } else {
            "ignored".to_owned()
        };
        let of_hosts = self.config.per_host(|host| host.politeness.robots);
        let own = of_hosts.filter_map(|(host, robots)| robots.map(|robots| format!("{host}={robots}")));
        std::iter::once(all).chain(own).collect::<Vec<_>>().join(" ")
    }

    fn folder(&self) -> String {
        self.folder.map(|folder| folder.display().to_string()).unwrap_or_default()
    }
}

/// An output as messages have it.
fn shown(name: &str) -> &str {
    if name == STDOUT { "stdout" } else { name }
}

/// The settings of the store that decide whether, and how, a crawl can go on.
const URL_RULES: &str = "url_rules";
const ROBOTS: &str = "robots";
pub(super) const FOLDER: &str = "folder";
/// All settings of the last run, as TOML.
pub(super) const SETTINGS: &str = "settings";
