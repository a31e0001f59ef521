//! A mirror in a browser: it shows the pages, its links work, and nothing is asked of the network.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::archive::run;
use crate::mirror::site;
use crate::support::{Crawl, Reply, Server};

/// Writes into the page what a browser has made of it: its color by a style sheet, the width of an image, and whether a
/// script beside it has run.
const HOME: &str = "<!DOCTYPE html><title>home</title><link rel=stylesheet href='/look.css?v=1' integrity=sha256-no crossorigin>\
    <meta http-equiv=Content-Security-Policy content=\"script-src 'self' 'unsafe-inline'; img-src 'self'\">\
    <base href=/deep/><img src=../dot.svg><script src=../run.js></script><a id=to href=../moved>to</a>\
    <script>addEventListener('load', () => { const root = document.documentElement;\
    root.dataset.color = getComputedStyle(document.body).color; root.dataset.width = document.images[0].naturalWidth;\
    if (location.hash === '#go') document.getElementById('to').click(); })</script>";
const DOT: &str = "<svg xmlns='http://www.w3.org/2000/svg' width='7' height='7'><rect width='7' height='7'/></svg>";
const TARGET: &str = "<!DOCTYPE html><title>target</title><h1 id=part>arrived</h1><script>\
    document.documentElement.dataset.hash = location.hash</script>";

/// A browser opens it. Skipped where there is none: `BROWSER` names one that knows the flags of Chromium, which `.ci/run` looks
/// for and installs where it can.
#[test]
#[expect(clippy::print_stdout, reason = "who runs the tests should know that this one did nothing")]
fn a_browser_shows_a_mirror_and_asks_nobody() {
    let Some(browser) = std::env::var_os("BROWSER").filter(|name| !name.is_empty()).map(PathBuf::from) else {
        println!("skipped: BROWSER names no browser that knows the flags of Chromium");
        return;
    };
    let site = site()
        .with("/", Reply::html(HOME))
        .with("/look.css?v=1", Reply::new(200).header("Content-Type", "text/css").body("@import 'more/color.css';"))
        .with(
            "/more/color.css",
            Reply::new(200).header("Content-Type", "text/css").body("body { color: rgb(1, 2, 3) }"),
        )
        .with("/dot.svg", Reply::new(200).header("Content-Type", "image/svg+xml").body(DOT))
        .with(
            "/run.js",
            Reply::new(200)
                .header("Content-Type", "text/javascript")
                .body("document.documentElement.dataset.script = 'ran'"),
        )
        .with("/moved", Reply::redirect(302, "/target#part"))
        .with("/target", Reply::html(TARGET));
    let server = Server::start(site.routes());
    let kinds = "[\"page\", \"embed\", \"style\"]";
    let crawled = Crawl::of(server.url("/")).flag("--warc").set("parse.follow", kinds).run();
    assert_eq!(run(&crawled, &["mirror", "--to", "site"]).code, 0);
    let asked = server.log(|log| log.arrivals.len());
    let shown = open(&browser, &crawled.path(""), "site/index.html");
    for part in ["data-color=\"rgb(1, 2, 3)\"", "data-width=\"7\"", "data-script=\"ran\""] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    let home = format!("site/{}/index.html#go", server.host().replace(':', "+"));
    let arrived = open(&browser, &crawled.path(""), &home);
    assert!(arrived.contains("arrived") && arrived.contains("data-hash=\"#part\""), "{arrived}");
    assert_eq!(server.log(|log| log.arrivals.len()), asked, "the site was asked for something");
}

/// What a page has become in a browser, which may ask nobody: whatever it asks for would go to a proxy that counts.
fn open(browser: &Path, dir: &Path, file: &str) -> String {
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    proxy.set_nonblocking(true).unwrap();
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", "--virtual-time-budget=10000"])
        .arg(format!("--user-data-dir={}", dir.join("profile").display()))
        .arg(format!("--proxy-server=http://{}", proxy.local_addr().unwrap()))
        .arg("--proxy-bypass-list=<-loopback>")
        .args(["--disable-background-networking", "--disable-component-update", "--no-first-run"])
        .arg(format!("file://{}/{file}", fs::canonicalize(dir).unwrap().display()))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(proxy.accept().is_err(), "{file} has asked for something");
    String::from_utf8(output.stdout).unwrap()
}
