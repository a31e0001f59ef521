//! What rules take out of pages, and that no page and no rules are too much.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::url::UrlRules;

/// The rules of a crawl.toml.
#[derive(serde::Deserialize)]
struct Tables {
    #[serde(default)]
    extract: Vec<Extract>,
    #[serde(default)]
    items: Vec<Items>,
    #[serde(default)]
    follow: Vec<Follow>,
}

fn options(toml: &str) -> Options {
    let Tables { extract, items, follow } = toml::from_str(toml).unwrap();
    Options { extract, items, follow }
}

fn rules(toml: &str) -> Rules {
    Rules::new(&options(toml)).unwrap_or_else(|faults| panic!("{faults}"))
}

fn apply_to(
    rules: &Rules,
    url: &str,
    content_type: &str,
    text: &str,
    encoding: &'static Encoding,
) -> Option<Extracted> {
    let url_rules = UrlRules::new(2048);
    let url = url_rules.parse(url).unwrap();
    let matched = rules.on(url.as_str(), Some(content_type))?;
    let input = Input { url: &url, text, content_type: Some(content_type), encoding, url_rules: &url_rules };
    Some(matched.apply(&input))
}

fn apply(toml: &str, page: &str) -> Extracted {
    apply_to(&rules(toml), "http://e.com/a/b", "text/html; charset=utf-8", page, UTF_8).unwrap()
}

/// The fields of a page, by rules that are the lines of `[extract.fields]`.
#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "every caller makes it in place")]
fn check(fields: &str, page: &str, expected: Value) {
    let extracted = apply(&format!("[[extract]]\n[extract.fields]\n{fields}"), page);
    assert_eq!(Value::from(extracted.fields.unwrap()), expected, "{fields}\n{page}");
}

/// The items of a page, by rules that are the lines of `[[items]]`.
#[track_caller]
fn check_items(table: &str, page: &str, expected: &[Value]) {
    let extracted = apply(&format!("[[items]]\nname = 'x'\n{table}"), page);
    let items: Vec<_> = extracted
        .items
        .into_iter()
        .map(|mut item| {
            assert_eq!(item.value.shift_remove("page_url"), Some(json!("http://e.com/a/b")));
            Value::from(item.value)
        })
        .collect();
    assert_eq!(items, expected, "{table}\n{page}");
}

#[test]
fn a_field_is_the_text_of_the_first_element_that_has_some() {
    check("name = 'h1'", "<h1> A  <b>b</b>\n c</h1><h1>d</h1>", json!({"name": "A b c"}));
    check("name = 'h1'", "<h1></h1><h1>d</h1>", json!({"name": "d"}));
    check("name = 'h1'", "<h2>d</h2>", json!({"name": null}));
    check("b = 'b'\na = 'i'", "<i>1</i><b>2</b>", json!({"b": "2", "a": "1"}));
}

#[test]
fn what_is_taken_of_an_element_is_chosen() {
    let page = "<p class=x title=' t ' hidden>a <b>c</b> d<input checked='' disabled=disabled></p>";
    check("x = { css = '.x', attr = 'title' }", page, json!({"x": "t"}));
    check("x = { css = '.x', attr = 'TITLE' }", page, json!({"x": "t"}));
    check("x = { css = '.x', attr = 'lang' }", page, json!({"x": null}));
    check("x = { css = '.x', own_text = true }", page, json!({"x": "a d"}));
    check("x = { css = '.x b', html = true }", "<p class=x><b> <i>c</i>&amp; </b>", json!({"x": "<i>c</i>&amp;"}));
    check("x = { css = 'input', attr = 'checked', type = 'bool' }", page, json!({"x": true}));
    check("x = { css = 'input', attr = 'readonly', type = 'bool', default = false }", page, json!({"x": false}));
    check("x = { css = 'a', attr = 'xlink:href' }", "<svg><a xlink:href=y>", json!({"x": null}));
}

