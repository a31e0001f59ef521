//! The address guard: which addresses a crawl may connect to.
//!
//! A page can link to anything, and a name can resolve to anything. So the guard looks at the address that is about to
//! be connected to: at literal addresses before the request, at resolved ones inside the resolver.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use hashbrown::HashSet;
use ipnet::IpNet;

use super::allowed_host::Allowed;
use super::seed_names::{Network, SavedSeedName, SeedNames};
use super::{AllowedHost, bad_port};
use crate::outcome::{Failure, FailureKind};
use crate::url::{CrawlUrl, HostKey};

/// Refuses private, loopback, link-local, metadata and other special addresses that nothing allows. Cloning is cheap.
///
/// Source: the IANA special-purpose address registries (RFC 6890), and the metadata services of the large clouds.
#[derive(Debug, Clone)]
pub struct AddressGuard {
    allowed: Arc<AllowList>,
    seed_names: Arc<SeedNames>,
}

/// Why an address is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What the URL names.
    host: String,
    /// What the name resolves to; `None` when the URL names an address or `localhost`.
    address: Option<IpAddr>,
    what: &'static str,
    /// How to let it through.
    fix: &'static str,
}

#[derive(Debug, Default)]
struct AllowList {
    /// Lower case, without a final dot.
    names: HashSet<String>,
    ranges: Vec<IpNet>,
    /// The hosts of the seeds, with the ports that they name.
    seeds: HashSet<HostKey>,
}

impl AddressGuard {
    /// A guard that lets the hosts of the seeds and the entries of `[fetch] allow_hosts` through, on every port. A name
    /// that is allowed may resolve to any address; that of a seed may as long as it did so from the start: one that was
    /// public at first stays public. A port of another protocol is let through only where a seed names it.
    pub fn new(allow_hosts: &[AllowedHost], seeds: &[CrawlUrl]) -> Self {
        let (mut allowed, mut names) = (AllowList::default(), Vec::new());
        for host in allow_hosts {
            allowed.add(host.what().clone());
        }
        for seed in seeds {
            let name = bare_name(seed);
            allowed.seeds.insert(seed.host_key());
            match name.parse::<IpAddr>() {
                Ok(address) => allowed.ranges.push(address.into()),
                Err(_) => names.push(name.to_owned()),
            }
        }
        Self { allowed: Arc::new(allowed), seed_names: Arc::new(SeedNames::new(names)) }
    }

    /// What was learnt of the names of the seeds since this was asked last, to be kept for the next run.
    pub fn take_seed_names(&self) -> Vec<SavedSeedName> {
        self.seed_names.take_learnt()
    }

    /// Takes back what an earlier run has learnt of the name of a seed. Of other names nothing is taken.
    pub fn restore_seed_name(&self, saved: &SavedSeedName) {
        self.seed_names.restore(saved);
    }

    /// Why this URL is refused before its name is resolved: it names a special address, `localhost`, or a port that browsers
    /// refuse (Fetch Standard, section 2.10).
    pub fn refuses(&self, url: &CrawlUrl) -> Option<Refusal> {
        // Most links lead to where the seeds are: that is let through whatever its name and its port are.
        if self.allowed.seeds.contains(url.host()) {
            return None;
        }
        if url.port().is_some_and(bad_port::is_bad) {
            return Some(Refusal { host: url.host().to_owned(), address: None, what: BAD_PORT, fix: MAKE_SEED });
        }
        let name = bare_name(url);
        let what = match literal(name) {
            Some(address) => self.refuses_address(address)?,
            None if is_localhost(name) && !self.lets_through(name) => LOOPBACK,
            None => return None,
        };
        Some(Refusal { host: name.to_owned(), address: None, what, fix: ALLOW })
    }

