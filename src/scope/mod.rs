//! Scope: which URLs belong to the crawl.

mod explain;
mod per_host;

pub(crate) use explain::OutOfScope;
pub(crate) use per_host::Overrides;

use std::fmt;
use std::net::Ipv4Addr;

// Asked for every link: a faster hash than that of `std`. What is in them comes from the seeds, not from pages.
use hashbrown::{HashMap, HashSet};
use serde::{Deserialize, Serialize};

use crate::url::{CrawlUrl, HostPattern, Patterns, PerHost, listed_domain};

/// `[scope]`: which of the URLs that are found belong to the crawl. Seeds always do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// How far from the seeds: `host` is the seed's host name and port, http or https alike; `subdomains` adds all
    /// hosts below it; `domain` takes the whole registrable domain (public suffix list); `prefix` takes only what
    /// starts with the seed's path, up to its last slash, on its host; `any` takes every host.
    pub kind: Kind,
    /// When not empty, only URLs that match one of these patterns are taken. A pattern is a glob on the whole URL
    /// (`*` any text, `?` one character, `{a,b}` either), or a regular expression after `re:`.
    #[schemars(with = "Vec<String>")]
    pub include: Patterns,
    /// URLs that match one of these patterns are not taken, even when `include` names them.
    #[schemars(with = "Vec<String>")]
    pub exclude: Patterns,
    /// Where parts of pages may be that `parse.follow` asks for (`embed`, `style`): `any` takes those of every page in
    /// scope on any host, as a browser does, unless `exclude` names them, and what their style sheets are made of, but
    /// follows nothing from there; `scope` takes only those that are in scope themselves.
    pub embeds: Embeds,
}

/// Where parts of pages may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Embeds {
    /// Anywhere.
    #[default]
    Any,
    /// Where pages may be.
    Scope,
}

/// How far from the seeds a crawl goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The seed's host name and port, http or https alike.
    #[default]
    Host,
    /// The seed's host and every host below it.
    Subdomains,
    /// The seed's registrable domain by the public suffix list.
    Domain,
    /// The seed's host, below the seed's path.
    Prefix,
    /// Every host.
    Any,
}

impl Default for Options {
    fn default() -> Self {
        Self { kind: Kind::Host, include: Patterns::default(), exclude: Patterns::default(), embeds: Embeds::default() }
    }
}

/// Which URLs belong to one crawl: [`Options`] and the places of its seeds.
#[derive(Debug, Clone)]
pub(crate) struct Scope {
    places: Places,
    include: Patterns,
    exclude: Patterns,
    embeds: Embeds,
    hosts: PerHost<Overrides>,
}

/// The places that the seeds open. Hosts have their port when it is not the scheme's own, so http and https are alike
/// and another port is another host.
#[derive(Debug, Clone)]
enum Places {
    Hosts(HashSet<Box<str>>),
    Subdomains(HashSet<Box<str>>),
    Domains(HashSet<Box<str>>),
    /// For each host the folders, which end with a slash.
    Prefixes(HashMap<Box<str>, HashSet<Box<str>>>),
    Any,
}

/// A seed leads to another place, which now belongs to the scope as well. `Display` gives the line that says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SeedMove {
    /// The seed, or the redirect of a seed, that leads away.
    pub(crate) from: String,
    /// What joined the scope: a host, a domain, or with [`Kind::Prefix`] a host and the start of a path.
    pub(crate) place: String,
}

impl Scope {
    /// The scope of a crawl from these seeds.
    pub(crate) fn new(options: &Options, seeds: &[CrawlUrl]) -> Self {
        let mut places = Places::new(options.kind);
        for seed in seeds {
            places.add(seed);
        }
        let (include, exclude) = (options.include.clone(), options.exclude.clone());
        Self { places, include, exclude, embeds: options.embeds, hosts: PerHost::default() }
    }

