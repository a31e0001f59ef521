//! Queues: the one place where a job waits for its host, whatever it is for, and where that host is released.

use std::time::Instant;

use super::job::Job;
use super::robots_hops::RobotsHops;
use super::waiting_hosts::{Wait, WaitingHosts};
use crate::error::Result;
use crate::frontier::{Frontier, Hold};
use crate::politeness::{Next, Room};
use crate::sitemaps::Sitemaps;
use crate::url::CrawlUrl;

/// The queues of a dispatcher, one for each kind of job, and the hosts that none of them can wake.
///
/// - A job that is taken is started, put off, taken back or ended.
/// - Who puts off a job holds its host, for jobs of its kind; a release ends every hold of the host.
pub(super) struct Queues<'a> {
    frontier: &'a mut Frontier,
    sitemaps: &'a mut Sitemaps,
    robots: &'a mut RobotsHops,
    hosts: &'a mut WaitingHosts,
}

impl<'a> Queues<'a> {
    pub(super) fn new(
        frontier: &'a mut Frontier,
        sitemaps: &'a mut Sitemaps,
        robots: &'a mut RobotsHops,
        hosts: &'a mut WaitingHosts,
    ) -> Self {
        Self { frontier, sitemaps, robots, hosts }
    }

    /// Releases the hosts whose time has come, as far as the queues do not by themselves.
    pub(super) fn wake(&mut self, now: Instant) {
        self.robots.wake(now);
        for url in self.hosts.take_due(now) {
            self.release(&url, Next::Any);
        }
    }

    /// The job whose turn it is: first the way to a robots.txt, since others wait for it, then sitemaps, then pages.
    /// Hosts that wait for as much room as there is get in line again; those that have never answered only when no host is
    /// there to go on, or each slot that one gives back would be for another new one.
    pub(super) fn next(&mut self, now: Instant, room: Room) -> Result<Option<Job>> {
        loop {
            let is_full = self.hosts.is_full();
            let goes_on = (is_full || self.hosts.is_crowded(room)) && self.frontier.has_ahead();
            if let Some(url) = self.hosts.next_crowded(if goes_on { room.min(Room::Answered) } else { room }) {
                // Its turn comes before that of hosts whose request has ended just now: those have had one.
                self.call(&url);
            }
            if self.hosts.is_full() && !goes_on {
                return Ok(None);
            }
            if let Some(hop) = self.robots.next() {
                return Ok(Some(Job::of_hop(hop)));
            }
            if let Some(ask) = self.sitemaps.next(now) {
                return Ok(Some(Job::Sitemap(ask)));
            }
            let lease = self.frontier.lease(now)?;
            // The host that has got in line may have had nothing left.
            if lease.is_some() || !self.hosts.is_crowded(room) {
                return Ok(lease.map(Job::Page));
            }
        }
    }

    /// Lets a job wait, and its host with it.
    pub(super) fn put_off(&mut self, job: Job, wait: Wait, now: Instant) -> Result<()> {
        let hold = self.hosts.put_off(job.url(), wait, now);
        match job {
            Job::Page(lease) => {
                self.frontier.give_back(lease.id)?;
                self.frontier.hold(lease.host, hold);
            }
            Job::Robots(hop) | Job::TdmFile(hop) => self.robots.put_off(hop, hold),
            // What called a witness calls one again, and nobody lets a look-up wait: it is no request.
            Job::Witness(_) | Job::Addresses(_) => {}
            Job::Sitemap(ask) => {
                let until = if let Hold::Until(at) = hold { Some(at) } else { None };
                self.sitemaps.put_off(ask, until);
            }
        }
        Ok(())
    }

    /// Puts a job back as if it had never been taken.
    pub(super) fn take_back(&mut self, job: Job, now: Instant) -> Result<()> {
        match job {
            Job::Page(lease) => return self.frontier.give_back(lease.id),
            Job::Witness(_) => {}
            Job::Robots(hop) | Job::TdmFile(hop) => self.robots.push(hop),
            Job::Sitemap(ask) => self.sitemaps.put_off(ask, Some(now)),
            // What waits for it asks again.
            Job::Addresses(url) => self.release(&url, Next::Any),
        }
        Ok(())
    }

