//! `[update]`: how a finished crawl is crawled anew.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::units;

/// `[update]`: how a finished crawl is crawled anew, with `--update`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct UpdateOptions {
    /// How many of the crawls before are kept, in `versions` of the crawl directory. Of those that go, archives stay: what a later
    /// one says has not changed is there and nowhere else.
    #[schemars(range(max = 1000))]
    pub keep: u32,
    /// Pages that are fresh by what their hosts have said (`Cache-Control`, `Expires`; RFC 9111, section 4.2) are not asked for:
    /// what their records say is carried over. It holds for pages that were read with this switched on.
    pub trust_cache: bool,
    /// Which pages are asked for: "all"; or those that are "due": of which a sitemap says that they have changed since, or for
    /// which it is as likely as not by what updates have seen of them. What is not due is carried over.
    pub schedule: Schedule,
    /// With `schedule = "due"`, the longest that a page goes without being asked for.
    #[serde(with = "units::duration")]
    #[schemars(with = "units::duration::Schema")]
    pub longest: Duration,
}

/// Which pages an update asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// Each.
    #[default]
    All,
    /// Those that may have changed.
    Due,
}

impl UpdateOptions {
    /// Whether pages may be carried over that are not asked for: then each page is kept what that takes.
    pub(crate) fn leaves_out(&self) -> bool {
        self.trust_cache || self.schedule == Schedule::Due
    }
}

impl Default for UpdateOptions {
    fn default() -> Self {
        let longest = Duration::from_hours(30 * 24);
        Self { keep: 2, trust_cache: false, schedule: Schedule::All, longest }
    }
}
