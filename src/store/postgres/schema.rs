//! The schema of a crawl: whose it is, and that of a new one.

use std::fmt::Write as _;
use std::num::NonZeroU16;
use std::time::Duration;

use super::Server;
use super::link::Link;
use super::trouble::{Answer, Trouble};
use crate::error::Error;
use crate::frontier::Split;
use crate::store::code::{ELSEWHERE, states};

/// What was fixed when a crawl was made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Made {
    pub(super) split: Split,
    /// How long a node is believed to live without a word of it.
    pub(super) ttl: Duration,
}

/// What a database has under the name of a crawl.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    Nothing,
    /// A crawl of this program, which may be one that was killed before it had begun.
    Crawl {
        has_begun: bool,
    },
}

impl Server {
    /// Looks what is there.
    ///
    /// # Errors
    /// [`Error::Usage`] when it is of something else, or of a newer version of this program.
    pub(super) async fn look(&self, link: &mut Link) -> Answer<Found> {
        let there = "SELECT to_regclass(current_setting('search_path') || '.crawl') IS NOT NULL, \
                     EXISTS (SELECT FROM pg_namespace WHERE nspname = current_setting('search_path'))";
        let rows = link.query(there, &[]).await?;
        let row = rows.first().ok_or_else(|| Trouble::Passing("no answer".to_owned()))?;
        let (is_crawl, is_schema): (bool, bool) = (row.try_get(0)?, row.try_get(1)?);
        let refused = |what: &str| Err(Trouble::from(Error::Usage(format!("{}: {what}", self.shown))));
        if !is_schema {
            return Ok(Found::Nothing);
        }
        if !is_crawl {
            let schema = &self.schema;
            return refused(&format!(
                "the schema {schema} is not of crawler, or this user may not read it, and is left alone; --name takes another"
            ));
        }
        let asked = "SELECT version, EXISTS (SELECT FROM node WHERE turn > 0) FROM crawl";
        let Some(row) = link.query(asked, &[]).await?.pop() else { return refused("its table `crawl` is empty") };
        match row.try_get::<_, i32>(0)? {
            VERSION => Ok(Found::Crawl { has_begun: row.try_get(1)? }),
            version if version < VERSION => refused(&format!(
                "it was made by an older crawler (version {version} of the store; this one knows {VERSION}), which was never \
                 released; drop its schema ({}), or --name takes another name",
                self.schema
            )),
            version => refused(&format!(
                "it was made by a newer crawler (version {version} of the store; this one knows {VERSION}); use that one, or \
                 --name takes another name"
            )),
        }
    }

    /// Makes the schema of a new crawl, as one.
    pub(super) async fn create(&self, link: &mut Link) -> Answer<()> {
        let Self { schema, making, .. } = self;
        let mut sql = format!("BEGIN; CREATE SCHEMA {schema}; {SCHEMA}");
        for (code, name) in states().chain([(ELSEWHERE, "elsewhere".to_owned())]) {
            let _ = write!(sql, "INSERT INTO state VALUES ({code}, '{name}');");
        }
        let (buckets, ttl) = (making.buckets, making.lease.as_secs_f64());
        let _ = write!(
            sql,
            "INSERT INTO crawl (version, buckets, split, state, ttl) VALUES ({VERSION}, {buckets}, 'host', 'running', '{ttl} s'); \
             INSERT INTO bucket (id) SELECT generate_series(0, {buckets} - 1); COMMIT"
        );
        match link.run(&sql).await {
            // Another directory has just made it.
            Err(Trouble::Refused(said)) if said.contains("(42P06)") || said.contains("(23505)") => {
                link.run("ROLLBACK").await
            }
            made => made,
        }
    }

    /// What was fixed when the crawl was made.
    pub(super) async fn made(&self, link: &mut Link) -> Answer<Made> {
        let asked = "SELECT buckets, extract(epoch FROM ttl)::float8 FROM crawl";
        let row = link.query(asked, &[]).await?.pop();
        let row = row.ok_or_else(|| Error::Damaged("the table `crawl` is empty".to_owned()))?;
        let (buckets, ttl): (i32, f64) = (row.try_get(0)?, row.try_get(1)?);
        let split = u16::try_from(buckets).ok().and_then(NonZeroU16::new).map(Split::into);
        let split = split.ok_or_else(|| Error::Damaged(format!("a crawl has {buckets} buckets")))?;
        let ttl = Duration::try_from_secs_f64(ttl).map_err(|_| Error::Damaged("no lease is so long".to_owned()))?;
        Ok(Made { split, ttl })
    }

    /// Deletes a crawl of this program, with all that belongs to it.
    pub(super) async fn drop(&self, link: &mut Link) -> Answer<()> {
        link.run(&format!("DROP SCHEMA {} CASCADE", self.schema)).await
    }
}

/// The version of the schema.
const VERSION: i32 = 2;
const SCHEMA: &str = include_str!("schema.sql");
