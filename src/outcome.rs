//! What came of one request: data for the record, never an `Err`.

pub use crate::failure::{Failure, FailureKind};
pub use crate::skip::SkipReason;

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::exchange::Exchange;
use crate::extracted::Extracted;
use crate::for_update::{Carried, ForUpdate};
use crate::page::{LinkDetail, Page};
use crate::readable::Readable;
use crate::request::Validators;
use crate::survey::Survey;
use crate::unread::{BadReferences, Reading};
use crate::url::{CrawlUrl, Link};
use crate::usage::Usage;

/// The ends of a requested URL (design: `outcome` of a record).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeKind {
    /// A response with a 2xx status and a body that was read, or left out because its type is not wanted.
    Ok,
    /// A response with a 3xx status and a usable `Location`.
    Redirect,
    /// Any other complete response.
    HttpError,
    /// A response with the status 402: the host wants to be paid for the page. Nothing is ever paid, and the page is not
    /// asked for again.
    PaymentRequired,
    /// No complete response: `error` says why.
    Failed,
}

impl OutcomeKind {
    /// The name in records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Redirect => "redirect",
            Self::HttpError => "http_error",
            Self::PaymentRequired => "payment_required",
            Self::Failed => "failed",
        }
    }
}

/// Everything a worker hands back about one request.
#[derive(Debug)]
#[non_exhaustive]
pub struct Outcome {
    /// Which of the ends.
    pub kind: OutcomeKind,
    /// The HTTP status, when there was a response head.
    pub status: Option<u16>,
    /// Why there is no complete response.
    pub failure: Option<Failure>,
    /// The absolute target of a redirect, whatever its scheme.
    pub location: Option<Arc<str>>,
    /// When the request was sent.
    pub fetched_at: jiff::Timestamp,
    /// From sending the request to the end of the body.
    pub elapsed: Duration,
    /// How long the host asked to be left alone (`Retry-After`), from the end of the response.
    pub retry_after: Option<Duration>,
    /// The media type of the body, lower case, without parameters.
    pub content_type: Option<String>,
    /// The charset that the body was decoded with.
    pub charset: Option<&'static str>,
    /// The decoded length of the body; `None` when no body was read.
    pub bytes: Option<u64>,
    /// The hash of the decoded body, with the algorithm as prefix.
    pub content_hash: Option<String>,
    /// What the parser found, for HTML.
    pub page: Option<Page>,
    /// What is kept for those who check the page; `None` unless that is asked for.
    pub survey: Option<Box<Survey>>,
    /// As what the page is to be asked for now: the response redirects to another spelling of its URL, the same by its
    /// key, or to itself with a cookie. Nothing else of the response counts then, if that may be followed. Boxed, since few
    /// are.
    pub respelled: Option<Box<CrawlUrl>>,
    /// Whether the response sets a cookie: what was refused without it may be had now.
    pub sets_cookie: bool,
    /// How far the body was read.
    pub reading: Reading,
    /// The references of the body, or the `Location`, that are no URL.
    pub bad_references: BadReferences,
    /// How many links of the page are not in `links`: it has more of them, or longer ones, than are taken.
    pub links_left_out: u64,
    /// What this response leads to: the links of the page, or the one target of a redirect.
    pub links: Vec<Link>,
    /// What the page says, numbers and dates aside, as one number; `None` when its text was not read for that.
    pub said: Option<u64>,
    /// What a person reads of the page; `None` when nobody asks for that, or the response is no page.
    pub readable: Option<Box<Readable>>,
    /// What rules took out of the response; `None` when no rule is for it.
    pub extracted: Option<Box<Extracted>>,
    /// What the headers and the page say that it may be used for; `None` when they say nothing.
    pub usage: Option<Box<Usage>>,
    /// What was sent and received; `None` when nobody asked for that, or no response head came.
    pub exchange: Option<Box<Exchange>>,
    /// By what the host can tell later whether the page is still as it is now.
    pub validators: Validators,
    /// Why this is what an earlier crawl has read; `None` when it was read now.
    pub carried: Option<Carried>,
    /// What the next update has to know of the page beside its record; `None` when that says all.
    pub for_update: Option<Box<ForUpdate>>,
    /// The host says that the page has not changed, and says of it what it did not say before: it is to be asked for anew.
    pub asks_anew: bool,
}

