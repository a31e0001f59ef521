//! Rules: what is looked for, under a name that stays.

use serde::Serialize;

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rule {
    /// Its name on the command line and in outputs. It never changes.
    pub(crate) id: &'static str,
    pub(crate) severity: Severity,
    /// What is wrong where it is found, in few words.
    pub(crate) title: &'static str,
    /// Why that is worth mending.
    pub(crate) reason: &'static str,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Severity {
    /// Worth knowing.
    Note,
    /// It works, and would be better otherwise.
    Warning,
    /// Readers meet something that does not work.
    Error,
}

impl Severity {
    /// The name in outputs.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}
