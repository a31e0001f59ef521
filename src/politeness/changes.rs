//! Changes: which hosts have something to be kept, when it is worth it, and what the next process does with it.

use std::time::Instant;

use super::host::Host;
use super::{Politeness, SavedHost};
use crate::url::HostKey;
use crate::wall_clock::WallClock;

impl Politeness {
    /// What is to be kept of the hosts that have changed since the last call, each once. A host that was asked and
    /// answered well has only other counts: of those a few are among them, in turn, so that a call costs no more with many
    /// hosts. For the others see [`take_all`](Self::take_all).
    pub fn take_changed(&mut self, wall: &WallClock) -> Vec<(HostKey, SavedHost)> {
        self.urgent = false;
        let mut hosts = std::mem::take(&mut self.changed);
        let mut bytes = 0;
        for _ in 0..COUNTED_AT_ONCE {
            let Some(key) = self.counted.pop_front() else { break };
            bytes += self.hosts.get(&key).map_or(0, |host| host.robots_bytes());
            hosts.push(key);
            if bytes > ROBOTS_AT_ONCE {
                break;
            }
        }
        self.saved(hosts, wall)
    }

    /// What is to be kept of all hosts that have changed in any way since it was last taken. A robots.txt may be long, and
    /// belongs to what is kept of a host: so this is for every now and then.
    pub fn take_all(&mut self, wall: &WallClock) -> Vec<(HostKey, SavedHost)> {
        let mut saved = self.take_changed(wall);
        let counted = std::mem::take(&mut self.counted);
        saved.append(&mut self.saved(counted.into(), wall));
        saved
    }

    /// Takes over what an earlier process has kept of a host: call it before the first request. `agent` is the product
    /// token that robots.txt is read with. The clock on the wall may have been set meanwhile, so nothing holds for
    /// longer than it could if it were new.
    pub fn restore(&mut self, key: HostKey, saved: SavedHost, agent: &str, wall: &WallClock) {
        self.clock.set(wall.instant());
        let host = key.clone();
        if !self.hosts.contains_key(&key) {
            self.meet(key);
        }
        if let Some(host) = self.hosts.get_mut(&host) {
            host.restore(saved, agent, wall);
        }
        self.tell_group(host.as_str());
    }

    /// Continues a crawl: an earlier process may have sent a request to any host a moment ago, and been killed before
    /// that was kept. So no host is asked before its own interval has passed from `now` on.
    pub fn resumed(&mut self, now: Instant) {
        self.clock.set(now);
        self.quiet_since = Some(now);
        for host in self.hosts.values_mut() {
            host.quiet_since = host.quiet_since.max(Some(now));
        }
        self.groups.quiet_since(now, &self.clock);
    }

    /// Those of the hosts that have something to be kept still.
    pub(super) fn saved(&mut self, hosts: Vec<HostKey>, wall: &WallClock) -> Vec<(HostKey, SavedHost)> {
        let saved = hosts.into_iter().filter_map(|key| {
            let host = self.hosts.get_mut(&key)?;
            let group = host.belongs.group().and_then(|group| self.groups.get(group));
            let lowered = group.and_then(|group| group.concurrency.lowered());
            let changed = std::mem::take(&mut host.changed) | std::mem::take(&mut host.counted);
            changed.then(|| (key, host.saved(lowered, wall)))
        });
        saved.collect()
    }
}

impl Host {
    /// How long what is kept of its robots.txt and tdmrep.json is, about.
    fn robots_bytes(&self) -> usize {
        let sources = self.origins().into_iter().filter_map(|origin| origin.robots.last_rules());
        let robots: usize = sources.filter_map(|rules| rules.source().map(|source| source.len())).sum();
        let tdm = self.origins().into_iter().filter_map(|origin| origin.tdm.file());
        robots + tdm.map(|file| file.source().len()).sum::<usize>()
    }
}

/// Of how many hosts that only have other counts these are kept with what has changed.
const COUNTED_AT_ONCE: usize = 64;
/// No more of them once their robots.txt are so long together, in bytes: a long one is written again each time.
const ROBOTS_AT_ONCE: usize = 256 << 10;