#[test]
fn all_that_match_are_a_list_or_a_text() {
    let page = "<i>1</i><i> </i><i>2</i>";
    check("x = { css = 'i', all = true }", page, json!({"x": ["1", "2"]}));
    check("x = { css = 'i', all = true, type = 'integer' }", page, json!({"x": [1, 2]}));
    check("x = { css = 'i', join = ', ' }", page, json!({"x": "1, 2"}));
    check("x = { css = 'b', all = true }", page, json!({"x": []}));
    check("x = { css = 'b', join = ', ' }", page, json!({"x": null}));
}

#[test]
fn a_selector_list_gives_each_element_once_in_document_order() {
    let page = "<p class='a b'>1</p><h2>2</h2><p class=a>3</p>";
    check("x = { css = '.b, h2, .a, p', all = true }", page, json!({"x": ["1", "2", "3"]}));
}

#[test]
fn no_selector_reaches_into_a_template_and_noscript_has_elements() {
    let page = "<template><p>1</p></template><noscript><p>2</p></noscript><p>3</p>";
    check("x = { css = 'p', all = true }", page, json!({"x": ["2", "3"]}));
    check("x = { css = ':has(p)', all = true, attr = 'id' }", "<b id=a><template><p></template></b>", json!({"x": []}));
}

#[test]
fn selectors_are_those_of_css() {
    let page = "<ul id=u><li>1</li><li class=Key>2</li><li lang=de>3</li></ul><p>4</p>";
    let check = |css: &str, expected: &[&str]| {
        let page = format!("<!doctype html>{page}");
        super::tests::check(
            &format!("x = {{ css = {}, all = true }}", Value::from(css)),
            &page,
            json!({"x": expected}),
        );
    };
    check("li:nth-child(2)", &["2"]);
    check("li:nth-child(1 of [lang])", &["3"]);
    check("#u > :not(.Key)", &["1", "3"]);
    check("ul:has(.Key) + p", &["4"]);
    check("li:is(:first-child, [lang|='de'])", &["1", "3"]);
    check(".key", &[]);
    check("LI", &["1", "2", "3"]);
    check("table > tr", &[]);
    check("li:last-child", &["3"]);
    check("html li", &["1", "2", "3"]);
    check(":root li", &["1", "2", "3"]);
    check("html:root li:last-child", &["3"]);
    check(":scope > body > p", &["4"]);
}

#[test]
fn case_of_classes_does_not_matter_on_old_pages() {
    check("x = '.key'", "<p class=Key>1</p>", json!({"x": "1"}));
    check("x = '.key'", "<!doctype html><p class=Key>1</p>", json!({"x": null}));
}

#[test]
fn a_regular_expression_gives_its_group_or_all_of_the_match() {
    let page = "<p>SKU: a-1 and SKU: b-2</p>";
    check("x = { css = 'p', regex = 'SKU:\\s*(\\S+)' }", page, json!({"x": "a-1"}));
    check("x = { css = 'p', regex = '[a-z]-\\d' }", page, json!({"x": "a-1"}));
    check("x = { css = 'p', regex = 'EAN (\\d+)' }", page, json!({"x": null}));
    check("x = { css = 'p', regex = '(\\d)$', type = 'integer' }", page, json!({"x": 2}));
}

#[test]
fn urls_start_from_the_base() {
    check("x = { css = 'a', attr = 'href', type = 'url' }", "<a href=' c#d '>", json!({"x": "http://e.com/a/c#d"}));
    check(
        "x = { css = 'a', attr = 'href', type = 'url', all = true }",
        "<a href=c><a href=mailto:x@e.com><base href=/d/><base href=/e/>",
        json!({"x": ["http://e.com/d/c", "mailto:x@e.com"]}),
    );
    check(
        "x = { css = 'a', attr = 'href', type = 'url' }",
        "<base href=mailto:x><a href=c>",
        json!({"x": "http://e.com/a/c"}),
    );
    let rules = rules("[[extract]]\nfields = { x = { css = 'a', attr = 'href', type = 'url' } }");
    let page = "<a href='?q=ü'>";
    let found = apply_to(&rules, "http://e.com/", "text/html", page, WINDOWS_1252).unwrap();
    assert_eq!(found.fields.unwrap()["x"], "http://e.com/?q=%FC");
}