impl Outcome {
    /// An outcome with nothing but its kind and time: the parts that apply are filled in.
    pub fn new(kind: OutcomeKind, fetched_at: jiff::Timestamp, elapsed: Duration) -> Self {
        Self {
            kind,
            status: None,
            failure: None,
            location: None,
            fetched_at,
            elapsed,
            retry_after: None,
            content_type: None,
            charset: None,
            bytes: None,
            content_hash: None,
            page: None,
            survey: None,
            respelled: None,
            sets_cookie: false,
            reading: Reading::default(),
            bad_references: BadReferences::default(),
            links_left_out: 0,
            links: Vec::new(),
            said: None,
            readable: None,
            extracted: None,
            usage: None,
            exchange: None,
            validators: Validators::default(),
            carried: None,
            for_update: None,
            asks_anew: false,
        }
    }

    /// A request without a complete response.
    pub fn failed(failure: Failure, fetched_at: jiff::Timestamp, elapsed: Duration) -> Self {
        Self { failure: Some(failure), ..Self::new(OutcomeKind::Failed, fetched_at, elapsed) }
    }

    /// Leaves out what is the content of the page: what it says, and what rules took out of it. Where it leads to stays.
    pub(crate) fn omit_content(&mut self) {
        if let Some(page) = &mut self.page {
            (page.title, page.description) = (None, None);
        }
        if let Some(survey) = &mut self.survey {
            survey.omit_content();
        }
        (self.readable, self.extracted, self.exchange) = (None, None, None);
    }

    /// How many bytes of memory it takes until it is written, as far as its page decides: its links, its text, and what is
    /// said of its use. The body of an exchange is counted by whoever has read it.
    pub fn weight(&self) -> u64 {
        let links: u64 = self.links.iter().map(|link| link.target.text().len() as u64 + LINK).sum();
        let text = self.readable.as_ref().map_or(0, |readable| readable.weight());
        let details = self.page.as_ref().and_then(|page| page.link_details.as_ref());
        let links = links + details.map_or(0, |details| details.iter().map(LinkDetail::length).sum());
        let survey = self.survey.as_ref().map_or(0, |survey| survey.weight());
        links + text + survey + self.usage.as_ref().map_or(0, |usage| usage.weight())
    }

    /// How the request ended, in few words for a person.
    pub fn reason(&self) -> String {
        match (&self.failure, self.status, &self.location) {
            (Some(failure), _, _) => failure.to_string(),
            (None, Some(status), Some(to)) => format!("status {status}, to {to}"),
            (None, Some(status), None) => format!("status {status}"),
            (None, None, _) => "no response".to_owned(),
        }
    }
}

/// Whether what was answered with this status may be answered otherwise later: those of RFC 9110 and RFC 6585, and those
/// that proxies in front of a site have made up: 520 to 524 say that it did not answer, or not in time, or not in HTTP
/// (Cloudflare); 529 that it has too much to do.
pub(crate) fn is_transient_status(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502..=504 | 520..=524 | 529)
}

/// Whether a status says nothing of what was asked for: it is the trouble of the host, now.
pub(crate) fn says_nothing(status: u16) -> bool {
    status >= 500 || is_transient_status(status)
}

/// What a link takes beside its text, on its way to the writer.
const LINK: u64 = 192;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_is_told_in_few_words() {
        let outcome = |kind| Outcome::new(kind, jiff::Timestamp::UNIX_EPOCH, Duration::ZERO);
        let mut redirect = outcome(OutcomeKind::Redirect);
        assert_eq!(redirect.reason(), "no response");
        redirect.status = Some(301);
        assert_eq!(redirect.reason(), "status 301");
        redirect.location = Some("http://e.com/".into());
        assert_eq!(redirect.reason(), "status 301, to http://e.com/");
        redirect.failure = Some(Failure::new(FailureKind::Reset, "closed early"));
        assert_eq!(redirect.reason(), "reset: closed early");
    }
}
