//! Usage: what a site and a page say of use, together, and what becomes of the page by that.

use super::Dispatcher;
use crate::frontier::Lease;
use crate::outcome::{Outcome, OutcomeKind};
use crate::usage::Usage;

impl Dispatcher {
    /// Puts what a site says of use together with what its page does, and makes of it what the policy is.
    pub(super) fn join_usage(&mut self, lease: &Lease, outcome: &mut Outcome) {
        if !matches!(outcome.kind, OutcomeKind::Ok | OutcomeKind::PaymentRequired) {
            return;
        }
        Usage::join(&mut outcome.usage, self.politeness.usage(lease.asked()));
        let Some(usage) = &mut outcome.usage else { return };
        usage.omitted = outcome.kind == OutcomeKind::Ok && self.policy.omits(usage);
        self.politeness.note_usage(lease.asked(), usage);
        if usage.omitted {
            outcome.omit_content();
        }
    }
}
