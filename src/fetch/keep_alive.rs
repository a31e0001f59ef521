//! Keep-alive: which requests may leave a connection behind, so that idle ones take neither all file descriptors nor much
//! memory.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hashbrown::HashMap;
use tokio::time::Instant;

/// Bounds the connections that are kept, in use or idle.
///
/// A pool bounds them for each host only, and a broad crawl has no bound of hosts. So each origin counts with the most
/// requests that it had in flight at once, which is how many connections it may have, until all of them are closed. In
/// memory each of them counts as the longest body of its origin says.
#[derive(Debug)]
pub(super) struct KeepAlive {
    most: usize,
    most_bytes: u64,
    /// How long after its last request an origin may still have a connection.
    kept_for: Duration,
    kept: Mutex<Kept>,
}

/// A request that may use a kept connection, and leave one behind.
#[derive(Debug)]
pub(super) struct Keeps<'a> {
    keep_alive: &'a KeepAlive,
    origin: Arc<str>,
}

#[derive(Debug, Default)]
struct Kept {
    connections: usize,
    bytes: u64,
    origins: HashMap<Arc<str>, OriginConnections>,
    /// When which origin had its last request, the earliest first. Out of date when it has had another since.
    quiet: VecDeque<(Instant, Arc<str>)>,
}

#[derive(Debug)]
struct OriginConnections {
    in_flight: usize,
    connections: usize,
    /// What each of them takes in memory.
    each: u64,
    quiet_since: Instant,
}

impl KeepAlive {
    /// Keeps at most so many connections in so many bytes, each idle one for at most `kept_for`.
    pub(super) fn new(most: usize, most_bytes: u64, kept_for: Duration) -> Self {
        Self { most, most_bytes, kept_for, kept: Mutex::default() }
    }

    /// Keeps at most so many connections.
    pub(super) fn keep_at_most(&mut self, most: usize) {
        self.most = most;
    }

    /// Forgets the origins without a request in flight: their connections are closed.
    pub(super) fn forget_idle(&self) {
        let mut kept = self.kept();
        let Kept { connections, bytes, origins, quiet } = &mut *kept;
        quiet.clear();
        origins.retain(|_, known| {
            let is_idle = known.in_flight == 0;
            if is_idle {
                *connections -= known.connections;
                *bytes -= known.bytes();
            }
            !is_idle
        });
    }

    /// Whether a request to this origin may keep its connection; as long as the answer lives, it is in flight.
    pub(super) fn claim(&self, origin: &str, now: Instant) -> Option<Keeps<'_>> {
        let mut kept = self.kept();
        kept.forget_before(now.checked_sub(self.kept_for));
        let has_room = kept.connections < self.most && kept.bytes < self.most_bytes;
        let origin = match kept.origins.get_key_value(origin) {
            Some((origin, known)) if has_room || known.in_flight < known.connections => Arc::clone(origin),
            None if has_room => Arc::from(origin),
            _ => return None,
        };
        let new = OriginConnections { in_flight: 0, connections: 0, each: LEAST, quiet_since: now };
        let known = kept.origins.entry(Arc::clone(&origin)).or_insert(new);
        known.in_flight += 1;
        if known.in_flight > known.connections {
            known.connections += 1;
            let each = known.each;
            kept.connections += 1;
            kept.bytes += each;
        }
        Some(Keeps { keep_alive: self, origin })
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // The counts are whole at any time: no holder panics between two of them.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// Forgets the origins whose last request is so long ago that all their connections are closed.
    fn forget_before(&mut self, then: Option<Instant>) {
        while let Some((since, origin)) = self.quiet.pop_front_if(|(since, _)| then.is_some_and(|then| *since < then)) {
            let gone = |known: &OriginConnections| known.in_flight == 0 && known.quiet_since == since;
            if self.origins.get(&origin).is_some_and(gone)
                && let Some(known) = self.origins.remove(&origin)
            {
                self.connections -= known.connections;
                self.bytes -= known.bytes();
            }
        }
    }
}

impl OriginConnections {
    fn bytes(&self) -> u64 {
        self.each * self.connections as u64
    }
}

