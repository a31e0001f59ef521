//! The flags of a crawl, and the order in which they are laid over the settings.

use std::path::{Path, PathBuf};

use crate::config::{Layers, reference};
use crate::error::{Error, Result};
use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, Args};

/// The flags. Values stay text, read in their order from `ArgMatches`: the settings check them, so that a flag, `--set`
/// and a file give the same message.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own on the command line")]
#[expect(clippy::doc_markdown, reason = "the texts of --help are plain text, not Markdown")]
pub(crate) struct Flags {
    /// Start here: a URL, a folder that holds a static site, or an archive (WARC, CDXJ, WACZ)
    #[arg(value_name = "URL|DIR|ARCHIVE", value_hint = clap::ValueHint::AnyPath)]
    pub(crate) urls: Vec<String>,

    /// The same behind a flag; repeats
    #[arg(long, value_name = "URL|DIR|ARCHIVE", help_heading = LIMITS, value_hint = clap::ValueHint::AnyPath)]
    seed: Vec<String>,
    /// Read seeds from a file, or from stdin for `-`: one URL a line, # starts a comment; repeats
    #[arg(long, value_name = "FILE", help_heading = LIMITS, value_hint = clap::ValueHint::FilePath)]
    seeds_file: Vec<String>,
    /// Follow links this far from a seed; 0 takes the seeds only [default: none]
    #[arg(long, value_name = "N", help_heading = LIMITS, allow_negative_numbers = true)]
    depth: Option<String>,
    /// Request exactly so many pages, when there are so many [default: none]
    #[arg(long, value_name = "N", help_heading = LIMITS, allow_negative_numbers = true)]
    max_pages: Option<String>,
    /// Stop after this time, like 10m [default: none]
    #[arg(long, value_name = "TIME", help_heading = LIMITS, allow_negative_numbers = true)]
    max_time: Option<String>,
    /// Requests in flight over all hosts [default: 64]
    #[arg(long, value_name = "N", help_heading = LIMITS, allow_negative_numbers = true)]
    concurrency: Option<String>,

    /// Take the sitemaps that the robots.txt of each host in scope names
    #[arg(long, help_heading = SITEMAPS)]
    sitemaps: bool,
    /// Take this sitemap: XML, plain text, RSS or Atom, also gzipped; repeats, and replaces the file's list
    #[arg(long, value_name = "URL", help_heading = SITEMAPS, value_hint = clap::ValueHint::Url)]
    sitemap: Vec<String>,
    /// Request only the seeds and what sitemaps list; follow no links of pages
    #[arg(long, help_heading = SITEMAPS)]
    sitemap_only: bool,

