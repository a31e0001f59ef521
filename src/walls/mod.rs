//! Walls: which hosts answer with one and the same thing in place of their pages, so that a crawl that saw nothing says so.
//!
//! Of each host it is counted how many of its answers lead to one place, and how many have one body (`frequent`). What is
//! told is certain: the counts are lower bounds, and a place or a body counts only when it is exactly the same.

mod frequent;
mod place;

use frequent::Frequent;
use hashbrown::HashMap;

use crate::outcome::{Outcome, OutcomeKind};
use crate::unread::Reading;
use crate::url::{CrawlUrl, HostKey};
use crate::wall::{Wall, WallKind};

/// What is counted of the hosts.
///
/// - Bounded in the hosts and in what is kept of each; what is beyond is not looked at.
/// - What earlier runs have told is gone on with. What was not enough to be told is counted anew.
#[derive(Debug, Default)]
pub(crate) struct Walls {
    hosts: HashMap<HostKey, Host>,
}

/// A response that is settled.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer<'a> {
    /// What was asked for, as its record names it.
    pub(crate) url: &'a CrawlUrl,
    /// What came of it.
    pub(crate) outcome: &'a Outcome,
    /// Where it sends its reader at once, by its status or as a page.
    pub(crate) leads_to: Option<&'a CrawlUrl>,
    /// What it says of itself.
    pub(crate) standing: Standing,
}

/// What is known of an answer beside itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Nothing.
    #[default]
    Plain,
    /// It redirects to itself, and a cookie that it set did not help.
    CookieInVain,
    /// A trap was closed for it, and that was told.
    Trap,
}

#[derive(Debug, Default)]
struct Host {
    /// How many answers were redirects, or pages that were parsed.
    answers: u64,
    leads_to: Frequent,
    bodies: Frequent,
}

impl Walls {
    /// Takes what earlier runs have told.
    pub(crate) fn restore(told: &[Wall]) -> Self {
        let mut walls = Self::default();
        for wall in told {
            let host = walls.hosts.entry(HostKey::stored(&wall.host)).or_default();
            host.answers = host.answers.max(wall.of);
            match (wall.kind, &wall.to, &wall.content_hash) {
                (WallKind::Redirect, Some(to), _) => host.leads_to.restore(place::key(to), to, wall),
                (WallKind::Page, _, Some(hash)) => host.bodies.restore(body_key(hash), hash, wall),
                _ => {}
            }
        }
        walls
    }

    /// Takes an answer, and corrects what is told; whether that is another than before.
    pub(crate) fn note(&mut self, answer: Answer<'_>, told: &mut Vec<Wall>) -> bool {
        let Answer { url, outcome, leads_to, standing } = answer;
        let body = outcome.content_hash.as_deref().filter(|_| is_page(outcome));
        if leads_to.is_none() && body.is_none() {
            return false;
        }
        let name = url.host();
        if !self.hosts.contains_key(name) {
            if self.hosts.len() >= MAX_HOSTS {
                return false;
            }
            self.hosts.insert(url.host_key(), Host::default());
        }
        let Some(host) = self.hosts.get_mut(name) else { return false };
        host.answers += 1;
        if standing == Standing::CookieInVain {
            return tell_cookie(told, url, host.answers);
        }
        match leads_to {
            Some(to) => {
                let to = place::of(url, to);
                host.leads_to.take(place::key(to), to, url);
            }
            // The place itself: to log in at `/login?next=/a` is no page beside those that lead there.
            None if host.leads_to.has(|| place::key(place::itself(url))) => {}
            None => host.leads_to.take_other(),
        }
        if let Some(body) = body {
            host.bodies.take(body_key(body), body, url);
        }
        if standing == Standing::Trap {
            host.leads_to.leave_last();
            host.bodies.leave_last();
        }
        let led = tell(told, name, WallKind::Redirect, &host.leads_to);
        let same = body.is_some() && tell(told, name, WallKind::Page, &host.bodies);
        led || same
    }
}

/// A page whose text was parsed. One that is empty, or that needs scripts, is told as that.
fn is_page(outcome: &Outcome) -> bool {
    outcome.kind == OutcomeKind::Ok && outcome.reading == Reading::Parsed && outcome.page.is_some()
}

fn tell_cookie(told: &mut Vec<Wall>, url: &CrawlUrl, answers: u64) -> bool {
    let is_it = |wall: &&mut Wall| wall.kind == WallKind::Cookie && wall.host == url.host();
    if let Some(wall) = told.iter_mut().find(is_it) {
        wall.pages += 1;
        wall.of = answers.max(wall.pages);
        return true;
    }
    let has_room = told.len() < MAX_TOLD;
    if has_room {
        told.push(Wall { of: answers, ..Wall::new(WallKind::Cookie, url.host(), url.as_str()) });
    }
    has_room
}

/// Corrects what is told of one host; whether that is another than before.
fn tell(told: &mut Vec<Wall>, host: &str, kind: WallKind, counted: &Frequent) -> bool {
    let has_room = told.len() < MAX_TOLD;
    let known = told.iter_mut().find(|wall| wall.kind == kind && wall.host == host);
    match (counted.found(), known) {
        (Some(found), Some(wall)) => {
            let is_new = (wall.pages, wall.of) != (found.count, found.of);
            (wall.pages, wall.of) = (found.count, found.of);
            is_new
        }
        (Some(found), None) if has_room => {
            let what = Some(found.what.to_string());
            let (to, content_hash) = if kind == WallKind::Redirect { (what, None) } else { (None, what) };
            let wall = Wall::new(kind, host, &*found.example);
            told.push(Wall { pages: found.count, of: found.of, to, content_hash, ..wall });
            true
        }
        (None, Some(_)) => {
            told.retain(|wall| wall.kind != kind || wall.host != host);
            true
        }
        _ => false,
    }
}

/// The hash of a body, as records have it, as one number.
fn body_key(hash: &str) -> u64 {
    let digits = hash.split_once(':').and_then(|(_, digits)| digits.get(..16)).unwrap_or_default();
    u64::from_str_radix(digits, 16).unwrap_or_default()
}

/// A crawl of more hosts has few pages of each; what is counted takes some hundred bytes a host.
const MAX_HOSTS: usize = 4096;
/// How many walls are told.
const MAX_TOLD: usize = 64;

#[cfg(test)]
mod tests;
