//! Templates: the spaces that a URL is of, from that of its own form to its registrable domain.

use std::ops::Range;

use super::dates::names_a_date;
use super::mask::mask;
use super::repeats::repeats;
use crate::trap::TrapKind;
use crate::url::{CrawlUrl, registrable_domain};

/// The spaces of one URL, each with the text that stands for it; the narrowest first.
#[derive(Debug, Clone, Default)]
pub(super) struct Templates {
    /// All of them, one behind the other.
    text: String,
    /// Where each of them is in it, by its kind.
    places: [Option<Range<usize>>; TrapKind::ALL.len()],
}

/// The parts of a URL that templates are made of.
struct Parts<'a> {
    origin: &'a str,
    path: &'a str,
    query: Option<&'a str>,
    /// Where the last segment of the path begins; a slash at the end is none of its own.
    last: usize,
}

impl Templates {
    /// The spaces of a URL.
    pub(super) fn of(url: &CrawlUrl) -> Self {
        let parts = Parts::of(url);
        let (before, last) = parts.path.split_at_checked(parts.last).unwrap_or((parts.path, ""));
        let names = parts.names();
        let mut all = Self { text: String::with_capacity(ROOM * url.as_str().len()), ..Self::default() };
        all.text.push_str(parts.origin);
        let mut is_masked = masked_path(before, &mut all.text);
        let folder = 0..all.text.len();
        is_masked |= masked_path(last, &mut all.text);
        let path = 0..all.text.len();
        if parts.query.is_some() {
            all.set(TrapKind::Query, &path, |text| text.push_str("?*"));
        }
        if !last.is_empty() {
            all.set(TrapKind::Folder, &folder, |text| any_name_like(last, &names, text));
        }
        if names.is_empty() && is_masked {
            all.place(TrapKind::Template, path);
        } else if !names.is_empty() {
            all.set(TrapKind::Template, &path, |text| text.push_str(&names));
        }
        let origin = 0..parts.origin.len();
        let first = all.set_sections(before, origin.clone());
        if names_a_date(url.path_and_query()) {
            all.set(TrapKind::Dates, &first, |text| text.push_str("/**{date}"));
        }
        if repeats(parts.path) {
            all.set(TrapKind::Repeats, &origin, |text| text.push_str("/**{again}"));
        }
        all.set(TrapKind::Host, &origin, |text| text.push_str("/**"));
        if let Some(domain) = domain(url) {
            all.set(TrapKind::Domain, &(0..0), |text| text.extend(["*.", domain, "/**"]));
        }
        all
    }

    /// The spaces below the first one and two segments of a path that others follow; where the first of them starts.
    fn set_sections(&mut self, before: &str, origin: Range<usize>) -> Range<usize> {
        let mut segments = before.split('/').filter(|segment| !segment.is_empty());
        let Some(first) = segments.next() else { return origin };
        let first = self.set_section(TrapKind::Section, &origin, first);
        if let Some(second) = segments.next() {
            self.set_section(TrapKind::Subsection, &first, second);
        }
        first
    }

    fn set_section(&mut self, kind: TrapKind, start: &Range<usize>, segment: &str) -> Range<usize> {
        let (begin, below) = (self.text.len(), "/**");
        self.set(kind, start, |text| {
            text.push('/');
            masked_path(segment, text);
            text.push_str(below);
        });
        begin..self.text.len() - below.len()
    }

    /// Sets the text of a space to what stands at some place, and what is written behind it.
    fn set(&mut self, kind: TrapKind, start: &Range<usize>, write: impl FnOnce(&mut String)) {
        let begin = self.text.len();
        self.text.extend_from_within(start.clone());
        write(&mut self.text);
        self.place(kind, begin..self.text.len());
    }

    fn place(&mut self, kind: TrapKind, at: Range<usize>) {
        if let Some(place) = self.places.get_mut(kind.index()) {
            *place = Some(at);
        }
    }

