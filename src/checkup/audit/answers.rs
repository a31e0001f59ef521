//! Rules on what URLs are answered with.

use super::audit_rule::AuditRule;
use super::view::Said;
use crate::checkup::answers::End;
use crate::checkup::{Rule, Severity};
use crate::outcome::OutcomeKind;

pub(super) static RULES: [AuditRule; 3] = [
    AuditRule {
        rule: Rule {
            id: "http-error",
            severity: Severity::Error,
            title: "is not answered well",
            reason: "Readers who get there see an error, and a search engine drops the page. `crawler links` says what links to it.",
        },
        needs_survey: false,
        check: |view, said| {
            let why = match (view.record.outcome, view.record.status, &view.record.error) {
                (OutcomeKind::HttpError | OutcomeKind::PaymentRequired, Some(status), _) => format!("status {status}"),
                (OutcomeKind::Failed, _, Some(error)) => format!("no answer: {}", error.kind),
                _ => return,
            };
            said.push(Said::new(why));
        },
    },
    AuditRule {
        rule: Rule {
            id: "redirect-chain",
            severity: Severity::Warning,
            title: "redirects more than once",
            reason: "Each redirect costs a reader a round trip, and search engines follow only some in a row.",
        },
        needs_survey: false,
        check: |view, said| {
            let landing = view.site.follow(view.key);
            if landing.hops.len() > 1 && landing.end != End::Circle {
                said.push(Said::new(format!("{} redirects in a row", landing.hops.len())));
            }
        },
    },
    AuditRule {
        rule: Rule {
            id: "redirect-loop",
            severity: Severity::Error,
            title: "redirects in a circle",
            reason: "A browser gives up after some twenty redirects and shows an error.",
        },
        needs_survey: false,
        check: |view, said| {
            if view.site.follow(view.key).end == End::Circle {
                said.push(Said::new("redirects in a circle"));
            }
        },
    },
];
