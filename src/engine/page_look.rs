//! The look at one page: from its response to the report on it.

use serde_json::Value;

use super::page_links::Verdicts;
use super::page_report::{HeaderShown, ItemsShown, MediaShown, PageReport, ReadAs, Selected, SkipShown};
use super::said_in_head::SaidInHead;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::extract::{self, Examined, Extract, Field, autopsy, examine};
use crate::media_type::MediaType;
use crate::outcome::{Outcome, OutcomeKind};
use crate::parse::{Explained, Input, Parser};
use crate::response::{Body, Response};
use crate::url::{CrawlUrl, UrlRules};

/// What a report is made of.
pub(super) struct Source<'a> {
    pub(super) url: &'a CrawlUrl,
    pub(super) outcome: Outcome,
    pub(super) response: Option<Response>,
    pub(super) config: &'a Config,
    pub(super) parser: &'a Parser,
    pub(super) rules: &'a UrlRules,
}

impl PageReport {
    pub(super) fn not_asked(&mut self, url: &CrawlUrl, why: SkipShown) {
        url.as_str().clone_into(&mut self.final_url);
        self.not_asked = Some(why);
    }

    pub(super) fn answered(&mut self, source: Source<'_>, verdicts: &Verdicts<'_>, selects: &[String]) -> Result<()> {
        let Source { url, mut outcome, response, config, parser, rules } = source;
        self.head(url, &mut outcome);
        let is_html = outcome.page.as_ref().is_some_and(|_| outcome.charset.is_some());
        let media_type = response.as_ref().and_then(|response| MediaType::extract(&response.headers));
        if let Some(response) = &response {
            self.media = Some(media(response, &outcome, media_type.as_ref(), is_html));
        }
        self.error = outcome.failure.take();
        self.usage = outcome.usage.take();
        if let Some(response) = response.as_ref().filter(|_| outcome.kind == OutcomeKind::Ok) {
            let body = response.body.bytes();
            let page = body.filter(|_| is_html).map_or(&b""[..], |body| body);
            let look = |text: &str, encoding| {
                // A page is one whatever type it was sent as.
                let content_type = media_type.as_ref().filter(|_| !is_html).map(MediaType::essence);
                look(config, selects, &extract::Input { url, text, content_type, encoding, url_rules: rules })
            };
            let looked = SaidInHead::of(&response.headers).with_texts(|robots_tags, link_headers, refresh_headers| {
                let media_type = media_type.as_ref();
                let input = Input { url, body: page, media_type, robots_tags, link_headers, refresh_headers };
                let explained = parser.explain(&input);
                self.links = outcome.links.iter().map(|link| verdicts.of_link(link, &explained)).collect();
                self.explained(explained, is_html);
                let (parsed, looked) = is_html.then(|| parser.parse_and(&input, look)).unzip();
                self.links_left_out = parsed.map_or(0, |parsed| parsed.links_left_out);
                looked.or_else(|| Some(look(&String::from_utf8_lossy(body?), encoding_rs::UTF_8)))
            });
            (self.rules, self.selected) = looked.transpose()?.unwrap_or_default();
        }
        self.charset = outcome.charset.map(str::to_owned);
        if let Some(page) = outcome.page {
            (self.title, self.description) = (page.title, page.description);
            (self.lang, self.canonical) = (page.lang, page.canonical);
        }
        self.content = outcome.readable;
        if let Some(extracted) = outcome.extracted {
            (self.fields, self.missing) = (extracted.fields, extracted.missing);
            self.troubles = extracted.findings.troubles;
            for item in extracted.items {
                match self.items.iter_mut().find(|items| *items.name == *item.name) {
                    Some(items) => items.items.push(item.value),
                    None => self.items.push(ItemsShown { name: item.name.to_string(), items: vec![item.value] }),
                }
            }
        }
        Ok(())
    }

    /// What is told of any answer.
    fn head(&mut self, url: &CrawlUrl, outcome: &mut Outcome) {
        url.as_str().clone_into(&mut self.final_url);
        self.outcome = Some(outcome.kind);
        self.status = outcome.status;
        self.elapsed_ms = u64::try_from(outcome.elapsed.as_millis()).ok();
        (self.bytes, self.content_hash) = (outcome.bytes, outcome.content_hash.take());
        if let Some(exchange) = outcome.exchange.take() {
            self.http = exchange.response.version.map(|version| format!("{version:?}"));
            self.headers = exchange
                .response
                .headers
                .iter()
                .map(|line| HeaderShown {
                    name: line.name().to_owned(),
                    value: String::from_utf8_lossy(line.value()).into_owned(),
                })
                .collect();
        }
    }

