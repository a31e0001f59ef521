//! `--proxy`: everything goes through it, it is told addresses that were judged here unless it is asked to look names up, and
//! what is wrong with it is no fault of a site.

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::process::Command;

use crate::support::{
    Asked, Authority, ClosedPort, Crawl, Crawled, Proxy, Reply, Server, Site, TlsServer, Ways, archived,
};

/// Three pages below a robots.txt.
pub(crate) fn site() -> Site {
    Site::linked(&[("/", &["/a", "/b"]), ("/a", &[]), ("/b", &[])]).robots("User-agent: *\nDisallow: /private\n")
}

/// A crawl of a site that is called `localhost`, through a proxy.
pub(crate) fn through(server: &Server, proxy: &str) -> Crawl {
    Crawl::of(server.named_url("localhost", "/")).arg("--proxy", proxy)
}

#[track_caller]
pub(crate) fn assert_all_ok(crawled: &Crawled, pages: usize) {
    let failed: Vec<_> = crawled.assert_code(0).records.iter().filter(|record| record["outcome"] != "ok").collect();
    assert!(failed.is_empty() && crawled.records.len() == pages, "{failed:?} of {:?}", crawled.urls());
}

/// The files that a crawl has left, and what it has said, hold nothing of this.
#[track_caller]
pub(crate) fn assert_nowhere(crawled: &Crawled, secret: &str) {
    assert!(!crawled.stderr.contains(secret) && !crawled.stdout.contains(secret), "{}", crawled.stderr);
    for entry in fs::read_dir(crawled.path("crawl")).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap_or_default();
        let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found, "{} holds the secret", path.display());
    }
}

#[test]
fn an_http_proxy_is_told_addresses_and_the_site_gets_no_word_of_it() {
    let server = Server::start(site().routes());
    let proxy = Ways::default().takes("Basic dXNlcjpodW50ZXIy").http();
    let crawl = through(&server, &format!("http://user:hunter2@{}", proxy.address()));
    let crawled = crawl.talkative().set("observe.log_level", "'trace'").run();
    assert_all_ok(&crawled, 3);
    let told = format!("requests go through the proxy http://{}; names are looked up and judged here", proxy.address());
    assert!(crawled.stderr.contains(&told), "{}", crawled.stderr);
    assert_eq!(proxy.asked_for(), [format!("CONNECT {}", server.host())], "an address and no name");
    server.log(|log| {
        assert_eq!(log.paths()[0], "/robots.txt");
        let host = server.named_url("localhost", "");
        for arrival in &log.arrivals {
            assert_eq!(arrival.header("host"), host.strip_prefix("http://"));
            let said: Vec<_> = arrival.headers.iter().map(|(name, _)| name.as_str()).collect();
            assert!(!said.iter().any(|name| name.starts_with("proxy-")), "{said:?}");
        }
    });
    assert_nowhere(&crawled, "hunter2");
    assert_nowhere(&crawled, "dXNlcjpodW50ZXIy");
}

#[test]
fn https_through_a_proxy_is_verified_by_the_name_of_the_site() {
    let authority = Authority::named("The test");
    let server = TlsServer::start(authority.certify(&["localhost"]), site().routes());
    let tls = Ways::default().over(authority.certify(&["127.0.0.3"]).offers(&["http/1.1"])).http();
    let plain = Ways::default().http();
    let socks = Ways::default().socks5();
    for (proxy, scheme) in [(&plain, "http"), (&tls, "https"), (&socks, "socks5")] {
        let crawl = Crawl::of(server.named_url("localhost", "/")).trusting(&authority);
        let crawled = crawl.arg("--proxy", format!("{scheme}://{}", proxy.address())).run();
        assert_all_ok(&crawled, 3);
        let verb = if scheme == "socks5" { "SOCKS5" } else { "CONNECT" };
        let asked = proxy.asked();
        let expected = Asked { what: format!("{verb} {}", server.address()), authorization: None };
        assert_eq!(asked, [expected], "one connection, over HTTP/2");
    }
    assert!(server.log().requests.iter().all(|asked| asked.alpn.as_deref() == Some("h2")));
    let other = Authority::named("Another");
    let crawl = Crawl::of(server.named_url("localhost", "/")).trusting(&other);
    let crawled = crawl.arg("--proxy", plain.address().to_string()).run();
    let record = crawled.assert_code(3).record(&server.named_url("localhost", "/"));
    assert_eq!(record["error"]["kind"], "tls", "{record}");
}

