//! The budget of memory: how many bytes of bodies, and of what comes of them, there may be at once.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::Notify;

/// Bytes that all bodies of a crawl share, with what comes of them until it is written. Cloning is cheap, and gives the
/// same budget.
///
/// A body grows while it arrives, and waits when there is no room. It is *kept* once it has come to its
/// end: then it is parsed and written, and whoever does that waits for no room. So as long as anything is kept, room will
/// come. When nothing is, only bodies hold the budget, and all of them may be waiting for more: then the oldest goes on
/// without room, until it has come to its end. So there are never more bytes than the budget, and one body beyond it; but
/// for the start of each body, and for what one piece of it decodes to.
#[derive(Debug, Clone)]
pub struct Budget {
    shared: Arc<Shared>,
}

/// A body on its way. Dropping it gives its bytes back.
#[derive(Debug)]
pub(super) struct Growing {
    shared: Arc<Shared>,
    /// The lower, the older.
    ticket: u64,
    bytes: u64,
}

/// Bytes that are in memory until this is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    shared: Arc<Shared>,
    bytes: u64,
}

#[derive(Debug)]
struct Shared {
    most: u64,
    account: Mutex<Account>,
    /// Some have come back, or another body is the oldest.
    changed: Notify,
}

#[derive(Debug, Default)]
struct Account {
    /// The bodies on their way.
    growing: BTreeSet<u64>,
    next_ticket: u64,
    growing_bytes: u64,
    kept_bytes: u64,
    /// How many bodies wait.
    waiting: usize,
}

/// A body, and its share of the budget.
struct Owned<T> {
    bytes: T,
    _held: Held,
}

impl<T: AsRef<[u8]>> AsRef<[u8]> for Owned<T> {
    fn as_ref(&self) -> &[u8] {
        self.bytes.as_ref()
    }
}

impl Budget {
    /// So many bytes.
    pub fn new(most: u64) -> Self {
        let shared = Shared { most, account: Mutex::default(), changed: Notify::new() };
        Self { shared: Arc::new(shared) }
    }

    /// Counts bytes that are there already. Nobody is waited for; who comes later waits for them.
    pub(crate) fn hold(&self, bytes: u64) -> Held {
        self.shared.account().kept_bytes += bytes;
        Held { shared: Arc::clone(&self.shared), bytes }
    }

    /// A body that is about to arrive.
    pub(super) fn begin(&self) -> Growing {
        let mut account = self.shared.account();
        let ticket = account.next_ticket;
        account.next_ticket += 1;
        account.growing.insert(ticket);
        drop(account);
        Growing { shared: Arc::clone(&self.shared), ticket, bytes: 0 }
    }
}

impl Growing {
    /// Waits until so many bytes more may be there. Whether it had to wait.
    ///
    /// # Cancel safety
    /// Nothing is taken before it is there.
    pub(super) async fn grow(&mut self, bytes: u64) -> bool {
        if self.take(bytes) {
            return false;
        }
        let waiting = Waiting::for_room(Arc::clone(&self.shared));
        loop {
            let mut changed = std::pin::pin!(waiting.0.changed.notified());
            // Before the look: what changes after it is not missed.
            changed.as_mut().enable();
            if self.take(bytes) {
                return true;
            }
            changed.await;
        }
    }

    /// Says how many bytes there are now, when they are others than were asked for.
    pub(super) fn set(&mut self, bytes: u64) {
        let mut account = self.shared.account();
        account.growing_bytes = account.growing_bytes - self.bytes + bytes;
        let is_less = bytes < self.bytes;
        self.bytes = bytes;
        self.shared.tell(account, is_less);
    }

    /// The body has come to its end.
    pub(super) fn keep(mut self) -> Held {
        let bytes = std::mem::take(&mut self.bytes);
        let mut account = self.shared.account();
        account.growing_bytes -= bytes;
        account.kept_bytes += bytes;
        drop(account);
        Held { shared: Arc::clone(&self.shared), bytes }
    }

    fn take(&mut self, bytes: u64) -> bool {
        let mut account = self.shared.account();
        let is_admitted = account.admits(self.shared.most, self.ticket, self.bytes, bytes);
        if is_admitted {
            account.growing_bytes += bytes;
            drop(account);
            self.bytes += bytes;
        }
        is_admitted
    }
}

impl Held {
    /// These bytes, which are given back when the last of them is dropped.
    pub(super) fn owning(self, bytes: impl AsRef<[u8]> + Send + 'static) -> Bytes {
        Bytes::from_owner(Owned { bytes, _held: self })
    }

    /// A part of it.
    pub(super) fn split(&mut self, bytes: u64) -> Self {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        Self { shared: Arc::clone(&self.shared), bytes }
    }
}

impl Shared {
    fn account(&self) -> MutexGuard<'_, Account> {
        // The counts are whole at any time: no holder panics between two of them.
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, account: MutexGuard<'_, Account>, has_changed: bool) {
        let tells = has_changed && account.waiting > 0;
        drop(account);
        if tells {
            self.changed.notify_waiters();
        }
    }
}

