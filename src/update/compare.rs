//! Compare: what of a page is not what it was, by its records.

use std::collections::HashSet;
use std::sync::Arc;

use crate::change::{Change, ChangeKind, What};
use crate::extracted::Item;
use crate::outcome::OutcomeKind;
use crate::sink::Record;
use crate::usage::{Place, Statement};

/// A page of a crawl: its record, and the items that were found in it.
pub(super) type Page = (Record, Vec<Item>);

/// What has become of a page that was asked for in both crawls, but for where it has moved to.
pub(super) fn compare(before: &Page, now: &Page) -> Change {
    let (old, new) = (&before.0, &now.0);
    let mut change = Change::new(Arc::clone(&old.url), kind(old, new));
    change.status = new.status;
    change.status_before = old.status.filter(|status| Some(*status) != new.status);
    if matches!(change.kind, ChangeKind::Unchanged | ChangeKind::Moved) {
        say_what(&mut change, before, now);
        if change.kind == ChangeKind::Moved {
            // What a redirect says is nothing that the page has said.
            (change.what, change.links_removed, change.fields) = (Vec::new(), Vec::new(), Vec::new());
        } else if !change.what.is_empty() {
            change.kind = ChangeKind::Changed;
        }
    }
    change.carried = new.carried.filter(|_| change.kind == ChangeKind::Unchanged);
    change
}

/// What has become of it by how the requests have ended; unchanged as long as nothing else speaks against it.
fn kind(old: &Record, new: &Record) -> ChangeKind {
    let is_gone = |record: &Record| matches!(record.status, Some(404 | 410));
    match (old.outcome, new.outcome) {
        _ if is_failed(new) => ChangeKind::Failed,
        (OutcomeKind::Ok, OutcomeKind::HttpError) if is_gone(new) => ChangeKind::Gone,
        (OutcomeKind::Ok, OutcomeKind::Redirect) if is_permanent(new) => ChangeKind::Moved,
        _ => ChangeKind::Unchanged,
    }
}

/// Whether the answer, or that there was none, says nothing of the page.
pub(super) fn is_failed(record: &Record) -> bool {
    let says_nothing = record.status.is_some_and(crate::outcome::says_nothing);
    record.outcome == OutcomeKind::Failed || (record.outcome == OutcomeKind::HttpError && says_nothing)
}

/// Whether a redirect says that the page is elsewhere from now on (RFC 9110, sections 15.4.2 and 15.4.9).
pub(super) fn is_permanent(record: &Record) -> bool {
    record.outcome == OutcomeKind::Redirect && matches!(record.status, Some(301 | 308))
}

/// Says what of a page is not what it was.
pub(super) fn say_what(change: &mut Change, before: &Page, now: &Page) {
    let ((old, old_items), (new, new_items)) = (before, now);
    let mut say = |what: What, is_other: bool| {
        if is_other {
            change.what.push(what);
        }
        is_other
    };
    let ok_before = old.outcome == OutcomeKind::Ok;
    say(What::Status, (old.outcome, old.status) != (new.outcome, new.status));
    say(What::Location, old.location != new.location && new.outcome == OutcomeKind::Redirect && !ok_before);
    if new.outcome != OutcomeKind::Ok || !ok_before {
        return;
    }
    say(What::Title, old.title != new.title);
    let metadata = |record: &Record| {
        (record.description.clone(), record.lang.clone(), record.canonical.clone(), record.content_type.clone())
    };
    say(What::Metadata, metadata(old) != metadata(new));
    if let (Some(was), Some(is)) = (&old.content, &new.content)
        && say(What::Text, was.text_hash != is.text_hash)
    {
        change.distance = was.simhash.zip(is.simhash).map(|(was, is)| (was ^ is).count_ones());
    }
    let mut say = |what: What, is_other: bool| {
        if is_other {
            change.what.push(what);
        }
    };
    change.fields = other_fields(old, new);
    say(What::Fields, !change.fields.is_empty());
    say(What::Items, old_items != new_items);
    let none = Vec::new();
    let (was, is) = (old.links.as_ref().unwrap_or(&none), new.links.as_ref().unwrap_or(&none));
    (change.links_added, change.links_removed) = (not_in(is, was), not_in(was, is));
    say(What::Links, !(change.links_added.is_empty() && change.links_removed.is_empty()));
    say(What::Usage, of_page(old) != of_page(new));
    if old.content_hash != new.content_hash && change.what.is_empty() {
        let is_text_known = old.content.is_some() && new.content.is_some();
        change.what.push(if is_text_known { What::Layout } else { What::Body });
    }
    // In one order, whatever was looked at first.
    change.what.sort_unstable();
}

/// The fields that have other values, in the order of the record that is newer.
fn other_fields(old: &Record, new: &Record) -> Vec<String> {
    let none = serde_json::Map::new();
    let (was, is) = (old.fields.as_ref().unwrap_or(&none), new.fields.as_ref().unwrap_or(&none));
    let others = is.iter().filter(|(name, value)| was.get(*name) != Some(*value)).map(|(name, _)| name);
    others.chain(was.keys().filter(|name| !is.contains_key(*name))).cloned().collect()
}

