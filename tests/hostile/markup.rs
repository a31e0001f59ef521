//! Hostile in the markup: too deep, too wide, too many, never closed; and links to where nobody may be sent.

use std::fmt::Write as _;

use crate::scenario::{Scenario, Seen};
use crate::support::{Arrival, Reply};

pub(crate) fn scenarios() -> Vec<Scenario> {
    [large(), many_links(), elsewhere()].into_iter().flatten().collect()
}

fn large() -> Vec<Scenario> {
    vec![
        Scenario::page("100,000 nested elements", || Reply::html("<div><b>".repeat(50_000))).ends("/", "ok"),
        Scenario::page("100,000 nested tables", || Reply::html("<table><tr><td>".repeat(33_334))).ends("/", "ok"),
        Scenario::page("100,000 attributes", || {
            Reply::html((0..100_000).fold("<p".to_owned(), |mut page, n| {
                write!(page, " a{n}=b").unwrap();
                page
            }))
        })
        .ends("/", "ok"),
        Scenario::page("an attribute of 4 MiB", || {
            Reply::html(format!("<a href=\"/{}\">x</a><title>x</title>", "y".repeat(4 << 20)))
        })
        .ends("/", "ok"),
        Scenario::page("a comment that never ends", || {
            Reply::html("<!--".to_owned() + &"-->".replace('>', " ").repeat(500_000))
        })
        .ends("/", "ok"),
        Scenario::page("a quote that never ends", || {
            Reply::html("<a href=\"".to_owned() + &"<a href=/x>".repeat(200_000))
        })
        .ends("/", "ok"),
        Scenario::page("a title of 4 MiB", || Reply::html(format!("<title>{}", "x ".repeat(2 << 20)))).ends("/", "ok"),
        Scenario::page("a million character references", || Reply::html("&#x41;&amp".repeat(500_000))).ends("/", "ok"),
    ]
}

fn many_links() -> Vec<Scenario> {
    fn links(n: usize) -> String {
        (0..n).fold(String::new(), |mut page, n| {
            write!(page, "<a href=/never/{n}>").unwrap();
            page
        })
    }
    vec![
        Scenario::page("100,000 links", || Reply::html(links(100_000)))
            .ends("/", "ok")
            .skips("robots", 10_000)
            // The rest is counted, to the last of them.
            .also(|seen| {
                let left_out = seen.crawled.summary["unread"]["links"]["count"].as_u64();
                assert_eq!(left_out, Some(100_000 - seen.crawled.skipped("robots")));
            }),
        Scenario::page("one link 200,000 times", || Reply::html("<a href=/never/1>".repeat(200_000))).ends("/", "ok"),
        Scenario::page("50,000 links below a base of 4,000 characters", || {
            let mut page = format!("<base href='/never/{}/'>", "b".repeat(3900));
            for n in 0..50_000 {
                write!(page, "<a href={n}>").unwrap();
            }
            Reply::html(page)
        })
        .ends("/", "ok")
        .skips("robots", 100)
        .also(|seen| {
            let written = std::fs::metadata(seen.crawled.path("crawl/pages.jsonl")).unwrap().len();
            assert!(written < 2 << 20, "{written} bytes of records");
            let dir = std::fs::read_dir(seen.crawled.path("crawl")).unwrap();
            let on_disk: u64 = dir.map(|file| file.unwrap().metadata().unwrap().len()).sum();
            assert!(on_disk < 32 << 20, "{on_disk} bytes on disk");
        }),
    ]
}

fn elsewhere() -> Vec<Scenario> {
    vec![
        Scenario::page("links to inner addresses", || Reply::links("home", UNSAFE))
            .set("scope.kind", "'any'")
            .ends("/", "ok")
            .skips("unsafe_address", UNSAFE.len() as u64)
            .also(nobody_else_asked),
        Scenario::pages("redirects to inner addresses", |arrival: &Arrival| {
            let number = arrival.path.strip_prefix("/to").map(str::parse::<usize>);
            match number {
                Some(Ok(n)) => Reply::redirect(302, UNSAFE[n]),
                _ if arrival.path == "/" => Reply::links("home", (0..UNSAFE.len()).map(|n| format!("/to{n}"))),
                _ => Reply::new(404),
            }
        })
        .set("scope.kind", "'any'")
        .ends("/to0", "redirect 302")
        .skips("unsafe_address", UNSAFE.len() as u64)
        .also(nobody_else_asked),
        Scenario::page("links to ports that browsers refuse", || {
            Reply::links("home", ["http://127.0.0.2:22/", "http://127.0.0.2:25/", "http://127.0.0.2:6000/"])
        })
        .set("scope.kind", "'any'")
        .ends("/", "ok")
        .skips("unsafe_address", 3)
        .also(nobody_else_asked),
        Scenario::page("links of other schemes", || {
            Reply::links(
                "home",
                ["file:///etc/hostname", "javascript:alert(1)", "data:text/html,x", "gopher://a/", "//"],
            )
        })
        .ends("/", "ok")
        .skips("scheme", 3)
        .also(nobody_else_asked),
        Scenario::pages("credentials in links", |arrival: &Arrival| {
            match (arrival.path.as_str(), arrival.header("host")) {
                ("/", Some(host)) => Reply::links("home", [format!("http://user:hunter2@{host}/in")]),
                ("/robots.txt", _) => Reply::new(404),
                _ => Reply::html("<title>in"),
            }
        })
        .ends("/", "ok")
        .also(|seen| {
            let told = seen.hostile.arrivals().into_iter().find(|arrival| arrival.header("authorization").is_some());
            assert!(told.is_none(), "{told:?}");
            let records = std::fs::read_to_string(seen.crawled.path("crawl/pages.jsonl")).unwrap();
            assert!(!records.contains("hunter2") && !seen.crawled.stderr.contains("hunter2"), "{records}");
        }),
    ]
}

/// Asserts that there is no record of any other host: nobody else was asked.
fn nobody_else_asked(seen: &Seen<'_>) {
    let others = seen.crawled.records.len() - seen.records();
    assert_eq!(others, crate::control::PAGES, "{:?}", seen.crawled.urls());
}

/// Metadata services, private networks, and this machine, in the spellings that the URL Standard reads as addresses.
const UNSAFE: [&str; 9] = [
    "http://169.254.169.254/latest/meta-data/",
    "http://10.0.0.1/",
    "http://192.168.0.1/",
    "http://172.16.0.1/",
    "http://0xa9fea9fe/",
    "http://0/",
    "http://[::1]/",
    "http://[::ffff:10.0.0.1]/",
    "http://[fd00::1]/",
];