impl Account {
    /// Whether a body that holds some bytes may have more.
    fn admits(&self, most: u64, ticket: u64, held: u64, more: u64) -> bool {
        let all = self.growing_bytes + self.kept_bytes;
        let is_short = held + more <= FREE && all <= most.saturating_add(most / 8);
        let is_oldest = || self.growing.first() == Some(&ticket);
        is_short || all + more <= most || self.kept_bytes == 0 && is_oldest()
    }
}

/// Counts one that waits.
struct Waiting(Arc<Shared>);

impl Waiting {
    fn for_room(shared: Arc<Shared>) -> Self {
        shared.account().waiting += 1;
        Self(shared)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.account().waiting -= 1;
    }
}

impl Drop for Growing {
    fn drop(&mut self) {
        let mut account = self.shared.account();
        account.growing.remove(&self.ticket);
        account.growing_bytes -= self.bytes;
        self.shared.tell(account, true);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut account = self.shared.account();
        account.kept_bytes -= self.bytes;
        self.shared.tell(account, self.bytes > 0);
    }
}

/// So much of each body waits for no room while the budget is not exceeded by more than an eighth: short pages go on
/// beside long ones that are in no hurry.
const FREE: u64 = 64 << 10;

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::sync::atomic::{AtomicU64, Ordering};

    use tokio::task::{JoinSet, yield_now};

    use super::*;

    const KIB: u64 = 1 << 10;

    /// Whether it has to wait.
    async fn waits(future: impl Future<Output = bool>) -> bool {
        tokio::time::timeout(std::time::Duration::from_secs(1), future).await.is_err()
    }

    fn all(budget: &Budget) -> u64 {
        let account = budget.shared.account();
        account.growing_bytes + account.kept_bytes
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_waits_for_room_and_has_it_when_another_is_dropped() {
        let budget = Budget::new(200 * KIB);
        let kept = budget.hold(150 * KIB);
        let mut body = budget.begin();
        assert!(!body.grow(FREE).await, "the start of a body is free");
        assert!(waits(body.grow(10 * KIB)).await, "what is kept will be given back");
        assert_eq!(all(&budget), 150 * KIB + FREE, "who was not let in has taken nothing");
        let (grown, ()) = tokio::join!(body.grow(10 * KIB), async { drop(kept) });
        assert!(grown);
        let bytes = body.keep().owning(vec![0; 74]);
        let shared = bytes.clone();
        drop(bytes);
        assert_eq!(all(&budget), 74 * KIB);
        drop(shared);
        assert_eq!(all(&budget), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn the_oldest_body_goes_on_when_all_wait() {
        let budget = Budget::new(100 * KIB);
        let (mut first, mut second) = (budget.begin(), budget.begin());
        first.grow(50 * KIB).await;
        second.grow(50 * KIB).await;
        assert!(waits(second.grow(50 * KIB)).await);
        assert!(!waits(first.grow(500 * KIB)).await, "without room");
        let kept = first.keep();
        assert!(waits(second.grow(50 * KIB)).await, "now it is the oldest, but what is kept comes back without it");
        let (grown, ()) = tokio::join!(second.grow(500 * KIB), async { drop(kept) });
        assert!(grown);
    }

    #[tokio::test(start_paused = true)]
    async fn the_start_of_bodies_is_not_free_without_end() {
        let budget = Budget::new(800 * KIB);
        let _kept = budget.hold(900 * KIB);
        assert!(!waits(budget.begin().grow(FREE)).await);
        let _more = budget.hold(KIB);
        assert!(waits(budget.begin().grow(FREE)).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_is_dropped_while_it_waits_leaves_nothing_behind() {
        let budget = Budget::new(0);
        let kept = budget.hold(KIB);
        let mut body = budget.begin();
        assert!(waits(body.grow(FREE)).await);
        drop(body);
        drop(kept);
        let account = budget.shared.account();
        assert_eq!((account.growing.len(), account.waiting, account.growing_bytes), (0, 0, 0));
    }

    #[tokio::test]
    async fn bodies_of_any_length_come_to_their_end_within_the_budget_and_one_of_them() {
        let (budget, longest) = (Budget::new(300 * KIB), 608 * KIB);
        let (most, mut tasks) = (Arc::new(AtomicU64::new(0)), JoinSet::new());
        for n in 0..40_u64 {
            let (budget, most) = (budget.clone(), Arc::clone(&most));
            tasks.spawn(async move {
                let mut body = budget.begin();
                for _ in 0..=(n * 7 % 38) {
                    body.grow(16 * KIB).await;
                    most.fetch_max(all(&budget), Ordering::Relaxed);
                    yield_now().await;
                }
                let kept = body.keep();
                yield_now().await;
                drop(kept);
            });
        }
        assert_eq!(tasks.join_all().await.len(), 40);
        let most = most.load(Ordering::Relaxed);
        assert!(most <= 300 * KIB + longest + FREE, "{most}");
        assert_eq!(all(&budget), 0);
    }
}
