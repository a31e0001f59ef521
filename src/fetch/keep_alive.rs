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
///
/// Of a pool all connections can be closed or none, so each generation of origins has one of its own. When there is no room,
/// one is closed of which most origins were [left](Self::leave): a crawl goes on with the hosts that it has begun, so those
/// that it has begun together it is also done with together. To close what is idle for a while would hit the hosts that
/// rest as well, and each of their requests would have a connection of its own.
#[derive(Debug)]
pub(super) struct KeepAlive<P> {
    most: usize,
    most_bytes: u64,
    /// How long after its last request an origin may still have a connection.
    kept_for: Duration,
    kept: Mutex<Kept<P>>,
}

/// A request that may use a kept connection, and leave one behind.
#[derive(Debug)]
pub(super) struct Keeps<'a, P> {
    keep_alive: &'a KeepAlive<P>,
    origin: Arc<str>,
}

#[derive(Debug)]
struct Kept<P> {
    connections: usize,
    bytes: u64,
    origins: HashMap<Arc<str>, OriginConnections>,
    /// Each origin once it had a request, and when that had ended: the earliest first, as far as it had no other one since.
    quiet: VecDeque<(Instant, Arc<str>)>,
    /// The oldest first. New origins are of the last one.
    generations: VecDeque<Generation<P>>,
}

/// Origins that were met one after the other.
#[derive(Debug)]
struct Generation<P> {
    number: u64,
    /// Owns their connections.
    pool: P,
    connections: usize,
    bytes: u64,
    /// How many of them are of origins that were left.
    left: usize,
}

#[derive(Debug)]
struct OriginConnections {
    generation: u64,
    in_flight: usize,
    connections: usize,
    /// What each of them takes in memory.
    each: u64,
    quiet_since: Instant,
    /// Whether it has a place among the quiet ones.
    is_listed: bool,
    /// Whether nothing more was to be asked of it.
    is_left: bool,
}

impl<P: Clone> KeepAlive<P> {
    /// Keeps at most so many connections in so many bytes, each idle one for at most `kept_for`; this pool owns the first.
    pub(super) fn new(most: usize, most_bytes: u64, kept_for: Duration, pool: P) -> Self {
        let generations = VecDeque::from([Generation::new(0, pool)]);
        let (origins, quiet) = (HashMap::new(), VecDeque::new());
        let kept = Mutex::new(Kept { connections: 0, bytes: 0, origins, quiet, generations });
        Self { most, most_bytes, kept_for, kept }
    }

    /// Keeps at most so many connections.
    pub(super) fn keep_at_most(&mut self, most: usize) {
        self.most = most;
    }

    /// Closes all idle connections. `make` makes a pool for those to come; without one nothing is done.
    pub(super) fn close_idle(&self, make: impl FnOnce() -> Option<P>) {
        let mut kept = self.kept();
        if kept.begin(make) {
            while kept.generations.len() > 1 {
                kept.retire(0);
            }
        }
    }

    /// Whether a request to this origin may keep its connection, and which pool has it; as long as the answer lives, it is in
    /// flight. `make` makes a pool when the last one has its share.
    pub(super) fn claim(&self, origin: &str, now: Instant, make: impl Fn() -> Option<P>) -> Option<(Keeps<'_, P>, P)> {
        let mut kept = self.kept();
        kept.forget_before(now.checked_sub(self.kept_for));
        let is_idle = |known: &OriginConnections| known.in_flight < known.connections;
        if !kept.origins.get(origin).is_some_and(is_idle) && !self.make_room(&mut kept, &make) {
            return None;
        }
        let origin =
            kept.origins.get_key_value(origin).map_or_else(|| Arc::from(origin), |(known, _)| Arc::clone(known));
        let Kept { connections, bytes, origins, generations, .. } = &mut *kept;
        let generation = generations.back()?.number;
        let known = origins.entry(Arc::clone(&origin)).or_insert_with(|| OriginConnections::new(generation, now));
        let generation = Generation::of(generations, known.generation)?;
        if std::mem::take(&mut known.is_left) {
            generation.left -= known.connections;
        }
        known.in_flight += 1;
        if known.in_flight > known.connections {
            known.connections += 1;
            (*connections, generation.connections) = (*connections + 1, generation.connections + 1);
            (*bytes, generation.bytes) = (*bytes + known.each, generation.bytes + known.each);
        }
        Some((Keeps { keep_alive: self, origin }, generation.pool.clone()))
    }

