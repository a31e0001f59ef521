//! Sites: how far what the pages of each lead to may be ahead of what was requested of it.

use hashbrown::HashMap;

use super::found::Room;
use super::lease::HostId;
use crate::outcome::OutcomeKind;
use crate::url::registrable_domain;

/// What each site has added, and how often it has answered.
///
/// A site is a registrable domain, or a host that has none. Its pages may add so many bytes, and [`EACH`] more for each
/// answer: so an index of all its pages loses nothing, wherever it stands, and who makes up pages without end pays for
/// each with an answer. All of it can be told by what a store has: it counts the same after any end.
#[derive(Debug, Default)]
pub(super) struct Sites {
    all: Vec<Site>,
    by_name: HashMap<Box<str>, u32>,
    /// By the number of the host; [`UNKNOWN`] as long as nobody has asked.
    of_hosts: Vec<u32>,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Site {
    /// What its pages have added, in bytes: texts and [rows](Room::ROW).
    added: u64,
    answers: u64,
}

impl Sites {
    /// The site of a host, if anybody has asked for it by its name before.
    pub(super) fn known(&mut self, host: HostId) -> Option<&mut Site> {
        let known = self.of_hosts.get(host.index()).filter(|known| **known != UNKNOWN)?;
        self.all.get_mut(*known as usize)
    }

    /// The site of a host, by the name of that without its port.
    pub(super) fn of(&mut self, host: HostId, name: &str) -> &mut Site {
        if self.of_hosts.len() <= host.index() {
            self.of_hosts.resize(host.index() + 1, UNKNOWN);
        }
        let Self { all, by_name, of_hosts } = self;
        let known = of_hosts.get_mut(host.index()).expect("there is one for each host up to this one");
        if *known == UNKNOWN {
            let next =
                u32::try_from(all.len()).expect("there are no more sites than hosts, whose numbers are of 26 bits");
            let name = site(name);
            *known = by_name.get(name).copied().unwrap_or(next);
            if *known == next {
                by_name.insert(name.into(), next);
                all.push(Site::default());
            }
        }
        all.get_mut(*known as usize).expect("only numbers of sites are given to hosts")
    }
}

impl Site {
    /// Counts the end of a request. Those that have failed may have cost the site nothing.
    pub(super) fn count(&mut self, kind: OutcomeKind) {
        self.answers += u64::from(kind != OutcomeKind::Failed);
    }

    /// Counts what was added by a page.
    pub(super) fn add(&mut self, bytes: u64) {
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
        let mut sites = Sites::default();
        for (at, name) in
            ["a.example.com", "127.0.0.1", "b.example.com", "localhost", "127.0.1.1", "[::1]"].iter().enumerate()
        {
            sites.of(HostId::at(u32::try_from(at).unwrap()), name).add(1 << at);
        }
        let added = |sites: &mut Sites, at| sites.of(HostId::at(at), "").added;
        assert_eq!([0, 1, 2, 3, 4, 5].map(|at| added(&mut sites, at)), [5, 2, 5, 8, 16, 32]);
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
