//! Rewrite: a page, or a style sheet, with other references in it, and nothing else of it changed. Never fails.
//!
//! Tags are told apart as for links, so that what is followed is also what is written anew.

mod edits;
mod page;
mod resolving;
#[cfg(test)]
mod tests;
mod value;

pub(crate) use resolving::{Place, Places, Role};

use encoding_rs::UTF_8;

use self::page::Writing;
use self::resolving::Resolving;
use super::charset::{Charset, CharsetFrom};
use super::facts::Facts;
use super::scan::{Most, Syntax};
use super::{DataAttribute, Options};
use crate::media_type::{BodyKind, MediaType};
use crate::url::{CrawlUrl, UrlRules};

/// Writes bodies anew.
#[derive(Debug, Clone)]
pub(crate) struct Rewriter {
    rules: UrlRules,
    data: Vec<DataAttribute>,
    most: Most,
}

/// What a body is to who writes it anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Text {
    Html,
    /// XHTML or SVG.
    Xml,
    Css,
    /// A script, or text: without references, but in a charset.
    Plain,
}

impl Rewriter {
    /// Resolves references as a crawl with these settings does.
    pub(crate) fn new(options: &Options, rules: UrlRules) -> Self {
        let most = Most { nesting: options.max_nesting, attributes: options.max_attributes };
        Self { rules, data: options.data_attributes.clone(), most }
    }

    /// A body in which other things stand for what its references lead to; `None` when it stays as it is.
    ///
    /// What is not in UTF-8, or says so nowhere in itself, gets UTF-8 and the mark of it: in a file nobody tells its charset.
    pub(crate) fn rewrite(
        &self,
        url: &CrawlUrl,
        media_type: Option<&MediaType>,
        body: &[u8],
        places: &mut dyn Places,
    ) -> Option<Vec<u8>> {
        let kind = Text::of(media_type, body)?;
        let label = media_type.and_then(MediaType::charset);
        let charset = match kind {
            Text::Html => self.charset_of_page(body, label, url),
            Text::Xml => Charset::of_xml(body, label, url.host()),
            // Without a charset of their own they have that of the page, which is UTF-8 here.
            Text::Css | Text::Plain if std::str::from_utf8(body).is_ok() => {
                Charset::of(body, label.or(Some("utf-8")), "")
            }
            Text::Css | Text::Plain => Charset::of(body, label, url.host()),
        };
        let text = charset.decode(body);
        let mut resolving = Resolving::new(url, &self.rules, charset.encoding, places);
        let new = match kind {
            Text::Html => page::rewrite(&text, self.writing(Syntax::Html), &mut resolving),
            Text::Xml => page::rewrite(&text, self.writing(Syntax::Xml), &mut resolving),
            Text::Css => value::style_sheet(&text, &mut |reference| resolving.resolve(reference, Role::Part)),
            Text::Plain => None,
        };
        let needs_mark = kind.needs_mark(charset, body, new.as_deref().unwrap_or(&text));
        if new.is_none() && !needs_mark {
            return None;
        }
        let new = new.unwrap_or_else(|| text.into_owned());
        let mark = if needs_mark || charset.from == CharsetFrom::Bom { MARK } else { "" };
        Some([mark.as_bytes(), new.as_bytes()].concat())
    }

    fn writing(&self, syntax: Syntax) -> Writing<'_> {
        Writing { syntax, most: self.most, data: &self.data, around: 0 }
    }

    /// The charset of a page, as a browser comes to it.
    fn charset_of_page(&self, body: &[u8], label: Option<&str>, url: &CrawlUrl) -> Charset {
        let charset = Charset::of(body, label, url.host());
        if charset.from != CharsetFrom::Guess {
            return charset;
        }
        let mut facts = Facts::default();
        let text = charset.decode(body);
        super::scan::each_tag(&text, Syntax::Html, self.most, |tag| {
            if tag.is("meta") {
                let value = |name: &str| tag.value(name).map(|value| value.to_owned().into());
                facts.read_charset(value);
            }
        });
        facts.charset_labels.iter().find_map(|label| charset.corrected(label)).unwrap_or(charset)
    }
}

impl Text {
    fn of(media_type: Option<&MediaType>, body: &[u8]) -> Option<Self> {
        let essence = media_type.map(MediaType::essence).unwrap_or_default();
        match BodyKind::of(media_type, body) {
            BodyKind::Html if essence == "application/xhtml+xml" => Some(Self::Xml),
            BodyKind::Html => Some(Self::Html),
            BodyKind::Xml if essence == "image/svg+xml" || super::holds_xhtml(body) => Some(Self::Xml),
            BodyKind::Other if super::STYLE_TYPES.contains(&essence) => Some(Self::Css),
            BodyKind::Other if super::SCRIPT_TYPES.contains(&essence) || essence == "text/plain" => Some(Self::Plain),
            BodyKind::Xml | BodyKind::Other => None,
        }
    }

    /// Whether a body whose text is now this one is to begin with a byte order mark. What is ASCII is read alike in nearly
    /// any charset.
    fn needs_mark(self, charset: Charset, body: &[u8], text: &str) -> bool {
        if charset.encoding != UTF_8 {
            return !(text.is_ascii() && charset.encoding.is_ascii_compatible());
        }
        let says_it = match charset.from {
            CharsetFrom::Bom | CharsetFrom::Start | CharsetFrom::LateMeta | CharsetFrom::Xml => true,
            CharsetFrom::ContentType | CharsetFrom::Guess => self != Self::Html && std::str::from_utf8(body).is_ok(),
        };
        !says_it && !text.is_ascii()
    }
}

/// The byte order mark of UTF-8. It counts for more than all else that says a charset (Encoding Standard, section 6).
const MARK: &str = "\u{FEFF}";
