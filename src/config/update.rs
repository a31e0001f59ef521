//! `[update]`: how a finished crawl is crawled anew.

use serde::{Deserialize, Serialize};

/// `[update]`: how a finished crawl is crawled anew, with `--update`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct UpdateOptions {
    /// How many of the crawls before are kept, in `versions` of the crawl directory. Of those that go, archives stay: what a later
    /// one says has not changed is there and nowhere else.
    #[schemars(range(max = 1000))]
    pub keep: u32,
}

impl Default for UpdateOptions {
    fn default() -> Self {
        Self { keep: 2 }
    }
}
