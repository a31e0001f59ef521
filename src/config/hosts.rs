//! Hosts: what is set for single hosts, put together from what each stage lets them have.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Config;
use crate::url::{CrawlUrl, HostPattern, PerHost};
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

    /// The tables of `[hosts]` that do not apply to a seed for its port alone, while it has none of its own: nobody
    /// means that. Each with the table that would apply, and the host of a seed.
    pub fn missed_by_port<'a>(
        &self,
        seeds: impl IntoIterator<Item = &'a CrawlUrl>,
    ) -> impl Iterator<Item = (HostPattern, HostPattern, &'a str)> {
        let tables: PerHost<()> = self.per_host(|_| ()).collect();
        let mut missed = BTreeMap::new();
        for host in seeds.into_iter().map(CrawlUrl::host).filter(|host| tables.of(host).next().is_none()) {
            for table in self.hosts.keys() {
                if let Some(meant) = table.but_for_its_port(host) {
                    missed.entry((table.clone(), meant)).or_insert(host);
                }
            }
        }
        missed.into_iter().map(|((table, meant), host)| (table, meant, host))
    }
}
