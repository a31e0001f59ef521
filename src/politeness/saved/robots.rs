//! What is kept of a robots.txt, and the file by which the URLs of its host are judged.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::outcome::Failure;

/// What is kept of one robots.txt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum SavedRobots {
    /// It was read, or there is none.
    Read {
        /// The file ([`Robots::source`]).
        text: Arc<str>,
        /// How long it holds.
        until_ms: i64,
    },
    /// It could not be read, and nothing is allowed.
    DisallowAll {
        /// How long that holds.
        until_ms: i64,
    },
    /// It could not be read so far, or was being asked for.
    Unreachable {
        /// How often in a row it could not be read.
        attempts: u32,
        /// When it is asked for again; at once when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until_ms: Option<i64>,
        /// The file that was read last, however old; absent when there was none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last: Option<Arc<str>>,
        /// Why there was no connection; absent when there was one, or it was being asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        failure: Option<Failure>,
    },
    /// There is nobody to ask.
    NoConnection {
        /// Why not.
        failure: Failure,
        /// How long that holds.
        until_ms: i64,
    },
}

impl SavedRobots {
    /// The file by which URLs are judged, which may be an old one; `None` when it could not be read.
    pub(crate) fn rules(&self) -> Option<&Arc<str>> {
        match self {
            Self::Read { text, .. } => Some(text),
            Self::Unreachable { last, .. } => last.as_ref(),
            Self::DisallowAll { .. } | Self::NoConnection { .. } => None,
        }
    }
}
