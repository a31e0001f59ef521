//! Told: what the database is told by one statement of a commit.

use tokio_postgres::types::ToSql;

/// A statement with its values, which live as long as it is being sent.
pub(super) struct Told {
    /// What the place is called at which a test cuts the connection.
    pub(super) name: &'static str,
    pub(super) sql: &'static str,
    pub(super) values: Vec<Box<dyn ToSql + Sync + Send>>,
    pub(super) touches: Touches,
}

/// How many rows a statement has to touch.
#[derive(Debug, Clone, Copy)]
pub(super) enum Touches {
    Any,
    /// So many URLs, or rows of them are gone.
    Urls(u64),
    /// The buckets that it answers are this node's from now on.
    Taken,
    /// One, or others crawl with other settings.
    Settings,
}

/// Values of a statement, one behind the other.
macro_rules! told {
    ($name:expr, $sql:expr $(, $value:expr)* $(,)?) => {
        Told { name: $name, sql: $sql, values: vec![$(Box::new($value) as Box<dyn tokio_postgres::types::ToSql + Sync + Send>),*], touches: $crate::store::postgres::told::Touches::Any }
    };
}
pub(super) use told;

/// As many rows as a statement writes well within its limit of time.
pub(super) const AT_ONCE: usize = 10_000;
