//! Share: how many of a crawl's requests one host may hold once these get scarce.

/// The requests in flight over all hosts.
///
/// Slow hosts fill whatever there is: each answer takes its time, and each slot that a fast host gives back is taken by a
/// slow one, until none is left. So at most three quarters are for hosts that are not known to answer quickly, as soon as
/// some host is; and when three quarters are taken, by whomever, no host gets more than an equal share. A single host
/// gets everything.
#[derive(Debug)]
pub(super) struct Share {
    /// How many there may be.
    slots: usize,
    in_flight: usize,
    /// How many of them may take their time.
    slow: usize,
    /// Hosts with at least one.
    hosts: usize,
    /// Whether a host is known to answer quickly: to keep slots for such is of no use before.
    has_quick: bool,
}

impl Share {
    pub(super) fn set_slots(&mut self, slots: usize) {
        self.slots = slots;
    }

    /// A host is known to answer quickly.
    pub(super) fn met_quick(&mut self) {
        self.has_quick = true;
    }

    /// Whether any host may have one more, also one that is slow.
    pub(super) fn has_slots(&self) -> bool {
        self.in_flight < self.slots && self.slow < self.most_slow()
    }

    /// Whether a host that has so many in flight, and is quick, may have one more.
    pub(super) fn allows(&self, of_host: usize, is_quick: bool) -> bool {
        let hosts = self.hosts + usize::from(of_host == 0);
        let has_share = self.in_flight < self.most() || of_host < (self.slots / hosts.max(1)).max(1);
        has_share && (is_quick || hosts <= 1 || self.slow < self.most_slow())
    }

    /// A host that had so many in flight has one more.
    pub(super) fn started(&mut self, before: usize, is_quick: bool) {
        self.in_flight += 1;
        self.slow += usize::from(!is_quick);
        self.hosts += usize::from(before == 0);
    }

    /// A host has one less, which was started as that of a quick host or not, and so many are left.
    pub(super) fn ended(&mut self, left: usize, was_quick: bool) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.slow = self.slow.saturating_sub(usize::from(!was_quick));
        self.hosts = self.hosts.saturating_sub(usize::from(left == 0));
    }

    /// How many may take their time.
    fn most_slow(&self) -> usize {
        if self.has_quick { self.most() } else { self.slots }
    }

    /// Three quarters.
    fn most(&self) -> usize {
        self.slots - self.slots / 4
    }
}

impl Default for Share {
    /// Without a bound.
    fn default() -> Self {
        Self { slots: usize::MAX, in_flight: 0, slow: 0, hosts: 0, has_quick: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lets quick hosts take as many as they may, in turn, and gives what each has.
    fn filled(slots: usize, wanted: &[usize]) -> Vec<usize> {
        let (mut share, mut has) = (of(slots), vec![0; wanted.len()]);
        loop {
            let before = share.in_flight;
            for (has, wanted) in has.iter_mut().zip(wanted) {
                if *has < *wanted && share.in_flight < slots && share.allows(*has, true) {
                    share.started(*has, true);
                    *has += 1;
                }
            }
            if share.in_flight == before {
                return has;
            }
        }
    }

    fn of(slots: usize) -> Share {
        Share { slots, ..Share::default() }
    }

    #[test]
    fn one_host_gets_everything() {
        assert_eq!(filled(64, &[100]), [64]);
        assert_eq!(filled(1, &[100]), [1]);
        let mut share = of(16);
        for before in 0..16 {
            assert!(share.allows(before, false), "{before}");
            share.started(before, false);
        }
    }

    #[test]
    fn hosts_that_want_all_get_equal_shares() {
        assert_eq!(filled(64, &[100, 100]), [32, 32]);
        assert_eq!(filled(64, &[4; 16]), [4; 16]);
    }

    #[test]
    fn slow_hosts_leave_room_for_quick_ones_however_many_they_are() {
        for (slots, slow, each) in [(64, 24, 4), (16, 24, 1), (16, 3, 16), (64, 200, 1)] {
            let mut share = of(slots);
            share.met_quick();
            let mut has = vec![0; slow];
            for _ in 0..each {
                for has in &mut has {
                    if share.allows(*has, false) {
                        share.started(*has, false);
                        *has += 1;
                    }
                }
            }
            assert_eq!(share.in_flight, slots * 3 / 4, "{slow} hosts for {slots}");
            assert!(!share.has_slots() && share.allows(0, true));
            share.ended(0, false);
            assert!(share.has_slots() && share.allows(0, false));
        }
    }

    #[test]
    fn hosts_of_which_none_is_known_to_be_quick_get_everything() {
        let mut share = of(16);
        for _ in 0..16 {
            assert!(share.has_slots() && share.allows(0, false));
            share.started(0, false);
        }
        share.met_quick();
        share.ended(0, false);
        assert!(!share.has_slots() && !share.allows(0, false) && share.allows(0, true));
    }

    #[test]
    fn quick_hosts_leave_room_for_those_of_which_nothing_is_known() {
        let mut share = of(16);
        share.met_quick();
        (0..15).for_each(|_| share.started(0, true));
        assert!(share.has_slots() && share.allows(0, false));
        share.started(0, false);
        assert!(!share.has_slots());
    }

    #[test]
    fn what_has_ended_is_free_again() {
        let mut share = of(4);
        for before in 0..3 {
            share.started(before, true);
        }
        share.started(0, true);
        assert!(!share.allows(2, true), "two hosts, two each");
        share.ended(0, true);
        assert!(share.allows(3, false), "a host alone");
    }
}