    /// The addresses that may be connected to; an error when there are none left.
    pub(super) fn filter(&self, name: &str, found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, Refusal> {
        let name = name.strip_suffix('.').unwrap_or(name);
        if self.allowed.names.contains(name) || found.is_empty() {
            return Ok(found);
        }
        let special = |address: &SocketAddr| self.refuses_address(address.ip()).map(|what| (address.ip(), what));
        let (first, left): (_, Vec<_>) =
            (found.iter().find_map(special), found.iter().copied().filter(|found| special(found).is_none()).collect());
        let network = if left.is_empty() { Network::Inner } else { Network::Public };
        match (self.seed_names.met(name, network), first) {
            (Some(Network::Inner), _) => Ok(found),
            (before, Some((address, what))) if left.is_empty() => {
                let fix = if before.is_some() { NO_LONGER_PUBLIC } else { ALLOW };
                Err(Refusal { host: name.to_owned(), address: Some(address), what, fix })
            }
            _ => Ok(left),
        }
    }

    /// Whether a name of this machine may be asked.
    fn lets_through(&self, name: &str) -> bool {
        self.allowed.loopback() || self.allowed.names.contains(name) || self.seed_names.contains(name)
    }

    fn refuses_address(&self, address: IpAddr) -> Option<&'static str> {
        let what = special(address)?;
        let inner = match address {
            IpAddr::V4(_) => None,
            IpAddr::V6(v6) => embedded(v6).map(IpAddr::V4),
        };
        let allowed = self.allowed.contains(address) || inner.is_some_and(|inner| self.allowed.contains(inner));
        (!allowed).then_some(what)
    }
}

impl AllowList {
    fn add(&mut self, host: Allowed) {
        match host {
            Allowed::Name(name) => {
                self.names.insert(name);
            }
            Allowed::Range(range) => self.ranges.push(range),
        }
    }

    fn contains(&self, address: IpAddr) -> bool {
        self.ranges.iter().any(|range| range.contains(&address))
    }

    fn loopback(&self) -> bool {
        self.contains(Ipv4Addr::LOCALHOST.into()) || self.contains(Ipv6Addr::LOCALHOST.into())
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, what, fix, .. } = self;
        match self.address {
            Some(address) => write!(f, "{host} resolves to {address}, {what}")?,
            None => write!(f, "{host} is {what}")?,
        }
        write!(f, "; {fix} to let it through")
    }
}

impl std::error::Error for Refusal {}

impl From<&Refusal> for Failure {
    fn from(refusal: &Refusal) -> Self {
        Self::new(FailureKind::BlockedAddress, refusal.to_string())
    }
}

/// The name or address of a URL's host, without brackets and a final dot.
pub(super) fn bare_name(url: &CrawlUrl) -> &str {
    let name = url.host_name();
    let address = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    address.unwrap_or_else(|| name.strip_suffix('.').unwrap_or(name))
}

/// The address that a host is, if it is one. The URL parser has already turned `0x7f.1` and `2130706433` into digits
/// with dots.
fn literal(name: &str) -> Option<IpAddr> {
    let first = name.bytes().next()?;
    if first.is_ascii_digit() || name.contains(':') { name.parse().ok() } else { None }
}

/// RFC 6761, section 6.3.
fn is_localhost(name: &str) -> bool {
    name.strip_suffix("localhost").is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// What kind of special address this is; `None` for an address of the public internet.
fn special(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(v4) => special_v4(v4),
        IpAddr::V6(v6) => match embedded(v6) {
            Some(v4) => special_v4(v4),
            None => special_v6(v6),
        },
    }
}

fn special_v4(address: Ipv4Addr) -> Option<&'static str> {
    let bits = address.to_bits();
    SPECIAL_V4
        .iter()
        .find(|(network, prefix, _)| (bits ^ network.to_bits()) >> (32 - prefix) == 0)
        .map(|(_, _, what)| *what)
}

fn special_v6(address: Ipv6Addr) -> Option<&'static str> {
    let bits = address.to_bits();
    let (_, _, what) =
        SPECIAL_V6.iter().find(|(network, prefix, _)| (bits ^ network.to_bits()) >> (128 - prefix) == 0)?;
    *what
}

/// The IPv4 address inside a mapped (RFC 4291), NAT64 (RFC 6052) or 6to4 (RFC 3056) address: a packet may end up there.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let low = |bits: u128| u32::try_from(bits & u128::from(u32::MAX)).ok().map(Ipv4Addr::from_bits);
    let bits = address.to_bits();
    match bits >> 32 {
        MAPPED | NAT64 => low(bits),
        // IPv4-compatible; `::` and `::1` are IPv6's own.
        0 if bits > 0xffff => low(bits),
        _ if bits >> 112 == SIX_TO_FOUR => low(bits >> 80),
        _ => None,
    }
}

