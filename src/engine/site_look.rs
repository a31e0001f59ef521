//! A site before it is crawled: its seed page, what its sitemaps list, and how fast it may be asked. Nothing else is asked for.

use std::collections::{BTreeMap, HashSet, VecDeque};

use serde::Serialize;

use super::clock;
use super::page_client::{End, PageClient};
use super::page_report::{LinkShown, RobotsShown, SkipShown};
use super::proxies;
use super::worker::SitemapReply;
use crate::error::{Error, Result};
use crate::outcome::OutcomeKind;
use crate::parse::sitemap::{Format, Sitemap};
use crate::politeness::robots::REDIRECTS;
use crate::url::{CrawlUrl, Target, UrlKey};

/// What a crawl from one seed would begin with. The fields are in docs/output.md.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct SitePlan {
    /// The seed.
    pub(crate) seed: String,
    /// Where it leads to.
    pub(crate) page: String,
    /// The host of that.
    pub(crate) host: String,
    /// What robots.txt says of the seed.
    pub(crate) robots: Option<RobotsShown>,
    /// Why the page was not asked for.
    pub(crate) not_asked: Option<SkipShown>,
    /// Why there is no page.
    pub(crate) error: Option<String>,
    /// The status of the answer.
    pub(crate) status: Option<u16>,
    /// What it is called.
    pub(crate) title: Option<String>,
    /// The links of the seed page.
    pub(crate) links: Verdicted,
    /// The sitemaps that were read.
    pub(crate) sitemaps: Vec<SitemapShown>,
    /// How many sitemaps there are beyond those.
    pub(crate) sitemaps_left: usize,
    /// What they list.
    pub(crate) listed: Verdicted,
    /// How many pages the crawl is known to ask for, each once: the seed when it gives a page, its links, and what the sitemaps
    /// list that the crawl reads.
    pub(crate) known: u64,
    /// How many of these are known without sitemaps.
    pub(crate) linked: u64,
    /// How many it would be if the crawl read all sitemaps, also those that robots.txt names.
    pub(crate) with_sitemaps: u64,
    /// The least time between two requests to the host, in milliseconds.
    pub(crate) gap_ms: u64,
    /// Why, if not for the settings alone.
    pub(crate) gap_reason: &'static str,
    /// How many requests it took to know this.
    pub(crate) requests: u64,
}

/// URLs by what becomes of them.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Verdicted {
    /// How many there are, each as often as it is named.
    pub(crate) all: u64,
    /// How many of them are followed.
    pub(crate) followed: u64,
    /// The others, by the reason under which a crawl counts them.
    pub(crate) skipped: BTreeMap<String, u64>,
    /// One that robots.txt disallows, with the line.
    pub(crate) disallowed: Option<String>,
}

/// A sitemap, and what came of it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct SitemapShown {
    /// Where it is.
    pub(crate) url: String,
    /// How many entries it has.
    pub(crate) entries: Option<usize>,
    /// Why it could not be read.
    pub(crate) error: Option<String>,
}

/// What the crawl does with a sitemap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum UseOfSitemap {
    /// It asks for what is listed there.
    Read,
    /// It does not look at it: only robots.txt names it, and nobody has asked for that.
    LeftOut,
}

impl SitePlan {
    /// Whether the seed gives a page.
    pub(crate) fn is_page(&self) -> bool {
        self.not_asked.is_none() && self.error.is_none()
    }
}

impl Verdicted {
    fn note(&mut self, verdict: Option<(&str, &str)>, url: &str) {
        self.all += 1;
        match verdict {
            None => self.followed += 1,
            Some((reason, why)) => {
                *self.skipped.entry(reason.to_owned()).or_default() += 1;
                if reason == "robots" {
                    self.disallowed.get_or_insert_with(|| format!("{url} ({why})"));
                }
            }
        }
    }
}

impl PageClient {
    /// Looks at the seed page, and at the sitemaps that the settings and its robots.txt name, at most [`MOST_SITEMAPS`] of them.
    /// `waits` is told of each wait that a person would notice. Cancel safe: dropping the future ends the request.
    ///
    /// # Errors
    /// As [`look`](Self::look).
    pub(crate) async fn plan(mut self, waits: &(dyn Fn(&str) + Sync)) -> Result<SitePlan> {
        let report = self.look(waits).await?;
        let page = self.rules.parse(&report.final_url).map_err(Error::Usage)?;
        let error = report.error.as_ref().map(ToString::to_string).or_else(|| no_page(report.outcome, report.status));
        // What disallows it or does not answer is no page to be expected.
        let is_page = report.not_asked.is_none() && error.is_none();
        let mut known: HashSet<_> = is_page.then(|| page.key()).into_iter().collect();
        let links = self.links(&report.links, &mut known);
        let linked = known.len() as u64;
        let (sitemaps, sitemaps_left, listed, by_others) = self.read_sitemaps(&page, &mut known, waits).await?;
        let (gap, reason) = self.politeness.pace(&page);
        Ok(SitePlan {
            seed: report.url.clone(),
            page: page.to_string(),
            host: page.host().to_owned(),
            robots: report.robots.clone(),
            error,
            not_asked: report.not_asked,
            status: report.status,
            title: report.title,
            links,
            sitemaps,
            sitemaps_left,
            listed,
            known: known.len() as u64,
            linked,
            with_sitemaps: (known.len() + by_others.difference(&known).count()) as u64,
            gap_ms: u64::try_from(gap.as_millis()).unwrap_or(u64::MAX),
            gap_reason: reason.name(),
            requests: self.politeness.reports().iter().map(|host| host.requests).sum(),
        })
    }

