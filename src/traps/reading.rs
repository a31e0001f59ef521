//! Reading: what a page says, numbers and dates aside, as one number that is the same for pages that say the same.

use memchr::memmem;

use super::dates::is_calendar_word;
use super::repeats::repeats;
use crate::near::near;
use crate::url::CrawlUrl;

/// Whether the text of a page is read, which is decided by its URL alone: so whoever reads it needs no state, and the order
/// of the answers decides nothing. What may name one page in endless ways always is, of the rest one in 16: enough to tell
/// a thousand pages that say the same from a thousand that don't, and a page of documentation costs next to nothing.
pub(crate) fn is_read(url: &CrawlUrl) -> bool {
    let text = url.path_and_query().as_bytes();
    let key = url.key();
    let [first, ..] = key.as_bytes();
    first.is_multiple_of(ONE_IN) || memchr::memchr2(b'?', b';', text).is_some() || repeats(url.path_and_query())
}

/// What a page says: a hash of the words of its text in their order.
///
/// It leaves out what an endless space changes from page to page: whatever has a digit in it, hexadecimal, months and days
/// of the week, words of the page's own URL, its host included, and of the text of a link those of its URL. It leaves out
/// tags, comments, scripts and styles. It is no parser: of a page that is no proper HTML something comes as well, and the
/// same each time.
pub(crate) fn said(page: &str, url: &CrawlUrl) -> u64 {
    let mut own = Words::default();
    own.take(url.host_name().as_bytes());
    own.take(url.path_and_query().as_bytes());
    let mut reader = Reader { rest: page.as_bytes(), own, link: Words::default(), hash: 0 };
    while reader.step() {}
    reader.hash
}

/// What a response without a page says: nothing.
pub(crate) const NOTHING: u64 = 0;

struct Reader<'a> {
    rest: &'a [u8],
    /// The words of the page's URL.
    own: Words,
    /// Those of the link within which the text stands.
    link: Words,
    hash: u64,
}

impl Reader<'_> {
    /// Takes a text and the tag behind it. Whether there is more.
    fn step(&mut self) -> bool {
        // Half of all tags follow another.
        if self.rest.first() != Some(&b'<') {
            let Some(at) = near(b'<', self.rest) else {
                self.text(self.rest.len());
                return false;
            };
            self.text(at);
        }
        let Some(tag) = self.rest.get(1..) else { return false };
        let is_tag = tag.first().is_some_and(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'/' | b'!' | b'?'));
        if !is_tag {
            // A sign of its own.
            self.rest = tag;
            return true;
        }
        if tag.starts_with(b"!--") {
            return self.behind(tag, b"-->");
        }
        let Some(end) = near(b'>', tag) else { return false };
        let (tag, rest) = tag.split_at(end);
        self.rest = rest;
        // By its first letters first: most tags are others.
        match tag {
            [b'a' | b'A', ..] if is_named(tag, b"a") => {
                self.link.clear();
                self.link.take(tag.get(1..).unwrap_or_default());
            }
            [b'/', b'a' | b'A', ..] if is_named(tag, b"/a") => self.link.clear(),
            [b's' | b'S', b'c' | b'C', ..] if is_named(tag, b"script") => return self.behind(rest, b"</script"),
            [b's' | b'S', b't' | b'T', ..] if is_named(tag, b"style") => return self.behind(rest, b"</style"),
            _ => {}
        }
        true
    }

    /// Goes on behind a text. Whether there is one.
    fn behind(&mut self, from: &'_ [u8], end: &[u8]) -> bool {
        let start = self.rest.len().saturating_sub(from.len());
        let Some(at) = memmem::find(from, end) else { return false };
        self.rest = self.rest.get(start + at + end.len()..).unwrap_or_default();
        true
    }

    /// Takes the words of so many bytes.
    fn text(&mut self, length: usize) {
        let (text, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, &[]));
        self.rest = rest;
        for word in words(text).filter(Word::is_said) {
            if !self.own.hold(word.hash) && !self.link.hold(word.hash) {
                self.hash = (self.hash.rotate_left(5) ^ word.hash).wrapping_mul(ODD);
            }
        }
    }
}

/// A few words, by their hashes.
#[derive(Default)]
struct Words {
    hashes: Vec<u64>,
    /// For each of them the bit that its last six bits say: what has no bit here is none of them.
    bits: u64,
}

impl Words {
    fn take(&mut self, text: &[u8]) {
        let room = MOST_WORDS.saturating_sub(self.hashes.len());
        for word in words(text).take(room) {
            self.bits |= bit_of(word.hash);
            self.hashes.push(word.hash);
        }
    }

    fn hold(&self, word: u64) -> bool {
        self.bits & bit_of(word) != 0 && self.hashes.contains(&word)
    }

    fn clear(&mut self) {
        self.hashes.clear();
        self.bits = 0;
    }
}

fn bit_of(hash: u64) -> u64 {
    1 << (hash & 63)
}

/// A run of letters and digits; whatever is not ASCII is a letter.
#[derive(Clone, Copy)]
struct Word<'a> {
    bytes: &'a [u8],
    /// The same for capitals and small letters.
    hash: u64,
    /// Of which classes its bytes are.
    classes: u8,
}

impl Word<'_> {
    /// Whether it counts.
    fn is_said(&self) -> bool {
        let is_hex = self.classes == HEX_LETTER && self.bytes.len() >= HEX;
        self.classes & DIGIT == 0 && !is_hex && !is_calendar_word(self.bytes)
    }
}

