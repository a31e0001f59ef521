//! Link text: what a link says to a reader, so that a person finds its place on the page.

use std::num::NonZeroU32;
use std::sync::Arc;

use super::char_ref::{self, Within};
use super::name::Name;
use super::raw_text;
use super::tag::Cursor;
use crate::near::near;
use crate::parse::facts::folded;

/// The text of the element whose name begins at `at`: that of an `<a>`, or else of an image in it; what stands for an
/// `<area>` or an image; the `title` of a `<link>`. White space is folded, and what is longer than 80 characters is cut. `None` when there is none.
///
/// Work is bounded by [`LONGEST_ELEMENT`], also where the element is never closed.
pub(in crate::parse) fn link_text(page: &str, at: NonZeroU32) -> Option<Arc<str>> {
    let at = at.get() as usize;
    let end = page.floor_char_boundary(at.saturating_add(LONGEST_ELEMENT));
    let mut cursor = Cursor { text: page.get(..end)?, at };
    let own = cursor.tag_name();
    // Room for most texts: one that grows is moved each time.
    let mut words = Words { text: String::with_capacity(LONGEST), ..Words::default() };
    if let Name::AREA | Name::IMG | Name::INPUT = own {
        words.add_raw(cursor.attribute(ALT)?, Within::Attribute);
    } else if own == Name::LINK {
        words.add_raw(cursor.attribute(TITLE)?, Within::Attribute);
    } else if !cursor.skip_attributes()? {
        let mut reader = Reader { cursor, own, words, image: None };
        // `None` is the end of the text.
        while reader.step() == Some(Step::On) {}
        words = reader.words;
        if words.text.is_empty() {
            words.add_raw(reader.image.unwrap_or_default(), Within::Attribute);
        }
    }
    words.cut()
}

/// The `rel` of the element whose name begins at `at`, with its white space folded. `None` when it has none.
pub(in crate::parse) fn rel(page: &str, at: NonZeroU32) -> Option<String> {
    let at = at.get() as usize;
    let end = page.floor_char_boundary(at.saturating_add(LONGEST_ELEMENT));
    let mut cursor = Cursor { text: page.get(..end)?, at };
    cursor.tag_name();
    folded(&char_ref::decode(cursor.attribute(REL)?, Within::Attribute))
}

/// Reads what is in an element.
#[derive(Debug)]
struct Reader<'a> {
    cursor: Cursor<'a>,
    /// The name of the element.
    own: Name,
    words: Words,
    /// What stands for the first image that says something.
    image: Option<&'a str>,
}

#[derive(Debug, PartialEq, Eq)]
enum Step {
    On,
    /// The element has ended, or its text is long enough.
    End,
}

/// Text with its white space folded.
#[derive(Debug, Default)]
struct Words {
    text: String,
    count: usize,
    /// White space was met since the last character.
    gap: bool,
}

impl Reader<'_> {
    /// Reads one piece of text and the markup behind it.
    fn step(&mut self) -> Option<Step> {
        let found = near(b'<', self.cursor.rest());
        let text = self.cursor.text.get(self.cursor.at..)?;
        let text = text.get(..found.unwrap_or(text.len()))?;
        self.words.add_raw(text, Within::Text);
        self.cursor.at += text.len();
        if self.words.are_enough() {
            return Some(Step::End);
        }
        found?;
        match self.cursor.peek(1)? {
            first if first.is_ascii_alphabetic() => return self.read_start_tag(),
            b'/' if self.cursor.peek(2)?.is_ascii_alphabetic() => return self.read_end_tag(),
            b'!' => self.skip(2, |text| raw_text::declaration_end(text, true))?,
            b'/' | b'?' => self.skip(1, raw_text::bogus_comment_end)?,
            _ => {
                self.words.add("<");
                self.cursor.at += 1;
            }
        }
        Some(Step::On)
    }

    fn read_start_tag(&mut self) -> Option<Step> {
        self.cursor.at += 1;
        let name = self.cursor.tag_name();
        self.words.gap |= !name.is_in_line();
        match name {
            // There is no link in another.
            Name::A => return Some(Step::End),
            Name::IMG => {
                let alt = self.cursor.attribute(ALT)?;
                self.image = self.image.or((!alt.trim_ascii().is_empty()).then_some(alt));
            }
            Name::SCRIPT => self.skip_element(raw_text::script_end)?,
            Name::STYLE => self.skip_element(|text| raw_text::element_end(text, b"style"))?,
            _ => drop(self.cursor.skip_attributes()?),
        }
        Some(Step::On)
    }

    fn read_end_tag(&mut self) -> Option<Step> {
        self.cursor.at += 2;
        let name = self.cursor.tag_name();
        if name == self.own {
            return Some(Step::End);
        }
        self.words.gap |= !name.is_in_line();
        self.cursor.skip_attributes()?;
        Some(Step::On)
    }

    fn skip_element(&mut self, end: impl FnOnce(&[u8]) -> Option<usize>) -> Option<()> {
        if self.cursor.skip_attributes()? {
            return Some(());
        }
        self.skip(0, end)
    }

    fn skip(&mut self, start: usize, end: impl FnOnce(&[u8]) -> Option<usize>) -> Option<()> {
        self.cursor.at += start;
        self.cursor.at += end(self.cursor.rest())?;
        Some(())
    }
}

