//! Per host: the keys of `[fetch]` that may be others for single hosts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::HeaderLines;

/// What `[hosts."…"]` may say beside `[fetch]`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct Overrides {
    /// Headers sent with every request to the host, and to no other: beside those of `[fetch]`, in place of those of the same
    /// name. `Authorization`, `Cookie`, `Proxy-Authorization` and what has a variable (`${NAME}`) go there over https, and
    /// over http only when that is the origin of a seed.
    #[serde(skip_serializing_if = "HeaderLines::is_empty")]
    #[schemars(with = "BTreeMap<String, String>")]
    pub headers: HeaderLines,
}
