//! What memory holds of one URL, and of the ways to it.

use super::lease::HostId;
use crate::error::{Error, Result};
use crate::outcome::SkipReason;

/// How far a frontier goes.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The greatest depth that is requested.
    pub depth: Option<u32>,
    /// How many redirects may follow each other: the same bound as browsers have, or an endless chain of them would
    /// be an endless crawl at one depth. More than 1021 do not.
    pub redirects: u32,
    /// How many bytes of URLs that nobody has found before a site may add, ahead of what was requested of it.
    pub ahead: u64,
}

/// What decides about one URL whenever a link to it is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) depth: u32,
    /// Redirects since the last link, with [`PART`] where it is known as a part of a page; or [`NO_WAY`].
    pub(super) hops: u32,
    pub(super) state: NodeState,
    /// Known once it has been pending: what is only skipped makes no host.
    pub(super) host: Option<HostId>,
}

/// Where a URL lies and whose it is: a [`Node`] without its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position(u64);

/// The one state of a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeState {
    /// Waiting to be requested, or to be tried again.
    Pending,
    /// Being requested.
    InFlight,
    /// Requested, with a record.
    Settled,
    /// Known, not requested.
    Skipped(SkipReason),
    /// Of another bucket, whose accounts it is in: known here as what pages lead to.
    Elsewhere,
}

/// A way from a settled page to what it leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// The number of the URL that it leads to.
    pub to: u32,
    /// Whether it is a redirect, or leads to a part of the page: the same depth, one hop more.
    pub redirect: bool,
}

/// A path to a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Path {
    /// The number of links from a seed.
    pub depth: u32,
    /// Redirects since the last link, and 1024 more where it is known as a part of a page; 1023 when only nofollow links
    /// lead there, which are no paths.
    pub hops: u32,
    /// The number of the page that it comes from; `None` for a seed, and for what a sitemap lists.
    pub referrer: Option<u32>,
}

impl Path {
    /// Whether it leads to a part of a page.
    pub(crate) fn is_part(self) -> bool {
        self.hops & PART != 0
    }
}

impl Limits {
    /// Why a URL at this place is not requested.
    pub(super) fn forbid(self, depth: u32, hops: u32) -> Option<SkipReason> {
        if hops == NO_WAY {
            Some(SkipReason::Nofollow)
        } else if self.depth.is_some_and(|most| depth > most) {
            Some(SkipReason::Depth)
        } else if hops & !PART > self.redirects || (hops & !PART) + 1 >= NO_WAY {
            Some(SkipReason::Trap)
        } else {
            None
        }
    }
}

impl Node {
    /// Whether it is known as a part of a page, and as nothing else that is wanted.
    pub(super) fn is_part(self) -> bool {
        self.hops & PART != 0
    }

    /// # Errors
    /// A depth, a chain of redirects or a number of hosts beyond what its bits can count.
    pub(super) fn position(self) -> Result<Position> {
        let host = self.host.map_or(NO_HOST, |host| u64::from(host.0));
        let fits = u64::from(self.depth) <= DEPTH.mask() && u64::from(self.hops) <= HOPS.mask() && host <= HOST.mask();
        if !fits || (self.host.is_some() && host == NO_HOST) {
            return Err(Error::Internal(format!(
                "depth {}, {} redirects or host {host} is more than this frontier counts",
                self.depth, self.hops
            )));
        }
        Ok(Position(HOPS.put(self.hops.into()) | DEPTH.put(self.depth.into()) | HOST.put(host)))
    }
}

impl Position {
    pub(super) fn node(self, state: NodeState) -> Node {
        let host = HOST.get(self.0);
        Node {
            depth: DEPTH.get_u32(self.0),
            hops: HOPS.get_u32(self.0),
            state,
            host: (host != NO_HOST).then_some(HostId(HOST.get_u32(self.0))),
        }
    }

    /// Numbers are given in turn, not chosen by anybody: one multiplication spreads them, and its upper half is taken twice,
    /// since a table wants both ends of a hash.
    pub(super) fn hash(self) -> u64 {
        let spread = self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        spread ^ spread >> 32
    }
}

impl NodeState {
    pub(super) fn code(self) -> u8 {
        match self {
            Self::Pending => 0,
            Self::InFlight => 1,
            Self::Settled => 2,
            Self::Skipped(reason) => 3 + reason.code(),
            Self::Elsewhere => ELSEWHERE,
        }
    }

    pub(super) fn of(code: u32) -> Self {
        match code {
            0 => Self::Pending,
            1 => Self::InFlight,
            2 => Self::Settled,
            code if code == u32::from(ELSEWHERE) => Self::Elsewhere,
            code => {
                let reason = u8::try_from(code - 3).ok().and_then(SkipReason::of_code);
                Self::Skipped(reason.expect("only codes of reasons are packed"))
            }
        }
    }
}

/// Where in the 64 bits a number lies.
struct Bits {
    from: u32,
    count: u32,
}

impl Bits {
    const fn mask(&self) -> u64 {
        (1 << self.count) - 1
    }

    const fn put(&self, value: u64) -> u64 {
        value << self.from
    }

    const fn get(&self, packed: u64) -> u64 {
        (packed >> self.from) & self.mask()
    }

    fn get_u32(&self, packed: u64) -> u32 {
        u32::try_from(self.get(packed)).expect("no number has more than 32 bits")
    }
}

const HOPS: Bits = Bits { from: 0, count: 11 };
const DEPTH: Bits = Bits { from: 11, count: 23 };
const HOST: Bits = Bits { from: 34, count: 26 };
const NO_HOST: u64 = HOST.mask();

/// The last code that four bits can have: reasons to skip are numbered from the other end.
const ELSEWHERE: u8 = 15;

/// The hops of a URL to which only nofollow links lead: any other path is a better one.
pub(crate) const NO_WAY: u32 = PART - 1;

/// Among the hops of a URL, that it is known as a part of a page: it may be where no page may. Any path of a page is better
/// at the same depth.
pub(super) const PART: u32 = 1 << (HOPS.count - 1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packing_keeps_everything() {
        let states = SkipReason::ALL.into_iter().map(NodeState::Skipped);
        let others = [NodeState::Pending, NodeState::InFlight, NodeState::Settled, NodeState::Elsewhere];
        for state in states.chain(others) {
            for (depth, hops, host) in [(0, 0, None), ((1 << 23) - 1, 2047, Some(HostId((1 << 26) - 2))), (7, 3, None)]
            {
                let node = Node { depth, hops, state, host };
                assert_eq!(node.position().unwrap().node(state), node);
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let node = Node { depth: 0, hops: 0, state: NodeState::Pending, host: None };
        assert!(Node { depth: 1 << 23, ..node }.position().is_err());
        assert!(Node { hops: 2048, ..node }.position().is_err());
        assert!(Node { host: Some(HostId((1 << 26) - 1)), ..node }.position().is_err());
    }
}
