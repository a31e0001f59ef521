//! The reporter: the thread on which an observer looks at the crawl, so that a slow terminal slows only itself.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Instant;

use crate::error::{Error, Result};
use crate::observe::{Observer, Stats};

/// Ends the looks when it is dropped, and waits for the last one: what is shown next must not mix with it.
#[derive(Debug)]
pub(super) struct Reporter {
    end: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Reporter {
    pub(super) fn start(mut observer: Box<dyn Observer>, stats: Arc<Stats>) -> Result<Self> {
        let (end, ended) = sync_channel(1);
        let thread = std::thread::Builder::new()
            .name("observer".to_owned())
            .spawn(move || {
                while ended.recv_timeout(observer.every()) == Err(RecvTimeoutError::Timeout) {
                    observer.look(&stats.snapshot(), Instant::now());
                }
                observer.end();
            })
            .map_err(|error| Error::Internal(format!("cannot start the observer: {error}")))?;
        Ok(Self { end: Some(end), thread: Some(thread) })
    }
}

impl Drop for Reporter {
    fn drop(&mut self) {
        self.end = None;
        if let Some(thread) = self.thread.take() {
            // An observer that panicked has said so itself; the crawl is none the worse.
            let _ = thread.join();
        }
    }
}
