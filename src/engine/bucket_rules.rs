//! Bucket rules: by what the settings of a run say, a bucket is read back.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::judge::Judge;
use super::plan::Plan;
use super::same_crawl;
use crate::error::Result;
use crate::frontier::{Bucket, Frontier, Graph, Limits, Restore, RestoreRules};
use crate::outcome::SkipReason;
use crate::store::{Counts, Notes};
use crate::url::{CrawlUrl, UrlKey};

/// What settings say about what an earlier run, or another process, has found. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct BucketRules {
    limits: Limits,
    /// What the crawl is about: nothing refuses it.
    places: Arc<BTreeSet<UrlKey>>,
    /// Seeds of before that are none any more, where only that brings a URL into the crawl.
    left_out: Arc<BTreeSet<String>>,
    /// The reasons to skip that these settings no longer give.
    lifted: Arc<[SkipReason]>,
}

impl BucketRules {
    pub(super) fn new(plan: &Plan, notes: &Notes, left_out: &[String]) -> Self {
        // Where no link counts, only to be a seed brings a URL into the crawl. Elsewhere other pages may lead to it as well.
        let are_all = plan.config.depth.0 == Some(0);
        Self {
            limits: plan.limits(),
            places: Arc::new(plan.places.iter().map(CrawlUrl::key).collect()),
            left_out: Arc::new(left_out.iter().filter(|_| are_all).cloned().collect()),
            lifted: lifted(plan, notes).into(),
        }
    }

    /// Reads a bucket back as a store gives it, judged by what holds now; what its records come to.
    pub(super) fn read(
        &self,
        bucket: Bucket,
        judge: &Judge,
        give: impl FnOnce(&mut Restore<'_>) -> Result<Counts>,
    ) -> Result<(Graph, Counts)> {
        let verdict = |url: &CrawlUrl, is_part: bool| {
            if self.left_out.contains(url.as_str()) {
                return Some(SkipReason::Scope);
            }
            let refused = if is_part { judge.refuses_part(url) } else { judge.refuses(url) };
            refused.filter(|_| !self.places.contains(&url.key()))
        };
        let rules = RestoreRules { judge: &verdict, lifted: &self.lifted };
        let mut restore = Frontier::restore(bucket, self.limits, rules);
        let counts = give(&mut restore)?;
        Ok((restore.finish(), counts))
    }
}

fn lifted(plan: &Plan, notes: &Notes) -> Vec<SkipReason> {
    let mut lifted = Vec::new();
    // What `only` and `[[follow]]` leave out looks the same.
    let leaves_out = plan.config.sitemaps.only || !plan.config.follow.is_empty();
    if !plan.config.parse.nofollow && !leaves_out {
        lifted.push(SkipReason::Nofollow);
    }
    if notes.settings.as_ref().is_some_and(|settings| settings.robots != same_crawl::robots(plan)) {
        lifted.extend([SkipReason::Robots, SkipReason::Usage]);
    }
    lifted
}
