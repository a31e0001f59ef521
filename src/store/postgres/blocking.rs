//! Blocking: how what is asynchronous is waited for, on whatever thread that is.

use std::future::Future;
use std::panic::resume_unwind;
use std::thread;

use tokio::runtime::{Builder, Handle, Runtime};

use crate::error::{Error, Result};

/// A runtime of one thread, which runs as long as somebody waits for it: nothing goes on behind anybody's back.
#[derive(Debug)]
pub(super) struct Blocking {
    /// Only taken by `drop`.
    runtime: Option<Runtime>,
}

impl Blocking {
    pub(super) fn new() -> Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Error::Internal(format!("cannot start the store: {error}")))?;
        Ok(Self { runtime: Some(runtime) })
    }

    /// Waits for it. A store is opened wherever a crawl is put together, which may be within another runtime: there no
    /// thread may block, but one that is made for that.
    pub(super) fn wait<T: Send>(&self, work: impl Future<Output = T> + Send) -> T {
        let runtime = self.runtime.as_ref().expect("only `drop` takes it");
        if Handle::try_current().is_err() {
            return runtime.block_on(work);
        }
        thread::scope(|scope| {
            let waiting = scope.spawn(|| runtime.block_on(work));
            waiting.join().unwrap_or_else(|panic| resume_unwind(panic))
        })
    }
}

impl Drop for Blocking {
    fn drop(&mut self) {
        // To end one by dropping it is forbidden within another.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
