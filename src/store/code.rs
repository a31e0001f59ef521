//! Codes: the number that each state of a URL has in every store on disk.

use crate::frontier::NodeState;
use crate::outcome::{OutcomeKind, SkipReason};
use crate::url::{CrawlUrl, UrlKey};

/// The number of a state in the store.
pub(super) fn code(state: NodeState, kind: Option<OutcomeKind>) -> i64 {
    match (state, kind) {
        (NodeState::Pending | NodeState::InFlight, _) | (NodeState::Settled, None) => PENDING,
        (NodeState::Settled, Some(kind)) => match kind {
            OutcomeKind::Ok => 1,
            OutcomeKind::Redirect => 2,
            OutcomeKind::HttpError => 3,
            OutcomeKind::Failed => 4,
            OutcomeKind::PaymentRequired => 5,
        },
        (NodeState::Elsewhere, _) => ELSEWHERE,
        (NodeState::Skipped(reason), _) => FIRST_SKIPPED + i64::from(reason.code()),
    }
}

/// The state with a number.
pub(super) fn of_code(code: i64) -> Option<(NodeState, Option<OutcomeKind>)> {
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
pub(super) fn states() -> impl Iterator<Item = (i64, String)> {
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

/// Whether a text of a URL in a state may be what was written, without a checksum.
pub(super) fn is_sound_text(text: &str, state: i64) -> bool {
    let is_other = matches!(of_code(state), Some((NodeState::Skipped(SkipReason::Scheme | SkipReason::TooLong), _)));
    is_other || CrawlUrl::stored(text.into(), UrlKey::of_bytes([0; 16])).is_sound()
}

pub(super) const PENDING: i64 = 0;
/// Of what is of another bucket. No [`of_code`] has it: a store of one bucket has none.
pub(crate) const ELSEWHERE: i64 = 15;
/// Numbers in between are free for other outcomes.
pub(super) const FIRST_SKIPPED: i64 = 16;

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
