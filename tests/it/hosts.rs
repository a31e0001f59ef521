//! Settings for single hosts: each holds for its host and for no other.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::support::{Arrival, Crawl, Reply, Server, Site};

const PAGES: [&str; 4] = ["/a", "/b", "/c", "/d"];

/// A host whose home links to a few pages, at 127.0.0.`last`.
fn host(last: u8) -> Server {
    Server::start_on(last, pages().routes())
}

fn pages() -> Site {
    PAGES.iter().fold(Site::linked(&[("/", &PAGES)]), |site, page| site.with(page, Reply::html(*page)))
}

/// A crawl of these hosts, with `[hosts]` in TOML.
fn crawl(seeds: &[&Server], hosts: &[(&Server, &str)]) -> Crawl {
    let tables: Vec<_> = hosts.iter().map(|(host, table)| format!("\"{}\" = {{ {table} }}", host.host())).collect();
    let (first, others) = seeds.split_first().unwrap();
    let crawl = others.iter().fold(Crawl::of(first.url("/")), |crawl, seed| crawl.seed(seed.url("/")));
    crawl.any_host().set("hosts", &format!("{{ {} }}", tables.join(", ")))
}

#[test]
fn a_host_has_a_rate_of_its_own() {
    let (slow, fast) = (host(1), host(2));
    let started = Instant::now();
    let crawled = crawl(&[&slow, &fast], &[(&slow, "rate = 10")]).run();
    let last = slow.log(|log| log.arrivals.last().unwrap().at);
    assert!(last - started >= Duration::from_millis(5 * 100), "robots.txt and five pages: {:?}", last - started);
    let hosts = crawled.assert_code(0).summary["hosts"].as_array().unwrap();
    let delays: BTreeMap<_, _> = hosts.iter().map(|host| (host["host"].as_str(), host["delay_ms"].as_u64())).collect();
    let [slow, fast] = [slow, fast].map(|server| server.host());
    assert_eq!(delays, BTreeMap::from([(Some(slow.as_str()), Some(102)), (Some(fast.as_str()), Some(0))]));
}

#[test]
fn a_table_that_misses_a_seed_for_its_port_alone_is_told() {
    let (named, beside) = (host(1), host(2));
    let [name, address] = [named.host(), beside.host()].map(|host| host.split_once(':').unwrap().0.to_owned());
    let tables = format!(
        "{{ \"{name}\" = {{ rate = 1 }}, \"{}\" = {{ burst = 9 }}, \"{address}\" = {{ rate = 100 }}, \"other.example\" = {{ rate = 1 }} }}",
        named.host()
    );
    let crawl = Crawl::of(named.url("/")).seed(beside.url("/")).seed(beside.url("/a"));
    let crawled = crawl.any_host().set("hosts", &tables).run();
    let warnings: Vec<_> = crawled.assert_code(0).stderr.lines().filter(|line| line.contains("[hosts.")).collect();
    let [warning] = warnings[..] else { panic!("{warnings:?}") };
    let expected = format!(
        "[hosts.\"{address}\"] does not apply to the seed {0}: with another port it is another host; write [hosts.\"{0}\"]",
        beside.host()
    );
    assert!(warning.ends_with(&expected), "{warning}");
    assert!(warning.contains("warn"), "{warning}");
}

#[test]
fn a_host_may_be_faster_than_the_others() {
    let (slow, fast) = (host(1), host(2));
    let crawl = crawl(&[&slow, &fast], &[(&fast, "rate = \"none\", delay = \"0s\"")]);
    let _running = crawl.set("politeness.delay", "'1h'").start();
    fast.wait_for("the whole of the fast host", |log| log.answered.len() == PAGES.len() + 2);
    slow.wait_for("robots.txt of the slow one", |log| log.has_answered("/robots.txt"));
    assert_eq!(slow.log(|log| log.arrivals.len()), 1);
}

