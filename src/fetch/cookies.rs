//! Cookies: what sites ask to be told again, each within its own site (RFC 6265bis).
//!
//! Some sites show nothing to who brings no cookie back: they redirect until he does, or forget the language he chose. So
//! a crawl has one jar, for as long as it lives. What a cookie is, and which requests it is for, is the `cookie_store`
//! crate's to say. This file keeps cookies apart by site, under the public suffix list that scope uses, and bounds them:
//! - a cookie is kept under the registrable domain of the host that set it, and looked for under that of the host that is
//!   asked, so that none ever reaches another site, whatever its `Domain` says;
//! - a cookie has at most 4,096 bytes, a site 50 of them, a crawl 10,000: then the one that a site has had longest goes,
//!   or those of the site that was not asked for longest (RFC 6265bis, sections 5.7 and 6.1);
//! - cookies are in no record, and neither in what is logged nor in what is printed for debugging.

use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use cookie_store::{Cookie, CookieDomain};
use hashbrown::{HashMap, HashSet};
use http::HeaderMap;
use http::header::{COOKIE, HeaderValue, SET_COOKIE};
use url::{Host, Url};

use super::{Options, cookie_file};
use crate::error::{Error, Result};
use crate::url::{CrawlUrl, is_public_suffix, registrable_domain};

/// The cookies of one site, for the store of a crawl. The text is a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct SavedCookies {
    /// The registrable domain, or the host where there is none.
    pub site: String,
    /// Its cookies as JSON; an empty list when it has none any more.
    pub cookies: String,
}

/// The cookies of a crawl.
#[derive(Default)]
pub(super) struct Jar {
    sites: Mutex<Sites>,
    /// Whether there never was a cookie: then nobody has to look for one.
    is_used: AtomicBool,
    /// Those that a person has given: they win over what an earlier run has kept.
    given: Vec<(Cookie<'static>, Url)>,
}

#[derive(Default)]
struct Sites {
    by_name: HashMap<Box<str>, Site>,
    /// All cookies of all sites.
    count: usize,
    /// Counts requests, so that the site that was not asked for longest is known.
    now: u64,
    /// The sites that have other cookies than when it was asked last.
    changed: HashSet<Box<str>>,
}

#[derive(Default)]
struct Site {
    /// In the order in which they were set first.
    cookies: Vec<Cookie<'static>>,
    asked: u64,
}

impl Jar {
    /// The jar that the options ask for, if they ask for one.
    ///
    /// # Errors
    /// [`Error::Usage`](crate::error::Error::Usage) when they contradict themselves, or name what is no file of cookies.
    pub(super) fn of(options: &Options) -> Result<Option<Self>> {
        let file = options.cookie_file.as_path();
        match (options.cookies, file.as_os_str().is_empty()) {
            (true, true) => Ok(Some(Self::default())),
            (true, false) => Self::of_file(file).map(Some),
            (false, true) => Ok(None),
            (false, false) => {
                let problem = "a file of cookies is given, and cookies are switched off";
                Err(Error::Usage(format!("{problem}\n = help: leave out fetch.cookies = false, or --cookie-file")))
            }
        }
    }

    /// A jar with the cookies of a file. Those that are over, or that no site could set, are told and left out.
    ///
    /// # Errors
    /// [`Error::Usage`](crate::error::Error::Usage) when it is no file of cookies.
    pub(super) fn of_file(path: &Path) -> Result<Self> {
        let mut jar = Self::default();
        let lines = cookie_file::read(path, jiff::Timestamp::now().as_second())?;
        let expired = lines.iter().filter(|line| line.is_expired).count();
        if expired > 0 {
            tracing::warn!("{expired} of {} cookies in {} are over", lines.len(), path.display());
        }
        for line in lines.into_iter().filter(|line| !line.is_expired) {
            if let Some(cookie) = accepted(&line.set, &line.url) {
                jar.given.push((cookie, line.url));
            } else {
                let shown = path.display();
                tracing::warn!("the cookie in {shown}, line {} is none that its site could set", line.number);
            }
        }
        {
            let mut sites = jar.sites();
            for (cookie, url) in &jar.given {
                sites.put(site_of(url), cookie.clone(), url);
            }
        }
        jar.is_used.store(!jar.given.is_empty(), Ordering::Release);
        Ok(jar)
    }

