//! A shop is scraped: each item and each field is as the shop's own list of products says, whatever happens to the crawl.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::cli::Run;
use crate::resume::wait_until_kept;
use crate::support::{Crawl, Crawled, Reply, Server, Site, folder, shop};

#[test]
fn the_shop_is_as_it_is_generated() {
    let expected = shop::items(ORIGIN).iter().flat_map(|item| [item.to_string(), "\n".to_owned()]).collect::<String>();
    let pages = shop::pages();
    assert_eq!(pages.len(), shop::PAGES);
    assert_eq!(pages.len(), 200);
    for (name, content) in pages.iter().map(|(name, page)| (name.as_str(), page)).chain([("expected.jsonl", &expected)])
    {
        matches_generated(&folder("shop").join(name), content);
    }
}

#[test]
fn each_item_and_each_field_is_as_the_shop_says() {
    let crawled = Crawl::of(folder("shop").to_string_lossy()).toml(&rules()).run();
    crawled.assert_code(0);
    assert_eq!(crawled.records.len(), shop::PAGES);
    assert_eq!(sorted(&items(&crawled)), sorted(&shop::items(ORIGIN)));
    for (url, fields) in shop::fields(ORIGIN) {
        assert_eq!(crawled.record(&url)["fields"], fields, "{url}");
        let is_complete = !fields["price"].is_null();
        assert_eq!(crawled.record(&url)["missing"].is_null(), is_complete, "{url}");
    }
    let without = format!("{ORIGIN}product/{}.html", shop::WITHOUT_PRICE);
    assert_eq!(crawled.record(&without)["missing"], serde_json::json!(["price"]));
    assert!(crawled.record(&format!("{ORIGIN}about.html"))["fields"].is_null(), "no rule is for it");
    assert_eq!(crawled.summary["items"], serde_json::json!({ "products": 180 }));
    let rule = |name: &str| {
        let rules = crawled.summary["rules"].as_array().unwrap().iter();
        rules.clone().find(|rule| rule["name"] == name).unwrap_or_else(|| panic!("{rules:?}")).clone()
    };
    assert_eq!((rule("price")["pages"].as_u64(), rule("price")["missing"].as_u64()), (Some(180), Some(1)));
    assert_eq!(rule("price")["examples"][0], without);
    assert_eq!(rule("products.price")["found"].as_u64(), Some(173));
}

#[test]
fn the_same_as_a_table() {
    let csv = rules().replace("\"jsonl\"", "\"csv\"");
    let crawled = Crawl::of(folder("shop").to_string_lossy()).toml(&csv).run();
    let table = fs::read_to_string(crawled.assert_code(0).path("crawl/items/products.csv")).unwrap();
    let mut rows: Vec<_> = table.split_terminator("\r\n").collect();
    assert_eq!(rows.remove(0), "page_url,title,link,price");
    rows.sort_unstable();
    let cell = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned).replace("null", "");
    let row = |item: &Value| ["page_url", "title", "link", "price"].map(|column| cell(&item[column])).join(",");
    let mut expected: Vec<_> = shop::items(ORIGIN).iter().map(row).collect();
    expected.sort_unstable();
    assert_eq!(rows, expected);
    assert!(!crawled.path("crawl/items/products.jsonl").exists());
}

#[test]
fn flags_alone_do_for_one_site() {
    let crawled = Crawl::of(folder("shop").to_string_lossy())
        .arg("--item", "products=li.product")
        .arg("--field", "products.title=h2")
        .arg("--field", "products.link=a@href")
        .arg("--field", "products.price:number=+ .price-row .price")
        .arg("--field", "name=h1")
        .run();
    assert_eq!(sorted(&items(crawled.assert_code(0))), sorted(&shop::items(ORIGIN)));
    assert_eq!(
        crawled.record(&format!("{ORIGIN}product/3.html"))["fields"],
        serde_json::json!({ "name": "Shelf b 3" })
    );
}

#[test]
fn a_crawl_that_is_killed_and_goes_on_has_each_item_once() {
    let server = Server::start(Site::fixture("shop"));
    let origin = server.url("/");
    for held in ["/list/9.html", "/product/50.html"] {
        server.hold(held);
    }
    let crawl = || Crawl::of(server.url("/")).toml(&rules()).concurrency(8);
    let running = crawl().start();
    server.wait_for("two that are held", |log| log.in_flight == 2);
    wait_until_kept(&running, "what is not held", "SELECT count(record) > 100 FROM url");
    let killed = running.kill();
    let before = fs::read_to_string(killed.path("crawl/items/products.jsonl")).unwrap().lines().count();
    assert!((12..180).contains(&before), "{before}");
    server.open_all();
    let crawled = crawl().on(&killed).run();
    assert_eq!(sorted(&items(crawled.assert_code(0))), sorted(&shop::items(&origin)));
    for (url, fields) in shop::fields(&origin) {
        assert_eq!(crawled.record(&url)["fields"], fields, "{url}");
    }
    let price = crawled.summary["rules"].as_array().unwrap().iter().find(|rule| rule["name"] == "price").unwrap();
    assert_eq!((price["pages"].as_u64(), price["missing"].as_u64()), (Some(180), Some(1)), "over both runs");
}

