//! The `<time>` elements of a page that are of the page, and not of what it tells.

use html5ever::{LocalName, local_name, ns};
use scraper::ElementRef;

use crate::tree::{Document, embedded::attribute};

/// When it was published: a `<time>` that says so, or the first one of an article, or the only one.
pub(super) fn published(document: &Document) -> Option<&str> {
    let times: Vec<_> = times(document).take(MOST).collect();
    let says_so = |time: &&ElementRef<'_>| {
        attribute(**time, &LocalName::from("pubdate")).is_some() || says(**time, "datepublished")
    };
    let named = times.iter().find(says_so);
    let of_article = || times.iter().find(|time| is_in_article(**time) && !says(**time, "datemodified"));
    let only = || times.first().filter(|time| times.len() == 1 && !says(**time, "datemodified"));
    named.or_else(of_article).or_else(only).and_then(|time| when(*time))
}

/// When it was changed: only when a `<time>` says so.
pub(super) fn modified(document: &Document) -> Option<&str> {
    times(document).take(MOST).find(|time| says(*time, "datemodified")).and_then(when)
}

fn times(document: &Document) -> impl Iterator<Item = ElementRef<'_>> {
    let is_time = |element: &ElementRef<'_>| {
        element.value().name.local == local_name!("time") && element.value().name.ns == ns!(html)
    };
    document.elements().filter(is_time).filter(|time| when(*time).is_some())
}

fn when(time: ElementRef<'_>) -> Option<&str> {
    attribute(time, &local_name!("datetime"))
}

fn says(time: ElementRef<'_>, what: &str) -> bool {
    attribute(time, &LocalName::from("itemprop")).is_some_and(|property| property.trim().eq_ignore_ascii_case(what))
}

/// Of an article that is in no other one: those in it are comments (HTML Standard, section 4.3.2).
fn is_in_article(time: ElementRef<'_>) -> bool {
    let is_article = |element: &ElementRef<'_>| element.value().name.local == local_name!("article");
    time.ancestors().filter_map(ElementRef::wrap).filter(is_article).count() == 1
}

/// How many are looked at.
const MOST: usize = 256;
