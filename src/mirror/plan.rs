//! The plan of a mirror: which URL is in which file, which leads to one, and what stands for each of them.

use hashbrown::{HashMap, HashSet};

use super::file_names::file_names;
use super::records::Kept;
use super::relative::relative;
use crate::parse::rewrite::{Place, Places, Role};
use crate::url::{CrawlUrl, Target, UrlKey, UrlRules};

/// Where each URL of a crawl is in a mirror.
#[derive(Debug)]
pub(super) struct Plan<'r> {
    rules: &'r UrlRules,
    /// The files, in the order of what they hold.
    names: Vec<String>,
    known: HashMap<UrlKey, Known>,
}

#[derive(Debug)]
enum Known {
    File(usize),
    /// An absolute URL, with its fragment.
    Redirect(String),
}

impl<'r> Plan<'r> {
    /// A file for each of `kept`; a redirect leads where the second says, absolute.
    pub(super) fn new(kept: &[Kept], redirects: &[(CrawlUrl, String)], rules: &'r UrlRules) -> Self {
        let urls: Vec<_> = kept.iter().map(|kept| (&kept.url, kept.essence.as_deref())).collect();
        let names = file_names(&urls);
        let mut known = HashMap::with_capacity(kept.len() + redirects.len());
        known.extend(redirects.iter().map(|(from, to)| (from.key(), Known::Redirect(to.clone()))));
        known.extend(kept.iter().enumerate().map(|(nth, kept)| (kept.url.key(), Known::File(nth))));
        Self { rules, names, known }
    }

    /// The file that a URL is in.
    pub(super) fn name_of(&self, url: &CrawlUrl) -> Option<&str> {
        match self.known.get(&url.key())? {
            Known::File(nth) => self.names.get(*nth).map(String::as_str),
            Known::Redirect(_) => None,
        }
    }

    /// Says that there is no file for a URL. The names of the others stay.
    pub(super) fn forget(&mut self, url: &CrawlUrl) {
        self.known.remove(&url.key());
    }

    /// The file that a URL leads to, and the fragment that redirects on the way have given it.
    pub(super) fn file_of(&self, url: &CrawlUrl) -> Option<(&str, Option<String>)> {
        let (mut key, mut fragment) = (url.key(), None);
        for _ in 0..=MOST_REDIRECTS {
            match self.known.get(&key)? {
                Known::File(nth) => return Some((self.names.get(*nth)?, fragment)),
                Known::Redirect(to) => {
                    // What has none inherits that of the reference (RFC 9110, section 10.2.2).
                    fragment = to.split_once('#').map(|(_, own)| own.to_owned()).or(fragment);
                    match self.rules.absolute(to)? {
                        Target::Url(url) => key = url.key(),
                        Target::Other { .. } => return None,
                    }
                }
            }
        }
        None
    }
}

/// What stands for places in one file after the other.
#[derive(Debug)]
pub(super) struct References<'p> {
    plan: &'p Plan<'p>,
    /// The file that is written.
    from: &'p str,
    missing: Missing,
}

/// What pages of a mirror name and a mirror lacks.
#[derive(Debug, Default)]
pub(super) struct Missing {
    /// What they link to.
    pub(super) links: HashSet<UrlKey>,
    /// What they are shown with.
    pub(super) parts: HashSet<UrlKey>,
}

impl<'p> References<'p> {
    pub(super) fn new(plan: &'p Plan<'p>) -> Self {
        Self { plan, from: "", missing: Missing::default() }
    }

    /// The same for the next file.
    pub(super) fn in_file(&mut self, name: &'p str) -> &mut Self {
        self.from = name;
        self
    }

    pub(super) fn into_missing(self) -> Missing {
        self.missing
    }
}

impl Places for References<'_> {
    fn stands_for(&mut self, place: &Place<'_>) -> String {
        let of_web = || place.absolute.to_owned();
        let Some(url) = place.url else { return of_web() };
        let missing = match place.role {
            Role::Web => return of_web(),
            Role::Link => &mut self.missing.links,
            Role::Part => &mut self.missing.parts,
        };
        let Some((name, of_redirect)) = self.plan.file_of(url) else {
            missing.insert(url.key());
            return of_web();
        };
        let written = place.absolute.split_once('#').map(|(_, fragment)| fragment.to_owned());
        let fragment = of_redirect.or(written).map(|fragment| format!("#{fragment}")).unwrap_or_default();
        relative(self.from, name) + &fragment
    }
}

/// Redirects are followed that often: so a circle ends.
const MOST_REDIRECTS: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_for_a_url_leads_to_its_file_or_to_the_web() {
        let rules = UrlRules::new(4096).ignoring(["utm_*".parse().unwrap()]);
        let url = |text: &str| rules.parse(text).unwrap();
        let kept: Vec<_> = ["http://e.com/a", "http://e.com/b/c?x=1"]
            .map(|text| Kept {
                url: url(text),
                asked: url(text),
                at: jiff::Timestamp::UNIX_EPOCH,
                essence: Some("text/html".to_owned()),
                is_seed: false,
                is_read: true,
                hash: None,
            })
            .into();
        let redirects = [
            ("http://e.com/old", "http://e.com/a"),
            ("http://e.com/older", "http://e.com/old#own"),
            ("http://e.com/round", "http://e.com/round"),
            ("http://e.com/away", "http://f.com/"),
        ];
        let redirects = redirects.map(|(from, to)| (url(from), to.to_owned()));
        let plan = Plan::new(&kept, &redirects, &rules);
        let mut references = References::new(&plan);
        let mut check = |absolute: &str, role: Role, expected: &str| {
            let to = rules.parse(absolute).unwrap();
            let place = Place { url: Some(&to), absolute, role };
            assert_eq!(references.in_file("e.com/b/c@x=1.html").stands_for(&place), expected, "{absolute}");
        };
        check("http://e.com/a", Role::Link, "../a.html");
        check("http://e.com/a#x%20y", Role::Link, "../a.html#x%20y");
        check("http://e.com/a?utm_source=x#y", Role::Link, "../a.html#y");
        check("http://e.com/b/c?x=1", Role::Part, "c@x=1.html");
        check("http://e.com/a", Role::Web, "http://e.com/a");
        check("http://e.com/old#y", Role::Link, "../a.html#y");
        check("http://e.com/older#y", Role::Link, "../a.html#own");
        for missing in ["http://e.com/b/c", "http://e.com/round", "http://e.com/away#y", "https://e.com/a"] {
            check(missing, Role::Link, missing);
        }
        check("http://e.com/p.png", Role::Part, "http://e.com/p.png");
        let missing = references.into_missing();
        assert_eq!((missing.links.len(), missing.parts.len()), (4, 1));
    }
}