#[test]
fn items_are_objects_and_their_selectors_stay_inside() {
    let page = "<div class=list><li class=p><h2>A</h2><a href=1>x</a></li><li class=ad></li>\
                <li class=p><h2>B</h2><ul><li class=p><h2>C</h2></ul></li></div><h2>D</h2>";
    check_items(
        "each = '.list > li.p'\n[items.fields]\ntitle = 'h2'\nlink = { css = 'a', attr = 'href', type = 'url' }",
        page,
        &[json!({"title": "A", "link": "http://e.com/a/1"}), json!({"title": "B", "link": null})],
    );
    check_items("each = 'li'\n[items.fields]\nx = '.list h2'", page, &[]);
    check_items(
        "each = 'li'\n[items.fields]\nx = { css = ':scope > h2' }",
        page,
        &[json!({"x": "A"}), json!({"x": "B"}), json!({"x": "C"})],
    );
    check_items(
        "each = 'a'\n[items.fields]\nx = { attr = 'href' }\ny = { text = true }",
        page,
        &[json!({"x": "1", "y": "x"})],
    );
}

#[test]
fn a_leading_combinator_starts_from_the_item() {
    let page = "<table><tr class=i><td>A<tr class=p><td><b>1</b><tr class=i><td>B<tr class=q><td>x<tr class=p><td><b>2</b></table>";
    let items = |css: &str, expected: &[Value]| {
        let table = format!("each = 'tr.i'\n[items.fields]\nname = 'td'\nx = {{ css = '{css}' }}");
        let expected: Vec<_> = ["A", "B"].iter().zip(expected).map(|(name, x)| json!({"name": name, "x": x})).collect();
        check_items(&table, page, &expected);
    };
    items("+ .p b", &[json!("1"), json!(null)]);
    items("+ tr + .p b", &[json!(null), json!("2")]);
    items("~ .p b", &[json!("1"), json!("2")]);
    items("> td", &[json!("A"), json!("B")]);
    items("> b", &[json!(null), json!(null)]);
    items("b, + .p b", &[json!("1"), json!(null)]);
    items(":scope + .p b", &[json!("1"), json!(null)]);
}

#[test]
fn the_scope_of_a_field_is_its_item() {
    let items = |css: &str, expected: &[Value]| {
        let table =
            format!("each = 'li'\n[items.fields]\nall = {{ css = '{css}', all = true }}\nname = {{ text = true }}");
        let expected: Vec<_> =
            ["ab", "c"].iter().zip(expected).map(|(name, all)| json!({"all": all, "name": name})).collect();
        check_items(&table, "<ul><li class=x>a<b>b</b><li>c</ul><b>d</b>", &expected);
    };
    items(":scope", &[json!(["ab"]), json!(["c"])]);
    items("li:scope", &[json!(["ab"]), json!(["c"])]);
    items(".x:scope", &[json!(["ab"]), json!([])]);
    items(":is(b, :scope)", &[json!(["ab", "b"]), json!(["c"])]);
    items("b, :scope", &[json!(["ab", "b"]), json!(["c"])]);
    items(":scope:has(b)", &[json!(["ab"]), json!([])]);
    items("b:scope", &[json!([]), json!([])]);
    items(":scope > b", &[json!(["b"]), json!([])]);
}

#[test]
fn the_title_of_a_page_is_an_item_with_a_text() {
    let table = "each = 'title'\n[items.fields]\nx = { css = ':scope' }";
    check_items(table, "<title>T</title><p>x", &[json!({"x": "T"})]);
}

