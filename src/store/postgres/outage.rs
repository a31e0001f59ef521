//! An outage: a server that is away, or full, is waited for, with one message, and not for ever.

use std::time::{Duration, Instant};

use super::trouble::{Answer, PATIENCE, PAUSES, Trouble};

/// How long a server has not answered.
#[derive(Debug, Default)]
pub(super) struct Outage {
    since: Option<Instant>,
    pause: Duration,
}

impl Outage {
    /// Waits a moment before the next attempt when a trouble may pass; any other is given back.
    pub(super) async fn wait(&mut self, shown: &str, trouble: Trouble) -> Answer<()> {
        match trouble {
            Trouble::Passing(what) => {
                let since = *self.since.get_or_insert_with(|| {
                    let minutes = PATIENCE.as_secs() / 60;
                    tracing::warn!(
                        "the store {shown} does not answer: {what}; the crawl waits for it, up to {minutes} minutes"
                    );
                    Instant::now()
                });
                if since.elapsed() >= PATIENCE {
                    return Err(Trouble::Passing(format!("{what}, for {} minutes", PATIENCE.as_secs() / 60)));
                }
            }
            Trouble::Collided(what) => {
                tracing::warn!(
                    "the store {shown} had two transactions in each other's way, and is told once more: {what}"
                );
            }
            trouble => return Err(trouble),
        }
        self.pause = (self.pause * 2).clamp(PAUSES.0, PAUSES.1);
        pause(self.pause).await;
        Ok(())
    }

    /// Says that it is over, if there was one.
    pub(super) fn end(&self, shown: &str) {
        if self.since.is_some() {
            tracing::warn!("the store {shown} answers again: the crawl goes on");
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the thread is the store's: no host is waited for here, and no worker waits"
)]
pub(super) async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}
