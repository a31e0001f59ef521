//! What is wrong with the links of a site: each with all its places, whatever a page says.

use serde_json::Value;

use crate::cli::Run;
use crate::resume::wait_until_kept;
use crate::support::{Authority, ClosedPort, Crawl, Crawled, Reply, Server, Site, TlsServer, shop};

/// The shop, with nine places at which something is wrong, and some at which nothing is. `dead`: another host.
pub(crate) fn broken_shop(dead: &str) -> Site {
    let additions = [
        (
            "index.html",
            "<a href=gone.html>Winter sale</a>\n  <a href='about.html#nowhere'>The house</a> <a href='#top'>up</a>",
        ),
        (
            "about.html",
            "<h2 id='the house'>House</h2><a href='gone.html'><b>Last</b> winter</a> <a href='#the%20house'>here</a>",
        ),
        ("delivery.html", "<a href=/way/1>Prices</a> <a href=/moved>Moved</a> <a href=/moved-twice>Twice</a>"),
        ("terms.html", "<a href=/error>Law</a> <a href='/secret/a'>Secret</a>"),
        ("contact.html", &format!("<a href='{dead}'>Partner</a> <a href='mailto:a@example.com'>Write</a>")),
        ("list/1.html", "<img src='../images/none.jpg' alt=none> <a href='http://'>empty</a>"),
        ("list/2.html", "<a href=/circle/a>Round</a>"),
    ];
    let mut site = Site::default().robots("User-agent: *\nDisallow: /secret/\n");
    for (name, page) in shop::pages().into_iter().filter(|(name, _)| !name.starts_with("product/")) {
        let added = additions.iter().find(|(to, _)| *to == name).map(|(_, added)| *added).unwrap_or_default();
        let page = page.replace("../product/", "/p/") + added;
        site = site.with(&format!("/{name}"), Reply::html(page));
    }
    for product in 1..=180 {
        site = site.with(&format!("/p/{product}.html"), Reply::html("<!DOCTYPE html><title>Product</title>"));
    }
    site.with("/", Reply::redirect(302, "/index.html"))
        .with("/way/1", Reply::redirect(302, "/way/2"))
        .with("/way/2", Reply::redirect(301, "/gone.html"))
        .with("/moved", Reply::redirect(301, "/terms.html"))
        .with("/moved-twice", Reply::redirect(308, "/moved"))
        .with("/circle/a", Reply::redirect(302, "/circle/b"))
        .with("/circle/b", Reply::redirect(302, "/circle/a"))
        .with("/error", Reply::new(500))
}

/// `crawler links` in the directory in which a crawl ran.
pub(crate) fn links(crawled: &Crawled, args: &[&str]) -> Run {
    Run::new(&crawled.path(""), &[&["links"], args].concat())
}

/// Each finding as one line: rule, target, and the places.
pub(crate) fn told(run: &Run, server: &Server) -> Vec<String> {
    let found: Value = serde_json::from_str(&run.stdout).unwrap();
    let place = |place: &Value| {
        let page = place["page"].as_str().unwrap();
        let text = place["text"].as_str().map(|text| format!(" {text}")).unwrap_or_default();
        let at = place["line"].as_u64().map(|line| format!(":{line}:{}", place["column"])).unwrap_or_default();
        format!("{page}{at}{text}")
    };
    let line = |finding: &Value| {
        let places: Vec<_> = finding["places"].as_array().unwrap().iter().map(place).collect();
        let line = format!(
            "{} {} ({}) at {}",
            finding["rule"].as_str().unwrap(),
            finding["url"].as_str().unwrap(),
            finding["why"].as_str().unwrap(),
            places.join(", ")
        );
        line.replace(&server.url("/"), "/")
    };
    found["findings"].as_array().unwrap().iter().map(line).collect()
}

