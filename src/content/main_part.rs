//! Which part of a page is taken: its article, or its body.

use html5ever::local_name;

use super::article;
use super::options::Main;
use super::outline::{blocks, body, length, without_navigation};
use super::part::Part;
use crate::readable::MainPart;
use crate::tree::Document;

/// The part of a page that is wanted; `None` when there is none.
pub(super) fn of(document: &Document, wanted: Main) -> Option<(MainPart, Part<'_>)> {
    let body = body(document)?;
    match wanted {
        Main::Body => Some((MainPart::Body, Part::all(body))),
        Main::Article => article::of(body).map(|article| (MainPart::Article, article)),
        Main::Auto => {
            let rest = without_navigation(body);
            Some(match article::of(body).and_then(|article| checked(document, article, &rest)) {
                Some(article) => (MainPart::Article, article),
                None => (MainPart::Body, rest),
            })
        }
    }
}

/// The article, when it is what the page is for; `rest` is the page without its navigation.
fn checked<'a>(document: &Document, article: Part<'a>, rest: &Part<'a>) -> Option<Part<'a>> {
    let (long, page) = (length(&article), length(rest));
    if long < LEAST {
        return None;
    }
    if says_article(document) {
        return (long * PART_OF_ARTICLE >= page).then(|| article.also_without(rest));
    }
    // What is dropped of a page of documentation, a section of examples, is as much of it as all else.
    let filled = article.filled(rest).filter(|filled| length(filled) <= long * FILLED);
    let article = filled.unwrap_or(article);
    let is_whole = length(&article) * 5 >= page * PART && blocks(&article) == blocks(rest);
    is_whole.then_some(article)
}

/// Whether a page says that it is one article: then all else on it, comments and further articles, may be longer.
fn says_article(document: &Document) -> bool {
    document.elements().any(|element| {
        let value = element.value();
        let attr = |name| value.attr(name).unwrap_or_default();
        match value.name.local {
            local_name!("meta") => attr("property") == "og:type" && attr("content").eq_ignore_ascii_case("article"),
            local_name!("script") if attr("type").eq_ignore_ascii_case("application/ld+json") => {
                let mut texts = element.text();
                texts.any(|text| TYPES.iter().any(|name| text.contains(&format!("\"{name}\""))))
            }
            _ => {
                let name = attr("itemtype").rsplit_once("schema.org/").map(|(_, name)| name);
                name.is_some_and(|name| TYPES.contains(&name))
            }
        }
    })
}

/// The types of articles (schema.org). One of a documentation is all of its page.
const TYPES: [&str; 6] =
    ["Article", "NewsArticle", "BlogPosting", "ReportageNewsArticle", "OpinionNewsArticle", "LiveBlogPosting"];
/// The shortest article, in bytes.
const LEAST: usize = 250;
/// How many fifths of its page an article has at least. Of a forum, a shop or a list it is one entry among many, and of a
/// documentation one section.
const PART: usize = 4;
/// One part in how many of its page it has at least when the page says that it is one.
const PART_OF_ARTICLE: usize = 20;
/// How many times as long an article may become when nothing in it is dropped.
const FILLED: usize = 2;
