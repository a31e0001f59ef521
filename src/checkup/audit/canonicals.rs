//! Rules on canonical URLs.

use super::audit_rule::AuditRule;
use super::view::{Said, View};
use crate::checkup::answers::{Answer, End};
use crate::checkup::keys::Key;
use crate::checkup::{Rule, Severity};

pub(super) static RULES: [AuditRule; 4] = [
    AuditRule {
        rule: Rule {
            id: "canonical-missing",
            severity: Severity::Note,
            title: "names no canonical URL",
            reason: "Of the same page under several URLs (`?utm_source=`) a search engine then picks one itself.",
        },
        needs_survey: false,
        check: |view, said| {
            if view.is_to_be_found() && view.record.canonical.is_none() {
                said.push(Said::new("no `<link rel=canonical>`"));
            }
        },
    },
    AuditRule {
        rule: Rule {
            id: "canonical-redirect",
            severity: Severity::Warning,
            title: "names a canonical URL that redirects",
            reason: "The page says that it is elsewhere, and there it says that it is elsewhere again: search engines may heed neither.",
        },
        needs_survey: false,
        check: |view, said| {
            let Some((url, canonical)) = canonical(view) else { return };
            let landing = view.site.follow(canonical);
            if !landing.hops.is_empty() && matches!(landing.end, End::At(_, Answer::Ok) | End::Circle) {
                said.push(Said::new("its canonical URL redirects").of(url));
            }
        },
    },
    AuditRule {
        rule: Rule {
            id: "canonical-broken",
            severity: Severity::Error,
            title: "names a canonical URL that is not there",
            reason: "A search engine that heeds it drops the page.",
        },
        needs_survey: false,
        check: |view, said| {
            let Some((url, canonical)) = canonical(view) else { return };
            if let End::At(_, answer @ (Answer::Status(_) | Answer::Failed(_))) = view.site.follow(canonical).end {
                let why = match answer {
                    Answer::Status(status) => format!("its canonical URL is answered with {status}"),
                    _ => "its canonical URL is not answered".to_owned(),
                };
                said.push(Said::new(why).of(url));
            }
        },
    },
    AuditRule {
        rule: Rule {
            id: "canonical-chain",
            severity: Severity::Warning,
            title: "names a canonical URL that names another",
            reason: "Only one step is sure to be taken: name the last one at once.",
        },
        needs_survey: false,
        check: |view, said| {
            let Some((url, canonical)) = canonical(view).filter(|(_, canonical)| *canonical != view.key) else {
                return;
            };
            if view.site.known(canonical).canonical.is_some_and(|next| next != canonical) {
                said.push(Said::new("its canonical URL names another one as its own").of(url));
            }
        },
    },
];

/// The canonical URL of a page.
fn canonical<'v>(view: &'v View<'_>) -> Option<(&'v str, Key)> {
    let url = view.record.canonical.as_deref().filter(|_| view.is_page())?;
    Some((url, view.known.canonical?))
}
