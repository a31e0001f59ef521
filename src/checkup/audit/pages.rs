//! Rules on what is in a page, and what it weighs.

use super::audit_rule::AuditRule;
use super::view::Said;
use crate::checkup::mixed::{self, Mixed};
use crate::checkup::{Rule, Severity};
use crate::observe;

pub(super) static RULES: [AuditRule; 7] = [
    AuditRule {
        rule: Rule {
            id: "thin",
            severity: Severity::Note,
            title: "has fewer than 200 characters of text",
            reason: "There may be nothing on it that anybody looks for, or a script puts it there.",
        },
        needs_survey: true,
        check: |view, said| {
            let Some(survey) = view.survey.as_ref().filter(|_| view.is_to_be_found()) else { return };
            if survey.letters < THIN {
                said.push(Said::new(format!("about {} characters of text", survey.letters)));
            }
        },
    },
    AuditRule {
        rule: Rule {
            id: "image-alt",
            severity: Severity::Warning,
            title: "has images without a text",
            reason: "Those who do not see them hear the name of a file; an image that says nothing has `alt=\"\"`.",
        },
        needs_survey: true,
        check: |view, said| {
            if let Some(images) = view.survey.as_ref().and_then(|survey| survey.images_without_alt) {
                let why = if images.count == 1 {
                    "an `<img>` without `alt`".to_owned()
                } else {
                    format!("{} `<img>` without `alt`, the first of them here", images.count)
                };
                said.push(Said::new(why).at(images.at));
            }
        },
    },
    AuditRule {
        rule: Rule {
            id: "broken-data",
            severity: Severity::Warning,
            title: "has structured data that does not parse",
            reason: "Search engines leave out JSON-LD that is no JSON, and show the page without stars, prices or dates.",
        },
        needs_survey: true,
        check: |view, said| {
            for broken in view.survey.iter().flat_map(|survey| &survey.broken_data) {
                said.push(Said::new(format!("JSON-LD that is no JSON: {}", broken.why)).at(broken.at));
            }
        },
    },
    AuditRule {
        rule: Rule {
            id: "mixed-content",
            severity: Severity::Error,
            title: "loads over http what a page over https shows",
            reason: "Browsers block scripts, style sheets and frames that come so.",
        },
        needs_survey: true,
        check: |view, said| {
            for link in view.survey.iter().flat_map(|survey| &survey.links) {
                let url = link.url.as_deref().unwrap_or_default();
                if mixed::of(view.url(), url, link.kind, &link.found_by) == Some(Mixed::Blocked) {
                    said.push(Said::new("loaded over http: browsers block it").at(link.at).of(url));
                }
            }
        },
    },
    AuditRule {
        rule: Rule {
            id: "mixed-media",
            severity: Severity::Warning,
            title: "names images, sound or films over http on a page over https",
            reason: "Browsers ask for them over https; where they cannot be had so, they are missing.",
        },
        needs_survey: true,
        check: |view, said| {
            for link in view.survey.iter().flat_map(|survey| &survey.links) {
                let url = link.url.as_deref().unwrap_or_default();
                if mixed::of(view.url(), url, link.kind, &link.found_by) == Some(Mixed::Upgraded) {
                    said.push(Said::new("named over http: browsers ask for it over https").at(link.at).of(url));
                }
            }
        },
    },
    AuditRule {
        rule: Rule {
            id: "heavy",
            severity: Severity::Note,
            title: "is longer than 1 MiB without what it is shown with",
            reason: "On a slow line the text alone takes seconds.",
        },
        needs_survey: false,
        check: |view, said| {
            let Some(bytes) = view.record.bytes.filter(|bytes| view.is_page() && *bytes > HEAVY) else { return };
            said.push(Said::new(observe::bytes(bytes).to_string()));
        },
    },
    AuditRule {
        rule: Rule {
            id: "slow",
            severity: Severity::Note,
            title: "took more than 2 seconds",
            reason: "Readers leave. The crawl has measured one request, under its own load.",
        },
        needs_survey: false,
        check: |view, said| {
            if view.is_page() && view.record.elapsed_ms > SLOW {
                said.push(Said::new(format!("{} ms from the request to the end of the page", view.record.elapsed_ms)));
            }
        },
    },
];

const THIN: u64 = 200;
const HEAVY: u64 = 1 << 20;
const SLOW: u64 = 2000;