#[test]
fn the_search_starts_where_it_is_told_to() {
    let page = "<div id=d><b>0</b><i class=x>1</i><b>2</b></div>";
    let check = |field: &str, expected: Value| {
        check_items(&format!("each = '.x'\nfields = {{ x = {field} }}"), page, &[json!({"x": expected})]);
    };
    check("{ from = 'next' }", json!("2"));
    check("{ from = 'previous' }", json!("0"));
    check("{ from = 'parent', attr = 'id' }", json!("d"));
    check("{ from = 'parent', css = 'b', all = true }", json!(["0", "2"]));
    check("{ from = 'self', own_text = true }", json!("1"));
}

#[test]
fn objects_and_lists_nest() {
    let page = "<article><h1>A</h1><div class=by><b>N</b><a href=n>x</a></div>\
                <ul><li><i>1</i><s>a</s></li><li></li><li><i>2</i></li></ul></article>";
    check(
        "by = { css = '.by', fields = { name = 'b', url = { css = 'a', attr = 'href', type = 'url' } } }\n\
         parts = { each = 'li', fields = { n = { css = 'i', type = 'integer' }, t = 's' } }\n\
         all = { fields = { h = 'h1' } }",
        page,
        json!({
            "by": {"name": "N", "url": "http://e.com/a/n"},
            "parts": [{"n": 1, "t": "a"}, {"n": 2, "t": null}],
            "all": {"h": "A"}
        }),
    );
    check("x = { each = 'td', fields = { y = 'b' } }", page, json!({"x": []}));
    check("x = { css = '.z', fields = { y = 'b' } }", page, json!({"x": null}));
}

#[test]
fn data_of_the_page_beside_its_text_is_read() {
    let page = "<script type='application/ld+json'>{\"@type\":\"Product\",\"offers\":[{\"price\":\"19.90\"},{\"price\":5}]}</script>\
                <script type='application/ld+json'>{broken</script>\
                <div itemscope itemtype=https://schema.org/Product><b itemprop=name>M</b></div>\
                <meta property=og:image content=1.png><meta property=og:image content=2.png>\
                <script id=__NEXT_DATA__>{\"props\":{\"id\":7,\"list\":[{\"n\":1},{\"n\":2}]}}</script>\
                <b data-x='{\"y\":[1,2]}'></b>";
    check(
        "ld = { json_ld = '$..offers[*].price', type = 'number' }\n\
         lds = { json_ld = '$..price', all = true }\n\
         micro = { microdata = \"$[?@.name]\", all = true }\n\
         name = { microdata = '$.name' }\n\
         og = { opengraph = 'og:image', all = true, type = 'url' }\n\
         image = { opengraph = 'image' }\n\
         id = { script = '__NEXT_DATA__', json = '$.props.id' }\n\
         list = { each = { script = '__NEXT_DATA__', json = '$..list[*]' }, fields = { n = '$.n' } }\n\
         data = { css = 'b', attr = 'data-x', json = '$.y[1]' }",
        page,
        json!({
            "ld": 19.9, "lds": ["19.90", 5], "micro": [], "name": "M",
            "og": ["http://e.com/a/1.png", "http://e.com/a/2.png"], "image": "1.png",
            "id": 7, "list": [{"n": 1}, {"n": 2}], "data": 2
        }),
    );
    let troubles = apply("[[extract]]\nfields = { x = { json_ld = '$.x' } }", page).findings.troubles;
    assert_eq!(troubles, ["JSON-LD block 2 of 2: key must be a string at line 1 column 2"]);
}

