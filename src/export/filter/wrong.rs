//! Wrong: what is wrong with an expression, and where.

use std::ops::Range;

use crate::problem::Problem;

/// What is wrong with an expression, and which bytes of it that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub(crate) at: Range<usize>,
    pub(crate) problem: Problem,
}

impl Wrong {
    pub(super) fn new(at: Range<usize>, found: impl Into<String>) -> Self {
        Self { at, problem: Problem::new(found) }
    }

    pub(super) fn allowed(self, allowed: &str) -> Self {
        Self { problem: self.problem.allowed(allowed), ..self }
    }

    /// The same with the expression, and a mark under what is wrong.
    pub(crate) fn shown(&self, text: &str) -> String {
        // On one line, so that the mark is under it.
        let line: String = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
        let width = |bytes: Range<usize>| text.get(bytes).unwrap_or_default().chars().count();
        let (before, marked) = (width(0..self.at.start), width(self.at.clone()).max(1));
        format!("{}\n   | {line}\n   | {}{}", self.problem, " ".repeat(before), "^".repeat(marked))
    }
}