/// `::ffff:0:0/96`, `64:ff9b::/96` and `2002::/16`, each without the bits that follow.
const MAPPED: u128 = 0xffff;
const NAT64: u128 = 0x0064_ff9b << 64;
const SIX_TO_FOUR: u128 = 0x2002;

const ALLOW: &str = "list it in `allow_hosts`";
const NO_LONGER_PUBLIC: &str = "it was public at first: list it in `allow_hosts`";
const MAKE_SEED: &str = "make it a seed";
const BAD_PORT: &str = "at a port that browsers refuse";
const LOOPBACK: &str = "a loopback address";
const PRIVATE: &str = "a private address";
const LINK_LOCAL: &str = "a link-local address";
const METADATA: &str = "the address of a cloud's metadata service";
const RESERVED: &str = "a reserved address";
const DOCUMENTATION: &str = "an address for documentation";

/// The first match counts.
const SPECIAL_V4: [(Ipv4Addr, u8, &str); 21] = [
    (Ipv4Addr::new(169, 254, 169, 254), 32, METADATA),
    (Ipv4Addr::new(169, 254, 170, 2), 32, METADATA),
    (Ipv4Addr::new(100, 100, 100, 200), 32, METADATA),
    (Ipv4Addr::new(168, 63, 129, 16), 32, METADATA),
    (Ipv4Addr::new(192, 0, 0, 192), 32, METADATA),
    (Ipv4Addr::UNSPECIFIED, 32, "the unspecified address"),
    (Ipv4Addr::UNSPECIFIED, 8, RESERVED),
    (Ipv4Addr::new(10, 0, 0, 0), 8, PRIVATE),
    (Ipv4Addr::new(100, 64, 0, 0), 10, "an address of a provider's shared space"),
    (Ipv4Addr::new(127, 0, 0, 0), 8, LOOPBACK),
    (Ipv4Addr::new(169, 254, 0, 0), 16, LINK_LOCAL),
    (Ipv4Addr::new(172, 16, 0, 0), 12, PRIVATE),
    (Ipv4Addr::new(192, 0, 0, 0), 24, RESERVED),
    (Ipv4Addr::new(192, 0, 2, 0), 24, DOCUMENTATION),
    (Ipv4Addr::new(192, 88, 99, 0), 24, RESERVED),
    (Ipv4Addr::new(192, 168, 0, 0), 16, PRIVATE),
    (Ipv4Addr::new(198, 18, 0, 0), 15, "an address for benchmarks"),
    (Ipv4Addr::new(198, 51, 100, 0), 24, DOCUMENTATION),
    (Ipv4Addr::new(203, 0, 113, 0), 24, DOCUMENTATION),
    (Ipv4Addr::new(224, 0, 0, 0), 4, "a multicast address"),
    (Ipv4Addr::new(240, 0, 0, 0), 4, RESERVED),
];

