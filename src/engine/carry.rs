//! Carry: what of a page its record does not say, kept for the next update; and the way back, from the record of an earlier
//! crawl to what its request would have come to.
//!
//! A page that has not changed has to lead on as if it had been read, or the update would be another crawl than a new one.
//! So what is kept is exact, and where it cannot be, that is what is kept: such a page is asked for anew.

use std::fmt::Write as _;
use std::iter::Peekable;
use std::slice::Iter;
use std::sync::Arc;
use std::time::Duration;

use encoding_rs::Encoding;

use crate::extracted::{Extracted, Findings, Item, Tally};
use crate::for_update::{Carried, ForUpdate};
use crate::mention::Mention;
use crate::outcome::{Outcome, OutcomeKind, SkipReason};
use crate::page::Page;
use crate::request::Validators;
use crate::sink::Record;
use crate::unread::{BadReferences, Reading};
use crate::url::{CrawlUrl, Link, LinkKind, Target, UrlRules};
use crate::usage::{Place, Usage};

/// Keeps what the next update has to know of a page that its host has validators for. `always`: of any page.
pub(super) fn keep(outcome: &mut Outcome, url: &CrawlUrl, always: bool) {
    let is_known = !outcome.validators.is_empty();
    if outcome.kind != OutcomeKind::Ok || outcome.status != Some(200) || !(is_known || always) {
        return;
    }
    let ForUpdate { head, fresh_until, read_at, seen, .. } =
        outcome.for_update.take().map(|kept| *kept).unwrap_or_default();
    let kept = ForUpdate { head, fresh_until, read_at, seen, ..unsaid(outcome, url) };
    // That nothing is missing is to be told from a page that nobody has looked at.
    outcome.for_update = (!is_known || kept != ForUpdate::default()).then(|| Box::new(kept));
}

/// Takes until when a page is fresh by the last answer to a request for it.
pub(super) fn freshen(outcome: &mut Outcome, fresh_until: Option<i64>) {
    if fresh_until.is_some() || outcome.for_update.is_some() {
        outcome.for_update.get_or_insert_default().fresh_until = fresh_until;
    }
}

/// What the record of a page does not say.
fn unsaid(outcome: &Outcome, url: &CrawlUrl) -> ForUpdate {
    let anew = ForUpdate { anew: true, ..ForUpdate::default() };
    let leads_to_itself = |link: &Link| link.kind == LinkKind::Redirect && link.target.key() == url.key();
    let omits = outcome.usage.as_ref().is_some_and(|usage| usage.omitted);
    if outcome.links_left_out > 0 || omits || outcome.links.iter().any(leads_to_itself) {
        return anew;
    }
    let listed = outcome.page.as_ref().map_or(&[][..], |page| &page.links);
    let Some(Written { runs: links, texts }) = Written::of(&outcome.links, listed) else { return anew };
    let bad = &outcome.bad_references;
    let mut kept = ForUpdate { links, texts, ..ForUpdate::default() };
    kept.bad = (bad.count > 0).then(|| (bad.count, bad.first.clone()));
    kept.reading = number_of(outcome.reading);
    kept.said = outcome.said.map(|said| format!("{said:x}"));
    if let Some(extracted) = &outcome.extracted {
        let applied = (0..).zip(&extracted.findings.rules).filter(|(_, tally)| tally.tried > 0);
        let rules = applied
            .map(|(number, tally)| [number, tally.tried, tally.found, tally.values, tally.missing, tally.type_errors]);
        (kept.rules, kept.items) = (rules.collect(), extracted.items.len() as u64);
    }
    kept
}

/// What an update has found of a page that it need not read again.
pub(super) struct Unchanged {
    /// The record of an earlier crawl.
    pub(super) record: Record,
    /// The items that were found in the page then.
    pub(super) items: Vec<Item>,
    /// How it is known that this still holds.
    pub(super) why: Carried,
}

