//! Why: the rule or the event behind the state of a URL, in words.

use std::sync::Arc;

use super::explain::KnownUrl;
use super::last_run::{LastRun, RunRules, RunState, time};
use crate::committed::saved_host;
use crate::error::Result;
use crate::fetch::AddressGuard;
use crate::observe::elapsed;
use crate::outcome::SkipReason;
use crate::policy::Policy;
use crate::politeness::robots::{Access, Robots};
use crate::politeness::{DelayReason, HostReport, SavedRobots, TdmFile};
use crate::store::sqlite::StoreReader;
use crate::url::{CrawlUrl, Scheme};
use crate::usage::Place;

/// What everything that is pending waits for.
pub(super) fn waits(run: &LastRun) -> &'static str {
    match run.state {
        RunState::Running => "it waits for its turn, or is being requested",
        RunState::Interrupted => {
            "the crawl was killed, or could not go on, before its turn came; the same command goes on"
        }
        RunState::Stopped => "the crawl was stopped before its turn came; the same command goes on",
        RunState::Limit => "max_time was over before its turn came; the same command goes on",
        RunState::Complete => "the crawl has ended before its turn came",
    }
}

/// What keeps a host from being asked.
pub(super) fn held(report: &HostReport) -> String {
    let (host, time) = (&report.host, elapsed(report.delay.time));
    match report.delay.reason {
        DelayReason::None => format!("its host {host} may be asked"),
        DelayReason::Rate => format!("its host {host} is asked every {time} (politeness.rate)"),
        DelayReason::Delay => format!("its host {host} is asked every {time} (politeness.delay)"),
        DelayReason::CrawlDelay => format!("its host {host} is asked every {time} (Crawl-delay of its robots.txt)"),
        DelayReason::Latency => format!("its host {host} is slow, and left alone for {time} after each response"),
        DelayReason::RetryAfter => format!("its host {host} is left alone for {time}: it asked for that (Retry-After)"),
        DelayReason::Backoff => format!("its host {host} is left alone for {time}: it is overloaded (429 or 503)"),
        DelayReason::Robots => format!("robots.txt of its host {host} could not be read, and is asked for in {time}"),
        DelayReason::Breaker => format!("nothing good comes of its host {host}, which is left alone for {time}"),
    }
}

/// Why a URL is not requested, by the rules of the last run.
pub(super) fn skipped(store: &StoreReader, known: &KnownUrl, reason: SkipReason, rules: &RunRules) -> Result<String> {
    let config = &rules.config;
    let url = || CrawlUrl::stored(known.url.as_str().into(), known.key);
    Ok(match reason {
        SkipReason::Scope => match rules.scope(store)?.explain(&url()) {
            Some(why) => why.to_string(),
            None => NO_LONGER.to_owned(),
        },
        SkipReason::Depth => match config.depth.0 {
            Some(most) => format!("it lies {} links from where the crawl began; depth = {most}", known.depth),
            None => NO_LONGER.to_owned(),
        },
        SkipReason::Robots => robots(store, &url(), rules)?,
        SkipReason::Limit => format!(
            "it was left over; max_pages = {}; the same command with a higher limit takes it up",
            config.max_pages
        ),
        SkipReason::Trap => match rules.traps(store)?.refuses(&url()) {
            Some(trap) => format!(
                "it is of a trap that was closed: {trap}; to allow it: traps.budgets = [\"{} = none\"]",
                trap.glob()
            ),
            None if known.hops > config.frontier.max_redirects => format!(
                "{} redirects in a row led to it; frontier.max_redirects = {}",
                known.hops, config.frontier.max_redirects
            ),
            None => NO_LONGER.to_owned(),
        },
        SkipReason::Nofollow => {
            "only links that are not to be followed lead to it: rel=nofollow, a robots meta tag or \
                                 X-Robots-Tag; parse.nofollow = true"
                .to_owned()
        }
        SkipReason::Scheme => "it is neither http nor https".to_owned(),
        SkipReason::TooLong => {
            format!("it is longer than frontier.max_url_length = {} bytes", config.frontier.max_url_length)
        }
        SkipReason::UnsafeAddress => {
            let guard = AddressGuard::new(&config.fetch.allow_hosts, &rules.seeds(store)?);
            guard.refuses(&url()).map_or_else(|| NO_LONGER.to_owned(), |refusal| refusal.to_string())
        }
        SkipReason::Usage => usage(store, &url(), rules)?,
    })
}

/// The line that says no to what the crawl is for.
fn usage(store: &StoreReader, url: &CrawlUrl, rules: &RunRules) -> Result<String> {
    let saved = saved_host(store, url.host())?;
    let file = match url.scheme() {
        Scheme::Https => &saved.tdm_https,
        Scheme::Http => &saved.tdm_http,
    };
    let policy = Policy::new(&rules.config.policy);
    let purpose = rules.config.policy.purpose.name();
    let robots = saved.robots(url.scheme()).and_then(SavedRobots::rules).cloned();
    let mut said =
        robots.map_or_else(Vec::new, |text| Robots::from_source(text, rules.agent()).usage(url.path_and_query()));
    let file = file.as_ref().and_then(|file| TdmFile::parse(file.as_bytes()));
    said.extend(file.and_then(|file| file.usage(url.path_and_query())));
    let no = said.into_iter().find(|said| policy.refuses(vec![said.clone()]));
    Ok(no.map_or_else(
        || NO_LONGER.to_owned(),
        |said| {
            let line = said.line.map(|line| format!("line {line} of ")).unwrap_or_default();
            let (file, text) = (said.from.name(), said.text);
            let folder = if said.from == Place::TdmFile { ".well-known/" } else { "" };
            format!("{line}{}/{folder}{file}: {text}; policy.purpose = \"{purpose}\"", url.origin())
        },
    ))
}

/// The line of robots.txt that disallows a URL.
fn robots(store: &StoreReader, url: &CrawlUrl, rules: &RunRules) -> Result<String> {
    let saved = saved_host(store, url.host())?;
    let (robots, origin) = (saved.robots(url.scheme()), url.origin());
    if let Some(text) = robots.and_then(SavedRobots::rules) {
        return Ok(line(&Robots::from_source(Arc::clone(text), rules.agent()), url));
    }
    Ok(match robots {
        Some(SavedRobots::DisallowAll { until_ms }) => {
            format!("robots.txt of {origin} could not be read, so nothing is allowed there until {}", time(*until_ms))
        }
        Some(SavedRobots::NoConnection { failure, .. }) => {
            format!("robots.txt of {origin} could not be read: {failure}")
        }
        _ => format!("robots.txt of {origin} could not be read"),
    })
}

fn line(robots: &Robots, url: &CrawlUrl) -> String {
    let verdict = robots.verdict(url.path_and_query());
    let Some(rule) = verdict.rule.filter(|_| !verdict.allowed) else {
        return format!("robots.txt of {} disallowed it when its turn came, and was another since", url.origin());
    };
    let access = match rule.access {
        Access::Allow => "Allow",
        Access::Disallow => "Disallow",
    };
    let group: Vec<_> =
        robots.group().iter().map(|line| format!("line {}: User-agent: {}", line.line, line.agent)).collect();
    format!(
        "line {} of {}/robots.txt: {access}: {}  (group of {})",
        rule.line,
        url.origin(),
        rule.pattern,
        group.join(", ")
    )
}

const NO_LONGER: &str =
    "by the settings of the last run nothing speaks against it any more; the same command takes it up";
