//! Each row of a question that has very many, over a connection of its own.

use tokio_postgres::Row;

use super::Postgres;
use super::link::Link;
use super::server::{Purpose, Server};
use super::trouble::Answer;
use crate::error::Result;

impl Postgres {
    /// Gives the rows of a question to somebody, some at a time and as they are at one moment, until that one has seen enough.
    pub(super) fn each_row(&self, sql: &str, each: &mut dyn FnMut(&[Row]) -> Answer<bool>) -> Result<()> {
        let mut read = || -> Answer<()> {
            let mut link = self.blocking.wait(begin_reading(&self.remote.server, sql))?;
            loop {
                let rows = self.blocking.wait(link.query(FETCH, &[]))?;
                if rows.is_empty() || !each(&rows)? {
                    // The transaction ends with the connection.
                    return Ok(());
                }
            }
        };
        read().map_err(|trouble| self.named(self.remote.server.error("read", trouble)))
    }
}

async fn begin_reading(server: &Server, sql: &str) -> Answer<Link> {
    let mut link = server.connect(Purpose::Everything).await?;
    link.run(&format!("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; DECLARE rows NO SCROLL CURSOR FOR {sql}"))
        .await?;
    Ok(link)
}

const FETCH: &str = "FETCH 20000 FROM rows";
