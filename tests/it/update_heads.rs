//! Updates of pages whose bodies stay and whose headers do not.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

use crate::support::{Crawl, Reply, Server};

#[test]
fn what_a_304_says_of_use_is_heard() {
    let forbids = Arc::new(AtomicBool::new(false));
    let later = Arc::clone(&forbids);
    let server = Server::start(move |arrival| {
        let body = match &*arrival.path {
            "/" => "<a href=/own>own</a><a href=/free>free</a>",
            "/own" | "/free" => "<title>text</title><p>What somebody has written.",
            _ => return Reply::new(404),
        };
        let is_known = arrival.header("if-none-match") == Some("\"1\"");
        let reply = if is_known { Reply::new(304) } else { Reply::html(body) }.header("ETag", "\"1\"");
        // Also what it has always said is said again.
        let reply = if arrival.path == "/free" { reply.header("X-Robots-Tag", "noimageindex") } else { reply };
        let is_forbidden = arrival.path == "/own" && later.load(Relaxed);
        if is_forbidden { reply.header("X-Robots-Tag", "noai") } else { reply }
    });
    let crawl = || Crawl::of(server.url("/")).flag("--text");
    let first = crawl().run();
    assert!(first.record(&server.url("/own")).get("usage").is_none());
    forbids.store(true, Relaxed);
    let second = crawl().flag("--update").arg("--fail-on", "changes").on(&first).run();
    let own = second.assert_code(5).record(&server.url("/own"));
    assert!(own["usage"].to_string().contains("noai"), "{own}");
    assert!(own.get("carried").is_none(), "it was read anew: {own}");
    assert_eq!(own["attempts"], 2);
    assert_eq!(second.record(&server.url("/free"))["carried"], "not_modified");
    let third = crawl().flag("--update").arg("--fail-on", "changes").on(&second).run();
    assert_eq!(third.assert_code(0).record(&server.url("/own"))["carried"], "not_modified");
}
