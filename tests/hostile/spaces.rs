//! Hostile in number: spaces of URLs without end, and ways that lead in circles.

use crate::scenario::{Scenario, Seen};
use crate::support::{Arrival, Reply};

pub(crate) fn scenarios() -> Vec<Scenario> {
    [redirects(), traps(), floods()].into_iter().flatten().collect()
}

fn redirects() -> Vec<Scenario> {
    fn to(arrival: &Arrival, answer: fn(usize) -> Reply) -> Reply {
        match arrival.path.trim_start_matches('/').parse() {
            _ if arrival.is_robots() => Reply::new(404),
            Ok(n) => answer(n),
            Err(_) => answer(0),
        }
    }
    vec![
        Scenario::pages("redirect to itself", |arrival| to(arrival, |_| Reply::redirect(301, "/")))
            .ends("/", "redirect 301")
            .most(2),
        Scenario::pages("redirect loop of two", |arrival| {
            to(arrival, |n| Reply::redirect(302, &format!("/{}", n % 2 + 1)))
        })
        .ends("/", "redirect 302")
        .most(3),
        Scenario::pages("redirects without end", |arrival| {
            to(arrival, |n| Reply::redirect(307, &format!("/{}", n + 1)))
        })
        .ends("/", "redirect 307")
        .skips("trap", 1)
        .most(22)
        .also(a_chain_is_told),
        Scenario::pages("refreshes without end", |arrival| {
            to(arrival, |n| Reply::html(format!("<meta http-equiv=refresh content='0;url=/{}'>on", n + 1)))
        })
        .ends("/", "ok")
        .skips("trap", 1)
        .most(22)
        .also(a_chain_is_told),
        Scenario::pages("Refresh headers without end", |arrival| {
            to(arrival, |n| Reply::html("on").header("Refresh", &format!("0; url=/{}", n + 1)))
        })
        .ends("/", "ok")
        .skips("trap", 1)
        .most(22)
        .also(a_chain_is_told),
        Scenario::pages("redirects to nowhere", |arrival| match arrival.path.as_str() {
            "/" => Reply::links("home", (0..NOWHERE.len()).map(|n| format!("/to{n}"))),
            path => match path.strip_prefix("/to").and_then(|n| NOWHERE.get(n.parse::<usize>().ok()?)) {
                Some(location) => Reply::redirect(302, location),
                None => Reply::new(404),
            },
        })
        .ends("/", "ok")
        .ends("/to0", "redirect 302"),
        Scenario::pages("redirect to a URL of 60,000 bytes", |arrival| {
            to(arrival, |_| Reply::redirect(302, &format!("/{}", "x".repeat(60_000))))
        })
        .ends("/", "redirect 302")
        .skips("too_long", 1)
        .most(1),
    ]
}