impl Unchanged {
    /// What the request for the page would have come to. `rules`: how many rules the crawl has. `None` when that cannot be
    /// told.
    pub(super) fn outcome(
        self,
        urls: &UrlRules,
        rules: usize,
        fetched_at: jiff::Timestamp,
        elapsed: Duration,
    ) -> Option<Outcome> {
        let Self { record, items, why } = self;
        let mut outcome = Outcome::new(record.outcome, fetched_at, elapsed);
        let kept = record.for_update.unwrap_or_default();
        outcome.links = links(&kept, record.links.as_deref().unwrap_or_default(), urls)?;
        outcome.status = record.status;
        outcome.content_type = record.content_type;
        outcome.charset = match record.charset {
            Some(name) => Some(Encoding::for_label(name.as_bytes())?.name()),
            None => None,
        };
        (outcome.bytes, outcome.content_hash) = (record.bytes, record.content_hash);
        outcome.page = record.links.map(|links| Page {
            title: record.title,
            description: record.description,
            lang: record.lang,
            canonical: record.canonical,
            needs_script: kept.reading == number_of(Reading::NeedsScript),
            links,
            link_details: record.link_details,
        });
        outcome.readable = record.content;
        outcome.usage = record.usage.and_then(|usage| of_page(*usage));
        outcome.reading = reading_of(kept.reading)?;
        outcome.said = match &kept.said {
            Some(said) => Some(u64::from_str_radix(said, 16).ok()?),
            None => None,
        };
        if let Some((count, first)) = &kept.bad {
            outcome.bad_references = BadReferences { count: *count, first: first.clone() };
        }
        if record.fields.is_some() || !kept.rules.is_empty() || !items.is_empty() {
            let (fields, missing, findings) = (record.fields, record.missing, findings(&kept.rules, rules)?);
            outcome.extracted = Some(Box::new(Extracted { fields, items, follow: None, missing, findings }));
        }
        let mut validators = Validators::default();
        (validators.etag, validators.last_modified) = (record.etag, record.last_modified);
        outcome.validators = validators;
        let read_at = kept.read_at.or(Some(record.fetched_at.as_millisecond()));
        let (head, fresh_until, seen) = (kept.head.clone(), kept.fresh_until, kept.seen);
        outcome.for_update = Some(Box::new(ForUpdate { head, fresh_until, read_at, seen, ..ForUpdate::default() }));
        outcome.carried = Some(why);
        Some(outcome)
    }
}

/// What a page itself, and its headers, say of its use: what its site says may be another thing by now.
fn of_page(usage: Usage) -> Option<Box<Usage>> {
    let is_of_site = |place| matches!(place, Place::RobotsTxt | Place::TdmFile);
    Usage::of(usage.statements.into_iter().filter(|statement| !is_of_site(statement.from)).collect())
}

fn findings(tallies: &[[u64; 6]], rules: usize) -> Option<Findings> {
    let mut findings = Findings::new(rules);
    for [number, tried, found, values, missing, type_errors] in tallies.iter().copied() {
        let number = usize::try_from(number).ok()?;
        *findings.rules.get_mut(number)? = Tally { tried, found, values, missing, type_errors };
    }
    Some(findings)
}

/// The links of a page, written so that a reader of its record gets back all of them.
struct Written {
    /// `None` when they are those of the record, each an anchor to be followed.
    runs: Option<String>,
    /// Those that the record does not list.
    texts: Vec<String>,
}

