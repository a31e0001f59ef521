//! A connection to the server, which works while somebody waits for an answer: so it needs no task.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row, Statement};

use super::trouble::{Answer, Trouble};

/// What moves bytes between the client and the server, until the connection ends.
pub(super) type Driver = Pin<Box<dyn Future<Output = Result<(), tokio_postgres::Error>> + Send>>;

/// Values of a statement.
pub(super) type Values<'a> = &'a [&'a (dyn ToSql + Sync)];

/// One connection, with the statements that are prepared on it. After a [`Trouble`] that passes it is worth nothing: nobody
/// knows what the server has done.
pub(super) struct Link {
    client: Client,
    /// `None` once the connection has ended.
    driver: Option<Driver>,
    statements: HashMap<&'static str, Statement>,
    /// How long an answer may take; `None` for one who reads everything.
    patience: Option<Duration>,
}

impl Link {
    pub(super) fn new(client: Client, driver: Driver) -> Self {
        Self { client, driver: Some(driver), statements: HashMap::new(), patience: None }
    }

    /// The same, which waits so long for an answer: a server that is stopped closes no connection.
    pub(super) fn patient_for(self, patience: Duration) -> Self {
        Self { patience: Some(patience), ..self }
    }

    /// Runs a statement; how many rows it has touched.
    pub(super) async fn execute(&mut self, sql: &'static str, values: Values<'_>) -> Answer<u64> {
        let statement = self.prepared(sql).await?;
        let Self { client, driver, patience, .. } = self;
        driven(driver, *patience, client.execute(&statement, values)).await
    }

    /// The rows of a statement.
    pub(super) async fn query(&mut self, sql: &'static str, values: Values<'_>) -> Answer<Vec<Row>> {
        let statement = self.prepared(sql).await?;
        let Self { client, driver, patience, .. } = self;
        driven(driver, *patience, client.query(&statement, values)).await
    }

    /// The rows of a statement that is asked once.
    pub(super) async fn query_once(&mut self, sql: &str) -> Answer<Vec<Row>> {
        let Self { client, driver, patience, .. } = self;
        driven(driver, *patience, client.query(sql, &[])).await
    }

    /// Runs statements without values, at once.
    pub(super) async fn run(&mut self, sql: &str) -> Answer<()> {
        let Self { client, driver, patience, .. } = self;
        driven(driver, *patience, client.batch_execute(sql)).await
    }

    async fn prepared(&mut self, sql: &'static str) -> Answer<Statement> {
        let Self { client, driver, statements, patience } = self;
        match statements.entry(sql) {
            Entry::Occupied(known) => Ok(known.get().clone()),
            Entry::Vacant(new) => Ok(new.insert(driven(driver, *patience, client.prepare(sql)).await?).clone()),
        }
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("is_open", &self.driver.is_some()).finish_non_exhaustive()
    }
}

/// Waits for an answer, and has the connection work meanwhile.
async fn driven<T>(
    driver: &mut Option<Driver>,
    patience: Option<Duration>,
    work: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Answer<T> {
    let mut work = pin!(work);
    let mut why = None;
    let answer = poll_fn(|context| {
        if let Poll::Ready(answer) = work.as_mut().poll(context) {
            return Poll::Ready(answer);
        }
        if let Some(open) = driver
            && let Poll::Ready(end) = open.as_mut().poll(context)
        {
            why = end.err();
            *driver = None;
        }
        // The end of the connection is the answer, and the answer may have come with its end.
        if driver.is_none() { work.as_mut().poll(context) } else { Poll::Pending }
    });
    let answer = match patience {
        None => answer.await,
        Some(patience) => match tokio::time::timeout(patience, answer).await {
            Ok(answer) => answer,
            Err(_) => return Err(Trouble::Passing(format!("no answer for {} seconds", patience.as_secs()))),
        },
    };
    // That it was closed says less than why.
    answer.map_err(|error| match why {
        Some(why) if error.is_closed() => why.into(),
        _ => error.into(),
    })
}
