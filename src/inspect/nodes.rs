//! Nodes: who crawls together, for those who ask how far a crawl is.

use serde::Serialize;

use super::last_run::{RunState, time};
use crate::store::{NodeOverview, Overview, Standing};

/// A crawl over all of its nodes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Together {
    /// Its nodes.
    pub(crate) nodes: Vec<NodeStatus>,
    /// Its buckets.
    pub(crate) buckets: Buckets,
    /// Letters from one bucket to another that nobody has read yet.
    pub(crate) letters: u64,
}

/// Into what the hosts of a crawl are split.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Buckets {
    /// How many there are.
    pub(crate) count: u64,
    /// How many have something left to do.
    pub(crate) open: u64,
    /// How many are of no node.
    pub(crate) free: u64,
}

/// One node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct NodeStatus {
    /// Its number, as in `DIR/node`.
    pub(crate) id: String,
    /// Whether it is the one of this directory.
    pub(crate) is_here: bool,
    /// `alive`, `silent` (its lease is over), `lost` (it was declared so), `ended`.
    pub(crate) state: &'static str,
    /// How long it counts as alive without a word of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) lease_ms: Option<u64>,
    /// The name of its machine.
    pub(crate) machine: String,
    /// How many buckets it has.
    pub(crate) buckets: u64,
    /// Records in its outputs.
    pub(crate) records: u64,
    /// Its last commit, RFC 3339 in UTC with milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) committed_at: Option<String>,
}

impl Together {
    /// Those of a crawl that is, or may be, of more than one.
    pub(super) fn of(overview: &Overview) -> Option<Self> {
        let Overview { buckets, open, free, letters, nodes, here, .. } = overview;
        let status = |node: &NodeOverview| NodeStatus {
            id: node.id.clone(),
            is_here: node.id == *here,
            state: node.standing.name(),
            lease_ms: node.lease,
            machine: node.machine.clone(),
            buckets: node.buckets,
            records: node.records,
            committed_at: node.committed_at.map(time),
        };
        overview.is_shared().then(|| Self {
            nodes: nodes.iter().map(status).collect(),
            buckets: Buckets { count: *buckets, open: *open, free: *free },
            letters: *letters,
        })
    }
}

/// How a crawl stands over all nodes, of which the one of this directory stands so.
pub(super) fn state_of_all(overview: &Overview, state: RunState) -> RunState {
    let is_alive = |node: &NodeOverview| node.standing == Standing::Alive && node.id != overview.here;
    match overview.state.as_str() {
        _ if state == RunState::Running || overview.nodes.iter().any(is_alive) => RunState::Running,
        "complete" => RunState::Complete,
        "limit" => RunState::Limit,
        // This one may have come to its end, and another has left something.
        _ if matches!(state, RunState::Complete | RunState::Limit) => RunState::Interrupted,
        _ => state,
    }
}

#[cfg(test)]
mod tests {
    use RunState::{Complete, Interrupted, Running, Stopped};

    use super::*;

    #[test]
    fn a_crawl_is_over_when_it_is_for_all() {
        let of = |here: &str, state: &str, standing| {
            let node = NodeOverview {
                id: "b".to_owned(),
                file: 2,
                standing,
                lease: None,
                machine: String::new(),
                buckets: 0,
                records: 0,
                started_at: None,
                committed_at: None,
            };
            let (state, here) = (state.to_owned(), here.to_owned());
            Overview { state, nodes: vec![node], here, ..Overview::default() }
        };
        let cases = [
            ("complete", Standing::Ended, Stopped, Complete),
            ("running", Standing::Alive, Stopped, Running),
            ("running", Standing::Lost, Running, Running),
            ("running", Standing::Silent, Complete, Interrupted),
            ("running", Standing::Ended, Stopped, Stopped),
        ];
        for (state, standing, here, expected) in cases {
            assert_eq!(state_of_all(&of("a", state, standing), here), expected, "{state} {standing:?} {here:?}");
        }
        assert_eq!(state_of_all(&of("b", "running", Standing::Alive), Stopped), Stopped, "its lock says more");
    }
}