    /// Whether there is room for one more connection, once what is idle was closed.
    fn make_room(&self, kept: &mut Kept<P>, make: impl Fn() -> Option<P>) -> bool {
        let has_share = kept.generations.back().is_some_and(|last| {
            last.connections >= (self.most / GENERATIONS).max(LEAST_SHARE)
                || last.bytes >= self.most_bytes / GENERATIONS as u64
        });
        if has_share {
            kept.begin(&make);
        }
        let has_room = |kept: &Kept<P>| kept.connections < self.most && kept.bytes < self.most_bytes;
        while !has_room(kept) {
            let Some(left) = kept.generations.iter().position(Generation::is_mostly_left) else { return false };
            if left + 1 == kept.generations.len() && !kept.begin(&make) {
                return false;
            }
            kept.retire(left);
        }
        true
    }
}

impl<P> KeepAlive<P> {
    /// Notes that nothing more is to be asked of an origin, as far as is known: its connections are the first to be closed.
    pub(super) fn leave(&self, origin: &str) {
        let mut kept = self.kept();
        let Kept { origins, generations, .. } = &mut *kept;
        if let Some(known) = origins.get_mut(origin)
            && known.in_flight == 0
            && !std::mem::replace(&mut known.is_left, true)
            && let Some(generation) = Generation::of(generations, known.generation)
        {
            generation.left += known.connections;
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept<P>> {
        // The counts are whole at any time: no holder panics between two of them.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<P> Kept<P> {
    /// Begins a generation.
    fn begin(&mut self, make: impl FnOnce() -> Option<P>) -> bool {
        let number = self.generations.back().map_or(0, |last| last.number + 1);
        let pool = make();
        let has_begun = pool.is_some();
        self.generations.extend(pool.map(|pool| Generation::new(number, pool)));
        has_begun
    }

    /// Forgets a generation that is not the last: its idle connections are closed, and the others once their requests end.
    /// Until then these count in the last one.
    fn retire(&mut self, at: usize) {
        let Some(old) = self.generations.remove(at) else { return };
        let Self { connections, bytes, origins, quiet, generations } = self;
        let Some(last) = generations.back_mut() else { return };
        (*connections, *bytes) = (*connections - old.connections, *bytes - old.bytes);
        origins.retain(|_, known| {
            if known.generation != old.number {
                return true;
            }
            (known.generation, known.connections) = (last.number, known.in_flight);
            (*connections, last.connections) = (*connections + known.in_flight, last.connections + known.in_flight);
            (*bytes, last.bytes) = (*bytes + known.bytes(), last.bytes + known.bytes());
            known.in_flight > 0
        });
        quiet.retain(|(_, origin)| origins.contains_key(origin));
    }

    /// Forgets the origins whose last request is so long ago that all their connections are closed.
    fn forget_before(&mut self, then: Option<Instant>) {
        while let Some((_, origin)) = self.quiet.pop_front_if(|(since, _)| then.is_some_and(|then| *since < then)) {
            let Some(known) = self.origins.get_mut(&origin) else { continue };
            known.is_listed = known.in_flight == 0 && then.is_some_and(|then| known.quiet_since >= then);
            if known.is_listed {
                self.quiet.push_back((known.quiet_since, origin));
            } else if known.in_flight == 0
                && let Some(known) = self.origins.remove(&origin)
            {
                self.forget(&known);
            }
        }
    }

    /// No more counts the connections of an origin, nor its generation if that has none besides.
    fn forget(&mut self, known: &OriginConnections) {
        self.connections -= known.connections;
        self.bytes -= known.bytes();
        let Some(generation) = Generation::of(&mut self.generations, known.generation) else { return };
        generation.connections -= known.connections;
        generation.bytes -= known.bytes();
        generation.left -= if known.is_left { known.connections } else { 0 };
        // The last one stays: it is the one of all that comes.
        let last = self.generations.back().map(|last| last.number);
        self.generations.retain(|one| one.connections > 0 || Some(one.number) == last);
    }
}

impl<P> Generation<P> {
    fn new(number: u64, pool: P) -> Self {
        Self { number, pool, connections: 0, bytes: 0, left: 0 }
    }

    /// The one with this number. There are few.
    fn of(all: &mut VecDeque<Self>, number: u64) -> Option<&mut Self> {
        all.iter_mut().find(|generation| generation.number == number)
    }

    /// Whether to close it gives more than it costs.
    fn is_mostly_left(&self) -> bool {
        self.left * 2 > self.connections
    }
}

impl OriginConnections {
    fn new(generation: u64, now: Instant) -> Self {
        Self {
            generation,
            in_flight: 0,
            connections: 0,
            each: LEAST,
            quiet_since: now,
            is_listed: false,
            is_left: false,
        }
    }

    fn bytes(&self) -> u64 {
        self.each * self.connections as u64
    }
}

impl<P> Keeps<'_, P> {
    /// Says how long the body of the answer was.
    pub(super) fn has_read(&self, bytes: u64) {
        // hyper reads into twice the room whenever a read has filled it, up to a bound of its own.
        let each = LEAST + bytes.next_power_of_two().min(MOST_READ);
        let mut kept = self.keep_alive.kept();
        let Kept { bytes, origins, generations, .. } = &mut *kept;
        if let Some(known) = origins.get_mut(&self.origin)
            && known.each < each
        {
            let more = (each - known.each) * known.connections as u64;
            known.each = each;
            *bytes += more;
            if let Some(generation) = Generation::of(generations, known.generation) {
                generation.bytes += more;
            }
        }
    }
}

impl<P> Drop for Keeps<'_, P> {
    fn drop(&mut self) {
        let now = Instant::now();
        let mut kept = self.keep_alive.kept();
        let Kept { origins, quiet, .. } = &mut *kept;
        if let Some(known) = origins.get_mut(&self.origin) {
            known.in_flight -= 1;
            if known.in_flight == 0 {
                known.quiet_since = now;
                if !std::mem::replace(&mut known.is_listed, true) {
                    quiet.push_back((now, Arc::clone(&self.origin)));
                }
            }
        }
    }
}

/// What an idle connection takes when it has never read much: its buffers, its task, its places in the pool.
const LEAST: u64 = 24 << 10;
/// The most that hyper reads at once.
const MOST_READ: u64 = 512 << 10;
/// Among how many generations what may be kept is shared, about.
const GENERATIONS: usize = 8;
/// How many connections a generation has at least before the next one begins: to make a pool costs as much as some of them.
const LEAST_SHARE: usize = 8;

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Keeps so many, in pools that are numbered.
    struct Numbered(KeepAlive<usize>, AtomicUsize);