impl Keeps<'_> {
    /// Says how long the body of the answer was.
    pub(super) fn has_read(&self, bytes: u64) {
        // hyper reads into twice the room whenever a read has filled it, up to a bound of its own.
        let each = LEAST + bytes.next_power_of_two().min(MOST_READ);
        let mut kept = self.keep_alive.kept();
        if let Some(known) = kept.origins.get_mut(&self.origin)
            && known.each < each
        {
            let more = (each - known.each) * known.connections as u64;
            known.each = each;
            kept.bytes += more;
        }
    }
}

impl Drop for Keeps<'_> {
    fn drop(&mut self) {
        let now = Instant::now();
        let mut kept = self.keep_alive.kept();
        if let Some(known) = kept.origins.get_mut(&self.origin) {
            known.in_flight -= 1;
            if known.in_flight == 0 {
                known.quiet_since = now;
                kept.quiet.push_back((now, Arc::clone(&self.origin)));
            }
        }
    }
}

/// What an idle connection takes when it has never read much: its buffers, its task, its places in the pool.
const LEAST: u64 = 24 << 10;
/// The most that hyper reads at once.
const MOST_READ: u64 = 512 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn keep_alive(most: usize) -> (KeepAlive, Instant) {
        (KeepAlive::new(most, u64::MAX, Duration::from_secs(30)), Instant::now())
    }

    #[tokio::test(start_paused = true)]
    async fn an_origin_keeps_as_many_as_it_had_in_flight() {
        let (keep_alive, now) = keep_alive(3);
        let two = [keep_alive.claim("http://a", now), keep_alive.claim("http://a", now)];
        assert!(two.iter().all(Option::is_some));
        drop(two);
        let _b = keep_alive.claim("http://b", now).unwrap();
        assert!(keep_alive.claim("http://c", now).is_none(), "two of a may be idle, and b has one");
        let again = [keep_alive.claim("http://a", now), keep_alive.claim("http://a", now)];
        assert!(again.iter().all(Option::is_some), "those of a are there to be used");
        assert!(keep_alive.claim("http://a", now).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn room_comes_back_when_the_connections_of_an_origin_are_closed() {
        let (keep_alive, now) = keep_alive(1);
        let later = |seconds| now + Duration::from_secs(seconds);
        drop(keep_alive.claim("http://a", now).unwrap());
        assert!(keep_alive.claim("http://b", later(30)).is_none());
        assert!(keep_alive.claim("http://b", later(31)).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn an_origin_that_is_in_use_again_is_not_forgotten() {
        let (keep_alive, now) = keep_alive(1);
        drop(keep_alive.claim("http://a", now).unwrap());
        tokio::time::advance(Duration::from_secs(20)).await;
        let in_use = keep_alive.claim("http://a", Instant::now()).unwrap();
        tokio::time::advance(Duration::from_secs(20)).await;
        assert!(keep_alive.claim("http://b", Instant::now()).is_none(), "it is in use");
        drop(in_use);
        tokio::time::advance(Duration::from_secs(20)).await;
        assert!(keep_alive.claim("http://b", Instant::now()).is_none(), "it was in use 20 seconds ago");
        tokio::time::advance(Duration::from_secs(20)).await;
        assert!(keep_alive.claim("http://b", Instant::now()).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn without_room_nothing_is_kept() {
        let (keep_alive, now) = keep_alive(0);
        assert!(keep_alive.claim("http://a", now).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn connections_are_bounded_in_memory_by_the_longest_body_of_their_origin() {
        let (mut keep_alive, now) = keep_alive(usize::MAX);
        keep_alive.most_bytes = LEAST * 2 + (1 << 18);
        let long = keep_alive.claim("http://long", now).unwrap();
        long.has_read(200_000);
        drop(long);
        assert_eq!(keep_alive.kept().bytes, LEAST + (1 << 18));
        let short = keep_alive.claim("http://short", now).unwrap();
        assert!(keep_alive.claim("http://more", now).is_none());
        assert!(keep_alive.claim("http://long", now).is_some(), "its connection is there to be used");
        keep_alive.forget_idle();
        assert_eq!(keep_alive.kept().bytes, LEAST, "the one in flight has its own");
        assert!(keep_alive.claim("http://more", now).is_some());
        drop(short);
        keep_alive.forget_idle();
        let kept = keep_alive.kept();
        assert_eq!((kept.bytes, kept.connections, kept.origins.len()), (0, 0, 0));
    }
}
