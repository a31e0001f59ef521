//! Rules on languages.

use super::audit_rule::AuditRule;
use super::view::Said;
use crate::checkup::answers::{Answer, End};
use crate::checkup::{Rule, Severity};

pub(super) static RULES: [AuditRule; 3] = [
    AuditRule {
        rule: Rule {
            id: "lang-missing",
            severity: Severity::Warning,
            title: "does not say its language",
            reason: "Those who hear a page need it for the right voice, and browsers to offer a translation.",
        },
        needs_survey: false,
        check: |view, said| {
            if view.is_page() && view.record.lang.is_none() {
                said.push(Said::new("no `lang` on `<html>`"));
            }
        },
    },
    AuditRule {
        rule: Rule {
            id: "hreflang-no-return",
            severity: Severity::Warning,
            title: "names a version in another language that does not name it",
            reason: "Search engines heed `hreflang` only when both pages name each other.",
        },
        needs_survey: true,
        check: |view, said| {
            for alternate in view.survey.iter().flat_map(|survey| &survey.alternates) {
                let Some(other) = view.site.key_of(&alternate.url).filter(|other| *other != view.key) else { continue };
                // Of what was not read nobody knows what it names.
                if view.site.known(other).is_read && !view.site.names_version(other, view.key) {
                    let why = format!("the version in `{}` does not name this page", alternate.hreflang);
                    said.push(Said::new(why).of(&alternate.url));
                }
            }
        },
    },
    AuditRule {
        rule: Rule {
            id: "hreflang-broken",
            severity: Severity::Error,
            title: "names a version in another language that is not there",
            reason: "Readers are sent to an error, or to no version of their language at all.",
        },
        needs_survey: true,
        check: |view, said| {
            for alternate in view.survey.iter().flat_map(|survey| &survey.alternates) {
                let Some(other) = view.site.key_of(&alternate.url) else { continue };
                if let End::At(_, Answer::Status(_) | Answer::Failed(_)) = view.site.follow(other).end {
                    let why = format!("the version in `{}` is not there", alternate.hreflang);
                    said.push(Said::new(why).of(&alternate.url));
                }
            }
        },
    },
];