#[test]
fn json_responses_are_read_by_paths() {
    let rules = rules(
        "[[extract]]\nfields = { total = '$.total', html = 'h1' }\n\
         [[items]]\nname = 'p'\neach = '$.items[*]'\nfields = { id = '$.id', tags = { json = '$.tags[*]', all = true }, \
         by = { json = '$.by', fields = { n = '$.name' } } }",
    );
    assert!(rules.need_json());
    let body = "\u{feff}{\"total\":2,\"items\":[{\"id\":1,\"tags\":[\"a\",\"b\"],\"by\":{\"name\":\"N\"}},{\"id\":2}]}";
    let found = apply_to(&rules, "http://e.com/", "application/vnd.api+json; charset=utf-8", body, UTF_8).unwrap();
    assert_eq!(Value::from(found.fields.unwrap()), json!({"total": 2, "html": null}));
    let items: Vec<_> = found.items.into_iter().map(|item| Value::from(item.value)).collect();
    assert_eq!(
        items,
        [
            json!({"page_url": "http://e.com/", "id": 1, "tags": ["a", "b"], "by": {"n": "N"}}),
            json!({"page_url": "http://e.com/", "id": 2, "tags": [], "by": null}),
        ]
    );
    let broken = apply_to(&rules, "http://e.com/", "text/json", "{", UTF_8).unwrap();
    assert_eq!(broken.findings.troubles, ["the body is no JSON: EOF while parsing an object at line 1 column 1"]);
    assert!(apply_to(&rules, "http://e.com/", "text/css", "", UTF_8).is_none());
}

#[test]
fn only_the_links_inside_of_what_is_selected_are_followed() {
    let page =
        "<a class=next href=2?utm=1>x</a><li><p><a href=/p>y</a></li><a href=no>z</a><base href=http://e.com/b/>";
    let found = apply("[[follow]]\nmatch = ['*/a/*']\ncss = 'a.next, li'", page);
    let key = |url: &str| UrlRules::new(2048).parse(url).unwrap().key();
    assert_eq!(found.follow, Some(vec![key("http://e.com/b/2?utm=1"), key("http://e.com/p")]));
    assert_eq!(apply("[[extract]]\nfields = { x = 'a' }", page).follow, None);
}

#[test]
fn rules_are_for_the_pages_that_their_patterns_match() {
    let rules = rules(
        "[[extract]]\nmatch = ['*/product/*']\nfields = { a = 'b', c = 'i' }\n[[extract]]\nfields = { c = 'b' }\n\
         [[items]]\nname = 'n'\nmatch = ['re:/list$']\neach = 'p'\nfields = { a = 'b' }",
    );
    assert_eq!(rules.names().collect::<Vec<_>>(), ["a", "c (*/product/*)", "c", "n", "n.a"]);
    let fields =
        |url: &str, page: &str| apply_to(&rules, url, "text/html", page, UTF_8).unwrap().fields.map(Value::from);
    assert_eq!(fields("http://e.com/product/1", "<b>1</b>"), Some(json!({"a": "1", "c": "1"})));
    assert_eq!(fields("http://e.com/list", "<b>1</b>"), Some(json!({"c": "1"})));
    let only = super::tests::rules("[[extract]]\nmatch = ['*/product/*']\nfields = { a = 'b' }");
    assert!(only.on("http://e.com/", Some("text/html")).is_none());
    assert!(!only.need_json());
    assert!(only.on("http://e.com/product/", None).is_some());
}

#[test]
fn what_was_found_is_counted_for_each_rule() {
    let found = apply(
        "[[items]]\nname = 'i'\neach = 'li'\nfields = { t = 'b', p = { css = 'i', type = 'number', required = true }, \
         l = { css = 's', all = true } }",
        "<li><b>a</b><i>1</i><s>x</s><s>y</s></li><li><b>b</b></li><li><b>c</b><i>free</i></li>",
    );
    let tally = |tried, found, values, missing, type_errors| Tally { tried, found, values, missing, type_errors };
    assert_eq!(
        found.findings.rules,
        [tally(1, 1, 3, 0, 0), tally(3, 3, 3, 0, 0), tally(3, 1, 1, 2, 1), tally(3, 1, 2, 0, 0)]
    );
    assert_eq!(found.findings.troubles, ["p: `free` is not a number"]);
    assert!(found.findings.misses_required());
}

