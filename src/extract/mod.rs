//! Extract: from a page to data, by rules. A selector, a path or a property says where a value is; a type, what it is.
//!
//! [`Options`] are the rules as they are written, [`Rules`] what becomes of them: checked, compiled, and shared by all
//! workers. [`Rules::on`] tells which of them are for a page; when none is, nobody builds a tree of it. What comes of a page
//! is [`Extracted`]: values, and what was found of each rule, which [`Health`] adds up over the crawl.
//!
//! No page makes a rule slow or a value endless: see `extract/element.rs` and `extract/path.rs`.

mod apply;
pub mod autopsy;
mod candidates;
mod compile;
mod css;
mod element;
mod examine;
mod fault;
mod made;
mod microdata;
mod mistake;
mod number;
mod options;
mod page;
mod path;
mod rule;
mod rules;
mod selector;
mod steps;
mod table;
mod text;
mod value;
mod written_place;
mod wrong;

pub use examine::{Examined, Found, IsFor, examine};
pub use fault::{Fault, Faults, Part, Step};
pub use options::{Extract, Field, FieldTable, Fields, Follow, Items, Kind, Options, Source, SourceTable, Start};
pub use page::Input;
pub use rules::{Matched, Rules, RulesBuilder};
pub use wrong::Wrong;

pub use crate::extracted::{Drift, Extracted, Findings, Health, Item, RuleHealth, Tally};

#[cfg(test)]
mod tests;
