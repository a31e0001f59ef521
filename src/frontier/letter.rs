//! Letters: what one bucket has to tell another.

use std::sync::Arc;

use super::bucket::Bucket;
use super::found::Found;
use super::node::{NO_WAY, PART};
use crate::mention::Mention;
use crate::outcome::SkipReason;
use crate::url::{CrawlUrl, LinkKind, Target, UrlKey};

/// What one bucket has to tell another: a way to a URL that is at home there, or what is to be asked of a host there.
#[derive(Debug, Clone)]
pub struct Letter {
    /// Whom.
    pub to: Bucket,
    /// What is told.
    pub kind: LetterKind,
    /// Where the way leads to.
    pub target: Target,
    /// The number of links from a seed.
    pub depth: u32,
    /// As those of a [path](super::Path).
    pub hops: u32,
    /// The page that leads there; `None` for a seed, and for what a sitemap lists.
    pub referrer: Option<Arc<str>>,
    /// What names it there, when that is known.
    pub mention: Option<Mention>,
    /// What that says to a reader, when that is known.
    pub link_text: Option<Arc<str>>,
    /// Why it is not to be requested, when somebody has said so who knows only the URL. Who gets the letter from a store is
    /// to judge by his own rules.
    pub skip: Option<SkipReason>,
    /// Whether that is a way that has become shorter, of a link that was found before.
    pub is_told_again: bool,
    /// What there is to say beside that: as the [kind](LetterKind) says.
    pub body: Option<Arc<str>>,
}

/// What a letter tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LetterKind {
    /// A URL is a seed.
    Seed,
    /// A page leads there: by a link, a redirect, or as to a part of it.
    Link,
    /// A page leads there by a link that is not to be followed.
    Nofollow,
    /// A sitemap lists it.
    Listed,
    /// A robots.txt is there, to which that of another origin redirects. Its `referrer` is a page of that, `hops` are the redirects
    /// so far. Who asks for it answers.
    Robots,
    /// What came of that, in the `body`: about the page of which it was said. The `referrer` is where it was found.
    RobotsAnswer,
    /// A sitemap is there. The `body` says by whose word, and what has led to it.
    Sitemap,
}

impl LetterKind {
    /// Whether it is about a page, for the frontier to [read](super::Frontier::read).
    pub fn is_way(self) -> bool {
        match self {
            Self::Seed | Self::Link | Self::Nofollow | Self::Listed => true,
            Self::Robots | Self::RobotsAnswer | Self::Sitemap => false,
        }
    }
}

/// A letter as a store keeps it until its effect is kept.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Its number.
    pub id: u64,
    /// What it says.
    pub letter: Letter,
}

impl Letter {
    /// About what no page leads to.
    pub(super) fn unsigned(to: Bucket, kind: LetterKind, found: Found) -> Self {
        let Found { target, mention, link_text, skip, .. } = found;
        Self {
            to,
            kind,
            target,
            depth: 0,
            hops: 0,
            referrer: None,
            mention,
            link_text,
            skip,
            is_told_again: false,
            body: None,
        }
    }

    /// About what is to be asked of a host there.
    pub fn to_ask(to: Bucket, kind: LetterKind, target: CrawlUrl) -> Self {
        let found =
            Found { target: Target::Url(target), kind: LinkKind::Follow, mention: None, link_text: None, skip: None };
        Self::unsigned(to, kind, found)
    }

    /// How its target is found, for those who judge.
    pub(super) fn link_kind(&self) -> LinkKind {
        match (self.kind, self.hops) {
            (LetterKind::Nofollow, _) => LinkKind::Nofollow,
            (_, hops) if hops & PART != 0 => LinkKind::Part,
            (LetterKind::Link, 1..NO_WAY) => LinkKind::Redirect,
            _ => LinkKind::Follow,
        }
    }
}

/// What a URL of another bucket is known by as a part of a page: as that it is told of apart from the same URL as a page,
/// since there may be a part where no page may be. A key is its own opposite.
pub(super) fn key_of_part(key: UrlKey) -> UrlKey {
    UrlKey::of_bytes(key.as_bytes().map(|byte| !byte))
}
