//! `crawler plan`: what a crawl would do, known by a few requests.

use std::fs;

use serde_json::Value;

use crate::cli::Run;
use crate::support::{Reply, Server, Site, folder};

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
    let run = Run::new(dir.path(), &["plan", "--json", &server.url("/"), "--rate", "10", "--max-pages", "20"]);
    let plan: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((plan["pages"].as_u64(), plan["duration_ms"].as_u64()), (Some(20), Some(2000)));
    assert_eq!((plan["sites"][0]["known"].as_u64(), plan["sites"][0]["linked"].as_u64()), (Some(32), Some(3)));
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
}
