//! The schedule: which host's turn it is, and when the next one's will be.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::Instant;

use super::host_queue::{Due, HostQueue, Standing, Stint, Texts};
use super::lease::{Hold, HostId};
use crate::error::{Error, Result};

/// The queues of all hosts, and whose turn it is. Each step costs the same however many hosts there are.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    hosts: Vec<HostQueue>,
    /// Hosts that may have something due, in turn. An entry counts only while its host is open and marked `in_line`.
    line: VecDeque<HostId>,
    /// Hosts that come before the line: those that were called, and those that go on with their stint. An entry counts only
    /// while its host is open and marked `is_ahead`.
    ahead: VecDeque<HostId>,
    /// Hosts that wait for an instant. An entry counts only while it is the alarm of its host.
    alarms: BinaryHeap<Reverse<(Instant, HostId)>>,
}

impl Schedule {
    pub(super) fn add_host(&mut self) -> Result<HostId> {
        let id = u32::try_from(self.hosts.len()).map(HostId);
        self.hosts.push(HostQueue::default());
        id.map_err(|_| Error::Internal("more than 4 billion hosts, which is as far as this schedule counts".to_owned()))
    }

    pub(super) fn host_count(&self) -> usize {
        self.hosts.len()
    }

    /// Queues an entry behind the others of its depth.
    pub(super) fn push_back(&mut self, host: HostId, depth: u32, entry: u32) {
        self.queue(host).push_back(depth, entry);
        self.line_up(host);
    }

    /// Queues an entry before the others of its depth.
    pub(super) fn push_front(&mut self, host: HostId, depth: u32, entry: u32) {
        self.queue(host).push_front(depth, entry);
        self.line_up(host);
    }

    /// Queues an entry that is due at an instant.
    pub(super) fn push_retry(&mut self, host: HostId, at: Instant, entry: u32) {
        self.queue(host).push_retry(at, entry);
        self.line_up(host);
    }

    /// The entry of least depth of the host whose turn it is, which is leased until it has [ended](Self::ended). `depth_of`
    /// tells the depth of an entry while it is pending: an entry that was queued again at another depth, or is no longer
    /// pending, is out of date.
    pub(super) fn next(&mut self, now: Instant, depth_of: impl Fn(u32) -> Option<u32>) -> Option<(HostId, u32)> {
        self.wake(now, &depth_of);
        while let Some(id) = self.next_host(now) {
            self.promote(id, now, &depth_of);
            let next = self.pop(id, &depth_of);
            if next.is_some() {
                self.queue(id).leased();
            }
            self.line_up(id);
            if let Some(entry) = next {
                return Some((id, entry));
            }
        }
        None
    }

    /// A lease of a host has ended, or was none.
    pub(super) fn ended(&mut self, host: HostId) {
        let queue = self.queue(host);
        queue.leases = queue.leases.saturating_sub(1);
        self.line_up(host);
    }

    /// Whether nothing of a host is leased or queued.
    pub(super) fn is_done_with(&self, host: HostId) -> bool {
        self.hosts.get(host.index()).is_some_and(|queue| queue.leases == 0 && queue.due().is_none())
    }

    /// Whether hosts come before the line.
    pub(super) fn has_ahead(&self) -> bool {
        !self.ahead.is_empty()
    }

    pub(super) fn hold(&mut self, host: HostId, until: Hold) {
        match until {
            Hold::Until(at) => {
                self.queue(host).standing = Standing::Until(at);
                self.set_alarm(host, at);
            }
            Hold::Released => self.queue(host).standing = Standing::Held,
        }
    }

    pub(super) fn release(&mut self, host: HostId) {
        self.queue(host).standing = Standing::Open;
        self.line_up(host);
    }

    pub(super) fn release_first(&mut self, host: HostId) {
        let queue = self.queue(host);
        // Should it be there already, that place is out of date as soon as its turn has come.
        (queue.standing, queue.is_ahead, queue.stint) = (Standing::Open, true, None);
        self.ahead.push_front(host);
    }

    /// Leaves a host out until its texts are here; whether they have to be asked for.
    pub(super) fn await_texts(&mut self, host: HostId) -> bool {
        std::mem::replace(&mut self.queue(host).texts, Texts::Awaited) == Texts::AtHand
    }

    /// Notes that texts of a host are asked for, unless they are already; whether they have to be.
    pub(super) fn ask_ahead(&mut self, host: HostId) -> bool {
        let texts = &mut self.queue(host).texts;
        let ask = *texts == Texts::AtHand;
        if ask {
            *texts = Texts::Asked;
        }
        ask
    }

