//! A duplicate: a page that says the same as another one, or nearly so, as a line for programs.

use serde::Serialize;

/// A page that says the same as another one.
#[derive(Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub(crate) struct Duplicate<'a> {
    /// The page; each is there once.
    pub(crate) url: &'a str,
    /// How deep it lies in the site.
    pub(crate) depth: u32,
    /// What it is a duplicate of: of the pages that say so the one with the least depth.
    pub(crate) original: &'a str,
    /// Whether their texts are equal.
    pub(crate) equal: bool,
    /// In how many of 64 bits their `SimHash`es differ.
    pub(crate) distance: u32,
}
