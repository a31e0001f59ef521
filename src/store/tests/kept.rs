//! What is kept for the next process: records, notes, traps, runs.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::{SAME, each_pair, lease, settle, unlimited, url};
use crate::fetch::{Network, SavedCookies, SavedSeedName};
use crate::observe::{FailedSeed, State};
use crate::outcome::FailureKind;
use crate::politeness::SavedHost;
use crate::sink::Checkpoint;
use crate::sitemaps::SavedSitemap;
use crate::store::{Counts, Facts, Note, RunSettings};
use crate::trap::{Trap, TrapKind};
use crate::unread::{BadReferences, Reading, Unread};
use crate::url::HostKey;

#[test]
fn records_are_counted_for_the_next_process() {
    each_pair(unlimited(), |mut pair| {
        let now = Instant::now();
        for seed in ["a/1", "a/2", "a/3"] {
            pair.add_seed(url(seed)).unwrap();
        }
        let facts = [
            Facts { attempts: 1, status: Some(200), error: None, bytes: Some(70) },
            Facts { attempts: 2, status: None, error: Some(FailureKind::Timeout), bytes: None },
        ];
        let [one, two, three] = ["a/1", "a/2", "a/3"].map(|expected| lease(&mut pair, now, expected));
        pair.settle_with(one.id, facts[0]);
        pair.retry(two.id, now).unwrap();
        let two = lease(&mut pair, now, "a/2");
        pair.settle_with(two.id, facts[1]);
        pair.retry(three.id, now).unwrap();
        let pair = pair.restarted(unlimited(), SAME);
        let expected = Counts {
            statuses: BTreeMap::from([(200, 1)]),
            errors: BTreeMap::from([(FailureKind::Timeout, 1)]),
            retries: 2,
            bytes: 70,
            failed: 1,
        };
        assert_eq!(pair.counts, expected);
    });
}

#[test]
fn notes_are_given_back_to_the_next_process() {
    each_pair(unlimited(), |mut pair| {
        let settings = RunSettings { toml: "depth = 1\n".to_owned(), ..RunSettings::default() };
        let host = |requests| (HostKey::stored("a"), SavedHost { requests, ..SavedHost::default() });
        let cookies = |site: &str, cookies: &str| SavedCookies { site: site.to_owned(), cookies: cookies.to_owned() };
        let seed = |name: &str, network| SavedSeedName { name: name.to_owned(), network };
        let sitemap = |done| SavedSitemap { site: "a".to_owned(), nesting: 0, redirects: 0, done, unread: false };
        let failed = FailedSeed { url: "http://a/".to_owned(), reason: "status 500".to_owned() };
        let mut unread = Unread::default();
        unread.note(&url("a/x.pdf"), Reading::LeftOut, Some("application/pdf"), &BadReferences::default());
        let checkpoint = Checkpoint::Length { committed: 20, amended: Some(21), crc: Some(0xffff_ffff) };
        let notes = [
            Note::Seed(url("a/")),
            Note::Seed(url("a/")),
            Note::SeedRedirect { from: url("a/"), to: url("c/") },
            Note::SeedRedirect { from: url("c/"), to: url("b/") },
            Note::Settings(RunSettings::default()),
            Note::Settings(settings.clone()),
            Note::Host(host(1).0, Box::new(host(1).1)),
            Note::Host(host(2).0, Box::new(host(2).1)),
            Note::Cookies(cookies("a", "[1]")),
            Note::Cookies(cookies("b", "[2]")),
            Note::Cookies(cookies("a", "[]")),
            Note::SeedName(seed("a", Network::Public)),
            Note::SeedName(seed("b", Network::Public)),
            Note::SeedName(seed("b", Network::Inner)),
            Note::Sitemap(url("a/z.xml"), sitemap(false)),
            Note::Sitemap(url("a/a.xml"), sitemap(false)),
            Note::Sitemap(url("a/z.xml"), sitemap(true)),
            Note::Unasked(1),
            Note::Unasked(2),
            Note::AskedAgain(3),
            Note::Unread(Box::default()),
            Note::Unread(Box::new(unread.clone())),
            Note::Output("pages.jsonl".to_owned(), Checkpoint::length(10)),
            Note::Output("pages.jsonl".to_owned(), checkpoint.clone()),
            Note::RunEnds { state: State::Limit, failed_seeds: vec![failed.clone()] },
        ];
        for note in notes {
            pair.store().keep(note).unwrap();
        }
        let mut pair = pair.restarted(unlimited(), SAME);
        let found = pair.store().recall().unwrap();
        assert_eq!(found.seeds, ["http://a/"]);
        let redirects = [("http://a/", "http://c/"), ("http://c/", "http://b/")];
        assert_eq!(found.seed_redirects, redirects.map(|(from, to)| (from.to_owned(), to.to_owned())));
        assert_eq!(found.settings, Some(settings));
        assert_eq!(found.hosts, [host(2)]);
        assert_eq!(found.cookies, [cookies("a", "[]"), cookies("b", "[2]")]);
        assert_eq!(found.seed_names, [seed("a", Network::Public), seed("b", Network::Inner)]);
        let sitemaps = [("http://a/z.xml", true), ("http://a/a.xml", false)];
        assert_eq!(found.sitemaps, sitemaps.map(|(url, done)| (url.to_owned(), sitemap(done))));
        assert_eq!((found.unasked, found.asked_again), (2, 3));
        assert_eq!(found.unread, unread);
        assert_eq!(found.outputs, [("pages.jsonl".to_owned(), checkpoint)]);
        assert_eq!(found.failed_seeds.iter().map(|seed| &*seed.url).collect::<Vec<_>>(), [&*failed.url]);
        let last = found.last.unwrap();
        assert_eq!((last.pid, last.ended, last.records), (1, Some(State::Limit), 0));
        assert_eq!(found.started_at, Some(last.started_at));
    });
}

