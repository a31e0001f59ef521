//! Sites: how far what the pages of each lead to may be ahead of what was requested of it.

use hashbrown::HashMap;

use super::found::Room;
use super::lease::HostId;
use crate::outcome::OutcomeKind;
use crate::url::{HostKey, registrable_domain};

/// What each site has added, and how often it has answered, in all buckets that are here.
///
/// A site is a registrable domain, or a host that has none. Its pages may add so many bytes, and [`EACH`] more for each
/// answer: so an index of all its pages loses nothing, wherever it stands, and who makes up pages without end pays for
/// each with an answer. All of it can be told by what a store has: it counts the same after any end.
#[derive(Debug, Default)]
pub(super) struct Sites {
    all: Vec<Site>,
    by_name: HashMap<Box<str>, u32>,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Site {
    /// What its pages have added, in bytes: texts and [rows](Room::ROW).
    added: u64,
    answers: u64,
}

/// What each host of a bucket has in its site: comes and goes with the bucket.
#[derive(Debug, Default)]
pub(super) struct Shares {
    /// By the number of the host.
    of_hosts: Vec<Share>,
    /// What pages of hosts of other buckets have added here, by their names, when the bucket was read back: until then they
    /// have it themselves.
    of_others: HashMap<Box<str>, Share>,
}

/// What one host has in its site.
#[derive(Debug, Clone, Copy)]
pub(super) struct Share {
    /// [`UNKNOWN`] as long as nobody has asked.
    site: u32,
    answers: u32,
    added: u64,
}

impl Sites {
    /// Counts the end of a request to a host of this name without its port; its site.
    pub(super) fn count(&mut self, share: &mut Share, name: &str, kind: OutcomeKind) -> Site {
        share.count(kind);
        let site = self.of(share, name);
        site.count(kind);
        *site
    }

    /// Counts what was added by a page of a host.
    pub(super) fn add(&mut self, share: &mut Share, name: &str, bytes: u64) {
        share.add(bytes);
        self.of(share, name).add(bytes);
    }

    /// Takes in what the hosts of a bucket have, each with its name.
    pub(super) fn take<'a>(&mut self, shares: &mut Shares, names: impl Iterator<Item = (&'a HostKey, &'a HostId)>) {
        for (name, host) in names {
            if let Some(share) = shares.of_hosts.get_mut(host.index()).filter(|share| !share.is_empty()) {
                self.take_one(share, name.name());
            }
        }
        shares.of_others.iter_mut().for_each(|(name, share)| self.take_one(share, name));
    }

    fn take_one(&mut self, share: &mut Share, name: &str) {
        share.site = UNKNOWN;
        let Share { answers, added, .. } = *share;
        let site = self.of(share, name);
        site.add(added);
        site.answers += u64::from(answers);
    }

    /// Takes out what the hosts of a bucket have had.
    pub(super) fn give(&mut self, shares: &Shares) {
        for share in shares.of_hosts.iter().chain(shares.of_others.values()) {
            if let Some(site) = self.all.get_mut(share.site as usize) {
                site.added = site.added.saturating_sub(share.added);
                site.answers = site.answers.saturating_sub(share.answers.into());
            }
        }
    }

    fn of(&mut self, share: &mut Share, name: &str) -> &mut Site {
        let Self { all, by_name } = self;
        if share.site == UNKNOWN {
            let next =
                u32::try_from(all.len()).expect("there are no more sites than hosts, whose numbers are of 26 bits");
            let name = site(name);
            share.site = by_name.get(name).copied().unwrap_or(next);
            if share.site == next {
                by_name.insert(name.into(), next);
                all.push(Site::default());
            }
        }
        all.get_mut(share.site as usize).expect("only numbers of sites are given to hosts")
    }
}

