//! A group: what was seen of one space of URLs.

use std::collections::VecDeque;
use std::sync::Arc;

use hashbrown::HashSet;

use super::ties::Ties;
use super::window::Window;
use crate::trap::TrapKind;
use crate::url::CrawlUrl;

/// What was seen of one space.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// How many pages of it were read.
    pub(super) pages: u64,
    /// Of each URL of it that was found: whether that was on one of its own pages.
    pub(super) from_within: Window,
    /// Of each of its pages: whether it has led to a URL outside of it that was new.
    pub(super) leads_out: Window,
    texts: Option<Box<Texts>>,
    /// The first page of it.
    pub(super) first: Option<Arc<str>>,
    /// Its hosts, if it has several.
    pub(super) hosts: HashSet<Box<str>>,
    /// What it has to do with others, as long as it is large and stale.
    pub(super) ties: Option<Box<Ties>>,
}

/// What its pages have said, as far as they were read.
#[derive(Debug, Default)]
struct Texts {
    /// Whether each was new.
    new: Window,
    seen: HashSet<u32>,
    /// The last ones.
    last: VecDeque<u32>,
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compared {
    /// Each text with all before it: a template that shows the same hundred pages for ever is stale.
    WithAll,
    /// The last ones with each other: a folder that mirrors another one is not.
    WithEachOther,
}

impl Group {
    /// Takes what a page says. Whether there is one text more to remember; `room` says how many there may be.
    pub(super) fn read(&mut self, said: u64, room: usize) -> bool {
        let texts = self.texts.get_or_insert_default();
        let [.., a, b, c, d] = said.to_le_bytes();
        let text = u32::from_le_bytes([a, b, c, d]);
        let is_new = !texts.seen.contains(&text);
        texts.new.push(is_new);
        if texts.last.len() == LAST {
            texts.last.pop_front();
        }
        texts.last.push_back(text);
        is_new && texts.seen.len() < room && texts.seen.insert(text)
    }

    /// How many of the last `n` texts were new; `None` when there are fewer.
    pub(super) fn new_of_last(&self, n: u32, compared: Compared) -> Option<u32> {
        let texts = self.texts.as_ref()?;
        let new = texts.new.of_last(n)?;
        Some(match compared {
            Compared::WithAll => new,
            Compared::WithEachOther => {
                let last: HashSet<_> = texts.last.iter().rev().take(n as usize).collect();
                // One of them is what the others are compared with.
                u32::try_from(last.len()).unwrap_or(n).saturating_sub(1)
            }
        })
    }

    /// Whether it says almost nothing new, by the last `n` texts.
    pub(super) fn is_stale(&self, n: u32, compared: Compared) -> bool {
        self.new_of_last(n, compared).is_some_and(|new| new * 20 <= n)
    }

    /// Whether its last `n` URLs were found on its own pages, and these led to nothing else.
    pub(super) fn leads_to_itself(&self, n: u32) -> bool {
        let fed = self.from_within.of_last(n).is_some_and(|within| within * 10 >= n * 9);
        fed && self.leads_out.of_last(n).is_some_and(|out| out * 10 <= n)
    }

    /// Watches what it has to do with others, as long as there is reason to.
    pub(super) fn watch(&mut self, is_barren: bool, kind: TrapKind, template: &str, last: &CrawlUrl) {
        if is_barren {
            let ties = self.ties.get_or_insert_with(|| Box::new(Ties::new(kind, template)));
            ties.last = Some(last.to_shared());
        } else {
            self.ties = None;
        }
    }

    /// Forgets what speaks against it: how many there are, and the last of them.
    pub(super) fn begin_again(&mut self) {
        (self.pages, self.from_within, self.leads_out) = (0, Window::default(), Window::default());
        if let Some(texts) = &mut self.texts {
            texts.new = Window::default();
            texts.last.clear();
        }
    }

    /// How many texts it remembers.
    pub(super) fn texts(&self) -> usize {
        self.texts.as_ref().map_or(0, |texts| texts.seen.len())
    }
}

/// How many of the last texts are kept.
const LAST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_round_again_is_stale_and_what_is_a_mirror_of_itself_is_not() {
        let mut group = Group::default();
        assert_eq!(group.new_of_last(1, Compared::WithAll), None);
        for said in (0..100).chain(0..100) {
            group.read(said << 32, 1000);
        }
        assert_eq!(group.new_of_last(50, Compared::WithAll), Some(0));
        assert_eq!(group.new_of_last(50, Compared::WithEachOther), Some(49));
        for _ in 0..50 {
            group.read(7 << 32, 1000);
        }
        assert_eq!(group.new_of_last(50, Compared::WithEachOther), Some(0));
        assert_eq!(group.texts(), 100);
        group.begin_again();
        assert_eq!(group.new_of_last(1, Compared::WithAll), None);
    }

    #[test]
    fn one_in_twenty_may_be_new_and_one_in_ten_may_come_from_outside_or_lead_there() {
        let group = |new: u64, from_outside: u32, leads_out: u32| {
            let mut group = Group::default();
            for _ in 0..50 {
                group.read(0, 1000);
            }
            for said in 1..=50 {
                group.read(if said <= new { said << 32 } else { 0 }, 1000);
            }
            for nth in 0..50 {
                group.from_within.push(nth >= from_outside);
                group.leads_out.push(nth < leads_out);
            }
            (group.is_stale(50, Compared::WithAll), group.leads_to_itself(50))
        };
        assert_eq!(group(2, 5, 5), (true, true));
        assert_eq!(group(3, 6, 5), (false, false));
        assert_eq!(group(3, 5, 6), (false, false));
    }

    #[test]
    fn a_text_for_which_there_is_no_room_stays_new() {
        let mut group = Group::default();
        assert!(group.read(1 << 32, 1));
        assert!(!group.read(2 << 32, 1) && !group.read(2 << 32, 1));
        assert_eq!(group.new_of_last(3, Compared::WithAll), Some(3));
    }
}
