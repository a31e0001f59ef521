//! Where the links of a page may stand besides its elements: in headers, in XHTML; and what is said when there are none.

use crate::support::{Crawl, Crawled, Reply, Server, Site};

/// Crawls a home page, on a site that has pages at `/a` and `/b`.
fn crawl_home(home: Reply, set: impl Fn(Crawl) -> Crawl) -> (Crawled, Server) {
    let server = Server::start(Site::linked(&[("/a", &[]), ("/b", &[])]).with("/", home).routes());
    let crawled = set(Crawl::of(server.url("/"))).run();
    crawled.assert_code(0);
    (crawled, server)
}

#[track_caller]
fn assert_asked(server: &Server, a: usize, b: usize) {
    assert_eq!((server.count("/a"), server.count("/b")), (a, b));
}

#[test]
fn headers_say_what_a_page_could_say() {
    let home = Reply::html("<base href='/none/'><title>Home</title>").header("Link", "</a>; rel=\"next canonical\"");
    let (crawled, server) = crawl_home(home.header("Refresh", "5; url=b"), |crawl| crawl);
    assert_asked(&server, 1, 1);
    let record = crawled.record(&server.url("/"));
    assert_eq!(record["canonical"], server.url("/a"));
    assert_eq!(record["links"], serde_json::json!([server.url("/a"), server.url("/b")]));
}

#[test]
fn headers_count_for_what_is_no_page_too() {
    let pdf = Reply::new(200)
        .header("Content-Type", "application/pdf")
        .body("%PDF-1.7")
        .header("Link", "</a>; rel=canonical");
    for types in ["[\"text/html\"]", "[\"*/*\"]"] {
        let (crawled, server) = crawl_home(pdf.clone(), |crawl| crawl.set("fetch.content_types", types));
        assert_asked(&server, 1, 0);
        let record = crawled.record(&server.url("/"));
        assert_eq!((&record["canonical"], &record["title"]), (&server.url("/a").into(), &serde_json::Value::Null));
    }
    let without =
        Reply::new(200).header("Content-Type", "application/pdf").body("%PDF-1.7").header("Link", "</a>; rel=preload");
    let (crawled, server) = crawl_home(without, |crawl| crawl);
    assert_asked(&server, 0, 0);
    assert_eq!(crawled.record(&server.url("/"))["links"], serde_json::Value::Null);
}

#[test]
fn a_header_that_asks_not_to_follow_holds_for_the_links_of_headers() {
    let home = Reply::html("<title>Home</title>").header("Link", "</a>; rel=next, </b>; rel=\"nofollow next\"");
    let (crawled, server) = crawl_home(home.clone(), |crawl| crawl);
    assert_asked(&server, 1, 0);
    assert_eq!(crawled.skipped("nofollow"), 1);
    let (crawled, server) = crawl_home(home.header("X-Robots-Tag", "nofollow; noindex"), |crawl| crawl);
    assert_asked(&server, 0, 0);
    assert_eq!(crawled.skipped("nofollow"), 2);
}

#[test]
fn xhtml_is_read_as_xml_whatever_its_type() {
    let page = |root: &str| {
        format!(
            "<?xml version='1.0'?><html {root} xml:lang='fr'><script src='/s.js'/><title>T</title><a href='/a'/></html>"
        )
    };
    let xhtml = page("xmlns='http://www.w3.org/1999/xhtml'");
    for kind in ["application/xhtml+xml", "application/xml; charset=utf-8", "text/xml", "application/vnd.x+xml"] {
        let home = Reply::new(200).header("Content-Type", kind).body(xhtml.clone());
        let (crawled, server) = crawl_home(home, |crawl| crawl.set("fetch.content_types", "[\"*/*\"]"));
        assert_asked(&server, 1, 0);
        let record = crawled.record(&server.url("/"));
        assert_eq!((&record["title"], &record["lang"]), (&"T".into(), &"fr".into()), "{kind}");
    }
    let other = Reply::new(200).header("Content-Type", "application/xml").body(page(""));
    let (_, server) = crawl_home(other, |crawl| crawl.set("fetch.content_types", "[\"*/*\"]"));
    assert_asked(&server, 0, 0);
}

#[test]
fn a_page_that_has_a_script_and_no_link_is_told_of() {
    let told = |body: &str| {
        let (crawled, server) = crawl_home(Reply::html(body), |crawl| crawl);
        let seen = crawled.summary["unread"]["scripts"].clone();
        seen["count"] == 1 && seen["example"] == server.url("/")
    };
    assert!(told("<title>App</title><div id=app></div><script src=/app.js></script>"));
    assert!(told("<script type=module>import '/app.js'</script>"));
    assert!(!told("<script src=/app.js></script><noscript><a href=/a>A</a></noscript>"));
    assert!(!told("<title>Text</title><script type=application/ld+json>{}</script>"));
    assert!(!told("<title>Text</title>"));
}
