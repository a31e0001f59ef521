//! Notes: what the next start of a crawl has to know beside its URLs.

use std::time::{Duration, Instant};

use crate::extracted::Health;
use crate::fetch::{SavedCookies, SavedSeedName};
use crate::observe::{FailedSeed, State};
use crate::politeness::SavedHost;
use crate::sink::Checkpoint;
use crate::sitemaps::SavedSitemap;
use crate::trap::Trap;
use crate::unread::Unread;
use crate::url::{CrawlUrl, HostKey};

/// One thing for a store to keep. Each replaces what was said of the same thing before, unless it says otherwise.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Note {
    /// A URL is a seed. The seeds of all runs are kept.
    Seed(CrawlUrl),
    /// A seed leads to another place. All of these are kept, in their order.
    SeedRedirect {
        /// The seed, or what one leads to.
        from: CrawlUrl,
        /// Where to.
        to: CrawlUrl,
    },
    /// What the next run is compared with.
    Settings(RunSettings),
    /// What politeness knows of a host.
    Host(HostKey, Box<SavedHost>),
    /// The cookies of a site.
    Cookies(SavedCookies),
    /// What the name of a seed resolved to first.
    SeedName(SavedSeedName),
    /// What is known of a sitemap.
    Sitemap(CrawlUrl, SavedSitemap),
    /// How many settled URLs were never asked for, in all runs.
    Unasked(u64),
    /// What was met and not read, in all runs.
    Unread(Box<Unread>),
    /// The traps that are closed, in all runs.
    Traps(Vec<Trap>),
    /// What rules have found in all that is settled.
    Rules(Box<Health>),
    /// How far an output is durable, by its name.
    Output(String, Checkpoint),
    /// What was said of an output of this name is void: the run that has named it has begun nothing.
    NoOutput(String),
    /// How many records outputs have lost, in all runs, so that their pages were asked for again.
    AskedAgain(u64),
    /// The records that were out of date are corrected in all outputs: none is any more.
    Corrected,
    /// A run begins, in this process.
    RunBegins {
        /// Its process.
        pid: u32,
        /// Now.
        at: Instant,
    },
    /// The run has come to its end.
    RunEnds {
        /// How.
        state: State,
        /// Why no page came of the seeds so far.
        failed_seeds: Vec<FailedSeed>,
    },
}

/// All that was noted, for a start.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Notes {
    /// The seeds of all runs.
    pub seeds: Vec<String>,
    /// Where seeds lead to, in the order in which that was found.
    pub seed_redirects: Vec<(String, String)>,
    /// The settings of the last run; `None` when there was none.
    pub settings: Option<RunSettings>,
    /// What politeness knew of each host.
    pub hosts: Vec<(HostKey, SavedHost)>,
    /// The cookies of each site.
    pub cookies: Vec<SavedCookies>,
    /// What the names of seeds resolved to first.
    pub seed_names: Vec<SavedSeedName>,
    /// What is known of each sitemap, by its URL, in the order in which they were taken.
    pub sitemaps: Vec<(String, SavedSitemap)>,
    /// How many settled URLs were never asked for.
    pub unasked: u64,
    /// What was met and not read.
    pub unread: Unread,
    /// The traps that are closed.
    pub traps: Vec<Trap>,
    /// What rules have found in all that is settled; `None` when there are none.
    pub rules: Option<Health>,
    /// How far each output is durable, by its name.
    pub outputs: Vec<(String, Checkpoint)>,
    /// How many records outputs have lost.
    pub asked_again: u64,
    /// Why no page came of the seeds.
    pub failed_seeds: Vec<FailedSeed>,
    /// The last run; `None` when there was none.
    pub last: Option<Session>,
    /// When the first run began, in milliseconds since 1970.
    pub started_at: Option<i64>,
    /// How long all runs took together.
    pub elapsed: Duration,
}

/// The settings of a run, as far as the next one is compared with them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunSettings {
    /// Which parameters do not count: which URLs are one page.
    pub url_rules: String,
    /// Whose rules of robots.txt are obeyed, and at which hosts that is another matter.
    pub robots: String,
    /// The folder of a site on disk; empty when there is none.
    pub folder: String,
    /// The files of archives that answer in place of the network, one on each line; empty when there are none.
    pub archives: String,
    /// All settings, as TOML, without secrets.
    pub toml: String,
}

/// One run of a crawl.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The version of the program.
    pub version: String,
    /// Its process.
    pub pid: u32,
    /// Milliseconds since 1970.
    pub started_at: i64,
    /// The last commit, in milliseconds since 1970.
    pub committed_at: i64,
    /// Lines of the output when it began.
    pub records_before: u64,
    /// Lines of the output.
    pub records: u64,
    /// How it ended; `None` while it runs, and when it was killed.
    pub ended: Option<State>,
}
