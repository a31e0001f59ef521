//! Sitemaps as they are written: what is taken of those that are not quite as the protocol has them.

use crate::sitemaps::{listed, urlset, xml};
use crate::support::{Crawl, Reply, Server};

#[test]
fn pages_in_other_languages_are_taken_unless_the_user_says_no() {
    let list = "<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9' xmlns:x='http://www.w3.org/1999/xhtml'>\
                <url><loc>/en</loc><x:link rel='alternate' hreflang='de' href='/de'/></url></urlset>";
    for (alternates, paths) in
        [("true", &["/", "/de", "/deep", "/en", "/linked"][..]), ("false", &["/", "/deep", "/en", "/linked"])]
    {
        let server = Server::start(listed(xml(list), &["/en", "/de"]).routes());
        let crawled = Crawl::of(server.url("/")).flag("--sitemaps").set("sitemaps.alternates", alternates).run();
        assert_eq!(crawled.urls(), paths.iter().map(|path| server.url(path)).collect::<Vec<_>>());
    }
}

#[test]
fn relative_urls_are_taken_and_told() {
    let server = Server::start(listed(xml(urlset(["a", "b/c.html"])), &["/a", "/b/c.html"]).routes());
    let crawled = Crawl::of(server.url("/")).flag("--sitemaps").run();
    assert_eq!((server.count("/a"), server.count("/b/c.html")), (1, 1));
    assert!(crawled.stderr.contains("/sitemap.xml: 2 entries have no absolute URL"), "{}", crawled.stderr);
}

#[test]
fn a_folder_with_relative_urls_in_its_sitemap_gives_its_pages() {
    let crawl = Crawl::bare().arg("--seed", "site").flag("--sitemaps");
    let site = crawl.path("site");
    std::fs::create_dir(&site).unwrap();
    for (name, text) in [
        ("index.html", "<title>home</title>".to_owned()),
        ("a.html", "<title>a</title>".to_owned()),
        ("sitemap.xml", urlset(["a.html"])),
    ] {
        std::fs::write(site.join(name), text).unwrap();
    }
    assert_eq!(crawl.run().urls(), ["http://localhost/", "http://localhost/a.html"]);
}

#[test]
fn one_line_of_robots_txt_may_name_several_sitemaps_or_lack_its_colon() {
    for lines in
        ["Sitemap: BASE/s.xml,BASE/t.xml", "Sitemap: BASE/s.xml, BASE/t.xml", "Sitemap BASE/s.xml\nsitemap BASE/t.xml"]
    {
        let site = listed(Reply::new(404), &["/a", "/b"])
            .with("/s.xml", xml(urlset(["/a"])))
            .with("/t.xml", xml(urlset(["/b"])));
        let routes = site.routes();
        let server = Server::start(move |arrival| match arrival.path.as_str() {
            "/robots.txt" => Reply::text(lines.replace("BASE", &format!("http://{}", arrival.header("host").unwrap()))),
            _ => routes(arrival),
        });
        Crawl::of(server.url("/")).flag("--sitemaps").run();
        assert_eq!((server.count("/a"), server.count("/b")), (1, 1), "{lines}");
    }
}

#[test]
fn a_sitemap_alone_is_enough_to_start_from() {
    let list = urlset(["/a", "/no/b", "http://other.example/"]);
    let server = Server::start(listed(xml(list), &["/a", "/no/b"]).routes());
    let crawl = || Crawl::bare().arg("--sitemap", server.url("/sitemap.xml")).flag("--sitemap-only");
    let crawled = crawl().run();
    crawled.assert_code(0);
    assert_eq!(crawled.urls(), [server.url("/a")]);
    assert_eq!((crawled.skipped("scope"), crawled.skipped("robots")), (1, 1));
    let again = crawl().on(&crawled).run();
    again.assert_code(0);
    assert_eq!((again.records.len(), server.count("/a")), (1, 1), "it is complete");
    let without = Crawl::bare().arg("--sitemap", server.url("/sitemap.xml")).run();
    without.assert_code(2);
    let none = Crawl::bare().arg("--sitemap", server.url("/none.xml")).flag("--sitemap-only").run();
    none.assert_code(3);
    assert!(none.stderr.contains("/none.xml: lists no page that came"), "{}", none.stderr);
}