#[test]
fn a_page_that_makes_selectors_slow_is_told_and_ends() {
    let wide = "<dt></dt><dd></dd>".repeat(50_000);
    let found = apply("[[extract]]\nfields = { x = { css = 'dt.a ~ dd ~ dd', all = true } }", &wide);
    assert!(found.findings.troubles[0].contains("too much work"), "{:?}", found.findings);
    let classes = format!(
        "<div class='{}'>{}",
        (0..50_000).map(|n| format!("c{n}")).collect::<Vec<_>>().join(" "),
        "<b></b>".repeat(50_000)
    );
    let found = apply("[[extract]]\nfields = { x = '.c b' }", &classes);
    assert!(found.findings.troubles[0].contains("too much work"), "{:?}", found.findings);
    let nested = "<div>".repeat(500) + &"x".repeat(100_000);
    let found = apply(
        "[[extract]]\nfields = { x = { css = 'div', all = true, html = true }, y = { css = 'div', all = true } }",
        &nested,
    );
    assert!(found.fields.unwrap()["x"].to_string().len() < 60_000_000);
}

#[test]
fn thirty_mistakes_are_told_in_our_own_words() {
    let mut told = Vec::new();
    for (table, line) in MISTAKES {
        let toml = format!("{table}{line}");
        let message = match toml::from_str::<Tables>(&toml) {
            Err(error) => panic!("{toml}: {error}"),
            Ok(tables) => {
                let options = Options { extract: tables.extract, items: tables.items, follow: tables.follow };
                Rules::new(&options)
                    .err()
                    .map_or_else(|| panic!("nothing is wrong with {toml}"), |faults| faults.to_string())
            }
        };
        told.push(format!("{line}\n  {}", message.replace('\n', "\n  ")));
    }
    insta::assert_snapshot!(told.join("\n"));
}

