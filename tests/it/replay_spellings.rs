//! Replays in which a page is asked for as another spelling than the one that was captured.

use crate::replay::{Archive, replay, titles};

#[test]
fn a_page_that_was_captured_as_another_spelling_answers_where_the_exact_one_was_not() {
    let moved = "HTTP/1.1 301 Moved\r\nLocation: /moved\r\nContent-Length: 0\r\n\r\n";
    let links = ["/%70age", "/page", "/exact", "/moved?utm_source=y", "/page?a=1"];
    let links = links.map(|link| format!("<a href=\"{link}\">x</a>")).concat();
    let archive = Archive::default()
        .page("http://e.com/", 1, &format!("<title>home</title>{links}"))
        .page("http://e.com/page?utm_source=x", 2, "<title>page</title><a href=/deep>deep</a>")
        .page("http://e.com/deep", 3, "<title>deep</title>")
        .page("http://e.com/exact", 4, "<title>exact</title>")
        .page("http://e.com/%65xact", 5, "<title>a later one</title>")
        .response("http://e.com/moved?utm_source=x", 6, moved);
    let expected = [
        "http://e.com/ 0 home",
        "http://e.com/%70age 1 page",
        "http://e.com/deep 2 deep",
        "http://e.com/exact 1 exact",
        "http://e.com/moved?utm_source=y 1 not_archived",
        "http://e.com/page?a=1 1 not_archived",
    ];
    let crawled = replay("site.warc.gz", archive.compressed(), |crawl, _| crawl);
    assert_eq!(titles(crawled.assert_code(0)), expected);
    // Where no parameter is left out, each of them is a page.
    let crawled = replay("site.warc.gz", archive.compressed(), |crawl, _| crawl.set("frontier.ignore_params", "[]"));
    let lost = titles(&crawled).into_iter().filter(|title| title.ends_with("not_archived"));
    let expected = ["http://e.com/%70age", "http://e.com/moved?utm_source=y", "http://e.com/page?a=1"];
    assert_eq!(lost.collect::<Vec<_>>(), expected.map(|url| format!("{url} 1 not_archived")));
}