    /// Takes the links of the seed page.
    fn links(&self, links: &[LinkShown], known: &mut HashSet<UrlKey>) -> Verdicted {
        let mut all = Verdicted::default();
        for link in links {
            let is_followed = link.verdict == FOLLOW;
            let skipped = (link.verdict.as_str(), link.why.as_deref().unwrap_or_default());
            all.note((!is_followed).then_some(skipped), &link.url);
            if let (true, Ok(url)) = (is_followed, self.rules.parse(&link.url)) {
                known.insert(url.key());
            }
        }
        all
    }

    /// Reads sitemaps, and what they lead to: those that were asked for, how many are left, what they list, and the pages of
    /// those that the crawl does not read; those of the others are known then.
    async fn read_sitemaps(
        &mut self,
        page: &CrawlUrl,
        known: &mut HashSet<UrlKey>,
        waits: &(dyn Fn(&str) + Sync),
    ) -> Result<(Vec<SitemapShown>, usize, Verdicted, HashSet<UrlKey>)> {
        let (mut sitemaps, mut listed, mut by_others) = (Vec::new(), Verdicted::default(), HashSet::new());
        let mut queue = self.sitemaps_of(page)?;
        let mut seen: HashSet<UrlKey> = queue.iter().map(|(url, _)| url.key()).collect();
        while sitemaps.len() < MOST_SITEMAPS
            && let Some((url, use_of_it)) = queue.pop_front()
        {
            let pages = match use_of_it {
                UseOfSitemap::Read => &mut *known,
                UseOfSitemap::LeftOut => &mut by_others,
            };
            let read = self.sitemap(url.clone(), waits).await?;
            let (entries, error) = match &read {
                Ok(sitemap) => (Some(sitemap.entries.len()), None),
                Err(why) => (None, Some(why.clone())),
            };
            sitemaps.push(SitemapShown { url: url.to_string(), entries, error });
            let Ok(sitemap) = read else { continue };
            let is_index = sitemap.format == Some(Format::Index);
            for target in sitemap.entries.into_iter().map(|entry| entry.target) {
                let Target::Url(to) = target else { continue };
                if !is_index {
                    self.list(&to, &mut listed, pages);
                } else if (to.host() == url.host() || self.judge.is_in_scope(&to)) && seen.insert(to.key()) {
                    queue.push_back((to, use_of_it));
                }
            }
        }
        Ok((sitemaps, queue.len(), listed, by_others))
    }

    /// The sitemaps that the settings name, and the robots.txt of a page.
    fn sitemaps_of(&self, page: &CrawlUrl) -> Result<VecDeque<(CrawlUrl, UseOfSitemap)>> {
        let options = &self.config.sitemaps;
        let named = options.urls.iter().map(|url| self.rules.parse(url).map_err(Error::Usage));
        let mut all: VecDeque<_> = named.map(|url| Ok((url?, UseOfSitemap::Read))).collect::<Result<_>>()?;
        if let (Some(file), Ok(place)) = (self.robots.get(page.origin()), self.rules.robots_of(page)) {
            let use_of_it = if options.reads_robots() { UseOfSitemap::Read } else { UseOfSitemap::LeftOut };
            let by_robots = file.rules.sitemaps().iter().filter_map(|named| self.rules.requestable(&place, named));
            all.extend(by_robots.map(|url| (url, use_of_it)));
        }
        Ok(all)
    }

    /// Asks for one sitemap when its host may be asked, and for what it redirects to; why there is none.
    async fn sitemap(&mut self, mut url: CrawlUrl, waits: &(dyn Fn(&str) + Sync)) -> Result<Result<Sitemap, String>> {
        for _ in 0..=REDIRECTS {
            if let Some(refusal) = self.judge.refuses_address(&url) {
                return Ok(Err(refusal.to_string()));
            }
            if let Some(End::NotAsked(_, why)) = self.admit(&url, waits).await? {
                return Ok(Err(why.why));
            }
            let (reply, outcome) = self.worker.ask_sitemap(url.clone()).await;
            proxies::expect_way_out(&outcome)?;
            self.politeness.finished(&url, &outcome, clock::now());
            match reply {
                SitemapReply::Read(sitemap) => return Ok(Ok(sitemap)),
                SitemapReply::Redirect(to) => url = to,
                SitemapReply::Nothing => return Ok(Err(outcome.reason())),
            }
        }
        Ok(Err(format!("it redirects more than {REDIRECTS} times")))
    }

    /// Takes a page that a sitemap lists.
    fn list(&self, url: &CrawlUrl, listed: &mut Verdicted, known: &mut HashSet<UrlKey>) {
        if let Some(reason) = self.judge.refuses(url) {
            return listed.note(Some((reason.name(), "")), url.as_str());
        }
        let robots = self.robots.get(url.origin()).map(|file| RobotsShown::of(file, url));
        if let Some(robots) = robots.filter(|robots| !robots.allowed && self.config.politeness.robots) {
            return listed.note(Some(("robots", &robots.why)), url.as_str());
        }
        listed.note(None, url.as_str());
        known.insert(url.key());
    }
}

/// Why an answer is no page.
fn no_page(outcome: Option<OutcomeKind>, status: Option<u16>) -> Option<String> {
    let status = status.map(|status| format!("HTTP {status}")).unwrap_or_default();
    outcome.filter(|outcome| *outcome != OutcomeKind::Ok).map(|_| status)
}

/// The verdict on a link that is followed.
const FOLLOW: &str = "follow";
/// How many sitemaps are read.
const MOST_SITEMAPS: usize = 50;