impl Written {
    /// `None` when they cannot be written.
    fn of(links: &[Link], listed: &[Arc<str>]) -> Option<Self> {
        let is_plain = |(link, text): (&Link, &Arc<str>)| {
            matches!((&link.target, link.kind, link.mention), (Target::Url(_), LinkKind::Follow, Mention::Anchor))
                && Arc::ptr_eq(link.target.text(), text)
        };
        if links.len() == listed.len() && links.iter().zip(listed).all(is_plain) {
            return Some(Self { runs: None, texts: Vec::new() });
        }
        let (mut runs, mut texts, mut room) = (Runs::default(), Vec::new(), LONGEST_TEXTS);
        let (mut rest, mut looks) = (listed, 4 * listed.len() + 64);
        for link in links {
            let text = link.target.text();
            let at = match &link.target {
                Target::Url(_) => rest.iter().take(looks).position(|listed| listed == text),
                Target::Other { reason: SkipReason::TooLong, .. } => return None,
                Target::Other { .. } => None,
            };
            if let Some(at) = at {
                looks -= at;
                (0..at).for_each(|_| runs.push((SKIP, 0)));
                rest = rest.get(at + 1..)?;
                runs.push((letter(link.kind), link.mention.code()));
                continue;
            }
            if matches!(link.target, Target::Url(_)) {
                looks = looks.checked_sub(rest.len())?;
            }
            room = room.checked_sub(text.len())?;
            texts.push(text.to_string());
            runs.push((letter(link.kind).to_ascii_uppercase(), link.mention.code()));
        }
        Some(Self { runs: Some(runs.finish()), texts })
    }
}

/// Runs of what is the same, as text: a letter, a number, and how often.
#[derive(Default)]
struct Runs {
    text: String,
    last: Option<((char, u8), usize)>,
}

impl Runs {
    fn push(&mut self, next: (char, u8)) {
        match &mut self.last {
            Some((same, count)) if *same == next => *count += 1,
            _ => {
                self.write();
                self.last = Some((next, 1));
            }
        }
    }

    fn write(&mut self) {
        let Some(((letter, code), count)) = self.last.take() else { return };
        if !self.text.is_empty() {
            self.text.push(' ');
        }
        self.text.push(letter);
        // To a text, writing does not fail.
        let _ = if count == 1 { write!(self.text, "{code}") } else { write!(self.text, "{code}*{count}") };
    }

    fn finish(mut self) -> String {
        self.write();
        self.text
    }
}

/// The links of a page, from what was written of them. `None` when that makes no sense: somebody else may have changed it.
fn links(kept: &ForUpdate, listed: &[Arc<str>], urls: &UrlRules) -> Option<Vec<Link>> {
    let (mut listed_left, mut texts) = (listed.iter().peekable(), kept.texts.iter());
    let Some(runs) = &kept.links else {
        return listed.iter().map(|text| link(text, 'f', Mention::Anchor, urls)).collect();
    };
    let mut links = Vec::new();
    for run in runs.split_ascii_whitespace() {
        let (what, count) = run.split_once('*').unwrap_or((run, "1"));
        let mut letters = what.chars();
        let (letter, count) = (letters.next()?, count.parse::<usize>().ok()?);
        let mention = Mention::of_code(letters.as_str().parse().ok()?)?;
        for _ in 0..count {
            if letter == SKIP {
                listed_left.next()?;
            } else {
                links.push(next_link(letter, mention, &mut listed_left, &mut texts, urls)?);
            }
        }
    }
    Some(links)
}

fn next_link(
    letter: char,
    mention: Mention,
    listed: &mut Peekable<Iter<'_, Arc<str>>>,
    texts: &mut Iter<'_, String>,
    urls: &UrlRules,
) -> Option<Link> {
    if letter.is_ascii_uppercase() {
        return link(texts.next()?, letter.to_ascii_lowercase(), mention, urls);
    }
    link(listed.next()?, letter, mention, urls)
}

fn link(text: &str, letter: char, mention: Mention, urls: &UrlRules) -> Option<Link> {
    let kind = [LinkKind::Follow, LinkKind::Nofollow, LinkKind::Redirect, LinkKind::Part]
        .into_iter()
        .find(|kind| self::letter(*kind) == letter)?;
    let target = urls.absolute(text).filter(|target| &**target.text() == text)?;
    Some(Link { target, kind, mention, link_text: None })
}

