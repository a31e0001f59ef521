//! Formats: findings as programs read them.

mod github;
mod json;
mod junit;
mod sarif;

pub(crate) use github::github;
pub(crate) use json::json;
pub(crate) use junit::junit;
pub(crate) use sarif::sarif;