    /// Adds the cookies that are for this URL to those that the request has already; of two with one name, the latter
    /// stay.
    pub(super) fn add(&self, url: &Url, to: &mut HeaderMap) {
        if !self.is_used.load(Ordering::Acquire) {
            return;
        }
        let mut sites = self.sites();
        sites.now += 1;
        let now = sites.now;
        let Some(site) = sites.by_name.get_mut(site_of(url)) else { return };
        site.asked = now;
        let mut header = to.get(COOKIE).map(|own| own.as_bytes().to_vec()).unwrap_or_default();
        let own: Vec<Vec<u8>> = names(&header).map(<[u8]>::to_vec).collect();
        let mut fitting: Vec<_> =
            site.cookies.iter().filter(|cookie| !cookie.is_expired() && cookie.matches(url)).collect();
        // Longer paths first, then the older one (RFC 6265bis, section 5.8.3).
        fitting.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        for cookie in fitting {
            let (name, value) = cookie.name_value();
            if header.len() + name.len() + value.len() > MAX_HEADER || own.iter().any(|own| own == name.as_bytes()) {
                continue;
            }
            if !header.is_empty() {
                header.extend_from_slice(b"; ");
            }
            header.extend_from_slice(format!("{name}={value}").as_bytes());
        }
        drop(sites);
        if let (false, Ok(mut value)) = (header.is_empty(), HeaderValue::from_bytes(&header)) {
            value.set_sensitive(true);
            to.insert(COOKIE, value);
        }
    }

    /// Takes the cookies that an answer of this URL sets. Hardly any does, and a URL takes a moment to read.
    pub(super) fn take_from(&self, url: &CrawlUrl, answer: &HeaderMap) {
        if answer.contains_key(SET_COOKIE)
            && let Some(url) = url.to_url()
        {
            self.take(&url, answer);
        }
    }

    fn take(&self, url: &Url, headers: &HeaderMap) {
        let mut set = headers.get_all(SET_COOKIE).iter().filter_map(|line| accepted(line, url)).peekable();
        if set.peek().is_none() {
            return;
        }
        let mut sites = self.sites();
        let name = site_of(url);
        for cookie in set {
            if sites.put(name, cookie, url) {
                sites.changed.insert(name.into());
            }
        }
        self.is_used.store(true, Ordering::Release);
    }

    /// The cookies of each site whose cookies have changed since this was asked last.
    pub(super) fn take_changed(&self) -> Vec<SavedCookies> {
        if !self.is_used.load(Ordering::Acquire) {
            return Vec::new();
        }
        let mut sites = self.sites();
        let changed = std::mem::take(&mut sites.changed);
        let saved = |site: Box<str>| {
            let cookies = sites.by_name.get(&site).map(|site| site.cookies.as_slice()).unwrap_or_default();
            let cookies = serde_json::to_string(cookies).ok()?;
            Some(SavedCookies { site: site.into(), cookies })
        };
        changed.into_iter().filter_map(saved).collect()
    }

    /// Puts back what an earlier run has kept. What cannot be read is left out: the site will set it again.
    pub(super) fn restore(&self, saved: &SavedCookies) {
        let Ok(cookies) = serde_json::from_str::<Vec<Cookie<'static>>>(&saved.cookies) else { return };
        let mut sites = self.sites();
        sites.count += cookies.len();
        let before = sites.by_name.insert(saved.site.as_str().into(), Site { cookies, asked: 0 });
        sites.count -= before.map_or(0, |site| site.cookies.len());
        for (cookie, url) in self.given.iter().filter(|(_, url)| site_of(url) == saved.site) {
            sites.put(&saved.site, cookie.clone(), url);
        }
        sites.stay_within_bounds();
        self.is_used.store(true, Ordering::Release);
    }