fn letter(kind: LinkKind) -> char {
    match kind {
        LinkKind::Follow => 'f',
        LinkKind::Nofollow => 'n',
        LinkKind::Redirect => 'r',
        LinkKind::Part => 'p',
    }
}

/// How records write how far a body was read; nothing for what was.
fn number_of(reading: Reading) -> Option<u8> {
    match reading {
        Reading::Parsed => None,
        Reading::Needless => Some(0),
        Reading::LeftOut => Some(1),
        Reading::Nothing => Some(2),
        Reading::NeedsScript => Some(3),
    }
}

fn reading_of(number: Option<u8>) -> Option<Reading> {
    let all = [Reading::Parsed, Reading::Needless, Reading::LeftOut, Reading::Nothing, Reading::NeedsScript];
    all.into_iter().find(|reading| number_of(*reading) == number)
}

/// Stands for a link that the record lists and that leads nowhere.
const SKIP: char = 's';
/// How much is written of links that the record does not list, in bytes.
const LONGEST_TEXTS: usize = 16 << 10;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sink::Options;

    fn urls() -> UrlRules {
        UrlRules::new(2048)
    }

    fn any_link() -> impl Strategy<Value = (Link, bool)> {
        let kinds = prop_oneof![
            4 => Just(LinkKind::Follow),
            1 => Just(LinkKind::Nofollow),
            1 => Just(LinkKind::Redirect),
            1 => Just(LinkKind::Part)
        ];
        let texts = prop_oneof![
            6 => (0..30_u32).prop_map(|n| format!("http://e.com/{n}?q=%20a")),
            1 => (0..5_u32).prop_map(|n| format!("mailto:a{n}@e.com"))
        ];
        let mentions = prop_oneof![3 => Just(Mention::Anchor), 1 => Just(Mention::Area), 1 => Just(Mention::Feed)];
        (texts, kinds, mentions, any::<bool>()).prop_map(|(text, kind, mention, is_listed)| {
            let target = urls().absolute(&text).unwrap();
            (Link { target, kind, mention, link_text: None }, is_listed)
        })
    }

    fn shown(links: &[Link]) -> Vec<String> {
        let shown = links.iter().map(|link| {
            let key = link.target.key();
            format!("{} {key:?} {:?} {:?}", link.target.text(), link.kind, link.mention)
        });
        shown.collect()
    }

    proptest! {
        #[test]
        fn links_come_back_as_they_were(links in proptest::collection::vec(any_link(), 0..40), extra in any::<bool>()) {
            let mut listed: Vec<_> = links
                .iter()
                .filter(|(link, is_listed)| *is_listed && matches!(link.target, Target::Url(_)))
                .map(|(link, _)| Arc::clone(link.target.text()))
                .collect();
            if extra {
                listed.insert(0, "http://e.com/extra".into());
            }
            let links: Vec<_> = links.into_iter().map(|(link, _)| link).collect();
            if let Some(Written { runs, texts }) = Written::of(&links, &listed) {
                let kept = ForUpdate { links: runs, texts, ..ForUpdate::default() };
                let back = super::links(&kept, &listed, &urls()).unwrap();
                prop_assert_eq!(shown(&back), shown(&links));
            }
        }

        #[test]
        fn any_text_is_links_or_none(runs in "[fnrpsFNRP0-9* ]{0,30}", count in 0..4_usize) {
            let listed: Vec<Arc<str>> = (0..count).map(|n| format!("http://e.com/{n}").into()).collect();
            let kept = ForUpdate { links: Some(runs), ..ForUpdate::default() };
            if let Some(links) = super::links(&kept, &listed, &urls()) {
                prop_assert!(links.len() <= count);
            }
        }
    }

    fn page(links: Vec<Link>) -> Outcome {
        let mut outcome = Outcome::new(OutcomeKind::Ok, jiff::Timestamp::UNIX_EPOCH, Duration::ZERO);
        outcome.status = Some(200);
        outcome.validators.etag = Some("\"1\"".to_owned());
        outcome.reading = Reading::Parsed;
        let listed = links.iter().filter(|link| matches!(link.target, Target::Url(_)));
        outcome.page =
            Some(Page { links: listed.map(|link| Arc::clone(link.target.text())).collect(), ..Page::default() });
        outcome.links = links;
        outcome
    }

    fn plain(text: &str) -> Link {
        link(text, 'f', Mention::Anchor, &urls()).unwrap()
    }

    fn kept(outcome: &mut Outcome) -> Option<String> {
        let url = urls().parse("http://e.com/").unwrap();
        keep(outcome, &url, false);
        outcome.for_update.as_ref().map(|kept| serde_json::to_string(kept).unwrap())
    }

    #[test]
    fn nothing_is_kept_of_a_plain_page_and_little_of_others() {
        let links = || vec![plain("http://e.com/a"), plain("http://e.com/b")];
        assert_eq!(kept(&mut page(links())), None);
        let mut with_others = links();
        with_others.push(link("mailto:a@e.com", 'f', Mention::Anchor, &urls()).unwrap());
        with_others.push(link("http://e.com/c", 'n', Mention::Anchor, &urls()).unwrap());
        let said = kept(&mut page(with_others)).unwrap();
        assert_eq!(said, r#"{"links":"f0*2 F0 n0","texts":["mailto:a@e.com"]}"#);
        let mut unknown = page(links());
        unknown.validators = Validators::default();
        assert_eq!(kept(&mut unknown), None, "nobody could ask whether it has changed");
        let mut more = page(links());
        more.links_left_out = 1;
        assert_eq!(kept(&mut more).unwrap(), r#"{"anew":true}"#);
        let to_itself = vec![link("http://e.com/", 'r', Mention::Refresh, &urls()).unwrap()];
        assert_eq!(kept(&mut page(to_itself)).unwrap(), r#"{"anew":true}"#);
    }

    #[test]
    fn the_record_of_what_is_carried_over_is_that_of_the_page() {
        let url = urls().parse("http://e.com/").unwrap();
        let record = |mut outcome: Outcome| {
            keep(&mut outcome, &url, false);
            Record::new(&url, 0, None, 1, &mut outcome, &Options::default())
        };
        let mut read =
            page(vec![plain("http://e.com/a"), link("http://e.com/b", 'n', Mention::Area, &urls()).unwrap()]);
        (read.charset, read.bytes) = (Some("windows-1252"), Some(7));
        read.said = Some(u64::MAX);
        read.bad_references.note("http://[");
        let mut findings = Findings::new(3);
        findings.rules[1] = Tally { tried: 1, found: 1, values: 2, missing: 0, type_errors: 1 };
        read.extracted = Some(Box::new(Extracted { findings, ..Extracted::default() }));
        let first = record(read);
        let carried = |record: Record| {
            let unchanged = Unchanged { record, items: Vec::new(), why: Carried::NotModified };
            unchanged.outcome(&urls(), 3, jiff::Timestamp::UNIX_EPOCH, Duration::ZERO)
        };
        let outcome = carried(first.clone()).unwrap();
        assert_eq!(outcome.extracted.as_ref().unwrap().findings.rules[1].values, 2);
        assert_eq!((outcome.said, outcome.bad_references.count), (Some(u64::MAX), 1));
        let again = record(outcome);
        assert_eq!(again.carried, Some(Carried::NotModified));
        assert_eq!(again.for_update.as_ref().unwrap().read_at, Some(0));
        let mut read_again = Record { carried: None, ..again };
        read_again.for_update.as_mut().unwrap().read_at = None;
        assert_eq!(read_again, first);
        let mut broken = first;
        broken.for_update.as_mut().unwrap().rules = vec![[9, 1, 0, 0, 0, 0]];
        assert!(carried(broken).is_none(), "there is no such rule");
    }
}
