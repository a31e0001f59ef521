//! What a robots.txt answers: a verdict, with the line that decides.

/// Whether a path may be asked for, and the line that says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict<'a> {
    /// Whether it may be asked for.
    pub allowed: bool,
    /// The rule that decides; `None` when no rule matches.
    pub rule: Option<Rule<'a>>,
}

/// One line of a robots.txt that allows or disallows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule<'a> {
    /// The number of the line, from 1.
    pub line: u32,
    /// What it says.
    pub access: Access,
    /// The pattern as the file has it, invalid UTF-8 replaced. Untrusted: escape it before it reaches a terminal.
    pub pattern: &'a str,
}

/// What a rule says about the paths that it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Access {
    /// They may be asked for. First, because it wins between equally long patterns (RFC 9309, section 2.2.2).
    Allow,
    /// They may not.
    Disallow,
}

/// A `User-agent` line that selects the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentLine {
    /// The number of the line, from 1.
    pub line: u32,
    /// The agent as the file has it, invalid UTF-8 replaced. Untrusted: escape it before it reaches a terminal.
    pub agent: Box<str>,
}