    /// The text of one of them; `None` when the URL is of no such space.
    pub(super) fn get(&self, kind: TrapKind) -> Option<&str> {
        self.text.get(self.places.get(kind.index())?.clone()?)
    }

    /// The narrowest of them, if that is no wide one.
    pub(super) fn form(&self) -> Option<(TrapKind, &str)> {
        self.iter().next().filter(|(kind, _)| !kind.is_wide())
    }

    /// All of them, the narrowest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (TrapKind, &str)> {
        TrapKind::ALL.into_iter().filter_map(|kind| Some((kind, self.get(kind)?)))
    }
}

impl<'a> Parts<'a> {
    fn of(url: &'a CrawlUrl) -> Self {
        let (path, query) = match url.path_and_query().split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (url.path_and_query(), None),
        };
        let end = path.strip_suffix('/').unwrap_or(path);
        let last = end.rfind('/').map_or(1, |slash| slash + 1).min(path.len());
        Self { origin: url.origin(), path, query, last }
    }

    /// The names of the query, each once, in one order; empty without a query.
    fn names(&self) -> String {
        let Some(query) = self.query else { return String::new() };
        let mut names: Vec<String> = query.split('&').filter(|param| !param.is_empty()).map(name_of).collect();
        names.sort_unstable();
        names.dedup();
        if names.len() > MOST_NAMES { "?*".to_owned() } else { format!("?{}", names.join("&")) }
    }
}

/// Writes what stands for any name of the same ending, with the names of a query.
fn any_name_like(last: &str, names: &str, out: &mut String) {
    let (name, slash) = match last.strip_suffix('/') {
        Some(name) => (name, "/"),
        None => (last, ""),
    };
    let (name, params) = name.split_once(';').map_or((name, None), |(name, params)| (name, Some(params)));
    out.push('*');
    if let Some((_, ending)) = name.rsplit_once('.').filter(|(_, ending)| is_ending(ending)) {
        out.extend([".", ending]);
    }
    if let Some(params) = params {
        path_params(params, out);
    }
    out.extend([slash, names]);
}

/// The registrable domain of a URL's host; `None` for addresses and for names that are none.
pub(super) fn domain(url: &CrawlUrl) -> Option<&str> {
    let host = url.host();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let is_address = name.starts_with('[') || name.rsplit('.').next()?.bytes().all(|byte| byte.is_ascii_digit());
    if is_address { None } else { registrable_domain(name) }
}

/// Writes a path with its masks, its parameters without their values. Whether there was anything to mask.
fn masked_path(path: &str, out: &mut String) -> bool {
    let mut masked = false;
    for (nth, segment) in path.split('/').enumerate() {
        if nth > 0 {
            out.push('/');
        }
        let (name, params) = segment.split_once(';').map_or((segment, None), |(name, params)| (name, Some(params)));
        masked |= mask(name, out);
        if let Some(params) = params {
            path_params(params, out);
            masked = true;
        }
    }
    masked
}

/// Writes the names of the parameters of a segment.
fn path_params(params: &str, out: &mut String) {
    for param in params.split(';').take(MOST_NAMES) {
        out.push(';');
        out.push_str(&name_of(param));
    }
}

fn name_of(param: &str) -> String {
    let name = param.split_once('=').map_or(param, |(name, _)| name);
    let mut masked = String::with_capacity(name.len());
    mask(name, &mut masked);
    masked
}

