//! The rules for links: what may be wrong with them.

use super::{Rule, Severity};

/// All of them, in the order in which they are told.
pub(crate) static RULES: [Rule; 8] = [
    BROKEN_LINKS,
    REDIRECT_LOOPS,
    MISSING_FRAGMENTS,
    MIXED_CONTENT,
    MIXED_MEDIA,
    REDIRECT_CHAINS,
    PERMANENT_REDIRECTS,
    UNCHECKED,
];
pub(super) const BROKEN_LINKS: Rule = Rule {
    id: "broken-links",
    severity: Severity::Error,
    title: "leads to what is not there",
    reason: "A reader who follows the link gets an error, and a search engine stops there.",
};
pub(super) const REDIRECT_LOOPS: Rule = Rule {
    id: "redirect-loops",
    severity: Severity::Error,
    title: "redirects in a circle",
    reason: "A browser gives up after some twenty redirects and shows an error.",
};
pub(super) const MISSING_FRAGMENTS: Rule = Rule {
    id: "missing-fragments",
    severity: Severity::Warning,
    title: "leads to a place that its page does not have",
    reason: "A reader lands at the top of the page, and does not find what the link has promised.",
};
pub(super) const MIXED_CONTENT: Rule = Rule {
    id: "mixed-content",
    severity: Severity::Error,
    title: "is loaded over http by a page over https",
    reason: "Browsers do not load it, so that the page lacks a script, a style sheet, a frame or a font.",
};
pub(super) const MIXED_MEDIA: Rule = Rule {
    id: "mixed-media",
    severity: Severity::Warning,
    title: "is named over http by a page over https",
    reason: "Browsers ask for images, sound and films over https instead; where they cannot be had so, they are missing.",
};
pub(super) const REDIRECT_CHAINS: Rule = Rule {
    id: "redirect-chains",
    severity: Severity::Warning,
    title: "redirects more than once",
    reason: "Each redirect costs a reader a round trip, and search engines follow only some in a row.",
};
pub(super) const PERMANENT_REDIRECTS: Rule = Rule {
    id: "permanent-redirects",
    severity: Severity::Note,
    title: "has moved for good (301, 308)",
    reason: "The link can lead there at once, which saves each reader a round trip.",
};
pub(super) const UNCHECKED: Rule = Rule {
    id: "unchecked",
    severity: Severity::Note,
    title: "was not asked for",
    reason: "Whether the link works is not known: robots.txt, the scope or a limit of the crawl kept it from being asked for.",
};