/// Those of some links that are not among others, in their order.
fn not_in(links: &[Arc<str>], others: &[Arc<str>]) -> Vec<Arc<str>> {
    if links == others {
        return Vec::new();
    }
    let others: HashSet<&Arc<str>> = others.iter().collect();
    links.iter().filter(|link| !others.contains(link)).cloned().collect()
}

/// What a page itself says of its use: what its site says would be a change of all its pages.
fn of_page(record: &Record) -> Vec<&Statement> {
    let statements = record.usage.iter().flat_map(|usage| &usage.statements);
    statements.filter(|statement| !matches!(statement.from, Place::RobotsTxt | Place::TdmFile)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn page(more: &Value) -> Page {
        let mut record = json!({
            "url": "http://e.com/", "outcome": "ok", "status": 200, "depth": 0, "attempts": 1,
            "fetched_at": "2025-01-01T00:00:00.000Z", "elapsed_ms": 1, "content_hash": "blake3:00",
            "title": "a", "links": ["http://e.com/1", "http://e.com/2"], "fields": {"price": 1, "name": "x"}
        });
        record.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        (serde_json::from_value(record).unwrap(), Vec::new())
    }

    /// What is said of a page, without its URL.
    #[expect(clippy::needless_pass_by_value, reason = "each is written where it is told of")]
    fn told(before: Value, now: Value) -> String {
        let line = serde_json::to_string(&compare(&page(&before), &page(&now))).unwrap();
        line.replace(r#""url":"http://e.com/","#, "")
    }

    fn content(text: &str, simhash: &str) -> Value {
        json!({"main": "body", "text_hash": text, "simhash": simhash})
    }

    #[test]
    fn each_change_is_told_by_its_word() {
        let nothing = || json!({});
        let told = |before, now| told(before, now).replace(r#","status":200"#, "");
        assert_eq!(told(nothing(), nothing()), r#"{"change":"unchanged"}"#);
        let later = json!({"fetched_at": "2026-01-01T00:00:00.000Z", "attempts": 3, "depth": 4, "etag": "\"2\""});
        assert_eq!(told(nothing(), later), r#"{"change":"unchanged"}"#);
        assert_eq!(told(nothing(), json!({"title": "b"})), r#"{"change":"changed","what":["title"]}"#);
        assert_eq!(told(nothing(), json!({"content_hash": "blake3:01"})), r#"{"change":"changed","what":["body"]}"#);
        assert_eq!(told(nothing(), json!({"lang": "en"})), r#"{"change":"changed","what":["metadata"]}"#);
        let fields = json!({"fields": {"price": 2, "name": "x", "new": null}});
        assert_eq!(told(nothing(), fields), r#"{"change":"changed","what":["fields"],"fields":["price","new"]}"#);
        let links = json!({"links": ["http://e.com/3", "http://e.com/2"], "content_hash": "blake3:01"});
        assert_eq!(
            told(nothing(), links),
            r#"{"change":"changed","what":["links"],"links_added":["http://e.com/3"],"links_removed":["http://e.com/1"]}"#
        );
        let order = json!({"links": ["http://e.com/2", "http://e.com/1"]});
        assert_eq!(told(nothing(), order), r#"{"change":"unchanged"}"#);
    }

    #[test]
    fn text_is_told_apart_from_layout_where_it_is_known() {
        let page =
            |text: &str, simhash: &str, hash: &str| json!({"content": content(text, simhash), "content_hash": hash});
        let a = || page("blake3:aa", "00000000000000ff", "blake3:01");
        let layout = told(a(), page("blake3:aa", "00000000000000ff", "blake3:02"));
        assert_eq!(layout, r#"{"change":"changed","what":["layout"],"status":200}"#);
        let text = told(a(), page("blake3:bb", "00000000000000f0", "blake3:02"));
        assert_eq!(text, r#"{"change":"changed","what":["text"],"status":200,"distance":4}"#);
    }

    #[test]
    fn how_a_request_has_ended_decides_first() {
        let error = |status: u16| json!({"outcome": "http_error", "status": status, "title": null, "links": null});
        let to = |status: u16, to: &str| json!({"outcome": "redirect", "status": status, "location": to});
        let change = |before, now| serde_json::from_str::<Value>(&told(before, now)).unwrap()["change"].clone();
        let page = || json!({});
        assert_eq!(change(page(), error(404)), "gone");
        assert_eq!(change(page(), error(410)), "gone");
        assert_eq!(change(page(), error(503)), "failed");
        assert_eq!(change(page(), error(429)), "failed");
        assert_eq!(change(page(), error(403)), "changed");
        assert_eq!(change(error(404), error(404)), "unchanged");
        assert_eq!(change(error(404), page()), "changed");
        assert_eq!(change(page(), to(301, "http://e.com/b")), "moved");
        assert_eq!(change(page(), to(308, "http://e.com/b")), "moved");
        assert_eq!(change(page(), to(302, "http://e.com/b")), "changed");
        assert_eq!(change(to(301, "http://e.com/a"), to(301, "http://e.com/b")), "changed");
        assert_eq!(change(to(301, "http://e.com/a"), to(301, "http://e.com/a")), "unchanged");
        let failure = json!({"outcome": "failed", "status": null, "error": {"kind": "dns", "message": "no"}});
        assert_eq!(change(page(), failure), "failed");
    }
}