const FIELDS: &str = "[[extract]]\n[extract.fields]\n";
const ITEM: &str = "[[items]]\nname = 'x'\neach = 'li'\n[items.fields]\n";
const MISTAKES: &[(&str, &str)] = &[
    (FIELDS, "x = ''"),
    (FIELDS, "x = 'a >'"),
    (FIELDS, "x = 'a,,b'"),
    (FIELDS, "x = '> a'"),
    (FIELDS, "x = 'a[href'"),
    (FIELDS, "x = \"a[href='x]\""),
    (FIELDS, "x = 'a[href=/b]'"),
    (FIELDS, "x = 'a[href=]'"),
    (FIELDS, "x = '.1st'"),
    (FIELDS, "x = 'div.'"),
    (FIELDS, "x = 'img@src'"),
    (FIELDS, "x = '//div/a'"),
    (FIELDS, "x = \"//a[@href]\""),
    (FIELDS, "x = 'p::text'"),
    (FIELDS, "x = 'a::attr(href)'"),
    (FIELDS, "x = 'p:contains(\"b\")'"),
    (FIELDS, "x = 'li:eq(2)'"),
    (FIELDS, "x = 'input:checked'"),
    (FIELDS, "x = 'a:hover'"),
    (FIELDS, "x = 'li:nth-chlid(2)'"),
    (FIELDS, "x = 'li:nth-child(x)'"),
    (FIELDS, "x = 'li:not(.a:hover)'"),
    (FIELDS, "x = 'a $b'"),
    (FIELDS, "x = { css = 'p', regex = 'a(b' }"),
    (FIELDS, "x = { css = 'p', regex = '(a)(b)' }"),
    (FIELDS, "x = { json_ld = 'offers.price' }"),
    (FIELDS, "x = { json = '$.items[]' }"),
    (FIELDS, "x = { css = 'p', json_ld = '$.x' }"),
    (FIELDS, "x = { css = 'p', text = true, attr = 'id' }"),
    (FIELDS, "x = { json_ld = '$.x', attr = 'id' }"),
    (FIELDS, "x = { css = 'p', from = 'next' }"),
    (FIELDS, "x = { css = 'p', required = true, default = 'y' }"),
    (FIELDS, "x = { css = 'p', type = 'number', default = 'y' }"),
    (FIELDS, "x = { css = 'p', type = 'number', join = ',' }"),
    (FIELDS, "x = { css = 'p', each = 'a', fields = { y = 'b' } }"),
    (FIELDS, "x = { css = 'p', attr = 'id', fields = { y = 'b' } }"),
    (FIELDS, "x = { required = true }"),
    (FIELDS, "x = 'a'\nX = 'b'"),
    (FIELDS, "x = { opengraph = ' ' }"),
    (ITEM, "x = { css = 'p', attr = '' }"),
    (ITEM, "page_url = 'a'"),
    ("", "[[items]]\nname = 'a b'\neach = 'li'\nfields = { x = 'a' }"),
    ("", "[[items]]\nname = 'a'\neach = '$.x[*]'\nfields = { x = 'a' }"),
    ("", "[[items]]\nname = 'a'\neach = {}\nfields = { x = 'a' }"),
    ("", "[[items]]\nname = 'a'\neach = 'li'\nfields = {}"),
    (
        "",
        "[[items]]\nname = 'a'\neach = 'li'\nfields = { x = 'a' }\n[[items]]\nname = 'A'\neach = 'li'\nfields = { x = 'a' }",
    ),
    ("", "[[extract]]\nmatch = ['/product/*']\nfields = { x = 'a' }"),
    ("", "[[extract]]\nfields = { x = 'a' }\n[[extract]]\nfields = { X = 'a' }"),
    ("", "[[follow]]\ncss = 'a:first'"),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_page_and_any_rules_give_something(
        page in "(<(li|p|b|a|template|script|table|tr|td)( (class=[ab]|href=[a-c/:#]|itemscope|itemprop=a|id=[ab]))?>|</(li|p|b|a|template|table)>|[a-c1 .,€]|\\{\"a\":[1\\[{]|\\PC){0,60}",
        selectors in prop::collection::vec(
            prop::collection::vec(prop::sample::select(&[
                "li", "p", ".a", "#b", "*", " ", " > ", " + ", " ~ ", ",", ":not(", ":has(", ")", ":nth-child(2n+1)", "[href]", "[class='a']",
                "::x", "\\", "'", "[", ":scope", "|", "@", "é",
            ][..]), 0..6).prop_map(|pieces| pieces.concat()), 1..5),
        path in "\\$((\\.\\.|\\.)[a*]|\\[[0-9*]\\]|\\[\\?@\\.a\\]|[\\[\\]'\"a.]){0,4}",
        is_json in any::<bool>(),
    ) {
        let mut extract = Extract::default();
        let mut items = Items::new("i", selectors[0].as_str());
        for (nth, selector) in selectors.iter().enumerate() {
            // What is refused is not tried together with what is not.
            let field = Field::css(selector.as_str());
            if Rules::builder().extract(Extract::default().field("x", field.clone())).build().is_ok() {
                extract.fields.push(format!("f{nth}"), field.clone().all());
            }
            if Rules::builder().items(Items::new("i", "li").field("x", field.clone())).build().is_ok() {
                items.fields.push(format!("f{nth}"), field.kind(Kind::Number));
            }
        }
        for (nth, field) in [Field::json(path.as_str()), Field::json_ld(path.as_str())].into_iter().enumerate() {
            if Rules::builder().extract(Extract::default().field("x", field.clone())).build().is_ok() {
                extract.fields.push(format!("p{nth}"), field);
            }
        }
        for builder in [Rules::builder().extract(extract), Rules::builder().items(items)] {
            let Ok(rules) = builder.build() else { continue };
            let content_type = if is_json { "application/json" } else { "text/html" };
            if let Some(found) = apply_to(&rules, "http://e.com/", content_type, &page, UTF_8) {
                prop_assert_eq!(found.findings.rules.len(), rules.names().count());
                prop_assert!(found.items.len() <= page.len());
            }
        }
    }
}
