//! Per host: the keys of `[scope]` that may be others for single hosts.

use serde::{Deserialize, Serialize};

use crate::url::{Patterns, PerHost};

/// What `[hosts."…"]` may say instead of `[scope]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct Overrides {
    /// When not empty, only URLs of the host that match one of these patterns are taken. It does not bring the host
    /// into the crawl: that is for `kind` in `[scope]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<String>")]
    pub include: Option<Patterns>,
    /// URLs of the host that match one of these patterns are not taken, even when `include` names them. `["*"]` leaves the
    /// host out, but for seeds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<String>")]
    pub exclude: Option<Patterns>,
}

/// The `include` and `exclude` of a host: each from the most specific table that has it, else that of the crawl.
pub(super) fn patterns_of<'a>(
    host: &'a str,
    tables: &'a PerHost<Overrides>,
    [include, exclude]: [&'a Patterns; 2],
) -> [&'a Patterns; 2] {
    if tables.is_empty() {
        return [include, exclude];
    }
    [
        tables.of(host).find_map(|table| table.include.as_ref()).unwrap_or(include),
        tables.of(host).find_map(|table| table.exclude.as_ref()).unwrap_or(exclude),
    ]
}
