//! Job: one request that the crawl wants to make, and what came of it.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use super::robots_hops::{RobotsHop, SiteFile};
use crate::engine::worker::{RobotsReply, SitemapReply, TdmReply};
use crate::fetch::Held;
use crate::frontier::Lease;
use crate::outcome::{Failure, Outcome};
use crate::sitemaps::Ask;
use crate::url::CrawlUrl;

/// What a request is made for. It waits under the limits of the host that it goes to, whatever it is.
#[derive(Debug)]
pub(super) enum Job {
    /// A page.
    Page(Lease),
    /// A robots.txt, or what one redirects to.
    Robots(RobotsHop),
    /// A `tdmrep.json`, or what one redirects to.
    TdmFile(RobotsHop),
    /// A sitemap.
    Sitemap(Ask),
    /// The addresses of the host of a URL: no request, and admitted with the question for them.
    Addresses(CrawlUrl),
    /// A page that had answered well, to see whether it still does. Nothing waits for what it says.
    Witness(CrawlUrl),
}

/// A job with what came of its one request.
#[derive(Debug)]
pub(super) enum Done {
    /// With what the outcome takes in memory.
    Page(Lease, Outcome, Option<Held>),
    /// What is known of a page that was not asked for, if that could be read.
    Carried(Lease, Option<Outcome>, Option<Held>),
    Robots(RobotsHop, RobotsReply, Outcome),
    TdmFile(RobotsHop, TdmReply, Outcome),
    Sitemap(Ask, SitemapReply, Outcome),
    Addresses(CrawlUrl, Vec<IpAddr>),
    Witness(CrawlUrl, Outcome),
}

/// Why a job is never done.
#[derive(Debug)]
pub(super) enum Refused {
    /// By robots.txt.
    ByRobots,
    /// Nothing comes of its host, and nobody tries again.
    GivenUp(Failure),
}

impl Job {
    /// What asks for a file of an origin.
    pub(super) fn of_hop(hop: RobotsHop) -> Self {
        match hop.file() {
            SiteFile::Robots => Self::Robots(hop),
            SiteFile::Tdm => Self::TdmFile(hop),
        }
    }

    /// What is asked for.
    pub(super) fn url(&self) -> &CrawlUrl {
        match self {
            Self::Page(lease) => lease.asked(),
            Self::Robots(hop) | Self::TdmFile(hop) => hop.asked(),
            Self::Sitemap(ask) => &ask.url,
            Self::Addresses(url) | Self::Witness(url) => url,
        }
    }
}

impl Job {
    /// Whose file is asked for, if it is one that others wait for.
    pub(super) fn page_of_hop(&self) -> Option<&CrawlUrl> {
        match self {
            Self::Robots(hop) | Self::TdmFile(hop) => Some(hop.page()),
            Self::Page(_) | Self::Sitemap(_) | Self::Addresses(_) | Self::Witness(_) => None,
        }
    }
}

impl Done {
    /// What came of its request, if it is one.
    pub(super) fn outcome(&self) -> Option<&Outcome> {
        match self {
            Self::Page(_, outcome, _)
            | Self::Robots(_, _, outcome)
            | Self::TdmFile(_, _, outcome)
            | Self::Sitemap(_, _, outcome)
            | Self::Witness(_, outcome) => Some(outcome),
            Self::Addresses(..) | Self::Carried(..) => None,
        }
    }

    /// The job, to be done once more: nothing came of it.
    pub(super) fn into_job(self) -> Job {
        match self {
            Self::Page(lease, ..) | Self::Carried(lease, ..) => Job::Page(lease),
            Self::Robots(hop, ..) => Job::Robots(hop),
            Self::TdmFile(hop, ..) => Job::TdmFile(hop),
            Self::Sitemap(ask, ..) => Job::Sitemap(ask),
            Self::Addresses(url, _) => Job::Addresses(url),
            Self::Witness(url, _) => Job::Witness(url),
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ByRobots => f.write_str("robots.txt disallows it"),
            Self::GivenUp(failure) => failure.fmt(f),
        }
    }
}

/// The outcome of a request that was never made: its host was given up.
pub(super) fn unasked(failure: Failure) -> Outcome {
    Outcome::failed(failure, jiff::Timestamp::now(), Duration::ZERO)
}
