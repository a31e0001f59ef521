//! Pages: what is kept of each page of a crawl, one after the other: its survey, or without one what its record lists.

use std::borrow::Cow;
use std::path::Path;

use serde::Deserialize;

use crate::committed::{LineSource, Output, Source};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::mention::Kind;

/// The pages of a crawl.
pub(super) struct Pages {
    lines: Box<dyn LineSource>,
    /// What messages call them.
    shown: String,
    is_surveyed: bool,
    /// How many lines were read.
    count: u64,
}

/// What of a page is looked at.
#[derive(Debug)]
pub(super) struct Page<'a> {
    pub(super) url: Cow<'a, str>,
    pub(super) links: Vec<Link<'a>>,
    /// The names that fragments lead to.
    pub(super) ids: Vec<Cow<'a, str>>,
    /// Where a redirect leads to, as it is written, when that has a fragment.
    pub(super) location: Option<Cow<'a, str>>,
    /// How many mentions are not among the links.
    pub(super) left_out: u64,
    /// Where its record says that it was found; `None` of a survey.
    pub(super) referrer: Option<Cow<'a, str>>,
}

/// One mention on a page.
#[derive(Debug)]
pub(super) struct Link<'a> {
    /// The absolute URL; `None` when it is none that can be asked for.
    pub(super) url: Option<Cow<'a, str>>,
    /// As the page has it; `None` when that is not known.
    pub(super) written: Option<Cow<'a, str>>,
    pub(super) kind: Kind,
    pub(super) found_by: Option<Cow<'a, str>>,
    pub(super) text: Option<Cow<'a, str>>,
    pub(super) line: Option<u32>,
    pub(super) column: Option<u32>,
}

/// The names of a page, and nothing else of its survey.
#[derive(Deserialize)]
pub(super) struct Names<'a> {
    #[serde(borrow)]
    pub(super) url: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) ids: Vec<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) location: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Surveyed<'a> {
    #[serde(borrow)]
    url: Cow<'a, str>,
    #[serde(borrow, default)]
    location: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    links: Vec<SurveyedLink<'a>>,
    #[serde(default)]
    links_left_out: u64,
    #[serde(borrow, default)]
    ids: Vec<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct SurveyedLink<'a> {
    #[serde(borrow)]
    written: Cow<'a, str>,
    #[serde(borrow, default)]
    url: Option<Cow<'a, str>>,
    kind: Kind,
    #[serde(borrow)]
    found_by: Cow<'a, str>,
    #[serde(borrow, default)]
    text: Option<Cow<'a, str>>,
    #[serde(default)]
    line: Option<u32>,
    #[serde(default)]
    column: Option<u32>,
}

#[derive(Deserialize)]
struct Recorded<'a> {
    #[serde(borrow)]
    url: Cow<'a, str>,
    #[serde(borrow, default)]
    links: Vec<Cow<'a, str>>,
    #[serde(borrow, default)]
    link_details: Vec<Detail<'a>>,
    #[serde(default)]
    links_left_out: u64,
    #[serde(borrow, default)]
    referrer: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Detail<'a> {
    kind: Kind,
    #[serde(borrow)]
    found_by: Cow<'a, str>,
    #[serde(borrow, default)]
    text: Option<Cow<'a, str>>,
}

/// What kind of lines a crawl has, and the settings that they were written by.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) is_surveyed: bool,
    pub(super) settings: Config,
}

impl Kept {
    /// Looks what the crawl in a directory has kept of its pages.
    ///
    /// # Errors
    /// There is no crawl, or it has kept no links.
    pub(super) fn of(dir: &Path) -> Result<Self> {
        let kept = Self::settings_of(dir)?;
        if !kept.is_surveyed && !kept.settings.output.links {
            return Err(Error::Usage(format!(
                "the crawl in {} has kept no links\n = help: crawl with --check-links, or without --no-links",
                dir.display()
            )));
        }
        Ok(kept)
    }

    /// The same, also of a crawl that has kept no links.
    pub(super) fn settings_of(dir: &Path) -> Result<Self> {
        let records = Source::open(dir, Output::Records)?;
        let settings = records.settings.unwrap_or_default();
        let is_surveyed = settings.check.surveys() || Source::has_survey(dir)?;
        Ok(Self { is_surveyed, settings })
    }
}

impl Pages {
    /// Opens what is kept of the pages, from the first one on.
    pub(super) fn open(dir: &Path, kept: &Kept) -> Result<Self> {
        let output = if kept.is_surveyed { Output::Survey } else { Output::Records };
        let lines = Source::open(dir, output)?.lines;
        Ok(Self { shown: lines.shown(), lines, is_surveyed: kept.is_surveyed, count: 0 })
    }

    /// The next page.
    pub(super) fn next(&mut self) -> Result<Option<Page<'_>>> {
        self.count += 1;
        let (count, shown) = (self.count, &self.shown);
        let Some(line) = self.lines.next_line()? else { return Ok(None) };
        let broken =
            |error| Error::Damaged(format!("line {count} of {shown} is not what the crawl has written: {error}"));
        let page = if self.is_surveyed {
            serde_json::from_slice::<Surveyed<'_>>(line).map(Page::from)
        } else {
            serde_json::from_slice::<Recorded<'_>>(line).map(Page::from)
        };
        page.map(Some).map_err(broken)
    }

    /// The names of the next page.
    pub(super) fn next_names(&mut self) -> Result<Option<Names<'_>>> {
        self.count += 1;
        let (count, shown) = (self.count, &self.shown);
        let Some(line) = self.lines.next_line()? else { return Ok(None) };
        let broken =
            |error| Error::Damaged(format!("line {count} of {shown} is not what the crawl has written: {error}"));
        serde_json::from_slice(line).map(Some).map_err(broken)
    }
}

impl Page<'_> {
    /// The page on which this one was found, as far as the record of this one tells of it: with one mention.
    pub(super) fn found_on(self) -> Option<Self> {
        let url = Some(self.url);
        let link = Link { url, written: None, kind: Kind::Page, found_by: None, text: None, line: None, column: None };
        let url = self.referrer?;
        Some(Self { url, links: vec![link], ids: Vec::new(), location: None, left_out: 0, referrer: None })
    }
}

impl<'a> From<Surveyed<'a>> for Page<'a> {
    fn from(page: Surveyed<'a>) -> Self {
        let link = |link: SurveyedLink<'a>| Link {
            url: link.url,
            written: Some(link.written),
            kind: link.kind,
            found_by: Some(link.found_by),
            text: link.text,
            line: link.line,
            column: link.column,
        };
        let links = page.links.into_iter().map(link).collect();
        let (location, left_out) = (page.location, page.links_left_out);
        Self { url: page.url, links, ids: page.ids, location, left_out, referrer: None }
    }
}

impl<'a> From<Recorded<'a>> for Page<'a> {
    fn from(record: Recorded<'a>) -> Self {
        let mut details = record.link_details.into_iter();
        let link = |url| {
            let detail = details.next();
            let (kind, found_by, text) = match detail {
                Some(detail) => (detail.kind, Some(detail.found_by), detail.text),
                None => (Kind::Page, None, None),
            };
            Link { url: Some(url), written: None, kind, found_by, text, line: None, column: None }
        };
        let links = record.links.into_iter().map(link).collect();
        let (left_out, referrer) = (record.links_left_out, record.referrer);
        Self { url: record.url, links, ids: Vec::new(), location: None, left_out, referrer }
    }
}