#[test]
fn items_that_somebody_took_away_are_not_made_up() {
    let first = Crawl::of(folder("shop").to_string_lossy()).toml(&rules()).arg("--max-pages", "30").run();
    let (path, again) = (first.path("crawl/items/products.jsonl"), || {
        Crawl::of(folder("shop").to_string_lossy()).toml(&rules()).on(&first).run()
    });
    let left = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    let refused = again();
    assert_eq!(refused.code, Some(1), "{}", refused.stderr);
    assert!(refused.stderr.contains("crawl/items/products.jsonl is not there"), "{}", refused.stderr);
    fs::write(&path, left).unwrap();
    let records = first.path("crawl/pages.jsonl");
    let kept = fs::read(&records).unwrap();
    fs::write(&records, "").unwrap();
    let refused = again();
    assert_eq!(refused.code, Some(1), "{}", refused.stderr);
    assert!(refused.stderr.contains("cannot be asked for again in a crawl that has items"), "{}", refused.stderr);
    fs::write(&records, kept).unwrap();
    let crawled = again();
    assert_eq!(sorted(&items(crawled.assert_code(0))), sorted(&shop::items(ORIGIN)));
}

#[test]
fn what_somebody_writes_behind_the_items_is_told() {
    let crawled = Crawl::of(folder("shop").to_string_lossy()).toml(&rules()).arg("--max-pages", "30").run();
    let verify = || Run::new(&crawled.assert_code(0).path(""), &["verify"]);
    assert_eq!(verify().code, 0);
    let path = crawled.path("crawl/items/products.jsonl");
    fs::write(&path, fs::read_to_string(&path).unwrap() + "{}\n").unwrap();
    let told = verify();
    assert_eq!(told.code, 1, "{}", told.stdout);
    let problem = "products.jsonl has 3 bytes behind what the crawl has written to it";
    assert!((told.stdout + &told.stderr).contains(problem));
}

#[test]
fn other_items_are_those_of_another_crawl() {
    let first = Crawl::of(folder("shop").to_string_lossy()).toml(&rules()).arg("--max-pages", "3").run();
    let crawl = |rules: &str| Crawl::of(folder("shop").to_string_lossy()).toml(rules).on(&first).run();
    let refused = crawl(&rules().replace("\"products\"", "\"things\""));
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    insta::assert_snapshot!(refused.stderr, @r"
    error: the items of the crawl in crawl go to items/products.jsonl, and by these rules to items/things.jsonl: those of the pages that are settled would be missing
     = help: set the rules back to go on, or name another directory: --dir DIR
    ");
    crawl(&rules().replace("\"jsonl\"", "\"csv\"")).assert_code(2);
    let fresh = Crawl::of(folder("shop").to_string_lossy()).toml(&rules().replace("\"products\"", "\"things\""));
    let fresh = fresh.flag("--fresh").on(&first).run();
    assert!(!fresh.assert_code(0).path("crawl/items/products.jsonl").exists());
    assert!(fresh.path("crawl/items/things.jsonl").exists());
}

#[test]
fn a_shop_that_is_redesigned_is_told_and_an_unchanged_one_never() {
    let site = tempfile::tempdir().unwrap();
    let design = |change: &dyn Fn(&str) -> String| {
        for (name, page) in shop::pages() {
            let path = site.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, change(&page)).unwrap();
        }
    };
    let crawl = || {
        let crawl = Crawl::of(site.path().to_string_lossy()).toml(&rules()).arg("--fail-on", "rule-drift");
        crawl.flag("--fresh")
    };
    design(&|page| page.to_owned());
    let first = crawl().run();
    first.assert_code(0);
    for _ in 0..10 {
        crawl().on(&first).run().assert_code(0);
    }
    design(&|page| page.replace("class=price>", "class=cost>"));
    // As long as nobody has mended the rule.
    for _ in 0..2 {
        let told = crawl().on(&first).run();
        told.assert_code(4);
        assert!(told.stderr.contains("`price` was found 179 of 180 times"), "{}", told.stderr);
        assert!(told.stderr.contains("first missing on http://localhost/product/"), "{}", told.stderr);
        assert!(!told.stderr.contains("`name`"), "{}", told.stderr);
        let names: Vec<_> = told.summary["rule_drift"].as_array().unwrap().iter().map(|drift| &drift["name"]).collect();
        assert_eq!(names, ["price", "products.price"]);
    }
    design(&|page| page.to_owned());
    crawl().on(&first).run().assert_code(0);
}

