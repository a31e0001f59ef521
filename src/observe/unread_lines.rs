//! What was met and not read, in the closing table: one line each, with an example.

use std::cmp::Reverse;

use super::text::{count, counted, printable};
use crate::unread::{Seen, SeenReferences, Unread};

/// The lines, each with its name: bodies that were not read, pages that gave nothing or need a browser, references that
/// are no URL, links beyond what is taken, and chains that are left. Empty where there are none.
pub fn unread_lines(unread: &Unread) -> [(&'static str, String); 6] {
    [
        ("unread", bodies(unread)),
        ("no content", pages(&unread.pages)),
        ("script only", scripts(&unread.scripts)),
        ("no URL", references(&unread.references)),
        ("too many", links(&unread.links)),
        ("redirects", chains(&unread.chains)),
    ]
}

/// The most frequent types, and where the first of them was met.
fn bodies(unread: &Unread) -> String {
    let mut types: Vec<_> = unread.bodies.iter().collect();
    types.sort_by_key(|(_, seen)| Reverse(seen.count));
    let mut text: Vec<_> =
        types.iter().take(SHOWN).map(|(name, seen)| format!("{} {}", printable(name), count(seen.count))).collect();
    if let Some(more @ 1..) = types.len().checked_sub(SHOWN) {
        text.push(format!("and {}", counted(more as u64, "more type", "more types")));
    }
    let example = types.first().and_then(|(_, seen)| seen.example.as_deref());
    with_example(text.join("  "), example)
}

fn pages(pages: &Seen) -> String {
    if pages.count == 0 {
        return String::new();
    }
    with_example(counted(pages.count, "page", "pages"), pages.example.as_deref())
}

/// With what can be done: what a script would show is out of reach, what it leads to may be listed.
fn scripts(scripts: &Seen) -> String {
    let text = pages(scripts);
    if text.is_empty() { text } else { text + ": no script is run, but --sitemaps may list what they lead to" }
}

fn links(links: &Seen) -> String {
    if links.count == 0 {
        return String::new();
    }
    with_example(counted(links.count, "link", "links"), links.example.as_deref())
}

fn chains(chains: &Seen) -> String {
    if chains.count == 0 {
        return String::new();
    }
    let text = format!("{} longer than frontier.max_redirects", counted(chains.count, "chain", "chains"));
    with_example(text, chains.example.as_deref())
}

fn references(references: &SeenReferences) -> String {
    if references.count == 0 {
        return String::new();
    }
    let text = with_example(counted(references.count, "reference", "references"), references.example.as_deref());
    match &references.page {
        Some(page) => format!("{text} on {}", printable(page)),
        None => text,
    }
}

fn with_example(text: String, example: Option<&str>) -> String {
    match example {
        Some(example) => format!("{text}, first {}", printable(example)),
        None => text,
    }
}

/// How many types are shown.
const SHOWN: usize = 4;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn seen(count: u64, example: &str) -> Seen {
        Seen { count, example: Some(example.to_owned()) }
    }

    #[test]
    fn each_line_has_counts_and_an_example_that_moves_no_cursor() {
        let text = |unread| unread_lines(unread).map(|(name, line)| format!("{name}: {line}")).join("\n");
        assert!(unread_lines(&Unread::default()).iter().all(|(_, line)| line.is_empty()));
        let types = ["a/a", "b/b", "c/c", "d/d", "e/e"].into_iter().zip(1..);
        let unread = Unread {
            bodies: types.map(|(name, n)| (name.to_owned(), seen(n * 500, &format!("http://e.com/{name}")))).collect(),
            references: SeenReferences {
                count: 2,
                page: Some("http://e.com/p".to_owned()),
                example: Some("http://[\x1b".to_owned()),
            },
            pages: seen(1, "http://e.com/empty"),
            scripts: seen(3, "http://e.com/app"),
            links: seen(4000, "http://e.com/long"),
            chains: seen(2, "http://e.com/20"),
            ..Unread::default()
        };
        insta::assert_snapshot!(text(&unread), @r"
        unread: e/e 2,500  d/d 2,000  c/c 1,500  b/b 1,000  and 1 more type, first http://e.com/e/e
        no content: 1 page, first http://e.com/empty
        script only: 3 pages, first http://e.com/app: no script is run, but --sitemaps may list what they lead to
        no URL: 2 references, first http://[� on http://e.com/p
        too many: 4,000 links, first http://e.com/long
        redirects: 2 chains longer than frontier.max_redirects, first http://e.com/20
        ");
        let few =
            Unread { bodies: BTreeMap::from([("a/a".to_owned(), seen(1, "http://e.com/"))]), ..Unread::default() };
        assert_eq!(unread_lines(&few)[0].1, "a/a 1, first http://e.com/");
    }
}
