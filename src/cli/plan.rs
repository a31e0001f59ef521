//! `crawler plan`: what a crawl would do, by its robots.txt, sitemaps and seed pages alone.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use super::flags::Flags;
use crate::config::{Layers, Loaded, Seed, bare_url, redact_url};
use crate::engine::{PageClient, SitePlan, Subject, Verdicted};
use crate::error::{Error, Result};
use crate::observe::{count, counted, elapsed, printable};
use crate::scope::Kind;
use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct Plan {
    #[command(flatten)]
    pub(crate) flags: Box<Flags>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Says what the crawl of these settings would do. 3 when no seed gives a page.
pub(crate) fn plan(plan: &Plan, loaded: &Loaded) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::Internal(format!("cannot start the runtime: {error}")))?;
    let seeds = seeds(loaded)?;
    let mut sites = Vec::new();
    for seed in seeds.iter().take(MOST_SEEDS) {
        let client = PageClient::new(loaded.config.clone(), &Subject::Url(seed.clone()), &[])?;
        sites.push(runtime.block_on(client.plan(&|why| super::voice::say(why)))?);
    }
    let forecast = Forecast::of(&sites, loaded);
    if plan.json {
        super::voice::print_object(&serde_json::json!({
            "version": 1,
            "seeds": seeds.len(),
            "sites": sites,
            "pages": forecast.pages,
            "duration_ms": forecast.time.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
        }))?;
    } else {
        super::voice::print(&text(&sites, seeds.len(), &forecast, loaded)?)?;
    }
    Ok(ExitCode::from(if sites.iter().any(SitePlan::is_page) { 0 } else { NO_PAGE }))
}

/// Where each seed is asked for.
fn seeds(loaded: &Loaded) -> Result<Vec<String>> {
    let mut seeds = Vec::new();
    for (text, seed) in loaded.config.seeds.iter().zip(loaded.config.parsed_seeds()?) {
        match seed {
            Seed::Url { .. } => {
                seeds.extend(if text.contains("://") { Some(text.clone()) } else { bare_url(text) });
            }
            Seed::Folder(_) => seeds.push(loaded.config.fetch.origin.as_str().to_owned()),
            Seed::Archive(path) => {
                let path = path.display();
                let problem = format!("{path} is an archive: nobody is asked, so there is nothing to plan");
                return Err(Error::Usage(format!("{problem}\n = help: crawl it, it takes seconds")));
            }
        }
    }
    Ok(seeds)
}

/// What is to be expected of all seeds together.
struct Forecast {
    /// Pages, at least.
    pages: u64,
    /// The same, if the crawl read all sitemaps.
    with_sitemaps: u64,
    /// The time that politeness alone takes for them, at least; `None` when nothing holds requests back.
    time: Option<Duration>,
}

impl Forecast {
    fn of(sites: &[SitePlan], loaded: &Loaded) -> Self {
        // Hosts are asked side by side, and one host's pages one after the other.
        let mut hosts: BTreeMap<&str, (u64, u64, u64)> = BTreeMap::new();
        for site in sites {
            let (known, listed, gap) = hosts.entry(&site.host).or_default();
            (*known, *listed, *gap) = ((*known).max(site.known), (*listed).max(site.with_sitemaps), site.gap_ms);
        }
        let limited = |pages: u64| loaded.config.max_pages.0.map_or(pages, |most| pages.min(most));
        let pages = limited(hosts.values().map(|(known, ..)| known).sum());
        let with_sitemaps = limited(hosts.values().map(|(_, listed, _)| listed).sum());
        let time = hosts.values().map(|(known, _, gap)| Duration::from_millis((*known).min(pages) * gap)).max();
        let time = time.filter(|time| !time.is_zero());
        let time = time.map(|time| loaded.config.max_time.0.map_or(time, |most| time.min(most)));
        Self { pages, with_sitemaps, time }
    }
}

fn text(sites: &[SitePlan], seeds: usize, forecast: &Forecast, loaded: &Loaded) -> Result<String> {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(text, "  {name:<12}{}", printable(value));
    };
    line("scope", &scope(loaded));
    for site in sites {
        line("seed", &redact_url(&site.seed));
        of_site(site, loaded, &mut line);
    }
    if let Some(more @ 1..) = seeds.checked_sub(sites.len()) {
        line("", &format!("and {}, of which nothing was asked", counted(more as u64, "more seed", "more seeds")));
    }
    line("expected", &expected(forecast, loaded));
    if forecast.pages > 0 {
        let at_least = |time| format!("{} at least, at that pace", elapsed(time));
        line("time", &forecast.time.map_or_else(|| "as fast as it goes".to_owned(), at_least));
    }
    for (n, setting) in settings(loaded)?.iter().enumerate() {
        line(if n == 0 { "settings" } else { "" }, setting);
    }
    let requests: u64 = sites.iter().map(|site| site.requests).sum();
    let asked = counted(requests, "request", "requests");
    Ok(format!("nothing was crawled: {asked} for robots.txt, seed pages and sitemaps\n{text}"))
}

