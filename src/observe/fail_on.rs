//! Fail on: what makes a crawl that has ended count as failed, for those who run it by a script.

use serde::{Deserialize, Serialize};

use super::Summary;
use super::text::{counted, printable};

/// A condition on which a crawl that has ended exits with 4, or with 5 when it is that something has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FailOn {
    /// A rule that found something in the crawl before does not find it any more.
    RuleDrift,
    /// A page or an item has no value for a field that is `required`.
    MissingRequired,
    /// `[[items]]` gave no item at all.
    EmptyItems,
    /// An update has found a page that is new, changed, moved or gone.
    Changes,
    /// A link leads to what is not there.
    BrokenLinks,
    /// A link leads to a circle of redirects.
    RedirectLoops,
    /// A link leads to a place that its page does not have.
    MissingFragments,
    /// A page over https loads something over http that browsers block.
    MixedContent,
    /// A link leads to several redirects in a row.
    RedirectChains,
    /// A link leads to a redirect that holds for good.
    PermanentRedirects,
    /// `crawler audit` finds an error.
    #[serde(rename = "audit=error")]
    AuditError,
    /// `crawler audit` finds a warning, or an error.
    #[serde(rename = "audit=warning")]
    AuditWarning,
}

impl FailOn {
    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RuleDrift => "rule-drift",
            Self::MissingRequired => "missing-required",
            Self::EmptyItems => "empty-items",
            Self::Changes => "changes",
            Self::BrokenLinks => "broken-links",
            Self::RedirectLoops => "redirect-loops",
            Self::MissingFragments => "missing-fragments",
            Self::MixedContent => "mixed-content",
            Self::RedirectChains => "redirect-chains",
            Self::PermanentRedirects => "permanent-redirects",
            Self::AuditError => "audit=error",
            Self::AuditWarning => "audit=warning",
        }
    }

    /// Whether the crawl has to be looked at as a whole to find out, and to keep what that needs.
    pub const fn needs_survey(self) -> bool {
        !matches!(self, Self::RuleDrift | Self::MissingRequired | Self::EmptyItems | Self::Changes)
    }

    /// What there is to tell when the condition holds, a line each; nothing of those that [need a
    /// survey](Self::needs_survey).
    pub fn told(self, summary: &Summary) -> Vec<String> {
        match self {
            Self::RuleDrift => summary.rule_drift.iter().map(|drift| printable(&drift.to_string())).collect(),
            Self::MissingRequired => {
                let ill = summary.rules.iter().filter(|rule| rule.tally.missing > 0);
                let told = ill.map(|rule| {
                    let times = counted(rule.tally.missing, "time", "times");
                    let example = rule.examples.first().map(|page| format!("; first on {page}")).unwrap_or_default();
                    printable(&format!("`{}` is required, and missing {times}{example}", rule.name))
                });
                told.collect()
            }
            Self::EmptyItems => {
                let empty = summary.items.iter().filter(|(_, n)| **n == 0);
                empty.map(|(name, _)| format!("there are no items `{}`", printable(name))).collect()
            }
            Self::Changes => {
                let changes = summary.update.as_ref().filter(|changes| changes.total() > 0);
                let told = changes.map(|changes| {
                    let pages = counted(changes.total(), "page is", "pages are");
                    format!("{pages} not what, or where, they were; see {}", printable(&changes.path))
                });
                told.into_iter().collect()
            }
            _ => Vec::new(),
        }
    }
}
