//! Numbers: which number what is of one bucket has among all buckets.

/// The numbers that what is of one bucket has among all.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    pub(super) first_host: i64,
    /// [`NONE`] of what has no row.
    pub(super) urls: Vec<u32>,
}

impl Numbers {
    pub(super) fn url(&self, id: i64) -> Option<u32> {
        let number = usize::try_from(id).ok().and_then(|id| self.urls.get(id)).copied();
        number.filter(|number| *number != NONE)
    }
}

/// The number of what has no row.
pub(super) const NONE: u32 = u32::MAX;