#[test]
fn the_traps_that_were_closed_last_are_given_back() {
    each_pair(unlimited(), |mut pair| {
        let trap = Trap {
            kind: TrapKind::Host,
            template: "http://a/**".to_owned(),
            pages: 1000,
            compared: 50,
            new: 2,
            examples: vec!["http://a/1".to_owned()],
            with: vec!["http://a/c".to_owned()],
            except: vec!["http://a/b/*".to_owned()],
        };
        for traps in [Vec::new(), vec![trap.clone()]] {
            pair.store().keep(Note::Traps(traps)).unwrap();
        }
        let mut pair = pair.restarted(unlimited(), SAME);
        assert_eq!(pair.store().recall().unwrap().traps, [trap]);
    });
}

#[test]
fn an_output_that_is_void_is_none() {
    each_pair(unlimited(), |mut pair| {
        let length = || Checkpoint::length(0);
        let outputs = ["a.jsonl", "b.jsonl"].map(|name| Note::Output(name.to_owned(), length()));
        let void = ["a.jsonl", "none.jsonl"].map(|name| Note::NoOutput(name.to_owned()));
        for note in outputs.into_iter().chain(void) {
            pair.store().keep(note).unwrap();
        }
        let mut pair = pair.restarted(unlimited(), SAME);
        assert_eq!(pair.store().recall().unwrap().outputs, [("b.jsonl".to_owned(), length())]);
    });
}

#[test]
fn a_run_begins_where_the_last_one_has_ended() {
    each_pair(unlimited(), |mut pair| {
        let now = Instant::now();
        pair.add_seed(url("a/")).unwrap();
        let seed = lease(&mut pair, now, "a/");
        settle(&mut pair, &seed, &[]);
        let mut pair = pair.restarted(unlimited(), SAME);
        pair.store().keep(Note::RunBegins { pid: 2, at: now }).unwrap();
        pair.store().commit(now + Duration::from_secs(3)).unwrap();
        let mut pair = pair.restarted(unlimited(), SAME);
        let found = pair.store().recall().unwrap();
        let last = found.last.unwrap();
        assert_eq!((last.pid, last.ended, last.records_before, last.records), (2, None, 1, 1));
        assert_eq!(found.elapsed, Duration::from_millis((last.committed_at - last.started_at).unsigned_abs()));
    });
}
