//! Admit: what is asked of politeness, and what it answers.

use std::sync::Arc;
use std::time::Instant;

use super::robots::Robots;
use crate::outcome::Failure;
use crate::url::CrawlUrl;

/// Whether a URL may be requested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admit {
    /// Now. The request counts as in flight until [`finished`](super::Politeness::finished).
    Now,
    /// Not before an instant.
    NotBefore(Instant),
    /// Not before an instant either, but there was never a connection to its host: who has nothing else to do need not
    /// wait, but may [`hurry`](super::Politeness::hurry).
    Unmet(Instant),
    /// Not before another request to this host has finished.
    Busy,
    /// Not before it is the host's turn among those that share a rate with it: [`next_turn`](super::Politeness::next_turn)
    /// will say so.
    InLine,
    /// Not before the addresses of the host are known, which have to be asked for now: see
    /// [`addresses_known`](super::Politeness::addresses_known).
    AskAddress,
    /// Not before there is as much [`room`](super::Politeness::room): few requests are left, and they are for hosts that
    /// are known to answer, or to answer quickly.
    Crowded(Room),
    /// Not before robots.txt of its origin is known, which has to be asked for now. That request counts as in flight
    /// until [`finished`](super::Politeness::finished); what came of it, [`robots_known`](super::Politeness::robots_known) is told.
    AskRobots,
    /// Not before `tdmrep.json` of its origin is known, which has to be asked for now, as robots.txt; what came of it,
    /// [`tdm_known`](super::Politeness::tdm_known) is told.
    AskTdmFile,
    /// Never: robots.txt disallows it.
    Disallowed,
    /// Not before a page that had answered well was asked for again: is it its origin that fails, or only some pages? That
    /// request counts as in flight until [`finished`](super::Politeness::finished).
    AskWitness(CrawlUrl),
    /// Never: there is no connection to its origin, or nothing good came of it for long, and it is not worth trying again.
    GivenUp(Failure),
}

/// Which hosts may be asked at all, as far as the requests to all of them go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Room {
    /// None but those that are known to be quick.
    None,
    /// Those that have answered before.
    Answered,
    /// Those as well that a [`knock`](super::Politeness::reached) has reached.
    Reached,
    /// Any.
    Any,
}

/// What robots.txt says, once all its redirects were followed.
#[derive(Debug)]
pub enum RobotsAnswer {
    /// Rules, or that there are none (RFC 9309, section 2.3.1.3).
    Rules(Arc<Robots>),
    /// A server error, 429, no answer, or too many redirects: everything is disallowed until it can be read
    /// (RFC 9309, section 2.3.1.4).
    Unreachable,
    /// There is no connection to the origin: as unreachable, and nothing else can be had there either.
    NoConnection(Failure),
}

/// What a host may be given after a request to it has finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Whatever [`admit`](super::Politeness::admit) lets through.
    Any,
    /// Nothing before an instant.
    NotBefore(Instant),
}