    fn sites(&self) -> MutexGuard<'_, Sites> {
        // The counts are right at any time: no holder panics between two of them.
        self.sites.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sites {
    /// Keeps a cookie, in place of one with the same name, domain and path; whether that has changed anything.
    fn put(&mut self, name: &str, cookie: Cookie<'static>, url: &Url) -> bool {
        let Self { by_name, count, now, .. } = self;
        let site = match by_name.get_mut(name) {
            Some(site) => site,
            None => by_name.entry(name.into()).or_default(),
        };
        site.asked = *now;
        let same = |old: &Cookie<'_>| old.name() == cookie.name() && old.path == cookie.path;
        // "Leave secure cookies alone" (RFC 6265bis, section 5.7).
        if !is_secure(url) && site.cookies.iter().any(|old| same(old) && old.secure() == Some(true)) {
            return false;
        }
        let place = site.cookies.iter().position(|old| same(old) && old.domain == cookie.domain);
        match place.and_then(|place| site.cookies.get_mut(place).map(|old| (place, old))) {
            Some((place, _)) if cookie.is_expired() => {
                site.cookies.remove(place);
                *count -= 1;
            }
            Some((_, old)) => {
                let is_other = *old != cookie;
                *old = cookie;
                return is_other;
            }
            None if cookie.is_expired() => return false,
            None => {
                site.cookies.push(cookie);
                *count += 1;
                if site.cookies.len() > MAX_OF_SITE {
                    site.cookies.remove(0);
                    *count -= 1;
                }
                self.stay_within_bounds();
            }
        }
        true
    }

    /// Forgets the cookies of the sites that were not asked for longest: of many at once, so that it is seldom looked for.
    fn stay_within_bounds(&mut self) {
        if self.count <= MAX_OF_CRAWL {
            return;
        }
        let mut sites: Vec<_> = self.by_name.iter().map(|(name, site)| (site.asked, name.clone())).collect();
        sites.sort_unstable();
        for (_, name) in sites {
            if self.count <= MAX_OF_CRAWL / 10 * 9 {
                break;
            }
            self.count -= self.by_name.remove(&name).map_or(0, |site| site.cookies.len());
            self.changed.insert(name);
        }
    }
}

/// A cookie that may be kept (RFC 6265bis, sections 5.6 and 5.7).
fn accepted(line: &HeaderValue, url: &Url) -> Option<Cookie<'static>> {
    let line = std::str::from_utf8(line.as_bytes()).ok().filter(|line| line.len() <= MAX_LINE)?;
    let mut cookie = Cookie::parse(line, url).ok()?.into_owned();
    if let CookieDomain::Suffix(domain) = &cookie.domain
        && is_public_suffix(domain)
    {
        if Some(domain.as_str()) != url.host_str() {
            return None;
        }
        cookie.domain = CookieDomain::host_only(url).ok()?;
    }
    let (name, value) = cookie.name_value();
    let is_marked_secure = cookie.secure() == Some(true);
    if name.len() + value.len() > MAX_COOKIE || is_marked_secure && !is_secure(url) {
        return None;
    }
    let has_prefix = |prefix: &str| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    let is_of_host = matches!(cookie.domain, CookieDomain::HostOnly(_)) && cookie.domain().is_none();
    let keeps_promise = match () {
        () if has_prefix("__Secure-") => is_marked_secure,
        () if has_prefix("__Host-") => is_marked_secure && is_of_host && cookie.path() == Some("/"),
        () => true,
    };
    keeps_promise.then_some(cookie)
}

/// What cookies may be shared within: the registrable domain, or the host when it is an address or has none.
fn site_of(url: &Url) -> &str {
    match url.host() {
        Some(Host::Domain(name)) => registrable_domain(name).unwrap_or(name),
        _ => url.host_str().unwrap_or_default(),
    }
}

/// Whether nobody on the way reads or changes what is sent. The same as `cookie_store` says of requests.
fn is_secure(url: &Url) -> bool {
    url.scheme() == "https"
        || match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
}

/// The names in a `Cookie` header.
fn names(header: &[u8]) -> impl Iterator<Item = &[u8]> {
    header
        .split(|byte| *byte == b';')
        .filter_map(|pair| pair.split(|byte| *byte == b'=').next())
        .map(<[u8]>::trim_ascii)
}

impl fmt::Debug for Jar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jar").field("cookies", &self.sites().count).finish_non_exhaustive()
    }
}

