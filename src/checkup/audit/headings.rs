//! Rules on headings.

use super::audit_rule::AuditRule;
use super::view::Said;
use crate::checkup::{Rule, Severity};

pub(super) static RULES: [AuditRule; 3] = [
    AuditRule {
        rule: Rule {
            id: "h1-missing",
            severity: Severity::Warning,
            title: "has no main heading",
            reason: "Those who hear a page find its beginning by its `<h1>`, and it tells what the page is about.",
        },
        needs_survey: true,
        check: |view, said| {
            let Some(survey) = view.survey.as_ref().filter(|_| view.is_page()) else { return };
            if !survey.headings.iter().any(|heading| heading.level == 1 && heading.text.is_some()) {
                said.push(Said::new("no `<h1>`, or only empty ones"));
            }
        },
    },
    AuditRule {
        rule: Rule {
            id: "h1-multiple",
            severity: Severity::Note,
            title: "has several main headings",
            reason: "Which of them says what the page is about, nobody knows.",
        },
        needs_survey: true,
        check: |view, said| {
            let Some(survey) = view.survey.as_ref().filter(|_| view.is_page()) else { return };
            let mut main = survey.headings.iter().filter(|heading| heading.level == 1).skip(1);
            if let Some(second) = main.next() {
                let text = second.text.as_deref().unwrap_or_default();
                said.push(Said::new(format!("{} `<h1>`", main.count() + 2)).at(second.at).of(text));
            }
        },
    },
    AuditRule {
        rule: Rule {
            id: "heading-skipped",
            severity: Severity::Note,
            title: "leaves out a level of headings",
            reason: "Those who go through a page by its headings look for what is missing between.",
        },
        needs_survey: true,
        check: |view, said| {
            let Some(survey) = view.survey.as_ref().filter(|_| view.is_page()) else { return };
            let pairs = survey.headings.windows(2);
            let skipped = pairs.filter_map(|pair| match pair {
                [before, after] if after.level > before.level + 1 => Some((before, after)),
                _ => None,
            });
            for (before, after) in skipped.take(MOST_TOLD) {
                let why = format!("`<h{}>` behind `<h{}>`", after.level, before.level);
                said.push(Said::new(why).at(after.at).of(after.text.as_deref().unwrap_or_default()));
            }
        },
    },
];

/// How many of one page are told.
const MOST_TOLD: usize = 10;
