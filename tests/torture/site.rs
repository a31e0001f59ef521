//! A site that makes it hard to lose nothing: shortcuts that answer late, redirects, failures that pass, and links that
//! are not to be followed.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::fmt::Write as _;
use std::sync::Mutex;
use std::time::Duration;

use crate::support::{Arrival, Reply};

/// A generated site. What is at a path depends on the path alone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Site {
    /// How many pages have a number for a path; others come on top of them.
    pub(crate) pages: usize,
    /// How long each answer takes. A shortcut takes [`SHORTCUT`] times as long: by then, the long way is walked.
    pub(crate) pace: Duration,
    /// Whether the first shortcut is not answered before the long way was walked, however slow the machine is. Not for a
    /// crawl that is interrupted: it would wait for that answer, and not go on.
    pub(crate) waits: bool,
}

/// What is at a path.
#[derive(Debug, Default)]
struct Place {
    links: Vec<String>,
    nofollow: Vec<String>,
    /// Where it redirects to.
    redirect: Option<String>,
    status: u16,
    /// The status of the first answer, when that is a failure which passes.
    first: Option<u16>,
    slowness: u32,
    /// The path that is answered before.
    behind: Option<String>,
}

impl Site {
    /// The routes of a server.
    pub(crate) fn routes(self) -> impl Fn(&Arrival) -> Reply + Send + Sync + 'static {
        let asked = Mutex::new(HashSet::new());
        move |arrival| {
            if arrival.is_robots() {
                return Reply::text("User-agent: *\nDisallow: /private/\n");
            }
            let place = self.place(&arrival.path);
            let is_first = asked.lock().unwrap().insert(arrival.path.clone());
            let status = place.first.filter(|_| is_first).unwrap_or(place.status);
            let mut reply = match &place.redirect {
                Some(to) => Reply::redirect(status, to),
                None => Reply::html(self.html(&arrival.path, &place)),
            };
            reply.status = status;
            reply.behind = place.behind;
            reply.after(self.pace * place.slowness)
        }
    }

    /// The depth of each path that is to be requested, by breadth-first search: a redirect is no link.
    pub(crate) fn depths(self) -> BTreeMap<String, u32> {
        let mut depths = BTreeMap::new();
        let mut line = VecDeque::from([("/".to_owned(), 0)]);
        while let Some((path, depth)) = line.pop_front() {
            if path.starts_with("/private/") || path.contains(':') || depths.contains_key(&path) {
                continue;
            }
            let Place { links, redirect, .. } = self.place(&path);
            line.extend(links.into_iter().map(|link| (link, depth + 1)));
            // What is at the same depth comes before everything deeper.
            if let Some(to) = redirect {
                line.push_front((to, depth));
            }
            depths.insert(path, depth);
        }
        depths
    }

    /// Whether a path is found at another one, and whether by a redirect.
    pub(crate) fn leads(self, from: &str, to: &str) -> Option<Way> {
        let Place { links, redirect, .. } = self.place(from);
        if redirect.as_deref() == Some(to) {
            return Some(Way::Redirect);
        }
        links.iter().any(|link| link == to).then_some(Way::Link)
    }

    /// Whether the first answer of a path is a failure.
    pub(crate) fn fails_first(self, path: &str) -> bool {
        self.place(path).first.is_some()
    }

    fn place(self, path: &str) -> Place {
        let (kind, number) = path.rsplit_once('/').unwrap_or_default();
        let number = if path == "/" { Ok(0) } else { number.parse::<usize>() };
        let page = Place { status: 200, slowness: 1, ..Place::default() };
        match (kind, number) {
            ("", Ok(n)) if n < self.pages => self.page(n, page),
            ("/shortcut", Ok(0)) if self.waits => {
                let behind = self.numbers([self.pages - 1]).pop();
                Place { links: self.numbers([40, 41]), slowness: SHORTCUT, behind, ..page }
            }
            ("/shortcut", Ok(n)) => Place { links: self.numbers([n + 40, n + 41]), slowness: SHORTCUT, ..page },
            ("/moved", Ok(n)) if n % 2 == 0 => Place { status: 302, redirect: Some(format!("/again/{n}")), ..page },
            ("/moved" | "/again", Ok(n)) => Place { status: 301, redirect: self.numbers([n + 35]).pop(), ..page },
            ("/unwanted", Ok(_)) => page,
            _ => Place { status: 404, ..page },
        }
    }

    fn page(self, n: usize, mut page: Place) -> Place {
        page.links = self.numbers([n + 1, n + 2, n + 3, n / 2]);
        let mut link = |to: String| page.links.push(to);
        if n % 10 == 3 || n == 0 {
            link(format!("/shortcut/{n}"));
        }
        if n % 23 == 7 {
            link(format!("/moved/{n}"));
        }
        if n % 37 == 5 {
            link(format!("/gone/{n}"));
        }
        if n % 29 == 3 {
            link(format!("/private/{n}"));
        }
        if n % 43 == 1 {
            link(format!("http://elsewhere.example/{n}"));
            link(format!("mailto:{n}@elsewhere.example"));
        }
        if n % 31 == 4 {
            page.nofollow.push(format!("/unwanted/{n}"));
        }
        // Every other of those is found again by a link that may be followed.
        if n % 62 == 35 {
            page.links.push(format!("/unwanted/{}", n - 31));
        }
        if n % 41 == 11 {
            page.first = Some(if n.is_multiple_of(2) { 500 } else { 503 });
        }
        page
    }

    /// The paths of those numbers that are pages; of the first page when none of them is.
    fn numbers<const N: usize>(self, numbers: [usize; N]) -> Vec<String> {
        let path = |n: usize| if n == 0 { "/".to_owned() } else { format!("/{n}") };
        let mut paths: Vec<String> = numbers.into_iter().filter(|n| *n < self.pages).map(path).collect();
        if paths.is_empty() {
            paths.push("/".to_owned());
        }
        paths
    }

    fn html(self, path: &str, place: &Place) -> String {
        // A word of its own: pages that differ in numbers alone are a trap, once there are enough of them.
        let word: String =
            path.bytes().filter(u8::is_ascii_digit).map(|digit| char::from(digit - b'0' + b'k')).collect();
        let mut html = format!("<!doctype html><meta charset=utf-8><title>{path} of {} {word}</title>\n", self.pages);
        for link in &place.links {
            writeln!(html, "<a href=\"{link}\">{link}</a>").unwrap();
        }
        for link in &place.nofollow {
            writeln!(html, "<a rel=nofollow href=\"{link}\">{link}</a>").unwrap();
        }
        html
    }
}

/// How one page leads to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Link,
    Redirect,
}

const SHORTCUT: u32 = 12;