    impl Numbered {
        fn claim(&self, origin: &str, now: Instant) -> Option<Keeps<'_, usize>> {
            self.pool(origin, now).map(|(keeps, _)| keeps)
        }

        fn pool(&self, origin: &str, now: Instant) -> Option<(Keeps<'_, usize>, usize)> {
            self.0.claim(origin, now, || Some(self.make()))
        }

        fn close_idle(&self) {
            self.0.close_idle(|| Some(self.make()));
        }

        fn make(&self) -> usize {
            self.1.fetch_add(1, Ordering::Relaxed) + 1
        }

        /// What all that is known comes to, after it was compared with what is counted.
        fn counted(&self) -> (u64, usize, usize) {
            let kept = self.0.kept();
            let connections: usize = kept.origins.values().map(|known| known.connections).sum();
            let bytes: u64 = kept.origins.values().map(OriginConnections::bytes).sum();
            assert_eq!((kept.connections, kept.bytes), (connections, bytes));
            let of_generations = kept.generations.iter().map(|one| (one.connections, one.bytes));
            let of_generations = of_generations.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
            assert_eq!(of_generations, (connections, bytes));
            (bytes, connections, kept.origins.len())
        }
    }

    fn keep_alive(most: usize) -> (Numbered, Instant) {
        (Numbered(KeepAlive::new(most, u64::MAX, Duration::from_secs(30), 0), AtomicUsize::new(0)), Instant::now())
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
        keep_alive.0.most_bytes = LEAST * 2 + (1 << 18);
        let long = keep_alive.claim("http://long", now).unwrap();
        long.has_read(200_000);
        drop(long);
        assert_eq!(keep_alive.counted(), (LEAST + (1 << 18), 1, 1));
        let short = keep_alive.claim("http://short", now).unwrap();
        assert!(keep_alive.claim("http://more", now).is_none());
        assert!(keep_alive.claim("http://long", now).is_some(), "its connection is there to be used");
        keep_alive.close_idle();
        assert_eq!(keep_alive.counted(), (LEAST, 1, 1), "the one in flight has its own");
        assert!(keep_alive.claim("http://more", now).is_some());
        drop(short);
        keep_alive.close_idle();
        assert_eq!(keep_alive.counted(), (0, 0, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn those_that_were_left_are_closed_for_others_and_those_that_rest_are_not() {
        let most = GENERATIONS * LEAST_SHARE;
        let (keep_alive, now) = keep_alive(most);
        let origin = |n: usize| format!("http://{n}");
        let pool = |n: usize| keep_alive.pool(&origin(n), now).map(|(_, pool)| pool);
        for n in 0..most {
            assert_eq!(pool(n), Some(n / LEAST_SHARE), "each generation has one of its own");
        }
        assert_eq!(pool(most), None, "all others may be asked again");
        for n in LEAST_SHARE..LEAST_SHARE + LEAST_SHARE / 2 {
            keep_alive.0.leave(&origin(n));
        }
        assert_eq!(pool(most), None, "the others of their generation are worth as much");
        keep_alive.0.leave(&origin(most - 1));
        keep_alive.0.leave(&origin(LEAST_SHARE * 2 - 1));
        keep_alive.counted();
        assert_eq!(pool(most), Some(GENERATIONS));
        assert_eq!(keep_alive.counted().1, most - LEAST_SHARE + 1, "one generation is closed");
        assert_eq!((pool(0), pool(most - 1)), (Some(0), Some(GENERATIONS - 1)));
        assert_eq!(pool(LEAST_SHARE), Some(GENERATIONS), "who was closed is of the last one");
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_in_flight_counts_on_when_its_generation_is_closed() {
        let (keep_alive, now) = keep_alive(2);
        let in_flight = keep_alive.pool("http://a", now).unwrap();
        drop(keep_alive.claim("http://a", now));
        keep_alive.0.leave("http://a");
        assert!(keep_alive.claim("http://b", now).is_none(), "it was not left while it is asked");
        keep_alive.close_idle();
        assert_eq!((in_flight.1, keep_alive.counted()), (0, (LEAST, 1, 1)));
        assert_eq!(keep_alive.pool("http://b", now).unwrap().1, 1);
        drop(in_flight);
        keep_alive.0.leave("http://a");
        keep_alive.0.leave("http://b");
        assert_eq!(keep_alive.pool("http://a", now).unwrap().1, 1);
        assert!(keep_alive.claim("http://c", now).is_none(), "one was asked again");
        keep_alive.0.leave("http://a");
        assert_eq!(keep_alive.pool("http://c", now).unwrap().1, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn there_is_a_generation_for_what_comes_when_all_before_are_closed() {
        let (keep_alive, now) = keep_alive(LEAST_SHARE);
        for n in 0..LEAST_SHARE {
            drop(keep_alive.claim(&format!("http://{n}"), now).unwrap());
        }
        assert!(keep_alive.claim("http://more", now).is_none(), "a generation has begun, without room");
        let later = now + Duration::from_secs(31);
        assert_eq!(keep_alive.pool("http://more", later).unwrap().1, 1);
        assert_eq!(keep_alive.counted(), (LEAST, 1, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_known_of_origins_does_not_grow_with_their_requests() {
        let (keep_alive, now) = keep_alive(100);
        for n in 0..1000 {
            drop(keep_alive.claim("http://a", now));
            let origin = format!("http://{n}");
            drop(keep_alive.claim(&origin, now));
            keep_alive.0.leave(&origin);
        }
        assert!(keep_alive.counted().2 <= 100);
        let kept = keep_alive.0.kept();
        assert!(kept.quiet.len() <= 100 && kept.generations.len() <= GENERATIONS + 2, "{kept:?}");
    }
}
