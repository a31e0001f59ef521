//! Rules on titles and descriptions.

use super::audit_rule::AuditRule;
use super::site::Part;
use super::view::Said;
use crate::checkup::{Rule, Severity};

pub(super) static RULES: [AuditRule; 7] = [
    AuditRule {
        rule: Rule {
            id: "title-missing",
            severity: Severity::Error,
            title: "has no title",
            reason: "The title is what a list of results, a tab and a bookmark call the page.",
        },
        needs_survey: false,
        check: |view, said| {
            if view.is_page() && view.record.title.is_none() {
                said.push(Said::new("no `<title>`, or an empty one"));
            }
        },
    },
    AuditRule {
        rule: Rule {
            id: "title-multiple",
            severity: Severity::Warning,
            title: "has several titles",
            reason: "Only the first `<title>` counts; the others were meant for something.",
        },
        needs_survey: true,
        check: |view, said| {
            let titles = view.survey.as_ref().map_or(0, |survey| survey.titles);
            if titles > 1 {
                said.push(Said::new(format!("{titles} `<title>`")));
            }
        },
    },
    AuditRule {
        rule: Rule {
            id: "title-duplicate",
            severity: Severity::Warning,
            title: "has the title of another page",
            reason: "In a list of results nobody can tell the two apart.",
        },
        needs_survey: false,
        check: |view, said| {
            let Some(title) = view.record.title.as_deref().filter(|_| view.is_to_be_found()) else { return };
            let others = view.site.others_with(Part::Title, title);
            if others > 0 {
                said.push(Said::new(format!("the same title as {}", pages(others))).of(title));
            }
        },
    },
    AuditRule {
        rule: Rule {
            id: "title-long",
            severity: Severity::Note,
            title: "has a title of more than 65 characters",
            reason: "Lists of results cut it off at about 600 pixels.",
        },
        needs_survey: false,
        check: |view, said| {
            let Some(title) = view.record.title.as_deref().filter(|_| view.is_page()) else { return };
            let length = title.chars().count();
            if length > LONGEST_TITLE {
                said.push(Said::new(format!("{length} characters")).of(title));
            }
        },
    },
    AuditRule {
        rule: Rule {
            id: "description-missing",
            severity: Severity::Note,
            title: "has no description",
            reason: "A search engine then shows whatever text of the page it likes.",
        },
        needs_survey: false,
        check: |view, said| {
            if view.is_to_be_found() && view.record.description.is_none() {
                said.push(Said::new("no `<meta name=description>`, or an empty one"));
            }
        },
    },
    AuditRule {
        rule: Rule {
            id: "description-duplicate",
            severity: Severity::Note,
            title: "has the description of another page",
            reason: "It says nothing of what this page has and the other has not.",
        },
        needs_survey: false,
        check: |view, said| {
            let Some(text) = view.record.description.as_deref().filter(|_| view.is_to_be_found()) else { return };
            let others = view.site.others_with(Part::Description, text);
            if others > 0 {
                said.push(Said::new(format!("the same description as {}", pages(others))).of(text));
            }
        },
    },
    AuditRule {
        rule: Rule {
            id: "description-long",
            severity: Severity::Note,
            title: "has a description of more than 160 characters",
            reason: "Lists of results cut it off.",
        },
        needs_survey: false,
        check: |view, said| {
            let Some(text) = view.record.description.as_deref().filter(|_| view.is_page()) else { return };
            let length = text.chars().count();
            if length > LONGEST_DESCRIPTION {
                said.push(Said::new(format!("{length} characters")).of(text));
            }
        },
    },
];

/// So many other pages.
pub(super) fn pages(count: u32) -> String {
    if count == 1 { "another page".to_owned() } else { format!("{count} other pages") }
}

const LONGEST_TITLE: usize = 65;
const LONGEST_DESCRIPTION: usize = 160;
