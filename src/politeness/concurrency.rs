//! Concurrency: how many requests a host gets at once. Half as many after trouble, more again while all goes well.

use std::time::Instant;

/// The requests that one host may have in flight: additive increase, multiplicative decrease, as TCP has it (RFC 5681).
///
/// It starts at the ceiling and not at one, as TCP does: the ceiling is what the user holds to be polite, and a host
/// that is well must not pay for those that are not.
#[derive(Debug, Clone)]
pub(super) struct Concurrency {
    ceiling: usize,
    allowed: usize,
    /// Responses since the last change.
    went_well: usize,
    /// When it was halved last.
    cut_at: Option<Instant>,
}

impl Concurrency {
    pub(super) fn new(ceiling: usize) -> Self {
        Self { ceiling, allowed: ceiling, went_well: 0, cut_at: None }
    }

    pub(super) fn allowed(&self) -> usize {
        self.allowed
    }

    /// What an earlier process had come down to; `None` at the ceiling, which may be another one now.
    pub(super) fn lowered(&self) -> Option<usize> {
        (self.allowed < self.ceiling).then_some(self.allowed)
    }

    pub(super) fn lower(&mut self, allowed: usize) {
        self.allowed = allowed.clamp(1, self.ceiling.max(1));
    }

    /// A response that says nothing of trouble. Once as many came as are allowed at once, that many go well.
    pub(super) fn went_well(&mut self) {
        if self.allowed >= self.ceiling {
            return;
        }
        self.went_well += 1;
        if self.went_well >= self.allowed {
            self.went_well = 0;
            // A fixed step, so that growing from a half takes as many rounds at any ceiling.
            self.allowed = (self.allowed + self.ceiling.div_ceil(STEPS)).min(self.ceiling);
        }
    }

    /// Too much was asked at once by a request that was sent at `sent`. What was sent up to the last cut says nothing
    /// new: a whole round of requests often ends the same way.
    pub(super) fn trouble(&mut self, sent: Instant, now: Instant) {
        if self.cut_at.is_some_and(|cut| sent <= cut) {
            return;
        }
        self.allowed = (self.allowed / 2).max(1);
        self.went_well = 0;
        self.cut_at = Some(now);
    }
}

const STEPS: usize = 10;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// How many responses it takes to get back to the ceiling.
    fn recovery(concurrency: &mut Concurrency) -> usize {
        let responses = (0..).take_while(|_| {
            let grows = concurrency.allowed() < concurrency.ceiling;
            concurrency.went_well();
            grows
        });
        responses.count()
    }

    #[test]
    fn trouble_halves_it_down_to_one() {
        let mut now = Instant::now();
        let mut concurrency = Concurrency::new(8);
        for halved in [4, 2, 1, 1] {
            now += Duration::from_secs(1);
            concurrency.trouble(now, now);
            assert_eq!(concurrency.allowed(), halved);
        }
    }

    #[test]
    fn one_round_of_requests_halves_it_once() {
        let sent = Instant::now();
        let mut concurrency = Concurrency::new(8);
        for n in 1..=8 {
            concurrency.trouble(sent, sent + Duration::from_millis(n));
        }
        assert_eq!(concurrency.allowed(), 4);
        let again = sent + Duration::from_millis(100);
        concurrency.trouble(again, again);
        assert_eq!(concurrency.allowed(), 2);
    }

    #[test]
    fn a_host_that_is_well_again_is_soon_at_the_ceiling() {
        let now = Instant::now();
        for (ceiling, responses) in [(1, 0), (2, 1), (4, 5), (16, 44), (100, 350), (1000, 3500)] {
            let mut concurrency = Concurrency::new(ceiling);
            concurrency.trouble(now, now);
            assert_eq!((recovery(&mut concurrency), concurrency.allowed()), (responses, ceiling));
        }
    }

    #[test]
    fn a_rare_failure_costs_little() {
        let mut now = Instant::now();
        let mut concurrency = Concurrency::new(64);
        let mut allowed = 0;
        for n in 0..100_000 {
            now += Duration::from_millis(1);
            if n % 1000 == 0 {
                concurrency.trouble(now, now);
            } else {
                concurrency.went_well();
            }
            allowed += concurrency.allowed();
        }
        assert!(allowed / 100_000 >= 60, "{}", allowed / 100_000);
    }

    #[test]
    fn what_was_lowered_stays_below_another_ceiling() {
        let mut concurrency = Concurrency::new(3);
        assert_eq!(concurrency.lowered(), None);
        concurrency.lower(9);
        assert_eq!(concurrency.lowered(), None);
        concurrency.lower(2);
        assert_eq!(concurrency.lowered(), Some(2));
        concurrency.lower(0);
        assert_eq!(concurrency.lowered(), Some(1));
    }
}
