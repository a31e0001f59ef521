//! Knock: whether somebody answers at an address, found out by a connection over which nothing is sent.

use std::collections::HashMap;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

/// The knocks under way: one at a time to an address, however many names and ports it has.
#[derive(Debug)]
pub(super) struct Knocks {
    doors: Mutex<HashMap<IpAddr, Weak<Door>>>,
    /// Each look-up takes a thread for as long as the system waits for name servers, and requests need some too.
    lookups: Semaphore,
}

/// What those who would knock at the same address wait for.
type Door = tokio::sync::Mutex<()>;

impl Knocks {
    /// Looks up where to knock, not too much at once. As cancel safe as the look-up.
    pub(super) async fn look_up<T>(&self, looking: impl Future<Output = T>) -> T {
        let _place = self.lookups.acquire().await;
        looking.await
    }

    /// Whether somebody answers at one of these addresses soon: see [`PATIENCE`]. The first of each family is tried, both
    /// at once, since one of them may lead nowhere (RFC 8305). Cancel safe.
    pub(super) async fn answers(&self, addresses: &[IpAddr], port: u16) -> bool {
        let end = Instant::now() + PATIENCE;
        let first = |of_family: fn(&IpAddr) -> bool| addresses.iter().copied().find(of_family);
        let at = async |address: Option<IpAddr>| match address {
            Some(address) => timeout_at(end, self.knock(SocketAddr::new(address, port))).await.unwrap_or(false),
            None => false,
        };
        let (v6, v4) = (at(first(IpAddr::is_ipv6)), at(first(IpAddr::is_ipv4)));
        tokio::pin!(v6, v4);
        tokio::select! {
            answers = &mut v6 => answers || v4.await,
            answers = &mut v4 => answers || v6.await,
        }
    }

    async fn knock(&self, address: SocketAddr) -> bool {
        let door = self.door(address.ip());
        let _only = door.lock().await;
        TcpStream::connect(address).await.is_ok()
    }

    fn door(&self, address: IpAddr) -> Arc<Door> {
        let mut doors = self.doors();
        if let Some(door) = doors.get(&address).and_then(Weak::upgrade) {
            return door;
        }
        // As many are left as there are knocks under way.
        doors.retain(|_, door| door.strong_count() > 0);
        let door = Arc::new(Door::default());
        doors.insert(address, Arc::downgrade(&door));
        door
    }

    fn doors(&self) -> MutexGuard<'_, HashMap<IpAddr, Weak<Door>>> {
        // Whole at any time: no holder panics between two steps.
        self.doors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Knocks {
    fn default() -> Self {
        Self { doors: Mutex::default(), lookups: Semaphore::new(LOOKUPS) }
    }
}

/// How long a knock is waited for. A second after its first SYN a system sends the next (RFC 6298, section 2.1), so this
/// is one packet to whoever says nothing.
const PATIENCE: Duration = Duration::from_secs(1);
/// A quarter of the threads that tokio has for what blocks.
const LOOKUPS: usize = 128;

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn here(last: u8) -> IpAddr {
        Ipv4Addr::new(127, 0, 0, last).into()
    }

    #[tokio::test]
    async fn who_listens_answers_and_nothing_is_said() {
        let listener = tokio::net::TcpListener::bind((here(1), 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let knocks = Knocks::default();
        assert!(knocks.answers(&[here(1)], port).await);
        let (stream, _) = listener.accept().await.unwrap();
        stream.readable().await.unwrap();
        assert_eq!(stream.try_read(&mut [0]).unwrap(), 0, "it is closed");
        assert!(!knocks.answers(&[here(9)], port).await, "nobody listens there");
        assert!(!knocks.answers(&[], port).await);
        let v6 = "::1".parse().unwrap();
        assert!(knocks.answers(&[v6, here(1)], port).await, "the other family does");
    }

    #[tokio::test(start_paused = true)]
    async fn one_at_a_time_knocks_at_an_address_and_the_others_wait_no_longer_than_it_may() {
        let knocks = Knocks::default();
        let door = knocks.door(here(1));
        let held = door.lock().await;
        let started = Instant::now();
        assert!(!knocks.answers(&[here(1)], 1).await);
        assert_eq!(started.elapsed().as_secs(), PATIENCE.as_secs());
        drop(held);
        drop(door);
        knocks.door(here(2));
        assert_eq!(knocks.doors().len(), 1, "nobody is at the first any more");
    }
}
