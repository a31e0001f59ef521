//! Why a text is no value of its kind, for the person who wrote it.

use std::fmt;

/// What is wrong with a value, without its place: who read it knows that, and can point there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What was found, as a clause: "`fast` is not a rate".
    pub found: String,
    /// What is allowed there, when `found` does not say it.
    pub allowed: Option<String>,
    /// What the user probably wants to write.
    pub help: Option<String>,
}

impl Problem {
    /// A problem that says by itself what is allowed.
    pub fn new(found: impl Into<String>) -> Self {
        Self { found: found.into(), allowed: None, help: None }
    }

    /// The same problem, with what is allowed.
    #[must_use]
    pub fn allowed(mut self, allowed: impl Into<String>) -> Self {
        self.allowed = Some(allowed.into());
        self
    }

    /// The same problem, with what was probably meant.
    #[must_use]
    pub fn help(mut self, help: Option<String>) -> Self {
        self.help = help;
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.found)?;
        if let Some(allowed) = &self.allowed {
            write!(f, "; allowed: {allowed}")?;
        }
        if let Some(help) = &self.help {
            write!(f, "; {help}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_told_on_one_line() {
        let problem = Problem::new("`x` is not a host");
        assert_eq!(problem.to_string(), "`x` is not a host");
        let problem = problem.allowed("a name").help(Some("did you mean \"y\"?".to_owned()));
        assert_eq!(problem.to_string(), "`x` is not a host; allowed: a name; did you mean \"y\"?");
    }
}
