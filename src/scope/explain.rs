//! Explain: which rule of the scope keeps a URL out.

use std::fmt;

use super::{Places, Scope, per_host};
use crate::url::{CrawlUrl, Patterns};

/// Why a URL does not belong to the crawl. `Display` says it to a person; what it names comes from the settings and the
/// seeds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum OutOfScope {
    /// It lies in none of the places that the seeds open.
    Place {
        /// What of the URL it is about.
        what: &'static str,
        /// The places, by name.
        places: Vec<String>,
    },
    /// There are `include` patterns, and none of them matches.
    NotIncluded {
        /// Whether they are those of its host.
        of_host: bool,
    },
    /// An `exclude` pattern matches.
    Excluded {
        /// The first that does.
        pattern: String,
        /// Whether it is one of its host.
        of_host: bool,
    },
}

impl Scope {
    /// Why a URL does not belong to the crawl; `None` when it does ([`admits`](Self::admits)).
    pub(crate) fn explain(&self, url: &CrawlUrl) -> Option<OutOfScope> {
        if !self.places.contain(url) {
            let (what, places) = self.places.named();
            return Some(OutOfScope::Place { what, places });
        }
        let [include, exclude] = per_host::patterns_of(url.host(), &self.hosts, [&self.include, &self.exclude]);
        let is_of_host = |patterns: &Patterns, all: &Patterns| !std::ptr::eq(patterns, all);
        if !include.is_empty() && !include.is_match(url.as_str()) {
            return Some(OutOfScope::NotIncluded { of_host: is_of_host(include, &self.include) });
        }
        let pattern = exclude.first_match(url.as_str())?.to_owned();
        Some(OutOfScope::Excluded { pattern, of_host: is_of_host(exclude, &self.exclude) })
    }
}

impl Places {
    /// What of a URL has to be one of these, and these in their order.
    fn named(&self) -> (&'static str, Vec<String>) {
        let (what, mut places): (_, Vec<String>) = match self {
            Self::Hosts(hosts) => ("its host", hosts.iter().map(ToString::to_string).collect()),
            Self::Subdomains(hosts) => {
                ("its host, or one that it is below,", hosts.iter().map(ToString::to_string).collect())
            }
            Self::Domains(domains) => ("its domain", domains.iter().map(ToString::to_string).collect()),
            Self::Prefixes(hosts) => {
                let pairs = hosts.iter().flat_map(|(host, folders)| folders.iter().map(move |folder| (host, folder)));
                ("its start", pairs.map(|(host, folder)| format!("{host}{folder}")).collect())
            }
            Self::Any => ("its host", Vec::new()),
        };
        places.sort_unstable();
        (what, places)
    }
}

impl fmt::Display for OutOfScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = |of_host: &bool| if *of_host { "what [hosts] has for its host" } else { "[scope]" };
        match self {
            Self::Place { what, places } => {
                let shown = places.iter().take(PLACES_SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
                write!(f, "{what} is not that of a seed: {shown}")?;
                match places.len().checked_sub(PLACES_SHOWN) {
                    Some(more @ 1..) => write!(f, " and {more} more"),
                    _ => Ok(()),
                }
            }
            Self::NotIncluded { of_host } => write!(f, "no pattern of `include` in {} matches it", table(of_host)),
            Self::Excluded { pattern, of_host } => {
                write!(f, "the pattern `{pattern}` of `exclude` in {} matches it", table(of_host))
            }
        }
    }
}

const PLACES_SHOWN: usize = 3;

#[cfg(test)]
mod tests {
    use super::super::{Kind, Options, Overrides};
    use super::*;
    use crate::url::UrlRules;

    fn url(text: &str) -> CrawlUrl {
        UrlRules::new(4096).parse(text).unwrap()
    }

    fn explained(options: &Options, seeds: &[&str], text: &str) -> Option<String> {
        let seeds: Vec<_> = seeds.iter().map(|seed| url(seed)).collect();
        let of_host = Overrides { exclude: Some(Patterns::parse(["*.pdf"]).unwrap()), ..Overrides::default() };
        let scope = Scope::new(options, &seeds).with_hosts([("docs.e.com".parse().unwrap(), of_host)]);
        let explained = scope.explain(&url(text));
        assert_eq!(explained.is_none(), scope.admits(&url(text)), "{text}");
        explained.map(|why| why.to_string())
    }

    #[test]
    fn the_places_of_the_seeds_are_named() {
        let explained = |kind, text: &str| {
            let seeds = ["http://e.com/a/b", "http://1.2.3.4:81/", "http://f.co.uk/", "http://www.g.com/"];
            explained(&Options { kind, ..Options::default() }, &seeds, text).unwrap_or_default()
        };
        let check = |kind, expected: &str| assert_eq!(explained(kind, "http://x.com/"), expected);
        check(Kind::Host, "its host is not that of a seed: 1.2.3.4:81, e.com, f.co.uk and 1 more");
        check(
            Kind::Subdomains,
            "its host, or one that it is below, is not that of a seed: 1.2.3.4:81, e.com, f.co.uk and 1 more",
        );
        check(Kind::Domain, "its domain is not that of a seed: 1.2.3.4:81, e.com, f.co.uk and 1 more");
        check(Kind::Prefix, "its start is not that of a seed: 1.2.3.4:81/, e.com/a/, f.co.uk/ and 1 more");
        check(Kind::Any, "");
        assert_eq!(explained(Kind::Host, "https://e.com/"), "");
    }

    #[test]
    fn the_pattern_that_decides_is_named() {
        let texts = |texts: [&str; 2]| Patterns::parse(texts).unwrap();
        let options = Options {
            kind: Kind::Domain,
            include: texts(["*/docs/*", "re:[.]pdf$"]),
            exclude: texts(["*/print/*", "re:[?&]sort="]),
            ..Options::default()
        };
        let explained = |text: &str| explained(&options, &["http://e.com/"], text).unwrap_or_default();
        assert_eq!(explained("http://e.com/docs/a"), "");
        assert_eq!(explained("http://e.com/a"), "no pattern of `include` in [scope] matches it");
        assert_eq!(
            explained("http://e.com/docs/?a&sort=1"),
            "the pattern `re:[?&]sort=` of `exclude` in [scope] matches it"
        );
        assert_eq!(explained("http://docs.e.com/docs/print/"), "", "its host has patterns of its own");
        assert_eq!(
            explained("http://docs.e.com/a.pdf"),
            "the pattern `*.pdf` of `exclude` in what [hosts] has for its host matches it"
        );
    }
}