    /// The same scope, with what is said of single hosts.
    #[must_use]
    pub(crate) fn with_hosts(self, tables: impl IntoIterator<Item = (HostPattern, Overrides)>) -> Self {
        Self { hosts: tables.into_iter().collect(), ..self }
    }

    /// Whether a URL that was found belongs to the crawl. Seeds always do, so don't ask for them.
    pub(crate) fn admits(&self, url: &CrawlUrl) -> bool {
        self.places.contain(url) && self.patterns_admit(url)
    }

    /// Whether what was found as a part of a page in scope belongs to the crawl.
    pub(crate) fn admits_part(&self, url: &CrawlUrl) -> bool {
        match self.embeds {
            Embeds::Scope => self.admits(url),
            Embeds::Any => self.admits_beside(url),
        }
    }

    /// Whether nothing excludes what is out of scope.
    pub(crate) fn admits_beside(&self, url: &CrawlUrl) -> bool {
        let [_, exclude] = per_host::patterns_of(url.host(), &self.hosts, [&self.include, &self.exclude]);
        !exclude.is_match(url.as_str())
    }

    /// To be told of each redirect of a seed, and of each further one on its way. When it leads out of the places of
    /// the seeds, as from example.com to www.example.com, its target takes the seed's place beside the old one: else
    /// the crawl would end with the redirect. `None` when nothing changes: the target is in scope already, or the
    /// patterns refuse it.
    ///
    /// What joins is not part of the options: a crawl that goes on later has to tell again.
    pub(crate) fn follow_seed_redirect(&mut self, from: &CrawlUrl, to: &CrawlUrl) -> Option<SeedMove> {
        if self.places.contain(to) || !self.patterns_admit(to) {
            return None;
        }
        self.places.add(to);
        Some(SeedMove { from: from.as_str().to_owned(), place: self.places.place(to) })
    }

    fn patterns_admit(&self, url: &CrawlUrl) -> bool {
        let [include, exclude] = per_host::patterns_of(url.host(), &self.hosts, [&self.include, &self.exclude]);
        (include.is_empty() || include.is_match(url.as_str())) && !exclude.is_match(url.as_str())
    }
}

impl fmt::Display for SeedMove {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the seed {} leads to {}, which is in scope now", self.from, self.place)
    }
}

impl Places {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::Host => Self::Hosts(HashSet::new()),
            Kind::Subdomains => Self::Subdomains(HashSet::new()),
            Kind::Domain => Self::Domains(HashSet::new()),
            Kind::Prefix => Self::Prefixes(HashMap::new()),
            Kind::Any => Self::Any,
        }
    }

    fn add(&mut self, seed: &CrawlUrl) {
        match self {
            Self::Hosts(hosts) | Self::Subdomains(hosts) => {
                hosts.insert(seed.host().into());
            }
            Self::Domains(domains) => {
                domains.insert(domain(seed.host()).into());
            }
            Self::Prefixes(hosts) => {
                hosts.entry(seed.host().into()).or_default().insert(folder(seed).into());
            }
            Self::Any => {}
        }
    }

    /// Asked for every link of every page: allocates nothing.
    fn contain(&self, url: &CrawlUrl) -> bool {
        match self {
            Self::Hosts(hosts) => hosts.contains(url.host()),
            // An address is below nothing: what follows its first dot is no host name.
            Self::Subdomains(hosts) => parents(url.host()).any(|host| hosts.contains(host)),
            Self::Domains(domains) => domains.contains(domain(url.host())),
            Self::Prefixes(hosts) => {
                hosts.get(url.host()).is_some_and(|folders| parent_folders(url).any(|folder| folders.contains(folder)))
            }
            Self::Any => true,
        }
    }

    /// The place that a URL stands for, for a person.
    fn place(&self, url: &CrawlUrl) -> String {
        match self {
            Self::Domains(_) => domain(url.host()).to_owned(),
            Self::Prefixes(_) => format!("{}{}", url.host(), folder(url)),
            Self::Hosts(_) | Self::Subdomains(_) | Self::Any => url.host().to_owned(),
        }
    }
}