#[test]
fn a_socks5_proxy_is_told_addresses_and_a_password_if_it_wants_one() {
    let server = Server::start(site().routes());
    for (ways, credentials) in [(Ways::default(), ""), (Ways::default().takes("us@er:hunter2"), "us%40er:hunter2@")] {
        let proxy = ways.socks5();
        let crawled = through(&server, &format!("socks5://{credentials}{}", proxy.address())).run();
        assert_all_ok(&crawled, 3);
        assert_eq!(proxy.asked_for(), [format!("SOCKS5 {}", server.host())]);
        assert_nowhere(&crawled, "hunter2");
    }
}

#[test]
fn a_proxy_that_looks_names_up_is_told_names() {
    let authority = Authority::named("The test");
    let plain = Server::start(site().routes());
    let secure = TlsServer::start(authority.certify(&["site.invalid"]), site().routes());
    let (over_http, over_https) = (plain.named_url("site.invalid", "/"), secure.named_url("site.invalid", "/"));
    let crawl = |proxy: &Proxy, scheme: &str, seed: &str| {
        let crawl = Crawl::of(seed).trusting(&authority).arg("--proxy-dns", "proxy");
        let crawled = crawl.arg("--proxy", format!("{scheme}://user:hunter2@{}", proxy.address())).run();
        assert_all_ok(&crawled, 3);
        proxy.asked_for()
    };
    let knows = |to: SocketAddr| Ways::default().knows("site.invalid", to);
    let proxy = knows(plain.address()).takes("Basic dXNlcjpodW50ZXIy").http();
    let paths = ["", "a", "b", "robots.txt"];
    assert_eq!(crawl(&proxy, "http", &over_http), paths.map(|path| format!("GET {over_http}{path}")));
    plain.log(|log| assert!(log.arrivals.iter().all(|arrival| arrival.header("proxy-authorization").is_none())));
    let (port, secure_port) = (plain.address().port(), secure.address().port());
    let proxy = knows(secure.address()).takes("Basic dXNlcjpodW50ZXIy").http();
    assert_eq!(crawl(&proxy, "http", &over_https), [format!("CONNECT site.invalid:{secure_port}")]);
    let proxy = knows(plain.address()).takes("user:hunter2").socks5();
    assert_eq!(crawl(&proxy, "socks5h", &over_http), [format!("SOCKS5 site.invalid:{port}")]);
}

#[test]
fn what_is_private_is_refused_behind_a_proxy_and_so_is_the_proxy_itself() {
    let other = Server::start_on(2, |_| Reply::html("private"));
    let proxy = Ways::default().http();
    let (inner, own) = (other.url("/"), format!("http://{}/", proxy.address()));
    let moved = Reply::redirect(302, &inner);
    let page = Reply::links("home", [inner.as_str(), own.as_str(), "/moved"]);
    let server = Server::start(Site::default().with("/", page).with("/moved", moved).routes());
    let crawl = through(&server, &proxy.address().to_string()).set("scope.kind", "'any'");
    let crawled = crawl.run();
    crawled.assert_code(0);
    assert_eq!((crawled.records.len(), crawled.skipped("unsafe_address")), (2, 2), "{}", crawled.summary);
    assert_eq!(proxy.asked_for(), [format!("CONNECT {}", server.host())]);
    other.log(|log| assert!(log.arrivals.is_empty()));
}