#[test]
fn everything_that_is_wrong_with_the_links_of_a_shop_is_told_with_all_its_places() {
    let dead = ClosedPort::reserve();
    let server = Server::start(broken_shop(&dead.url("/")).routes());
    let crawled = Crawl::of(server.url("/")).flag("--check-links").run();
    let run = links(&crawled, &["--json"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    insta::assert_snapshot!(told(&run, &server).join("\n"), @r"
    broken-links http:// (is no URL) at /list/1.html:45:41 empty
    broken-links /error (500 Internal Server Error) at /terms.html:6:1 Law
    broken-links /gone.html (404 Not Found) at /about.html:6:30 Last winter, /index.html:8:1 Winter sale
    broken-links /way/1 (redirects to what is answered with 404 Not Found) at /delivery.html:6:1 Prices
    redirect-loops /circle/a (a circle of 2 redirects) at /list/2.html:45:1 Round
    missing-fragments /about.html#nowhere (the page has no such place) at /index.html:9:3 The house
    redirect-chains /moved-twice (2 redirects in a row) at /delivery.html:6:52 Twice
    permanent-redirects /moved (redirects for good: link to where that leads) at /delivery.html:6:27 Moved
    ");
    let found: Value = serde_json::from_str(&run.stdout).unwrap();
    let why = |reason: &str| found["unchecked"].as_array().unwrap().iter().find(|why| why["reason"] == reason).cloned();
    assert_eq!(why("robots").unwrap()["links"], 1);
    assert_eq!(why("scope").unwrap()["links"], 1);
    assert!(why("kind").is_some(), "images are not asked for");
    let chain =
        &found["findings"].as_array().unwrap().iter().find(|of| of["url"] == server.url("/way/1")).unwrap()["chain"];
    let expected = serde_json::json!([{ "url": server.url("/way/1"), "status": 302 }, { "url": server.url("/way/2"), "status": 301 }]);
    assert_eq!(*chain, expected);

    let verified = Run::new(&crawled.path(""), &["verify"]);
    assert_eq!(verified.code, 0, "{}", verified.stdout);
    for (args, code) in [
        (&["--fail-on", "broken-links"][..], 4),
        (&["--fail-on", "mixed-content"], 0),
        (&["--dir", "crawl", "--fail-on", "redirect-loops"], 4),
        (&["nowhere"], 2),
    ] {
        assert_eq!(links(&crawled, args).code, code, "{args:?}");
    }
}

#[test]
fn what_is_wrong_is_shown_to_people() {
    let dead = ClosedPort::reserve();
    let server = Server::start(broken_shop(&dead.url("/")).routes());
    let crawled = Crawl::of(server.url("/")).flag("--check-links").run();
    let run = links(&crawled, &[]);
    insta::assert_snapshot!(run.stdout.replace(&server.host(), "shop"), @r"
    broken-links (error): 4 URLs at 5 places, leads to what is not there
      http://
        is no URL
          http://shop/list/1.html  45:41  <a href>  “empty”
      http://shop/error
        500 Internal Server Error
          http://shop/terms.html  6:1  <a href>  “Law”
      http://shop/gone.html
        404 Not Found; 2 places on 2 pages
          http://shop/about.html  6:30  <a href>  “Last winter”
          http://shop/index.html  8:1  <a href>  “Winter sale”
      http://shop/way/1
        redirects to what is answered with 404 Not Found
        302 http://shop/way/1
        301 http://shop/way/2
         -> http://shop/gone.html
          http://shop/delivery.html  6:1  <a href>  “Prices”
    redirect-loops (error): 1 URL at 1 place, redirects in a circle
      http://shop/circle/a
        a circle of 2 redirects
        302 http://shop/circle/a
        302 http://shop/circle/b
         -> http://shop/circle/a
          http://shop/list/2.html  45:1  <a href>  “Round”
    missing-fragments (warning): 1 URL at 1 place, leads to a place that its page does not have
      http://shop/about.html#nowhere
        the page has no such place
          http://shop/index.html  9:3  <a href>  “The house”
    redirect-chains (warning): 1 URL at 1 place, redirects more than once
      http://shop/moved-twice
        2 redirects in a row
        308 http://shop/moved-twice
        301 http://shop/moved
         -> http://shop/terms.html
          http://shop/delivery.html  6:52  <a href>  “Twice”
    permanent-redirects (note): 1 URL at 1 place, has moved for good (301, 308)
      http://shop/moved
        redirects for good: link to where that leads
        301 http://shop/moved
         -> http://shop/terms.html
          http://shop/delivery.html  6:27  <a href>  “Moved”
    ");
    insta::assert_snapshot!(run.stderr, @r"
    214 links on 200 pages: 8 targets are wrong
    not asked for, so that nobody knows: 1 link (out of scope)
    not asked for, so that nobody knows: 1 link (robots.txt disallows it)
    not asked for, so that nobody knows: 1 link (of a kind that the crawl does not follow)
    ");
}

#[test]
fn without_a_survey_the_pages_are_told_and_how_to_get_more() {
    let server = Server::start(Site::linked(&[("/", &["/gone", "/a"]), ("/a", &["/gone"])]).routes());
    let crawled = Crawl::of(server.url("/")).run();
    let run = links(&crawled, &["--json"]);
    assert_eq!(told(&run, &server), ["broken-links /gone (404 Not Found) at /, /a"]);
    assert!(run.stderr.contains("--check-links for lines"), "{}", run.stderr);
    let crawled = Crawl::of(server.url("/")).flag("--no-links").run();
    let run = links(&crawled, &[]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("has kept no links\n = help: crawl with --check-links"), "{}", run.stderr);
}

#[test]
fn a_crawl_without_a_store_has_its_links_judged_too() {
    let server = Server::start(Site::linked(&[("/", &["/gone"])]).routes());
    let crawled = Crawl::of(server.url("/")).flag("--no-store").flag("--check-links").run();
    let run = links(&crawled, &["--json"]);
    assert_eq!(told(&run, &server), ["broken-links /gone (404 Not Found) at /:2:1 /gone"]);
}

#[test]
fn a_page_cannot_reach_the_terminal_or_break_a_format() {
    let home = "<a href='/\u{9b}31m?a=\"&b=<c>'>\u{1b}[2J]]&gt;\u{202e}x\r::error::y</a> <a href='http://\u{202e}\u{9b}/'>z</a>";
    let server = Server::start(Site::default().with("/", Reply::html(format!("<meta charset=utf-8>{home}"))).routes());
    let crawled = Crawl::of(server.url("/")).flag("--check-links").run();
    for format in ["text", "json", "sarif", "junit", "github"] {
        let run = links(&crawled, &["--format", format]);
        let hostile = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
        assert!(!run.stdout.contains(hostile), "{format}: {:?}", run.stdout);
        assert!(!run.stdout.lines().any(|line| line.starts_with("::error::y")), "{}", run.stdout);
    }
    let run = links(&crawled, &["--format", "sarif"]);
    let log: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(log["runs"][0]["results"][0]["ruleId"], "broken-links");
    assert_eq!(log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startColumn"], 21);
    let found: Value = serde_json::from_str(&links(&crawled, &["--json"]).stdout).unwrap();
    assert_eq!(found["findings"][1]["url"], "http://\u{202e}\u{9b}/", "what programs read says it all");
    let run = links(&crawled, &["--format", "junit"]);
    assert!(
        !run.stdout.contains("]]>") && run.stdout.contains("<failure type=\"broken-links\" message=\"404 Not Found\">")
    );
}

/// What a server was asked for at a path, in order.
fn methods(server: &Server, path: &str) -> Vec<String> {
    let is_there = |arrival: &&crate::support::Arrival| arrival.path == path;
    server.log(|log| log.arrivals.iter().filter(is_there).map(|arrival| arrival.method.clone()).collect())
}

#[test]
fn what_pages_link_to_elsewhere_is_looked_for_once_and_nothing_is_followed_from_there() {
    let other = Site::default()
        .robots("User-agent: *\nDisallow: /private\n")
        .with("/fine", Reply::links("fine", ["/deeper"]))
        .with("/moved", Reply::redirect(301, "/fine"))
        .with("/never", Reply::html("x"))
        .with("/private", Reply::html("x"));
    let head_refused = |path: &'static str, status| {
        move |arrival: &crate::support::Arrival| {
            (arrival.path == path && arrival.method == "HEAD").then(|| Reply::new(status))
        }
    };
    let (routes, refuses, forbids) = (other.routes(), head_refused("/no-head", 405), head_refused("/shy", 404));
    let other = Server::start_on(2, move |arrival| match arrival.path.as_str() {
        "/no-head" | "/shy" => {
            refuses(arrival).or_else(|| forbids(arrival)).unwrap_or_else(|| Reply::html("<a href=/deeper>x</a>"))
        }
        _ => routes(arrival),
    });
    let links = ["/fine", "/moved", "/no-head", "/shy", "/gone", "/private", "/never"].map(|path| other.url(path));
    let server =
        Server::start(Site::linked(&[("/", &["/a"]), ("/a", &[])]).with("/a", Reply::links("a", &links)).routes());
    let crawled = Crawl::of(server.url("/"))
        .flag("--check-external")
        .arg("--exclude", "*/never")
        .set("fetch.allow_hosts", "[\"127.0.0.0/8\"]")
        .run();
    crawled.assert_code(0);
    assert_eq!(methods(&other, "/fine"), ["HEAD"]);
    assert_eq!(methods(&other, "/moved"), ["HEAD"]);
    assert_eq!(methods(&other, "/no-head"), ["HEAD", "GET"]);
    assert_eq!(methods(&other, "/shy"), ["HEAD", "GET"]);
    assert_eq!(methods(&other, "/gone"), ["HEAD", "GET"]);
    for path in ["/private", "/never", "/deeper"] {
        assert_eq!(other.count(path), 0, "{path}");
    }
    assert_eq!(methods(&server, "/a"), ["GET"]);
    let record = crawled.record(&other.url("/fine"));
    assert_eq!((&record["outcome"], &record["depth"], &record["links"]), (&"ok".into(), &1.into(), &Value::Null));
    let run = self::links(&crawled, &["--json", "--unchecked"]);
    let told: Vec<_> = told(&run, &server).iter().map(|line| line.replace(&other.url("/"), "other/")).collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    broken-links other/gone (404 Not Found) at /a:6:1 other/gone
    permanent-redirects other/moved (redirects for good: link to where that leads) at /a:3:1 other/moved
    unchecked other/never (out of scope) at /a:8:1 other/never
    unchecked other/private (robots.txt disallows it) at /a:7:1 other/private
    ");
}

#[test]
fn resources_are_looked_for_and_pages_among_them_are_read() {
    let page = "<link rel=stylesheet href=/s.css><img src=/i.png><img src=/none.png><link rel=prefetch href=/next>";
    let site = Site::default()
        .with("/", Reply::html(page))
        .with("/s.css", Reply::new(200).header("Content-Type", "text/css").body("p{background:url(/deep.png)}"))
        .with("/i.png", Reply::new(200).header("Content-Type", "image/png").body("x"))
        .with("/next", Reply::links("next", ["/last"]))
        .with("/last", Reply::html("x"));
    let server = Server::start(site.routes());
    let crawled = Crawl::of(server.url("/")).flag("--check-resources").run();
    crawled.assert_code(0);
    for (path, expected) in [
        ("/s.css", &["HEAD"][..]),
        ("/i.png", &["HEAD"]),
        ("/none.png", &["HEAD", "GET"]),
        ("/next", &["HEAD", "GET"]),
        ("/last", &["GET"]),
        ("/deep.png", &[]),
    ] {
        assert_eq!(methods(&server, path), expected, "{path}");
    }
    let run = links(&crawled, &["--json"]);
    assert_eq!(told(&run, &server), ["broken-links /none.png (404 Not Found) at /:1:50"]);
}

#[test]
fn an_archive_has_what_is_looked_for_and_agrees_with_the_records() {
    let other = Server::start_on(2, Site::linked(&[("/fine", &["/deeper"])]).routes());
    let server = Server::start(Site::linked(&[]).with("/", Reply::links("home", [other.url("/fine")])).routes());
    let crawled = Crawl::of(server.url("/"))
        .flag("--check-external")
        .flag("--warc")
        .set("fetch.allow_hosts", "[\"127.0.0.0/8\"]")
        .run();
    crawled.assert_code(0);
    assert_eq!((methods(&other, "/fine"), other.count("/deeper")), (vec!["GET".to_owned()], 0));
    let verified = Run::new(&crawled.path(""), &["verify"]);
    assert_eq!(verified.code, 0, "{}", verified.stdout);
}

#[test]
fn a_crawl_that_is_killed_and_continued_has_surveyed_each_page_once() {
    let dead = ClosedPort::reserve();
    let server = Server::start(broken_shop(&dead.url("/")).routes());
    server.hold("/p/77.html");
    let crawl = || Crawl::of(server.url("/")).flag("--check-links");
    let running = crawl().start();
    server.wait_for("one that is held", |log| log.count("/p/77.html") == 1);
    wait_until_kept(&running, "what is not held", "SELECT count(record) > 100 FROM url");
    let killed = running.kill();
    server.open_all();
    let crawled = crawl().on(&killed).run();
    crawled.assert_code(0);
    let surveyed = std::fs::read_to_string(crawled.path("crawl/survey.jsonl")).unwrap();
    let url = |line: &str| serde_json::from_str::<Value>(line).unwrap()["url"].as_str().unwrap().to_owned();
    let mut urls: Vec<_> = surveyed.lines().map(url).collect();
    urls.sort_unstable();
    let is_page = |record: &&Value| record["charset"].is_string();
    let pages: Vec<_> = crawled.records.iter().filter(is_page).map(|record| record["url"].as_str().unwrap()).collect();
    assert_eq!(urls, pages);
    let verified = Run::new(&crawled.path(""), &["verify"]);
    assert_eq!(verified.code, 0, "{}", verified.stdout);
    // What is settled would be missing in a crawl that goes on without.
    let refused = Crawl::of(server.url("/")).on(&crawled).run();
    assert_eq!(refused.code, Some(2));
    assert!(refused.stderr.contains("give --check-links again to go on"), "{}", refused.stderr);
}

#[test]
fn a_page_of_a_folder_is_named_by_its_file() {
    let site = tempfile::tempdir().unwrap();
    std::fs::create_dir(site.path().join("a")).unwrap();
    std::fs::write(site.path().join("index.html"), "<a href=a/>a</a>").unwrap();
    std::fs::write(site.path().join("a/index.html"), "<p>\n<a href=/none>x</a>").unwrap();
    let crawled = Crawl::of(site.path().to_string_lossy()).flag("--check-links").run();
    let file = site.path().canonicalize().unwrap().join("a/index.html");
    let run = links(&crawled, &["--format", "github"]);
    let expected = format!("::error file={},line=2,col=1,title=broken-links::", file.display());
    assert!(run.stdout.starts_with(&expected), "{}", run.stdout);
}

#[test]
fn what_a_page_over_https_loads_over_http_is_told_by_what_browsers_do_with_it() {
    let authority = Authority::named("The test");
    let home = "<img src=http://e.test/i.png>\n<script src=http://e.test/s.js></script>\n<a href=http://e.test/>x</a>";
    let site = Site::default().with("/", Reply::html(home));
    let server = TlsServer::start(authority.certify(&["127.0.0.1"]), site.routes());
    let crawled = Crawl::of(server.url("/")).trusting(&authority).flag("--check-links").run();
    let run = links(&crawled, &["--json"]);
    let found: Value = serde_json::from_str(&run.stdout).unwrap();
    let told =
        |finding: &Value| (finding["rule"].clone(), finding["url"].clone(), finding["places"][0]["line"].clone());
    let found: Vec<_> = found["findings"].as_array().unwrap().iter().map(told).collect();
    let expected = |rule: &str, url: &str, line: u64| (rule.into(), url.into(), line.into());
    assert_eq!(
        found,
        [expected("mixed-content", "http://e.test/s.js", 2), expected("mixed-media", "http://e.test/i.png", 1)]
    );
    assert_eq!(links(&crawled, &["--fail-on", "mixed-content"]).code, 4);
    let audited = Run::new(&crawled.path(""), &["audit", "--fail-on", "mixed-media"]);
    assert_eq!(audited.code, 4, "{}", audited.stdout);
}

#[test]
fn what_nobody_has_looked_for_does_not_pass() {
    let server = Server::start(Site::linked(&[("/", &["/a#there"]), ("/a", &[])]).routes());
    let crawled = Crawl::of(server.url("/")).run();
    for (command, rule) in [("links", "missing-fragments"), ("links", "mixed-content"), ("audit", "h1-missing")] {
        let run = Run::new(&crawled.path(""), &[command, "crawl", "--fail-on", rule]);
        assert!(run.code == 2 && run.stderr.contains("crawl with --check-links"), "{command} {rule}: {}", run.stderr);
    }
    assert_eq!(Run::new(&crawled.path(""), &["links", "crawl", "--fail-on", "broken-links"]).code, 0);
    let asked = server.log(|log| log.answered.len());
    let on_stdout = Crawl::of(server.url("/")).arg("--output", "-").arg("--fail-on", "broken-links").run();
    assert!(on_stdout.assert_code(2).stderr.contains("nobody can read stdout again"), "{}", on_stdout.stderr);
    assert_eq!(server.log(|log| log.answered.len()), asked, "it is refused before anything is asked for");
}

#[test]
fn checks_that_begin_late_say_what_they_have_missed() {
    let server = Server::start(Site::linked(&[("/", &["/a"]), ("/a", &[])]).routes());
    let crawl = || Crawl::of(server.url("/")).flag("--check-links");
    let first = crawl().arg("--max-pages", "1").run();
    let late = crawl().flag("--check-external").on(&first).run();
    late.assert_code(0);
    assert!(late.stderr.contains("--check-external is new to this crawl"), "{}", late.stderr);
    let again = crawl().flag("--check-external").on(&late).run();
    assert!(!again.stderr.contains("is new to this crawl"), "{}", again.stderr);
}
