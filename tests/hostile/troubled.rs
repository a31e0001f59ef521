//! Hostile in time: hosts that ask for patience without end, and hosts of which nothing good comes.

use crate::scenario::Scenario;
use crate::support::{Arrival, Place, Reply};

pub(crate) fn scenarios() -> Vec<Scenario> {
    vec![
        Scenario::pages("503 with a Retry-After of a year", |arrival| {
            unless_robots(arrival, || Reply::new(503).header("Retry-After", "31536000"))
        })
        .ends("/", "http_error 503 or failed unavailable"),
        Scenario::pages("503 with a Retry-After of no meaning", |arrival| {
            unless_robots(arrival, || Reply::new(503).header("Retry-After", "Fri, 99 Foo 99999999 25:61:61 GMT, -1"))
        })
        .ends("/", "http_error 503 or failed unavailable"),
        Scenario::pages("429 for ever", |arrival| unless_robots(arrival, || Reply::new(429)))
            .ends("/", "http_error 429 or failed unavailable"),
        // The home is well each time that it is asked for a witness: no trouble of the host, and each page has its tries.
        Scenario::pages("200 pages of 502", |arrival| beneath_home(arrival, Reply::new(502)))
            .ends("/", "ok")
            .ends("/199", "http_error 502 or failed unavailable")
            .also(|seen| assert!(seen.hostile.asked() < 750, "{} requests", seen.hostile.asked())),
        Scenario::pages("200 pages that are reset", |arrival| {
            beneath_home(arrival, Reply::html("x").resets(Place::BeforeHead))
        })
        .ends("/", "ok")
        .ends("/199", "failed reset or failed unavailable")
        .also(|seen| assert!(seen.hostile.asked() < 750, "{} requests", seen.hostile.asked())),
        Scenario::pages("200 pages that hang", |arrival| beneath_home(arrival, Reply::html("x").hangs(Place::InBody)))
            .hangs()
            .ends("/", "ok")
            .ends("/199", "failed timeout or failed unavailable")
            .also(|seen| assert!(seen.hostile.asked() < 100, "{} requests", seen.hostile.asked())),
    ]
}

fn unless_robots(arrival: &Arrival, reply: fn() -> Reply) -> Reply {
    if arrival.is_robots() { Reply::new(404) } else { reply() }
}

/// A home with 200 links, all of which are answered alike.
fn beneath_home(arrival: &Arrival, reply: Reply) -> Reply {
    match arrival.path.as_str() {
        "/" => Reply::links("home", (0..200).map(|n| format!("/{n}"))),
        "/robots.txt" => Reply::new(404),
        _ => reply,
    }
}
