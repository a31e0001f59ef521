//! What is closed: asked for each link, so the first questions are cheap ones.

use hashbrown::HashMap;

use super::template::{Templates, domain};
use crate::trap::{Trap, TrapKind};
use crate::url::CrawlUrl;

/// The traps that are closed.
#[derive(Debug, Clone, Default)]
pub(super) struct Closed {
    /// In the order in which they were closed.
    traps: Vec<Trap>,
    /// Which of them are of an origin, or of a registrable domain.
    by_place: HashMap<Box<str>, Vec<usize>>,
    /// Whether there is one of a domain.
    has_domains: bool,
}

impl Closed {
    /// Closes a space. Whether it was open: pages that were in flight still come.
    pub(super) fn add(&mut self, trap: Trap) -> bool {
        let is_known = |known: &Trap| known.kind == trap.kind && known.template == trap.template;
        if self.traps.iter().any(is_known) {
            return false;
        }
        self.has_domains |= trap.kind == TrapKind::Domain;
        self.by_place.entry(place_of(&trap).into()).or_default().push(self.traps.len());
        self.traps.push(trap);
        true
    }

    pub(super) fn as_slice(&self) -> &[Trap] {
        &self.traps
    }

    /// The one that a URL is of.
    pub(super) fn of(&self, url: &CrawlUrl) -> Option<&Trap> {
        if self.traps.is_empty() {
            return None;
        }
        let of_domain = if self.has_domains { domain(url).and_then(|domain| self.by_place.get(domain)) } else { None };
        let places = self.by_place.get(url.origin()).into_iter().chain(of_domain).flatten();
        let near = |trap: &&Trap| trap.kind == TrapKind::Domain || url.as_str().starts_with(start_of(trap));
        let mut near = places.filter_map(|at| self.traps.get(*at)).filter(near).peekable();
        near.peek()?;
        let templates = Templates::of(url);
        let narrow = || templates.iter().filter(|(kind, _)| !kind.is_wide());
        let stays_open =
            |trap: &Trap| narrow().any(|(_, template)| trap.except.iter().any(|except| except == template));
        near.find(|trap| templates.get(trap.kind) == Some(&trap.template) && !stays_open(trap))
    }
}

/// The origin of a template, or its domain.
fn place_of(trap: &Trap) -> &str {
    if trap.kind == TrapKind::Domain {
        return trap.template.trim_start_matches("*.").trim_end_matches("/**");
    }
    let path = trap.template.match_indices('/').nth(2).map_or(trap.template.len(), |(at, _)| at);
    trap.template.get(..path).unwrap_or_default()
}

/// What all URLs of a template start with, as it stands there.
fn start_of(trap: &Trap) -> &str {
    let end = trap.template.find(['{', '*', '?', ';']).unwrap_or(trap.template.len());
    trap.template.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::url::UrlRules;

    fn closed(kind: TrapKind, template: &str, except: &[&str]) -> Closed {
        let except = except.iter().map(|text| (*text).to_owned()).collect();
        let (template, examples) = (template.to_owned(), Vec::new());
        let mut closed = Closed::default();
        closed.add(Trap { kind, template, pages: 1, compared: 1, new: 0, examples, with: Vec::new(), except });
        closed
    }

    #[test]
    fn a_url_is_of_what_its_templates_say() {
        let check = |closed: &Closed, url: &str, expected: bool| {
            assert_eq!(closed.of(&UrlRules::new(4096).parse(url).unwrap()).is_some(), expected, "{url}");
        };
        let counter = closed(TrapKind::Template, "http://e.com/c{n}?a&b", &[]);
        check(&counter, "http://e.com/c17?b=1&a", true);
        check(&counter, "http://e.com/c17?b=1", false);
        check(&counter, "https://e.com/c17?b=1&a", false);
        let host = closed(TrapKind::Host, "http://e.com:81/**", &["http://e.com:81/docs/*.html"]);
        check(&host, "http://e.com:81/a/b", true);
        check(&host, "http://e.com:81/docs/b.html", false);
        check(&host, "http://e.com/a", false);
        let domain = closed(TrapKind::Domain, "*.e.co.uk/**", &[]);
        check(&domain, "https://w17.e.co.uk:8443/a", true);
        check(&domain, "https://other.co.uk/", false);
    }
}
