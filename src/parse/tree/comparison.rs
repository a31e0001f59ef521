//! What a scan and a tree tell of one page, in a form that can be compared.

use super::{Bounds, Document};
use crate::parse::facts::{Facts, Start};
use crate::parse::robots::Robots;
use crate::parse::scan;

/// What a scan and a tree tell of a page, when that is not the same.
pub(in crate::parse) fn alike(page: &str) -> Result<(), String> {
    let (by_scan, by_tree) = (by_scan(page), by_tree(page));
    if by_scan == by_tree {
        return Ok(());
    }
    let differs = by_scan.lines().zip(by_tree.lines()).find(|(scan, tree)| scan != tree);
    Err(format!("{differs:?} differ\nscan: {by_scan}\ntree: {by_tree}"))
}

/// What a scan tells of a page.
pub(in crate::parse) fn by_scan(page: &str) -> String {
    let bounds = scan::Bounds { nesting: BOUNDS.nesting, attributes: BOUNDS.attributes, forms: false };
    told(&scan::scan(page, bounds, &Robots::new("crawler")))
}

/// What a tree tells of a page.
pub(in crate::parse) fn by_tree(page: &str) -> String {
    told(&Document::parse(page, BOUNDS).facts(&Robots::new("crawler")))
}

/// All that is known of a page, a fact in each line. A tree repeats links where it opens an `<a>` again.
fn told(facts: &Facts<'_>) -> String {
    let mut links: Vec<(&str, Start, bool)> = Vec::new();
    for reference in &facts.references {
        match links.iter_mut().find(|(text, start, _)| (*text, *start) == (&reference.text, reference.start)) {
            Some((_, _, nofollow)) => *nofollow &= reference.nofollow,
            None => links.push((&reference.text, reference.start, reference.nofollow)),
        }
    }
    let mut told = String::new();
    let mut tell = |name: &str, value: Option<&str>| {
        if let Some(value) = value {
            told.extend([name, " ", &format!("{value:?}"), "\n"]);
        }
    };
    tell("base", facts.base.as_deref());
    tell("title", facts.title.as_deref());
    tell("description", facts.description.as_deref());
    tell("lang", facts.lang.as_deref());
    for canonical in &facts.canonicals {
        tell("canonical", Some(&canonical.text));
    }
    for (start, base) in &facts.inner_bases {
        tell(&format!("base from {start:?}"), Some(base));
    }
    tell("script", facts.has_script.then_some("yes"));
    tell("robots", facts.nofollow.then_some("nofollow"));
    for label in &facts.charset_labels {
        tell("charset", Some(label));
    }
    for (text, start, nofollow) in links {
        let name = if nofollow { "nofollow" } else { "link" };
        match start {
            Start::Base => tell(name, Some(text)),
            Start::Url | Start::Inner(_) => tell(&format!("{name} from {start:?}"), Some(text)),
        }
    }
    told
}

/// Those of the options, and more nodes than any page here has.
pub(super) const BOUNDS: Bounds = Bounds { nesting: 512, attributes: 512, nodes: 1_000_000 };
