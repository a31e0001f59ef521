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

/// A site with a page that says no in robots.txt, one that does in a header, and one that says nothing.
fn mixed() -> Server {
    let said = |title: &str| {
        Reply::html(format!("<title>{title}</title><meta name=description content=d><a href=/more>m</a>"))
    };
    let site = Site::default()
        .robots("User-agent: *\nContent-Usage: /no/ train-ai=n\n")
        .with("/", Reply::links("Home", ["/no/a", "/header", "/mine", "/plain"]))
        .with("/no/a", said("A"))
        .with("/header", said("Header").header("Content-Usage", "train-ai=n"))
        .with("/mine", said("Mine").header("TDM-Reservation", "1"))
        .with("/plain", said("Plain"))
        .with("/more", Reply::links("More", [""; 0]));
    Server::start(site.routes())
}

/// Crawls it for a purpose: which pages have a title, which are marked, and what was asked for.
fn with_policy(server: &Server, purpose: &str, on_disallowed: &str) -> (Crawled, Vec<String>, Vec<String>) {
    let toml = format!(
        "[policy]\npurpose = \"{purpose}\"\non_disallowed = \"{on_disallowed}\"\n[[extract]]\nfields = {{ t = \"title\" }}\n"
    );
    let crawled = Crawl::of(server.url("/")).toml(&toml).talkative().run();
    let path = |record: &Value| record["url"].as_str().unwrap().trim_start_matches(&server.url("")).to_owned();
    let omitted = |record: &&Value| record["usage"]["omitted"] == true;
    for record in &crawled.records {
        let has_content = ["title", "description", "fields"].map(|name| record.get(name).is_some());
        let is_omitted = omitted(&record);
        assert!(is_omitted != has_content[0] && is_omitted != has_content[2], "{record:#}");
        assert!(record["bytes"].is_u64() && record["links"].is_array(), "{record:#}");
    }
    let marked = crawled.records.iter().filter(omitted).map(path).collect::<Vec<_>>();
    let asked = crawled.urls().iter().map(|url| url.trim_start_matches(&server.url("")).to_owned()).collect();
    (crawled, marked, asked)
}

#[test]
fn what_is_disallowed_is_told_omitted_or_skipped_as_the_policy_says() {
    let server = mixed();
    let all = ["/", "/header", "/mine", "/more", "/no/a", "/plain"];
    let sorted = |mut paths: Vec<String>| {
        paths.sort_unstable();
        paths
    };
    let (crawled, omitted, asked) = with_policy(&server, "ai-train", "record");
    assert_eq!((omitted, sorted(asked)), (vec![], all.map(str::to_owned).to_vec()));
    let host = &crawled.summary["hosts"][0]["usage"];
    assert_eq!(host, &json!({"pages": 3, "no": {"ai-train": 2, "mining": 1}}));
    assert!(crawled.stderr.contains("no ai-train 2"), "{}", crawled.stderr);

    let (crawled, omitted, asked) = with_policy(&server, "ai-train", "omit-content");
    assert_eq!(sorted(omitted), ["/header", "/mine", "/no/a"]);
    assert_eq!(sorted(asked), all);
    assert_eq!(crawled.summary["hosts"][0]["usage"]["omitted"], 3);

    let before = server.count("/no/a");
    let (crawled, omitted, asked) = with_policy(&server, "ai-train", "skip");
    assert_eq!(sorted(omitted), ["/header", "/mine"]);
    assert_eq!(sorted(asked), ["/", "/header", "/mine", "/more", "/plain"]);
    assert_eq!((server.count("/no/a"), crawled.skipped("usage")), (before, 1));
    let why = Run::new(&crawled.path(""), &["explain", &server.url("/no/a")]).stdout;
    assert!(why.contains("line 2 of") && why.contains("policy.purpose = \"ai-train\""), "{why}");

    // Another purpose has nothing against it.
    let (_, omitted, asked) = with_policy(&server, "search", "skip");
    assert_eq!((omitted, sorted(asked)), (vec![], all.map(str::to_owned).to_vec()));
}

#[test]
fn what_was_skipped_is_taken_up_when_the_policy_changes_and_only_then() {
    let server = mixed();
    let policy = |on: &str| format!("[policy]\npurpose = \"ai-train\"\non_disallowed = \"{on}\"\n");
    let first = Crawl::of(server.url("/")).toml(&policy("skip")).run();
    assert_eq!((first.skipped("usage"), server.count("/no/a")), (1, 0));
    let again = Crawl::of(server.url("/")).on(&first).toml(&policy("skip")).run();
    assert_eq!((again.assert_code(0).skipped("usage"), server.count("/no/a")), (1, 0));
    let other = Crawl::of(server.url("/")).on(&again).toml(&policy("record")).run();
    assert_eq!((other.skipped("usage"), server.count("/no/a")), (0, 1));
    assert_eq!(other.summary["hosts"][0]["usage"]["no"], json!({"ai-train": 2, "mining": 1}), "all runs together");
}

