//! The remote side: the server with the connections to it, and who this process is there.

use tokio_postgres::Row;

use super::join::Node;
use super::link::{Link, Values};
use super::outage::Outage;
use super::server::{Purpose, Server};
use super::trouble::Answer;

/// A node and its way to the database.
#[derive(Debug)]
pub(super) struct Remote {
    pub(super) server: Server,
    pub(super) node: Node,
    /// The connection that commits; `None` after a trouble.
    pub(super) writer: Option<Link>,
    /// The one that reads; `None` before the first question, and after a trouble.
    pub(super) reader: Option<Link>,
}

impl Remote {
    /// The rows of a question. Who only reads can ask again, whatever has happened.
    pub(super) async fn query(&mut self, sql: &'static str, values: Values<'_>) -> Answer<Vec<Row>> {
        let mut outage = Outage::default();
        loop {
            match self.query_now(sql, values).await {
                Ok(rows) => {
                    outage.end(&self.server.shown);
                    return Ok(rows);
                }
                Err(trouble) => {
                    self.reader = None;
                    outage.wait(&self.server.shown, trouble).await?;
                }
            }
        }
    }

    /// The same, asked once.
    pub(super) async fn query_now(&mut self, sql: &'static str, values: Values<'_>) -> Answer<Vec<Row>> {
        let link = match &mut self.reader {
            Some(link) => link,
            none => none.insert(self.server.connect(Purpose::Turns).await?),
        };
        link.query(sql, values).await
    }
}
