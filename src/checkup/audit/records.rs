//! Records: those of a crawl, each with what is kept of its page.

use std::borrow::Cow;
use std::path::Path;

use serde::Deserialize;

use crate::committed::{LineSource, Output, Source};
use crate::error::{Error, Result};
use crate::media_type;
use crate::outcome::OutcomeKind;
use crate::survey::Survey;

/// What of a record is looked at.
#[derive(Debug, Deserialize)]
pub(super) struct Record<'a> {
    #[serde(borrow)]
    pub(super) url: Cow<'a, str>,
    pub(super) outcome: OutcomeKind,
    #[serde(default)]
    pub(super) status: Option<u16>,
    pub(super) depth: u32,
    pub(super) elapsed_ms: u64,
    #[serde(borrow, default)]
    pub(super) content_type: Option<Cow<'a, str>>,
    /// Only what was read as a page has one.
    #[serde(borrow, default)]
    pub(super) charset: Option<Cow<'a, str>>,
    #[serde(default)]
    pub(super) bytes: Option<u64>,
    #[serde(borrow, default)]
    pub(super) content_hash: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) title: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) description: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) lang: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) canonical: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) links: Vec<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) error: Option<ErrorOf<'a>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ErrorOf<'a> {
    #[serde(borrow)]
    pub(super) kind: Cow<'a, str>,
}

/// The records of a crawl, each with its survey.
pub(super) struct Records {
    lines: Box<dyn LineSource>,
    surveys: Option<Box<dyn LineSource>>,
    /// The survey that no record has had so far.
    next: Option<Survey>,
    /// What messages call the records.
    shown: String,
    count: u64,
}

impl Record<'_> {
    /// Whether it is a page that was read.
    pub(super) fn is_page(&self) -> bool {
        self.outcome == OutcomeKind::Ok
            && self.charset.is_some()
            && self.content_type.as_deref().is_none_or(media_type::is_html)
    }
}

impl Records {
    pub(super) fn open(dir: &Path, is_surveyed: bool) -> Result<Self> {
        // In this order: a crawl that goes on has a record for each of these, whatever it commits meanwhile.
        let mut surveys = if is_surveyed { Some(Source::open(dir, Output::Survey)?.lines) } else { None };
        let lines = Source::open(dir, Output::Records)?.lines;
        let next = surveys.as_mut().map(|surveys| read(&mut **surveys)).transpose()?.flatten();
        Ok(Self { shown: lines.shown(), lines, surveys, next, count: 0 })
    }

    /// The next record, with its survey. Both are written in the order in which pages are settled.
    pub(super) fn next(&mut self) -> Result<Option<(Record<'_>, Option<Survey>)>> {
        self.count += 1;
        let Some(line) = self.lines.next_line()? else {
            return match &self.next {
                Some(left) => Err(Error::Damaged(format!("the survey of {} has no record in its turn", left.url))),
                None => Ok(None),
            };
        };
        let record: Record<'_> = serde_json::from_slice(line)
            .map_err(|error| Error::Damaged(format!("line {} of {} is no record: {error}", self.count, self.shown)))?;
        let mut survey = self.next.take_if(|next| *next.url == *record.url);
        if let (Some(_), Some(surveys)) = (&survey, &mut self.surveys) {
            self.next = read(&mut **surveys)?;
        }
        // A redirect has one only to say where in a page it leads.
        survey = survey.filter(|survey| survey.location.is_none());
        Ok(Some((record, survey)))
    }
}

/// The next survey; `None` behind the last.
fn read(surveys: &mut dyn LineSource) -> Result<Option<Survey>> {
    let shown = surveys.shown();
    let Some(line) = surveys.next_line()? else { return Ok(None) };
    let broken = |error| Error::Damaged(format!("a line of {shown} is not what the crawl has written: {error}"));
    serde_json::from_slice(line).map(Some).map_err(broken)
}
