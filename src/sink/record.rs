//! The record: what is known of one URL that was requested.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Options;
use crate::for_update::{Carried, ForUpdate};
use crate::outcome::{Failure, Outcome, OutcomeKind};
use crate::page::{LinkDetail, Page};
use crate::readable::Readable;
use crate::url::CrawlUrl;
use crate::usage::Usage;

/// One line of `pages.jsonl`: one URL that was requested, and what came of it.
///
/// The fields are written in this order; what does not apply is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[non_exhaustive]
pub struct Record {
    /// The URL as it was requested, absolute, without fragment and credentials.
    #[schemars(extend("format" = "uri"))]
    pub url: Arc<str>,
    /// What came of it.
    pub outcome: OutcomeKind,
    /// The HTTP status. Absent when there was no complete response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 100, max = 999))]
    pub status: Option<u16>,
    /// The least number of links from a seed.
    pub depth: u32,
    /// The URL of the page on which this one was found first at that depth. Absent for seeds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "uri"))]
    pub referrer: Option<Arc<str>>,
    /// Where a redirect leads, absolute; of a URL that redirected to another spelling of itself, what was asked for last.
    /// Absent when nothing redirected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "uri"))]
    pub location: Option<Arc<str>>,
    /// Why there is no complete response. Absent when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
    /// How often the URL was requested until this came of it, the retries included. 0 when its host was given up before.
    pub attempts: u32,
    /// When the last request was sent: RFC 3339 with milliseconds, UTC.
    #[serde(with = "milliseconds")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub fetched_at: jiff::Timestamp,
    /// From sending the last request to the end of its response, in milliseconds.
    pub elapsed_ms: u64,
    /// The media type of the body, lower case, without parameters. Absent when there was no complete response or it named none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// The charset that the body was decoded with. Absent when none was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charset: Option<Cow<'static, str>>,
    /// The length of the body in bytes, after decompression. Absent when no body was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// The hash of the body after decompression, in hexadecimal, with its algorithm as prefix (`blake3:…`). Absent when
    /// no body was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_hash: Option<String>,
    /// The text of `<title>`. Absent when the outcome is not `ok`, or the body is not HTML or has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The description from `<meta>`. Absent when the outcome is not `ok`, or the body is not HTML or has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The `lang` of `<html>`. Absent when the outcome is not `ok`, or the body is not HTML or has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lang: Option<String>,
    /// The absolute URL of `<link rel=canonical>`. Absent when the outcome is not `ok`, or the body is not HTML or has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canonical: Option<String>,
    /// The absolute http and https URLs that the page links to, in its order, each once. Absent when the outcome
    /// is neither `ok` nor a redirect without a target, the body is not HTML, or with `links = false` in `[output]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub links: Option<Vec<Arc<str>>>,
    /// What each of `links` is, in the same order: its kind, what names it first, its text and its `rel`. Absent unless
    /// `link_details = true` in `[parse]`, or `links` is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_details: Option<Vec<LinkDetail>>,
    /// How many links of the page are not in `links`: those beyond `output.max_link_bytes` are followed all the same,
    /// those beyond `parse.max_links` and `parse.max_link_bytes` are not. Absent when none is left out, or `links` is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub links_left_out: Option<u64>,
    /// What a person reads of the page. Absent when `[content]` asks for nothing, or nothing was parsed as HTML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Box<Readable>>,
    /// What the site says that the page may be used for, in robots.txt, headers and the page: each use with its answer, and
    /// the lines that say it. Absent when nothing is said, and when the outcome is neither `ok` nor
    /// `payment_required`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Box<Usage>>,
    /// What `[[extract]]` asks for, by the names that it gives, in their order; `null`, or an empty list, for what is not
    /// there. Absent when no such rule is for the page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<Map<String, Value>>,
    /// The rules whose required value is missing on the page: `price`, or `products.title` for items. Absent when none is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// The `ETag` of the response, as it was sent: `--update` asks by it whether the page has changed. Absent when the outcome
    /// is not `ok`, or there is none, or none that could be sent back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// The `Last-Modified` of the response, as it was sent. Absent as `etag` is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
    /// Why what this says of the page was taken over from the record of an earlier crawl, by `--update`: the host says that
    /// it has not changed, or it was not asked. Absent when the page was read in this crawl.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carried: Option<Carried>,
    /// What the next `--update` has to know of the page beside this: for this program alone, its form may change with any
    /// version. Absent when the record says all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Value")]
    pub for_update: Option<Box<ForUpdate>>,
}

