//! Signals: which of them stop a crawl, and which must not. A SIGHUP that was ignored when the process started, as
//! `nohup` has it, stays ignored: the crawl goes on without its terminal. SIGINT and SIGTERM are always heard.

use std::process::ExitCode;

use crate::error::{Error, Result};
use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

/// The signals that a crawl listens to: they no longer end the process by themselves.
#[derive(Debug)]
pub(super) struct Signals {
    interrupt: Stream,
    terminate: Stream,
    /// `None` when it is to be ignored.
    hangup: Option<Stream>,
}

/// What a crawl is stopped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    /// SIGINT.
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// SIGHUP: the terminal is gone.
    Hangup,
}

impl Signals {
    /// Listens. Needs a tokio runtime.
    pub(super) fn listen() -> Result<Self> {
        let hangup = if is_kept_from_hangup() { None } else { Some(listen(SignalKind::hangup())?) };
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())?, hangup })
    }

    /// The next signal that asks the crawl to stop. Cancel safe: a signal that is not taken comes again.
    pub(super) async fn next(&mut self) -> Signal {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            Some(()) = self.interrupt.recv() => Signal::Interrupt,
            Some(()) = self.terminate.recv() => Signal::Terminate,
            Some(()) = hangup => Signal::Hangup,
            else => std::future::pending().await,
        }
    }
}

impl Signal {
    /// 128 and the number of the signal, as shells have it.
    pub(super) fn exit_code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Hangup => 129,
            Self::Interrupt => 130,
            Self::Terminate => 143,
        })
    }
}

/// Lets a write beyond the greatest size of a file (`ulimit -f`) fail, as on a full disk: the crawl can then say which
/// file it was. SIGXFSZ, which is sent for it, would end the process if nobody listened. To be called before anything is
/// written; needs a tokio runtime.
pub(super) fn outlive_file_size_limit() -> Result<()> {
    listen(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw())).map(drop)
}

fn listen(kind: SignalKind) -> Result<Stream> {
    signal(kind).map_err(|error| Error::Internal(format!("cannot listen for signals: {error}")))
}

/// Whether SIGHUP is left as it is. `nohup` starts a process that ignores it, and listening would undo that. Only Linux
/// tells; elsewhere it ends the process, which no crawl is the worse for.
fn is_kept_from_hangup() -> bool {
    let ignored = std::fs::read_to_string("/proc/self/status").ok().and_then(|status| {
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
        u64::from_str_radix(mask.trim(), 16).ok()
    });
    ignored.is_none_or(|mask| mask & 1 != 0)
}
