//! A judge: the Markdown that `crawler` makes of pages has the headings, code, tables and links of what html-to-markdown-rs makes
//! of them. Where the two differ, somebody has decided who is right.
#![cfg(test)]

mod generated;
mod outline;
mod pages;

use std::collections::BTreeSet;

use outline::Outline;
use pages::{Page, read};

/// A difference that somebody has looked at: the page, what differs, and who is right: but for one, ours.
type Decided = (&'static str, &'static str, &'static str);

#[test]
fn fixtures_have_the_same_outline_but_where_it_was_decided() {
    let pages = read(pages::fixtures());
    assert!(pages.len() > 100, "{} pages", pages.len());
    let differ = differences(&pages);
    let decided: BTreeSet<_> = DECIDED.iter().map(|(page, what, _)| (*page, *what)).collect();
    let found: BTreeSet<_> = differ.iter().map(|(page, what, _)| (page.as_str(), *what)).collect();
    let new: Vec<_> = differ.iter().filter(|(page, what, _)| !decided.contains(&(page.as_str(), *what))).collect();
    let list: String = new.iter().map(|(page, what, how)| format!("{page}, {what}: {how}\n")).collect();
    assert!(new.is_empty(), "decide who is right:\n{list}");
    let gone: Vec<_> = decided.difference(&found).collect();
    assert!(gone.is_empty(), "these differ no longer: {gone:?}");
}

#[test]
fn generated_pages_have_the_same_outline() {
    let pages = read((0..300).map(|seed| (format!("generated-{seed}.html"), generated::page(seed))).collect());
    assert_eq!(pages.len(), 300);
    let differ = differences(&pages);
    let list: String = differ.iter().take(5).map(|(page, what, how)| format!("{page}, {what}: {how}\n")).collect();
    assert!(differ.is_empty(), "{} differences:\n{list}", differ.len());
    let all: Vec<_> = pages.iter().map(|page| Outline::of(&page.markdown, &page.url)).collect();
    let counts = [
        all.iter().map(|one| one.headings.len()).sum::<usize>(),
        all.iter().map(|one| one.code.len()).sum(),
        all.iter().map(|one| one.tables.len()).sum(),
        all.iter().map(|one| one.links.len()).sum(),
    ];
    assert!(counts.iter().all(|count| *count >= 100), "there is too little to compare: {counts:?}");
}

/// Of each page that differs its name, what does, and how.
fn differences(pages: &[Page]) -> Vec<(String, &'static str, String)> {
    let mut all = Vec::new();
    for page in pages {
        let (ours, theirs) = (Outline::of(&page.markdown, &page.url), Outline::of(&page.judged, &page.url));
        let lists = [
            ("headings", ours.headings, theirs.headings),
            ("code", ours.code, theirs.code),
            ("tables", ours.tables, theirs.tables),
            ("links", ours.links, theirs.links),
        ];
        for (what, ours, theirs) in lists {
            if ours != theirs {
                let only = |some: &[String], other: &[String]| {
                    some.iter().filter(|one| !other.contains(one)).take(3).cloned().collect::<Vec<_>>()
                };
                let how = format!("only ours {:?}, only theirs {:?}", only(&ours, &theirs), only(&theirs, &ours));
                all.push((page.name.clone(), what, how));
            }
        }
    }
    all
}

const DECIDED: &[Decided] = &[
    ("pages-base-after-links-input.html", "links", "a base counts for the whole page (HTML Standard, section 2.4.3); the other one reads none"),
    ("pages-base-input.html", "links", "as above"),
    ("pages-forms-input.html", "links", "as above"),
    ("pages-link-header-input.html", "links", "as above"),
    ("pages-refresh-header-input.html", "links", "as above"),
    ("sites-links-everywhere-index.html", "links", "as above"),
    ("pages-unclosed-tags-input.html", "links", "links in a link: a browser follows the inner one, and so does the other one. Markdown has no links in links, the words are the same, and no page that people write has them: ours takes the outer one"),
    ("pages-whitespace-in-href-input.html", "links", "tabs and line ends in a URL go, and a space that is none is cut off (URL Standard, section 4.4; HTML Standard, section 2.4.1)"),
    ("pages-charset-lacks-characters-big5-input.html", "links", "a query is in the encoding of its page (HTML Standard, section 2.4.2)"),
    ("pages-charset-lacks-characters-iso-2022-jp-input.html", "links", "as above"),
    ("pages-empty-href-input.html", "links", "an empty href is the page itself; the other one leaves it out"),
    ("pages-empty-references-input.html", "links", "as above, and a frame is no link for who reads"),
    ("pages-plain-page-input.html", "links", "a frame is no link for who reads"),
    ("pages-srcdoc-input.html", "links", "a frame is no link for who reads, and a base counts"),
    ("pages-xhtml-as-html-input.html", "links", "in HTML a <script/> goes on, so that what follows is no link"),
    ("pages-xhtml-as-xml-input.html", "links", "as above"),
    ("pages-misnested-links-input.html", "tables", "one cell is no table"),
    ("pages-template-input.html", "tables", "one cell is no table"),
    ("sites-links-everywhere-index.html", "code", "a <textarea> holds text with its lines, as <pre> does"),
    ("pages-script-with-fake-links-input.html", "code", "<textarea> and <xmp> hold text with its lines, as <pre> does"),
    ("pages-script-with-fake-links-input.html", "links", "what is in a <script> is no link"),
    ("pages-other-schemes-input.html", "links", "what leads to a program, to its own data or to no URL is no link"),
    ("pages-shadow-roots-input.html", "links", "a declared shadow root is part of the page (HTML Standard, section 4.12.3)"),
];
