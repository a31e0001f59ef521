//! Home: where a URL is in a crawl that nodes share: its bucket, who has that, and whose its record is.

use serde::Serialize;

use crate::store::sqlite::{Spot, StoreReader};

/// Where a URL is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Home {
    /// Its bucket.
    pub(crate) bucket: i64,
    /// Its number there, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) row: Option<i64>,
    /// The node that has the bucket; absent when it is free.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) owner: Option<String>,
    /// The node that has its record, when that is another than the one of this directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) recorded_by: Option<RecordedBy>,
}

/// Whose a record is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct RecordedBy {
    /// The node.
    pub(crate) node: String,
    /// Its machine.
    pub(crate) machine: String,
    /// The line in its output, from 1.
    pub(crate) line: i64,
}

impl Home {
    /// That of a URL which is there; `None` of a crawl that is one node's and of one bucket.
    pub(super) fn of(store: &StoreReader, spot: Spot) -> Option<Self> {
        let overview = store.overview().filter(|overview| overview.is_shared())?;
        let recorded_by = spot.record.and_then(|(file, line)| {
            let node = overview.nodes.iter().find(|node| node.file == file && node.id != overview.here)?;
            Some(RecordedBy { node: node.id.clone(), machine: node.machine.clone(), line })
        });
        Some(Self { bucket: spot.bucket, row: Some(spot.id), owner: owner(store, spot.bucket), recorded_by })
    }
}

/// The node that has a bucket.
pub(super) fn owner(store: &StoreReader, bucket: i64) -> Option<String> {
    let owners = &store.overview()?.owners;
    usize::try_from(bucket).ok().and_then(|bucket| owners.get(bucket))?.clone()
}