    /// Ends all waiting for a host: its pages go on from an instant on, and whatever else waits there asks again.
    pub(super) fn release(&mut self, url: &CrawlUrl, next: Next) {
        self.release_others(url.host());
        if next == Next::Any {
            self.hosts.held().release(url.host());
        }
        match (self.frontier.host_of(url), next) {
            (Some(host), Next::Any) => self.frontier.release(host),
            (Some(host), Next::NotBefore(at)) => self.frontier.hold(host, Hold::Until(at)),
            // Only robots.txt and sitemaps were asked for there.
            (None, _) => {}
        }
    }

    /// Ends all waiting for a host, whose turn comes before that of any other.
    pub(super) fn call(&mut self, url: &CrawlUrl) {
        self.release_others(url.host());
        if let Some(host) = self.frontier.host_of(url) {
            self.frontier.release_first(host);
        }
    }

    /// When a job is due, if that is known: `None` when nothing waits, or everything waits for a release or the end of a
    /// request. Hosts that were never met do not count: nobody waits for them.
    pub(super) fn next_due(&mut self) -> Option<Instant> {
        let queues = [self.frontier.next_due(), self.robots.next_due(), self.sitemaps.next_due()];
        queues.into_iter().flatten().min()
    }

    fn release_others(&mut self, host: &str) {
        self.robots.release(host);
        self.sitemaps.release(host);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::engine::dispatcher::robots_hops::RobotsHop;
    use crate::frontier::Limits;
    use crate::sitemaps::Options;
    use crate::url::UrlRules;

    /// All queues.
    struct All {
        frontier: Frontier,
        sitemaps: Sitemaps,
        robots: RobotsHops,
        hosts: WaitingHosts,
    }

    impl All {
        /// A page, a sitemap and a robots.txt of one host.
        fn of_host(host: &str) -> Self {
            let mut all = Self {
                frontier: Frontier::new(Limits { depth: None, redirects: 5, ahead: u64::MAX }),
                sitemaps: Sitemaps::new(Options::default()),
                robots: RobotsHops::default(),
                hosts: WaitingHosts::default(),
            };
            all.add_page(host);
            let sitemap = url(host, "sitemap.xml");
            let site = sitemap.host_key();
            all.sitemaps.name(sitemap, site);
            all.robots.push(RobotsHop::new(url("other", ""), url(host, "robots.txt")));
            all
        }

        fn add_page(&mut self, host: &str) {
            self.frontier.add_seed(url(host, "")).unwrap();
        }

        fn queues(&mut self) -> Queues<'_> {
            Queues::new(&mut self.frontier, &mut self.sitemaps, &mut self.robots, &mut self.hosts)
        }

        /// Takes all jobs that are ready, and puts each off.
        fn put_off(&mut self, now: Instant, wait: Wait) -> Vec<String> {
            let mut taken = Vec::new();
            while let Some(job) = self.queues().next(now, Room::None).unwrap() {
                taken.push(job.url().path_and_query().to_owned());
                self.queues().put_off(job, wait, now).unwrap();
            }
            taken
        }

        /// The next job, which is started.
        fn next(&mut self, now: Instant, room: Room) -> Option<String> {
            let job = self.queues().next(now, room).unwrap();
            job.map(|job| job.url().as_str().to_owned())
        }
    }

    fn url(host: &str, path: &str) -> CrawlUrl {
        UrlRules::new(4096).parse(&format!("http://{host}/{path}")).unwrap()
    }

    #[test]
    fn whatever_waits_for_a_host_is_released_with_it() {
        let now = Instant::now();
        for wait in [Wait::Request, Wait::Crowded(Room::Any), Wait::Unmet(now + Duration::from_secs(9))] {
            let mut all = All::of_host("a");
            assert_eq!(all.put_off(now, wait), ["/robots.txt", "/sitemap.xml", "/"], "{wait:?}");
            assert_eq!((all.put_off(now, wait), all.queues().next_due()), (vec![], None), "{wait:?}");
            all.queues().release(&url("b", ""), Next::Any);
            assert_eq!(all.put_off(now, wait), [""; 0], "{wait:?}: that was another host");
            all.queues().release(&url("a", ""), Next::Any);
            assert_eq!(all.put_off(now, Wait::Request), ["/robots.txt", "/sitemap.xml", "/"], "{wait:?}");
        }
    }

