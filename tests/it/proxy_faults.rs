//! What proxies that are no ways cost: no page, no attempt and no host, as long as another one leads there.

use std::process::Command;

use crate::proxy::{assert_all_ok, site, through};
use crate::support::{ClosedPort, Crawl, Proxy, Reply, Server, Ways};

/// Ten pages that a home links to.
fn ten_pages() -> Server {
    let pages: Vec<String> = (0..10).map(|n| format!("/{n}")).collect();
    let home = Reply::links("home", &pages);
    Server::start(move |arrival| if arrival.path == "/" { home.clone() } else { Reply::html("page") })
}

/// Crawls one page after the other through a proxy that is none and one that works: how often the first was asked.
#[track_caller]
fn asked_in_vain(bad: &Proxy, scheme: &str) -> usize {
    let (server, alive) = (ten_pages(), Ways::default().http());
    let bad_url = format!("{scheme}://{}", bad.address());
    let crawl = through(&server, &bad_url).arg("--proxy", alive.address().to_string()).concurrency(1);
    let crawled = crawl.set("fetch.connect_timeout", "'2s'").run();
    assert_all_ok(&crawled, 11);
    let again: Vec<_> = crawled.records.iter().filter(|record| record["attempts"] != 1).collect();
    assert!(again.is_empty(), "{again:?}");
    let told = crawled.stderr.lines().filter(|line| line.contains("the others take its turns for 30s"));
    let told: Vec<_> = told.collect();
    assert!(told.len() == 1 && told[0].contains(&bad_url), "{}", crawled.stderr);
    bad.asked().len()
}

#[test]
fn a_proxy_that_connects_to_nobody_is_passed_by_and_costs_no_page_and_no_attempt() {
    for (bad, scheme) in [
        (Ways::default().refuses("403 Forbidden", 2).http(), "http"),
        (Ways::default().refuses("500 Internal Server Error", 2).http(), "http"),
        (Ways::default().refuses("403 Forbidden", 2).socks5(), "socks5"),
        (Ways::default().refuses("403 Forbidden", 7).socks5(), "socks5"),
        (Ways::default().hangs_up().http(), "http"),
    ] {
        assert_eq!(asked_in_vain(&bad, scheme), 3, "three times in a row is enough");
    }
    for (bad, scheme) in [
        (Ways::default().hangs_up().socks5(), "socks5"),
        (Ways::default().says_nothing().socks5(), "socks5"),
        (Ways::default().says_nothing().http(), "http"),
    ] {
        assert_eq!(asked_in_vain(&bad, scheme), 1, "{scheme}");
    }
}

#[test]
fn a_proxy_that_says_nothing_is_named() {
    let server = Server::start(site().routes());
    let crawled = |proxy: &Proxy, scheme: &str| {
        let crawl = through(&server, &format!("{scheme}://user:hunter2@{}", proxy.address()));
        crawl.set("fetch.connect_timeout", "'300ms'").set("politeness.patience", "'0s'").run()
    };
    // No host was named to it.
    let socks = Ways::default().says_nothing().socks5();
    let told = format!("error: the proxy socks5://{} says nothing within 300ms", socks.address());
    let ended = crawled(&socks, "socks5");
    assert!(ended.assert_code(1).stderr.contains(&told), "{}", ended.stderr);
    // It may wait for the host.
    let http = Ways::default().says_nothing().http();
    let ended = crawled(&http, "http");
    let record = ended.assert_code(3).record(&server.named_url("localhost", "/"));
    assert_eq!(record["error"]["kind"], "timeout", "{record}");
    let (http, host) = (http.address(), server.host());
    let told =
        format!("the proxy http://{http} says nothing within 300ms when it is asked for {host}: one of them hangs");
    assert_eq!(record["error"]["message"], told);
}

#[test]
fn what_no_proxy_connects_to_is_a_failure_of_the_site() {
    let other = Server::start_on(2, |_| Reply::html("other"));
    let refusing = Ways::default().refuses("403 Forbidden", 2).http();
    let crawl = Crawl::of(other.url("/")).arg("--proxy", refusing.address().to_string());
    let crawl = crawl.arg("--proxy", format!("http://{}", ClosedPort::reserve().host()));
    let crawled = crawl.set("politeness.patience", "'0s'").run();
    let record = crawled.assert_code(3).record(&other.url("/"));
    assert_eq!(record["error"]["kind"], "connect", "{record}");
    assert!(record["error"]["message"].as_str().unwrap().contains("refuses a tunnel"), "{record}");
}

#[test]
fn a_dead_proxy_among_others_costs_no_page() {
    let server = Server::start(site().routes());
    let (dead, alive) = (ClosedPort::reserve(), Ways::default().http());
    let crawl = through(&server, &dead.host()).arg("--proxy", alive.address().to_string());
    let crawled = crawl.run();
    assert_all_ok(&crawled, 3);
    let told = format!(
        "warning: the proxy http://{} cannot be reached (connection refused): the others take its turns for 30s",
        dead.host()
    );
    assert_eq!(crawled.stderr.matches(&told).count(), 1, "{}", crawled.stderr);
}

#[test]
fn a_plan_and_a_look_at_a_page_end_when_there_is_no_way_out() {
    let server = Server::start(site().routes());
    let (dead, wants) = (ClosedPort::reserve(), Ways::default().takes("Basic dXNlcjpodW50ZXIy").http());
    let seed = server.named_url("localhost", "/");
    let dir = tempfile::tempdir().unwrap();
    for (proxy, why) in [
        (dead.host(), "cannot be reached (connection refused)"),
        (wants.address().to_string(), "wants a user and a password"),
    ] {
        for robots in [&["plan"][..], &["plan", "--json"], &["inspect"], &["plan", "--ignore-robots"]] {
            let mut command = Command::new(env!("CARGO_BIN_EXE_crawler"));
            let output =
                command.current_dir(dir.path()).args(robots).args([&seed, "--proxy", &proxy]).output().unwrap();
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(1), "{told}");
            assert!(told.contains(&format!("error: the proxy http://{proxy} {why}")), "{told}");
            assert!(output.stdout.is_empty(), "{output:?}");
        }
    }
    server.log(|log| assert!(log.arrivals.is_empty()));
}
