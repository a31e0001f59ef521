//! The clock of the engine: tokio's, which tests may pause. Everybody else is told what time it is.

use std::time::Instant;

/// Now.
pub(super) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// Waits for an instant; for ever if there is none. Cancel safe.
pub(super) async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
