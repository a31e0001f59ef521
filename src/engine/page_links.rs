//! Verdicts: what a crawl would do with each URL that a page names.

use std::collections::HashMap;

use super::judge::Judge;
use super::page_report::{LinkShown, RobotsShown, SkipShown};
use super::robots_client::RobotsFile;
use crate::config::Config;
use crate::outcome::SkipReason;
use crate::parse::Explained;
use crate::url::{CrawlUrl, Link, LinkKind, Target};

/// Decides as a crawl does, with what is known: scope, addresses, depth, and each robots.txt that was asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Verdicts<'a> {
    judge: &'a Judge,
    robots: &'a HashMap<String, RobotsFile>,
    config: &'a Config,
}

impl<'a> Verdicts<'a> {
    pub(super) fn of(judge: &'a Judge, robots: &'a HashMap<String, RobotsFile>, config: &'a Config) -> Self {
        Self { judge, robots, config }
    }

    /// Why a URL is not to be requested, whoever names it; robots.txt aside.
    pub(super) fn of_url(&self, url: &CrawlUrl) -> Option<SkipShown> {
        self.judge.refuses(url).map(|reason| self.of_reason(reason, url))
    }

    fn of_reason(&self, reason: SkipReason, url: &CrawlUrl) -> SkipShown {
        let why = match reason {
            SkipReason::Scope => self.judge.explain(url).map(|why| why.to_string()),
            _ => self.judge.refuses_address(url).map(|why| why.to_string()),
        };
        SkipShown::new(reason, why.unwrap_or_default())
    }

    /// The verdict on a link of a page that counts as a seed: its links are at depth 1.
    pub(super) fn of_link(&self, link: &Link, page: &Explained) -> LinkShown {
        let (text, skip) = match &link.target {
            Target::Other { text, reason, .. } => {
                let why = match reason {
                    SkipReason::TooLong => {
                        format!("it is longer than max_url_length = {}", self.config.frontier.max_url_length)
                    }
                    _ => "it is neither http nor https".to_owned(),
                };
                (text.to_string(), Some(SkipShown::new(*reason, why)))
            }
            Target::Url(url) => {
                let refused = match link.kind {
                    LinkKind::Part => self.judge.refuses_part(url),
                    _ => self.judge.refuses(url),
                };
                let refused = refused.map(|reason| self.of_reason(reason, url));
                (url.as_str().to_owned(), refused.or_else(|| self.at_depth_one(url, link, page)))
            }
        };
        let Some(skip) = skip else {
            let origin = match &link.target {
                Target::Url(url) => url.origin(),
                Target::Other { .. } => "",
            };
            // Where no robots.txt is asked for at all, the report says so once.
            let is_unknown = !self.robots.is_empty() && !self.robots.contains_key(origin);
            let why = is_unknown.then(|| format!("robots.txt of {origin} was not asked for"));
            return LinkShown { url: text, verdict: "follow".to_owned(), why };
        };
        LinkShown { url: text, verdict: skip.reason.name().to_owned(), why: Some(skip.why) }
    }

    fn at_depth_one(&self, url: &CrawlUrl, link: &Link, page: &Explained) -> Option<SkipShown> {
        if link.kind == LinkKind::Nofollow {
            let asked = page.directives.iter().find(|directives| directives.nofollow);
            let why = match asked {
                _ if !(self.config.parse.nofollow && page.nofollow.contains(&link.target.key())) => {
                    "no [[follow]] that is for the page selects it".to_owned()
                }
                Some(directives) => format!("{}: {}", directives.from, directives.content),
                None => "its rel says so".to_owned(),
            };
            return Some(SkipShown::new(SkipReason::Nofollow, why));
        }
        if link.kind != LinkKind::Part && self.config.sitemaps.only {
            return Some(SkipShown::new(SkipReason::Nofollow, "sitemaps.only = true".to_owned()));
        }
        if link.kind != LinkKind::Part && self.config.depth.0 == Some(0) {
            return Some(SkipShown::new(SkipReason::Depth, "depth = 0 takes the seeds only".to_owned()));
        }
        let said = RobotsShown::of(self.robots.get(url.origin())?, url);
        (!said.allowed).then(|| SkipShown::new(SkipReason::Robots, said.why))
    }
}
