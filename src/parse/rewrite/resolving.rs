//! Where the references of one page lead, and what is to stand for them.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8};

use crate::parse::facts::trimmed;
use crate::parse::links::encoded;
use crate::url::{Base, CrawlUrl, Target, UrlRules};

/// What a reference is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// A reader follows it, or a frame shows it.
    Link,
    /// A browser loads it to show the page.
    Part,
    /// It means something on the site alone: where a form is sent to, what the page is called.
    Web,
}

/// What a reference of a page leads to: something on the web.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'p> {
    /// `None` when it is too long to be requested.
    pub(crate) url: Option<&'p CrawlUrl>,
    /// The same as text, with its fragment.
    pub(crate) absolute: &'p str,
    pub(crate) role: Role,
}

/// Says what is to stand for a place.
pub(crate) trait Places {
    fn stands_for(&mut self, place: &Place<'_>) -> String;
}

/// The references of one page.
pub(super) struct Resolving<'r> {
    places: &'r mut dyn Places,
    rules: &'r UrlRules,
    /// Queries are in the encoding of the page.
    encoding: &'static Encoding,
    start: Start,
}

/// What references start from.
#[derive(Debug, Clone)]
pub(super) struct Start {
    base: Base,
    /// Whether that is not the page itself.
    is_elsewhere: bool,
}

impl<'r> Resolving<'r> {
    pub(super) fn new(
        page: &CrawlUrl,
        rules: &'r UrlRules,
        encoding: &'static Encoding,
        places: &'r mut dyn Places,
    ) -> Self {
        let start = Start { base: Base::new(page.clone()), is_elsewhere: false };
        Self { places, rules, encoding: encoding.output_encoding(), start }
    }

    pub(super) fn start(&self) -> Start {
        self.start.clone()
    }

    pub(super) fn go_back_to(&mut self, start: Start) {
        self.start = start;
    }

    /// References start from this one, when it can be requested.
    pub(super) fn start_from(&mut self, base: &str) {
        if let Some(Target::Url(base)) = self.start.base.resolve(base, self.rules) {
            self.start = Start { base: Base::new(base), is_elsewhere: true };
        }
    }

    /// What is to stand for a reference; `None` leaves it as it is.
    pub(super) fn resolve(&mut self, reference: &str, role: Role) -> Option<String> {
        let written = trimmed(reference);
        // A place in the page itself, unless it is in that which the base names.
        let is_here = written.is_empty() || written.starts_with('#');
        if is_here && role != Role::Web && !(self.start.is_elsewhere && role == Role::Link) {
            return None;
        }
        let Some(absolute) = self.absolute(written) else {
            // Of a file it might be something.
            return Some(NOTHING.to_owned());
        };
        match absolute.split(':').next() {
            Some("http" | "https") => {
                let target = self.rules.absolute(&absolute);
                let url = target.as_ref().and_then(|target| match target {
                    Target::Url(url) => Some(url),
                    Target::Other { .. } => None,
                });
                Some(self.places.stands_for(&Place { url, absolute: &absolute, role }))
            }
            // On the web it leads nowhere. In a file it would: into the machine of the reader, or to another one by its name.
            Some("file") => Some(NOTHING.to_owned()),
            _ => None,
        }
    }

    fn absolute(&self, reference: &str) -> Option<String> {
        let encode: &dyn Fn(&str) -> Cow<'_, [u8]> = &|query| encoded(query, self.encoding);
        let is_plain = self.encoding == UTF_8 || reference.is_ascii();
        self.start.base.absolute(reference, if is_plain { None } else { Some(encode) })
    }
}

/// Leads nowhere, whoever asks (CSS Values 4, section 4.5.4).
const NOTHING: &str = "about:invalid";
