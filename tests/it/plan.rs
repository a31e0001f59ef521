//! `crawler plan`: what a crawl would do, known by a few requests.

use std::fs;

use serde_json::Value;

use crate::cli::Run;
use crate::support::{ClosedPort, Reply, Server, Site, folder};

/// A shop whose sitemap lists more than its home links to.
fn shop() -> Server {
    let listed: Vec<String> = (0..30).map(|n| format!("/product/{n}")).chain(["/private/x".to_owned()]).collect();
    let site = Site::linked(&[("/", &["/product/0", "/about", "/private/a", "https://elsewhere.example/"])]);
    let site = site.robots("User-agent: *\nDisallow: /private/\nSitemap: /sitemap.txt\n");
    Server::start(move |arrival| {
        if arrival.path == "/sitemap.txt" {
            let host = arrival.header("host").unwrap();
            let lines: Vec<_> = listed.iter().map(|path| format!("http://{host}{path}")).collect();
            return Reply::new(200).header("Content-Type", "text/plain").body(lines.join("\n"));
        }
        site.clone().routes()(arrival)
    })
}

#[test]
fn a_plan_asks_for_robots_txt_sitemaps_and_the_seed_page_and_writes_nothing() {
    let (server, dir) = (shop(), tempfile::tempdir().unwrap());
    let run = Run::new(dir.path(), &["plan", &server.url("/"), "--rate", "10", "--depth", "3"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    insta::assert_snapshot!(run.stdout.replace(&server.host(), "HOST"));
    let mut asked = server.log(|log| log.paths().iter().map(|path| (*path).to_owned()).collect::<Vec<_>>());
    asked.sort_unstable();
    assert_eq!(asked, ["/", "/robots.txt", "/sitemap.txt"]);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn a_plan_is_told_as_json_and_counts_no_further_than_a_limit() {
    let (server, dir) = (shop(), tempfile::tempdir().unwrap());
    let run =
        Run::new(dir.path(), &["plan", "--json", &server.url("/"), "--rate", "10", "--sitemaps", "--max-pages", "20"]);
    let plan: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((plan["pages"].as_u64(), plan["duration_ms"].as_u64()), (Some(20), Some(2000)));
    assert_eq!(figures(&plan), (32, 3, 32));
}

/// `known`, `linked` and `with_sitemaps` of the first site.
fn figures(plan: &Value) -> (u64, u64, u64) {
    let figure = |name: &str| plan["sites"][0][name].as_u64().unwrap();
    (figure("known"), figure("linked"), figure("with_sitemaps"))
}

#[test]
fn a_plan_expects_no_page_that_the_crawl_would_not_ask_for() {
    let (server, dir) = (shop(), tempfile::tempdir().unwrap());
    let plan = |args: &[&str]| {
        let run = Run::new(dir.path(), &[&["plan", "--json", "--rate", "10"], args].concat());
        serde_json::from_str::<Value>(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}", run.stderr))
    };
    let (home, sitemap) = (server.url("/"), server.url("/sitemap.txt"));
    for (args, expected) in [
        // What sitemaps list is known, and not asked for.
        (&[home.as_str()][..], (3, 3, 32)),
        (&[&home, "--depth", "0"], (1, 1, 31)),
        (&[&home, "--depth", "0", "--sitemaps"], (31, 1, 31)),
        (&[&home, "--depth", "0", "--sitemap", &sitemap], (31, 1, 31)),
        // A seed that nobody may ask for.
        (&[&server.url("/private/a")], (0, 0, 30)),
        (&[&server.url("/gone")], (0, 0, 30)),
    ] {
        let plan = plan(args);
        assert_eq!((figures(&plan), plan["pages"].as_u64().unwrap()), (expected, expected.0), "{args:?}");
    }
    let closed = ClosedPort::reserve().url("/");
    for seed in [server.url("/private/a"), closed] {
        let run = Run::new(dir.path(), &["plan", &seed]);
        assert_eq!(run.code, 3);
        assert!(run.stdout.contains("  expected    no page: no seed gives one"), "{}", run.stdout);
        for promise in ["at least", "  time ", "  pace "] {
            assert!(!run.stdout.contains(promise), "{promise}: {}", run.stdout);
        }
    }
    // Another host asks for nothing, and one that answers does.
    let both = Run::new(dir.path(), &["plan", "--json", &home, &ClosedPort::reserve().url("/")]);
    assert_eq!((both.code, serde_json::from_str::<Value>(&both.stdout).unwrap()["pages"].as_u64()), (0, Some(3)));
}

#[test]
fn a_plan_of_a_folder_asks_nobody_and_one_without_a_page_exits_with_3() {
    let dir = tempfile::tempdir().unwrap();
    let run = Run::new(dir.path(), &["plan", &folder("three-levels").to_string_lossy()]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    assert!(run.stdout.contains("  time        as fast as it goes\n"), "{}", run.stdout);
    let disallows = Server::start(Site::linked(&[("/", &[])]).robots("User-agent: *\nDisallow: /").routes());
    let run = Run::new(dir.path(), &["plan", &disallows.url("/")]);
    assert_eq!(run.code, 3, "{}", run.stdout);
    assert!(run.stdout.contains("  not asked   robots: robots.txt, line 2: Disallow: /\n"), "{}", run.stdout);
    let nothing = Run::new(dir.path(), &["plan"]);
    assert_eq!(nothing.code, 2);
    // A file that says what holds anyway says nothing.
    Run::new(dir.path(), &["init"]);
    let run = Run::new(dir.path(), &["plan", &folder("three-levels").to_string_lossy(), "--rate", "3"]);
    assert!(run.stdout.ends_with("  politeness.rate = 3  # --rate\n"), "{}", run.stdout);
    assert!(!run.stdout.contains("crawl.toml"), "{}", run.stdout);
}