impl Record {
    /// The record of a URL: how it was reached, and what came of it. Moves the page and the texts out of the outcome;
    /// what the crawl needs to go on (its kind, its status, [`Outcome::links`]) stays there.
    pub fn new(
        url: &CrawlUrl,
        depth: u32,
        referrer: Option<Arc<str>>,
        attempts: u32,
        outcome: &mut Outcome,
        options: &Options,
    ) -> Self {
        let is_page = outcome.page.is_some();
        let mut page = outcome.page.take().unwrap_or_default();
        let lists_links = is_page && options.links;
        let not_listed = outcome.links_left_out + cut(&mut page, options.max_link_bytes);
        let extracted = outcome.extracted.as_mut();
        let (fields, missing) =
            extracted.map(|found| (found.fields.take(), std::mem::take(&mut found.missing))).unwrap_or_default();
        Self {
            url: url.to_shared(),
            outcome: outcome.kind,
            status: outcome.status,
            depth,
            referrer,
            location: outcome.location.take(),
            error: outcome.failure.take(),
            attempts,
            fetched_at: outcome.fetched_at,
            elapsed_ms: u64::try_from(outcome.elapsed.as_millis()).unwrap_or(u64::MAX),
            content_type: outcome.content_type.take(),
            charset: outcome.charset.map(Cow::Borrowed),
            bytes: outcome.bytes,
            content_hash: outcome.content_hash.take(),
            title: page.title,
            description: page.description,
            lang: page.lang,
            canonical: page.canonical,
            links: lists_links.then_some(page.links),
            link_details: page.link_details.filter(|_| lists_links),
            links_left_out: Some(not_listed).filter(|count| lists_links && *count > 0),
            content: outcome.readable.take(),
            usage: outcome.usage.take(),
            fields,
            missing,
            etag: outcome.validators.etag.take(),
            last_modified: outcome.validators.last_modified.take(),
            carried: outcome.carried,
            for_update: outcome.for_update.take(),
        }
    }
}

/// Cuts the links of a page to so many bytes of JSON, with what is said of them; how many are cut off.
fn cut(page: &mut Page, max: u64) -> u64 {
    let Page { links, link_details, .. } = page;
    if let Some(details) = link_details {
        return cut_details(links, details, max);
    }
    // Each has quotes and a comma; in a URL only a backslash is escaped.
    let least: u64 = links.iter().map(|link| link.len() as u64 + 3).sum();
    if least.saturating_mul(2) <= max {
        return 0;
    }
    let mut length = 0;
    let fitting = links.iter().take_while(|link| {
        let escapes = link.bytes().filter(|byte| *byte == b'\\').count();
        length += (link.len() + escapes) as u64 + 3;
        length <= max
    });
    let fitting = fitting.count();
    let cut = links.len() - fitting;
    links.truncate(fitting);
    links.shrink_to_fit();
    cut as u64
}

fn cut_details(links: &mut Vec<Arc<str>>, details: &mut Vec<LinkDetail>, max: u64) -> u64 {
    let json = |value: serde_json::Result<String>| value.map_or(0, |text| text.len() as u64 + 1);
    let mut length = 0;
    let fitting = links.iter().zip(details.iter()).take_while(|(link, detail)| {
        length += json(serde_json::to_string(link)) + json(serde_json::to_string(detail));
        length <= max
    });
    let fitting = fitting.count();
    let cut = links.len() - fitting;
    links.truncate(fitting);
    details.truncate(fitting);
    cut as u64
}

/// RFC 3339 in UTC with three decimals.
mod milliseconds {
    use std::borrow::Cow;

