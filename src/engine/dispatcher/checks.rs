//! Checks: what is asked for only to find out whether it is there: by HEAD, and by GET where that is refused.

use super::job::Job;
use crate::engine::judge::Judge;
use crate::frontier::Lease;
use crate::media_type;
use crate::outcome::{FailureKind, Outcome, OutcomeKind};
use crate::request::Extent;

/// How what is known as a part of pages only is asked for.
///
/// - Without checks, and where settings follow parts, as any page.
/// - Else its first request is a HEAD. Many servers refuse that, or answer it with an error that no reader meets: then it
///   is asked for once more, by GET, and that answer counts. Both are admitted as any request is.
/// - Of a host that is out of scope, no body is read.
#[derive(Debug, Clone, Copy)]
pub(in crate::engine) struct Checks {
    how: How,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    /// Nothing is only looked for.
    Off,
    ByHead,
    /// An archive is to have what is there: by GET from the first.
    ByGet,
}

impl Checks {
    /// Nothing is only looked for.
    pub(in crate::engine) const OFF: Self = Self { how: How::Off };

    /// Parts are only looked for.
    pub(in crate::engine) const BY_HEAD: Self = Self { how: How::ByHead };

    /// The same, where an output wants what is sent and received.
    pub(in crate::engine) const BY_GET: Self = Self { how: How::ByGet };

    /// How much is wanted of the response to a job.
    pub(super) fn extent(self, job: &Job, judge: &Judge) -> Extent {
        match (self.how, job) {
            (How::Off, _) => Extent::Whole,
            (how, Job::Page(lease)) if lease.is_part => match (how, lease.attempt) {
                (How::ByHead, 1) => Extent::HeadOnly,
                _ if judge.is_in_scope(&lease.url) => Extent::Whole,
                _ => Extent::Head,
            },
            _ => Extent::Whole,
        }
    }

    /// Whether what came of a HEAD says nothing of what a reader would get, or tells of a page that is wanted whole.
    pub(super) fn asks_again(self, lease: &Lease, outcome: &Outcome, judge: &Judge) -> bool {
        if self.how != How::ByHead || !lease.is_part || lease.attempt != 1 {
            return false;
        }
        match outcome.kind {
            OutcomeKind::Redirect => false,
            OutcomeKind::HttpError | OutcomeKind::PaymentRequired => true,
            OutcomeKind::Failed => outcome.failure.as_ref().is_some_and(|failure| {
                let answers = matches!(failure.kind, FailureKind::Timeout | FailureKind::Reset | FailureKind::Protocol);
                answers && !failure.is_no_connection()
            }),
            OutcomeKind::Ok => {
                outcome.content_type.as_deref().is_some_and(media_type::is_html) && judge.is_in_scope(&lease.url)
            }
        }
    }
}
