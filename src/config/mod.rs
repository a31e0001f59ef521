//! Config: everything that a user can set, typed, with its default.

mod archive;
mod bare_seed;
mod check;
mod dotted;
mod exposed;
mod flag;
mod hosts;
mod keys;
mod layers;
mod place;
pub mod reference;
mod rule_flags;
mod rule_tables;
mod rules;
mod schedule;
mod secret;
mod seeds;
mod show;
mod span;
mod update;
mod written;

pub use crate::check::Options as CheckOptions;
pub use crate::content::{Main, Options as ContentOptions};
pub use crate::fetch::Options as FetchOptions;
pub use crate::frontier::Options as FrontierOptions;
pub use crate::observe::Options as ObserveOptions;
pub use crate::parse::{DataAttribute, Options as ParseOptions};
pub use crate::policy::{OnDisallowed, Options as PolicyOptions, Purpose};
pub use crate::politeness::{GroupBy, Options as PolitenessOptions};
pub use crate::scope::{Embeds as ScopeEmbeds, Options as ScopeOptions};
pub use crate::sink::Options as OutputOptions;
pub use crate::sitemaps::Options as SitemapOptions;
pub use crate::store_place::{CrawlName, StoreUrl};
pub use crate::traps::{Budget as TrapBudget, Options as TrapOptions};
pub use archive::ArchiveOptions;
pub(crate) use bare_seed::url as bare_url;
pub use hosts::HostOptions;
pub(crate) use keys::named as key_named;
pub use layers::{Layers, Loaded, SettingOrigin};
pub use schedule::ScheduleOptions;
pub(crate) use secret::redacted_at;
pub use secret::{REDACTED, is_secret_header, redact_url};
pub use seeds::Seed;
pub use update::{Schedule, UpdateOptions};

use std::collections::BTreeMap;
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::mention::Kind;
use crate::store_place::{BUCKETS, LEASE, Making, StorePlace};
use crate::units::{self, Limit, TimeLimit};
use crate::url::{HostPattern, UrlRules};
use crate::{
    check as checks, content, extract, fetch, frontier, observe, parse, policy, politeness, scope, sink, sitemaps,
    traps,
};

