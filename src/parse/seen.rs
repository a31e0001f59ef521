//! What is seen of a page beside its references, where somebody checks pages: the names that fragments lead to, headings,
//! images without text, languages, data that is broken. None of this is looked at in a crawl that nobody checks.

use std::borrow::Cow;
use std::num::NonZeroU32;

use super::reference::Reference;

/// What the elements of a page say to those who check it; texts are those of the page.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen<'a> {
    /// Each `id`, and each `name` of an `<a>`.
    pub(super) ids: Vec<Cow<'a, str>>,
    pub(super) titles: u32,
    /// The level of each heading, and where the name of its tag begins.
    pub(super) headings: Vec<(u8, Option<NonZeroU32>)>,
    /// How many images have no text, and where the first is.
    pub(super) images_without_alt: u32,
    pub(super) first_image_without_alt: Option<NonZeroU32>,
    /// The language of each version of the page, and where that is.
    pub(super) alternates: Vec<(String, Reference<'a>)>,
    /// A `<meta name=robots>` asks for no index.
    pub(super) noindex: bool,
    /// What is wrong with JSON-LD, and where its script begins.
    pub(super) broken_data: Vec<(String, Option<NonZeroU32>)>,
    /// How many characters of text there are, but for white space.
    pub(super) letters: u64,
}

impl<'a> Seen<'a> {
    /// Takes what an element is called. `tag`: where its name begins.
    pub(super) fn read_element(
        &mut self,
        element: &str,
        is_html: bool,
        tag: Option<NonZeroU32>,
        attribute: impl Fn(&str) -> Option<Cow<'a, str>>,
    ) {
        self.ids.extend(attribute("id").filter(|id| !id.is_empty()));
        if !is_html {
            return;
        }
        if element.eq_ignore_ascii_case("a") {
            self.ids.extend(attribute("name").filter(|name| !name.is_empty()));
        } else if element.eq_ignore_ascii_case("img") && attribute("alt").is_none() {
            let is_hidden =
                || attribute("aria-hidden").is_some_and(|value| value.trim_ascii().eq_ignore_ascii_case("true"));
            let role = attribute("role").unwrap_or_default();
            if !matches!(role.trim_ascii(), "presentation" | "none") && !is_hidden() {
                self.images_without_alt = self.images_without_alt.saturating_add(1);
                self.first_image_without_alt = self.first_image_without_alt.or(tag);
            }
        }
    }

    /// Takes a heading: `h1` to `h6`, in any case.
    pub(super) fn read_heading(&mut self, element: &str, tag: Option<NonZeroU32>) {
        let level = match element.as_bytes() {
            [b'h' | b'H', level @ b'1'..=b'6'] => level - b'0',
            _ => return,
        };
        if self.headings.len() < MAX_HEADINGS {
            self.headings.push((level, tag));
        }
    }

    /// Takes the text of a script of this type.
    pub(super) fn read_script(&mut self, kind: Option<&str>, text: &str, tag: Option<NonZeroU32>) {
        let essence = kind.unwrap_or_default().split(';').next().unwrap_or_default();
        if !essence.trim_ascii().eq_ignore_ascii_case("application/ld+json") || self.broken_data.len() >= MAX_BROKEN {
            return;
        }
        if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text) {
            self.broken_data.push((error.to_string(), tag));
        }
    }

    /// Takes a version of the page in another language.
    pub(super) fn read_alternate(&mut self, hreflang: &str, reference: Reference<'a>) {
        let hreflang = hreflang.trim_ascii();
        if !hreflang.is_empty() && self.alternates.len() < MAX_ALTERNATES {
            self.alternates.push((hreflang.chars().take(MAX_LANGUAGE).collect(), reference));
        }
    }

    /// Counts text.
    pub(super) fn read_text(&mut self, text: &str) {
        self.letters += text.chars().filter(|c| !c.is_whitespace()).count() as u64;
    }
}

/// What is asked of elements beside what names something.
pub(super) const ATTRIBUTES: [&str; 6] = ["id", "name", "alt", "role", "aria-hidden", "hreflang"];
const MAX_HEADINGS: usize = 1000;
const MAX_ALTERNATES: usize = 500;
const MAX_BROKEN: usize = 20;
/// How long the name of a language may be, in characters.
const MAX_LANGUAGE: usize = 64;
