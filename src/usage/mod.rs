//! Usage: what a site says that its pages may be used for, each statement with the line or header that makes it.
//!
//! The vocabularies are young, so each has a file of its own, with the draft that it was read from.

pub(crate) mod content_signal;
pub(crate) mod content_usage;
mod counts;
mod from_headers;
mod header_values;
pub(crate) mod path_value;
pub(crate) mod payment;
pub(crate) mod robots_directives;
pub(crate) mod rsl;
mod statement;
pub(crate) mod tdmrep;

pub use counts::UsageCounts;
pub(crate) use from_headers::of_headers;
pub use statement::{Place, Said, Statement, Use, Vocabulary};

use serde::{Deserialize, Serialize};

/// What a site says that a page may be used for. Of several statements any "no" wins
/// (draft-ietf-aipref-vocab-07, section 5.1).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[non_exhaustive]
pub struct Usage {
    /// Whether it may be found by a search. Absent when nothing says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<Answer>,
    /// Whether a model may be trained on it. Absent when nothing says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ai_train: Option<Answer>,
    /// Whether it may be given to a model that answers somebody. Absent when nothing says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ai_input: Option<Answer>,
    /// Whether text and data may be mined from it (TDMRep). Absent when nothing says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mining: Option<Answer>,
    /// Whether a copy of it may be shown. Absent when nothing says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archive: Option<Answer>,
    /// The URLs of licences that hold for it. Absent when none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub licenses: Vec<String>,
    /// The URLs of policies that say how a reserved right is to be had (`tdm-policy`). Absent when none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<String>,
    /// What one request for it costs, as the site says it: `USD 0.01`. Absent when no price is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<String>,
    /// Whether the content of the page is left out of its record, as `[policy]` asks for. Absent when it is not.
    #[serde(default, skip_serializing_if = "is_false")]
    pub omitted: bool,
    /// Who says it: robots.txt, then the site's tdmrep.json, headers, and the page; at most 32.
    #[serde(default)]
    pub statements: Vec<Statement>,
}

/// What is said of one use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// It is allowed.
    Yes,
    /// It is not.
    No,
}

impl Usage {
    /// What these statements come to; `None` of none.
    pub fn of(statements: Vec<Statement>) -> Option<Box<Self>> {
        if statements.is_empty() {
            return None;
        }
        let mut usage = Box::<Self>::default();
        for statement in statements {
            usage.add(statement);
        }
        Some(usage)
    }

    /// Puts statements in front of what is there.
    pub(crate) fn join(there: &mut Option<Box<Self>>, mut first: Vec<Statement>) {
        if first.is_empty() {
            return;
        }
        first.extend(there.take().map(|usage| usage.statements).unwrap_or_default());
        *there = Self::of(first);
    }

    /// What is said of one use.
    pub fn answer(&self, of: Use) -> Option<Answer> {
        match of {
            Use::Search => self.search,
            Use::AiTrain => self.ai_train,
            Use::AiInput => self.ai_input,
            Use::Mining => self.mining,
            Use::Archive => self.archive,
        }
    }

    /// How many bytes of memory it takes, about.
    pub(crate) fn weight(&self) -> u64 {
        let texts: usize = self.statements.iter().map(|statement| statement.text.len()).sum();
        (texts + self.statements.len() * size_of::<Statement>()) as u64
    }

    fn add(&mut self, statement: Statement) {
        for allowed in &statement.allows {
            self.answer_mut(*allowed).get_or_insert(Answer::Yes);
        }
        for disallowed in &statement.disallows {
            *self.answer_mut(*disallowed) = Some(Answer::No);
        }
        if let Some(url) = &statement.url {
            let urls = if statement.vocabulary == Vocabulary::Tdmrep { &mut self.policies } else { &mut self.licenses };
            if urls.len() < MAX_STATEMENTS && !urls.contains(url) {
                urls.push(url.clone());
            }
        }
        if self.price.is_none() {
            self.price = payment::price(&statement);
        }
        if self.statements.len() < MAX_STATEMENTS && !self.statements.contains(&statement) {
            self.statements.push(statement);
        }
    }

    fn answer_mut(&mut self, of: Use) -> &mut Option<Answer> {
        match of {
            Use::Search => &mut self.search,
            Use::AiTrain => &mut self.ai_train,
            Use::AiInput => &mut self.ai_input,
            Use::Mining => &mut self.mining,
            Use::Archive => &mut self.archive,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn is_false(known: &bool) -> bool {
    !*known
}

/// How many statements one record tells of. What is beyond them still counts.
const MAX_STATEMENTS: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    fn says(text: &str, said: Said) -> Statement {
        Statement::new(Vocabulary::ContentUsage, Place::Header, None, text.to_owned()).saying(said)
    }

    #[test]
    fn of_several_statements_any_no_wins_whatever_their_order() {
        let yes = || says("yes", Said::allows([Use::AiTrain, Use::Search]));
        let no = || says("no", Said::disallows([Use::AiTrain]));
        for statements in [vec![yes(), no()], vec![no(), yes()], vec![yes(), no(), yes()]] {
            let usage = Usage::of(statements).unwrap();
            assert_eq!((usage.ai_train, usage.search, usage.mining), (Some(Answer::No), Some(Answer::Yes), None));
        }
        assert_eq!(Usage::of(Vec::new()), None);
    }

    #[test]
    fn what_is_beyond_the_bound_still_counts() {
        let mut statements: Vec<_> = (0..100).map(|n| says(&n.to_string(), Said::default())).collect();
        statements.push(says("last", Said::disallows([Use::Search])));
        let usage = Usage::of(statements).unwrap();
        assert_eq!((usage.statements.len(), usage.search), (32, Some(Answer::No)));
    }

    #[test]
    fn statements_that_come_later_go_in_front() {
        let mut usage = Usage::of(vec![says("page", Said::allows([Use::Search]))]);
        Usage::join(&mut usage, vec![says("robots", Said::disallows([Use::Search]))]);
        Usage::join(&mut usage, Vec::new());
        let usage = usage.unwrap();
        let texts: Vec<_> = usage.statements.iter().map(|statement| statement.text.as_str()).collect();
        assert_eq!((texts, usage.search), (vec!["robots", "page"], Some(Answer::No)));
    }
}
