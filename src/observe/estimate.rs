//! Estimates: how many pages a crawl will come to, while new ones are still found.

use super::Snapshot;

/// How many pages a crawl will come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    /// Nothing new can be found, or a limit is reached before that counts.
    Exactly(u64),
    /// From what is known, to what is found if as many new ones come of each page as lately.
    Between(u64, u64),
    /// What is known. So many new ones come of each page that nobody can tell where it ends.
    AtLeast(u64),
}

/// How many pages were known when so many were done.
///
/// The more of a site is known, the fewer of the links on its pages are new. So what came of each page lately is the most that
/// is to be expected of those that are left: of `r` of them, with `n` new ones each, `r + rn + rn² + …` come. Compared over a
/// tenth and a quarter of what is done, of which the greater counts, and with a margin: on the documentations that the tables of
/// docs/performance.md crawl, the range then holds the end from a tenth of the way on. It may not where pages that lead nowhere
/// come first, or where many are found at the end of long chains; then it grows.
#[derive(Debug, Default)]
pub(super) struct Discovery {
    /// Done and known, at some moments.
    seen: Vec<(u64, u64)>,
}

impl Discovery {
    /// Takes the numbers of a moment.
    pub(super) fn note(&mut self, done: u64, known: u64) {
        if self.seen.last().is_none_or(|(before, _)| done > before + before / STEPS) {
            self.seen.push((done, known));
        }
    }

    /// How many pages there will be: by `snapshot`, which was noted, and with at most so many.
    pub(super) fn expected(&self, snapshot: &Snapshot, most: Option<u64>) -> Expected {
        let known = snapshot.known();
        if let Some(most) = most.filter(|most| known >= *most) {
            return Expected::Exactly(most);
        }
        if snapshot.discovery_closed {
            return Expected::Exactly(known);
        }
        match (self.upper(snapshot.done, known), most) {
            (Some(upper), most) => Expected::Between(known, most.map_or(upper, |most| upper.min(most))),
            (None, Some(most)) => Expected::Between(known, most),
            (None, None) => Expected::AtLeast(known),
        }
    }

    fn upper(&self, done: u64, known: u64) -> Option<u64> {
        let of_each = |part: u64| self.new_of_each(done, known, (done / part).max(LEAST));
        let new = of_each(10)?.max(of_each(4)?);
        #[expect(clippy::cast_precision_loss, reason = "an estimate for people to read")]
        let (done, left) = (done as f64, known.saturating_sub(done) as f64);
        let upper = MARGIN * (done + left / (1.0 - new));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "as above; it saturates")]
        (new < 1.0).then_some(upper as u64)
    }

    /// How many new pages came of each of the last so many.
    fn new_of_each(&self, done: u64, known: u64, last: u64) -> Option<f64> {
        let from = done.saturating_sub(last);
        let at = self.seen.partition_point(|(seen, _)| *seen <= from);
        let (before, known_before) = self.seen.get(at.saturating_sub(1)).copied()?;
        let pages = done.checked_sub(before).filter(|pages| *pages >= LEAST)?;
        #[expect(clippy::cast_precision_loss, reason = "an estimate for people to read")]
        let (new, pages) = ((known.saturating_sub(known_before) + 1) as f64, pages as f64);
        // Few were seen, or none: twice as much as chance may hide is added to them.
        Some((new + 2.0 * new.sqrt()) / pages)
    }
}

/// Of fewer pages nothing follows.
const LEAST: u64 = 20;
/// What is found late, by a page that nothing before it is like.
const MARGIN: f64 = 1.05;
/// A moment is kept for each hundredth more that is done.
const STEPS: u64 = 100;

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    fn snapshot(done: u64, known: u64) -> Snapshot {
        Snapshot { done, pending: known - done, ..Snapshot::default() }
    }

    /// Whether each estimate of a crawl, from a tenth of the way on, holds its end; and how many of them have an upper end.
    /// `known` is how many pages were known after each that was done.
    fn holds(known: &[u64]) -> (bool, usize) {
        let (end, mut discovery) = (known.len() as u64, Discovery::default());
        let (mut holds, mut bounded) = (true, 0);
        for (done, known) in (1..).zip(known.iter().copied()) {
            discovery.note(done, known);
            let expected = discovery.expected(&snapshot(done, known), None);
            if done >= end / 10 {
                let (least, most) = match expected {
                    Expected::Exactly(pages) => (pages, pages),
                    Expected::Between(least, most) => (least, most),
                    Expected::AtLeast(least) => (least, u64::MAX),
                };
                holds &= (least..=most).contains(&end);
                bounded += usize::from(most < u64::MAX);
            }
        }
        (holds, bounded)
    }

    /// Breadth first over the pages that `links` of a page lead to.
    fn crawl(links: impl Fn(u64) -> Vec<u64>) -> Vec<u64> {
        let (mut seen, mut queue, mut known) = (std::collections::HashSet::from([0]), VecDeque::from([0]), Vec::new());
        while let Some(page) = queue.pop_front() {
            queue.extend(links(page).into_iter().filter(|link| seen.insert(*link)));
            known.push(seen.len() as u64);
        }
        known
    }

    #[test]
    fn the_end_is_within_the_range_from_a_tenth_of_the_way_on() {
        let tree = crawl(|page| (1..=3).map(|n| page * 3 + n).filter(|page| *page < 4000).collect());
        let mut random = fastrand::Rng::with_seed(7);
        let mut graph = |pages: u64, links: usize| {
            let targets = (0..pages).map(|_| (0..links).map(|_| random.u64(0..pages)).collect::<Vec<_>>());
            let targets: Vec<_> = targets.collect();
            crawl(|page| targets[usize::try_from(page).unwrap()].clone())
        };
        let (dense, sparse) = (graph(5000, 6), graph(2000, 3));
        let sitemap = vec![1500; 1500];
        let menu = crawl(|page| if page == 0 { (1..600).collect() } else { vec![0, (page * 7 + 1) % 640] });
        // Twenty sections of fifty pages, and ten more behind the last of them, one after the other.
        let chains = crawl(|page| match (page / 1000, page % 1000) {
            (0, _) => (1..=20).map(|section| section * 1000).collect(),
            (section, 0) => (1..=50).map(|n| section * 1000 + n).collect(),
            (_, n) if n < 60 => vec![page + 1],
            _ => Vec::new(),
        });
        let crawls = [
            ("tree", tree),
            ("dense", dense),
            ("sparse", sparse),
            ("sitemap", sitemap),
            ("menu", menu),
            ("chains", chains),
        ];
        let mut held = Vec::new();
        for (name, known) in crawls {
            let (holds, bounded) = holds(&known);
            assert!(bounded * 4 > known.len(), "{name} has an upper end in {bounded} of {}", known.len());
            held.extend(holds.then_some(name));
        }
        assert!(held.len() >= 5, "{held:?}");
    }

    #[test]
    fn a_limit_and_a_closed_crawl_are_exact() {
        let mut discovery = Discovery::default();
        discovery.note(10, 200);
        assert_eq!(discovery.expected(&snapshot(10, 200), None), Expected::AtLeast(200));
        assert_eq!(discovery.expected(&snapshot(10, 200), Some(300)), Expected::Between(200, 300));
        assert_eq!(discovery.expected(&snapshot(10, 200), Some(150)), Expected::Exactly(150));
        let closed = Snapshot { discovery_closed: true, ..snapshot(10, 200) };
        assert_eq!(discovery.expected(&closed, None), Expected::Exactly(200));
        assert_eq!(discovery.expected(&closed, Some(300)), Expected::Exactly(200));
    }
}
