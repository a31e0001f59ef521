//! Sitemaps: the pages that a site lists itself (sitemaps.org), as XML, plain text, RSS or Atom, gzipped or not.
//!
//! Reading never fails. One pass, in time and memory that grow with the length of the body, which is cut at [`LIMIT`],
//! and of which at most [`MAX_ENTRIES`] entries are taken. No entity is expanded but the five of XML and numbers, so a
//! document type declaration does nothing. What is damaged is read as far as it goes, and what is wrong is named.

mod attribute;
mod body;
mod date;
mod dialect;
mod lines;
mod listing;
mod start;
mod xml;

#[cfg(test)]
mod tests;

pub(crate) use listing::{Entry, Fault, Format, Sitemap};

use crate::media_type::MediaType;
use crate::url::{CrawlUrl, UrlRules};
use listing::is_blank;
use start::Start;

impl Sitemap {
    /// Reads the body of a sitemap, content codings already undone. The URL is where it was found: references start from
    /// there.
    pub(crate) fn read(url: &CrawlUrl, body: &[u8], media_type: Option<&MediaType>, rules: &UrlRules) -> Self {
        let mut sitemap = Self::default();
        let body = body::Plain::of(body, &mut sitemap.faults);
        let text = body.decode(media_type.and_then(MediaType::charset), url.host());
        let text = text.trim_start_matches(is_blank);
        let start = Start::new(url, rules);
        if let Some(at) = xml::begins(text) {
            if at > 0 {
                sitemap.faults.push(Fault::Preceded(at));
            }
            xml::read(text.get(at..).unwrap_or_default(), &start, &mut sitemap);
        } else {
            lines::read(text, &start, &mut sitemap);
        }
        if sitemap.format.is_none() {
            sitemap.faults.push(Fault::NotASitemap);
        }
        sitemap
    }
}