/// Whether what follows the last dot of a name says of what kind it is.
fn is_ending(ending: &str) -> bool {
    let starts = ending.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
    starts && ending.len() <= 5 && ending.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// How often a URL fits into the texts of all its spaces, for most.
const ROOM: usize = 8;
/// How many different names of a query are told apart.
const MOST_NAMES: usize = 32;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::url::UrlRules;

    fn templates(text: &str) -> Templates {
        Templates::of(&UrlRules::new(4096).parse(text).unwrap())
    }

    #[track_caller]
    fn check(url: &str, kind: TrapKind, expected: Option<&str>) {
        assert_eq!(templates(url).get(kind), expected, "{kind:?} of {url}");
    }

    #[test]
    fn a_template_is_the_path_without_numbers_and_the_names_of_the_query() {
        let check = |url, expected| check(url, TrapKind::Template, expected);
        check("http://e.com/cal/2026/11/", Some("http://e.com/cal/{n}/{n}/"));
        check("http://e.com/l?b=2&a=1&b=3&c", Some("http://e.com/l?a&b&c"));
        check("http://e.com/a;jsessionid=1f/b", Some("http://e.com/a;jsessionid/b"));
        check("http://e.com/docs/sql.html", None);
        check("http://e.com/", None);
    }

    #[test]
    fn wider_spaces_are_the_folder_its_sections_the_host_and_the_domain() {
        let url = "https://w7.e.co.uk:8443/a/b2/c/word.html;v=1?q=1";
        check(url, TrapKind::Query, Some("https://w7.e.co.uk:8443/a/b{n}/c/word.html;v?*"));
        check(url, TrapKind::Folder, Some("https://w7.e.co.uk:8443/a/b{n}/c/*.html;v?q"));
        check(url, TrapKind::Section, Some("https://w7.e.co.uk:8443/a/**"));
        check(url, TrapKind::Subsection, Some("https://w7.e.co.uk:8443/a/b{n}/**"));
        check(url, TrapKind::Host, Some("https://w7.e.co.uk:8443/**"));
        check(url, TrapKind::Domain, Some("*.e.co.uk/**"));
        check("http://e.com/word/", TrapKind::Folder, Some("http://e.com/*/"));
        check("http://e.com/word/", TrapKind::Section, None);
        check("http://e.com/", TrapKind::Folder, None);
        check("http://e.com/?sid=1", TrapKind::Query, Some("http://e.com/?*"));
        for address in ["http://127.0.0.1:80/a", "http://[::1]:81/a", "http://[::1]/a", "http://localhost/a"] {
            check(address, TrapKind::Domain, None);
        }
    }

    #[test]
    fn dates_and_repeated_segments_have_spaces_of_their_own() {
        check("http://e.com/cal/day/2026/11/29", TrapKind::Dates, Some("http://e.com/cal/**{date}"));
        check("http://e.com/cal?month=2026-11", TrapKind::Dates, Some("http://e.com/**{date}"));
        check("http://e.com/thread/2026", TrapKind::Dates, None);
        check("http://e.com/a/b/a/b/a/b/", TrapKind::Repeats, Some("http://e.com/**{again}"));
        check("http://e.com/a/b/a/b/", TrapKind::Repeats, None);
    }

    proptest! {
        #[test]
        fn the_order_of_parameters_and_all_values_decide_nothing(
            (params, shuffled) in prop::collection::vec(("[a-z]{1,3}", "[a-z0-9]{0,9}"), 1..9).prop_flat_map(|params| {
                (Just(params.clone()), Just(params).prop_shuffle())
            })
        ) {
            let url = |params: &[(String, String)], value: &str| {
                let params: Vec<_> = params.iter().map(|(name, own)| format!("{name}={own}{value}")).collect();
                templates(&format!("http://e.com/f?{}", params.join("&")))
            };
            let (one, other) = (url(&params, ""), url(&shuffled, "x"));
            prop_assert_eq!(one.get(TrapKind::Template), other.get(TrapKind::Template));
        }

        #[test]
        fn any_url_has_its_spaces(path in "/[ -~]{0,60}", host in "([a-z0-9]{1,9}\\.){1,4}[a-z]{2,6}") {
            if let Ok(url) = UrlRules::new(4096).parse(&format!("http://{host}{path}")) {
                let all = Templates::of(&url);
                prop_assert!(all.get(TrapKind::Host).is_some());
                prop_assert!(all.iter().all(|(_, text)| text.len() < 16 * url.as_str().len()));
            }
        }
    }
}
