//! Explain: what of a page decides how it is read, for a person who looks at one page. A crawl never asks.

use html5ever::{LocalName, local_name, ns};
use scraper::ElementRef;

use super::charset::{Charset, CharsetFrom};
use super::links::Resolver;
use super::{Input, Parser, scan};
use crate::media_type::MediaType;
use crate::tree::{Bounds, Document};
use crate::url::{LinkKind, UrlKey};

/// What decides how a page is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Explained {
    /// What says which charset it is in.
    pub(crate) charset_from: CharsetFrom,
    /// The first `<base href>` as it is written; `None` when there is none.
    pub(crate) base: Option<String>,
    /// The URL that references start from: the base, unless that cannot be requested, or the page itself.
    pub(crate) references_start_from: String,
    /// What the page and its response ask of this crawler, in their order: elements, then headers. Those that are for
    /// other robots are there as well.
    pub(crate) directives: Vec<Directives>,
    /// The keys of the links that the page, or its author, asks not to follow, whatever the settings make of that.
    pub(crate) nofollow: Vec<UrlKey>,
}

/// A `<meta name=robots>` or an `X-Robots-Tag`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Directives {
    /// Where it stands: `meta robots`, `meta crawler`, `x-robots-tag`.
    pub(crate) from: String,
    /// What it says.
    pub(crate) content: String,
    /// Whether it asks this crawler not to follow the links of the page.
    pub(crate) nofollow: bool,
}

impl Parser {
    /// What decides how a page is read: what [`parse`](Self::parse) keeps to itself. It costs as much as several parses.
    pub(crate) fn explain(&self, input: &Input<'_>) -> Explained {
        let label = input.media_type.and_then(MediaType::charset);
        let is_xml = input.media_type.is_some_and(MediaType::is_xml);
        let mut charset = if is_xml {
            Charset::of_xml(input.body, label, input.url.host())
        } else {
            Charset::of(input.body, label, input.url.host())
        };
        let guessed = charset.decode(input.body);
        let corrected = if is_xml { None } else { self.corrected(charset, &guessed) };
        charset = corrected.unwrap_or(charset);
        let text = charset.decode(input.body);
        let facts = if is_xml { scan::scan_xhtml(&text, self.bounds(), &self.robots) } else { self.scan(&text) };
        let resolver = Resolver::new(&self.rules, self.recent.take(), input.url, &facts, charset.encoding);
        let mut directives = self.of_elements(&Document::parse(&text, Bounds::default()));
        directives.extend(input.robots_tags.iter().map(|tag| Directives {
            from: "x-robots-tag".to_owned(),
            content: (*tag).to_owned(),
            nofollow: self.robots.header_asks_nofollow(tag),
        }));
        let heeding = Self { options: super::Options { nofollow: true, ..self.options.clone() }, ..self.clone() };
        let links = heeding.parse(input).links.into_iter().filter(|link| link.kind == LinkKind::Nofollow);
        Explained {
            charset_from: charset.from,
            references_start_from: resolver.start(),
            base: facts.base.as_deref().map(str::to_owned),
            directives,
            nofollow: links.map(|link| link.target.key()).collect(),
        }
    }

    /// What the page turns out to declare when its charset was only guessed.
    fn corrected(&self, charset: Charset, text: &str) -> Option<Charset> {
        self.scan(text).charset_labels.iter().find_map(|label| charset.corrected(label))
    }

    fn of_elements(&self, document: &Document) -> Vec<Directives> {
        let metas = document.elements().filter(|element| element.value().name.local == local_name!("meta"));
        let said = metas.filter_map(|meta| {
            let (name, content) = (attribute(meta, &local_name!("name"))?, attribute(meta, &local_name!("content"))?);
            let name = name.trim_ascii();
            self.robots.is_named(name).then(|| Directives {
                from: format!("meta {}", name.to_ascii_lowercase()),
                content: content.to_owned(),
                nofollow: self.robots.meta_asks_nofollow(name, content),
            })
        });
        said.collect()
    }
}