#[test]
fn what_is_missing_fails_a_crawl_that_asks_for_it() {
    let crawl =
        |what: &str, rules: &str| Crawl::of(folder("shop").to_string_lossy()).toml(rules).arg("--fail-on", what).run();
    let missing = crawl("missing-required", &rules());
    missing.assert_code(4);
    let told = format!("`price` is required, and missing 1 time; first on {ORIGIN}product/42.html");
    assert!(missing.stderr.contains(&told), "{}", missing.stderr);
    crawl("empty-items", &rules()).assert_code(0);
    let empty = crawl("empty-items", &rules().replace("li.product", "li.article"));
    empty.assert_code(4);
    assert!(empty.stderr.contains("there are no items `products`"), "{}", empty.stderr);
}

#[test]
fn only_what_is_to_be_followed_is_followed() {
    let follow = "\n[[follow]]\nmatch = [\"*/list/*\"]\ncss = \"a.next\"\n";
    let crawled = Crawl::of(folder("shop").to_string_lossy()).toml(&(rules() + follow)).run();
    crawled.assert_code(0);
    assert_eq!(crawled.records.len(), shop::PAGES - 180);
    assert_eq!(crawled.skipped("nofollow"), 180);
    let links = crawled.record(&format!("{ORIGIN}list/1.html"))["links"].as_array().unwrap().len();
    assert_eq!(links, 13, "the record has them all");
}

#[test]
fn answers_in_json_are_read_when_a_rule_is_for_them() {
    let api = |n: u32| {
        Reply::new(200)
            .header("Content-Type", "application/vnd.shop+json")
            .body(format!(r#"{{"id":{n},"price":"{n},50 €","parts":[{{"name":"a{n}"}},{{"name":"b{n}"}}]}}"#))
    };
    let site = (0..3).fold(Site::default(), |site, n| site.with(&format!("/api/{n}"), api(n)));
    let server = Server::start(
        site.with("/api/broken", Reply::new(200).header("Content-Type", "application/json").body("{")).routes(),
    );
    let rules = "[[extract]]\n[extract.fields]\nid = \"$.id\"\nprice = { json = \"$.price\", type = \"number\" }\n\
                 [[items]]\nname = \"parts\"\neach = \"$.parts[*]\"\n[items.fields]\nname = \"$.name\"\n";
    let crawl = (1..3).fold(Crawl::of(server.url("/api/0")), |crawl, n| crawl.seed(server.url(&format!("/api/{n}"))));
    let crawled = crawl.seed(server.url("/api/broken")).toml(rules).run();
    crawled.assert_code(0);
    assert_eq!(crawled.record(&server.url("/api/2"))["fields"], serde_json::json!({ "id": 2, "price": 2.5 }));
    assert_eq!(crawled.record(&server.url("/api/broken"))["outcome"], "ok", "one failure ends nothing");
    let parts = fs::read_to_string(crawled.path("crawl/items/parts.jsonl")).unwrap();
    assert_eq!(parts.lines().count(), 6, "{parts}");
    assert!(parts.contains(&format!("{{\"page_url\":\"{}\",\"name\":\"b1\"}}", server.url("/api/1"))), "{parts}");
}

pub(crate) fn rules() -> String {
    let text = fs::read_to_string(folder("shop").join("crawl.toml")).unwrap();
    assert!(text.lines().count() <= 25);
    text.replace("seeds = [\"fixtures/sites/shop\"]\n", "")
}

fn items(crawled: &Crawled) -> Vec<Value> {
    let text = fs::read_to_string(crawled.path("crawl/items/products.jsonl")).unwrap();
    assert!(text.ends_with('\n'));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn sorted(items: &[Value]) -> Vec<String> {
    let mut lines: Vec<_> = items.iter().map(ToString::to_string).collect();
    lines.sort_unstable();
    lines
}

fn matches_generated(path: &Path, generated: &str) {
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, generated).unwrap();
    }
    let written = fs::read_to_string(path).unwrap_or_default();
    assert!(written == generated, "{} is out of date: UPDATE_GENERATED=1 cargo test --test it shop", path.display());
}

/// Where a site on disk appears to be.
const ORIGIN: &str = "http://localhost/";
