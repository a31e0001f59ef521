//! Readable: what a person reads of a page. The stage `content` makes it, records are written of it.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::metadata::{Language, Said};

/// What a person reads of a page: the text that a browser shows, without navigation, scripts and hidden parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[non_exhaustive]
pub struct Readable {
    /// Which part of the page it is.
    pub main: MainPart,
    /// The text: a line for each block, an empty one between paragraphs, the cells of a table's row with tabs between
    /// them. Absent when `[content]` does not ask for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The same as Markdown: `CommonMark` with the tables of GitHub, links and images absolute. Absent when `[content]` does
    /// not ask for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub markdown: Option<String>,
    /// Whether something is missing at the end, because the page is longer than `content.max_size`. Absent when not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut: bool,
    /// The language of the page: its `lang`, or else what its text looks like. Absent when neither tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// Who wrote it. Absent, as each of the following, when no markup of the page says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<Said<Vec<String>>>,
    /// When it was published: RFC 3339, a date alone when no time is said, without an offset when none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<Said<String>>,
    /// When it was changed last, written as `published` is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified: Option<Said<String>>,
    /// The name of the site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site_name: Option<Said<String>>,
    /// What kind of thing it is, by a word of schema.org or OpenGraph: `NewsArticle`, `article`.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<Said<String>>,
    /// The absolute URL of the picture that stands for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<Said<String>>,
    /// The hash of the text, in hexadecimal, with its algorithm as prefix (`blake3:…`): two pages with one are the same to a
    /// reader.
    pub text_hash: String,
    /// The `SimHash` of the text, 64 bits in hexadecimal: of two texts that say nearly the same, few of its bits differ. Absent
    /// when the text has fewer than 16 words.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "hexadecimal")]
    #[schemars(with = "Option<String>", regex(pattern = "^[0-9a-f]{16}$"))]
    pub simhash: Option<u64>,
}

/// A part of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MainPart {
    /// The article in it.
    Article,
    /// All of it, or all but its navigation.
    Body,
}

impl Readable {
    /// What is read of this part, before anything is.
    pub fn new(main: MainPart) -> Self {
        Self {
            main,
            text: None,
            markdown: None,
            cut: false,
            language: None,
            author: None,
            published: None,
            modified: None,
            site_name: None,
            kind: None,
            image: None,
            text_hash: String::new(),
            simhash: None,
        }
    }

    /// How many bytes of memory it takes until it is written.
    pub(crate) fn weight(&self) -> u64 {
        let texts = [&self.text, &self.markdown];
        texts.into_iter().flatten().map(|text| text.len() as u64).sum()
    }
}

/// 64 bits as 16 digits: programs that know numbers as floating point would lose some of them.
mod hexadecimal {
    use super::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::ref_option, reason = "that is what serde passes")]
    pub(super) fn serialize<S: Serializer>(bits: &Option<u64>, to: S) -> Result<S::Ok, S::Error> {
        match bits {
            Some(bits) => to.collect_str(&format_args!("{bits:016x}")),
            None => to.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
        let text = Option::<std::borrow::Cow<'_, str>>::deserialize(from)?;
        text.map(|text| u64::from_str_radix(&text, 16).map_err(serde::de::Error::custom)).transpose()
    }
}
