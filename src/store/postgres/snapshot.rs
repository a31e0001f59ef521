//! A snapshot: everything that a database has of a crawl at one moment, for those who look at it from outside.

use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::blocking::Blocking;
use super::link::Link;
use super::schema::Found;
use super::server::{Purpose, Server};
use super::trouble::{Answer, Trouble};
use crate::error::{Error, Result};
use crate::store::NodeFile;
use crate::store_place::StorePlace;

/// A crawl as it is at one moment, by what a node of it sees.
#[derive(Debug)]
pub(crate) struct Snapshot {
    blocking: Blocking,
    server: Server,
    link: Link,
    pub(super) node: String,
}

/// A value of a row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    None,
    Integer(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl Value {
    /// A number, when it is one.
    pub(crate) fn integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            _ => None,
        }
    }
}

impl Snapshot {
    /// Opens that of the crawl of which a directory is a node; `None` when it has not begun there, or is not there any more.
    ///
    /// # Errors
    /// As [`Postgres::open`](super::Postgres::open).
    pub(crate) fn open(node: &NodeFile) -> Result<Option<Self>> {
        let Some(mut snapshot) = Self::of(&node.place())? else { return Ok(None) };
        snapshot.node.clone_from(&node.id);
        let mut has_begun = false;
        snapshot.each("SELECT 1 FROM session WHERE node = {node} LIMIT 1", &mut |_| {
            has_begun = true;
            Ok(())
        })?;
        Ok(has_begun.then_some(snapshot))
    }

    /// Opens that of the crawl in a place, seen by no node; `None` when there is none, or it has not begun.
    ///
    /// # Errors
    /// As [`Postgres::open`](super::Postgres::open).
    pub(crate) fn of(place: &StorePlace) -> Result<Option<Self>> {
        let (blocking, server) = (Blocking::new()?, Server::new(place)?);
        let opened = blocking.wait(async {
            let mut link = server.connect(Purpose::Everything).await?;
            if server.look(&mut link).await? != (Found::Crawl { has_begun: true }) {
                return Ok(None);
            }
            // All rows are read, and tables may have grown since anybody has counted them: a join that looks up each row of the one
            // in the other, which a cursor is given for its first rows, would take hours then.
            link.run(
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL cursor_tuple_fraction = 1; SET LOCAL enable_nestloop = off",
            )
            .await?;
            Ok::<_, Trouble>(Some(link))
        });
        let link = opened.map_err(|trouble| server.error("open", trouble))?;
        Ok(link.map(|link| Self { blocking, server, link, node: String::new() }))
    }

    /// The same, seen by a node.
    pub(crate) fn seen_by(self, node: &str) -> Self {
        Self { node: node.to_owned(), ..self }
    }

    /// What messages call it.
    pub(crate) fn shown(&self) -> &str {
        &self.server.shown
    }

    /// Gives the rows of a question to somebody. `{node}` in it is the node.
    pub(crate) fn each(&mut self, sql: &str, each: &mut dyn FnMut(Vec<Value>) -> Result<()>) -> Result<()> {
        let sql = sql.replace("{node}", &format!("'{}'", self.node));
        let mut read = || -> Answer<()> {
            let Self { blocking, link, .. } = self;
            blocking.wait(link.run(&format!("DECLARE rows NO SCROLL CURSOR FOR {sql}")))?;
            loop {
                let rows = blocking.wait(link.query_once("FETCH 20000 FROM rows"))?;
                if rows.is_empty() {
                    return blocking.wait(link.run("CLOSE rows"));
                }
                for row in &rows {
                    each(values(row)?)?;
                }
            }
        };
        let read = read();
        read.map_err(|trouble| self.server.error("read", trouble))
    }
}

fn values(row: &Row) -> Answer<Vec<Value>> {
    let value = |at: usize, kind: &Type| -> Answer<Value> {
        Ok(match *kind {
            Type::INT2 => row.try_get::<_, Option<i16>>(at)?.map_or(Value::None, |n| Value::Integer(n.into())),
            Type::INT4 => row.try_get::<_, Option<i32>>(at)?.map_or(Value::None, |n| Value::Integer(n.into())),
            Type::INT8 => row.try_get::<_, Option<i64>>(at)?.map_or(Value::None, Value::Integer),
            Type::BOOL => row.try_get::<_, Option<bool>>(at)?.map_or(Value::None, |is| Value::Integer(is.into())),
            Type::TEXT => row.try_get::<_, Option<String>>(at)?.map_or(Value::None, Value::Text),
            Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(at)?.map_or(Value::None, Value::Bytes),
            ref other => return Err(Error::Internal(format!("a column has the type {other}")).into()),
        })
    };
    row.columns().iter().enumerate().map(|(at, column)| value(at, column.type_())).collect()
}
