//! Checkpoints: how far an output is durable, as a store keeps it.

use super::Committed;

/// How far an output is durable. Kept by a store together with everything that led to the output, and given back at the
/// next start: the output is then cut back to it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Checkpoint {
    /// A file that only ever grows.
    Length {
        /// So many bytes of it, which end with a whole record.
        committed: u64,
        /// So many once corrected records are in its place, while they are about to be put there.
        amended: Option<u64>,
    },
}

impl Checkpoint {
    /// A file of so many bytes.
    pub fn length(committed: u64) -> Self {
        Self::Length { committed, amended: None }
    }
}

impl From<&Checkpoint> for Committed {
    fn from(checkpoint: &Checkpoint) -> Self {
        let Checkpoint::Length { committed, amended } = *checkpoint;
        Self { length: committed, amended }
    }
}
