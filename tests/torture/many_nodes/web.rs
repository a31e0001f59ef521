//! A web of several hosts that lead to each other: late shortcuts, redirects from host to host, links that are not to be followed,
//! and hosts that want to be left alone for a while.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::support::{Arrival, Reply};

/// What is at a path of a host depends on these two alone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Web {
    pub(crate) hosts: usize,
    /// How many pages of each have a number for a path.
    pub(crate) pages: usize,
    /// How long each answer takes. A shortcut takes [`SHORTCUT`] times as long.
    pub(crate) pace: Duration,
}

/// A page: the number of its host, and its path.
pub(crate) type Page = (usize, String);

/// What a request came to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) host: usize,
    pub(crate) at: Instant,
    /// Until when its host asks to be left alone.
    pub(crate) rests_until: Option<Instant>,
}

#[derive(Debug, Default)]
struct Place {
    links: Vec<Page>,
    nofollow: Vec<Page>,
    redirect: Option<Page>,
    is_there: bool,
    /// Whether its first answer is that there are too many requests.
    is_too_much: bool,
    slowness: u32,
}

impl Web {
    /// What is answered, and noted, at an instant. Each request names its host.
    pub(crate) fn answer(
        self,
        addresses: &[SocketAddr],
        arrival: &Arrival,
        known: &Mutex<HashSet<Page>>,
    ) -> (Reply, Seen) {
        let name = arrival.header("host").unwrap_or_default();
        let host = addresses.iter().position(|address| address.to_string() == name).unwrap();
        let seen = Seen { host, at: arrival.at, rests_until: None };
        if arrival.is_robots() {
            return (Reply::text("User-agent: *\nDisallow: /private/\n"), seen);
        }
        let place = self.place(&(host, arrival.path.clone()));
        let after = self.pace * place.slowness;
        if place.is_too_much && known.lock().unwrap().insert((host, arrival.path.clone())) {
            let reply = Reply::new(429).header("Retry-After", &REST.as_secs().to_string()).after(after);
            return (reply, Seen { rests_until: Some(arrival.at + after + REST), ..seen });
        }
        let url = |(host, path): &Page| format!("http://{}{path}", addresses[*host]);
        if let Some(to) = &place.redirect {
            return (Reply::redirect(301, &url(to)).after(after), seen);
        }
        if !place.is_there {
            return (Reply::new(404).after(after), seen);
        }
        // A word of its own: pages that differ in numbers alone are a trap, once there are enough of them.
        let word: String =
            arrival.path.bytes().filter(u8::is_ascii_digit).map(|digit| char::from(digit - b'0' + b'k')).collect();
        let mut html = format!("<!doctype html><meta charset=utf-8><title>{} {word} at {host}</title>\n", arrival.path);
        for (links, rel) in [(&place.links, ""), (&place.nofollow, " rel=nofollow")] {
            for link in links {
                writeln!(html, "<a{rel} href=\"{}\">{}</a>", url(link), link.1).unwrap();
            }
        }
        (Reply::html(html).after(after), seen)
    }

    /// The depth of each page that is to be requested, by breadth-first search: a redirect is no link.
    pub(crate) fn depths(self) -> BTreeMap<Page, u32> {
        let mut depths = BTreeMap::new();
        let mut line = VecDeque::from([((0, "/0".to_owned()), 0)]);
        while let Some((page, depth)) = line.pop_front() {
            if page.1.starts_with("/private/") || depths.contains_key(&page) {
                continue;
            }
            let Place { links, redirect, .. } = self.place(&page);
            line.extend(links.into_iter().map(|link| (link, depth + 1)));
            // What is at the same depth comes before everything deeper.
            if let Some(to) = redirect {
                line.push_front((to, depth));
            }
            depths.insert(page, depth);
        }
        depths
    }

    fn place(self, (host, path): &Page) -> Place {
        let (kind, number) = path.rsplit_once('/').unwrap_or_default();
        let Ok(n) = number.parse::<usize>() else { return Place { slowness: 1, ..Place::default() } };
        let page = Place { is_there: true, slowness: 1, ..Place::default() };
        match kind {
            "" if n < self.pages => self.page(*host, n, page),
            "/shortcut" => Place { links: self.at(&[(host + 1, n + self.pages / 2)]), slowness: SHORTCUT, ..page },
            "/moved" => Place { redirect: self.at(&[(host + 2, n + 7)]).pop(), ..page },
            "/unwanted" => page,
            _ => Place { is_there: false, ..page },
        }
    }

    fn page(self, host: usize, n: usize, mut page: Place) -> Place {
        page.links = self.at(&[(host, n + 1), (host, n + 2), (host + 1, n), (host * 3 + n, n / 2)]);
        let other = (host + n) % self.hosts;
        let links = &mut page.links;
        if n % 40 == 3 || (host, n) == (0, 0) {
            links.push((other, format!("/shortcut/{n}")));
        }
        if n % 23 == 7 {
            links.push((other, format!("/moved/{n}")));
        }
        if n % 37 == 5 {
            links.push((other, format!("/gone/{n}")));
        }
        if n % 29 == 3 {
            links.push((other, format!("/private/{n}")));
        }
        // Every other of those is found again by a link that may be followed.
        if n % 62 == 35 {
            links.push((other, format!("/unwanted/{}", n - 31)));
        }
        if n % 31 == 4 {
            page.nofollow.push(((host + n + 31) % self.hosts, format!("/unwanted/{n}")));
        }
        page.is_too_much = n % 61 == 11;
        page
    }

    /// The pages with these numbers, as far as there are any; the first one else.
    fn at(self, pages: &[(usize, usize)]) -> Vec<Page> {
        let page = |&(host, n): &(usize, usize)| (n < self.pages).then(|| (host % self.hosts, format!("/{n}")));
        let found: Vec<Page> = pages.iter().filter_map(page).collect();
        if found.is_empty() { vec![(0, "/0".to_owned())] } else { found }
    }
}

const SHORTCUT: u32 = 20;
/// How long a host wants to be left alone.
const REST: Duration = Duration::from_secs(1);
