//! Checkup: what is wrong with a site, by what a crawl of it has kept. Nothing of the crawl is ever changed.

mod answers;
mod audit;
mod finding;
mod findings;
pub(crate) mod format;
mod fragments;
mod keys;
mod link_rules;
mod links;
mod mixed;
mod pages;
mod rule;
mod source_file;
mod verdict;

pub(crate) use audit::Audit;
pub(crate) use finding::{Detail, Finding, Hop, Place};
pub(crate) use findings::Findings;
pub(crate) use links::{Asked, Links};
pub(crate) use rule::{Rule, Severity};
pub(crate) use source_file::SourceFiles;
