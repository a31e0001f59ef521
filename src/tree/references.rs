//! What the references of a page mean: its base, and the encoding of its queries.

use std::borrow::Cow;
use std::cell::OnceCell;

use encoding_rs::{Encoding, UTF_8};
use html5ever::{local_name, ns};

use super::Document;
use crate::url::{Base, CrawlUrl, Target, UrlRules};

/// Resolves the references of one page.
#[derive(Debug)]
pub(crate) struct References<'a> {
    page: &'a CrawlUrl,
    rules: &'a UrlRules,
    encoding: &'static Encoding,
    base: OnceCell<Base>,
}

impl<'a> References<'a> {
    pub(crate) fn new(page: &'a CrawlUrl, rules: &'a UrlRules, encoding: &'static Encoding) -> Self {
        Self { page, rules, encoding: encoding.output_encoding(), base: OnceCell::new() }
    }

    /// The absolute URL that a reference stands for (HTML Standard, section 2.4.1), with its fragment; `None` when it is
    /// none.
    pub(crate) fn absolute(&self, reference: &str, document: Option<&Document>) -> Option<String> {
        let encode: &dyn Fn(&str) -> Cow<'_, [u8]> = &|query| self.encoding.encode(query).0;
        self.base(document).absolute(reference, (self.encoding != UTF_8).then_some(encode))
    }

    /// What a link leads to.
    pub(crate) fn target(&self, reference: &str, document: Option<&Document>) -> Option<Target> {
        let base = self.base(document);
        if self.encoding == UTF_8 || reference.is_ascii() {
            return base.resolve(reference, self.rules);
        }
        let encode: &dyn Fn(&str) -> Cow<'_, [u8]> = &|query| self.encoding.encode(query).0;
        base.resolve_encoded(reference, self.rules, Some(encode))
    }

    fn base(&self, document: Option<&Document>) -> &Base {
        self.base.get_or_init(|| {
            let page = Base::new(self.page.clone());
            match document.and_then(base_of).and_then(|written| page.resolve(written, self.rules)) {
                Some(Target::Url(base)) => Base::new(base),
                _ => page,
            }
        })
    }
}

/// What the first `<base href>` says.
fn base_of(document: &Document) -> Option<&str> {
    document.elements().find_map(|element| {
        let element = element.value();
        let is_base = element.name.local == local_name!("base") && element.name.ns == ns!(html);
        if is_base { element.attr("href") } else { None }
    })
}
