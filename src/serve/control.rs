//! Control: what somebody wants a crawl to do.

/// What a crawl is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Control {
    /// Start nothing new, and end.
    Stop,
    /// Start nothing new until it is to go on.
    Pause,
    /// Go on.
    Resume,
}

impl Control {
    /// What a path stands for.
    pub(super) fn of_path(path: &str) -> Option<Self> {
        match path {
            "/stop" => Some(Self::Stop),
            "/pause" => Some(Self::Pause),
            "/resume" => Some(Self::Resume),
            _ => None,
        }
    }
}
