//! File descriptors: how those that a crawl may take are shared out.

/// How many connections a crawl may have. The two together take no more descriptors than there are, whichever hosts they
/// go to: when all that are kept are idle, each request needs one of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Descriptors {
    /// Requests in flight.
    pub(super) requests: usize,
    /// Connections that are kept for later requests.
    pub(super) kept: usize,
}

impl Descriptors {
    /// Shares out what is free, for this many requests in flight at most. Without a bound they get what they want, and
    /// what is kept is less than what systems give each process by default.
    pub(super) fn share(free: Option<usize>, concurrency: usize) -> Self {
        let Some(free) = free else { return Self { requests: concurrency, kept: concurrency.max(KEPT) } };
        let connections = free.saturating_sub(RESERVE);
        let requests = concurrency.min(connections / 2).max(1);
        Self { requests, kept: connections.saturating_sub(requests) }
    }
}

/// For all that is no connection: the store and its log, outputs and their folders, the files that looking up names and
/// certificates takes, and connections that are tried side by side (RFC 8305).
const RESERVE: usize = 16;
const KEPT: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_and_kept_connections_never_take_more_than_is_free() {
        let check = |free: usize, concurrency: usize, requests: usize, kept: usize| {
            let shared = Descriptors::share(Some(free), concurrency);
            assert_eq!(shared, Descriptors { requests, kept }, "{free} for {concurrency}");
        };
        check(1000, 64, 64, 920);
        check(56, 200, 20, 20);
        check(57, 200, 20, 21);
        check(18, 200, 1, 1);
        // Hardly possible, but a crawl of one connection at a time may still come through.
        check(3, 200, 1, 0);
        assert_eq!(Descriptors::share(None, 200), Descriptors { requests: 200, kept: KEPT });
        assert_eq!(Descriptors::share(None, 2000), Descriptors { requests: 2000, kept: 2000 });
    }
}