#[test]
fn a_host_has_a_delay_of_its_own() {
    let (slow, fast) = (host(1), host(2));
    let _running = crawl(&[&slow, &fast], &[(&slow, "delay = \"1h\"")]).start();
    fast.wait_for("the whole of the fast host", |log| log.answered.len() == PAGES.len() + 2);
    slow.wait_for("robots.txt of the slow one", |log| log.has_answered("/robots.txt"));
    assert_eq!(slow.log(|log| log.arrivals.len()), 1);
}

#[test]
fn the_crawl_delay_of_one_host_may_be_left_out() {
    let server = Server::start(pages().robots("User-agent: *\nCrawl-delay: 600").routes());
    let crawled = crawl(&[&server], &[(&server, "max_crawl_delay = \"0s\"")]).run();
    assert_eq!(crawled.assert_code(0).records.len(), 5);
}

#[test]
fn a_host_has_a_concurrency_of_its_own() {
    let (one, many) = (host(1), host(2));
    for page in PAGES {
        one.hold(page);
        many.hold(page);
    }
    let crawl = crawl(&[&one, &many], &[(&one, "per_host_concurrency = 1")]).arg("--per-host-concurrency", "4").start();
    many.wait_for("all pages at once", |log| log.in_flight == 4);
    one.wait_for("one page", |log| log.in_flight == 1);
    one.open_all();
    many.open_all();
    crawl.finish().assert_code(0);
    assert_eq!((one.log(|log| log.max_in_flight), many.log(|log| log.max_in_flight)), (1, 4));
}

#[test]
fn robots_txt_may_be_left_out_for_one_host_only() {
    let site = || pages().robots("User-agent: *\nDisallow: /a");
    let (own, other) = (Server::start(site().routes()), Server::start_on(2, site().routes()));
    let crawled = crawl(&[&own, &other], &[(&own, "robots = false")]).run();
    assert_eq!((own.count("/robots.txt"), own.count("/a")), (0, 1));
    assert_eq!((other.count("/robots.txt"), other.count("/a")), (1, 0));
    assert_eq!((crawled.assert_code(0).records.len(), crawled.skipped("robots")), (9, 1));
}

#[test]
fn robots_txt_may_be_asked_for_at_one_host_only() {
    let site = || pages().robots("User-agent: *\nDisallow: /a");
    let (own, other) = (Server::start(site().routes()), Server::start_on(2, site().routes()));
    crawl(&[&own, &other], &[(&own, "robots = true")]).flag("--ignore-robots").run().assert_code(0);
    assert_eq!((own.count("/robots.txt"), own.count("/a")), (1, 0));
    assert_eq!((other.count("/robots.txt"), other.count("/a")), (0, 1));
}

#[test]
fn the_scope_of_one_host_is_narrower() {
    let (own, other, third) = (host(1), host(2), host(3));
    let tables = [(&own, "exclude = [\"*/a\", \"*/b\"]"), (&third, "include = [\"*/c\"]")];
    let crawled = crawl(&[&own, &other, &third], &tables).run();
    let expected: Vec<_> =
        [(&own, vec!["/", "/c", "/d"]), (&other, vec!["/", "/a", "/b", "/c", "/d"]), (&third, vec!["/", "/c"])]
            .iter()
            .flat_map(|(server, paths)| paths.iter().map(|path| server.url(path)))
            .collect();
    assert_eq!(crawled.assert_code(0).urls(), expected);
    assert_eq!(crawled.skipped("scope"), 5);
}

#[test]
fn the_scope_of_one_host_takes_the_place_of_the_common_one() {
    let (own, other) = (host(1), host(2));
    let crawl = crawl(&[&own, &other], &[(&own, "exclude = [\"*/d\"]")]).set("scope.exclude", "['*/a', '*/b', '*/c']");
    crawl.run().assert_code(0);
    let asked = |server: &Server| PAGES.map(|page| server.count(page));
    assert_eq!((asked(&own), asked(&other)), ([1, 1, 1, 0], [0, 0, 0, 1]));
}

#[test]
fn a_host_may_be_left_out_as_a_whole() {
    let other = host(2);
    let own = Server::start(Site::linked(&[("/", &[&other.url("/")])]).routes());
    let crawled = crawl(&[&own], &[(&other, "exclude = [\"*\"]")]).run();
    assert_eq!((crawled.assert_code(0).records.len(), crawled.skipped("scope")), (1, 1));
    assert_eq!(other.log(|log| log.arrivals.len()), 0);
}

