//! The links of a crawl: which are broken, redirect, mean a place that is not there, or load what they should not; and which
//! nobody has asked for.

use std::collections::BTreeMap;
use std::path::Path;

use super::answers::Answers;
use super::fragments::{self, Fragments};
use super::keys::{Key, Keys};
use super::link_rules as rules;
use super::pages::{Kept, Link, Page, Pages};
use super::verdict::{self, Unasked, Verdict};
use super::{Detail, Findings, Place, mixed};
use crate::error::Result;

/// What is asked of the links of a crawl.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Asked {
    /// Also the places of links to what nobody has asked for.
    pub(crate) unchecked: bool,
}

/// What was found.
#[derive(Debug)]
pub(crate) struct Links {
    pub(crate) findings: Findings,
    /// Whether lines, columns and fragments are known.
    pub(crate) is_surveyed: bool,
    pub(crate) pages: u64,
    pub(crate) mentions: u64,
    /// How many mentions of pages were too many to be kept.
    pub(crate) left_out: u64,
    /// How many links lead to what nobody has asked for: the name of the reason, and what it means.
    pub(crate) unchecked: Vec<(&'static str, &'static str, u64)>,
}

impl Links {
    /// Judges the links that the crawl in a directory has committed, while it runs or after it: one pass over its records
    /// and its store, and up to three over what it has kept of its pages. Takes some 40 bytes of memory for each URL, 10 more
    /// without a survey, the texts of those that redirect, 40 bytes for each fragment of another page that a link means, and
    /// what [`Findings`] take.
    ///
    /// # Errors
    /// There is no crawl, its outputs cannot be read, or it has kept no links.
    pub(crate) fn judge(dir: &Path, asked: Asked) -> Result<Self> {
        let kept = Kept::of(dir)?;
        let mut keys = Keys::new(kept.settings.url_rules());
        let answers = Answers::read(dir, &mut keys)?;
        let (fragments, locations) = meant(dir, &kept, &mut keys, &answers)?;
        let listed = (!kept.is_surveyed).then(hashbrown::HashSet::new);
        let mut judge = Judge { keys, answers, fragments, locations, asked, unasked: BTreeMap::new(), listed };
        let mut found = Self {
            findings: Findings::new(rules::RULES.iter().collect())?,
            is_surveyed: kept.is_surveyed,
            pages: 0,
            mentions: 0,
            left_out: 0,
            unchecked: Vec::new(),
        };
        let mut pages = Pages::open(dir, &kept)?;
        while let Some(page) = pages.next()? {
            found.pages += u64::from(page.location.is_none());
            found.mentions += page.links.len() as u64;
            found.left_out += page.left_out;
            judge.page(&page, &found.findings)?;
        }
        if !kept.is_surveyed {
            found.pages = judge.answers.ok();
            let mut pages = Pages::open(dir, &kept)?;
            while let Some(page) = pages.next()? {
                found.mentions += u64::from(judge.unlisted(page, &found.findings)?);
            }
        }
        found.unchecked = judge.unasked.iter().map(|(why, count)| (why.name(), why.told(), *count)).collect();
        Ok(found)
    }
}

/// The redirects that lead to a place of a page by themselves: a link through them does not mean its own (Fetch Standard,
/// section 4.4).
type Locations = hashbrown::HashSet<Key>;

/// Which places of other pages links mean, and which of them are there.
fn meant(dir: &Path, kept: &Kept, keys: &mut Keys, answers: &Answers) -> Result<(Fragments, Locations)> {
    let (mut fragments, mut locations) = (Fragments::default(), Locations::new());
    if !kept.is_surveyed {
        return Ok((fragments, locations));
    }
    let mut pages = Pages::open(dir, kept)?;
    while let Some(page) = pages.next()? {
        let own = keys.of(&page.url);
        if page.location.is_some() {
            locations.extend(own);
            continue;
        }
        for link in &page.links {
            let Some(fragment) = link.written.as_deref().and_then(fragments::meant_by) else { continue };
            let Some(to) = link.url.as_deref().and_then(|url| keys.of(url)) else { continue };
            if let (Verdict::Fine(target) | Verdict::Wrong(_, _, Some(target)), true) =
                (verdict::of(to, answers), Some(to) != own)
            {
                fragments.mean(target, &fragment);
            }
        }
    }
    if !fragments.any() {
        return Ok((fragments, locations));
    }
    let mut pages = Pages::open(dir, kept)?;
    while let Some(page) = pages.next_names()? {
        let Some(key) = keys.of(&page.url).filter(|key| page.location.is_none() && fragments.asks(*key)) else {
            continue;
        };
        fragments.know(key, page.ids.iter().map(|name| &**name));
    }
    Ok((fragments, locations))
}