    /// How far from the seeds [default: host]
    #[arg(long, value_name = "KIND", help_heading = SCOPE,
        value_parser = ["host", "subdomains", "domain", "prefix", "any"])]
    scope: Option<String>,
    /// Take only URLs that match: a glob, or a regular expression after `re:`; repeats, and replaces the file's list
    #[arg(long, value_name = "PATTERN", help_heading = SCOPE)]
    include: Vec<String>,
    /// Leave out URLs that match, even when included; repeats, and replaces the file's list
    #[arg(long, value_name = "PATTERN", help_heading = SCOPE)]
    exclude: Vec<String>,

    /// Requests per second to each host; `none` lifts it [default: 5]
    #[arg(long, value_name = "N", help_heading = POLITENESS, allow_negative_numbers = true)]
    rate: Option<String>,
    /// Requests in flight to each host [default: 4]
    #[arg(long, value_name = "N", help_heading = POLITENESS, allow_negative_numbers = true)]
    per_host_concurrency: Option<String>,
    /// The least time between two requests to each host, like 2s [default: none but that of the rate]
    #[arg(long, value_name = "TIME", help_heading = POLITENESS, allow_negative_numbers = true)]
    delay: Option<String>,
    /// How often a page is tried again after what may pass [default: 2]
    #[arg(long, value_name = "N", help_heading = POLITENESS, allow_negative_numbers = true)]
    retries: Option<String>,
    /// Do not ask for robots.txt; for sites of your own
    #[arg(long, help_heading = POLITENESS)]
    ignore_robots: bool,

    /// Say who you are and how to reach you [default: crawler/VERSION]
    #[arg(long, value_name = "TEXT", help_heading = FETCH)]
    user_agent: Option<String>,
    /// Send this header with every request, like 'Accept-Language: en'; repeats, and adds to the file's
    #[arg(long, value_name = "HEADER", help_heading = FETCH)]
    header: Vec<String>,
    /// Send the cookies of this file, each to its site; as `curl -c` writes them
    #[arg(long, value_name = "FILE", help_heading = FETCH, value_hint = clap::ValueHint::FilePath)]
    cookie_file: Option<String>,
    /// Ask this host, address or range (10.0.0.0/8) although it is private; repeats, and replaces the file's list
    #[arg(long, value_name = "HOST", help_heading = FETCH)]
    allow_host: Vec<String>,
    /// Send requests through this proxy: http://HOST:PORT, https://HOST, socks5://HOST, with USER:PASSWORD@ if it wants
    /// that; repeated, they take turns, and replace the file's list
    #[arg(long, value_name = "URL", help_heading = FETCH, value_hint = clap::ValueHint::Url)]
    proxy: Vec<String>,
    /// Who looks names up behind a proxy: the crawler, which judges their addresses, or the proxy [default: here]
    #[arg(long, value_name = "WHO", help_heading = FETCH, value_parser = ["here", "proxy"])]
    proxy_dns: Option<String>,
    /// The longest that a request may take [default: 1m]
    #[arg(long, value_name = "TIME", help_heading = FETCH, allow_negative_numbers = true)]
    timeout: Option<String>,
    /// The longest body that is read, after decompression [default: 8MiB]
    #[arg(long, value_name = "SIZE", help_heading = FETCH, allow_negative_numbers = true)]
    max_body: Option<String>,
    /// Where the files of --seed DIR appear to be [default: http://localhost/]
    #[arg(long, value_name = "URL", help_heading = FETCH)]
    origin: Option<String>,
    /// Which capture of several --seed ARCHIVE answers with: the last one up to this time [default: latest]
    #[arg(long, value_name = "TIME", help_heading = FETCH)]
    replay_at: Option<String>,

    /// Put the text of each page into its record, as a person reads it
    #[arg(long, help_heading = EXTRACT)]
    text: bool,
    /// Put each page into its record as Markdown
    #[arg(long, help_heading = EXTRACT)]
    markdown: bool,
    /// Which part of a page these are of [default: auto]
    #[arg(long, value_name = "PART", help_heading = EXTRACT, value_parser = ["auto", "article", "body"])]
    main: Option<String>,
    /// Take this out of pages, like 'price=.price', 'image=img@src' or 'price:number=.price'; repeats
    #[arg(long, value_name = "NAME=SELECTOR", help_heading = EXTRACT)]
    field: Vec<String>,
    /// Take several items of a page, like 'products=li.product'; their fields are --field 'products.title=h2'
    #[arg(long, value_name = "NAME=SELECTOR", help_heading = EXTRACT)]
    item: Vec<String>,
    /// Exit with 4 when this holds at the end of the crawl, with 5 for changes that --update finds; repeats
    #[arg(long, value_name = "WHAT", help_heading = EXTRACT,
        value_parser = ["rule-drift", "missing-required", "empty-items", "changes", "broken-links", "redirect-loops",
            "missing-fragments", "mixed-content", "redirect-chains", "permanent-redirects", "audit=error",
            "audit=warning"])]
    fail_on: Vec<String>,

    /// The crawl directory; without a seed, what is in it goes on [default: crawl, or none with -o -]
    #[arg(long, value_name = "DIR", help_heading = OUTPUT, value_hint = clap::ValueHint::DirPath)]
    dir: Option<String>,
    /// Keep what the crawl knows in this database (PostgreSQL), and only the outputs in DIR; without a password
    #[arg(long, value_name = "URL", help_heading = OUTPUT, conflicts_with_all = ["no_store", "update"])]
    store: Option<String>,
    /// What the crawl is called in that database
    #[arg(long, value_name = "NAME", help_heading = OUTPUT)]
    name: Option<String>,
    /// Take the password for it from this file [default: PGPASSWORD, PGPASSFILE]
    #[arg(long, value_name = "FILE", help_heading = OUTPUT, value_hint = clap::ValueHint::FilePath)]
    store_password_file: Option<String>,
    /// Connect to it over the network without TLS
    #[arg(long, help_heading = OUTPUT)]
    store_insecure: bool,
    /// Write the records to this file, or to stdout for `-` [default: DIR/pages.jsonl]
    #[arg(long, short, value_name = "FILE", help_heading = OUTPUT, value_hint = clap::ValueHint::FilePath)]
    output: Option<String>,
    /// Keep what is sent and received as WARC, in DIR/archive
    #[arg(long, help_heading = OUTPUT)]
    warc: bool,
    /// Keep what `crawler links` and `crawler audit` say lines and columns by, in DIR/survey.jsonl
    #[arg(long, help_heading = OUTPUT)]
    check_links: bool,
    /// The same, and look whether what pages link to on other sites is there (HEAD, then GET)
    #[arg(long, help_heading = OUTPUT)]
    check_external: bool,
    /// The same, and look whether images, scripts, style sheets and the like are there
    #[arg(long, help_heading = OUTPUT)]
    check_resources: bool,
    /// Start over: delete what an earlier crawl left in DIR
    #[arg(long, help_heading = OUTPUT)]
    pub(crate) fresh: bool,
    /// Ask again for pages that failed, or were answered 5xx, 408 or 429, and replace their records
    #[arg(long, help_heading = OUTPUT, conflicts_with_all = ["fresh", "no_store"])]
    pub(crate) retry_failed: bool,
    /// Crawl a finished crawl anew: pages that have not changed are not sent again, and DIR/changes.jsonl says what has
    #[arg(long, help_heading = OUTPUT, conflicts_with_all = ["fresh", "retry_failed", "no_store", "output"])]
    pub(crate) update: bool,
    /// Keep the frontier in memory only: a crawl that is stopped has to start over
    #[arg(long, help_heading = OUTPUT)]
    no_store: bool,
    /// List each page's links in its record; the default
    #[arg(long, help_heading = OUTPUT, overrides_with = "no_links")]
    links: bool,
    /// Leave the links out of the records
    #[arg(long, help_heading = OUTPUT, overrides_with = "links")]
    no_links: bool,

    /// Show the crawl in a browser while it runs, at an address like 127.0.0.1:8470
    #[arg(long, value_name = "ADDRESS", help_heading = PROGRESS)]
    pub(crate) dashboard: Option<String>,
    /// Show only warnings and errors, no progress
    #[arg(long, short, help_heading = PROGRESS, conflicts_with = "verbose")]
    quiet: bool,
    /// Show each URL; twice, everything
    #[arg(long, short, action = ArgAction::Count, help_heading = PROGRESS)]
    verbose: u8,
    /// When to show progress [default: auto]
    #[arg(long, value_name = "WHEN", help_heading = PROGRESS, value_parser = ["auto", "always", "never"])]
    progress: Option<String>,
    /// How log lines look [default: text]
    #[arg(long, value_name = "FORMAT", help_heading = PROGRESS, value_parser = ["text", "json"])]
    log_format: Option<String>,

    /// Read the settings from this file [default: crawl.toml when there]
    #[arg(long, value_name = "FILE", help_heading = SETTINGS, value_hint = clap::ValueHint::FilePath)]
    config: Option<PathBuf>,
    /// Set any key of crawl.toml, like politeness.burst=5; repeats
    #[arg(long, value_name = "TABLE.KEY=VALUE", help_heading = SETTINGS)]
    set: Vec<String>,
}

