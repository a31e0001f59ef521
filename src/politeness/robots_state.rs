//! Robots state: what is known of one robots.txt, and what follows when it cannot be read.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Options;
use super::robots::Robots;
use crate::outcome::Failure;
use crate::units::format_duration;
use crate::url::CrawlUrl;
use crate::usage::Statement;

/// What is known of one robots.txt.
#[derive(Debug, Default)]
pub(super) enum RobotsState {
    #[default]
    Unknown,
    Asking {
        attempts: u32,
        last: Option<Arc<Robots>>,
    },
    Known {
        rules: Arc<Robots>,
        until: Instant,
    },
    Unreachable {
        attempts: u32,
        until: Instant,
        last: Option<Arc<Robots>>,
        /// Why there was no connection, if that is why.
        failure: Option<Failure>,
    },
    /// Given up: there is nobody to ask.
    NoConnection {
        failure: Failure,
        until: Instant,
    },
}

/// What is to become of a robots.txt that could not be read.
#[derive(Debug)]
pub(super) struct Unread {
    /// Why there was no connection, if that is why.
    pub(super) failure: Option<Failure>,
    /// When it is asked for again.
    pub(super) again: Instant,
    /// How often in a row at most; `None` when it is never asked for again.
    pub(super) retries: Option<u32>,
    /// How long it counts as given up.
    pub(super) fresh_until: Instant,
}

impl RobotsState {
    /// Whether the request for it is in flight.
    pub(super) fn is_asking(&self) -> bool {
        matches!(self, Self::Asking { .. })
    }

    pub(super) fn ask(&mut self) {
        *self = Self::Asking { attempts: self.attempts(), last: self.last_rules() };
    }

    /// It could not be read, once more.
    pub(super) fn unread(&mut self, unread: Unread) {
        let Unread { failure, again, retries, fresh_until } = unread;
        let attempts = self.attempts() + 1;
        *self = match (self.last_rules(), failure) {
            (last, failure) if retries.is_some_and(|retries| attempts <= retries) => {
                Self::Unreachable { attempts, until: again, last, failure }
            }
            (Some(last), _) => Self::Known { rules: last, until: fresh_until },
            (None, Some(failure)) => Self::NoConnection { failure, until: fresh_until },
            (None, None) => Self::Known { rules: Arc::new(Robots::disallow_all()), until: fresh_until },
        };
    }

    /// Whether there is no connection, although it was asked for as often as a URL may be.
    pub(super) fn is_hopeless(&self, retries: u32) -> bool {
        matches!(self, Self::Unreachable { attempts, failure: Some(_), .. } if *attempts > retries)
    }

    /// Ends the waiting for it; why there was no connection, if that is what it waits for.
    pub(super) fn hurry(&mut self, now: Instant) -> Option<Failure> {
        match self {
            Self::Unreachable { until, failure, .. } => {
                *until = now;
                failure.clone()
            }
            _ => None,
        }
    }

    /// Whether there are rules, or it is known that there are none: not when nothing is allowed because it could not be
    /// read.
    pub(super) fn is_readable(&self) -> bool {
        matches!(self, Self::Known { rules, .. } if rules.source().is_some())
    }

    /// What the rules that were read last say of the use of a path.
    pub(super) fn usage(&self, path_and_query: &str) -> Vec<Statement> {
        match self {
            Self::Known { rules, .. }
            | Self::Asking { last: Some(rules), .. }
            | Self::Unreachable { last: Some(rules), .. } => rules.usage(path_and_query),
            _ => Vec::new(),
        }
    }

    /// How often in a row it could not be read.
    pub(super) fn attempts(&self) -> u32 {
        match self {
            Self::Asking { attempts, .. } | Self::Unreachable { attempts, .. } => *attempts,
            Self::Unknown | Self::Known { .. } | Self::NoConnection { .. } => 0,
        }
    }

    /// The rules that were read last, however old: better than none while the host cannot be reached.
    pub(super) fn last_rules(&self) -> Option<Arc<Robots>> {
        match self {
            Self::Unknown | Self::NoConnection { .. } => None,
            // That nothing is allowed was not read anywhere.
            Self::Known { rules, .. } => rules.source().map(|_| Arc::clone(rules)),
            Self::Asking { last, .. } | Self::Unreachable { last, .. } => last.clone(),
        }
    }
}

/// Says that a `Crawl-delay` is not kept: whoever is asked every minute for it should know.
pub(super) fn tell_cut_delay(url: &CrawlUrl, rules: &Robots, options: &Options) {
    let is_cut = |asked: &Duration| *asked > options.max_crawl_delay && !options.are_of_no_host();
    if let Some(asked) = rules.crawl_delay().filter(is_cut) {
        let (asked, most) = (format_duration(asked), format_duration(options.max_crawl_delay));
        tracing::warn!(
            "{} asks for a Crawl-delay of {asked}: {most} is kept (politeness.max_crawl_delay)",
            url.origin()
        );
    }
}
