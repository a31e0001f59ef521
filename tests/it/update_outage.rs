//! `--update` while something does not answer: of what is not known nothing is told as gone.

use crate::support::{Living, Page};
use crate::update::{assert_sound, changes, crawl, page, path, site, told, versions};

#[test]
fn an_update_of_which_no_page_came_leaves_the_crawl_before_as_it_was() {
    let living = Living::new(site(20));
    let server = living.serve();
    let rules = "[[items]]\nname = \"things\"\neach = \"p\"\n[items.fields]\nname = \"p\"\n";
    let crawl = || crawl(&server.url("/")).toml(rules);
    let first = crawl().run();
    let first = crawl().flag("--update").on(&first).run();
    first.assert_code(0);
    let (records, told_before) = (first.records.clone(), changes(&first));
    let kept = versions(&first);
    let home = page("home", 0, "home", &[path(0), path(1), path(2)]);
    for (limit, value) in [("--max-pages", "1"), ("--max-pages", "100")] {
        living.edit(|site| drop(site.insert("/".to_owned(), Page::Status(503))));
        let outage = crawl().talkative().flag("--update").arg("--fail-on", "changes");
        let outage = outage.arg("--fail-on", "broken-links").arg(limit, value).on(&first).run();
        outage.assert_code(3);
        assert!(
            outage.stderr.contains("no page came of any seed: the crawl before stays in crawl"),
            "{}",
            outage.stderr
        );
        assert!(!outage.stderr.contains("this goes on"), "{}", outage.stderr);
        assert_eq!(outage.records, records);
        assert_eq!((changes(&outage), versions(&outage)), (told_before.clone(), kept.clone()));
        assert_sound(&outage);
    }
    living.edit(|site| drop(site.insert("/".to_owned(), Page::Html(home))));
    let after = crawl().flag("--update").arg("--fail-on", "changes").on(&first).run();
    after.assert_code(5);
    assert_sound(&after);
    assert_eq!(told(&after), [("changed text links".to_owned(), 1), ("unchanged ".to_owned(), 20)].into());
}