#[test]
fn inspect_shows_what_is_said_of_a_page() {
    let page = Reply::html("<title>A</title><meta name=robots content=noai>").header("tdm-reservation", "1");
    let robots = "User-agent: *\nContent-Signal: search=yes\n";
    let server = Server::start(Site::default().robots(robots).with("/", page).routes());
    let folder = tempfile::tempdir().unwrap();
    let shown = Run::new(folder.path(), &["inspect", &server.url("/")]).stdout;
    let lines: Vec<_> = shown.lines().skip_while(|line| !line.trim_start().starts_with("usage")).take(4).collect();
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>().join(" ");
    assert_eq!(
        lines.into_iter().map(words).collect::<Vec<_>>(),
        [
            "usage search allowed, no ai-train, no ai-input, no mining",
            "robots.txt line 2 Content-Signal: search=yes",
            "header tdm-reservation: 1",
            "meta <meta name=\"robots\" content=\"noai\">",
        ],
        "{shown}"
    );
    let args = ["inspect", "--json", "--set", "policy.purpose=ai-train", "--set", "policy.on_disallowed=skip"];
    let json = Run::new(folder.path(), &[&args[..], &[&server.url("/")]].concat()).stdout;
    let report: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&report["usage"]["mining"], &report["usage"]["omitted"]), (&json!("no"), &json!(true)));
}

const TDM: &str = "/.well-known/tdmrep.json";

/// A site with two pages and this `tdmrep.json`.
fn with_tdm_file(robots: &str, file: Reply) -> Server {
    Server::start(Site::linked(&[("/", &["/a/1"]), ("/a/1", &[])]).robots(robots).with(TDM, file).routes())
}

#[test]
fn a_tdm_file_is_asked_for_once_before_the_first_page_and_told() {
    let rules = r#"[{"location": "/a/", "tdm-reservation": 1, "tdm-policy": "https://e.com/p.json"}]"#;
    let server = with_tdm_file("", Reply::new(200).header("Content-Type", "application/json").body(rules));
    let crawl = || Crawl::of(server.url("/")).set("policy.tdmrep", "true");
    let first = crawl().arg("--max-pages", "1").run();
    assert_eq!(
        server.log(|log| log.paths().iter().map(|path| (*path).to_owned()).collect::<Vec<_>>()),
        ["/robots.txt", TDM, "/"]
    );
    assert_eq!(first.record(&server.url("/")).get("usage"), None);
    let second = crawl().on(&first).run();
    let usage = &second.assert_code(0).record(&server.url("/a/1"))["usage"];
    assert_eq!((&usage["mining"], &usage["policies"]), (&json!("no"), &json!(["https://e.com/p.json"])));
    let text = r#"{"location":"/a/","tdm-reservation":1,"tdm-policy":"https://e.com/p.json"}"#;
    assert_eq!(texts(usage), [("tdmrep.json", text)]);
    assert_eq!(server.count(TDM), 1, "it is remembered");
    assert_eq!(second.urls().len(), 2, "it is no page");
}

#[test]
fn a_tdm_file_is_not_asked_for_unless_settings_and_robots_txt_allow_it() {
    let rules = || Reply::text(r#"[{"location": "/", "tdm-reservation": 1}]"#);
    let server = with_tdm_file("", rules());
    Crawl::of(server.url("/")).run().assert_code(0);
    assert_eq!(server.count(TDM), 0);
    let server = with_tdm_file("User-agent: *\nDisallow: /.well-known/\n", rules());
    let crawled = Crawl::of(server.url("/")).set("policy.tdmrep", "true").run();
    assert_eq!((server.count(TDM), crawled.urls().len()), (0, 2));
}

#[test]
fn whatever_comes_of_a_tdm_file_the_pages_are_asked_for() {
    let check = |file: Reply, asked: usize| {
        let server = with_tdm_file("", file);
        let crawled = Crawl::of(server.url("/")).set("policy.tdmrep", "true").run();
        assert_eq!((crawled.assert_code(0).urls().len(), server.count(TDM)), (2, asked));
    };
    check(Reply::new(404), 1);
    check(Reply::new(500), 1);
    check(Reply::text("no JSON"), 1);
    check(Reply::text("["), 1);
    check(Reply::redirect(302, "https://elsewhere.example/tdmrep.json"), 1);
    check(Reply::redirect(302, TDM), 6);
}

#[test]
fn a_page_that_a_tdm_file_reserves_is_skipped_when_the_policy_says_so() {
    let server = with_tdm_file("", Reply::text(r#"[{"location": "/a/*", "tdm-reservation": 1}]"#));
    let toml = "[policy]\ntdmrep = true\npurpose = \"ai-input\"\non_disallowed = \"skip\"\n";
    let crawled = Crawl::of(server.url("/")).toml(toml).run();
    assert_eq!((server.count("/a/1"), crawled.skipped("usage")), (0, 1));
    let why = Run::new(&crawled.path(""), &["explain", &server.url("/a/1")]).stdout;
    assert!(why.contains("tdmrep.json: {\"location\":\"/a/*\"") && why.contains("ai-input"), "{why}");
}