    fn explained(&mut self, explained: Explained, is_html: bool) {
        self.charset_from = is_html.then_some(explained.charset_from);
        self.base = explained.base;
        self.references_start_from = is_html.then_some(explained.references_start_from);
        self.directives = explained.directives;
    }
}

/// What the body is, and why it is read as that.
fn media(response: &Response, outcome: &Outcome, media_type: Option<&MediaType>, is_html: bool) -> MediaShown {
    let content_type = response.headers.get(http::header::CONTENT_TYPE);
    let content_type = content_type.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let media_type = media_type.filter(|known| !known.is_unknown());
    let has_type = media_type.is_some();
    let is_sent_as_html = media_type.is_some_and(|known| crate::media_type::is_html(known.essence()));
    let (read_as, why) = match &response.body {
        Body::Unwanted => (ReadAs::NotFetched, "content_types in [fetch] does not name its type"),
        Body::Failed(_) => (ReadAs::NotFetched, "the body did not come, or not whole"),
        Body::Read(_) if outcome.kind == OutcomeKind::Redirect => (ReadAs::Nothing, "it is a redirect"),
        Body::Read(_) if matches!(outcome.kind, OutcomeKind::HttpError | OutcomeKind::PaymentRequired) => {
            (ReadAs::Nothing, "only responses with a status of 2xx are read")
        }
        Body::Read(_) if is_html && has_type && !is_sent_as_html => (ReadAs::Html, "it is XML that holds XHTML"),
        Body::Read(_) if is_html && has_type => (ReadAs::Html, "its type is HTML"),
        Body::Read(_) if is_html => (ReadAs::Html, "it has no type, and begins as HTML does"),
        Body::Read(_) if outcome.failure.is_some() => (ReadAs::Nothing, "it could not be parsed"),
        Body::Read(_) if outcome.extracted.is_some() => (ReadAs::Json, "its type is JSON, and rules are for it"),
        Body::Read(_) if has_type => (ReadAs::Nothing, "its type is not HTML, and no rule is for it"),
        Body::Read(_) => (ReadAs::Nothing, "it has no type, and does not begin as HTML does"),
    };
    MediaShown { content_type, read_as, why: why.to_owned() }
}

fn look(config: &Config, selects: &[String], input: &extract::Input<'_>) -> Result<(Vec<Examined>, Vec<Selected>)> {
    let usage = |faults: extract::Faults| Error::Usage(faults.to_string());
    let rules = extract::Options {
        extract: config.extract.clone(),
        items: config.items.clone(),
        follow: config.follow.clone(),
    };
    let examined = examine(&rules, input).map_err(usage)?;
    let mut selected = Vec::new();
    for select in selects {
        let rule = examine(&options_of(select), input).map_err(usage)?;
        let rule = rule.into_iter().flat_map(|table| table.rules).next();
        let values = rule.as_ref().and_then(|rule| rule.value.as_array().cloned()).unwrap_or_default();
        selected.push(Selected { select: select.clone(), values, rule });
    }
    Ok((examined, selected))
}

/// A selector or a path as a rule.
fn options_of(select: &str) -> extract::Options {
    let table = Extract::on::<&str>([]).field("select", Field::from(select).all());
    extract::Options { extract: vec![table], ..extract::Options::default() }
}

/// The rules that selectors and paths are.
pub(super) fn rules_of(selects: &[String]) -> Result<extract::Rules> {
    let mut all = extract::Options::default();
    for select in selects {
        all.extract.extend(options_of(select).extract);
    }
    extract::Rules::new(&all).map_err(|faults| Error::Usage(faults.to_string()))
}

/// Whether a text is a selector or a path at all.
pub(super) fn check_select(select: &str) -> Result<()> {
    let checked = if select.starts_with('$') {
        autopsy::of_path(&Value::Null, select).map(drop)
    } else {
        let nothing = crate::tree::Document::parse("", crate::tree::Bounds::default());
        autopsy::of_selector(&nothing, None, select, autopsy::Wanted::default()).map(drop)
    };
    checked.map_err(|wrong| {
        let notes = [("allowed", &wrong.allowed), ("help", &wrong.help)];
        let notes: String =
            notes.iter().filter_map(|(name, note)| Some(format!("\n = {name}: {}", note.as_deref()?))).collect();
        Error::Usage(format!("--select {select}: {}{notes}", wrong.found))
    })
}
