//! Without a store on disk there is no crawl to update.

use std::path::Path;

use super::beginning::Beginning;
use crate::crawl_dir::CrawlDir;
use crate::engine::asked_again::AskedAgain;
use crate::engine::plan::Plan;
use crate::error::{Error, Result};
use crate::observe::Summary;

/// An update that is never made.
#[derive(Debug)]
pub(in crate::engine) enum Updating {}

impl Updating {
    /// # Errors
    /// Always: there is no store to update.
    pub(in crate::engine) fn begin(_: CrawlDir, _: &Plan) -> Result<Beginning<Self>> {
        let problem = "this crawler is built without the feature `sqlite`, so there is no crawl that it could update";
        Err(Error::Usage(problem.to_owned()))
    }

    pub(in crate::engine) fn asked_again(&self) -> Option<AskedAgain> {
        match *self {}
    }

    pub(in crate::engine) fn dir(&self) -> &Path {
        match *self {}
    }

    #[expect(clippy::unused_async, reason = "the one beside a store waits")]
    pub(in crate::engine) async fn close(self, _: CrawlDir, _: &mut Summary) -> Result<()> {
        match self {}
    }
}
