//! What was met and not read, in the closing table: one line each, with an example.

use std::cmp::Reverse;

use super::text::{count, counted, printable};
use crate::unread::{Seen, SeenReferences, Unread};

/// Bodies that were not read, pages that gave nothing, and references that are no URL; empty where there are none.
pub(super) fn unread_lines(unread: &Unread) -> [String; 3] {
    [bodies(unread), pages(&unread.pages), references(&unread.references)]
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
        assert_eq!(unread_lines(&Unread::default()), ["", "", ""]);
        let types = ["a/a", "b/b", "c/c", "d/d", "e/e"].into_iter().zip(1..);
        let unread = Unread {
            bodies: types.map(|(name, n)| (name.to_owned(), seen(n * 500, &format!("http://e.com/{name}")))).collect(),
            references: SeenReferences {
                count: 2,
                page: Some("http://e.com/p".to_owned()),
                example: Some("http://[\x1b".to_owned()),
            },
            pages: seen(1, "http://e.com/empty"),
        };
        insta::assert_snapshot!(unread_lines(&unread).join("\n"), @r"
        e/e 2,500  d/d 2,000  c/c 1,500  b/b 1,000  and 1 more type, first http://e.com/e/e
        1 page, first http://e.com/empty
        2 references, first http://[� on http://e.com/p
        ");
        let few =
            Unread { bodies: BTreeMap::from([("a/a".to_owned(), seen(1, "http://e.com/"))]), ..Unread::default() };
        assert_eq!(unread_lines(&few)[0], "a/a 1, first http://e.com/");
    }
}
