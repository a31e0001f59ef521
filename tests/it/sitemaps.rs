//! Sitemaps: taken when asked for, under the limits of their hosts, and what they list is crawled at depth 0.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::process::Signal;

use crate::support::{ClosedPort, Crawl, Crawled, Reply, Server, Site, folder};

/// A site whose robots.txt names one sitemap, with pages that no link leads to.
pub(crate) fn listed(sitemap: Reply, pages: &[&str]) -> Site {
    let site = Site::linked(&[("/", &["/linked"]), ("/linked", &["/deep"]), ("/deep", &[])]);
    let site = pages.iter().fold(site, |site, page| site.with(page, Reply::html(*page)));
    site.robots("User-agent: *\nDisallow: /no\nSitemap: /sitemap.xml\n").with("/sitemap.xml", sitemap)
}

pub(crate) fn urlset<S: AsRef<str>>(locs: impl IntoIterator<Item = S>) -> String {
    list("urlset", "url", locs)
}

fn index<S: AsRef<str>>(locs: impl IntoIterator<Item = S>) -> String {
    list("sitemapindex", "sitemap", locs)
}

fn list<S: AsRef<str>>(root: &str, entry: &str, locs: impl IntoIterator<Item = S>) -> String {
    let mut text = format!("<?xml version=\"1.0\"?>\n<{root} xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">");
    for loc in locs {
        write!(text, "<{entry}><loc>{}</loc></{entry}>", loc.as_ref()).unwrap();
    }
    text + &format!("</{root}>")
}

pub(crate) fn xml(text: impl Into<Vec<u8>>) -> Reply {
    Reply::new(200).header("Content-Type", "application/xml").body(text)
}

fn gzip(text: &str) -> Reply {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    Reply::new(200).header("Content-Type", "application/gzip").body(encoder.finish().unwrap())
}

#[test]
fn no_sitemap_is_asked_for_unless_the_user_says_so() {
    let server = Server::start(listed(xml(urlset(["/a"])), &["/a"]).routes());
    let crawled = Crawl::of(server.url("/")).run();
    assert_eq!((server.count("/sitemap.xml"), crawled.records.len()), (0, 3));
}

#[test]
fn the_sitemaps_that_robots_txt_names_are_taken_with_all_that_they_lead_to() {
    let children = index(["/plain.xml", "/zipped.xml.gz", "/lines.txt"]);
    let site = listed(xml(children), &["/a", "/b", "/c", "/no/d"])
        .with("/plain.xml", xml(urlset(["/a", "/deep", "/no/d"])))
        .with("/zipped.xml.gz", gzip(&urlset(["/b", "http://other.example/out-of-scope"])))
        .with("/lines.txt", Reply::text("/not-one\n"));
    let server = Server::start(site.routes());
    let crawled = Crawl::of(server.url("/")).flag("--sitemaps").run();
    crawled.assert_code(0);
    let pages = ["/", "/a", "/b", "/deep", "/linked"];
    assert_eq!(crawled.urls(), pages.map(|path| server.url(path)), "a sitemap is no page of the crawl");
    let depths = crawled.depths();
    assert_eq!(pages.map(|path| depths[&server.url(path)]), [0, 0, 0, 0, 1]);
    assert!(crawled.record(&server.url("/deep")).get("referrer").is_none_or(serde_json::Value::is_null));
    assert_eq!((crawled.skipped("scope"), crawled.skipped("robots")), (1, 1));
    assert!(crawled.stderr.contains("/lines.txt: it is no sitemap"), "{}", crawled.stderr);
    for sitemap in ["/sitemap.xml", "/plain.xml", "/zipped.xml.gz", "/lines.txt", "/robots.txt"] {
        assert_eq!(server.count(sitemap), 1, "{sitemap}");
    }
}

#[test]
fn the_sitemaps_that_the_user_names_are_taken() {
    let rss = "<rss><channel><link>/no</link><item><link>/rss</link></item></channel></rss>";
    let atom = "<feed xmlns='http://www.w3.org/2005/Atom'><entry><link href='atom'/></entry></feed>";
    let site = Site::linked(&[("/", &[])]).with("/feed.rss", xml(rss)).with("/feed.atom", xml(atom));
    let site = ["/rss", "/atom", "/text"].iter().fold(site, |site, page| site.with(page, Reply::html(*page)));
    let routes = site.routes();
    let server = Server::start(move |arrival| match (arrival.path.as_str(), arrival.header("host")) {
        ("/lines.txt", Some(host)) => Reply::text(format!("\u{feff}http://{host}/text\r\n")),
        _ => routes(arrival),
    });
    let named = ["/feed.rss", "/feed.atom", "/lines.txt"];
    let crawl = named.iter().fold(Crawl::of(server.url("/")), |crawl, path| crawl.arg("--sitemap", server.url(path)));
    let crawled = crawl.run();
    assert_eq!(crawled.urls(), ["/", "/atom", "/rss", "/text"].map(|path| server.url(path)), "{}", crawled.stderr);
}

#[test]
fn depth_0_takes_just_the_seeds_and_what_is_listed() {
    let server = Server::start(listed(xml(urlset(["/a", "/b"])), &["/a", "/b"]).routes());
    let crawled = Crawl::of(server.url("/")).flag("--sitemaps").arg("--depth", "0").run();
    assert_eq!(crawled.urls(), ["/", "/a", "/b"].map(|path| server.url(path)));
    assert_eq!(crawled.skipped("depth"), 1);
}

#[test]
fn sitemap_only_follows_no_links_but_the_redirects_of_what_is_listed() {
    let pages = Reply::links("listed", ["/linked", "/moved"]);
    let site = listed(xml(urlset(["/listed", "/old"])), &["/new"]).with("/listed", pages);
    let site = site.with("/old", Reply::redirect(301, "/new"));
    let server = Server::start(site.routes());
    let crawled = Crawl::of(server.url("/")).flag("--sitemap-only").run();
    assert_eq!(crawled.urls(), ["/", "/listed", "/new", "/old"].map(|path| server.url(path)));
    assert_eq!(crawled.skipped("nofollow"), 2);
}

#[test]
fn what_changed_last_is_requested_first_and_then_what_matters_most() {
    let entries = [
        ("/c", "<lastmod>2019-01-01</lastmod>"),
        ("/e", "<priority>0.2</priority>"),
        ("/a", "<lastmod>2024-01-01T10:00:00Z</lastmod><priority>0.1</priority>"),
        ("/d", "<priority>0.9</priority>"),
        ("/b", "<lastmod>2024-01-01</lastmod><priority>1.0</priority>"),
    ];
    let urls: String = entries.iter().flat_map(|(loc, rest)| ["<url><loc>", loc, "</loc>", rest, "</url>"]).collect();
    let pages = entries.map(|(loc, _)| loc);
    let server = Server::start(listed(xml(format!("<urlset>{urls}</urlset>")), &pages).routes());
    Crawl::of(server.url("/")).flag("--sitemap-only").concurrency(1).run().assert_code(0);
    let order = server.log(|log| log.paths().into_iter().filter(|path| pages.contains(path)).collect::<String>());
    assert_eq!(order, "/a/b/c/d/e");
}

#[test]
fn indexes_that_lead_to_each_other_or_ever_deeper_come_to_an_end() {
    let site = listed(xml(index(["/round.xml", "/deeper/1.xml"])), &["/a"])
        .with("/round.xml", xml(index(["/sitemap.xml", "/round.xml", "/pages.xml"])))
        .with("/pages.xml", xml(urlset(["/a"])))
        .routes();
    let server = Server::start(move |arrival| match arrival.path.strip_prefix("/deeper/") {
        Some(file) => {
            let level: usize = file.trim_end_matches(".xml").parse().unwrap();
            xml(index([format!("/deeper/{}.xml", level + 1)]))
        }
        None => site(arrival),
    });
    let crawled = Crawl::of(server.url("/")).flag("--sitemaps").run();
    crawled.assert_code(0);
    assert_eq!(crawled.urls(), ["/", "/a", "/deep", "/linked"].map(|path| server.url(path)));
    for once in ["/sitemap.xml", "/round.xml", "/pages.xml", "/deeper/1.xml", "/deeper/3.xml"] {
        assert_eq!(server.count(once), 1, "{once}");
    }
    assert_eq!(server.count("/deeper/4.xml"), 0);
    assert!(crawled.stderr.contains("/deeper/3.xml: it nests deeper than max_nesting"), "{}", crawled.stderr);
}

#[test]
fn a_crawl_does_not_end_before_its_sitemaps() {
    let server = Server::start(listed(xml(urlset(["/a"])), &["/a"]).routes());
    server.hold("/sitemap.xml");
    let crawl = Crawl::of(server.url("/")).flag("--sitemaps").start();
    server.wait_for("all pages that links lead to", |log| log.has_answered("/deep"));
    server.open("/sitemap.xml");
    assert_eq!(crawl.finish().records.len(), 4);
}

#[test]
fn a_crawl_that_is_stopped_before_its_sitemaps_is_not_complete() {
    let site = listed(xml(index(["/pages.xml"])), &["/a"]).with("/pages.xml", xml(urlset(["/a"])));
    let server = Server::start(site.routes());
    server.hold("/sitemap.xml");
    let crawl = Crawl::of(server.url("/")).flag("--sitemaps").start();
    server.wait_for("all pages that links lead to", |log| log.has_answered("/deep"));
    crawl.signal(Signal::INT);
    crawl.wait_for_stderr("stopping");
    server.open("/sitemap.xml");
    let crawled = crawl.finish();
    assert_eq!((crawled.code, crawled.records.len(), server.count("/pages.xml")), (Some(130), 3, 0));
}

#[test]
fn a_sitemap_on_another_host_is_asked_for_as_that_host_allows() {
    let home = Server::start(|arrival: &crate::support::Arrival| match arrival.path.as_str() {
        "/" => Reply::html("home"),
        path if path.starts_with("/listed") => Reply::html(path),
        _ => Reply::new(404),
    });
    let list = urlset([home.url("/listed")]);
    let other = Site::linked(&[]).robots("User-agent: *\nDisallow: /private\nSitemap: /own.xml\n");
    let other = other.with("/open.xml", xml(list.clone())).with("/private.xml", xml(list)).with("/own.xml", xml(""));
    let other = Server::start_on(2, other.routes());
    let site = Site::linked(&[("/", &[])]).robots(&format!(
        "Sitemap: {}\nSitemap: {}\nSitemap: http://10.0.0.1/sitemap.xml\nSitemap: http://[\n",
        other.url("/open.xml"),
        other.url("/private.xml"),
    ));
    let naming = Server::start_on(3, site.routes());
    let crawl = Crawl::of(naming.url("/")).seed(home.url("/")).flag("--sitemaps");
    let crawled = crawl.set("fetch.allow_hosts", "['127.0.0.0/8']").run();
    assert!(crawled.urls().contains(&home.url("/listed")), "{}", crawled.stderr);
    assert_eq!(other.log(|log| log.paths().join(" ")), "/robots.txt /open.xml", "what is out of scope names nothing");
    assert!(crawled.stderr.contains("/private.xml is not read: robots.txt disallows it"), "{}", crawled.stderr);
    assert!(crawled.stderr.contains("http://10.0.0.1/sitemap.xml is not read"), "{}", crawled.stderr);
    assert!(crawled.stderr.contains("names a sitemap that is no URL"), "{}", crawled.stderr);
}

#[test]
fn an_index_leads_to_no_host_that_is_out_of_scope() {
    let other = Server::start_on(2, Site::linked(&[]).with("/sitemap.xml", xml(urlset(["/"]))).routes());
    let server = Server::start(listed(xml(index([other.url("/sitemap.xml")])), &[]).routes());
    let crawl = Crawl::of(server.url("/")).flag("--sitemaps").set("fetch.allow_hosts", "['127.0.0.0/8']");
    let crawled = crawl.run();
    assert_eq!(other.log(|log| log.arrivals.len()), 0);
    assert!(crawled.stderr.contains("is on a host that is out of scope"), "{}", crawled.stderr);
}

#[test]
fn a_sitemap_that_redirects_is_followed_and_one_that_turns_in_circles_is_not() {
    let site = listed(Reply::redirect(302, "/maps/"), &["/a"])
        .with("/maps/", Reply::redirect(301, "/maps/all.xml"))
        .with("/maps/all.xml", xml(index(["/pages.xml", "/circle.xml", "/self.xml", "/sitemap.xml"])))
        .with("/pages.xml", Reply::redirect(307, "/real.xml"))
        .with("/real.xml", xml(urlset(["/a"])))
        .with("/circle.xml", Reply::redirect(302, "/circle.xml?again"))
        .with("/circle.xml?again", Reply::redirect(302, "/circle.xml"))
        .with("/self.xml", Reply::redirect(302, "/self.xml"));
    let server = Server::start(site.routes());
    let crawled = Crawl::of(server.url("/")).flag("--sitemaps").run();
    assert_eq!(crawled.assert_code(0).urls(), ["/", "/a", "/deep", "/linked"].map(|path| server.url(path)));
    assert_eq!(
        (server.count("/circle.xml"), server.count("/circle.xml?again"), server.count("/sitemap.xml")),
        (1, 1, 1)
    );
    let circles = crawled.stderr.lines().filter(|line| line.contains("is not read: it redirects in a circle"));
    let circles: Vec<_> = circles.filter_map(|line| line.split("the sitemap ").nth(1)?.split(' ').next()).collect();
    assert_eq!(circles.len(), 2, "{}", crawled.stderr);
    assert!(
        ["/circle.xml?again", "/self.xml"]
            .map(|path| server.url(path))
            .iter()
            .all(|url| circles.contains(&url.as_str()))
    );
    assert_eq!(server.count("/self.xml"), 1);
}

#[test]
fn a_damaged_sitemap_gives_what_comes_before_the_damage_and_one_line() {
    let whole = urlset(["/a", "/b"]);
    let server = Server::start(listed(xml(whole.split("/b").next().unwrap()), &["/a", "/b"]).routes());
    let crawled = Crawl::of(server.url("/")).flag("--sitemaps").run();
    assert_eq!(crawled.urls(), ["/", "/a", "/deep", "/linked"].map(|path| server.url(path)));
    let said = format!("the sitemap {}: its end is missing", server.url("/sitemap.xml"));
    assert_eq!(crawled.stderr.matches(&said).count(), 1, "{}", crawled.stderr);
}

#[test]
fn a_sitemap_that_cannot_be_had_is_tried_again_and_then_left() {
    let tries = AtomicUsize::new(0);
    let dead = ClosedPort::reserve();
    let site = listed(Reply::new(404), &["/a"]);
    let site = site.robots(&format!("Sitemap: /busy.xml\nSitemap: /sitemap.xml\nSitemap: {}\n", dead.url("/s.xml")));
    let site = site.routes();
    let server = Server::start(move |arrival| match arrival.path.as_str() {
        "/busy.xml" if tries.fetch_add(1, Ordering::Relaxed) == 0 => Reply::new(503),
        "/busy.xml" => xml(urlset(["/a"])),
        _ => site(arrival),
    });
    let crawl = Crawl::of(server.url("/")).flag("--sitemaps").set("politeness.retries", "1");
    let crawled = crawl.set("fetch.allow_hosts", "['127.0.0.0/8']").run();
    assert_eq!(crawled.assert_code(0).records.len(), 4);
    assert_eq!((server.count("/busy.xml"), server.count("/sitemap.xml")), (2, 1));
    assert!(crawled.stderr.contains("/sitemap.xml is not read: status 404"), "{}", crawled.stderr);
    assert!(crawled.stderr.contains("/s.xml is not read: connect"), "{}", crawled.stderr);
}

#[test]
fn sitemaps_keep_the_limits_of_their_host() {
    let names: Vec<String> = (0..10).map(|n| format!("/{n}.xml")).collect();
    let site =
        names.iter().fold(listed(xml(index(&names)), &["/a"]), |site, name| site.with(name, xml(urlset(["/a"]))));
    let server = Server::start(site.routes());
    Crawl::of(server.url("/")).flag("--sitemaps").arg("--per-host-concurrency", "1").run().assert_code(0);
    assert_eq!(server.log(|log| log.max_in_flight), 1);
    for name in &names {
        assert_eq!(server.count(name), 1, "{name}");
    }
}

#[test]
fn a_limit_on_pages_holds_for_what_is_listed() {
    let pages: Vec<String> = (0..50).map(|n| format!("/{n}")).collect();
    let paths: Vec<&str> = pages.iter().map(String::as_str).collect();
    let server = Server::start(listed(xml(urlset(&pages)), &paths).routes());
    let crawled = Crawl::of(server.url("/")).flag("--sitemaps").arg("--max-pages", "20").run();
    assert_eq!((crawled.assert_code(0).records.len(), &crawled.summary["state"]), (20, &"limit".into()));
}

#[test]
fn a_site_on_disk_has_its_own_sitemap() {
    let site = folder("listed-pages").to_string_lossy().into_owned();
    let check = |crawl: Crawl, origin: &str| {
        let crawled = crawl.flag("--sitemaps").run();
        let expected = ["", "by-robots.html", "listed.html"].map(|page| format!("{origin}{page}"));
        assert_eq!(crawled.assert_code(0).urls(), expected, "{}", crawled.stderr);
        assert_eq!(crawled.skipped("scope"), 1);
    };
    check(Crawl::of(&site), "http://localhost/");
    check(Crawl::of(&site).arg("--origin", "https://www.example.com/"), "https://www.example.com/");
}

#[test]
fn sitemaps_of_a_robots_txt_that_nobody_asks_for_are_a_mistake() {
    for flag in ["--sitemaps", "--sitemap-only"] {
        let crawled = Crawl::of("http://127.0.0.1:9/").flag("--ignore-robots").flag(flag).run();
        crawled.assert_code(2);
        assert!(crawled.stderr.contains("name them with --sitemap"), "{}", crawled.stderr);
    }
}

/// A site with an index of sitemaps, which list pages that no link leads to, and some that one does.
fn indexed() -> Site {
    let pages = ["/a1", "/a2", "/b1", "/b2", "/c1", "/c2"];
    listed(xml(index(["/a.xml", "/b.xml", "/c.xml"])), &pages)
        .with("/a.xml", xml(urlset(["/a1", "/a2", "/no/a"])))
        .with("/b.xml", xml(urlset(["/b1", "/b2", "/deep"])))
        .with("/c.xml", xml(urlset(["/c1", "/c2", "http://other.example/"])))
}

/// What a record says of the page and of its place, and not of the time.
fn places(crawled: &Crawled) -> Vec<String> {
    let place = |record: &serde_json::Value| {
        ["url", "outcome", "status", "depth", "referrer", "content_hash", "attempts"].map(|key| record[key].to_string())
    };
    crawled.records.iter().map(|record| place(record).join(" ")).collect()
}

#[test]
fn a_sitemap_that_was_read_is_not_read_again_when_the_crawl_goes_on() {
    let server = Server::start(indexed().routes());
    let crawl = || Crawl::of(server.url("/")).flag("--sitemaps");
    let undisturbed = crawl().run();
    let before = server.log(|log| log.arrivals.len());
    server.hold("/b.xml");
    let stopped = crawl().start();
    server.wait_for("the second sitemap", |log| log.count("/b.xml") == 2 && log.has_answered("/a.xml"));
    server.wait_for("what the first one lists", |log| log.count("/a2") == 2);
    stopped.signal(Signal::INT);
    stopped.wait_for_stderr("stopping");
    stopped.signal(Signal::INT);
    let stopped = stopped.finish();
    assert_eq!(stopped.code, Some(130));
    server.open("/b.xml");
    let continued = crawl().on(&stopped).run();
    assert_eq!(places(continued.assert_code(0)), places(&undisturbed));
    for (path, times) in
        [("/robots.txt", 1), ("/sitemap.xml", 1), ("/a.xml", 1), ("/b.xml", 2), ("/c.xml", 1), ("/c1", 1)]
    {
        assert_eq!(server.count(path), 1 + times, "{path}");
    }
    let after = server.log(|log| log.arrivals.len());
    assert!(after > before);
    let complete = crawl().on(&continued).run();
    assert_eq!(places(complete.assert_code(0)), places(&undisturbed));
    assert_eq!(server.log(|log| log.arrivals.len()), after, "a complete crawl asks for nothing");
}

#[test]
fn a_crawl_of_sitemaps_that_was_killed_anywhere_ends_as_if_it_had_not_been() {
    let server = Server::start(indexed().routes());
    let crawl = || Crawl::of(server.url("/")).flag("--sitemaps").concurrency(2);
    let undisturbed = crawl().run();
    let requests = server.log(|log| log.arrivals.len());
    for kill_after in 1..requests {
        let seen = server.log(|log| log.arrivals.len());
        let running = crawl().start();
        server.wait_for("the next requests", |log| log.arrivals.len() >= seen + kill_after);
        let killed = running.kill();
        let continued = crawl().on(&killed).run();
        assert_eq!(places(continued.assert_code(0)), places(&undisturbed), "killed after {kill_after}");
        assert_eq!(continued.summary["skipped"], undisturbed.summary["skipped"], "killed after {kill_after}");
    }
}

#[test]
fn a_crawl_that_is_complete_takes_the_sitemaps_that_are_asked_for_later() {
    let server = Server::start(indexed().routes());
    let first = Crawl::of(server.url("/")).run();
    assert_eq!((first.assert_code(0).records.len(), server.count("/sitemap.xml")), (3, 0));
    let second = Crawl::of(server.url("/")).flag("--sitemaps").on(&first).run();
    let fresh = Crawl::of(server.url("/")).flag("--sitemaps").run();
    assert_eq!(places(second.assert_code(0)), places(&fresh), "also the depth of what links led to before");
    assert_eq!((server.count("/robots.txt"), server.count("/")), (2, 2), "by the fresh one");
}

#[test]
fn what_sitemap_only_left_out_stays_left_out_when_the_crawl_goes_on() {
    let server = Server::start(listed(xml(urlset(["/a"])), &["/a"]).routes());
    let crawl = || Crawl::of(server.url("/")).flag("--sitemap-only").set("parse.nofollow", "false");
    let first = crawl().run();
    let second = crawl().on(&first).run();
    assert_eq!(second.assert_code(0).urls(), ["/", "/a"].map(|path| server.url(path)));
    assert_eq!((second.skipped("nofollow"), server.count("/linked")), (1, 0));
}