fn traps() -> Vec<Scenario> {
    vec![
        Scenario::pages("calendar", calendar).skips("trap", 1),
        Scenario::pages("calendar, kill -9 in its midst", calendar).skips("trap", 1).killed_after(30),
        Scenario::pages("session ids in the query", |arrival| match arrival.path.split_once("?sid=") {
            Some((page, sid)) => section(page, |n| format!("/p{n}?sid={sid}{n}")),
            None if arrival.path == "/" => section("/", |n| format!("/p{n}?sid={n}")),
            None => Reply::new(404),
        })
        .skips("trap", 1),
        Scenario::pages("session ids in the path", |arrival| match arrival.path.split_once(";jsessionid=") {
            Some((page, sid)) => section(page, |n| format!("/p{n};jsessionid={sid}{n}")),
            None if arrival.path == "/" => section("/", |n| format!("/p{n};jsessionid={n}")),
            None => Reply::new(404),
        })
        .skips("trap", 1),
        Scenario::pages("facets in any order", |arrival| match arrival.path.split_once('?') {
            Some((_, facets)) => section("goods", |n| format!("/list?{facets}&f{n}=1")),
            None if arrival.path == "/" => section("home", |n| format!("/list?f{n}=1")),
            None => Reply::new(404),
        })
        .skips("trap", 1),
        Scenario::pages("a cookie wall that never opens", |arrival| match arrival.path.as_str() {
            "/robots.txt" => Reply::new(404),
            path => {
                let had = arrival.header("cookie").map_or(0, str::len);
                Reply::redirect(302, path).header("Set-Cookie", &format!("wall{had}={had}; Path=/"))
            }
        })
        .ends("/", "redirect 302")
        .most(1)
        .also(|seen| assert!(seen.hostile.asked() < 30, "{} requests", seen.hostile.asked())),
        Scenario::pages("relative links that pile up", |arrival| {
            if arrival.is_robots() {
                return Reply::new(404);
            }
            Reply::links("not the page", ["a/b/", "b/a/"])
        })
        .skips("trap", 1),
        Scenario::pages("soft 404 for everything", |arrival| {
            if arrival.is_robots() {
                return Reply::html("<title>Sorry</title>");
            }
            let more: usize = arrival.path.bytes().map(usize::from).sum();
            Reply::links("Sorry, there is no such page", (0..4).map(|n| format!("{}x{}", arrival.path, more + n)))
        })
        .skips("trap", 1),
    ]
}

fn floods() -> Vec<Scenario> {
    // A site may be ahead by some 2,900 of its links, and by some 700 for each of 13 answers.
    let bounded: fn(&Seen<'_>) = |seen| {
        let discovered = seen.crawled.count("discovered");
        assert!((8_000..13_000).contains(&discovered), "{discovered} URLs");
        assert!(seen.crawled.summary["unread"]["links"]["count"].as_u64() > Some(40_000), "{}", seen.crawled.summary);
    };
    let few = |scenario: Scenario| scenario.set("frontier.max_ahead", "'256KiB'").ends("/", "ok").also(bounded);
    vec![
        few(Scenario::pages("60,000 links on twelve pages", flood)).skips("robots", 8_000),
        few(Scenario::pages("60,000 links on twelve pages, kill -9 in its midst", flood)).killed_after(8),
    ]
}

/// Twelve pages of links that lead nowhere.
fn flood(arrival: &Arrival) -> Reply {
    match arrival.path.strip_prefix("/big/") {
        Some(page) => Reply::links(page, (0..5000).map(|n| format!("/never/{page}/{n}"))),
        None if arrival.path == "/" => Reply::links("home", (0..12).map(|page| format!("/big/{page}"))),
        None => Reply::text("User-agent: *\nDisallow: /never/\n"),
    }
}

/// Asserts that the log and the summary say where a chain of redirects is left.
fn a_chain_is_told(seen: &Seen<'_>) {
    assert_eq!(seen.crawled.summary["unread"]["chains"]["count"], 1, "{}", seen.crawled.summary);
    let told = seen.crawled.stderr.matches("a chain of redirects is left, its next URL is skipped").count();
    assert_eq!(told, 1, "{}", seen.crawled.stderr);
}

/// Months that lead to the next and the last one.
fn calendar(arrival: &Arrival) -> Reply {
    match arrival.path.strip_prefix("/cal?month=").map(str::parse::<i64>) {
        Some(Ok(month)) => Reply::links("no events", [month + 1, month - 1].map(|month| format!("/cal?month={month}"))),
        _ if arrival.path == "/" => Reply::links("home", ["/cal?month=0"]),
        _ => Reply::new(404),
    }
}

/// One of five pages, with links to all of them.
fn section(page: &str, link: impl Fn(usize) -> String) -> Reply {
    Reply::links(page, (0..5).map(link))
}

const NOWHERE: [&str; 6] = [
    "",
    "javascript:alert(1)",
    "file:///etc/hostname",
    "http://",
    "http://[::1",
    "//user:hunter2@elsewhere.example:99999/",
];
