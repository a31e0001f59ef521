//! Why a crawl cannot go on. What goes wrong with one URL is not here: it is a [`Failure`](crate::outcome::Failure).

use std::path::{Path, PathBuf};

/// The result of everything that can end a crawl.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A crawl cannot start or cannot go on.
///
/// Messages are lower case, without a full stop, and fit after "failed to crawl: ".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// What the user asked for is wrong: a flag, a key of `crawl.toml`, a seed. The message names the input, the
    /// place, and the fix.
    #[error("{0}")]
    Usage(String),
    /// The operating system refused a file operation.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// The verb: "open", "write", …
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// Files of the crawl are gone, or are not what the crawl has left there: going on would lose records or repeat
    /// them. Nothing was changed. The message names the file, what is wrong with it, and what can be done.
    #[error("{0}")]
    Damaged(String),
    /// Another program has removed, renamed, replaced or changed an output while the crawl wrote to it. A crawl with a
    /// store that is continued finds out what is lost, and asks for that again.
    #[error("{} {what} by another program during the crawl", path.display())]
    Taken {
        /// The file.
        path: PathBuf,
        /// What has happened to it: "has been …".
        what: String,
    },
    /// Another process has taken the place of this one in a store in a database, or an older state of that was put back; or the other
    /// nodes of a crawl have not heard of this one for so long that they have taken its hosts. Nothing of this process was written
    /// since. A crawl that is built anew with the same directory goes on; the command does that by itself. The message names the
    /// store.
    #[error("{0}: another process has taken the place of this one, or an older state of the database was put back")]
    Fenced(String),
    /// This process or this machine has run out of something that every request needs, and it does not come back.
    #[error("cannot request anything any more: {0}")]
    Exhausted(String),
    /// No proxy lets requests through: it cannot be reached, or wants other credentials. The message names it, without its
    /// own.
    #[error("{0}")]
    Proxy(String),
    /// The reader of an output pipe is gone. Not worth a message: `crawler -o - | head` ends this way.
    #[error("the reader of the output has closed it")]
    ClosedPipe,
    /// A part of the crawl that has to run until the end stopped: a bug, never the fault of a site.
    #[error("internal error: {0}")]
    Internal(String),
}

impl Error {
    /// An I/O error with what was tried on which path; a broken pipe becomes [`Error::ClosedPipe`].
    pub fn io(action: &'static str, path: &Path, source: std::io::Error) -> Self {
        if source.kind() == std::io::ErrorKind::BrokenPipe {
            return Self::ClosedPipe;
        }
        Self::Io { action, path: path.to_owned(), source }
    }
}
