//! Redirects: where they lead, which are followed, and what is recorded of them.

use crate::support::{Crawl, Reply, Server, Site};

/// Crawls `/`, which links to `found`, which redirects to `target`: another spelling of the same page.
fn respelled(found: &str, target: &str) -> (Server, crate::support::Crawled) {
    let site = Site::linked(&[("/", &[found]), (target, &["/deeper"]), ("/deeper", &[])]);
    let server = Server::start(site.with(found, Reply::redirect(301, target)).routes());
    let crawled = Crawl::of(server.url("/")).run();
    (server, crawled)
}

#[test]
fn a_redirect_to_another_spelling_of_the_same_page_is_followed() {
    for (found, target) in [
        ("/p?utm_source=a", "/p"),
        ("/p", "/p?utm_source=a"),
        ("/p?", "/p"),
        ("/p", "/p?"),
        ("/%7Eu", "/~u"),
        ("/caf%c3%a9", "/caf%C3%A9"),
        ("/p?a=1&gclid=2", "/p?a=1"),
    ] {
        let (server, crawled) = respelled(found, target);
        assert_eq!((server.count(found), server.count(target)), (1, 1), "{found} to {target}");
        assert_eq!(crawled.records.len(), 3, "{found} to {target}: {:?}", crawled.urls());
        let record = crawled.record(&server.url(found));
        assert_eq!((&record["outcome"], &record["status"]), (&"ok".into(), &200.into()));
        assert_eq!((&record["depth"], &record["attempts"]), (&1.into(), &1.into()));
        assert_eq!(record["location"], server.url(target));
        assert_eq!(crawled.record(&server.url("/deeper"))["referrer"], server.url(found));
    }
}

#[test]
fn a_seed_that_redirects_to_another_spelling_of_itself_is_no_failed_seed() {
    let site = Site::default().with("/p?utm_source=a", Reply::redirect(302, "/p")).with("/p", Reply::html("page"));
    let server = Server::start(site.routes());
    let crawled = Crawl::of(server.url("/p?utm_source=a")).run();
    crawled.assert_code(0);
    assert_eq!(crawled.record(&server.url("/p?utm_source=a"))["outcome"], "ok");
}

#[test]
fn two_spellings_that_redirect_to_each_other_end() {
    let site = Site::default().with("/p", Reply::redirect(302, "/p?")).with("/p?", Reply::redirect(302, "/p"));
    let server = Server::start(site.routes());
    let crawled = Crawl::of(server.url("/p")).set("frontier.max_redirects", "4").run();
    crawled.assert_code(3);
    assert_eq!(server.count("/p") + server.count("/p?"), 5);
    assert_eq!(crawled.record(&server.url("/p"))["outcome"], "redirect");
    let reason = "redirects to itself, in one spelling after the other";
    assert_eq!(crawled.summary["failed_seeds"][0]["reason"], reason);
}

#[test]
fn a_page_that_redirects_to_itself_is_asked_again_only_with_a_cookie() {
    for (reply, asked) in
        [(Reply::redirect(302, "/p"), 1), (Reply::redirect(302, "/p").header("Set-Cookie", "seen=1"), 4)]
    {
        let server = Server::start(Site::default().with("/p", reply).routes());
        let crawled = Crawl::of(server.url("/p")).set("frontier.max_redirects", "3").run();
        crawled.assert_code(3);
        assert_eq!(server.count("/p"), asked);
        assert_eq!(crawled.summary["failed_seeds"][0]["reason"], "redirects to itself");
    }
}

#[test]
fn a_spelling_that_may_not_be_asked_for_is_not() {
    let site = Site::linked(&[("/", &["/p", "/q"])]).robots("User-agent: *\nDisallow: /*utm_\n");
    let site = site.with("/p", Reply::redirect(302, "/p?utm_x=1")).with("/q", Reply::redirect(302, "/q?gclid=1"));
    let server = Server::start(site.routes());
    let crawled = Crawl::of(server.url("/")).arg("--exclude", "*gclid*").run();
    assert_eq!((server.count("/p?utm_x=1"), server.count("/q?gclid=1")), (0, 0));
    for path in ["/p", "/q"] {
        assert_eq!(crawled.record(&server.url(path))["outcome"], "redirect");
    }
}

#[test]
fn a_page_that_sends_its_reader_to_another_spelling_at_once_is_asked_for_so() {
    let page =
        |pause: u32| Reply::html(format!("<meta http-equiv=refresh content='{pause};url=/p'><title>sent</title>"));
    for (pause, title) in [(0, "got"), (30, "sent")] {
        let site = Site::default().with("/p?utm_x=1", page(pause)).with("/p", Reply::html("<title>got</title>"));
        let server = Server::start(site.routes());
        let crawled = Crawl::of(server.url("/p?utm_x=1")).run();
        assert_eq!(crawled.record(&server.url("/p?utm_x=1"))["title"], title);
    }
}

#[test]
fn each_spelling_is_a_request_under_the_limits_of_its_host() {
    let hop = |n: u32| Reply::redirect(302, &format!("/p?utm_x={}", n + 1));
    let site = (0..4).fold(Site::default(), |site, n| site.with(&format!("/p?utm_x={n}"), hop(n)));
    let server = Server::start(site.with("/p?utm_x=4", Reply::html("page")).routes());
    let crawled = Crawl::of(server.url("/p?utm_x=0")).set("politeness.delay", "'50ms'").run();
    assert_eq!(crawled.record(&server.url("/p?utm_x=0"))["outcome"], "ok");
    assert!(crawled.summary["hosts"][0]["smallest_gap_ms"].as_u64().unwrap() >= 50, "{}", crawled.summary);
}

