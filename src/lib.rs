//! A concurrent web crawler: fast, polite, and nothing lost.

pub mod accounts;
pub mod config;
pub mod error;
pub mod fetch;
pub mod frontier;
pub mod observe;
pub mod outcome;
pub mod page;
pub mod parse;
pub mod politeness;
pub mod request;
pub mod response;
pub mod scope;
pub mod sink;
pub mod units;
pub mod url;