fn expected(forecast: &Forecast, loaded: &Loaded) -> String {
    let pages = counted(forecast.pages, "page", "pages");
    let with_sitemaps = if forecast.with_sitemaps > forecast.pages {
        format!("; {} with --sitemaps", count(forecast.with_sitemaps))
    } else {
        String::new()
    };
    match (forecast.pages, loaded.config.max_pages.0) {
        (0, _) => format!("no page: no seed gives one{with_sitemaps}"),
        (known, Some(most)) if known >= most => format!("{pages}, by max_pages"),
        _ => format!("{pages} at least{with_sitemaps}"),
    }
}

fn of_site(site: &SitePlan, loaded: &Loaded, line: &mut dyn FnMut(&str, &str)) {
    // What keeps the seed from being asked for is said once.
    let is_why = |why: &str| site.not_asked.as_ref().is_some_and(|not_asked| not_asked.why == why);
    if let Some(robots) = site.robots.as_ref().filter(|robots| !is_why(&robots.why)) {
        line("robots.txt", &format!("{}: {}", if robots.allowed { "allowed" } else { "disallowed" }, robots.why));
    }
    if site.page != site.seed {
        line("leads to", &site.page);
    }
    if let Some(why) = &site.not_asked {
        line("not asked", &format!("{}: {}", why.reason.name(), why.why));
    }
    if let Some(error) = &site.error {
        line("no page", error);
    }
    if site.is_page() {
        line("links", &verdicts(&site.links));
    }
    for sitemap in &site.sitemaps {
        let came = match (&sitemap.entries, &sitemap.error) {
            (Some(entries), _) => counted(*entries as u64, "entry", "entries"),
            (None, error) => error.clone().unwrap_or_default(),
        };
        line("sitemap", &format!("{}: {came}", sitemap.url));
    }
    if site.sitemaps_left > 0 {
        line("", &format!("and {}, not read", counted(site.sitemaps_left as u64, "more sitemap", "more sitemaps")));
    }
    if site.listed.all > 0 {
        line("listed", &verdicts(&site.listed));
        if !loaded.config.sitemaps.reads_robots() && loaded.config.sitemaps.urls.is_empty() {
            line("", "without --sitemaps only those are requested that links lead to");
        }
    }
    for disallowed in site.links.disallowed.iter().chain(&site.listed.disallowed).take(1) {
        line("disallowed", disallowed);
    }
    if site.known == 0 {
        return;
    }
    let pace = match site.gap_ms {
        0 => "no limit but the number of requests in flight".to_owned(),
        gap => {
            let why = if site.gap_reason == "crawl_delay" { "Crawl-delay of its robots.txt" } else { "the settings" };
            format!("a request every {} to {} ({why})", elapsed(Duration::from_millis(gap)), site.host)
        }
    };
    line("pace", &pace);
}

/// `34: 30 followed, scope 3, robots 1`
fn verdicts(urls: &Verdicted) -> String {
    let followed = std::iter::once(format!("{} followed", count(urls.followed)));
    let skipped = urls.skipped.iter().map(|(reason, n)| format!("{reason} {}", count(*n)));
    format!("{}: {}", count(urls.all), followed.chain(skipped).collect::<Vec<_>>().join(", "))
}

fn scope(loaded: &Loaded) -> String {
    let config = &loaded.config;
    let mut scope = match config.scope.kind {
        Kind::Host => "the hosts of the seeds",
        Kind::Subdomains => "the hosts of the seeds and those below them",
        Kind::Domain => "the domains of the seeds, with all their hosts",
        Kind::Prefix => "what lies below the seeds",
        Kind::Any => "any host",
    }
    .to_owned();
    for (patterns, what) in [(&config.scope.include, "only what fits"), (&config.scope.exclude, "not what fits")] {
        if !patterns.texts().is_empty() {
            let _ = write!(scope, ", {what} {}", patterns.texts().join(" or "));
        }
    }
    let depth = config.depth.0.map_or_else(
        || "as deep as links lead".to_owned(),
        |depth| format!("{} deep", counted(depth, "link", "links")),
    );
    format!("{scope}; {depth}")
}

/// The settings that are otherwise than by default, each with its origin: a crawl.toml of `crawler init` has all of them.
fn settings(loaded: &Loaded) -> Result<Vec<String>> {
    let default: HashSet<_> = each_setting(&Layers::default().finish()?)?.into_iter().map(|(set, _)| set).collect();
    let all = each_setting(loaded)?.into_iter().filter(|(set, _)| !default.contains(set));
    Ok(all.map(|(set, origin)| format!("{set}  # {origin}")).collect())
}

/// Each setting as `table.key = value`, and its origin.
fn each_setting(loaded: &Loaded) -> Result<Vec<(String, String)>> {
    let (mut all, mut table) = (Vec::new(), String::new());
    for line in loaded.show()?.lines() {
        if line.starts_with('[') {
            table = format!("{}.", line.trim_matches(['[', ']']));
        } else if let Some((setting, origin)) = line.rsplit_once("  # ") {
            all.push((format!("{table}{}", setting.trim_end()), origin.to_owned()));
        }
    }
    Ok(all)
}

pub(crate) const EPILOGUE: &str = "\
Asks for robots.txt, the page of each seed (the first 5) and its sitemaps (50 of each), as politely as the \
crawl would, and for nothing else; nothing is written. How many pages there are is known at least: links \
of pages that were not read may lead to more.

Exit codes:
  0  that is what the crawl would do
  2  wrong usage or configuration
  3  no seed gives a page";

/// How many seeds are asked for.
const MOST_SEEDS: usize = 5;
const NO_PAGE: u8 = 3;
