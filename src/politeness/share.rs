//! Share: how many of a crawl's requests one host may hold once these get scarce.

/// The requests in flight over all hosts.
///
/// Slow hosts fill whatever there is: each answer takes its time, and each slot that a fast host gives back is taken by a
/// slow one, until none is left. So when three quarters are taken, the rest is only for hosts that have answered, and of
/// them for those that hold less than an equal share. A single host gets everything.
#[derive(Debug)]
pub(super) struct Share {
    /// How many there may be.
    room: usize,
    in_flight: usize,
    /// Hosts with at least one.
    hosts: usize,
}

impl Share {
    pub(super) fn set_room(&mut self, room: usize) {
        self.room = room;
    }

    /// Whether any host may have one more.
    pub(super) fn has_room(&self) -> bool {
        self.in_flight < self.room - self.room / 4
    }

    /// Whether a host that has so many in flight, and may have answered before, may have one more.
    pub(super) fn allows(&self, of_host: usize, has_answered: bool) -> bool {
        let hosts = self.hosts + usize::from(of_host == 0);
        let is_alone = hosts <= 1;
        self.has_room() || (has_answered || is_alone) && of_host < (self.room / hosts.max(1)).max(1)
    }

    /// A host that had so many in flight has one more.
    pub(super) fn started(&mut self, before: usize) {
        self.in_flight += 1;
        self.hosts += usize::from(before == 0);
    }

    /// A host has one less, and so many are left.
    pub(super) fn ended(&mut self, left: usize) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.hosts = self.hosts.saturating_sub(usize::from(left == 0));
    }
}

impl Default for Share {
    /// Without a bound.
    fn default() -> Self {
        Self { room: usize::MAX, in_flight: 0, hosts: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lets hosts take as many as they may, in turn, and gives what each has.
    fn filled(room: usize, wanted: &[usize]) -> Vec<usize> {
        let (mut share, mut has) = (Share::default(), vec![0; wanted.len()]);
        share.set_room(room);
        loop {
            let before = share.in_flight;
            for (has, wanted) in has.iter_mut().zip(wanted) {
                if *has < *wanted && share.in_flight < room && share.allows(*has, true) {
                    share.started(*has);
                    *has += 1;
                }
            }
            if share.in_flight == before {
                return has;
            }
        }
    }

    #[test]
    fn one_host_gets_everything() {
        assert_eq!(filled(64, &[100]), [64]);
        assert_eq!(filled(1, &[100]), [1]);
    }

    #[test]
    fn hosts_that_want_all_get_equal_shares() {
        assert_eq!(filled(64, &[100, 100]), [32, 32]);
        assert_eq!(filled(64, &[4; 16]), [4; 16]);
    }

    #[test]
    fn slow_hosts_leave_room_for_one_that_comes_later() {
        let mut share = Share::default();
        share.set_room(64);
        let mut slow = [0; 24];
        for _ in 0..4 {
            for has in &mut slow {
                if share.in_flight < 64 && share.allows(*has, true) {
                    share.started(*has);
                    *has += 1;
                }
            }
        }
        assert_eq!(slow.iter().sum::<usize>(), 48);
        assert!(share.allows(0, true) && share.allows(1, true), "the other host");
    }

    #[test]
    fn hosts_that_have_never_answered_leave_room_for_those_that_have() {
        let mut share = Share::default();
        share.set_room(16);
        for _ in 0..24 {
            if share.allows(0, false) {
                share.started(0);
            }
        }
        assert_eq!(share.in_flight, 12);
        assert!(!share.has_room() && share.allows(0, true));
        share.ended(0);
        assert!(share.has_room() && share.allows(0, false));
    }

    #[test]
    fn what_has_ended_is_free_again() {
        let mut share = Share::default();
        share.set_room(4);
        for before in 0..3 {
            share.started(before);
        }
        share.started(0);
        assert!(!share.allows(2, true), "two hosts, two each");
        share.ended(0);
        assert!(share.allows(3, false), "a host alone");
    }
}
