//! The store in one SQLite file.
//!
//! One transaction holds what belongs together: the states of URLs, the URLs they led to, and how far each output file is
//! durable. What each table means is in `docs/design/store.md`.

mod checksum;
mod database;
#[cfg(test)]
mod flipped;
mod keep;
mod open;
mod read;
mod read_back;
mod reader;
mod requeue;
#[cfg(any(test, fuzzing))]
mod sample;
mod set_back;
mod setting;
mod write;

#[cfg(feature = "internals")]
pub use super::file::APPLICATION_ID;
pub(crate) use database::Database;
pub(crate) use reader::{StoreReader, UrlRow};
#[cfg(all(any(test, fuzzing), feature = "internals"))]
pub use sample::{make_sample, read_sample};

use super::edges;
use crate::frontier::NodeState;
use crate::outcome::{OutcomeKind, SkipReason};
use crate::unread::Unread;
use crate::wall_clock::WallClock;

/// A [`Store`](super::Store) in one SQLite file of a crawl directory. Everything between two commits is one transaction.
#[derive(Debug)]
pub struct Sqlite {
    database: Database,
    clock: WallClock,
    /// Whether a transaction is open.
    open: bool,
    /// Whether no run has begun in it yet: until then nothing is waited for to be on disk.
    is_new: bool,
    /// The number of this run.
    session: i64,
    /// Lines of the output.
    records: i64,
    /// How many settled URLs were never asked for, when that is not written yet: it changes with each, and counts once.
    unasked: Option<u64>,
    /// What was met and not read, likewise.
    unread: Option<Box<Unread>>,
    /// Which file this is: a path may come to name another one.
    identity: Option<Identity>,
}

/// Device and number of a file.
type Identity = (u64, u64);

/// The number of a state in the store.
fn code(state: NodeState, kind: Option<OutcomeKind>) -> i64 {
    match (state, kind) {
        (NodeState::Pending | NodeState::InFlight, _) | (NodeState::Settled, None) => PENDING,
        (NodeState::Settled, Some(kind)) => match kind {
            OutcomeKind::Ok => 1,
            OutcomeKind::Redirect => 2,
            OutcomeKind::HttpError => 3,
            OutcomeKind::Failed => 4,
            OutcomeKind::PaymentRequired => 5,
        },
        (NodeState::Skipped(reason), _) => FIRST_SKIPPED + i64::from(reason.code()),
    }
}

/// The state with a number.
fn of_code(code: i64) -> Option<(NodeState, Option<OutcomeKind>)> {
    let settled = |kind| Some((NodeState::Settled, Some(kind)));
    match code {
        PENDING => Some((NodeState::Pending, None)),
        1 => settled(OutcomeKind::Ok),
        2 => settled(OutcomeKind::Redirect),
        3 => settled(OutcomeKind::HttpError),
        4 => settled(OutcomeKind::Failed),
        5 => settled(OutcomeKind::PaymentRequired),
        _ => {
            let reason = u8::try_from(code - FIRST_SKIPPED).ok().and_then(SkipReason::of_code)?;
            Some((NodeState::Skipped(reason), None))
        }
    }
}

/// All states with their numbers and names.
fn states() -> impl Iterator<Item = (i64, String)> {
    let settled = [
        OutcomeKind::Ok,
        OutcomeKind::Redirect,
        OutcomeKind::HttpError,
        OutcomeKind::Failed,
        OutcomeKind::PaymentRequired,
    ]
    .map(|kind| (code(NodeState::Settled, Some(kind)), kind.name().to_owned()));
    let skipped =
        SkipReason::ALL.map(|reason| (code(NodeState::Skipped(reason), None), format!("skipped: {}", reason.name())));
    std::iter::once((PENDING, "pending".to_owned())).chain(settled).chain(skipped)
}

const PENDING: i64 = 0;
/// Numbers in between are free for other outcomes.
const FIRST_SKIPPED: i64 = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_has_a_number_of_its_own() {
        let mut codes = std::collections::HashSet::new();
        for (number, name) in states() {
            assert!(codes.insert(number), "{name}");
            let (state, kind) = of_code(number).unwrap();
            assert_eq!(code(state, kind), number, "{name}");
        }
        assert!([6, 15, 16 + 10, -1].into_iter().all(|number| of_code(number).is_none()));
    }
}