#[test]
fn proxies_take_turns_and_what_looks_for_external_links_goes_through_them_too() {
    let other = Server::start_on(2, |_| Reply::html("external"));
    let pages: Vec<String> = (0..20).map(|n| format!("/{n}")).collect();
    let home = Reply::links("home", pages.iter().map(String::as_str).chain([other.url("/x").as_str()]));
    let server = Server::start(move |arrival| if arrival.path == "/" { home.clone() } else { Reply::html("page") });
    let proxies = [Ways::default().http(), Ways::default().socks5()];
    let crawl = Crawl::of(server.url("/")).flag("--check-external").arg("--allow-host", "127.0.0.2");
    let crawl = crawl.arg("--proxy", proxies[0].address().to_string());
    let crawled = crawl.arg("--proxy", format!("socks5://{}", proxies[1].address())).run();
    assert_all_ok(&crawled, 22);
    other.log(|log| assert!(log.arrivals.iter().any(|arrival| arrival.method == "HEAD"), "{:?}", log.paths()));
    let mut asked: BTreeSet<String> = BTreeSet::new();
    for (proxy, verb) in proxies.iter().zip(["CONNECT", "SOCKS5"]) {
        assert!(proxy.asked_for().contains(&format!("{verb} {}", server.host())), "{:?}", proxy.asked_for());
        asked.extend(proxy.asked_for().iter().map(|what| what.split_once(' ').unwrap().1.to_owned()));
    }
    assert_eq!(asked, BTreeSet::from([server.host(), other.host()]));
}

#[test]
fn a_proxy_that_is_not_there_ends_the_crawl_which_goes_on_with_one_that_is() {
    let server = Server::start(site().routes());
    let dead = ClosedPort::reserve();
    let crawled = through(&server, &format!("http://user:hunter2@{}", dead.host())).run();
    let told = format!("error: the proxy http://{} cannot be reached (connection refused)", dead.host());
    assert!(crawled.assert_code(1).stderr.contains(&told), "{}", crawled.stderr);
    assert!(crawled.records.is_empty() && !crawled.stderr.contains("hunter2"), "{}", crawled.stderr);
    let proxy = Ways::default().socks5();
    let crawled = through(&server, &format!("socks5://{}", proxy.address())).on(&crawled).run();
    assert_all_ok(&crawled, 3);
}

#[test]
fn a_proxy_that_wants_credentials_says_so() {
    let server = Server::start(site().routes());
    let told = |proxy: &Proxy, url: &str, expected: &str| {
        let crawled = through(&server, url).run();
        let expected = format!("error: the proxy {}", expected.replace("ADDRESS", &proxy.address().to_string()));
        assert!(crawled.assert_code(1).stderr.contains(&expected), "{}", crawled.stderr);
        assert!(crawled.records.is_empty() && !crawled.stderr.contains("hunter2"), "{}", crawled.stderr);
    };
    let http = Ways::default().takes("Basic dXNlcjpodW50ZXIy").http();
    let wants = "http://ADDRESS wants a user and a password: --proxy 'http://USER:PASSWORD@ADDRESS'";
    told(&http, &format!("http://{}", http.address()), wants);
    let wrong = "http://ADDRESS does not take the user and the password that it is given";
    told(&http, &format!("http://hunter2:hunter2@{}", http.address()), wrong);
    let socks = Ways::default().takes("user:hunter2").socks5();
    let wants = "socks5://ADDRESS wants a user and a password: --proxy 'socks5://USER:PASSWORD@ADDRESS'";
    told(&socks, &format!("socks5://{}", socks.address()), wants);
    let wrong = "socks5://ADDRESS does not take the user and the password that it is given";
    told(&socks, &format!("socks5://hunter2:hunter2@{}", socks.address()), wrong);
    // Without a tunnel it is the proxy that answers the request.
    let crawled = through(&server, &http.address().to_string()).arg("--proxy-dns", "proxy").run();
    assert!(crawled.assert_code(1).stderr.contains("wants a user and a password"), "{}", crawled.stderr);
    server.log(|log| assert!(log.arrivals.is_empty()));
}