/// The first match counts; the one without a word is the public internet. What IANA has not given out is refused.
const SPECIAL_V6: [(Ipv6Addr, u8, Option<&str>); 11] = [
    (Ipv6Addr::LOCALHOST, 127, Some(LOOPBACK)),
    (Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), 128, Some(METADATA)),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, Some("a unique-local address")),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10, Some(LINK_LOCAL)),
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8, Some("a multicast address")),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, Some(DOCUMENTATION)),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, Some(DOCUMENTATION)),
    // Teredo, benchmarks, overlays: no web servers.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, Some(RESERVED)),
    (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3, None),
    (Ipv6Addr::UNSPECIFIED, 1, Some(RESERVED)),
    (Ipv6Addr::new(0x8000, 0, 0, 0, 0, 0, 0, 0), 1, Some(RESERVED)),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::loopback::url;

    fn guard(allow: &[&str], seeds: &[&str]) -> AddressGuard {
        let allow: Vec<AllowedHost> = allow.iter().map(|text| text.parse().unwrap()).collect();
        let seeds: Vec<CrawlUrl> = seeds.iter().map(|text| url(text)).collect();
        AddressGuard::new(&allow, &seeds)
    }

    #[test]
    fn special_addresses_are_refused_however_they_are_written() {
        let guard = guard(&[], &["http://example.com/"]);
        for host in [
            "127.0.0.1",
            "127.1",
            "0x7f.1",
            "2130706433",
            "0177.0.0.1",
            "%31%32%37.0.0.1",
            "0",
            "10.1.2.3",
            "172.31.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.100.100.200",
            "168.63.129.16",
            "100.64.0.1",
            "192.0.2.1",
            "198.18.0.1",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "255.255.255.255",
            "240.0.0.1",
            "[::]",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:a9fe:a9fe]",
            "[::10.0.0.1]",
            "[64:ff9b::7f00:1]",
            "[64:ff9b:1::1]",
            "[2002:7f00:1::1]",
            "[2001:0:1::1]",
            "[2001:db8::1]",
            "[fe80::1]",
            "[fec0::1]",
            "[fd00:ec2::254]",
            "[ff02::1]",
            "[100::1]",
            "localhost",
            "localhost.",
            "a.localhost",
            "127.0.0.1.",
            "LOCALHOST",
        ] {
            assert!(guard.refuses(&url(&format!("http://{host}:8080/"))).is_some(), "{host}");
        }
    }

    #[test]
    fn public_addresses_and_names_pass() {
        let guard = guard(&[], &[]);
        for host in [
            "example.com",
            "notlocalhost",
            "localhost.example",
            "8.8.8.8",
            "172.32.0.1",
            "100.128.0.1",
            "192.0.3.1",
            "[2606:4700::1111]",
            "[2001:4860:4860::8888]",
            "[64:ff9b::808:808]",
            "[2002:808:808::1]",
            "1.example",
        ] {
            assert_eq!(guard.refuses(&url(&format!("http://{host}/"))), None, "{host}");
        }
    }

    #[test]
    fn entries_and_seeds_let_their_hosts_through_on_every_port() {
        let guard =
            guard(&["127.0.0.0/8", "Intranet.", "[fd00::1]"], &["http://192.168.1.1/", "http://a.localhost:81/"]);
        let check = |at: &str, allowed: bool| assert_eq!(guard.refuses(&url(at)).is_none(), allowed, "{at}");
        check("http://127.9.9.9:99/", true);
        check("http://[::ffff:127.0.0.1]/", true);
        check("http://localhost/", true);
        check("http://[fd00::1]/", true);
        check("http://[fd00::2]/", false);
        check("http://192.168.1.1:8080/", true);
        check("http://192.168.1.2/", false);
        check("http://a.localhost/", true);
        let private: SocketAddr = "10.0.0.5:0".parse().unwrap();
        assert_eq!(guard.filter("intranet", vec![private]), Ok(vec![private]));
        assert_eq!(
            guard.filter("www.intranet", vec![private]).unwrap_err().to_string(),
            "www.intranet resolves to 10.0.0.5, a private address; list it in `allow_hosts` to let it through"
        );
    }

    #[test]
    fn a_port_that_browsers_refuse_needs_a_seed_that_names_it() {
        let guard = guard(&["mail.example", "10.0.0.0/8"], &["http://e.com:6000/a", "http://e.com./"]);
        let why = |at: &str| guard.refuses(&url(at)).map(|refusal| refusal.to_string());
        for at in ["http://e.com:6000/b", "https://e.com.:6000/", "http://e.com:8080/", "http://10.1.1.1:81/"] {
            assert_eq!(why(at), None, "{at}");
        }
        for at in ["http://e.com:25/", "http://a.e.com:6000/", "https://mail.example:25/", "http://10.1.1.1:22/"] {
            assert!(why(at).is_some(), "{at}");
        }
        assert_eq!(
            why("http://[2606:4700::1]:25/").as_deref(),
            Some("[2606:4700::1]:25 is at a port that browsers refuse; make it a seed to let it through")
        );
    }

    #[test]
    fn a_name_keeps_its_public_addresses() {
        let public: SocketAddr = "8.8.8.8:0".parse().unwrap();
        let mixed = vec!["127.0.0.1:0".parse().unwrap(), public];
        assert_eq!(guard(&[], &[]).filter("example.com", mixed), Ok(vec![public]));
    }
}
