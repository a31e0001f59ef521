//! What a page asks of robots, by header, meta tag and link: what is not followed, and what is followed all the same.

use crate::support::{Crawl, Crawled, Reply, Server, Site};

/// Crawls a home page with these headers and this head, that links to `/a`.
fn crawl_home(headers: &[&str], head: &str, set: impl Fn(Crawl) -> Crawl) -> (Crawled, usize) {
    let home = Reply::html(format!("<!doctype html><title>Home</title>{head}<a href=/a>A</a>"));
    let home = headers.iter().fold(home, |home, value| home.header("X-Robots-Tag", value));
    let server = Server::start(Site::linked(&[("/a", &[])]).with("/", home).routes());
    let crawled = set(Crawl::of(server.url("/"))).run();
    assert_eq!(crawled.assert_code(0).record(&server.url("/"))["title"], "Home", "the page itself is recorded");
    (crawled, server.count("/a"))
}

#[track_caller]
fn check(headers: &[&str], head: &str, followed: bool) {
    let (crawled, asked) = crawl_home(headers, head, |crawl| crawl);
    assert_eq!((asked, crawled.skipped("nofollow")), if followed { (1, 0) } else { (0, 1) }, "{headers:?} {head}");
}

#[test]
fn a_header_holds_for_everybody_or_for_the_robot_that_it_names() {
    check(&["nofollow"], "", false);
    check(&["crawler: none"], "", false);
    check(&["otherbot: nofollow"], "", true);
    check(&["otherbot: nofollow", "noarchive", "Crawler: noindex, nofollow"], "", false);
    check(&["crawler: noindex", "otherbot: none"], "", true);
}

#[test]
fn noindex_and_dates_change_nothing() {
    check(&["noindex", "unavailable_after: 25 Jun 2010 15:00:00 GMT"], "<meta name=robots content=noindex>", true);
}

#[test]
fn a_meta_tag_holds_for_everybody_or_for_the_robot_that_it_names() {
    check(&[], "<meta name=robots content='noindex,nofollow'>", false);
    check(&[], "<meta name=crawler content=none>", false);
    check(&[], "<meta name=otherbot content=nofollow>", true);
}

#[test]
fn a_robot_is_named_by_the_product_token_of_its_user_agent() {
    let named = |crawl: Crawl| crawl.arg("--user-agent", "Other-Bot/1.0 (+http://e.com/)");
    let (_, asked) = crawl_home(&["crawler: nofollow"], "<meta name=crawler content=nofollow>", named);
    assert_eq!(asked, 1);
    let (crawled, asked) = crawl_home(&["other-bot: nofollow"], "", named);
    assert_eq!((asked, crawled.skipped("nofollow")), (0, 1));
}

#[test]
fn nofollow_of_all_kinds_can_be_left_out() {
    let followed = |crawl: Crawl| crawl.set("parse.nofollow", "false");
    let head = "<meta name=robots content=none><a rel='nofollow ugc sponsored' href=/b>B</a>";
    let (crawled, asked) = crawl_home(&["none"], head, followed);
    assert_eq!((asked, crawled.skipped("nofollow"), crawled.records.len()), (1, 0, 3));
}

#[test]
fn each_rel_that_does_not_vouch_for_its_link_is_not_followed() {
    let (crawled, asked) = crawl_home(
        &[],
        "<a rel=nofollow href=/n>N</a><a rel='noopener UGC' href=/u>U</a><a rel=sponsored href=/s>S</a><a rel=me href=/m>M</a>",
        |crawl| crawl,
    );
    assert_eq!((asked, crawled.skipped("nofollow"), crawled.records.len()), (1, 3, 3));
}
