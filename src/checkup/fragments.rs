//! Fragments: which place of a page a link means, and whether that page has it.

use std::borrow::Cow;
use std::hash::{BuildHasher as _, Hasher as _};

use hashbrown::{DefaultHashBuilder, HashSet};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use super::keys::Key;

/// The places that links mean on other pages, and which of them are there: some 40 bytes for each.
#[derive(Debug, Default)]
pub(super) struct Fragments {
    hasher: DefaultHashBuilder,
    /// Prints of a page and a name in it, that some link means.
    meant: HashSet<u64>,
    /// Those that are there.
    found: HashSet<u64>,
    /// The pages whose names are asked for, and those of which they are known.
    asked: HashSet<Key>,
    known: HashSet<Key>,
}

/// The fragment of a reference that may mean a place of a page. `None` when there is none, when it is the top of the page
/// (HTML Standard, section 7.4.6.3, "find a potential indicated element" and "select the indicated part"), a text to find
/// (URL Fragment Text Directives), or what a script takes for a way of its own (`#!…`, `#/…`).
pub(super) fn meant_by(written: &str) -> Option<Cow<'_, str>> {
    let fragment = written.split_once('#')?.1;
    let fragment = fragment.split_once(":~:").map_or(fragment, |(before, _)| before);
    let is_top = fragment.is_empty() || fragment.eq_ignore_ascii_case("top");
    if is_top || fragment.starts_with('!') || fragment.starts_with('/') {
        return None;
    }
    // The URL parser drops these, and escapes what may not stand there (URL Standard, section 4.4, "fragment state").
    let fragment = if fragment.contains(['\t', '\n', '\r']) {
        Cow::Owned(fragment.replace(['\t', '\n', '\r'], ""))
    } else {
        Cow::Borrowed(fragment)
    };
    let escaped = utf8_percent_encode(&fragment, IN_FRAGMENT).to_string();
    Some(if escaped == fragment { fragment } else { Cow::Owned(escaped) })
}

/// Whether one of these names is what a fragment means: first as it is, then with its escapes resolved.
pub(super) fn is_among<'n>(fragment: &str, mut names: impl Iterator<Item = &'n str>) -> bool {
    let decoded = percent_decode_str(fragment).decode_utf8_lossy();
    names.any(|name| name == fragment || name == decoded)
}

impl Fragments {
    /// Takes note of a link that means a place of another page.
    pub(super) fn mean(&mut self, page: Key, fragment: &str) {
        self.asked.insert(page);
        for print in self.prints(page, fragment) {
            self.meant.insert(print);
        }
    }

    /// Whether any link means a place of another page.
    pub(super) fn any(&self) -> bool {
        !self.meant.is_empty()
    }

    /// Whether a link means a place of this page.
    pub(super) fn asks(&self, page: Key) -> bool {
        self.asked.contains(&page)
    }

    /// Takes the names of a page.
    pub(super) fn know<'n>(&mut self, page: Key, names: impl Iterator<Item = &'n str>) {
        self.known.insert(page);
        for name in names {
            let print = self.print(page, name);
            if self.meant.contains(&print) {
                self.found.insert(print);
            }
        }
    }

    /// Whether a page is known not to have what a link to it means.
    pub(super) fn are_missing(&self, page: Key, fragment: &str) -> bool {
        let prints = self.prints(page, fragment);
        self.known.contains(&page)
            && prints.iter().all(|print| self.meant.contains(print) && !self.found.contains(print))
    }

    fn prints(&self, page: Key, fragment: &str) -> [u64; 2] {
        let decoded = percent_decode_str(fragment).decode_utf8_lossy();
        [self.print(page, fragment), self.print(page, &decoded)]
    }

    fn print(&self, page: Key, name: &str) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        hasher.write_u64(page.0);
        hasher.write(name.as_bytes());
        hasher.finish()
    }
}

/// The fragment percent-encode set (URL Standard, section 1.3).
const IN_FRAGMENT: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'`');

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_means_a_place_is_looked_for() {
        for (written, expected) in [
            ("/a", None),
            ("/a#", None),
            ("#top", None),
            ("#TOP", None),
            ("#:~:text=word", None),
            ("#a:~:text=word", Some("a")),
            ("#!/route", None),
            ("#/route", None),
            ("#a b\n", Some("a%20b")),
            ("#ü", Some("%C3%BC")),
            ("#a#b", Some("a#b")),
            ("b#%25", Some("%25")),
        ] {
            assert_eq!(meant_by(written).as_deref(), expected, "{written}");
        }
    }

    #[test]
    fn a_name_is_found_as_it_is_or_with_its_escapes_resolved() {
        for (written, name, expected) in [
            ("#a%20b", "a b", true),
            ("#a b", "a b", true),
            ("#a%20b", "a%20b", true),
            ("#ü", "ü", true),
            ("#%C3%BC", "ü", true),
            ("#A", "a", false),
            ("#100%", "100%", true),
            ("#%2525", "%25", true),
            ("#%2525", "%", false),
        ] {
            let fragment = meant_by(written).unwrap();
            assert_eq!(is_among(&fragment, [name].into_iter()), expected, "{written} {name}");
            let mut fragments = Fragments::default();
            fragments.mean(Key(1), &fragment);
            assert!(!fragments.are_missing(Key(1), &fragment), "nothing is known of the page");
            fragments.know(Key(1), [name].into_iter());
            fragments.know(Key(2), [&*fragment].into_iter());
            assert_eq!(fragments.are_missing(Key(1), &fragment), !expected, "{written} {name}");
            assert!(!fragments.are_missing(Key(2), &fragment));
        }
    }
}