    use jiff::Timestamp;
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(timestamp: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("{timestamp:.3}"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        Cow::<'_, str>::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Duration;

    use super::*;
    use crate::mention::Kind;
    use crate::outcome::FailureKind;
    use crate::url::UrlRules;

    pub(in crate::sink) fn url(text: &str) -> CrawlUrl {
        UrlRules::new(4096).parse(text).unwrap()
    }

    /// A record of a page with everything that a page can have.
    pub(in crate::sink) fn page(text: &str, depth: u32, referrer: Option<&str>) -> Record {
        let time = "2025-01-02T03:04:05.6Z".parse().unwrap();
        let mut outcome = Outcome::new(OutcomeKind::Ok, time, Duration::from_micros(12_999));
        outcome.status = Some(200);
        outcome.content_type = Some("text/html".to_owned());
        outcome.charset = Some("UTF-8");
        outcome.bytes = Some(1234);
        outcome.content_hash = Some("blake3:00ff".to_owned());
        outcome.page = Some(Page {
            title: Some("\"A\"\n\\ \u{1b}[31m ツ".to_owned()),
            description: Some(",\"depth\":7,\"referrer\":\"x\"".to_owned()),
            lang: Some("en".to_owned()),
            canonical: Some("http://e.com/".to_owned()),
            needs_script: false,
            links: vec!["http://e.com/a".into(), "http://e.com/b".into()],
            link_details: None,
        });
        Record::new(&url(text), depth, referrer.map(Into::into), 1, &mut outcome, &Options::default())
    }

    fn json(record: &Record) -> String {
        serde_json::to_string(record).unwrap()
    }

    #[test]
    fn a_page_has_all_fields_in_their_order() {
        insta::assert_snapshot!(json(&page("http://e.com/ü?a\\b", 2, Some("http://e.com/"))), @r#"{"url":"http://e.com/%C3%BC?a\\b","outcome":"ok","status":200,"depth":2,"referrer":"http://e.com/","attempts":1,"fetched_at":"2025-01-02T03:04:05.600Z","elapsed_ms":12,"content_type":"text/html","charset":"UTF-8","bytes":1234,"content_hash":"blake3:00ff","title":"\"A\"\n\\ \u001b[31m ツ","description":",\"depth\":7,\"referrer\":\"x\"","lang":"en","canonical":"http://e.com/","links":["http://e.com/a","http://e.com/b"]}"#);
    }

    #[test]
    fn what_does_not_apply_is_left_out() {
        let time = jiff::Timestamp::UNIX_EPOCH;
        let failure = Failure::new(FailureKind::Dns, "no address");
        let mut outcome = Outcome::failed(failure, time, Duration::ZERO);
        let record = Record::new(&url("http://e.com/"), 0, None, 3, &mut outcome, &Options::default());
        insta::assert_snapshot!(json(&record), @r#"{"url":"http://e.com/","outcome":"failed","depth":0,"error":{"kind":"dns","message":"no address"},"attempts":3,"fetched_at":"1970-01-01T00:00:00.000Z","elapsed_ms":0}"#);

        let mut outcome = Outcome::new(OutcomeKind::Redirect, time, Duration::ZERO);
        outcome.status = Some(301);
        outcome.location = Some("http://www.e.com/".into());
        let record = Record::new(&url("http://e.com/"), 0, None, 1, &mut outcome, &Options::default());
        insta::assert_snapshot!(json(&record), @r#"{"url":"http://e.com/","outcome":"redirect","status":301,"depth":0,"location":"http://www.e.com/","attempts":1,"fetched_at":"1970-01-01T00:00:00.000Z","elapsed_ms":0}"#);
    }

    #[test]
    fn links_are_there_for_html_unless_switched_off() {
        let links = |page: Option<Page>, links: bool| {
            let mut outcome = Outcome::new(OutcomeKind::Ok, jiff::Timestamp::UNIX_EPOCH, Duration::ZERO);
            outcome.page = page;
            let options = Options { links, ..Options::default() };
            Record::new(&url("http://e.com/"), 0, None, 1, &mut outcome, &options).links
        };
        assert_eq!(links(Some(Page::default()), true), Some(Vec::new()));
        assert_eq!(links(Some(Page::default()), false), None);
        assert_eq!(links(None, true), None);
    }

    #[test]
    fn links_beyond_their_bytes_are_counted() {
        let record = |texts: &[&str], left_out, max_link_bytes| {
            let mut outcome = Outcome::new(OutcomeKind::Ok, jiff::Timestamp::UNIX_EPOCH, Duration::ZERO);
            outcome.page = Some(Page { links: texts.iter().map(|text| (*text).into()).collect(), ..Page::default() });
            outcome.links_left_out = left_out;
            let options = Options { max_link_bytes, ..Options::default() };
            let record = Record::new(&url("http://e.com/"), 0, None, 1, &mut outcome, &options);
            (record.links.unwrap().len(), record.links_left_out)
        };
        let three = ["http://e.com/a", "http://e.com/b", "http://e.com/c"];
        assert_eq!(record(&three, 0, 51), (3, None));
        assert_eq!(record(&three, 0, 50), (2, Some(1)));
        assert_eq!(record(&three, 5, 50), (2, Some(6)), "with those that the parser has left out");
        assert_eq!(record(&three, 5, 1 << 20), (3, Some(5)));
        assert_eq!(record(&three, 0, 0), (0, Some(3)));
        assert_eq!(
            record(&["http://e.com/?\\\\", "http://e.com/"], 0, 36),
            (1, Some(1)),
            "a backslash takes two bytes"
        );
    }

    #[test]
    fn what_is_said_of_links_is_cut_with_them() {
        let record = |max_link_bytes| {
            let mut outcome = Outcome::new(OutcomeKind::Ok, jiff::Timestamp::UNIX_EPOCH, Duration::ZERO);
            let detail = |url: &str| LinkDetail {
                url: url.into(),
                kind: Kind::Page,
                found_by: "<a href>".to_owned(),
                text: Some("\"A\"".into()),
                rel: None,
            };
            let links = ["http://e.com/a", "http://e.com/b"];
            let (links, details) = (links.map(Into::into).to_vec(), links.map(detail).to_vec());
            outcome.page = Some(Page { links, link_details: Some(details), ..Page::default() });
            let options = Options { max_link_bytes, ..Options::default() };
            Record::new(&url("http://e.com/"), 0, None, 1, &mut outcome, &options)
        };
        let of = |record: &Record| (record.links.as_ref().unwrap().len(), record.link_details.as_ref().unwrap().len());
        let all = record(1 << 20);
        insta::assert_snapshot!(serde_json::to_string(&all.link_details.as_ref().unwrap()[0]).unwrap(), @r#"{"url":"http://e.com/a","kind":"page","found_by":"<a href>","text":"\"A\""}"#);
        assert_eq!((of(&all), all.links_left_out), ((2, 2), None));
        assert_eq!((of(&record(150)), record(150).links_left_out), ((1, 1), Some(1)));
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let record = page("http://e.com/a", 1, Some("http://e.com/"));
        assert_eq!(serde_json::from_str::<Record>(&json(&record)).unwrap(), record);
        let least = r#"{"url":"http://e.com/","outcome":"ok","status":null,"depth":0,"attempts":1,"fetched_at":"1970-01-01T00:00:00.000Z","elapsed_ms":0}"#;
        assert_eq!(serde_json::from_str::<Record>(least).unwrap().status, None);
    }

    #[test]
    fn the_schema_requires_what_is_never_absent() {
        let schema = schemars::schema_for!(Record);
        let required = schema.get("required").unwrap();
        assert_eq!(required, &serde_json::json!(["url", "outcome", "depth", "attempts", "fetched_at", "elapsed_ms"]));
        let fields: Vec<_> = schema.get("properties").unwrap().as_object().unwrap().values().collect();
        assert_eq!(fields.len(), 29);
        assert!(fields.iter().all(|field| field.get("description").is_some()), "each field is described");
    }
}