impl fmt::Debug for SavedCookies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SavedCookies").field("site", &self.site).finish_non_exhaustive()
    }
}

/// The longest name and value together, and the longest line that is looked at.
const MAX_COOKIE: usize = 4096;
const MAX_LINE: usize = 8192;
const MAX_OF_SITE: usize = 50;
const MAX_OF_CRAWL: usize = 10_000;
/// The longest `Cookie` header that is sent: servers refuse longer ones.
const MAX_HEADER: usize = 16 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn set(jar: &Jar, at: &str, lines: &[&str]) {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(SET_COOKIE, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        jar.take(&url(at), &headers);
    }

    /// The `Cookie` header of a request; empty when it has none.
    fn sent(jar: &Jar, at: &str) -> String {
        let mut headers = HeaderMap::new();
        jar.add(&url(at), &mut headers);
        headers.get(COOKIE).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).unwrap_or_default()
    }

    /// Checks what of a line that one URL sets another is sent.
    fn check(at: &str, line: &str, to: &str, expected: &str) {
        let jar = Jar::default();
        set(&jar, at, &[line]);
        assert_eq!(sent(&jar, to), expected, "{line} of {at} to {to}");
    }

    #[test]
    fn a_cookie_goes_back_to_its_host_or_to_the_domain_that_it_names() {
        let at = "http://www.example.com/a/b";
        check(at, "a=1", "http://www.example.com/a/c", "a=1");
        check(at, "a=1", "https://www.example.com:8443/a/", "a=1");
        check(at, "a=1", "http://www.example.com/b", "");
        check(at, "a=1; Path=/", "http://www.example.com/b", "a=1");
        check(at, "a=1; Path=/a", "http://www.example.com/ab", "");
        check(at, "a=1; Path=/", "http://example.com/", "");
        check(at, "a=1; Path=/; Domain=example.com", "http://other.example.com/", "a=1");
        check(at, "a=1; Path=/; Domain=.EXAMPLE.com", "http://example.com/", "a=1");
        check(at, "a=1; Path=/; Domain=other.example.com", "http://other.example.com/", "");
    }

    #[test]
    fn no_cookie_reaches_another_site() {
        for (at, domain, to) in [
            ("http://www.example.com/", "com", "http://www.example.org/"),
            ("http://www.example.com/", "com", "http://other.com/"),
            ("http://a.co.uk/", "co.uk", "http://b.co.uk/"),
            ("http://a.github.io/", "github.io", "http://b.github.io/"),
            ("http://a.internal/", "internal", "http://b.internal/"),
            ("http://127.0.0.1/", "0.0.1", "http://127.0.0.1/"),
            ("http://127.0.0.1/", "0.0.1", "http://126.0.0.1/"),
            ("http://example.com/", "example.org", "http://example.org/"),
        ] {
            check(at, &format!("a=1; Path=/; Domain={domain}"), to, "");
        }
        // The suffix itself is a host of its own.
        check("http://github.io/", "a=1; Domain=github.io", "http://github.io/", "a=1");
        check("http://github.io/", "a=1; Domain=github.io", "http://a.github.io/", "");
        check("http://127.0.0.1/", "a=1; Domain=127.0.0.1", "http://127.0.0.1:81/", "a=1");
        check("http://[::1]/", "a=1", "http://[::1]/", "a=1");
    }

    #[test]
    fn what_is_secure_stays_so_and_names_keep_their_promise() {
        let (secure, plain) = ("https://e.com/", "http://e.com/");
        check(secure, "a=1; Secure", secure, "a=1");
        check(secure, "a=1; Secure", plain, "");
        check(plain, "a=1; Secure", secure, "");
        check(secure, "__Secure-a=1", secure, "");
        check(secure, "__secure-a=1; Secure", secure, "__secure-a=1");
        check(secure, "__Host-a=1; Secure; Path=/", secure, "__Host-a=1");
        check(secure, "__Host-a=1; Secure", secure, "");
        check(secure, "__Host-a=1; Secure; Path=/; Domain=e.com", secure, "");
        let jar = Jar::default();
        set(&jar, secure, &["a=1; Secure"]);
        set(&jar, plain, &["a=2"]);
        assert_eq!(sent(&jar, secure), "a=1");
    }

    #[test]
    fn a_cookie_is_replaced_and_ends() {
        let jar = Jar::default();
        set(&jar, "http://e.com/", &["a=1", "b=2; Max-Age=1000", "a=3"]);
        assert_eq!(sent(&jar, "http://e.com/"), "a=3; b=2");
        set(&jar, "http://e.com/", &["a=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "b=; Max-Age=0", "c=4; Max-Age=-1"]);
        assert_eq!(sent(&jar, "http://e.com/"), "");
        assert_eq!(jar.sites().count, 0);
    }

    #[test]
    fn longer_paths_come_first_and_what_the_user_sets_stays() {
        let jar = Jar::default();
        set(&jar, "http://e.com/x/y", &["a=1; Path=/", "b=2; Path=/x", "c=3; Path=/"]);
        assert_eq!(sent(&jar, "http://e.com/x/"), "b=2; a=1; c=3");
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_static("a=mine; d=4"));
        jar.add(&url("http://e.com/"), &mut headers);
        assert_eq!(headers.get(COOKIE).unwrap(), "a=mine; d=4; c=3");
        assert!(headers.get(COOKIE).unwrap().is_sensitive());
    }

    #[test]
    fn cookies_are_bounded_in_bytes_and_in_number() {
        let site = "http://e.com/";
        check(site, &format!("a={}", "x".repeat(MAX_COOKIE)), site, "");
        check(site, &format!("a=1; Path=/{}", "x".repeat(MAX_LINE)), site, "");
        let jar = Jar::default();
        for n in 0..=MAX_OF_SITE {
            set(&jar, site, &[&format!("a{n}=1")]);
        }
        let header = sent(&jar, site);
        assert!(!header.contains("a0=") && header.contains("a1=") && header.contains("a50="), "{header}");
        for n in 0..MAX_OF_SITE {
            set(&jar, site, &[&format!("a{n}={}", "x".repeat(4000))]);
        }
        assert!(sent(&jar, site).len() <= MAX_HEADER);
        let jar = Jar::default();
        for n in 0..=MAX_OF_CRAWL {
            set(&jar, &format!("http://e{n}.com/"), &["a=1"]);
            // Asked again and again, so never the one that goes.
            sent(&jar, "http://e0.com/");
        }
        assert!(jar.sites().count <= MAX_OF_CRAWL);
        assert_eq!((sent(&jar, "http://e0.com/").as_str(), sent(&jar, "http://e1.com/").as_str()), ("a=1", ""));
    }

    #[test]
    fn what_was_kept_is_put_back_and_never_shown() {
        let jar = Jar::default();
        assert!(jar.take_changed().is_empty());
        set(&jar, "http://www.e.com/x/", &["secret=1; Domain=e.com; Max-Age=1000", "b=2"]);
        let saved = jar.take_changed();
        assert_eq!(saved.iter().map(|saved| saved.site.as_str()).collect::<Vec<_>>(), ["e.com"]);
        assert!(jar.take_changed().is_empty());
        set(&jar, "http://www.e.com/x/", &["b=2"]);
        assert!(jar.take_changed().is_empty(), "the same again");
        let again = Jar::default();
        for saved in &saved {
            again.restore(saved);
        }
        assert_eq!(sent(&again, "http://www.e.com/x/y"), "secret=1; b=2");
        assert_eq!(sent(&again, "http://e.com/x/y"), "secret=1");
        let shown = format!("{jar:?} {saved:?}");
        assert!(!shown.contains("secret"), "{shown}");
    }

    #[test]
    fn what_is_no_cookie_is_left_out() {
        for line in ["", ";", "=", "novalue", "\u{e9}=1; Path"] {
            let jar = Jar::default();
            set(&jar, "http://e.com/", &[line, "ok=1"]);
            assert!(sent(&jar, "http://e.com/").ends_with("ok=1"), "{line}");
        }
    }
}
