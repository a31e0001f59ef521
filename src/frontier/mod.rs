//! The frontier: every URL that was ever discovered, in exactly one state, and which of them is due next.

mod bucket;
mod buckets;
mod change;
mod elsewhere;
mod fifo;
mod found;
mod graph;
#[cfg(any(test, feature = "postgres"))]
mod homes;
mod host_queue;
mod id_map;
mod known;
mod lease;
mod letter;
mod moves;
mod near;
mod node;
mod nodes;
mod options;
mod paths;
mod post;
mod restore;
mod schedule;
mod segments;
mod sites;
mod sums;
mod texts;
mod turns;
mod wants;

pub use bucket::{Bucket, Split};
pub use buckets::Frontier;
pub(crate) use change::{Change, Changes, Row, Rows, StoredUrl, Want, WantedFor};
pub use found::Found;
pub(crate) use found::{Moved, Place, Settlement};
pub use graph::Graph;
pub use lease::Lease;
pub(crate) use lease::{Hold, HostId};
#[cfg(test)]
pub(crate) use lease::{HostRef, LeaseId};
pub(crate) use letter::{Letter, LetterKind, Mail};
pub use node::Limits;
pub(crate) use node::{Edge, NodeState, Path};
pub use options::Options;
pub(crate) use restore::{KeptUrl, Restore, RestoreRules};
pub(crate) use segments::Segments;
pub(crate) use texts::OPEN_WANTS;
