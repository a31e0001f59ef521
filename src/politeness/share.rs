//! Share: how many of a crawl's requests one host, or hosts of one kind, may hold once these get scarce.

use std::time::Instant;

use super::admit::Room;

/// How a host has answered so far, which decides how much of all requests it shares with others like it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// Not at all.
    Silent,
    /// Not at all, but somebody is there.
    Reached,
    /// It has answered, but is not known to be quick.
    Slow,
    /// Its latest page came quickly.
    Quick,
}

/// The requests in flight over all hosts.
///
/// Slow hosts fill whatever there is: each answer takes its time, and each slot that a fast host gives back is taken by a
/// slow one, until none is left. So at most three quarters are for hosts that are not known to answer quickly, as soon as
/// some host is, and at most half for those that have not answered anything yet, and an eighth more for those of them that
/// are known to be there; and when three quarters are taken, by whomever, no host gets more than an equal share. A single
/// host gets everything.
#[derive(Debug)]
pub(super) struct Share {
    /// How many there may be.
    slots: usize,
    in_flight: usize,
    /// How many of them may take their time.
    slow: usize,
    /// How many of those may never be answered.
    silent: usize,
    /// Hosts with at least one.
    hosts: usize,
    /// How the best of all hosts has answered: to keep slots for better ones is of no use.
    best: Standing,
    /// When a host gave its first answer, the last time.
    heard: Option<Instant>,
}

impl Share {
    pub(super) fn set_slots(&mut self, slots: usize) {
        self.slots = slots;
    }

    /// A host has answered so far.
    pub(super) fn met(&mut self, standing: Standing) {
        self.best = self.best.max(standing);
    }

    /// A host has given its first answer.
    pub(super) fn has_heard(&mut self, now: Instant) {
        self.heard = Some(now);
    }

    /// When one last did.
    pub(super) fn heard(&self) -> Option<Instant> {
        self.heard
    }

    /// Which hosts may have one more, whatever they have.
    pub(super) fn room(&self) -> Room {
        if self.in_flight >= self.slots || self.slow >= self.most_slow() {
            Room::None
        } else if self.silent >= self.most_reached() {
            Room::Answered
        } else if self.silent >= self.most_silent() {
            Room::Reached
        } else {
            Room::Any
        }
    }

    /// Whether a host that has so many in flight, and has answered so far as it has, may have one more.
    pub(super) fn allows(&self, of_host: usize, standing: Standing) -> bool {
        let hosts = self.hosts + usize::from(of_host == 0);
        let has_share = self.in_flight < self.most() || of_host < (self.slots / hosts.max(1)).max(1);
        let is_left = match standing {
            Standing::Quick => true,
            Standing::Slow => self.slow < self.most_slow(),
            Standing::Reached => self.slow < self.most_slow() && self.silent < self.most_reached(),
            Standing::Silent => self.slow < self.most_slow() && self.silent < self.most_silent(),
        };
        has_share && (hosts <= 1 || is_left)
    }

    /// A host that had so many in flight has one more.
    pub(super) fn started(&mut self, before: usize, standing: Standing) {
        self.in_flight += 1;
        self.slow += usize::from(standing != Standing::Quick);
        self.silent += usize::from(standing <= Standing::Reached);
        self.hosts += usize::from(before == 0);
    }

    /// A host has one less, which was started when it had answered so far, and so many are left.
    pub(super) fn ended(&mut self, left: usize, was: Standing) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.slow = self.slow.saturating_sub(usize::from(was != Standing::Quick));
        self.silent = self.silent.saturating_sub(usize::from(was <= Standing::Reached));
        self.hosts = self.hosts.saturating_sub(usize::from(left == 0));
    }

    /// Three quarters.
    fn most(&self) -> usize {
        self.slots - self.slots / 4
    }

    /// How many may take their time.
    fn most_slow(&self) -> usize {
        if self.best == Standing::Quick { self.most() } else { self.slots }
    }

    /// How many may never be answered: a half.
    fn most_silent(&self) -> usize {
        self.slots - self.slots / 2
    }

    /// How many of those that have not answered there may be at all: an eighth more, but not everything.
    fn most_reached(&self) -> usize {
        let most = self.most_silent() + self.slots.div_ceil(8);
        most.min(self.slots.saturating_sub(1)).max(self.most_silent())
    }
}

