//! Groups: whose turn it is in each group of hosts, and when the next one is called.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use hashbrown::HashMap;

use super::Options;
use super::group::{Group, GroupKey};
use super::rate::PassedClock;
use crate::url::CrawlUrl;

/// All groups of a crawl. Each step costs the same however many hosts wait.
#[derive(Debug, Default)]
pub(super) struct Groups {
    by_key: HashMap<GroupKey, GroupId>,
    all: Vec<Group>,
    /// The alarms of groups.
    alarms: BTreeSet<(Instant, GroupId)>,
    /// Whether anybody ever stood in line: most crawls need not look.
    is_lined: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct GroupId(usize);

/// Where a host is while its group is busy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Place {
    /// Nowhere.
    #[default]
    Free,
    /// In the line of its group.
    InLine,
    /// It was called, and has not come yet.
    Called,
}

/// Whether it is a host's turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// It is, and the request is in flight.
    Now,
    /// A host that has its group for itself may ask from an instant on.
    NotBefore(Instant),
    /// Or when a request of its own has ended.
    Busy,
    /// It will be called.
    InLine,
}

impl Groups {
    /// Takes a host into its group. Somebody may have sent it a request at `since`.
    pub(super) fn join(
        &mut self,
        key: GroupKey,
        options: &Options,
        since: Option<Instant>,
        clock: &PassedClock,
    ) -> GroupId {
        let new = GroupId(self.all.len());
        let id = *self.by_key.entry(key).or_insert(new);
        if id == new {
            self.all.push(Group::new(options, clock));
        }
        let group = self.of(id);
        group.hosts += 1;
        if let Some(since) = since {
            group.quiet_since(since, clock);
        }
        id
    }

    /// Takes a host out of its group.
    pub(super) fn leave(&mut self, id: GroupId) {
        let group = self.of(id);
        group.hosts = group.hosts.saturating_sub(1);
    }

    /// Takes hosts out of the lines that they stand in.
    pub(super) fn forget(&mut self, is_gone: impl Fn(&CrawlUrl) -> bool) {
        if self.is_lined {
            self.all.iter_mut().for_each(|group| group.line.retain(|url| !is_gone(url)));
        }
    }

    /// The group.
    pub(super) fn of(&mut self, id: GroupId) -> &mut Group {
        self.all.get_mut(id.0).expect("only this makes ids, and no group is forgotten")
    }

    /// The group, to look at.
    pub(super) fn get(&self, id: GroupId) -> Option<&Group> {
        self.all.get(id.0)
    }

    /// All of them count their rate as if all that it allows at once had been sent at `since`.
    pub(super) fn quiet_since(&mut self, since: Instant, clock: &PassedClock) {
        self.all.iter_mut().for_each(|group| group.quiet_since(since, clock));
    }

    /// Whether it is the turn of the host of a URL, which then has one more in flight; else it is put in line, unless it
    /// has the group for itself.
    pub(super) fn admit(&mut self, id: GroupId, url: &CrawlUrl, place: &mut Place, clock: &PassedClock) -> Turn {
        let group = self.of(id);
        let is_called = match std::mem::take(place) {
            Place::InLine => {
                *place = Place::InLine;
                return Turn::InLine;
            }
            before => before == Place::Called,
        };
        let has_room = group.has_room();
        let mut alarm = group.alarm;
        if has_room && (is_called || group.line.is_empty()) {
            match group.rate.take(clock) {
                Ok(()) => {
                    group.started(clock);
                    let next = (!group.line.is_empty()).then(|| group.rate.next(clock));
                    self.set_alarm(id, next);
                    return Turn::Now;
                }
                Err(at) if group.is_of_one() => return Turn::NotBefore(at),
                Err(at) => alarm = Some(at),
            }
        } else if group.is_of_one() {
            return Turn::Busy;
        }
        *place = Place::InLine;
        if is_called {
            group.line.push_front(url.clone());
        } else {
            group.line.push_back(url.clone());
        }
        self.is_lined = true;
        self.set_alarm(id, alarm.filter(|_| has_room));
        Turn::InLine
    }

    /// Who was called could not make use of it.
    pub(super) fn pass_on(&mut self, id: GroupId, now: Instant) {
        let waits = !self.of(id).line.is_empty();
        self.set_alarm(id, waits.then_some(now));
    }

    /// A request of the group has ended, or was never sent. Without an outcome it says nothing.
    pub(super) fn ended(&mut self, id: GroupId, trouble: Option<Trouble>, now: Instant) {
        let group = self.of(id);
        group.in_flight = group.in_flight.saturating_sub(1);
        match trouble {
            Some(Trouble::Since(sent)) => group.concurrency.trouble(sent, now),
            Some(Trouble::None) => group.concurrency.went_well(),
            None => {}
        }
        if group.alarm.is_none() && !group.line.is_empty() && group.has_room() {
            self.set_alarm(id, Some(now));
        }
    }

    /// The next host whose turn may have come, by the URL that stands for it.
    pub(super) fn call(&mut self, now: Instant) -> Option<CrawlUrl> {
        while let Some((at, id)) = self.alarms.first().copied() {
            if at > now {
                break;
            }
            self.set_alarm(id, None);
            let group = self.of(id);
            if !group.has_room() {
                continue;
            }
            if let Some(url) = group.line.pop_front() {
                let waits = !group.line.is_empty();
                self.set_alarm(id, waits.then(|| now + COMES_WITHIN));
                return Some(url);
            }
        }
        None
    }

    /// When somebody is called next.
    pub(super) fn next_call(&self) -> Option<Instant> {
        self.alarms.first().map(|(at, _)| *at)
    }

    /// Whether anybody ever stood in line.
    pub(super) fn is_lined(&self) -> bool {
        self.is_lined
    }

    fn set_alarm(&mut self, id: GroupId, at: Option<Instant>) {
        let before = std::mem::replace(&mut self.of(id).alarm, at);
        if before != at {
            if let Some(before) = before {
                self.alarms.remove(&(before, id));
            }
            self.alarms.extend(at.map(|at| (at, id)));
        }
    }
}

/// Whether a request has made trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It has not.
    None,
    /// One that was sent at an instant has.
    Since(Instant),
}

/// Who does not come within that time after being called has nothing left to ask.
const COMES_WITHIN: Duration = Duration::from_secs(1);