/// The words of a text, each byte looked at once.
fn words(text: &[u8]) -> impl Iterator<Item = Word<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let start = rest.iter().position(|byte| class_of(*byte) != 0)?;
        rest = rest.get(start..)?;
        let (mut hash, mut classes, mut length) = (SEED, 0, 0);
        for byte in rest {
            let class = class_of(*byte);
            if class == 0 {
                break;
            }
            classes |= class;
            hash = (hash ^ u64::from(byte | 0x20)).wrapping_mul(ODD);
            length += 1;
        }
        let (bytes, behind) = rest.split_at_checked(length)?;
        rest = behind;
        Some(Word { bytes, hash, classes })
    })
}

fn class_of(byte: u8) -> u8 {
    CLASSES.get(usize::from(byte)).copied().unwrap_or_default()
}

/// Whether a tag has this name, in small letters, with the slash of one that ends.
fn is_named(tag: &[u8], name: &[u8]) -> bool {
    let (written, after) = tag.split_at_checked(name.len()).unwrap_or_default();
    written.eq_ignore_ascii_case(name) && !after.first().is_some_and(u8::is_ascii_alphanumeric)
}

const DIGIT: u8 = 1;
const HEX_LETTER: u8 = 2;
const LETTER: u8 = 4;
/// Of which class a byte is; 0 for what is between words.
const CLASSES: [u8; 256] = {
    let (mut classes, mut byte) = ([0; 256], 0);
    while byte < 256 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::indexing_slicing,
            reason = "computed by the compiler, in bounds"
        )]
        {
            classes[byte] = match byte as u8 {
                b'0'..=b'9' => DIGIT,
                b'a'..=b'f' | b'A'..=b'F' => HEX_LETTER,
                b'g'..=b'z' | b'G'..=b'Z' | 128.. => LETTER,
                _ => 0,
            };
        }
        byte += 1;
    }
    classes
};
/// Of how many pages one is read, if nothing about its URL is suspicious.
const ONE_IN: u8 = 16;
/// How many words of a URL are known.
const MOST_WORDS: usize = 64;
/// From this length on letters that are all hexadecimal are no word.
const HEX: usize = 8;
/// Those of FNV-1a: short words, and no enemy who gains more by a collision than by saying the same.
const SEED: u64 = 0xcbf2_9ce4_8422_2325;
const ODD: u64 = 0x0000_0100_0000_01b3;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::url::UrlRules;

    fn url(path: &str) -> CrawlUrl {
        UrlRules::new(4096).parse(&format!("http://e.com{path}")).unwrap()
    }

    fn said_at(path: &str, page: &str) -> u64 {
        said(page, &url(path))
    }

    #[test]
    fn what_an_endless_space_changes_is_left_out() {
        for (one, other) in [
            (("/c/2026/11", "<h1>November 2026</h1> 1 2 3"), ("/c/2031/5", "<h1>May 2031</h1> 1 2 3 4")),
            (("/w/odd-fish", "<p>You are at odd fish"), ("/w/blue", "<p>You are at Blue")),
            (("/w", "<p>see <a href='/w/a-b'>a b</a>, <a href=/w/c>c</a> too"), ("/w", "see <a href=/w/x>x</a> too")),
            (("/", "commit deadbeefcafe of 3f2a"), ("/", "commit abcdefabcdef of")),
            (("/", "a <!-- one > --> b <script>if (a<b) x</script> c <style>p{}</style>d"), ("/", "a b c d")),
            (("/?q=shoes", "<title>shoes</title>none"), ("/?q=hats", "<title>hats</title>none")),
        ] {
            assert_eq!(said_at(one.0, one.1), said_at(other.0, other.1), "{one:?} {other:?}");
        }
    }

    #[test]
    fn a_page_that_greets_under_the_name_of_its_host_says_no_more_than_the_next() {
        let rules = UrlRules::new(4096);
        let said = |host: &str, page: &str| said(page, &rules.parse(&format!("http://{host}/")).unwrap());
        let greeting = |name: &str| format!("<title>{name}</title><p>Welcome to {name}, friend");
        assert_eq!(said("blue-fish.e.com", &greeting("Blue Fish")), said("old.e.com:81", &greeting("old.e.com")));
        assert_ne!(said("blue.e.com", "a red shoe"), said("old.e.com", "a red hat"));
    }

    #[test]
    fn other_words_and_another_order_are_another_text() {
        for (one, other) in [
            ("<p>red shoe", "<p>blue shoe"),
            ("a b", "b a"),
            ("<a href=/p/1>red shoe</a>", "<a href=/p/2>blue shoe</a>"),
            ("sch\u{f6}n", "sch\u{fc}n"),
            ("a < b", "a < c"),
            ("", "a"),
        ] {
            assert_ne!(said_at("/", one), said_at("/", other), "{one} {other}");
        }
        assert_eq!(said_at("/", "<p>12 <b>2026</b>"), NOTHING);
    }

    #[test]
    fn pages_with_a_query_are_always_read_and_of_others_one_in_sixteen() {
        let read = (0..1600).filter(|n| is_read(&url(&format!("/doc/{n}.html")))).count();
        assert!((50..200).contains(&read), "{read}");
        assert!((0..99).all(|n| is_read(&url(&format!("/?n={n}"))) && is_read(&url(&format!("/a;v={n}")))));
    }

    proptest! {
        #[test]
        fn any_text_is_read(page in "[<>/!a -]{0,80}|.{0,80}") {
            said_at("/", &page);
        }

        #[test]
        fn numbers_say_nothing(words in prop::collection::vec("[g-z]{2,6}", 1..9), numbers in prop::collection::vec(0u32.., 9)) {
            let plain = words.join(" ");
            let counted: Vec<_> = words.iter().zip(numbers).map(|(word, n)| format!("{n} {word} x{n}")).collect();
            prop_assert_eq!(said_at("/", &plain), said_at("/", &counted.join("<br>")));
        }
    }
}
