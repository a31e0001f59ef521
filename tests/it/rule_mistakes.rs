//! Mistakes in rules: each ends the call with exit code 2 before the crawl, and a message that points to it.

use std::fmt::Write as _;

use crate::cli::Run;

#[test]
fn each_mistake_in_a_rule_is_named_with_its_place() {
    let fields = |field: &str| format!("[[extract]]\n[extract.fields]\n{field}\n");
    let item =
        |line: &str| format!("[[items]]\nname = \"products\"\neach = \"li\"\n{line}\n[items.fields]\ntitle = \"h2\"\n");
    let mistakes = [
        // Selectors.
        fields("price = \".price >\""),
        fields("price = \"li:eq(2) b\""),
        fields("price = { css = \"div.\", type = \"number\" }"),
        fields("price = { css = 'a[href=/x]' }"),
        fields("price = \"//div/span\""),
        fields("price = \"img@src\""),
        fields("price = \"p::text\""),
        fields("price = 'p:contains(\"€\")'"),
        fields("price = '''li:hover'''"),
        fields("price = \"b\\u0020 a[\""),
        fields("price = \"+ .row\""),
        fields("price = \"\""),
        // Expressions, paths, types.
        fields("sku = { css = \"p\", regex = 'SKU: (\\d+' }"),
        fields("sku = { css = \"p\", regex = '(a)(b)' }"),
        fields("offer = { json_ld = \"$..offers[\" }"),
        fields("offer = { json = \"offers.price\" }"),
        fields("price = { css = \"p\", type = \"float\" }"),
        fields("price = { css = \"p\", type = \"number\", default = \"none\" }"),
        fields("price = { css = \"p\", json_ld = \"$.price\" }"),
        fields("price = { css = \"p\", own_text = true, attr = \"x\" }"),
        fields("price = { type = \"number\" }"),
        // Keys and tables.
        fields("price = { cs = \"p\" }"),
        fields("price = { css = \"p\", require = true }"),
        fields("price = { css = \"p\", required = \"yes\" }"),
        fields("price = 5"),
        fields("Price = \"p\"\nprice = \"b\""),
        fields(""),
        "[extract]\n[extract.fields]\nname = \"h1\"\n".to_owned(),
        "[[extract]]\nmatch = [\"/product/*\"]\n[extract.fields]\nname = \"h1\"\n".to_owned(),
        "[[extract]]\nmatch = \"*\"\n[extract.fields]\nname = \"h1\"\n".to_owned(),
        "[[extract]]\nmatch = [\"re:/a(b\"]\n[extract.fields]\nname = \"h1\"\n".to_owned(),
        "[[extract]]\nmatch = [\"*\"]\n".to_owned(),
        "[[exract]]\n[exract.fields]\nname = \"h1\"\n".to_owned(),
        // Items and links.
        item("eech = \"ul\""),
        item("").replace("\"products\"", "\"a/b\""),
        item("").replace("name = \"products\"\n", ""),
        item("").replace("each = \"li\"\n", ""),
        item("").replace("\"li\"", "\"li:frist-child\""),
        item("").replace("title", "page_url"),
        format!("{}{}", item(""), item("").replace("products", "Products")),
        "[[follow]]\nmatch = [\"*\"]\n".to_owned(),
        "[[follow]]\ncss = \"a.next,\"\n".to_owned(),
        "follow = [\"a.next\"]\n".to_owned(),
    ];
    assert!(mistakes.len() >= 30);
    let mut messages = String::new();
    for mistake in mistakes {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("crawl.toml"), &mistake).unwrap();
        let run = Run::new(dir.path(), &["--seed", "http://localhost:1/"]);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{mistake}\n{}", run.stderr);
        assert!(run.stderr.starts_with("error: crawl.toml:"), "{mistake}\n{}", run.stderr);
        assert!(!dir.path().join("crawl").exists(), "nothing is begun");
        let _ = writeln!(messages, "{}", run.stderr);
    }
    insta::assert_snapshot!("mistakes_in_rules", messages);
}

#[test]
fn each_mistake_in_a_flag_of_a_rule_is_named_with_the_flag() {
    let mistakes: &[&[&str]] = &[
        &["--field", "price"],
        &["--field", "=h1"],
        &["--field", "price=.price["],
        &["--field", "price:float=.price"],
        &["--field", "products.title=h2"],
        &["--item", "products=li"],
        &["--item", "products=li:eq(1)", "--field", "products.title=h2"],
        &["--item", "products=li", "--field", "products.title=h2::text"],
        &["--set", "extract.name=h1"],
        &["--set", "extract=[{ fields = { name = 'h1[' } }]"],
    ];
    let mut messages = String::new();
    for args in mistakes {
        let dir = tempfile::tempdir().unwrap();
        let run = Run::new(dir.path(), &[&["config"], *args].concat());
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{args:?}");
        let _ = writeln!(messages, "{}", run.stderr);
    }
    insta::assert_snapshot!("mistakes_in_flags_of_rules", messages);
}