/// The host, and every name that it is below.
fn parents(host: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(host), |host| host.split_once('.').map(|(_, parent)| parent))
}

/// The registrable domain with the port of the host. Addresses, and names below no known public suffix, stand for
/// themselves: `intranet.corp` and `wiki.corp` have nothing in common that anybody registered.
fn domain(host: &str) -> &str {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    if name.parse::<Ipv4Addr>().is_ok() || name.ends_with(']') || host.ends_with(']') {
        return host;
    }
    listed_domain(name).and_then(|domain| host.get(name.len() - domain.len()..)).unwrap_or(host)
}

/// The path up to its last slash.
fn folder(url: &CrawlUrl) -> &str {
    parent_folders(url).last().unwrap_or("/")
}

/// The path up to each of its slashes, the shortest first.
fn parent_folders(url: &CrawlUrl) -> impl Iterator<Item = &str> {
    let path = url.path_and_query().split('?').next().unwrap_or_default();
    path.match_indices('/').filter_map(|(slash, _)| path.get(..=slash))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::url::UrlRules;

    fn url(text: &str) -> CrawlUrl {
        UrlRules::new(4096).parse(text).unwrap()
    }

    fn scope(kind: Kind, seeds: &[&str]) -> Scope {
        let seeds: Vec<_> = seeds.iter().map(|seed| url(seed)).collect();
        Scope::new(&Options { kind, ..Options::default() }, &seeds)
    }

    fn check(scope: &Scope, inside: &[&str], outside: &[&str]) {
        for text in inside {
            assert!(scope.admits(&url(text)), "{text}");
        }
        for text in outside {
            assert!(!scope.admits(&url(text)), "{text}");
        }
    }

    #[test]
    fn a_host_is_a_name_and_a_port() {
        check(
            &scope(Kind::Host, &["http://e.com/a/b", "http://127.0.0.1:8080/"]),
            &[
                "http://e.com/",
                "https://e.com/x",
                "http://e.com:80/",
                "http://127.0.0.1:8080/x",
                "https://127.0.0.1:8080/",
            ],
            &[
                "http://www.e.com/",
                "http://e.com:8080/",
                "http://127.0.0.1/",
                "http://127.0.0.1:8081/",
                "http://xe.com/",
            ],
        );
    }

    #[test]
    fn subdomains_are_all_hosts_below() {
        check(
            &scope(Kind::Subdomains, &["http://docs.e.com/", "http://localhost:8080/", "http://1.2.3.4/"]),
            &[
                "https://docs.e.com/",
                "http://a.docs.e.com/",
                "http://a.b.docs.e.com/",
                "http://a.localhost:8080/",
                "http://1.2.3.4/",
            ],
            &[
                "http://e.com/",
                "http://www.e.com/",
                "http://xdocs.e.com/",
                "http://a.docs.e.com:81/",
                "http://a.localhost/",
                "http://9.1.2.3/",
            ],
        );
    }

    #[test]
    fn a_domain_is_what_somebody_registered() {
        check(
            &scope(Kind::Domain, &["http://docs.e.co.uk/", "http://a.github.io/", "http://github.io/"]),
            &["http://e.co.uk/", "https://www.e.co.uk/", "http://a.github.io/x", "http://github.io/"],
            &["http://f.co.uk/", "http://co.uk/", "http://b.github.io/", "http://e.co.uk:8080/", "http://e.com/"],
        );
        check(
            &scope(
                Kind::Domain,
                &[
                    "http://10.0.0.1:81/",
                    "http://[::1]/",
                    "http://[::1]:81/",
                    "http://intranet.corp/",
                    "http://localhost/",
                ],
            ),
            &[
                "http://10.0.0.1:81/a",
                "http://[::1]/a",
                "http://[::1]:81/",
                "http://intranet.corp/a",
                "http://localhost/a",
            ],
            &[
                "http://10.0.0.1/",
                "http://9.0.0.1:81/",
                "http://[::2]/",
                "http://[::1]:82/",
                "http://wiki.corp/",
                "http://corp/",
                "http://a.localhost/",
            ],
        );
    }

    #[test]
    fn a_prefix_is_the_path_up_to_its_last_slash() {
        check(
            &scope(Kind::Prefix, &["http://e.com/docs/v1/index.html?a=/b/", "http://f.com/blog", "http://f.com"]),
            &["http://e.com/docs/v1/", "https://e.com/docs/v1/a/b?c", "http://f.com/", "http://f.com/x"],
            &[
                "http://e.com/docs/",
                "http://e.com/docs/v10/",
                "http://e.com/docs/v1",
                "http://e.com:81/docs/v1/",
                "http://g.com/docs/v1/",
            ],
        );
    }

    #[test]
    fn any_takes_every_host() {
        check(&scope(Kind::Any, &["http://e.com/"]), &["http://f.org:81/", "https://[::1]/"], &[]);
    }

    #[test]
    fn exclude_wins_over_include() {
        let options = Options {
            include: Patterns::parse(["*/docs/*", "re:[.]html$"]).unwrap(),
            exclude: Patterns::parse(["*private*"]).unwrap(),
            ..Options::default()
        };
        check(
            &Scope::new(&options, &[url("http://e.com/")]),
            &["http://e.com/docs/a", "http://e.com/b.html"],
            &["http://e.com/", "http://e.com/docs/private", "http://e.com/private.html", "http://f.com/docs/a"],
        );
    }

    #[test]
    fn the_target_of_a_seeds_redirect_takes_its_place() {
        let mut scope = scope(Kind::Host, &["http://e.com/"]);
        let to = url("https://www.e.com/home");
        let moved = scope.follow_seed_redirect(&url("http://e.com/"), &to).unwrap();
        assert_eq!(moved.to_string(), "the seed http://e.com/ leads to www.e.com, which is in scope now");
        assert_eq!(scope.follow_seed_redirect(&url("http://e.com/"), &to), None, "once is enough");
        check(&scope, &["http://www.e.com/a", "http://e.com/a"], &["http://m.e.com/"]);
    }

    #[test]
    fn a_seeds_redirect_opens_what_the_kind_says() {
        let opened = |kind, to: &str| {
            let moved = scope(kind, &["http://e.com/docs/"]).follow_seed_redirect(&url("http://e.com/docs/"), &url(to));
            moved.map(|moved| moved.place)
        };
        assert_eq!(opened(Kind::Host, "https://e.com/en/"), None);
        assert_eq!(opened(Kind::Subdomains, "https://www.e.com/"), None);
        assert_eq!(opened(Kind::Subdomains, "https://f.com:81/"), Some("f.com:81".to_owned()));
        assert_eq!(opened(Kind::Domain, "https://www.e.com/"), None);
        assert_eq!(opened(Kind::Domain, "https://www.f.com/"), Some("f.com".to_owned()));
        assert_eq!(opened(Kind::Prefix, "https://www.e.com/docs/v2"), Some("www.e.com/docs/".to_owned()));
        assert_eq!(opened(Kind::Prefix, "https://e.com/en/docs/"), Some("e.com/en/docs/".to_owned()));
        assert_eq!(opened(Kind::Any, "https://www.f.com/"), None);
    }

    #[test]
    fn patterns_also_hold_for_a_seeds_redirect() {
        let options = Options { exclude: Patterns::parse(["*login*"]).unwrap(), ..Options::default() };
        let seed = url("http://e.com/");
        let mut scope = Scope::new(&options, std::slice::from_ref(&seed));
        assert_eq!(scope.follow_seed_redirect(&seed, &url("http://login.f.com/")), None);
        check(&scope, &[], &["http://login.f.com/", "http://f.com/"]);
    }
}