#[test]
fn what_a_proxy_says_of_a_site_is_a_failure_of_the_site_that_names_the_proxy() {
    let server = Server::start(site().routes());
    let seed = server.named_url("localhost", "/");
    let at = server.host();
    for (status, reply, over_http, over_socks) in [
        (
            "502 Bad Gateway",
            5,
            format!("has no connection to {at} (502 Bad Gateway)"),
            format!("has no connection to {at} (connection refused)"),
        ),
        (
            "403 Forbidden",
            2,
            format!("refuses a tunnel to {at} (403 Forbidden); --proxy-dns proxy asks for http:// without a tunnel"),
            format!("refuses a connection to {at} (not allowed by its rules)"),
        ),
    ] {
        let http = Ways::default().refuses(status, reply).http();
        let socks = Ways::default().refuses(status, reply).socks5();
        for (proxy, scheme, words) in [(&http, "http", over_http), (&socks, "socks5", over_socks)] {
            let url = format!("{scheme}://{}", proxy.address());
            let crawled = through(&server, &url).set("politeness.patience", "'0s'").run();
            let record = crawled.assert_code(3).record(&seed);
            assert_eq!(record["error"]["kind"], "connect", "{record}");
            assert_eq!(record["error"]["message"], format!("the proxy {url} {words}"));
        }
    }
    server.log(|log| assert!(log.arrivals.is_empty()));
}

#[test]
fn a_proxy_that_goes_away_and_comes_back_costs_no_page() {
    let paths: Vec<String> = (0..10).map(|n| format!("/{n}")).collect();
    let home = Reply::links("home", &paths);
    let server = Server::start(move |arrival| if arrival.path == "/" { home.clone() } else { Reply::html("page") });
    server.hold("/5");
    let proxy = Ways::default().http();
    let address = proxy.address();
    let crawl = through(&server, &address.to_string()).concurrency(1).talkative();
    let running = crawl.start();
    server.wait_for("a request in flight", |log| log.count("/5") == 1);
    drop(proxy);
    running.wait_for_stderr("cannot be reached (connection refused): waiting until that has passed");
    server.open("/5");
    let _proxy = Ways::default().at(address).http();
    let crawled = running.finish();
    assert_all_ok(&crawled, 11);
}

#[test]
fn an_archive_has_the_address_of_the_site_when_that_is_known() {
    let server = Server::start(site().routes());
    let addresses = |dns: &str| {
        let proxy = Ways::default().knows("localhost", server.address()).http();
        let crawl = through(&server, &proxy.address().to_string()).arg("--proxy-dns", dns).flag("--warc");
        let crawled = crawl.run();
        assert_all_ok(&crawled, 3);
        let responses = archived(&crawled.path("crawl"))
            .into_iter()
            .filter(|record| record.kind() == "response" && record.url().starts_with("http:"));
        responses.map(|record| record.field("WARC-IP-Address").to_owned()).collect::<BTreeSet<_>>()
    };
    assert_eq!(addresses("here"), BTreeSet::from(["127.0.0.1".to_owned()]));
    assert_eq!(addresses("proxy"), BTreeSet::from([String::new()]));
}

#[test]
fn a_password_from_the_environment_is_needed_to_crawl_and_not_to_look() {
    let server = Server::start(site().routes());
    let proxy = Ways::default().takes("Basic dXNlcjpodW50ZXIy").http();
    let crawl = || through(&server, &format!("http://user:${{PROXY_PW}}@{}", proxy.address()));
    let crawled = crawl().env("PROXY_PW", "hunter2").run();
    assert_all_ok(&crawled, 3);
    assert_nowhere(&crawled, "hunter2");
    let mut status = Command::new(env!("CARGO_BIN_EXE_crawler"));
    let output = status
        .current_dir(crawled.path(""))
        .env_remove("PROXY_PW")
        .args(["explain", &server.named_url("localhost", "/a")]);
    let output = output.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let refused = crawl().on(&crawled).flag("--fresh").run();
    let told = "error: fetch.proxy: the environment variable `PROXY_PW` is not set";
    assert!(refused.assert_code(2).stderr.contains(told), "{}", refused.stderr);
}

#[test]
fn robots_txt_is_checked_through_the_proxy() {
    let server = Server::start(site().routes());
    let proxy = Ways::default().http();
    let dir = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_crawler"));
    command.current_dir(dir.path()).args(["robots", "check", &server.named_url("localhost", "/private")]);
    let output = command.args(["--set", &format!("fetch.proxy={}", proxy.address())]).output().unwrap();
    assert!(
        output.status.code() == Some(1) && String::from_utf8_lossy(&output.stdout).contains("line 2"),
        "{output:?}"
    );
    assert_eq!(proxy.asked_for(), [format!("CONNECT {}", server.host())]);
}
