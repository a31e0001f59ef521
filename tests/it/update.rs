//! `--update`: a finished crawl is crawled anew, what has not changed is not sent again, and what has is told.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::cli::Run;
use crate::support::{Crawl, Crawled, Living, Page, words};

const RULES: &str = "[[extract]]\n[extract.fields]\nprice = { css = 'meta[name=price]', attr = 'content' }\n";

/// A page of some 20 KB with a price, a text and links.
pub(crate) fn page(name: &str, price: u32, text: &str, links: &[String]) -> String {
    let links: Vec<_> = links.iter().map(|to| format!("<a href='{to}'>to</a>")).collect();
    let links = links.join(" ");
    let head = format!("<title>{name}</title><meta name=price content={price}>");
    let padding = words(&format!("padding {name}"), 19_000);
    format!(
        "<!doctype html><html lang=en><head>{head}</head><body><p>{text}</p>{links}<!-- {padding} --></body></html>"
    )
}

pub(crate) fn path(n: usize) -> String {
    let letters: String =
        (0..3).map(|at| char::from(b'a' + u8::try_from(n / 26_usize.pow(at) % 26).unwrap())).collect();
    format!("/{letters}")
}

/// A home page that links to so many pages, each of which links to two others.
pub(crate) fn site(pages: usize) -> BTreeMap<String, Page> {
    let all: Vec<_> = (0..pages).map(path).collect();
    let mut site: BTreeMap<_, _> = (0..pages)
        .map(|n| {
            let links = [path((n + 1) % pages), path((n + 7) % pages)];
            (path(n), Page::Html(page(&path(n), 5, &words(&path(n), 600), &links)))
        })
        .collect();
    site.insert("/".to_owned(), Page::Html(page("home", 0, "home", &all)));
    site
}

/// Fifty edits: ten each of a text, a field, a link, a page that is gone, and one that has moved.
fn edit(site: &mut BTreeMap<String, Page>, pages: usize) {
    for n in (0..pages).step_by(pages / 50).take(50) {
        let (links, text) = ([path((n + 1) % pages), path((n + 7) % pages)], words(&path(n), 600));
        let html = |price, text: &str, links: &[String]| Page::Html(page(&path(n), price, text, links));
        let now = match n * 50 / pages % 5 {
            0 => html(5, &text.replacen(' ', " another ", 1), &links),
            1 => html(6, &text, &links),
            2 => html(5, &text, &[links.as_slice(), &[path((n + 30) % pages)]].concat()),
            3 => Page::Status(404),
            _ => {
                let there = format!("/moved{}", path(n));
                let same = site.get(&path(n)).cloned().unwrap();
                site.insert(there.clone(), same);
                Page::To(301, there)
            }
        };
        site.insert(path(n), now);
    }
}

pub(crate) fn crawl(seed: &str) -> Crawl {
    Crawl::of(seed).toml(RULES).flag("--text")
}