struct Judge {
    keys: Keys,
    answers: Answers,
    fragments: Fragments,
    locations: Locations,
    asked: Asked,
    unasked: BTreeMap<Unasked, u64>,
    /// Without a survey: what links of pages lead to, and the redirects behind that.
    listed: Option<hashbrown::HashSet<Key>>,
}

impl Judge {
    fn page(&mut self, page: &Page<'_>, findings: &Findings) -> Result<()> {
        let own = self.keys.of(&page.url);
        // Of a fragment each page tells once.
        let mut told = hashbrown::HashSet::new();
        for link in &page.links {
            let found_by = link.found_by.as_deref().unwrap_or_default();
            let Some(url) = link.url.as_deref() else {
                if let Some(written) = link.written.as_deref().filter(|written| !names_other_scheme(written)) {
                    let detail = Detail { why: "is no URL".to_owned(), ..Detail::default() };
                    findings.add(&rules::BROKEN_LINKS, written, &detail, &place(page, link))?;
                }
                continue;
            };
            if let Some(mixed) = mixed::of(&page.url, url, link.kind, found_by) {
                let (rule, detail) = verdict::of_mixed(mixed);
                findings.add(rule, url, &detail, &place(page, link))?;
            }
            let Some(to) = self.keys.of(url) else { continue };
            self.list(to);
            let target = match verdict::of(to, &self.answers) {
                Verdict::Fine(target) => Some(target),
                Verdict::Unasked(why) => {
                    *self.unasked.entry(why).or_default() += 1;
                    if self.asked.unchecked {
                        let detail = Detail { why: why.told().to_owned(), ..Detail::default() };
                        findings.add(&rules::UNCHECKED, url, &detail, &place(page, link))?;
                    }
                    None
                }
                Verdict::Wrong(rule, detail, target) => {
                    findings.add(rule, url, &detail, &place(page, link))?;
                    target
                }
            };
            let Some(target) = target else { continue };
            let Some(fragment) = link.written.as_deref().and_then(fragments::meant_by) else { continue };
            let is_missing = if Some(to) == own {
                !fragments::is_among(&fragment, page.ids.iter().map(|name| &**name))
            } else {
                !self.goes_elsewhere(to) && self.fragments.are_missing(target, &fragment)
            };
            if is_missing && told.insert((to, fragment.to_string())) {
                let detail = Detail { why: "the page has no such place".to_owned(), ..Detail::default() };
                findings.add(&rules::MISSING_FRAGMENTS, &format!("{url}#{fragment}"), &detail, &place(page, link))?;
            }
        }
        Ok(())
    }

    /// Judges what records of pages list nowhere, and was asked for all the same: parts of pages, and what headers name. Its
    /// own record says on which page it was found first, and no other place is known. Whether there is such a place.
    fn unlisted(&mut self, page: Page<'_>, findings: &Findings) -> Result<bool> {
        let Some(key) = self.keys.of(&page.url) else { return Ok(false) };
        if self.listed.as_ref().is_none_or(|listed| listed.contains(&key)) {
            return Ok(false);
        }
        let Some(on) = page.found_on() else {
            self.list(key);
            return Ok(false);
        };
        self.page(&on, findings)?;
        Ok(true)
    }

    /// Notes what a link leads to.
    fn list(&mut self, to: Key) {
        let Some(listed) = &mut self.listed else { return };
        if !listed.insert(to) {
            return;
        }
        for nth in self.answers.follow(to).hops {
            listed.extend(self.answers.redirect(nth).and_then(|redirect| self.keys.of(&redirect.to)));
        }
    }

    /// Whether a redirect on the way leads to a place by itself.
    fn goes_elsewhere(&mut self, to: Key) -> bool {
        if self.locations.is_empty() {
            return false;
        }
        let hops = self.answers.follow(to).hops;
        hops.iter().any(|nth| {
            let redirect = self.answers.redirect(*nth);
            redirect.and_then(|redirect| self.keys.of(&redirect.url)).is_some_and(|key| self.locations.contains(&key))
        })
    }
}

fn place(page: &Page<'_>, link: &Link<'_>) -> Place {
    let owned = |text: &Option<std::borrow::Cow<'_, str>>| text.as_deref().map(str::to_owned);
    Place {
        page: page.url.to_string(),
        line: link.line,
        column: link.column,
        found_by: owned(&link.found_by),
        text: owned(&link.text),
        written: owned(&link.written),
    }
}

/// Whether a reference names what no crawl asks for, as `mailto:`: that is no fault.
fn names_other_scheme(written: &str) -> bool {
    let Some((scheme, _)) = written.trim_start().split_once(':') else { return false };
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    is_scheme && !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https")
}
