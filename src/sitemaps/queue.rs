//! What waits to be asked for, host by host.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::time::Instant;

use super::Ask;
use crate::url::HostKey;

/// The queues of all hosts. Each step costs the same however many hosts there are.
#[derive(Debug, Default)]
pub(super) struct Queues {
    hosts: HashMap<HostKey, Queue>,
    /// Hosts that may be asked, in turn. An entry counts only while its host is marked `in_line`.
    line: VecDeque<HostKey>,
    /// Hosts that wait for an instant. An entry counts only while its host waits for just that.
    alarms: BinaryHeap<Reverse<(Instant, HostKey)>>,
    waiting: usize,
}

#[derive(Debug, Default)]
struct Queue {
    asks: VecDeque<Ask>,
    standing: Standing,
    in_line: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Standing {
    #[default]
    Open,
    /// One of its sitemaps is on its way.
    Asked,
    Until(Instant),
    /// Until it is released.
    Held,
}

impl Queues {
    pub(super) fn push(&mut self, ask: Ask) {
        let host = ask.url.host_key();
        self.waiting += 1;
        self.hosts.entry(host.clone()).or_default().asks.push_back(ask);
        self.line_up(&host);
    }

    /// The first of the host whose turn it is; that host has no other turn before [`put_back`](Self::put_back) or
    /// [`done`](Self::done).
    pub(super) fn next(&mut self, now: Instant) -> Option<Ask> {
        self.wake(now);
        while let Some(key) = self.line.pop_front() {
            let Some(host) = self.hosts.get_mut(&key) else { continue };
            host.in_line = false;
            if host.standing != Standing::Open {
                continue;
            }
            if let Some(ask) = host.asks.pop_front() {
                host.standing = Standing::Asked;
                self.waiting -= 1;
                return Some(ask);
            }
        }
        None
    }

    /// Puts one before all others of its host, which waits for an instant or a release.
    pub(super) fn put_back(&mut self, ask: Ask, until: Option<Instant>) {
        let key = ask.url.host_key();
        let host = self.hosts.entry(key.clone()).or_default();
        host.asks.push_front(ask);
        self.waiting += 1;
        host.standing = until.map_or(Standing::Held, Standing::Until);
        if let Some(at) = until {
            self.alarms.push(Reverse((at, key)));
        }
    }

    pub(super) fn done(&mut self, host: &str) {
        self.open(host, Standing::Asked);
    }

    pub(super) fn release(&mut self, host: &str) {
        self.open(host, Standing::Held);
    }

    /// Drops what waits for hosts that others ask.
    pub(super) fn forget(&mut self, is_gone: impl Fn(&HostKey) -> bool) {
        let Self { hosts, waiting, .. } = self;
        hosts.retain(|host, queue| {
            let goes = is_gone(host);
            *waiting -= if goes { queue.asks.len() } else { 0 };
            !goes
        });
    }

    pub(super) fn next_due(&mut self) -> Option<Instant> {
        while let Some(Reverse((at, key))) = self.alarms.peek() {
            if self.hosts.get(key).is_some_and(|host| host.standing == Standing::Until(*at)) {
                return Some(*at);
            }
            self.alarms.pop();
        }
        None
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    /// Opens a host that stands so, and forgets one that nothing waits for.
    fn open(&mut self, host: &str, stands: Standing) {
        let Some((key, queue)) = self.hosts.get_key_value(host) else { return };
        if queue.standing != stands {
            return;
        }
        let key = key.clone();
        if queue.asks.is_empty() {
            self.hosts.remove(&key);
            return;
        }
        if let Some(queue) = self.hosts.get_mut(&key) {
            queue.standing = Standing::Open;
        }
        self.line_up(&key);
    }

    fn line_up(&mut self, key: &HostKey) {
        if let Some(host) = self.hosts.get_mut(key)
            && host.standing == Standing::Open
            && !host.in_line
        {
            host.in_line = true;
            self.line.push_back(key.clone());
        }
    }

    fn wake(&mut self, now: Instant) {
        while self.next_due().is_some_and(|at| at <= now) {
            if let Some(Reverse((_, key))) = self.alarms.pop()
                && let Some(host) = self.hosts.get_mut(&key)
            {
                host.standing = Standing::Open;
                self.line_up(&key);
            }
        }
    }
}
