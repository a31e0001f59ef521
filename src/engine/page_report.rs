//! The report on one page: what a crawl would see of it, as data.

use std::path::Path;

use serde::Serialize;
use serde_json::{Map, Value};

use super::robots_client::{RobotsFile, RobotsSource};
use crate::extract::{Examined, Found};
use crate::outcome::{Failure, OutcomeKind, SkipReason};
use crate::parse::{CharsetFrom, Directives};
use crate::politeness::robots::Access;
use crate::readable::Readable;
use crate::url::CrawlUrl;
use crate::usage::Usage;

/// What a crawl would see of one page. The fields are in docs/output.md.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct PageReport {
    pub(crate) version: u32,
    pub(crate) url: String,
    pub(crate) file: Option<String>,
    pub(crate) robots: Option<RobotsShown>,
    pub(crate) skipped: Option<SkipShown>,
    pub(crate) redirects: Vec<HopShown>,
    pub(crate) final_url: String,
    pub(crate) outcome: Option<OutcomeKind>,
    pub(crate) not_asked: Option<SkipShown>,
    pub(crate) error: Option<Failure>,
    pub(crate) status: Option<u16>,
    pub(crate) http: Option<String>,
    pub(crate) elapsed_ms: Option<u64>,
    pub(crate) headers: Vec<HeaderShown>,
    pub(crate) media: Option<MediaShown>,
    pub(crate) bytes: Option<u64>,
    pub(crate) content_hash: Option<String>,
    pub(crate) charset: Option<String>,
    pub(crate) charset_from: Option<CharsetFrom>,
    pub(crate) title: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) lang: Option<String>,
    pub(crate) canonical: Option<String>,
    pub(crate) base: Option<String>,
    pub(crate) references_start_from: Option<String>,
    pub(crate) directives: Vec<Directives>,
    pub(crate) usage: Option<Box<Usage>>,
    pub(crate) links: Vec<LinkShown>,
    pub(crate) links_left_out: usize,
    pub(crate) content: Option<Box<Readable>>,
    pub(crate) fields: Option<Map<String, Value>>,
    pub(crate) missing: Vec<String>,
    pub(crate) items: Vec<ItemsShown>,
    pub(crate) rules: Vec<Examined>,
    pub(crate) selected: Vec<Selected>,
    pub(crate) troubles: Vec<String>,
}

/// What robots.txt says of a URL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct RobotsShown {
    /// Whether it may be asked for.
    pub(crate) allowed: bool,
    /// The line that decides, or that there is none.
    pub(crate) why: String,
}

/// Why a crawl does not request a URL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct SkipShown {
    /// The reason under which a crawl counts it.
    pub(crate) reason: SkipReason,
    /// What of the settings or of the page it comes from, a clause.
    pub(crate) why: String,
}

/// One redirect on the way to the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct HopShown {
    /// What was asked for.
    pub(crate) url: String,
    /// The status of the answer.
    pub(crate) status: Option<u16>,
    /// Where it leads.
    pub(crate) location: String,
}

/// A header line of the response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct HeaderShown {
    /// Its name, in lower case.
    pub(crate) name: String,
    /// Its value; bytes that are no UTF-8 are replaced.
    pub(crate) value: String,
}

/// What the body is, and whether it is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct MediaShown {
    /// The value of `Content-Type`, as it was received.
    pub(crate) content_type: Option<String>,
    /// What it is read as.
    pub(crate) read_as: ReadAs,
    /// Why, a clause.
    pub(crate) why: String,
}

/// What a body is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ReadAs {
    /// A page: its links are taken.
    Html,
    /// JSON, for the rules that are for it.
    Json,
    /// It is fetched and counted, and nothing is taken out of it.
    Nothing,
    /// It is not fetched.
    NotFetched,
}

/// A link of the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct LinkShown {
    /// Where it leads.
    pub(crate) url: String,
    /// `follow`, or the reason under which a crawl counts it as skipped.
    pub(crate) verdict: String,
    /// What that comes from, a clause.
    pub(crate) why: Option<String>,
}

/// The items of one name.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct ItemsShown {
    /// What they are called.
    pub(crate) name: String,
    /// They, in the order of the page.
    pub(crate) items: Vec<Map<String, Value>>,
}

/// A selector or path that was tried.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Selected {
    /// As it was given.
    pub(crate) select: String,
    /// The text, or the JSON, of all that has any.
    pub(crate) values: Vec<Value>,
    /// What came of it as a rule: what it matches, or why that is nothing. `None` when the page is of another type.
    pub(crate) rule: Option<Found>,
}

impl PageReport {
    pub(super) fn new(url: &str, file: Option<&Path>) -> Self {
        Self {
            version: 1,
            url: url.to_owned(),
            file: file.map(|file| file.display().to_string()),
            robots: None,
            skipped: None,
            redirects: Vec::new(),
            final_url: url.to_owned(),
            outcome: None,
            not_asked: None,
            error: None,
            status: None,
            http: None,
            elapsed_ms: None,
            headers: Vec::new(),
            media: None,
            bytes: None,
            content_hash: None,
            charset: None,
            charset_from: None,
            title: None,
            description: None,
            lang: None,
            canonical: None,
            base: None,
            references_start_from: None,
            directives: Vec::new(),
            usage: None,
            links: Vec::new(),
            links_left_out: 0,
            content: None,
            fields: None,
            missing: Vec::new(),
            items: Vec::new(),
            rules: Vec::new(),
            selected: Vec::new(),
            troubles: Vec::new(),
        }
    }

    /// Whether there was a page, and it was read: by the crawl, or by what was tried.
    pub(crate) fn is_read(&self) -> bool {
        let is_tried = |selected: &Selected| selected.rule.as_ref().is_some_and(|rule| rule.tally.tried > 0);
        self.selected.iter().any(is_tried)
            || self.media.as_ref().is_some_and(|media| matches!(media.read_as, ReadAs::Html | ReadAs::Json))
    }
}

impl RobotsShown {
    pub(super) fn of(file: &RobotsFile, url: &CrawlUrl) -> Self {
        let verdict = file.rules.verdict(url.path_and_query());
        let why = match (&file.source, verdict.rule) {
            (RobotsSource::Missing(answer), _) => format!("there is no robots.txt: {answer}"),
            (RobotsSource::Unreadable(why), _) => format!("robots.txt cannot be read: {why}"),
            (RobotsSource::Lines, Some(rule)) => {
                let access = if rule.access == Access::Allow { "Allow" } else { "Disallow" };
                format!("robots.txt, line {}: {access}: {}", rule.line, rule.pattern)
            }
            (RobotsSource::Lines, None) => "no line of robots.txt matches".to_owned(),
        };
        Self { allowed: verdict.allowed, why }
    }
}

impl SkipShown {
    pub(super) fn new(reason: SkipReason, why: String) -> Self {
        Self { reason, why }
    }
}
