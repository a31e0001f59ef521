//! One rule of an audit.

use super::view::{Said, View};
use crate::checkup::Rule;

/// A rule, and what finds out whether a page keeps it.
pub(crate) struct AuditRule {
    pub(crate) rule: Rule,
    /// Whether it asks for what only a crawl with `check.survey` has kept.
    pub(super) needs_survey: bool,
    pub(super) check: fn(&View<'_>, &mut Vec<Said>),
}

impl std::fmt::Debug for AuditRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AuditRule").field("rule", &self.rule).finish_non_exhaustive()
    }
}
