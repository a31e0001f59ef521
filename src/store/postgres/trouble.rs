//! Trouble: what goes wrong with a server, and whether it may pass.

use std::error::Error as _;
use std::time::Duration;

use tokio_postgres::error::SqlState;

use crate::error::Error;

/// What a statement comes to.
pub(super) type Answer<T> = std::result::Result<T, Trouble>;

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The server is away, or full, or just does not let anybody in: it is waited for. What was sent last may be done or not.
    Passing(String),
    /// The same batch has to be sent again: two transactions were in each other's way.
    Collided(String),
    /// The crawl is not this process's any more.
    Fenced,
    /// Nothing that goes away by itself.
    Lasting(Error),
    /// The server refuses a statement, in its words: told with its name by who knows that.
    Refused(String),
}

impl From<tokio_postgres::Error> for Trouble {
    fn from(error: tokio_postgres::Error) -> Self {
        let said = said(&error);
        match error.code() {
            Some(code) if is_collision(code) => Self::Collided(said),
            Some(code) if passes(code) => Self::Passing(said),
            Some(_) => Self::Refused(said),
            // Without a code it is not the server who speaks. What is wrong with a value is a bug, and what cannot be
            // understood of an answer may be that of a server that is going down.
            None if error.to_string().contains("serializ") => Self::Lasting(Error::Internal(said)),
            None => Self::Passing(said),
        }
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Lasting(error)
    }
}

/// What the server, or the client, says, on one line.
pub(super) fn said(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(error) => format!("{} ({})", error.message(), error.code().code()),
        None => match error.source() {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        },
    }
}

fn is_collision(code: &SqlState) -> bool {
    [SqlState::T_R_DEADLOCK_DETECTED, SqlState::T_R_SERIALIZATION_FAILURE].contains(code)
}

/// Whether what the server says may pass: classes 08 (connection), 53 (resources) and 57 (somebody intervened), a login that
/// is refused, since a password is changed in two places, one after the other, a standby that is not the primary yet, and a
/// lock that somebody holds.
fn passes(code: &SqlState) -> bool {
    let class = code.code().get(..2).unwrap_or_default();
    let others = [
        SqlState::INVALID_PASSWORD,
        SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
        SqlState::READ_ONLY_SQL_TRANSACTION,
        SqlState::LOCK_NOT_AVAILABLE,
        SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
    ];
    ["08", "53", "57"].contains(&class) || others.contains(code)
}

/// How long a server is waited for before the crawl ends.
pub(super) const PATIENCE: Duration = Duration::from_mins(10);
/// How long the first pause is, and the longest.
pub(super) const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_told_by_its_code() {
        for code in ["08006", "53100", "53300", "57P01", "57P03", "57014", "28P01", "25006", "55P03"] {
            assert!(passes(&SqlState::from_code(code)), "{code}");
        }
        for code in ["42P01", "22021", "23505", "3D000", "40001", "40P01", "42501", "XX000"] {
            assert!(!passes(&SqlState::from_code(code)), "{code}");
        }
        assert!(is_collision(&SqlState::from_code("40P01")) && !is_collision(&SqlState::from_code("53100")));
    }
}