pub(crate) fn changes(crawled: &Crawled) -> Vec<Value> {
    let lines = fs::read_to_string(crawled.path("crawl/changes.jsonl")).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// How many lines say each.
pub(crate) fn told(crawled: &Crawled) -> BTreeMap<String, usize> {
    let mut told = BTreeMap::new();
    for line in changes(crawled) {
        let what: Vec<_> = line["what"].as_array().into_iter().flatten().map(|what| what.as_str().unwrap()).collect();
        *told.entry(format!("{} {}", line["change"].as_str().unwrap(), what.join(" "))).or_insert(0) += 1;
    }
    told
}

#[track_caller]
pub(crate) fn assert_sound(crawled: &Crawled) {
    let verified = Run::new(&crawled.path(""), &["verify"]);
    assert_eq!(verified.code, 0, "{}{}", verified.stdout, verified.stderr);
    let update = &crawled.summary["update"];
    let sum: u64 = ["new", "changed", "moved", "gone", "unchanged", "failed"]
        .iter()
        .map(|name| update[name].as_u64().unwrap())
        .sum();
    assert_eq!((sum, changes(crawled).len() as u64), (update["pages"].as_u64().unwrap(), sum), "{update}");
    assert!(!crawled.path("crawl/next").exists(), "nothing of the update is left beside");
}

/// Records without what is of one run only.
pub(crate) fn comparable(records: &[Value]) -> Vec<Value> {
    let mut records = records.to_vec();
    for record in &mut records {
        for of_run in ["fetched_at", "elapsed_ms", "carried", "for_update"] {
            record.as_object_mut().unwrap().remove(of_run);
        }
    }
    records
}

/// The fifty edits are told, nothing else is, for a twentieth of the bytes; and so when the update is killed on its way.
#[test]
fn fifty_edits_of_a_thousand_pages_are_told_and_nothing_else_is() {
    let living = Living::new(site(1000));
    let server = living.serve();
    let first = crawl(&server.url("/")).run();
    first.assert_code(0);
    assert_eq!(first.records.len(), 1001);
    let (whole, _) = living.take_sent();
    living.edit(|site| edit(site, 1000));
    let killed = crawl(&server.url("/")).flag("--update").on(&first).start();
    server.wait_for("300 pages of the update", |log| log.arrivals.len() > 1300);
    let killed = killed.kill();
    assert_eq!(killed.signal, Some(9));
    let before = fs::read_to_string(killed.path("crawl/pages.jsonl")).unwrap();
    assert_eq!(before.lines().count(), 1001, "the crawl before stays until the update is whole");

    let second = crawl(&server.url("/")).flag("--update").arg("--fail-on", "changes").on(&killed).run();
    second.assert_code(5);
    assert_sound(&second);
    let expected = [
        ("changed text", 10),
        ("changed fields", 10),
        ("changed text links", 10),
        ("gone ", 10),
        ("moved ", 10),
        ("unchanged ", 951),
    ];
    assert_eq!(told(&second), expected.map(|(what, count)| (what.to_owned(), count)).into());
    let (sent, _) = living.take_sent();
    assert!(sent * 100 <= whole * 5 + 100 * 70_000, "{sent} of {whole}, and what was in flight when it was killed");

    // What it says is what a new crawl says.
    let fresh = crawl(&server.url("/")).run();
    assert_eq!(comparable(&second.records), comparable(&fresh.records));
    for name in ["discovered", "skipped", "settled", "statuses", "bytes"] {
        assert_eq!(second.summary[name], fresh.summary[name], "{name}");
    }
}

#[test]
fn an_update_takes_a_twentieth_of_the_bytes() {
    let living = Living::new(site(1000));
    let server = living.serve();
    let first = crawl(&server.url("/")).run();
    let (whole, _) = living.take_sent();
    living.edit(|site| edit(site, 1000));
    let second = crawl(&server.url("/")).flag("--update").on(&first).run();
    second.assert_code(0);
    let (sent, not_modified) = living.take_sent();
    assert_eq!(not_modified, 951);
    let part = sent * 10_000 / whole;
    assert!(sent * 20 <= whole, "{sent} of {whole} bytes: {part} hundredths of a per cent");
    let update = &second.summary["update"];
    assert_eq!(update["not_modified"], json!(951));
    assert_eq!(update["before"], json!(versions(&second)[0]));
}

/// The names of the kept versions, as summaries have them.
pub(crate) fn versions(crawled: &Crawled) -> Vec<String> {
    let entries = fs::read_dir(crawled.path("crawl/versions")).into_iter().flatten();
    let mut names: Vec<_> =
        entries.map(|entry| format!("crawl/versions/{}", entry.unwrap().file_name().into_string().unwrap())).collect();
    names.sort();
    names
}

#[test]
fn nothing_has_changed_and_that_is_said_with_exit_code_0() {
    let living = Living::new(site(20));
    let server = living.serve();
    let update = || crawl(&server.url("/")).talkative().flag("--update").arg("--fail-on", "changes");
    let first = update().run();
    first.assert_code(0);
    assert!(first.summary["update"].is_null(), "cron's first run: there is nothing to compare with");
    let second = update().on(&first).run();
    second.assert_code(0);
    assert_sound(&second);
    assert_eq!(told(&second), [("unchanged ".to_owned(), 21)].into());
    assert!(second.stderr.contains("21 pages not modified"), "{}", second.stderr);
    assert_eq!(comparable(&second.records), comparable(&first.records));
    living.edit(|site| {
        site.insert(path(3), Page::Html("<title>other</title>".to_owned()));
    });
    update().on(&second).run().assert_code(5);
}

/// Everything that a record does not say of its page: links that are not to be followed or no URL of the web, a page that
/// sends its reader on, references that are none, parts, items.
#[test]
fn what_is_carried_over_leads_to_all_that_the_page_leads_to() {
    let html = "<title>all</title><a href=/a>a</a><a rel=nofollow href=/n>n</a><a href=mailto:x@e.com>m</a>\
                <area href=/r><a href='http://['>bad</a><a href=/a>again</a><link rel=next href=/next>\
                <img src=/i.png><ul><li class=item><b>one</b><li class=item><b>two</b></ul>";
    let pages = BTreeMap::from([
        ("/".to_owned(), Page::Html(html.to_owned())),
        ("/a".to_owned(), Page::Html("<meta http-equiv=refresh content='0; url=/sent'>".to_owned())),
        ("/sent".to_owned(), Page::Html("<script>x</script>".to_owned())),
        (
            "/r".to_owned(),
            Page::HtmlWith("<title>r".to_owned(), vec![("Link".to_owned(), "</l>; rel=next".to_owned())]),
        ),
        ("/l".to_owned(), Page::Unnamed("<title>l</title><a href=tel:1>t</a>".to_owned())),
        ("/next".to_owned(), Page::Html(String::new())),
    ]);
    let living = Living::new(pages);
    let server = living.serve();
    let rules = "[[items]]\nname = \"things\"\neach = \"li.item\"\n[items.fields]\nname = \"b\"\n";
    for follow in ["['page']", "['page', 'embed']"] {
        let crawl =
            || Crawl::of(server.url("/")).toml(rules).set("parse.follow", follow).flag("--markdown").concurrency(1);
        let first = crawl().run();
        first.assert_code(0);
        living.take_sent();
        let second = crawl().flag("--update").on(&first).run();
        second.assert_code(0);
        assert_sound(&second);
        assert_eq!(living.take_sent().1, 5, "all pages that have an ETag");
        assert_eq!(comparable(&second.records), comparable(&first.records));
        for name in ["discovered", "skipped", "settled", "statuses", "bytes", "unread", "items", "rules"] {
            assert_eq!(second.summary[name], first.summary[name], "{name} with {follow}");
        }
        let items = fs::read_to_string(second.path("crawl/items/things.jsonl")).unwrap();
        assert_eq!(items.lines().count(), 2, "{items}");
        assert!(told(&second).keys().all(|told| told == "unchanged "), "{:?}", told(&second));
        let third = crawl().flag("--update").on(&second).run();
        assert_eq!(comparable(&third.records), comparable(&first.records), "carried over twice");
    }
}

#[test]
fn what_is_gone_moved_new_or_unknown_is_told_once() {
    let links = |to: &[&str]| page("p", 0, "text", &to.iter().map(|to| (*to).to_owned()).collect::<Vec<_>>());
    let living = Living::new(BTreeMap::from([
        ("/".to_owned(), Page::Html(links(&["/stays", "/renamed", "/unlinked", "/breaks", "/dead", "/away"]))),
        ("/stays".to_owned(), Page::Html("<title>stays".to_owned())),
        ("/renamed".to_owned(), Page::Html("<title>renamed".to_owned())),
        ("/unlinked".to_owned(), Page::Html("<title>unlinked".to_owned())),
        ("/breaks".to_owned(), Page::Html("<title>breaks".to_owned())),
        ("/away".to_owned(), Page::Html("<title>away".to_owned())),
    ]));
    let server = living.serve();
    let crawl = || crawl(&server.url("/"));
    let first = crawl().run();
    living.edit(|site| {
        site.insert("/".to_owned(), Page::Html(links(&["/stays", "/name", "/breaks", "/dead", "/away", "/fresh"])));
        let renamed = site.remove("/renamed").unwrap();
        site.insert("/name".to_owned(), renamed);
        site.insert("/breaks".to_owned(), Page::Status(503));
        site.insert("/away".to_owned(), Page::To(302, "/elsewhere".to_owned()));
        site.insert("/fresh".to_owned(), Page::Html("<title>fresh".to_owned()));
        site.insert("/elsewhere".to_owned(), Page::Html("<title>elsewhere".to_owned()));
    });
    let second = crawl().flag("--update").on(&first).run();
    second.assert_code(0);
    assert_sound(&second);
    let mut told: Vec<_> = changes(&second).iter().map(|line| line.to_string().replace(&server.url(""), "")).collect();
    told.sort();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn what_is_no_whole_crawl_of_these_seeds_is_not_updated() {
    let living = Living::new(site(30));
    let server = living.serve();
    server.hold(&path(20));
    let running = crawl(&server.url("/")).start();
    server.wait_for("most pages", |log| log.arrivals.len() > 20);
    let beside = crawl(&server.url("/")).flag("--update").beside(&running).run();
    beside.assert_code(2);
    assert!(beside.stderr.contains("crawls into"), "{}", beside.stderr);
    let killed = running.kill();
    server.open_all();
    let early = crawl(&server.url("/")).flag("--update").on(&killed).run();
    early.assert_code(2);
    assert!(early.stderr.contains("the same command without --update goes on with it"), "{}", early.stderr);
    let first = crawl(&server.url("/")).on(&early).run();
    first.assert_code(0);
    let other = crawl(&server.url(&path(3))).flag("--update").on(&first).run();
    other.assert_code(2);
    assert!(other.stderr.contains("a crawl of other seeds"), "{}", other.stderr);
    let elsewhere = crawl(&server.url("/")).flag("--update").set("output.path", "'x.jsonl'").on(&first).run();
    elsewhere.assert_code(2);
    assert!(elsewhere.stderr.contains("leave --output away"), "{}", elsewhere.stderr);
    assert!(!first.path("crawl/next").exists());
}

#[test]
fn with_other_rules_every_page_is_asked_for_anew_and_that_is_said() {
    let living = Living::new(site(5));
    let server = living.serve();
    let first = crawl(&server.url("/")).run();
    living.take_sent();
    let more = "[[extract]]\n[extract.fields]\nhead = 'title'\n";
    let second = crawl(&server.url("/")).toml(more).talkative().flag("--update").on(&first).run();
    second.assert_code(0);
    let said = "6 pages: all are asked for anew, since [extract] is not what it was";
    assert!(second.stderr.contains(said), "{}", second.stderr);
    assert_eq!(living.take_sent().1, 0);
    assert_eq!(second.record(&server.url("/"))["fields"]["head"], json!("home"));
}

#[test]
fn two_versions_are_kept_and_each_is_a_crawl() {
    let living = Living::new(site(5));
    let server = living.serve();
    let mut crawled = crawl(&server.url("/")).run();
    for n in 0..4 {
        living.edit(|site| {
            site.insert(path(1), Page::Html(format!("<title>version {n}</title>")));
        });
        crawled = crawl(&server.url("/")).flag("--update").on(&crawled).run();
        crawled.assert_code(0);
    }
    let versions = versions(&crawled);
    assert_eq!(versions.len(), 2, "{versions:?}");
    let title = |dir: &Path| {
        let records = fs::read_to_string(dir.join("pages.jsonl")).unwrap();
        let record = records.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        record.into_iter().find(|record| record["url"] == server.url(&path(1))).unwrap()["title"].clone()
    };
    assert_eq!(title(&crawled.path("crawl")), "version 3");
    assert_eq!(versions.iter().map(|dir| title(&crawled.path(dir))).collect::<Vec<_>>(), ["version 1", "version 2"]);
    let status = Run::new(&crawled.path(""), &["status", &versions[0]]);
    assert!(status.stdout.contains("complete"), "{}", status.stdout);
}