#[test]
fn the_headers_of_a_host_are_seen_by_no_other() {
    let other = host(2);
    let site = Site::linked(&[("/", &["/go", "/a"]), ("/a", &[])]).with("/go", Reply::redirect(302, &other.url("/a")));
    let own = Server::start(site.routes());
    let own_table = "headers = { X-Own = \"1\", Accept = \"text/own\", Authorization = \"Bearer own\" }";
    let tables = [(&own, own_table), (&other, "headers = { X-Other = \"2\" }")];
    crawl(&[&own], &tables).arg("--header", "x-all: 3").arg("--header", "x-own: 0").run().assert_code(0);
    let seen = |server: &Server| {
        let names = ["x-own", "x-other", "x-all", "accept", "authorization"];
        let values = |arrival: &Arrival| names.map(|name| arrival.header(name).unwrap_or("-").to_owned()).join(" ");
        let mut seen: Vec<_> = server.log(|log| log.arrivals.iter().map(values).collect());
        assert!(seen.len() > 1, "robots.txt and a page: {seen:?}");
        seen.dedup();
        seen
    };
    assert_eq!(seen(&own), ["1 - 3 text/own Bearer own"]);
    let accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    assert_eq!(seen(&other), [format!("0 2 3 {accept} -")]);
}

#[test]
fn secrets_of_a_host_do_not_go_there_in_clear_unless_it_is_a_seed() {
    let (own, linked) = (host(1), host(2));
    let site = Site::linked(&[("/", &[&linked.url("/a"), &own.url("/a")])]);
    let home = Server::start_on(3, site.routes());
    let secret = "headers = { Cookie = \"a=1\", Authorization = \"Bearer x\", X-Key = \"2\" }";
    crawl(&[&home, &own], &[(&own, secret), (&linked, secret)]).run().assert_code(0);
    let seen =
        |server: &Server, name: &str| server.log(|log| log.arrivals.iter().filter_map(|a| a.header(name)).count());
    for (server, secrets) in [(&own, true), (&linked, false)] {
        let requests = server.log(|log| log.arrivals.len());
        assert_eq!(seen(server, "x-key"), requests);
        for name in ["cookie", "authorization"] {
            assert_eq!(seen(server, name), if secrets { requests } else { 0 }, "{name}");
        }
    }
}

#[test]
fn the_rate_of_a_host_holds_after_a_kill() {
    let (own, other) = (host(1), host(2));
    let crawl = || crawl(&[&own, &other], &[(&own, "rate = 2")]);
    let started = Instant::now();
    let running = crawl().start();
    own.wait_for("a page", |log| log.has_answered("/"));
    other.wait_for("the whole of the other host", |log| log.answered.len() == PAGES.len() + 2);
    let killed = running.kill();
    let asked = own.log(|log| log.arrivals.len());
    crawl().on(&killed).run().assert_code(0);
    own.log(|log| {
        assert!(log.arrivals.len() > asked, "{:?}", log.paths());
        // Whatever is late on its way comes later, and never earlier.
        let gaps = u32::try_from(log.arrivals.len() - 1).unwrap();
        let took = log.arrivals.last().unwrap().at - started;
        assert!(took >= gaps * Duration::from_millis(500), "{gaps} in {took:?}");
    });
}

#[test]
fn a_crawl_that_goes_on_takes_up_what_robots_txt_disallowed_once_its_host_need_not_be_asked() {
    let site = || pages().robots("User-agent: *\nDisallow: /a");
    let (own, other) = (Server::start(site().routes()), Server::start_on(2, site().routes()));
    let first = crawl(&[&own, &other], &[]).run();
    assert_eq!(first.skipped("robots"), 2);
    let second = crawl(&[&own, &other], &[(&own, "robots = false")]).on(&first).run();
    assert_eq!((second.assert_code(0).skipped("robots"), own.count("/a"), other.count("/a")), (1, 1, 0));
}