/// All settings of a crawl: what `crawl.toml` holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where the crawl starts: URLs, folders that hold a static site, or archives (WARC, CDXJ, WACZ). `example.com` alone is
    /// https, as in a browser; addresses, `localhost` and other ports are http. With an archive nothing is asked of anybody; it
    /// begins at the URLs beside it, else where the archive began.
    pub seeds: Vec<String>,
    /// How many links away from a seed pages are taken; 0 takes the seeds only; "none" has no limit.
    pub depth: Limit,
    /// How many pages are requested, exactly, when there are so many; "none" has no limit. Pages that fail without having
    /// been asked for, because their host was given up, do not count.
    pub max_pages: Limit,
    /// How long the crawl may run; then what is in flight is finished. "none" has no limit.
    pub max_time: TimeLimit,
    /// Requests in flight over all hosts. Fewer when the process may not open as many files (`ulimit -n`).
    #[schemars(range(min = 1, max = 100_000))]
    pub concurrency: usize,
    /// The crawl directory.
    pub dir: PathBuf,
    /// The database that keeps what the crawl knows, in place of a file in the crawl directory: PostgreSQL 15 or newer, as
    /// `postgres://USER@HOST/DATABASE`. Records and all other outputs stay in the crawl directory. On another machine certificate
    /// and name are verified. A password is refused here: it comes from `store_password_file`, from `PGPASSWORD`, or from the file
    /// that `PGPASSFILE` names (`~/.pgpass`). Empty: `store.sqlite` in the crawl directory.
    #[schemars(with = "String")]
    pub store: StoreUrl,
    /// What the crawl is called in that database: 1 to 40 of a to z, 0 to 9 and _. It has the schema `crawl_NAME` there.
    #[schemars(with = "String")]
    pub name: CrawlName,
    /// The file whose first line is the password for the database. Empty: the environment has it, or none is needed.
    pub store_password_file: PathBuf,
    /// Connect to a database on another machine without TLS, where `store` does not ask for it (`sslmode=require`): everybody in
    /// between can read and change what is sent.
    pub store_insecure: bool,
    /// Into how many shares the hosts are split, of which each machine that crawls together has some: fixed when the crawl is made
    /// in its database.
    #[schemars(range(min = 1, max = 32767))]
    pub store_buckets: NonZeroU16,
    /// How long a machine is believed to crawl without a word of it in the database, after which the others take its hosts: at
    /// least 15s. It asks for nothing any more before that. Fixed when the crawl is made.
    #[serde(with = "units::duration")]
    #[schemars(with = "units::duration::Schema")]
    pub store_lease: Duration,
    /// When a crawl that has come to its end exits with code 4: `rule-drift` when a rule of `[[extract]]` or `[[items]]` does
    /// not find any more what it found in the crawl before of the same directory; `missing-required` when a page or an
    /// item has no value for a field that is `required`; `empty-items` when an `[[items]]` gave none; `broken-links`,
    /// `redirect-loops`, `missing-fragments`, `mixed-content`, `redirect-chains`, `permanent-redirects` when `crawler links`
    /// finds such a link, `audit=error` and `audit=warning` when `crawler audit` finds something as bad: these have the crawl
    /// keep a survey, as `check.survey` does.
    /// With code 5, unless one of these holds: `changes` when `--update` has found a page that is new, changed, moved or gone; a
    /// crawl that is no update has nothing to compare, and is refused with it.
    pub fail_on: Vec<observe::FailOn>,
    /// Which URLs belong to the crawl.
    pub scope: scope::Options,
    /// When two URLs are the same page.
    pub frontier: frontier::Options,
    /// How each host is treated.
    pub politeness: politeness::Options,
    /// What requests look like.
    pub fetch: fetch::Options,
    /// How pages are read.
    pub parse: parse::Options,
    /// What a person reads of pages, for their records.
    pub content: content::Options,
    /// The lists of pages that sites make themselves.
    pub sitemaps: sitemaps::Options,
    /// When a space of URLs is taken to be endless.
    pub traps: traps::Options,
    /// What is kept for those who check a site.
    pub check: checks::Options,
    /// What the crawl is for, and what becomes of pages whose sites say no to that.
    pub policy: policy::Options,
    /// Where records go.
    pub output: sink::Options,
    /// What is kept of what is sent and received.
    pub archive: ArchiveOptions,
    /// How a finished crawl is crawled anew.
    pub update: UpdateOptions,
    /// When `crawler watch` crawls again.
    pub schedule: ScheduleOptions,
    /// What is shown.
    pub observe: observe::Options,
    /// What is different for single hosts.
    pub hosts: BTreeMap<HostPattern, HostOptions>,
    /// What goes into the `fields` of records.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub extract: Vec<extract::Extract>,
    /// Several items of one page, each an object of its own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<extract::Items>,
    /// Which links are followed from the pages that it is for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub follow: Vec<extract::Follow>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            seeds: Vec::new(),
            depth: Limit(None),
            max_pages: Limit(None),
            max_time: TimeLimit(None),
            concurrency: 64,
            dir: PathBuf::from("crawl"),
            store: StoreUrl::default(),
            name: CrawlName::default(),
            store_password_file: PathBuf::new(),
            store_insecure: false,
            store_buckets: BUCKETS,
            store_lease: LEASE,
            fail_on: Vec::new(),
            scope: scope::Options::default(),
            frontier: frontier::Options::default(),
            politeness: politeness::Options::default(),
            fetch: fetch::Options::default(),
            parse: parse::Options::default(),
            content: content::Options::default(),
            sitemaps: sitemaps::Options::default(),
            traps: traps::Options::default(),
            check: checks::Options::default(),
            policy: policy::Options::default(),
            output: sink::Options::default(),
            archive: ArchiveOptions::default(),
            update: UpdateOptions::default(),
            schedule: ScheduleOptions::default(),
            observe: observe::Options::default(),
            hosts: BTreeMap::new(),
            extract: Vec::new(),
            items: Vec::new(),
            follow: Vec::new(),
        }
    }
}

impl Config {
    /// Reads the settings from a file. What it does not set has its default.
    ///
    /// [`Error::Usage`] names file, line and column of what is wrong, what is allowed there, and the nearest known key.
    pub fn load(path: &Path) -> Result<Self> {
        let mut layers = Layers::default();
        layers.file(path)?;
        Ok(layers.finish()?.config)
    }