    #[test]
    fn a_rest_ends_with_its_instant_and_an_unmet_host_with_its_own() {
        let now = Instant::now();
        let at = now + Duration::from_secs(1);
        for wait in [Wait::Until(at), Wait::Unmet(at)] {
            let mut all = All::of_host("a");
            all.put_off(now, wait);
            assert_eq!(all.queues().next_due(), Some(at).filter(|_| wait == Wait::Until(at)), "{wait:?}");
            all.queues().wake(now);
            assert_eq!(all.put_off(now, wait), [""; 0], "{wait:?}");
            all.queues().wake(at);
            assert_eq!(all.put_off(at, Wait::Request), ["/robots.txt", "/sitemap.xml", "/"], "{wait:?}");
        }
    }

    #[test]
    fn a_sitemap_whose_host_waits_for_slots_stands_in_line_like_a_page() {
        let (mut all, now) = (All::of_host("a"), Instant::now());
        all.robots.next();
        all.put_off(now, Wait::Crowded(Room::Any));
        all.add_page("b");
        assert_eq!((all.next(now, Room::None).as_deref(), all.next(now, Room::None)), (Some("http://b/"), None));
        assert_eq!(all.queues().next_due(), None, "nobody looks again before there are slots");
        assert_eq!(all.next(now, Room::Any).as_deref(), Some("http://a/sitemap.xml"));
        assert_eq!(all.next(now, Room::Any).as_deref(), Some("http://a/"));
        assert_eq!(all.next(now, Room::Any), None);
    }

    #[test]
    fn hosts_that_have_answered_get_in_line_before_those_that_never_did() {
        let (mut all, now) = (All::of_host("silent"), Instant::now());
        all.robots.next();
        all.sitemaps.next(now);
        all.put_off(now, Wait::Crowded(Room::Any));
        all.add_page("answered");
        all.put_off(now, Wait::Crowded(Room::Answered));
        assert_eq!(all.next(now, Room::None), None);
        all.add_page("new");
        assert_eq!(all.next(now, Room::Answered).as_deref(), Some("http://answered/"));
        assert_eq!(all.next(now, Room::Answered).as_deref(), Some("http://new/"));
        assert_eq!(all.next(now, Room::Answered), None, "what waits for more room goes on waiting");
        assert_eq!(all.next(now, Room::Any).as_deref(), Some("http://silent/"));
    }

    #[test]
    fn a_host_goes_on_however_many_wait_that_never_answered() {
        let (mut all, now) = (All::of_host("a"), Instant::now());
        all.robots.next();
        all.sitemaps.next(now);
        while !all.hosts.is_full() {
            all.hosts.put_off(&url("silent", ""), Wait::Crowded(Room::Any), now);
        }
        all.queues().call(&url("a", ""));
        assert_eq!(all.next(now, Room::None).as_deref(), Some("http://a/"));
        assert_eq!(all.next(now, Room::None), None);
        all.add_page("b");
        assert_eq!(all.next(now, Room::None), None, "nobody else gets in line");
        all.queues().call(&url("b", ""));
        assert_eq!(all.next(now, Room::Any).as_deref(), Some("http://b/"));
    }

    #[test]
    fn a_job_that_is_taken_back_is_the_next_again() {
        let (mut all, now) = (All::of_host("a"), Instant::now());
        for expected in ["/robots.txt", "/sitemap.xml", "/"] {
            let job = all.queues().next(now, Room::Any).unwrap().unwrap();
            all.queues().take_back(job, now).unwrap();
            let job = all.queues().next(now, Room::Any).unwrap().unwrap();
            assert_eq!(job.url().path_and_query(), expected);
        }
    }
}