impl Flags {
    /// Lays the file and then the flags over the settings, in the order of the command line. `-q` and `-v` come first,
    /// so that `-q --progress always` is what it says, whichever comes first.
    pub(crate) fn apply(&self, matches: &ArgMatches, layers: &mut Layers) -> Result<()> {
        file(self.config.as_deref(), layers)?;
        self.lay(matches, layers)
    }

    /// Lays the file that is named, if one is, and then the flags over the settings: those of an earlier run are there.
    pub(crate) fn apply_over(&self, matches: &ArgMatches, layers: &mut Layers) -> Result<()> {
        if self.names_file() {
            file(self.config.as_deref(), layers)?;
        }
        self.lay(matches, layers)
    }

    /// Whether a file of settings is named.
    pub(crate) fn names_file(&self) -> bool {
        self.config.is_some()
    }

    /// Refuses what only a crawl has, for a command that does not crawl.
    ///
    /// # Errors
    /// [`Error::Usage`] names it.
    pub(crate) fn expect_no_crawl(&self, command: &str) -> Result<()> {
        if self.dashboard.is_none() {
            return Ok(());
        }
        let problem = format!("--dashboard shows a crawl while it runs, and `crawler {command}` runs none");
        Err(Error::Usage(format!("{problem}\n = help: leave it out; no file of settings has it")))
    }

