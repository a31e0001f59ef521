//! A page that was read, and what comes of it in the outcome of its request.

use super::answered::redirects_to;
use super::extraction::{self, Extraction};
use crate::content::{self, Reader};
use crate::extract::Rules;
use crate::extracted::Extracted;
use crate::outcome::Outcome;
use crate::page::Page;
use crate::parse::{Input, Parsed, Parser};
use crate::readable::Readable;
use crate::request::Validators;
use crate::response::{Body, Response};
use crate::survey::Survey;
use crate::traps;
use crate::tree::PageTree;
use crate::unread::Reading;
use crate::url::{CrawlUrl, LinkKind, Target, UrlRules};
use crate::usage::{Statement, Usage};

/// What is read of pages beside their links.
#[derive(Debug, Clone, Default)]
pub(super) struct Reads {
    /// What is taken out of them; `None` for nothing.
    pub(super) extraction: Option<Extraction>,
    /// What gives their text; `None` when nobody asks for it.
    pub(super) reader: Option<Reader>,
    /// Whether outcomes tell what pages say: traps are to be found.
    pub(super) texts: bool,
    /// Whether pages are surveyed.
    pub(super) surveys: bool,
}

/// What is read of a page.
#[derive(Debug)]
pub(super) struct PageRead {
    pub(super) parsed: Parsed,
    /// What it says, numbers and dates aside; `None` when that was not read.
    pub(super) said: Option<u64>,
    pub(super) extracted: Option<Box<Extracted>>,
    /// What a person reads of it; `None` when nobody asks for that.
    pub(super) readable: Option<Box<Readable>>,
}

impl Reads {
    /// What settings ask for.
    pub(super) fn new(rules: Rules, url_rules: &UrlRules, content: content::Options) -> Self {
        let extraction = Extraction::new(rules, url_rules.clone());
        Self { extraction, reader: Reader::new(content, url_rules.clone()), texts: false, surveys: false }
    }

    /// How many rules there are.
    pub(super) fn rules(&self) -> usize {
        self.extraction.as_ref().map_or(0, Extraction::rules)
    }

    /// Reads a page: one tree serves all who need it.
    pub(super) fn read(&self, parser: &Parser, input: &Input<'_>) -> PageRead {
        let url = input.url;
        let (parsed, (said, extracted, readable)) = parser.parse_and(input, |text, encoding| {
            let tree = PageTree::new(text);
            let extracted = self.extraction.as_ref().and_then(|rules| rules.of_page(url, &tree, encoding));
            let readable = self.reader.as_ref().and_then(|reader| reader.read(url, &tree, encoding));
            (self.says(url).then(|| traps::said(text, url)), extracted, readable)
        });
        PageRead { parsed, said, extracted, readable }
    }

    /// Whether the text of a page is read for what it says.
    pub(super) fn says(&self, url: &CrawlUrl) -> bool {
        self.texts && traps::is_read(url)
    }
}

/// Takes a page into the outcome of its request.
pub(super) fn take(outcome: &mut Outcome, url: &CrawlUrl, read: PageRead) {
    let PageRead { mut parsed, said, extracted, readable } = read;
    let refresh = parsed.refresh.take();
    take_usage(outcome, std::mem::take(&mut parsed.usage));
    take_parsed(outcome, url, parsed);
    outcome.said = said;
    outcome.readable = readable;
    extraction::take(outcome, url, extracted);
    send_on(outcome, url, refresh);
}

pub(super) fn take_parsed(outcome: &mut Outcome, url: &CrawlUrl, parsed: Parsed) {
    let Page { title, description, lang, canonical, .. } = &parsed.page;
    let has_facts = [title, description, lang, canonical].iter().any(|fact| fact.is_some());
    outcome.reading = if has_facts || !parsed.links.is_empty() { Reading::Parsed } else { Reading::Nothing };
    if parsed.page.needs_script {
        tracing::debug!(%url, "this page has script and no link: what a script would put there is not seen");
        outcome.reading = Reading::NeedsScript;
    }
    outcome.bad_references = parsed.bad_references;
    outcome.links_left_out = parsed.links_left_out as u64;
    outcome.charset = Some(parsed.charset);
    outcome.page = Some(parsed.page);
    outcome.survey = parsed.survey;
    outcome.links = parsed.links;
}

/// A response of which nothing but the head is looked at.
pub(super) fn head_of(response: Response) -> Response {
    match response.body {
        Body::Read(_) => Response { body: Body::Unwanted, ..response },
        Body::Unwanted | Body::Failed(_) => response,
    }
}

/// What is left of an outcome that is only to say whether something is there: nothing is followed from it but a redirect.
pub(super) fn presence(mut outcome: Outcome) -> Outcome {
    outcome.links.retain(|link| link.kind == LinkKind::Redirect);
    (outcome.page, outcome.survey, outcome.links_left_out) = (None, None, 0);
    // What nobody has read cannot be carried over.
    outcome.validators = Validators::default();
    outcome.reading = Reading::Needless;
    outcome
}

/// What is kept of a redirect for those who check pages: that it leads to a place in a page.
pub(super) fn survey_of_redirect(response: &Response) -> Option<Box<Survey>> {
    let location = redirects_to(response).filter(|location| location.contains('#'))?;
    Some(Box::new(Survey { location: Some(location), ..Survey::default() }))
}

/// Takes what headers alone lead to, if anything.
pub(super) fn take_links(outcome: &mut Outcome, url: &CrawlUrl, parsed: Parsed) {
    if parsed.links.is_empty() {
        return;
    }
    outcome.page = Some(parsed.page);
    outcome.survey = parsed.survey;
    outcome.links_left_out = parsed.links_left_out as u64;
    outcome.links = parsed.links;
    send_on(outcome, url, parsed.refresh);
}

/// Takes what a page says of its use: behind what its headers say.
pub(super) fn take_usage(outcome: &mut Outcome, said: Vec<Statement>) {
    let mut statements = outcome.usage.take().map(|usage| usage.statements).unwrap_or_default();
    statements.extend(said);
    outcome.usage = Usage::of(statements);
}

/// Takes where a page sends its reader at once: as a redirect, so that an endless chain of such pages ends as one of
/// redirects does.
pub(super) fn send_on(outcome: &mut Outcome, url: &CrawlUrl, refresh: Option<Target>) {
    let Some(target) = refresh else { return };
    outcome.respelled = respelled(url, &target, false);
    let mut links = outcome.links.iter_mut();
    if let Some(link) = links.find(|link| link.kind == LinkKind::Follow && link.target.key() == target.key()) {
        link.kind = LinkKind::Redirect;
    }
}

/// What a redirect to the page that redirects is to be followed as. To be asked in the same words again is worth it only
/// to who got a cookie for it.
pub(super) fn respelled(url: &CrawlUrl, target: &Target, with_cookie: bool) -> Option<Box<CrawlUrl>> {
    match target {
        Target::Url(to) if to.key() == url.key() && (with_cookie || to.as_str() != url.as_str()) => {
            Some(Box::new(to.clone()))
        }
        _ => None,
    }
}
