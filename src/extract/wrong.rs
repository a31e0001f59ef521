//! What is wrong with a text that a rule holds, and where in it.

use std::ops::Range;

use crate::problem::Problem;

/// A mistake in a selector, an expression, a path, a pattern or a name, in the words of this crawler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// The bytes of the text that are wrong; `None` for all of it.
    pub at: Option<Range<usize>>,
    /// What was found, as a clause: "the value needs quotes".
    pub found: String,
    /// What is allowed there, when `found` does not say it.
    pub allowed: Option<String>,
    /// What the user probably wants to write.
    pub help: Option<String>,
}

impl Wrong {
    pub(super) fn new(found: impl Into<String>) -> Self {
        Self { at: None, found: found.into(), allowed: None, help: None }
    }

    pub(super) fn at(mut self, at: Range<usize>) -> Self {
        self.at = Some(at);
        self
    }

    pub(super) fn allowed(mut self, allowed: impl Into<String>) -> Self {
        self.allowed = Some(allowed.into());
        self
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl From<Problem> for Wrong {
    fn from(Problem { found, allowed, help }: Problem) -> Self {
        Self { at: None, found, allowed, help }
    }
}

impl From<Wrong> for Problem {
    fn from(Wrong { at: _, found, allowed, help }: Wrong) -> Self {
        Self { found, allowed, help }
    }
}
