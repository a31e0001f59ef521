//! A host that is asked once more: what is forgotten of it.

use super::{SavedHost, SavedRobots};

impl SavedHost {
    /// Forgets that nothing good came of it: it is asked as one that has never failed. Whether there was anything to forget.
    pub(crate) fn forget_trouble(&mut self) -> bool {
        let mut forgotten = self.breaker_http.take().is_some();
        forgotten |= self.breaker_https.take().is_some();
        for robots in [&mut self.robots_http, &mut self.robots_https] {
            let is_trouble = matches!(robots, Some(SavedRobots::Unreachable { .. } | SavedRobots::NoConnection { .. }));
            if is_trouble {
                *robots = None;
                forgotten = true;
            }
        }
        forgotten
    }
}
