//! The control site: a hundred well-behaved pages, of which no neighbour may cost one.

use std::fmt::Write as _;

use crate::support::{Arrival, Crawled, Reply, Server};

/// Serves on 127.0.0.3: another host than the hostile ones, for politeness too.
pub(crate) fn start() -> Server {
    Server::start_on(3, |arrival: &Arrival| match arrival.path.trim_start_matches('/').parse::<usize>() {
        _ if arrival.path == "/" => page(0),
        Ok(n) if (1..PAGES).contains(&n) => page(n),
        _ => Reply::new(404),
    })
}

/// A page with links to those that come first below it, and a text of its own, numbers aside.
fn page(n: usize) -> Reply {
    let links: Vec<String> = (n * 5 + 1..=n * 5 + 5).filter(|n| *n < PAGES).map(|n| format!("/{n}")).collect();
    let mut reply = Reply::links(&format!("control {n}"), links);
    // Digits do not count as text of its own, so the words alone have to tell any two pages apart.
    let (mut text, mut rest) = (String::from("<p>"), n);
    for _ in 0..20 {
        write!(text, "{} ", WORDS[rest % WORDS.len()]).unwrap();
        rest = rest / WORDS.len() + n * 7 + 5;
    }
    reply.body.extend(text.bytes());
    reply
}

/// Asserts that the whole site is there, page by page.
#[track_caller]
pub(crate) fn assert_complete(crawled: &Crawled, control: &Server) {
    for n in 0..PAGES {
        let path = if n == 0 { "/".to_owned() } else { format!("/{n}") };
        let record = crawled.record(&control.url(&path));
        assert_eq!((&record["outcome"], &record["title"]), (&"ok".into(), &format!("control {n}").into()), "{record}");
    }
}

pub(crate) const PAGES: usize = 100;
const WORDS: [&str; 23] = [
    "amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heron", "inlet", "jetty", "knoll", "larch",
    "maple", "north", "otter", "plume", "quill", "ridge", "slate", "thorn", "umber", "vetch", "willow",
];
