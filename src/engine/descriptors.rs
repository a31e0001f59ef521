//! File descriptors: how those that a crawl may take are shared out.

/// How many connections a crawl may have. The three together take no more descriptors than there are, whichever hosts they
/// go to: when all that are kept are idle, each request needs one of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Descriptors {
    /// Requests in flight.
    pub(super) requests: usize,
    /// Connections that are kept for later requests.
    pub(super) kept: usize,
    /// Connections that are made to find out who is there.
    pub(super) knocks: usize,
}

impl Descriptors {
    /// Shares out what is free, for this many requests in flight at most. Without a bound they get what they want, and
    /// what is kept is less than what systems give each process by default.
    pub(super) fn share(free: Option<usize>, concurrency: usize) -> Self {
        let Some(free) = free else {
            return Self { requests: concurrency, kept: concurrency.max(KEPT), knocks: KNOCKS };
        };
        let connections = free.saturating_sub(RESERVE);
        let requests = concurrency.min(connections / 2).max(1);
        let left = connections.saturating_sub(requests);
        let knocks = (left / 2).min(MOST_KNOCKS);
        Self { requests, kept: left - knocks, knocks }
    }
}

/// For all that is no connection: the store and its log, outputs and their folders, the files that looking up names and
/// certificates takes, and connections that are tried side by side (RFC 8305).
const RESERVE: usize = 16;
const KEPT: usize = 512;
const KNOCKS: usize = 256;
/// Each is a packet or two, and the routers on the way have to remember it: those at home some thousands.
const MOST_KNOCKS: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_never_take_more_than_is_free() {
        let check = |free: usize, concurrency: usize, requests: usize, kept: usize, knocks: usize| {
            let shared = Descriptors::share(Some(free), concurrency);
            assert_eq!(shared, Descriptors { requests, kept, knocks }, "{free} for {concurrency}");
        };
        check(10_000, 64, 64, 9408, 512);
        check(1000, 64, 64, 460, 460);
        check(56, 200, 20, 10, 10);
        check(57, 200, 20, 11, 10);
        check(18, 200, 1, 1, 0);
        // Hardly possible, but a crawl of one connection at a time may still come through.
        check(3, 200, 1, 0, 0);
        for (concurrency, kept) in [(200, KEPT), (2000, 2000)] {
            let shared = Descriptors { requests: concurrency, kept, knocks: KNOCKS };
            assert_eq!(Descriptors::share(None, concurrency), shared);
        }
    }
}
