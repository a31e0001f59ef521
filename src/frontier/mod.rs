//! The frontier: every URL that was ever discovered, in exactly one state, and which of them is due next.

mod change;
mod fifo;
mod found;
mod graph;
mod host_queue;
mod id_map;
mod known;
mod lease;
mod near;
mod node;
mod options;
mod paths;
mod restore;
mod schedule;
mod segments;
mod texts;

pub use change::{Change, Row, Rows, StoredUrl, Want, WantedFor};
pub use found::{Found, Moved, Place};
pub use graph::Frontier;
pub use lease::{Hold, HostId, Lease, LeaseId};
pub use node::{Edge, Limits, NO_WAY, NodeState, Path};
pub use options::Options;
pub use restore::{Restore, RestoreRules};
pub(crate) use segments::Segments;
pub use texts::OPEN_WANTS;
