//! What a site says that its pages may be used for: in the record, with the line, header or element that says it.

use serde_json::{Value, json};

use crate::cli::Run;
use crate::support::{Crawl, Crawled, Reply, Server, Site};

/// Crawls one page of a site with this robots.txt.
fn crawl(robots: &str, page: Reply) -> (Crawled, Value) {
    let server = Server::start(Site::default().robots(robots).with("/", page).routes());
    let crawled = Crawl::of(server.url("/")).run();
    let usage = crawled.record(&server.url("/")).get("usage").cloned().unwrap_or(Value::Null);
    (crawled, usage)
}

fn texts(usage: &Value) -> Vec<(&str, &str)> {
    let statements = usage["statements"].as_array().unwrap();
    statements.iter().map(|one| (one["from"].as_str().unwrap(), one["text"].as_str().unwrap())).collect()
}

#[test]
fn a_site_that_says_nothing_has_no_such_field() {
    let (_, usage) = crawl("User-agent: *\nDisallow: /x\n", Reply::links("A", ["/x"]));
    assert_eq!(usage, Value::Null);
    let allows = Reply::html("<meta name=robots content='index, follow, max-snippet:-1'><p>A");
    assert_eq!(crawl("", allows).1, Value::Null);
}

#[test]
fn each_statement_is_told_with_what_says_it_and_any_no_wins() {
    let page = Reply::html(
        "<!doctype html><meta name=robots content='noarchive, max-snippet: 0'>\
         <meta name=TDM-Reservation content=1><meta name=tdm-policy content='https://e.com/p.json'>\
         <link rel=license type=application/rsl+xml href=/license.xml><p>A",
    )
    .header("Content-Usage", "train-ai=y")
    .header("Content-Signal", "search=yes")
    .header("X-Robots-Tag", "otherbot: noindex")
    .header("X-Robots-Tag", "noai");
    let robots =
        "License: https://e.com/l.xml\nUser-agent: *\nContent-Usage: train-ai=n # no\nContent-Usage: /b search=n\n";
    let (crawled, usage) = crawl(robots, page);
    let origin = crawled.urls()[0].trim_end_matches('/').to_owned();
    let answers = ["search", "ai_train", "ai_input", "mining", "archive"].map(|name| usage[name].clone());
    assert_eq!(answers, ["yes", "no", "no", "no", "no"].map(Value::from), "{usage:#}");
    let license = format!("{origin}/license.xml");
    assert_eq!(usage["licenses"], json!(["https://e.com/l.xml", license]));
    assert_eq!(usage["policies"], json!(["https://e.com/p.json"]));
    let link = format!("<link rel=\"license\" type=\"application/rsl+xml\" href=\"{license}\">");
    assert_eq!(
        texts(&usage),
        [
            ("robots.txt", "Content-Usage: train-ai=n"),
            ("robots.txt", "License: https://e.com/l.xml"),
            ("header", "Content-Usage: train-ai=y"),
            ("header", "Content-Signal: search=yes"),
            ("header", "X-Robots-Tag: noai"),
            ("meta", "<meta name=\"robots\" content=\"noarchive, max-snippet: 0\">"),
            ("meta", "<meta name=\"TDM-Reservation\" content=\"1\">"),
            ("meta", "<meta name=\"tdm-policy\" content=\"https://e.com/p.json\">"),
            ("link", &link),
        ]
    );
    assert_eq!(usage["statements"][0]["line"], 3);
    assert_eq!(usage["statements"][0]["disallows"], json!(["ai-train"]));
}

