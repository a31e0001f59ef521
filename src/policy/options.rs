//! The settings of the policy, `[policy]` in `crawl.toml`.

use serde::{Deserialize, Serialize};

use crate::usage::Use;

/// What the crawl is for, and what becomes of pages whose sites say no to that. What sites say is told in the record in any
/// case, and changes nothing of what robots.txt allows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// What the pages are wanted for: to be found by a search, to train a model, to be given to one, or to show copies of
    /// them. "none" says nothing, and then nothing is left out.
    pub purpose: Purpose,
    /// What becomes of a page whose site says no to `purpose`: "record" tells it and no more; "omit-content" leaves its
    /// title, description, text, fields and items out of the record; "skip" does not ask for it when robots.txt or
    /// tdmrep.json says no (`usage`), and omits its content when only its response does.
    pub on_disallowed: OnDisallowed,
    /// Whether `/.well-known/tdmrep.json` of each origin is asked for before its first page, once and under the limits of its
    /// host, when its robots.txt allows it.
    pub tdmrep: bool,
}

/// What pages are wanted for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Nothing in particular.
    #[default]
    None,
    /// To be found by a search.
    Search,
    /// To train a model.
    AiTrain,
    /// To be given to a model that answers somebody.
    AiInput,
    /// To show copies of them.
    Archive,
}

/// What becomes of a page whose site says no.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnDisallowed {
    /// That is told.
    #[default]
    Record,
    /// Its content is left out.
    OmitContent,
    /// It is not asked for.
    Skip,
}

impl Purpose {
    /// The name in settings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Search => "search",
            Self::AiTrain => "ai-train",
            Self::AiInput => "ai-input",
            Self::Archive => "archive",
        }
    }

    /// The uses that a site has to have nothing against; `None` when nobody asks.
    pub(super) fn uses(self) -> Option<&'static [Use]> {
        match self {
            Self::None => None,
            Self::Search => Some(&[Use::Search]),
            // Who trains or answers with a page mines it (TDMRep); who leads people to it does not.
            Self::AiTrain => Some(&[Use::AiTrain, Use::Mining]),
            Self::AiInput => Some(&[Use::AiInput, Use::Mining]),
            Self::Archive => Some(&[Use::Archive]),
        }
    }
}
