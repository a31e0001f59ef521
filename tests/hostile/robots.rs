//! Hostile in robots.txt: a prerequisite of every page of a host, so that whatever it is has to come to an end.

use std::io::Write as _;
use std::sync::Arc;

use crate::scenario::Scenario;
use crate::support::{Arrival, Place, Reply};
use crate::wire::say_nothing;

pub(crate) fn scenarios() -> Vec<Scenario> {
    let robots = |name, robots: fn() -> Reply| {
        Scenario::pages_made(name, move || {
            let robots = robots();
            Box::new(move |arrival: &Arrival| match arrival.path.as_str() {
                "/robots.txt" => robots.clone(),
                path => Reply::links::<&str>(path, []),
            })
        })
    };
    vec![
        Scenario::connection(
            "robots.txt without end",
            "http",
            Arc::new(|to| {
                // Half of it before the request is read: who serves one thing need not know what is asked for.
                to.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nUser-agent: *\nDisallow: /\n")?;
                for _ in 0..512 {
                    to.write_all(&b"Disallow: /a\n".repeat(5000))?;
                }
                say_nothing(to)
            }),
        )
        .ends("/", "no record"),
        robots("robots.txt of 10 MB", || Reply::text("User-agent: *\nDisallow: /x\n".repeat(400_000))).ends("/", "ok"),
        robots("robots.txt in one line of 1 MB", || Reply::text("Disallow: /".to_owned() + &"*".repeat(1_000_000)))
            .ends("/", "ok"),
        robots("robots.txt of stars", || {
            let rule = format!("Disallow: /{}$\n", "*a".repeat(1000));
            Reply::text("User-agent: *\n".to_owned() + &rule.repeat(200))
        })
        .ends("/", "ok"),
        robots("robots.txt binary", || {
            Reply::text((0..100_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect::<Vec<_>>())
        })
        .ends("/", "ok"),
        robots("robots.txt as a bomb", || {
            let rules = b"User-agent: *\nDisallow: /x\n".repeat(2_000_000);
            Reply::text(crate::bodies::gzip(&rules)).header("Content-Encoding", "gzip")
        })
        .ends("/", "ok"),
        robots("robots.txt redirects in a circle", || Reply::redirect(302, "/robots.txt")).ends("/", "no record"),
        robots("robots.txt redirects to 10.0.0.1", || Reply::redirect(302, "http://10.0.0.1/robots.txt"))
            .ends("/", "no record"),
        robots("robots.txt 500 for ever", || Reply::new(500)).ends("/", "no record"),
        robots("robots.txt hangs", || Reply::text("").hangs(Place::BeforeHead)).hangs().ends("/", "no record"),
        robots("Crawl-delay of a year", || Reply::text("User-agent: *\nCrawl-delay: 31536000\n"))
            .set("politeness.max_crawl_delay", "'100ms'")
            .ends("/", "ok"),
    ]
}
