//! Rules on how the pages of a site hang together.

use super::audit_rule::AuditRule;
use super::site::Part;
use super::texts::pages;
use super::view::Said;
use crate::checkup::{Rule, Severity};

pub(super) static RULES: [AuditRule; 5] = [
    AuditRule {
        rule: Rule {
            id: "noindex-in-sitemap",
            severity: Severity::Warning,
            title: "is in the sitemap and asks not to be in an index",
            reason: "The two say the opposite; one of them is a mistake.",
        },
        needs_survey: true,
        check: |view, said| {
            if view.is_page() && view.known.noindex && view.known.is_listed {
                said.push(Said::new("`noindex`, and listed in a sitemap"));
            }
        },
    },
    AuditRule {
        rule: Rule {
            id: "noindex-linked",
            severity: Severity::Note,
            title: "is linked and asks not to be in an index",
            reason: "Often that is meant so; when it is not, nobody finds the page.",
        },
        needs_survey: true,
        check: |view, said| {
            if view.is_page() && view.known.noindex && view.known.is_linked {
                said.push(Said::new("`noindex`, and other pages link to it"));
            }
        },
    },
    AuditRule {
        rule: Rule {
            id: "orphan",
            severity: Severity::Warning,
            title: "is in the sitemap, and no page links to it",
            reason: "Readers never get there, and search engines take it for unimportant.",
        },
        needs_survey: false,
        check: |view, said| {
            if view.is_page() && view.site.knows_links() && view.known.is_listed && !view.known.is_linked {
                said.push(Said::new("listed in a sitemap, linked from no page that was read"));
            }
        },
    },
    AuditRule {
        rule: Rule {
            id: "deep",
            severity: Severity::Note,
            title: "is more than 5 links away from where the crawl began",
            reason: "Few readers go as far, and search engines come seldom.",
        },
        needs_survey: false,
        check: |view, said| {
            if view.is_to_be_found() && view.record.depth > DEEPEST {
                said.push(Said::new(format!("{} links away", view.record.depth)));
            }
        },
    },
    AuditRule {
        rule: Rule {
            id: "duplicate-page",
            severity: Severity::Warning,
            title: "is byte for byte another page",
            reason: "A search engine shows one of them; `rel=canonical` says which. `crawler duplicates` finds those that are nearly the same.",
        },
        needs_survey: false,
        check: |view, said| {
            let Some(hash) = view.record.content_hash.as_deref().filter(|_| view.is_to_be_found()) else { return };
            let others = view.site.others_with(Part::Body, hash);
            if others > 0 {
                said.push(Said::new(format!("the same as {}", pages(others))));
            }
        },
    },
];

const DEEPEST: u32 = 5;
