//! Event: what the dispatcher waits for, and whether it may wait at all.

use super::job::Done;
use crate::engine::loading::Loaded;
use crate::engine::shutdown::Stop;
use crate::engine::writer::Heard;
use crate::error::Result;
use crate::url::CrawlUrl;

/// What happened next.
#[expect(clippy::large_enum_variant, reason = "one at a time, and most are answers: a box would cost more")]
pub(super) enum Event {
    /// A job is done.
    Done(Result<Done>),
    /// The writer has something to say.
    Heard(Heard),
    /// A bucket is here.
    Loaded(Box<Loaded>),
    /// A knock has ended, and who has answered it.
    Knocked(Option<CrawlUrl>),
    /// Someone stops the crawl.
    Stop(Stop),
    /// Its time is over.
    Deadline,
    /// Something may be started, or has to be kept.
    Due,
}

/// How far the dispatcher has come with starting whatever may start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filled {
    /// Nothing else can be started now.
    Up,
    /// There may be more to do: it only looks whether something has happened.
    Partly,
}
