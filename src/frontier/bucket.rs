//! Buckets: which share of the hosts a URL belongs to.

use std::fmt;
use std::num::NonZeroU16;

use crate::url::{CrawlUrl, Target};

/// A share of the hosts: all URLs of a host are in one bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bucket(u16);

impl Bucket {
    /// The first one: where there is one bucket only, that one.
    pub const FIRST: Self = Self(0);

    /// The bucket with this number.
    #[cfg_attr(not(any(test, feature = "internals")), allow(dead_code, reason = "so far a crawl has one bucket"))]
    pub fn at(number: u16) -> Self {
        Self(number)
    }

    /// Its number, from 0.
    pub fn number(self) -> u16 {
        self.0
    }

    pub(super) fn index(self) -> usize {
        self.0.into()
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Into how many buckets the hosts of a crawl are split. It never changes, or a URL would have two homes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Split(NonZeroU16);

impl Default for Split {
    fn default() -> Self {
        Self::ONE
    }
}

impl Split {
    /// Everything in one bucket.
    pub const ONE: Self = Self(NonZeroU16::MIN);

    /// Into so many.
    #[cfg_attr(not(any(test, feature = "internals")), allow(dead_code, reason = "so far a crawl has one bucket"))]
    pub const fn into(buckets: NonZeroU16) -> Self {
        Self(buckets)
    }

    /// How many there are.
    pub fn buckets(self) -> u16 {
        self.0.get()
    }

    /// The bucket of what a link leads to. What is no URL with a host goes by its key.
    pub fn of(self, target: &Target) -> Bucket {
        match target {
            Target::Url(url) => self.of_url(url),
            Target::Other { key, .. } => self.bucket(key.as_bytes()),
        }
    }

    /// The bucket of a URL: by the name of its host without the port and without one leading `www.`, so that http and https,
    /// both of these names and all ports share one.
    pub fn of_url(self, url: &CrawlUrl) -> Bucket {
        self.of_name(url.host_name())
    }

    /// The bucket of a host of this name, without the port.
    pub fn of_name(self, name: &str) -> Bucket {
        if self == Self::ONE {
            return Bucket::FIRST;
        }
        self.bucket(blake3::hash(name.strip_prefix("www.").unwrap_or(name).as_bytes()).as_bytes())
    }

    fn bucket(self, hash: &[u8]) -> Bucket {
        let first = hash.first_chunk().copied().map_or(0, u32::from_be_bytes);
        let number = first % u32::from(self.0.get());
        Bucket(u16::try_from(number).expect("it is less than the number of buckets"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::url::UrlRules;

    #[test]
    fn a_bucket_is_a_share_of_the_hosts() {
        let split = Split::into(NonZeroU16::new(1024).unwrap());
        let of = |text: &str| split.of(&UrlRules::new(100).absolute(text).unwrap());
        let expected = |name: &str| {
            let hash = blake3::hash(name.as_bytes());
            let first: [u8; 4] = hash.as_bytes()[..4].try_into().unwrap();
            Bucket(u16::try_from(u32::from_be_bytes(first) % 1024).unwrap())
        };
        for text in ["http://e.com/", "https://e.com/x?y", "http://www.e.com/", "http://e.com:8080/"] {
            assert_eq!(of(text), expected("e.com"), "{text}");
        }
        assert_eq!(of("http://www.www.e.com/"), expected("www.e.com"));
        assert_eq!(split.of_name("www.e.com"), expected("e.com"));
        assert_eq!(of("http://[::1]:80/"), expected("[::1]"));
        assert_ne!(of("http://a.e.com/"), of("http://e.com/"));
        let key = UrlRules::new(100).absolute("mailto:a@e.com").unwrap().key();
        let first: [u8; 4] = key.as_bytes()[..4].try_into().unwrap();
        assert_eq!(u32::from(of("mailto:a@e.com").0), u32::from_be_bytes(first) % 1024);
        assert_eq!(Split::ONE.of_url(&UrlRules::new(100).parse("http://e.com/").unwrap()), Bucket::FIRST);
    }
}
