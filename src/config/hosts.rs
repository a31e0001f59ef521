//! Hosts: what is set for single hosts, put together from what each stage lets them have.

use serde::{Deserialize, Serialize};

use super::Config;
use crate::url::HostPattern;
use crate::{fetch, politeness, scope};

/// `[hosts."example.com"]`: what is different for one host, or with `"*.example.com"` for all hosts below it. The name has
/// the port when it is not the scheme's own: `"127.0.0.1:8080"`. What a table does not set is as in the table for the
/// longest name that the host is below, and then as in the tables above.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
// serde refuses no unknown key where structs are flattened; `check` does.
#[schemars(extend("additionalProperties" = false))]
pub struct HostOptions {
    /// In place of `[scope]`.
    #[serde(flatten)]
    pub scope: scope::Overrides,
    /// In place of `[politeness]`.
    #[serde(flatten)]
    pub politeness: politeness::Overrides,
    /// Beside `[fetch]`.
    #[serde(flatten)]
    pub fetch: fetch::Overrides,
}

impl Config {
    /// What each table of `[hosts]` has for one stage.
    pub fn per_host<T>(&self, part: impl Fn(&HostOptions) -> T) -> impl Iterator<Item = (HostPattern, T)> {
        self.hosts.iter().map(move |(host, options)| (host.clone(), part(options)))
    }
}