impl Shares {
    /// What a host has.
    pub(super) fn of(&mut self, host: HostId) -> &mut Share {
        if self.of_hosts.len() <= host.index() {
            self.of_hosts.resize(host.index() + 1, Share::NONE);
        }
        self.of_hosts.get_mut(host.index()).expect("there is one for each host up to this one")
    }

    /// What a host of another bucket has here, by its name without the port.
    pub(super) fn of_another(&mut self, name: &str) -> &mut Share {
        self.of_others.entry(name.into()).or_insert(Share::NONE)
    }
}

impl Share {
    const NONE: Self = Self { site: UNKNOWN, answers: 0, added: 0 };

    /// Counts the end of a request. Those that have failed may have cost the site nothing.
    pub(super) fn count(&mut self, kind: OutcomeKind) {
        self.answers = self.answers.saturating_add(u32::from(kind != OutcomeKind::Failed));
    }

    /// Counts what was added by a page.
    pub(super) fn add(&mut self, bytes: u64) {
        self.added = self.added.saturating_add(bytes);
    }

    fn is_empty(self) -> bool {
        self.answers == 0 && self.added == 0
    }
}

impl Site {
    fn count(&mut self, kind: OutcomeKind) {
        self.answers += u64::from(kind != OutcomeKind::Failed);
    }

    fn add(&mut self, bytes: u64) {
        self.added = self.added.saturating_add(bytes);
    }

    /// How much a page may add, if a site may be ahead by so much.
    pub(super) fn room(self, ahead: u64) -> Room {
        let most = ahead.saturating_add(self.answers.saturating_mul(EACH));
        Room::new(most.saturating_sub(self.added))
    }
}

/// The registrable domain, or the host when it is an address or has none.
fn site(name: &str) -> &str {
    let last = name.rsplit('.').next().unwrap_or_default();
    let is_address = name.starts_with('[') || last.bytes().all(|byte| byte.is_ascii_digit());
    if is_address { name } else { registrable_domain(name).unwrap_or(name) }
}

/// What each answer of a site lets its pages add: the links of more new pages than any list has, some hundreds.
const EACH: u64 = 64 << 10;
const UNKNOWN: u32 = u32::MAX;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_one_registrable_domain_are_one_site() {
        let names = ["a.example.com", "127.0.0.1", "b.example.com", "localhost", "127.0.1.1", "[::1]"];
        let hosts = (0..).map(HostId::at);
        let (mut sites, mut shares) = (Sites::default(), Shares::default());
        for (host, name) in hosts.clone().zip(names) {
            sites.add(shares.of(host), name, 1 << host.number());
        }
        let mut added = |sites: &mut Sites| [0, 1, 2, 3, 4, 5].map(|at| sites.of(shares.of(HostId::at(at)), "").added);
        assert_eq!(added(&mut sites), [5, 2, 5, 8, 16, 32]);

        let mut others = Shares::default();
        others.of(HostId::at(0)).add(64);
        let name = HostKey::stored("c.example.com:8080");
        sites.take(&mut others, [(&name, &HostId::at(0))].into_iter());
        assert_eq!(added(&mut sites), [69, 2, 69, 8, 16, 32], "in another bucket too");
        sites.give(&others);
        assert_eq!(added(&mut sites), [5, 2, 5, 8, 16, 32], "until that is given away");
    }

    #[test]
    fn a_site_may_be_ahead_of_its_answers_by_so_much() {
        let mut site = Site::default();
        let takes = |site: Site, bytes: u64| site.room(1000).takes(usize::try_from(bytes).unwrap() - Room::ROW);
        assert!(takes(site, 1000) && !takes(site, 1001));
        site.add(900);
        assert!(takes(site, 100) && !takes(site, 101));
        site.count(OutcomeKind::Failed);
        assert!(!takes(site, 101));
        site.count(OutcomeKind::HttpError);
        assert!(takes(site, 100 + EACH) && !takes(site, 101 + EACH));
        site.add(u64::MAX);
        assert!(!takes(site, 100), "a smaller number in the settings takes nothing away");
    }
}