    /// Lays the flags over the settings, without any file.
    pub(crate) fn lay(&self, matches: &ArgMatches, layers: &mut Layers) -> Result<()> {
        if self.quiet {
            layers.flag("-q", "observe.log_level", "warn")?;
            layers.flag("-q", "observe.progress", "never")?;
        }
        match self.verbose {
            0 => {}
            1 => layers.flag("-v", "observe.log_level", "debug")?,
            _ => layers.flag("-v", "observe.log_level", "trace")?,
        }
        lay(matches, layers)
    }
}

/// Lays those flags of a crawl over the settings that a command has, in their order.
pub(crate) fn lay(matches: &ArgMatches, layers: &mut Layers) -> Result<()> {
    for (_, setting) in ordered(matches) {
        match setting {
            Setting::Set(assignment) => layers.set(assignment)?,
            Setting::SeedsFile(name) => layers.seeds_file(name)?,
            Setting::Seed(text) => layers.flag("seed", "seeds", text)?,
            Setting::Flag(flag, value) => layers.flag(&format!("--{}", flag.name), flag.key, value)?,
        }
    }
    Ok(())
}

/// Lays the file that `--config` names over the settings, or the one that is read when it is there.
pub(crate) fn file(named: Option<&Path>, layers: &mut Layers) -> Result<()> {
    let Some(path) = named else {
        let default = Path::new(DEFAULT_FILE);
        return match default.symlink_metadata() {
            Ok(_) => layers.file(default),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(Error::Usage(format!("{DEFAULT_FILE}: cannot be read: {error}"))),
        };
    };
    if matches!(path.try_exists(), Ok(false)) {
        let help = "`crawler init` writes a crawl.toml";
        return Err(Error::Usage(format!("--config {}: there is no such file\n = help: {help}", path.display())));
    }
    layers.file(path)
}

/// One setting of the command line.
enum Setting<'a> {
    Set(&'a str),
    /// One that stands alone.
    Seed(&'a str),
    SeedsFile(&'a str),
    Flag(reference::Flag, &'a str),
}

fn ordered(matches: &ArgMatches) -> Vec<(usize, Setting<'_>)> {
    let mut all = Vec::new();
    for (index, value) in values(matches, "set") {
        all.push((index, Setting::Set(value)));
    }
    if matches.try_contains_id("urls").is_ok() {
        all.extend(values(matches, "urls").map(|(index, value)| (index, Setting::Seed(value))));
    }
    for flag in reference::FLAGS {
        let id = flag.name.replace('-', "_");
        // Not every command has every flag.
        if matches.try_contains_id(&id).is_err() {
            continue;
        }
        match flag.value {
            Some(value) => {
                if matches.value_source(&id) == Some(ValueSource::CommandLine) {
                    all.extend(matches.index_of(&id).map(|index| (index, Setting::Flag(flag, value))));
                }
            }
            None if flag.name == "seeds-file" => {
                all.extend(values(matches, &id).map(|(index, value)| (index, Setting::SeedsFile(value))));
            }
            None => all.extend(values(matches, &id).map(|(index, value)| (index, Setting::Flag(flag, value)))),
        }
    }
    // A field may be of an item that stands behind it.
    let is_field = |setting: &Setting<'_>| matches!(setting, Setting::Flag(flag, _) if flag.name == "field");
    all.sort_by_key(|(index, setting)| (is_field(setting), *index));
    all
}

fn values<'a>(matches: &'a ArgMatches, id: &str) -> impl Iterator<Item = (usize, &'a str)> {
    let indices = matches.indices_of(id).into_iter().flatten();
    indices.zip(matches.get_many::<String>(id).into_iter().flatten().map(String::as_str))
}

/// The file that is read when it is there.
pub(crate) const DEFAULT_FILE: &str = "crawl.toml";

const LIMITS: &str = "Seeds and limits";
const SITEMAPS: &str = "Sitemaps";
const SCOPE: &str = "Scope";
const POLITENESS: &str = "Politeness";
const FETCH: &str = "Fetch";
const EXTRACT: &str = "Data";
const OUTPUT: &str = "Output";
const PROGRESS: &str = "Progress";
const SETTINGS: &str = "Settings";
