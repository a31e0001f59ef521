//! What a crawl says at its start: of proxies that it does not use, and of settings that others can read.

use crate::support::{Crawl, Crawled, Reply, Server};

#[test]
fn proxies_that_are_not_obeyed_are_told_where_the_network_is_asked() {
    let server = Server::start(|_| Reply::html("home"));
    let proxied =
        |crawl: Crawl| crawl.env("https_proxy", "http://user:hunter2@127.0.0.1:9/").env("no_proxy", "e.com").run();
    let told = |crawled: &Crawled| crawled.assert_code(0).stderr.matches("https_proxy is set and not obeyed").count();
    let crawled = proxied(Crawl::of(server.url("/")));
    assert_eq!(told(&crawled), 1, "{}", crawled.stderr);
    assert!(!crawled.stderr.contains("hunter2") && !crawled.stderr.contains("no_proxy"), "{}", crawled.stderr);
    let on_disk = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/sites/three-levels");
    assert_eq!(told(&proxied(Crawl::of(on_disk))), 0);
    assert_eq!(told(&Crawl::of(server.url("/")).env("no_proxy", "e.com").run()), 0);
}

#[test]
fn a_file_with_a_secret_that_others_can_read_is_told() {
    let server = Server::start(|_| Reply::html("home"));
    let run = |mask: &str, value: &str| {
        let header = format!("[fetch.headers]\nX-Api-Key = \"{value}\"\n");
        let crawl = Crawl::of(server.url("/")).toml(&header).env("API_TOKEN", "5ecret");
        crawl.after(&format!("chmod {mask} crawl.toml")).run()
    };
    let told = run("644", "5ecret");
    let expected = "warning: crawl.toml holds a secret (fetch.headers.X-Api-Key), and others than its owner can read it: \
                    chmod 600 crawl.toml, or take it from the environment with ${NAME}\n";
    assert_eq!(told.assert_code(0).stderr, expected);
    assert_eq!(run("600", "5ecret").assert_code(0).stderr, "");
    assert_eq!(run("666", "${API_TOKEN}").assert_code(0).stderr, "");
}