#[test]
fn what_is_no_page_says_it_in_its_headers() {
    let pdf = Reply::new(200)
        .header("Content-Type", "application/pdf")
        .header("X-Robots-Tag", "noindex")
        .header("tdm-reservation", "1")
        .header("Link", "<https://e.com/license.xml>; rel=\"license\"; type=\"application/rsl+xml\"")
        .body("%PDF");
    let (_, usage) = crawl("", pdf);
    assert_eq!((&usage["search"], &usage["mining"]), (&json!("no"), &json!("no")), "{usage:#}");
    assert_eq!(usage["licenses"], json!(["https://e.com/license.xml"]));
    assert_eq!(texts(&usage).iter().map(|(from, _)| *from).collect::<Vec<_>>(), ["header"; 3]);
}

#[test]
fn what_is_said_of_use_allows_and_forbids_no_request() {
    let robots = "User-agent: *\nContent-Usage: / search=n, train-ai=n\nDisallow: /a\nContent-Usage: /a search=y\n";
    let site = Site::linked(&[("/", &["/a", "/b"]), ("/b", &[])]).robots(robots);
    let server = Server::start(site.routes());
    let crawled = Crawl::of(server.url("/")).run();
    assert_eq!(crawled.urls(), [server.url("/"), server.url("/b")]);
    assert_eq!((server.count("/a"), crawled.skipped("robots")), (0, 1));
}

#[test]
fn who_wants_to_be_paid_is_told_with_the_price_and_not_asked_again() {
    let page = Reply::new(402).header("crawler-price", "USD 0.01").header("Content-Type", "text/html").body("pay");
    let site = Site::linked(&[("/", &["/paid"])]).with("/paid", page);
    let server = Server::start(site.routes());
    let crawled = Crawl::of(server.url("/")).run();
    let record = crawled.assert_code(0).record(&server.url("/paid"));
    assert_eq!((&record["outcome"], &record["status"]), (&json!("payment_required"), &json!(402)));
    assert_eq!((&record["attempts"], &record["usage"]["price"]), (&json!(1), &json!("USD 0.01")));
    assert_eq!(texts(&record["usage"]), [("header", "crawler-price: USD 0.01")]);
    assert_eq!(crawled.summary["settled"]["payment_required"], 1);
    assert_eq!(server.count("/paid"), 1);
    let asked = server.log(|log| log.arrivals.iter().flat_map(|arrival| arrival.headers.clone()).collect::<Vec<_>>());
    assert!(asked.iter().all(|(name, _)| !name.to_ascii_lowercase().starts_with("crawler-")), "{asked:?}");
    let status = Run::new(&crawled.path(""), &["status", "--json"]).stdout;
    assert_eq!(serde_json::from_str::<Value>(&status).unwrap()["settled"]["payment_required"], 1);
    let verified = Run::new(&crawled.path(""), &["verify"]);
    assert_eq!(verified.code, 0, "{}", verified.stdout);
}

#[test]
fn robots_check_tells_it_below_the_verdict() {
    let robots = "User-Agent: *\nAllow: /\nDisallow: /never/\nContent-Usage: train-ai=n\n\
                  Content-Usage: /ai-ok/ train-ai=y\nLicense: https://e.com/l.xml\n";
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("robots.txt"), robots).unwrap();
    let urls = ["http://e.com/test", "http://e.com/ai-ok/test", "http://e.com/never/test"];
    let args = ["robots", "check", "--robots", "robots.txt"].into_iter().chain(urls).collect::<Vec<_>>();
    let run = Run::new(folder.path(), &args);
    insta::assert_snapshot!(run.stdout, @r"
    allowed     http://e.com/test  line 2: Allow: /  (group of line 1: User-agent: *)
      usage     line 4: Content-Usage: train-ai=n  (no ai-train)
      usage     line 6: License: https://e.com/l.xml
    allowed     http://e.com/ai-ok/test  line 2: Allow: /  (group of line 1: User-agent: *)
      usage     line 5: Content-Usage: /ai-ok/ train-ai=y  (ai-train allowed)
      usage     line 6: License: https://e.com/l.xml
    disallowed  http://e.com/never/test  line 3: Disallow: /never/  (group of line 1: User-agent: *)
    ");
    assert_eq!(run.code, 1);
}
