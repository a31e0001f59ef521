//! Told: a failure that has its words already, and whose it may be beside the host's.

use std::error::Error;

use crate::outcome::Failure;

/// A failure that has its words, as a link of a chain.
#[derive(Debug, thiserror::Error)]
#[error("{failure}")]
pub(super) struct Told {
    pub(super) failure: Failure,
    doubt: Option<Doubt>,
}

/// A failure of which nobody here can say whether it is that of the host or of the proxy before it: another proxy shows that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubt {
    /// The proxy does not connect to the host, or hangs up when it is asked to.
    Refused,
    /// It says nothing of that as long as a connection may take.
    Silent,
}

/// Why a request has no answer.
#[derive(Debug)]
pub(super) struct NoAnswer {
    pub(super) failure: Failure,
    pub(super) doubt: Option<Doubt>,
}

impl Told {
    pub(super) fn new(failure: Failure, doubt: Option<Doubt>) -> Self {
        Self { failure, doubt }
    }
}

impl NoAnswer {
    /// What comes of an error that is this failure.
    pub(super) fn of(failure: Failure, error: &(dyn Error + 'static)) -> Self {
        let mut link = Some(error);
        let told = loop {
            match link.map(|link| (link.downcast_ref::<Told>(), link.source())) {
                Some((None, source)) => link = source,
                Some((told, _)) => break told,
                None => break None,
            }
        };
        Self { failure, doubt: told.and_then(|told| told.doubt) }
    }
}

impl From<Failure> for NoAnswer {
    fn from(failure: Failure) -> Self {
        Self { failure, doubt: None }
    }
}