impl Default for Share {
    /// Without a bound.
    fn default() -> Self {
        Self { slots: usize::MAX, in_flight: 0, slow: 0, silent: 0, hosts: 0, best: Standing::Silent, heard: None }
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
                if *has < *wanted && share.in_flight < slots && share.allows(*has, Standing::Quick) {
                    share.started(*has, Standing::Quick);
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
            assert!(share.allows(before, Standing::Silent), "{before}");
            share.started(before, Standing::Silent);
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
            share.met(Standing::Quick);
            let mut has = vec![0; slow];
            for _ in 0..each {
                for has in &mut has {
                    if share.allows(*has, Standing::Slow) {
                        share.started(*has, Standing::Slow);
                        *has += 1;
                    }
                }
            }
            assert_eq!(share.in_flight, slots * 3 / 4, "{slow} hosts for {slots}");
            assert!(share.room() == Room::None && share.allows(0, Standing::Quick));
            share.ended(0, Standing::Slow);
            assert!(share.room() == Room::Any && share.allows(0, Standing::Slow));
        }
    }

    /// How many hosts of this standing may have a request, one each.
    fn taken(share: &mut Share, standing: Standing) -> usize {
        let asked = std::iter::repeat_with(|| {
            let allows = share.allows(0, standing);
            if allows {
                share.started(0, standing);
            }
            allows
        });
        asked.take(1000).filter(|asked| *asked).count()
    }

    #[test]
    fn hosts_that_never_answered_leave_room_for_those_that_did_however_many_they_are() {
        for (slots, silent, reached) in [(64, 32, 8), (16, 8, 2), (5, 3, 1), (2, 1, 0)] {
            let mut share = of(slots);
            assert_eq!(taken(&mut share, Standing::Silent), silent, "{slots}");
            assert_eq!(share.room(), if reached > 0 { Room::Reached } else { Room::Answered }, "{slots}");
            assert_eq!(taken(&mut share, Standing::Reached), reached, "{slots}: who is there comes first");
            assert_eq!(share.room(), Room::Answered, "{slots}");
            assert!(share.allows(0, Standing::Slow) && share.allows(0, Standing::Quick), "{slots}");
            for _ in 0..=reached {
                share.ended(0, Standing::Silent);
            }
            assert!(share.room() == Room::Any && share.allows(0, Standing::Silent), "{slots}");
        }
    }

    #[test]
    fn hosts_of_which_none_is_known_to_be_quick_get_everything() {
        let mut share = of(16);
        assert_eq!(taken(&mut share, Standing::Silent), 8);
        for _ in 8..16 {
            assert!(share.room() == Room::Reached && share.allows(0, Standing::Slow));
            share.started(0, Standing::Slow);
        }
        share.ended(0, Standing::Slow);
        assert!(share.allows(0, Standing::Slow) && !share.allows(0, Standing::Silent));
        share.met(Standing::Quick);
        assert!(share.room() == Room::None && !share.allows(0, Standing::Slow) && share.allows(0, Standing::Quick));
    }

    #[test]
    fn quick_hosts_leave_room_for_those_of_which_nothing_is_known() {
        let mut share = of(16);
        share.met(Standing::Quick);
        (0..15).for_each(|_| share.started(0, Standing::Quick));
        assert!(share.room() == Room::Any && share.allows(0, Standing::Silent));
        share.started(0, Standing::Silent);
        assert_eq!(share.room(), Room::None);
    }

    #[test]
    fn what_has_ended_is_free_again() {
        let mut share = of(4);
        for before in 0..3 {
            share.started(before, Standing::Quick);
        }
        share.started(0, Standing::Quick);
        assert!(!share.allows(2, Standing::Quick), "two hosts, two each");
        share.ended(0, Standing::Quick);
        assert!(share.allows(3, Standing::Silent), "a host alone");
    }
}
