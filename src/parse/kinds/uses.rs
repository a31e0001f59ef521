//! Uses: which links of a page are followed, which are listed in its record, and what is said of those there.

use std::sync::Arc;

use crate::mention::{Kinds, Mention};
use crate::page::LinkDetail;
use crate::parse::reference::Reference;
use crate::parse::scan;
use crate::url::{Link, LinkKind, Target};

/// What settings ask of each kind of link.
#[derive(Debug, Clone, Copy)]
pub(in crate::parse) struct Wanted {
    pub(in crate::parse) follow: Kinds,
    pub(in crate::parse) record: Kinds,
    /// Whether records say what each link is.
    pub(in crate::parse) details: bool,
    /// Whether nothing but pages is asked for, in the record and beside it, and nothing more of them than where they are.
    pub(in crate::parse) is_plain: bool,
}

/// What the links of one page are for.
#[derive(Debug)]
pub(in crate::parse) struct Uses {
    wanted: Wanted,
    /// One for each link.
    links: Vec<Use>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Use {
    is_followed: bool,
    /// The first place of the page for which it is recorded: what stands there, and where.
    recorded: Option<(Mention, Option<std::num::NonZeroU32>)>,
}

impl Wanted {
    pub(in crate::parse) fn new(follow: Kinds, record: Kinds, details: bool) -> Self {
        let is_plain = follow == Kinds::PAGES && record == Kinds::PAGES && !details;
        Self { follow, record, details, is_plain }
    }
}

impl Uses {
    pub(in crate::parse) fn new(wanted: Wanted) -> Self {
        Self { wanted, links: Vec::new() }
    }

    /// Takes note of one more reference that leads to a link. What is a part of the page at one place of it is fetched with
    /// it, and what is to be followed at one place is to be followed.
    pub(in crate::parse) fn note(&mut self, place: usize, link: &mut Link, reference: &Reference<'_>) {
        if self.links.len() <= place {
            self.links.resize_with(place + 1, Use::default);
        }
        let Some(used) = self.links.get_mut(place) else { return };
        let kind = reference.mention.kind();
        if self.wanted.record.has(kind) && used.recorded.is_none() {
            used.recorded = Some((reference.mention, reference.tag));
        }
        if !self.wanted.follow.has(kind) {
            return;
        }
        let way = match (kind.is_part(), reference.nofollow) {
            (true, _) => LinkKind::Part,
            (false, false) => LinkKind::Follow,
            (false, true) => LinkKind::Nofollow,
        };
        if !used.is_followed || rank(way) > rank(link.kind) {
            (link.kind, link.mention) = (way, reference.mention);
        }
        used.is_followed = true;
    }

    /// The URLs that are recorded, and what is said of them; `links` keep those that are followed.
    pub(in crate::parse) fn part(self, page: &str, links: &mut Vec<Link>) -> (Vec<Arc<str>>, Option<Vec<LinkDetail>>) {
        let (mut urls, mut details) = (Vec::new(), Vec::new());
        let mut uses = self.links.into_iter();
        links.retain(|link| {
            let Use { is_followed, recorded } = uses.next().unwrap_or_default();
            if let (Target::Url(url), Some((mention, tag))) = (&link.target, recorded) {
                urls.push(url.to_shared());
                if self.wanted.details {
                    details.push(LinkDetail {
                        url: url.to_shared(),
                        kind: mention.kind(),
                        found_by: mention.to_string(),
                        text: tag.filter(|_| mention.says()).and_then(|tag| scan::link_text(page, tag)),
                        rel: tag.and_then(|tag| scan::rel(page, tag)),
                    });
                }
            }
            is_followed
        });
        (urls, self.wanted.details.then_some(details))
    }
}

fn rank(kind: LinkKind) -> u8 {
    match kind {
        LinkKind::Nofollow => 0,
        LinkKind::Follow | LinkKind::Redirect => 1,
        LinkKind::Part => 2,
    }
}
