//! Traps: an endless site ends by itself, says why, and takes nothing of a real one with it.

use std::process::Command;

use crate::support::{Arrival, Crawl, Crawled, Reply, Server};

/// A real site of 40 pages, and beside it what `trap` answers.
fn beside(trap: impl Fn(&str) -> Option<Reply> + Send + Sync + 'static, entry: &'static str) -> Server {
    Server::start(move |arrival: &Arrival| {
        if let Some(reply) = trap(&arrival.path) {
            return reply;
        }
        match arrival.path.strip_prefix("/doc").map(str::parse::<usize>) {
            _ if arrival.path == "/" => {
                Reply::links("home", (0..DOCS).map(|n| format!("/doc{n}")).chain([entry.to_owned()]))
            }
            Some(Ok(n)) if n < DOCS => {
                Reply::html(format!("<title>{n}</title><p>{}", NAMES[n % NAMES.len()].repeat(n + 1)))
            }
            _ => Reply::new(404),
        }
    })
}

/// Months that lead to the next and the last one, in a query.
fn calendar(path: &str) -> Option<Reply> {
    let month: i64 = path.strip_prefix("/cal?month=")?.parse().ok()?;
    Some(Reply::links("no events", [month + 1, month - 1].map(|month| format!("/cal?month={month}"))))
}

fn crawl(server: &Server) -> Crawl {
    Crawl::of(server.url("/")).set("traps.template_pages", "80").concurrency(4)
}

fn docs(crawled: &Crawled) -> usize {
    crawled.urls().iter().filter(|url| url.contains("/doc")).count()
}

fn explained(crawled: &Crawled, url: &str) -> String {
    let output =
        Command::new(env!("CARGO_BIN_EXE_crawler")).args(["explain", url, "--dir"]).arg(crawled.path("crawl")).output();
    let output = output.unwrap();
    String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
}

#[test]
fn an_endless_site_ends_and_says_why_and_a_real_one_beside_it_is_whole() {
    let server = beside(calendar, "/cal?month=0");
    let crawled = crawl(&server).talkative().run();
    crawled.assert_code(0);
    assert_eq!(docs(&crawled), DOCS);
    let trap = &crawled.summary["traps"][0];
    assert_eq!((&trap["kind"], &trap["template"]), (&"template".into(), &server.url("/cal?month").into()));
    let pages = trap["pages"].as_u64().unwrap();
    assert!((80..90).contains(&pages), "{trap}");
    assert!(server.log(|log| log.arrivals.len()) < 2 + DOCS + 100);
    let waiting = crawled.skipped("trap");
    assert!(waiting > 0);
    let told = crawled.stderr.lines().filter(|line| line.contains("trap is closed")).collect::<Vec<_>>();
    let [told] = told[..] else { panic!("{told:?}") };
    for part in
        [&server.url("/cal?month"), &format!("{pages} pages"), " and ", &format!("{} = none", server.url("/cal*"))]
    {
        assert!(told.contains(part), "{part} in {told}");
    }
}

#[test]
fn what_is_closed_is_explained_stays_closed_and_opens_when_settings_say_so() {
    let server = beside(calendar, "/cal?month=0");
    let crawled = crawl(&server).run();
    let last = crawled.urls().iter().filter_map(|url| url.split_once("month=")?.1.parse::<i64>().ok()).max().unwrap();
    let next = server.url(&format!("/cal?month={}", last + 1));
    let why = explained(&crawled, &next);
    assert!(why.contains("trap") && why.contains("lead to each other") && why.contains("traps.budgets"), "{why}");
    let requests = server.log(|log| log.arrivals.len());
    let again = crawl(&server).on(&crawled).run();
    assert_eq!(server.log(|log| log.arrivals.len()), requests, "nothing is left to be asked for");
    assert_eq!(again.summary["traps"], crawled.summary["traps"]);
    let budgets = format!("['{} = none']", server.url("/cal*"));
    let opened = crawl(&server).set("traps.budgets", &budgets).arg("--max-pages", "200").on(&crawled).run();
    assert_eq!(opened.records.len(), 200);
    assert!(opened.summary["traps"].is_null(), "{}", opened.summary["traps"]);
}

#[test]
fn chains_of_refreshes_end_as_chains_of_redirects_do() {
    fn next(path: &str) -> Option<u32> {
        path.strip_prefix("/r")?.parse::<u32>().ok().map(|n| n + 1)
    }
    let meta =
        |path: &str| Some(Reply::html(format!("<meta http-equiv=refresh content='0;url=/r{}'>sent on", next(path)?)));
    let header = |path: &str| Some(Reply::html("sent on").header("Refresh", &format!("0; url=/r{}", next(path)?)));
    for server in [beside(meta, "/r1"), beside(header, "/r1")] {
        let crawled = crawl(&server).set("frontier.max_redirects", "5").run();
        assert_eq!(docs(&crawled), DOCS);
        assert_eq!((server.count("/r6"), server.count("/r7"), crawled.skipped("trap")), (1, 0, 1));
        assert_eq!(crawled.record(&server.url("/r6"))["depth"], 1);
        assert!(explained(&crawled, &server.url("/r7")).contains("frontier.max_redirects = 5"));
    }
}

const DOCS: usize = 40;
const NAMES: [&str; 7] = ["red ", "green ", "blue ", "amber ", "teal ", "pink ", "gray "];
