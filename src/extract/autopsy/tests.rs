//! Rules that are broken in twenty ways, and what the autopsy says of each.

use super::*;
use crate::tree::Bounds;

/// A page, where its items are, a selector that finds nothing, the step at which it is lost, what is meant.
type Case = (&'static str, Option<&'static str>, &'static str, &'static str, &'static [&'static str]);

#[test]
fn the_step_that_fails_is_named_in_all_and_the_right_selector_first_in_most() {
    let (mut told, mut first, mut wrong) = (Vec::new(), 0, Vec::new());
    for (page, each, css, lost, meant) in CASES {
        let document = Document::parse(PAGES.iter().find(|(name, _)| name == page).unwrap().1, Bounds::default());
        let name = css.trim_start_matches(['+', '>', ' ']).rsplit([' ', '.', '#']).next().unwrap_or_default();
        let autopsy = of_selector(&document, *each, css, Wanted { name, ..Wanted::default() }).unwrap();
        let step = autopsy.steps.iter().find(|step| step.matches == 0).map(|step| step.text.as_str());
        if step != Some(*lost) {
            wrong.push(format!("{css}: lost at {step:?}"));
        }
        let nearest: Vec<_> = autopsy.nearest.iter().map(|near| near.text.as_str()).collect();
        first += usize::from(nearest.first().is_some_and(|near| meant.contains(near)));
        let right = if nearest.first().is_some_and(|near| meant.contains(near)) { "" } else { "  (not what is meant)" };
        let from = each.map(|each| format!("{each} | ")).unwrap_or_default();
        told.push(format!("{page}: {from}{css}{right}"));
        told.extend(autopsy.steps.iter().map(|step| format!("  {:>3} {}", step.matches, step.text)));
        told.extend(autopsy.nearest.iter().map(|near| {
            let example = near.example.as_ref().map(|text| format!(", {text:?}")).unwrap_or_default();
            format!("   ~  {} ({}{example})", near.text, near.matches)
        }));
        told.extend(autopsy.notes.iter().map(|note| format!("   !  {note}")));
    }
    insta::assert_snapshot!(told.join("\n"));
    assert_eq!(wrong, [""; 0]);
    assert!(first >= 15, "{first} of {}", CASES.len());
}

const CASES: &[Case] = &[
    ("shop", None, ".item > .price", ".item > .price", &[".item .price"]),
    ("shop", None, ".item .cost", ".item .cost", &[".item .price"]),
    ("shop", None, ".Item h2", ".Item", &[".item h2"]),
    ("shop", None, "#item .price", "#item", &[".item .price"]),
    ("shop", None, "item .price", "item", &[".item .price"]),
    ("shop", Some(".item"), ".prcie", ".item .prcie", &[".price"]),
    ("shop", Some(".item"), "h3", ".item h3", &["h2"]),
    ("shop", None, ".item a .price", ".item a .price", &[".item .price"]),
    ("shop", Some(".item"), "+ .price", ".item + .price", &[".price", "> * > .price"]),
    ("table", None, "table > tr", "table > tr", &["table > tbody > tr", "table > * > tr", "table tr"]),
    ("table", None, "#prices tr td.amount", "#prices tr td.amount", &["#prices tr td.price", "#prices tr td.total"]),
    ("table", Some("tr.row"), ".note", "tr.row .note", &["+ tr .note", "+ * .note", "+ .note"]),
    ("article", None, "article.post .date", "article.post .date", &["article.post .published", "article.post time"]),
    ("article", None, "article .author > a", "article .author > a", &["article .author a", "article .author > * > a"]),
    ("article", None, "[itemprop=\"author\"]", "[itemprop=\"author\"]", &[".author"]),
    ("article", None, "h1.title", "h1.title", &["h1.headline", "h1"]),
    ("cards", None, ".card .product-title", ".card .product-title", &[".card .card__title"]),
    ("cards", None, ".card.price", ".card.price", &[".card .card__price", ".card .price"]),
    ("cards", None, ".cards .card:nth-child(9) a", ".cards .card:nth-child(9)", &[".cards .card a"]),
    ("cards", None, "a[rel=\"next\"]", "a[rel=\"next\"]", &["a.next", "a[class=\"next\"]"]),
    ("script", None, "#app .price", "#app .price", &[]),
];

const PAGES: &[(&str, &str)] = &[
    (
        "shop",
        "<!doctype html><ul id=list><li class=item><h2>A</h2><div class=box><span class=price>19,90 €</span></div><a href=a>more</a></li>\
         <li class=item><h2>B</h2><div class=box><span class=price>5,00 €</span></div><a href=b>more</a></li>\
         <li class=item><h2>C</h2><div class=box><span class=old>9,00 €</span><span class=price>7,00 €</span></div><a href=c>more</a></li></ul>\
         <div class=sidebar><p class=hint>Call us</p></div>",
    ),
    (
        "table",
        "<!doctype html><table id=prices><tr class=row><td>A</td><td class=price>1</td></tr><tr><td class=note>n1</td></tr>\
         <tr class=row><td>B</td><td class=price>2</td></tr><tr><td class=note>n2</td></tr></table>",
    ),
    (
        "article",
        "<!doctype html><article class=post><h1 class=headline>News</h1><p class=meta><span class=author>by <b><a href=/n>N</a></b></span>\
         <time class=published datetime=2026-11-29>29 November 2026</time></p><p>Text</p></article>",
    ),
    (
        "cards",
        "<!doctype html><div class=cards><div class=card><h3 class=card__title>A</h3><p class=card__text>x</p><b class=card__price>$1.00</b><a href=1>go</a></div>\
         <div class=card><h3 class=card__title>B</h3><p class=card__text>y</p><b class=card__price>$2.00</b><a href=2>go</a></div></div><a class=next href=p2>Next</a>",
    ),
    (
        "script",
        "<!doctype html><div id=app></div><template><b class=price></b></template><script>var x = 'price';</script><p>Enable JavaScript</p>",
    ),
];
