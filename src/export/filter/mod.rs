//! Filter: which rows an export takes, by an expression on their columns.
//!
//! `outcome = "ok" and (status is null or not bytes < 1000)`. As in SQL, a comparison with what is not there is neither
//! true nor false, and what is not true is left out.

mod expression;
mod parse;
mod token;
mod wrong;

pub(super) use expression::Filter;
pub(super) use parse::parse;