    /// Ends what [`await_texts`](Self::await_texts) or [`ask_ahead`](Self::ask_ahead) has begun.
    pub(super) fn texts_are_here(&mut self, host: HostId) {
        self.queue(host).texts = Texts::AtHand;
        self.line_up(host);
    }

    /// The next entries of a host, as far as they are queued.
    pub(super) fn upcoming(&self, host: HostId) -> impl Iterator<Item = u32> {
        self.hosts.get(host.index()).into_iter().flat_map(HostQueue::iter)
    }

    /// The entry so many places behind the next one of a host, among those of its depth.
    pub(super) fn peek(&self, host: HostId, at: usize) -> Option<u32> {
        self.hosts.get(host.index())?.peek(at)
    }

    /// When the next host's turn comes, once none is due.
    pub(super) fn next_due(&mut self) -> Option<Instant> {
        while let Some(Reverse((at, id))) = self.alarms.peek().copied() {
            let host = self.queue(id);
            if host.alarm == Some(at) && host.standing != Standing::Held {
                return Some(at);
            }
            if host.alarm == Some(at) {
                host.alarm = None;
            }
            self.alarms.pop();
        }
        None
    }

    /// The host whose turn it is, if it may be leased from: with its turn in line a stint begins.
    fn next_host(&mut self, now: Instant) -> Option<HostId> {
        loop {
            let (id, is_ahead) = match self.ahead.pop_front() {
                Some(id) => (id, true),
                None => (self.line.pop_front()?, false),
            };
            let queue = self.queue(id);
            let mark = if is_ahead { &mut queue.is_ahead } else { &mut queue.in_line };
            if !std::mem::take(mark) || !queue.is_open() {
                continue;
            }
            match &mut queue.stint {
                Some(stint) if is_ahead && stint.ends_before(now) => {
                    stint.end();
                    self.line_up(id);
                }
                Some(_) if is_ahead => return Some(id),
                stint => {
                    *stint = Some(Stint::from(now));
                    return Some(id);
                }
            }
        }
    }

    fn pop(&mut self, id: HostId, depth_of: impl Fn(u32) -> Option<u32>) -> Option<u32> {
        loop {
            let (depth, entry) = self.queue(id).pop()?;
            if depth_of(entry) == Some(depth) {
                return Some(entry);
            }
        }
    }

    /// Queues the retries that are due: before what was never tried at their depth.
    fn promote(&mut self, id: HostId, now: Instant, depth_of: impl Fn(u32) -> Option<u32>) {
        while let Some(entry) = self.queue(id).pop_retry(now) {
            if let Some(depth) = depth_of(entry) {
                self.queue(id).push_front(depth, entry);
            }
        }
    }

    /// Puts an open host into the line when something of it is due, or ahead of it while it goes on; or sets an alarm for
    /// when something will be.
    fn line_up(&mut self, id: HostId) {
        let host = self.queue(id);
        if !host.is_open() || host.is_ahead {
            return;
        }
        let goes_on = host.goes_on();
        match host.due() {
            Some(Due::Now) if goes_on => {
                host.is_ahead = true;
                self.ahead.push_back(id);
            }
            Some(Due::Now) if !host.in_line => {
                host.in_line = true;
                self.line.push_back(id);
            }
            Some(Due::At(at)) => self.set_alarm(id, at),
            Some(Due::Now) | None => {}
        }
    }

    fn set_alarm(&mut self, id: HostId, at: Instant) {
        let host = self.queue(id);
        if host.alarm.is_none_or(|alarm| at < alarm) {
            host.alarm = Some(at);
            self.alarms.push(Reverse((at, id)));
        }
    }

    /// Opens the hosts whose instant has come.
    fn wake(&mut self, now: Instant, depth_of: impl Fn(u32) -> Option<u32>) {
        while let Some(Reverse((at, id))) = self.alarms.peek().copied() {
            if at > now {
                break;
            }
            self.alarms.pop();
            if self.queue(id).alarm == Some(at) {
                self.queue(id).alarm = None;
            }
            self.promote(id, now, &depth_of);
            match self.queue(id).standing {
                Standing::Until(until) if until > now => self.set_alarm(id, until),
                Standing::Until(_) => self.release(id),
                Standing::Open => self.line_up(id),
                Standing::Held => {}
            }
        }
    }

    fn queue(&mut self, id: HostId) -> &mut HostQueue {
        self.hosts.get_mut(id.index()).expect("only this schedule makes host ids, and it forgets no host")
    }
}