fn attribute<'a>(element: ElementRef<'a>, name: &LocalName) -> Option<&'a str> {
    let mut attributes = element.value().attrs.iter();
    attributes.find(|(key, _)| key.local == *name && key.ns == ns!()).map(|(_, value)| &**value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::Options;
    use crate::url::UrlRules;

    fn explained(body: &[u8], content_type: Option<&str>, robots_tags: &[&str]) -> Explained {
        let rules = UrlRules::new(4096);
        let url = rules.parse("http://e.com/a/").unwrap();
        let media_type = content_type.and_then(MediaType::parse);
        let input = Input {
            url: &url,
            body,
            media_type: media_type.as_ref(),
            robots_tags,
            link_headers: &[],
            refresh_headers: &[],
        };
        Parser::new(&Options::default(), rules, "crawler").explain(&input)
    }

    #[test]
    fn what_says_which_charset_it_is_in_is_told() {
        let check = |body: &[u8], content_type, from| assert_eq!(explained(body, content_type, &[]).charset_from, from);
        let late = [" ".repeat(2000).as_bytes(), b"<meta charset=koi8-r>\xD0"].concat();
        check(b"\xEF\xBB\xBF<meta charset=big5>", Some("text/html; charset=koi8-r"), CharsetFrom::Bom);
        check(b"<meta charset=big5>", Some("text/html; charset=koi8-r"), CharsetFrom::ContentType);
        check(b"<meta charset=big5>", Some("text/html"), CharsetFrom::Start);
        check(&late, None, CharsetFrom::LateMeta);
        check(b"plain", None, CharsetFrom::Guess);
        check(b"<p/>", Some("application/xhtml+xml"), CharsetFrom::Xml);
        check(b"<?xml version='1.0' encoding='koi8-r'?><p/>", Some("application/xhtml+xml"), CharsetFrom::Start);
    }

    #[test]
    fn where_references_start_from_is_told_beside_the_base_as_it_is_written() {
        let check = |page: &str, base: Option<&str>, start: &str| {
            let found = explained(page.as_bytes(), None, &[]);
            assert_eq!((found.base.as_deref(), found.references_start_from.as_str()), (base, start), "{page}");
        };
        check("<p>", None, "http://e.com/a/");
        check("<base href='../b/'><base href=c>", Some("../b/"), "http://e.com/b/");
        check("<base href='mailto:a@e.com'>", Some("mailto:a@e.com"), "http://e.com/a/");
    }

    #[test]
    fn each_directive_is_told_with_what_it_means_for_this_crawler() {
        let page = "<meta name=Robots content='noindex'><meta name=googlebot content=nofollow>\
                    <meta name=crawler content=NoFollow><template><meta name=robots content=none></template>";
        let found = explained(page.as_bytes(), None, &["otherbot: nofollow", "none"]).directives;
        let told: Vec<_> = found.iter().map(|one| (one.from.as_str(), one.content.as_str(), one.nofollow)).collect();
        assert_eq!(
            told,
            [
                ("meta robots", "noindex", false),
                ("meta crawler", "NoFollow", true),
                ("x-robots-tag", "otherbot: nofollow", false),
                ("x-robots-tag", "none", true)
            ]
        );
    }

    #[test]
    fn the_links_that_are_not_to_be_followed_are_told_whatever_the_settings() {
        let rules = UrlRules::new(4096);
        let url = rules.parse("http://e.com/").unwrap();
        let body = b"<a href=a rel=nofollow></a><a href=b></a>";
        let (media_type, robots_tags, link_headers, refresh_headers) = (None, &[][..], &[][..], &[][..]);
        let input = Input { url: &url, body, media_type, robots_tags, link_headers, refresh_headers };
        let parser = Parser::new(&Options { nofollow: false, ..Options::default() }, rules.clone(), "crawler");
        assert_eq!(parser.explain(&input).nofollow, [rules.parse("http://e.com/a").unwrap().key()]);
        assert!(parser.parse(&input).links.iter().all(|link| link.kind == LinkKind::Follow));
    }
}
