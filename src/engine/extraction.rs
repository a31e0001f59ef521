//! Extraction: the rules of a crawl, applied to what a worker has read.

use encoding_rs::{Encoding, UTF_8};

use crate::extract::{Input, Rules};
use crate::extracted::Extracted;
use crate::media_type::MediaType;
use crate::outcome::Outcome;
use crate::tree::PageTree;
use crate::url::{CrawlUrl, LinkKind, UrlRules};

/// The rules of a crawl, for all workers.
#[derive(Debug, Clone)]
pub(super) struct Extraction {
    rules: Rules,
    url_rules: UrlRules,
}

impl Extraction {
    /// `None` when there are no rules: then nothing is looked at a second time.
    pub(super) fn new(rules: Rules, url_rules: UrlRules) -> Option<Self> {
        (!rules.is_empty()).then_some(Self { rules, url_rules })
    }

    /// How many rules there are.
    pub(super) fn rules(&self) -> usize {
        self.rules.names().count()
    }

    /// Whether some rule is for a response of this type that is no page.
    pub(super) fn is_for(&self, url: &CrawlUrl, media_type: &MediaType) -> bool {
        self.rules.on(url.as_str(), Some(media_type.essence())).is_some()
    }

    /// Applies the rules to a page, whatever type it was sent as. `None` when none is for it.
    pub(super) fn of_page(
        &self,
        url: &CrawlUrl,
        tree: &PageTree<'_>,
        encoding: &'static Encoding,
    ) -> Option<Box<Extracted>> {
        self.of_tree(url, None, tree, encoding)
    }

    /// Applies the rules to a body that nothing else reads: JSON, which is UTF-8 (RFC 8259, section 8.1).
    pub(super) fn of_body(&self, url: &CrawlUrl, media_type: &MediaType, body: &[u8]) -> Option<Box<Extracted>> {
        self.of_tree(url, Some(media_type.essence()), &PageTree::new(&String::from_utf8_lossy(body)), UTF_8)
    }

    fn of_tree(
        &self,
        url: &CrawlUrl,
        content_type: Option<&str>,
        tree: &PageTree<'_>,
        encoding: &'static Encoding,
    ) -> Option<Box<Extracted>> {
        let matched = self.rules.on(url.as_str(), content_type)?;
        let input = Input { url, text: tree.text(), content_type, encoding, url_rules: &self.url_rules };
        Some(Box::new(matched.apply_on(&input, tree)))
    }
}

/// Takes over what came of a page. A link that is not among those to follow is as one that the page asks not to follow:
/// known, counted, and not requested.
pub(super) fn take(outcome: &mut Outcome, url: &CrawlUrl, extracted: Option<Box<Extracted>>) {
    let Some(extracted) = extracted else { return };
    for trouble in &extracted.findings.troubles {
        tracing::debug!(%url, "{trouble}");
    }
    if let Some(follow) = &extracted.follow {
        for link in outcome.links.iter_mut().filter(|link| link.kind == LinkKind::Follow) {
            if !follow.contains(&link.target.key()) {
                link.kind = LinkKind::Nofollow;
            }
        }
    }
    outcome.extracted = Some(extracted);
}