impl Words {
    /// Adds text with character references.
    fn add_raw(&mut self, raw: &str, within: Within) {
        self.add(&char_ref::decode(raw, within));
    }

    fn add(&mut self, text: &str) {
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            // Most of a text is words of ASCII, each of which is taken as one.
            let word = rest.bytes().take_while(u8::is_ascii_graphic).take(LONGEST + 1).count();
            let (piece, behind) = rest.split_at(word.max(first.len_utf8()));
            rest = behind;
            if word == 0 && (first.is_whitespace() || first.is_control()) {
                self.gap = true;
                continue;
            }
            if self.are_enough() {
                return;
            }
            if std::mem::take(&mut self.gap) && self.count > 0 {
                self.text.push(' ');
                self.count += 1;
            }
            self.text.push_str(piece);
            self.count += word.max(1);
        }
    }

    fn are_enough(&self) -> bool {
        self.count > LONGEST
    }

    /// The text, cut where it is too long.
    fn cut(mut self) -> Option<Arc<str>> {
        if self.are_enough() {
            // The sign of what is left out is a character as well.
            let end = self.text.char_indices().nth(LONGEST - 1).map_or(0, |(at, _)| at);
            self.text.truncate(end);
            self.text.push('…');
        }
        (!self.text.is_empty()).then(|| self.text.into())
    }
}

const ALT: Name = Name::of("alt");
const REL: Name = Name::of("rel");
const TITLE: Name = Name::of("title");
/// How long a text may be, in characters: enough to find it.
const LONGEST: usize = 80;
/// How many bytes of an element are looked at.
const LONGEST_ELEMENT: usize = 4 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(page: &str, expected: Option<&str>) {
        let at = page
            .to_ascii_lowercase()
            .find("<a")
            .and_then(|at| u32::try_from(at + 1).ok())
            .and_then(NonZeroU32::new)
            .unwrap();
        assert_eq!(link_text(page, at).as_deref(), expected, "{page}");
    }

    #[test]
    fn it_is_what_a_reader_sees() {
        check("<p><a href=/a>Next  \n page</a> more", Some("Next page"));
        check("<a href='>'><b>N</b>e<i>x</i>t</a>", Some("Next"));
        check("<a><p>Next</p><div>page<br>two</div></a>", Some("Next page two"));
        check("<a>Fish &amp; chips&nbsp;&lt;3 a < b</a>", Some("Fish & chips <3 a < b"));
        check("<a><!-- <a>no</a> -->A<script>if (a<b) '</a>'</script><style>a{}</style>B</a>C", Some("AB"));
        check("<A>x</a\n>y", Some("x"));
        check("<a><svg><title>Home</title><path d=''/></svg></a>", Some("Home"));
    }

    #[test]
    fn an_image_speaks_where_there_is_no_text() {
        check("<a><img src=x><img alt=' '><img alt='Our &quot;shop&quot;'></a>", Some("Our \"shop\""));
        check("<a><img alt=logo>Shop</a>", Some("Shop"));
        check("<area href=/a alt='To the  shop'>Shop", Some("To the shop"));
        check("<area href=/a>Shop", None);
    }

    #[test]
    fn an_element_that_does_not_end_says_what_there_is() {
        check("<a>Next", Some("Next"));
        check("<a>Next<b", Some("Next"));
        check("<a>Next<a>other</a>", Some("Next"));
        check("<a href=", None);
        check("<a></a>Next", None);
        check("<a/>Next", None);
        check(&format!("<a>{}</a>", "<p>".repeat(9_999)), None);
        check(&format!("<a>{}x", " ".repeat(9_999)), None);
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        check(&format!("<a>{}</a>", "é".repeat(80)), Some(&"é".repeat(80)));
        check(&format!("<a>{}</a>", "é".repeat(81)), Some(&format!("{}…", "é".repeat(79))));
        check(&format!("<a>{}</a>", "é ".repeat(9_999)), Some(&format!("{}é…", "é ".repeat(39))));
        check(&format!("<a>x{}", "é".repeat(9_999)), Some(&format!("x{}…", "é".repeat(78))));
    }
}