    /// Reads the settings from the text of a `crawl.toml`; `name` is what messages call it.
    pub fn from_toml(text: &str, name: &str) -> Result<Self> {
        let mut layers = Layers::default();
        layers.text(name, text)?;
        Ok(layers.finish()?.config)
    }

    /// Checks settings that were not read but put together by a program: all that reading them would check.
    pub fn check(&self) -> Result<()> {
        self.checked_seeds().map(drop)
    }

    /// Checks all settings, and gives the seeds, each of which is parsed once.
    pub(crate) fn checked_seeds(&self) -> Result<Vec<Seed>> {
        let others = Self { seeds: Vec::new(), ..self.clone() };
        // Through a table: types are written in one way only, which `Loaded` needs as well, and each way is compiled for all.
        let table = toml::Table::try_from(&others)
            .map_err(|error| Error::Usage(format!("the settings are no TOML: {error}")))?;
        Self::from_toml(&table.to_string(), "settings")?;
        self.parsed_seeds()
    }

    /// Where the store is, when that is a database.
    ///
    /// # Errors
    /// [`Error::Usage`] when only a part of that is said.
    pub(crate) fn store_place(&self) -> Result<Option<StorePlace>> {
        let wrong = |what: &str| Err(Error::Usage(what.to_owned()));
        if self.store.as_str().is_empty() {
            return if self.name.as_str().is_empty() {
                Ok(None)
            } else {
                wrong(
                    "name is what a crawl is called in a database, and no database is named\n = help: add --store URL",
                )
            };
        }
        if self.name.as_str().is_empty() {
            return wrong(
                "store is a database, which may hold many crawls, and nobody has said what this one is called there\n = help: add \
                 --name NAME (a to z, 0 to 9 and _)",
            );
        }
        if !self.frontier.store {
            return wrong(
                "store names a database to keep the crawl in, and frontier.store = false keeps it nowhere; leave one out",
            );
        }
        let (url, name, password_file) = (self.store.clone(), self.name.clone(), self.store_password_file.clone());
        let making = Making { buckets: self.store_buckets, lease: self.store_lease };
        Ok(Some(StorePlace { url, name, password_file, insecure: self.store_insecure, making }))
    }

    /// How URLs are resolved and made canonical by these settings.
    pub fn url_rules(&self) -> UrlRules {
        self.frontier.url_rules()
    }

    /// What is taken out of pages by these settings.
    ///
    /// # Errors
    /// [`Error::Usage`] says all that is wrong with the rules.
    pub fn extract_rules(&self) -> Result<extract::Rules> {
        self.compiled_rules().map_err(|faults| Error::Usage(faults.to_string()))
    }

    /// Has the bodies read that rules are for, and those that links of other kinds than pages lead to: no user has to know which types these are.
    pub(crate) fn read_types_of(&mut self, rules: &extract::Rules) {
        if rules.need_json() {
            self.read_types(&extract::Rules::JSON_TYPES);
        }
        let has = |kind| self.parse.follow.contains(&kind);
        let (embed, style, script) = (has(Kind::Embed), has(Kind::Style), has(Kind::Script));
        if embed {
            self.read_types(parse::PART_TYPES);
        }
        if embed || style {
            self.read_types(parse::STYLE_TYPES);
        }
        if embed || script {
            self.read_types(parse::SCRIPT_TYPES);
        }
    }

    fn read_types(&mut self, types: &[&str]) {
        let known = &mut self.fetch.content_types;
        for range in types.iter().filter_map(|text| text.parse::<fetch::MediaRange>().ok()) {
            if !known.contains(&range) {
                known.push(range);
            }
        }
    }

    fn compiled_rules(&self) -> Result<extract::Rules, extract::Faults> {
        extract::Rules::new(&extract::Options {
            extract: self.extract.clone(),
            items: self.items.clone(),
            follow: self.follow.clone(),
        })
    }

    /// What to tell of seeds that are not written as what they are taken for, like `example.com`.
    pub(crate) fn seeds_told(&self) -> Vec<String> {
        seeds::told(&self.seeds)
    }

    /// The seeds as URLs, folders and archives, by the rules of these settings.
    pub fn parsed_seeds(&self) -> Result<Vec<Seed>> {
        let rules = self.url_rules();
        let seed = |text: &String| {
            Seed::parse(text, &rules)
                .map_err(|problem| Error::Usage(problem.in_flag(&format!("seed {}", redact_url(text)))))
        };
        self.seeds.iter().map(seed).collect()
    }
}