#[test]
fn a_sitemap_that_redirects_to_another_spelling_of_itself_is_read() {
    let list = Reply::new(200).header("Content-Type", "text/plain").body("http://HOST/listed\n");
    let site = Site::linked(&[("/", &[]), ("/listed", &[])]).with("/s.txt", list);
    let routes = site.with("/s.txt?utm_x=1", Reply::redirect(302, "/s.txt")).routes();
    let server = Server::start(move |arrival| {
        let mut reply = routes(arrival);
        let host = arrival.header("host").unwrap_or_default();
        reply.body = String::from_utf8_lossy(&reply.body).replace("HOST", host).into_bytes();
        reply
    });
    let crawled = Crawl::of(server.url("/")).arg("--sitemap", server.url("/s.txt?utm_x=1")).run();
    assert_eq!(crawled.urls(), ["/", "/listed"].map(|path| server.url(path)));
}

/// A redirect whose `Location` has these bytes.
fn to_bytes(location: &[u8]) -> Reply {
    let head = b"HTTP/1.1 301 Moved\r\nContent-Length: 0\r\nConnection: close\r\nLocation: ";
    Reply::raw([head, location, b"\r\n\r\n"].concat())
}

#[test]
fn bytes_of_a_location_that_are_not_utf8_stand_for_themselves() {
    for (location, target) in [
        (&b"/caf\xe9"[..], "/caf%E9"),
        (b"/q?name=jos\xe9", "/q?name=jos%E9"),
        (b"/\xd6\xd0", "/%D6%D0"),
        ("/caf\u{e9}".as_bytes(), "/caf%C3%A9"),
        (b"/x/\t\t", "/x/"),
    ] {
        let site = Site::default().with("/", to_bytes(location)).with(target, Reply::html("here"));
        let server = Server::start(site.routes());
        let crawled = Crawl::of(server.url("/")).run();
        assert_eq!(crawled.urls(), ["/", target].map(|path| server.url(path)));
    }
}

#[test]
fn a_robots_txt_behind_such_a_location_is_found_and_obeyed() {
    let site = Site::linked(&[("/", &["/yes", "/no"]), ("/yes", &[]), ("/no", &[])]);
    let site = site.with("/robots.txt", to_bytes(b"/r\xf4bots.txt"));
    let server = Server::start(site.with("/r%F4bots.txt", Reply::text("User-agent: *\nDisallow: /no\n")).routes());
    let crawled = Crawl::of(server.url("/")).run();
    assert_eq!(crawled.urls(), ["/", "/yes"].map(|path| server.url(path)));
    assert_eq!(crawled.skipped("robots"), 1);
}

#[test]
fn references_are_resolved_as_the_url_standard_says() {
    let server = Server::start(|arrival| {
        let port = arrival.header("host").and_then(|host| host.rsplit(':').next()).unwrap_or_default();
        match arrival.path.as_str() {
            "/" => Reply::links(
                "home",
                [
                    &format!("///127.0.0.1:{port}/slashes"),
                    "/a^b?c^d",
                    "/sp ace #part",
                    "http://xn--8i7caa.example.com/",
                ],
            ),
            "/slashes" => Reply::redirect(302, &format!("///127.0.0.1:{port}/a^b?e")),
            "/robots.txt" => Reply::new(404),
            _ => Reply::html("page"),
        }
    });
    let crawled = Crawl::of(server.url("/")).run();
    let paths = ["/", "/a%5Eb?c^d", "/a%5Eb?e", "/slashes", "/sp%20ace%20"];
    assert_eq!(crawled.urls(), paths.map(|path| server.url(path)));
    assert_eq!(crawled.skipped("scope"), 1, "a name of another host");
    assert_eq!(crawled.record(&server.url("/"))["links"][3], "http://xn--8i7caa.example.com/");
}

#[test]
fn a_page_that_sets_a_cookie_and_redirects_back_is_followed() {
    // The second time the page is there, as it is for who brings the cookie.
    for (with_cookie, asked, title) in [(true, 2, Some("got")), (false, 1, None)] {
        let count = std::sync::atomic::AtomicUsize::new(0);
        let server = Server::start(move |arrival| match arrival.path.as_str() {
            "/" => Reply::links("home", ["/p"]),
            "/p" if count.fetch_add(1, std::sync::atomic::Ordering::Relaxed) > 0 => Reply::links("got", ["/deeper"]),
            "/p" => Reply::redirect(302, "/set"),
            "/set" if with_cookie => Reply::redirect(302, "/p").header("Set-Cookie", "seen=1"),
            "/set" => Reply::redirect(302, "/p"),
            "/deeper" => Reply::html("page"),
            _ => Reply::new(404),
        });
        let crawled = Crawl::of(server.url("/")).run();
        assert_eq!((server.count("/p"), server.count("/set")), (asked, 1));
        assert_eq!(crawled.record(&server.url("/set"))["title"].as_str(), title);
        assert_eq!(crawled.record(&server.url("/p"))["outcome"], "redirect");
        assert_eq!(server.count("/deeper"), usize::from(with_cookie));
    }
}
