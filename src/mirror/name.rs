//! Names of files and folders that every file system takes, and takes for the same.
//!
//! Windows is the strictest (Microsoft, "Naming Files, Paths, and Namespaces"); macOS takes names for one that differ in
//! their normal form (UAX #15), and like Windows those that differ in case.

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory};
use icu_properties::{CodePointMapData, CodePointSetData};

/// A part of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) text: String,
    /// Whether it is not what was asked for.
    pub(super) is_changed: bool,
}

impl Name {
    /// The name that comes nearest to a text, of at most so many bytes.
    pub(super) fn of(text: &str, longest: usize) -> Self {
        let normal = ComposingNormalizerBorrowed::new_nfc().normalize(text);
        let mut name = String::with_capacity(normal.len().min(longest));
        let mut after_tilde = false;
        for c in normal.chars() {
            // `~1` is how Windows shortens other names.
            let is_safe = is_safe(c) && !(after_tilde && c.is_ascii_digit());
            after_tilde = c == '~';
            if name.len() + c.len_utf8() > longest {
                break;
            }
            name.push(if is_safe { c } else { '_' });
        }
        // Windows takes dots and spaces off the end.
        let kept = name.trim_end_matches(['.', ' ']).len();
        let cut = name.len() - kept;
        name.truncate(kept);
        name.extend(std::iter::repeat_n('_', cut));
        // A dot in front hides a file, or makes it a setting of some program: `.htaccess`, `.git`.
        if name.is_empty() || name.starts_with(['.', ' ']) || is_reserved(&name) {
            name.insert(0, '_');
        }
        let is_changed = name != text;
        Self { text: name, is_changed }
    }
}

/// What two paths share that may be one to a file system. Some pairs that are two to each of them share it as well.
pub(super) fn folded(path: &str) -> String {
    let normal = DecomposingNormalizerBorrowed::new_nfkd();
    let upper = normal.normalize(path).to_uppercase();
    normal.normalize(&upper.to_lowercase()).into_owned()
}

/// Whether a text could be one of our paths: relative, and nothing in it leads elsewhere.
pub(super) fn is_path(text: &str) -> bool {
    !text.is_empty() && text.split('/').all(|part| Name::of(part, usize::MAX).text == part)
}

fn is_safe(c: char) -> bool {
    if c.is_ascii() {
        return !c.is_ascii_control() && !matches!(c, '<' | '>' | ':' | '"' | '/' | '\\' | '|' | '?' | '*');
    }
    // What is not seen is no part of a name, and not in the name at all to some.
    let is_seen = !matches!(
        CodePointMapData::<GeneralCategory>::new().get(c),
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::Unassigned
            | GeneralCategory::PrivateUse
            | GeneralCategory::Surrogate
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
    );
    is_seen && c != char::REPLACEMENT_CHARACTER && !CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

/// Whether a name is that of a device of Windows, with any ending, or of a file that Windows heeds.
fn is_reserved(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end_matches(' ');
    let is = |known: &&str| stem.eq_ignore_ascii_case(known);
    let numbered = |device: &&str| {
        let number = stem.get(..device.len()).filter(|start| start.eq_ignore_ascii_case(device));
        let number = number.and_then(|_| stem.get(device.len()..));
        number
            .is_some_and(|number| matches!(number, "0" | "¹" | "²" | "³") || matches!(number.as_bytes(), [b'1'..=b'9']))
    };
    DEVICES.iter().any(is)
        || ["COM", "LPT"].iter().any(numbered)
        || HEEDED.iter().any(|known| name.eq_ignore_ascii_case(known))
}

const DEVICES: [&str; 7] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"];
/// What Windows reads when a folder is opened.
const HEEDED: [&str; 4] = ["desktop.ini", "autorun.inf", "folder.htt", "thumbs.db"];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What Windows says of names, written down once more.
    pub(in crate::mirror) fn assert_valid(name: &str) {
        assert!(!name.is_empty() && name.len() <= 255, "{name:?}");
        assert!(!name.ends_with(['.', ' ']) && !name.starts_with('.'), "{name:?}");
        assert!(!name.contains(|c: char| u32::from(c) < 32 || "<>:\"/\\|?*\u{7f}".contains(c)), "{name:?}");
        let stem = name.split('.').next().unwrap().trim_end().to_uppercase();
        let devices = ["CON", "PRN", "AUX", "NUL", "COM1", "COM9", "LPT1", "COM¹", "CONIN$"];
        assert!(!devices.contains(&stem.as_str()), "{name:?}");
        assert_eq!(ComposingNormalizerBorrowed::new_nfc().normalize(name), name);
    }

    #[test]
    fn names_come_as_near_as_can_be() {
        let check = |text: &str, expected: &str| {
            let name = Name::of(text, 20);
            assert_eq!((name.text.as_str(), name.is_changed), (expected, text != expected), "{text:?}");
            assert_valid(&name.text);
        };
        for same in ["index.html", "Grüße", "~user", "a b", "日本語", "console", "com10", "a..b", "😀"] {
            check(same, same);
        }
        for (text, expected) in [
            ("", "_"),
            ("..", "__"),
            (".git", "_.git"),
            ("con", "_con"),
            ("Nul.tar.gz", "_Nul.tar.gz"),
            ("aux .txt", "_aux .txt"),
            ("COM1", "_COM1"),
            ("lpt².x", "_lpt².x"),
            ("desktop.ini", "_desktop.ini"),
            ("a:b*c?", "a_b_c_"),
            ("a/b\\c", "a_b_c"),
            ("end. .", "end___"),
            ("PROGRA~1", "PROGRA~_"),
            ("a\u{202e}b\u{200d}\u{0}", "a_b__"),
            ("u\u{308}", "ü"),
            ("äääääääääääää", "ääääääääää"),
        ] {
            check(text, expected);
        }
    }

    #[test]
    fn what_some_system_takes_for_one_is_folded_into_one() {
        for (one, other) in
            [("/Page", "/page"), ("ü", "u\u{308}"), ("STRASSE", "straße"), ("ﬁ", "fi"), ("ſ", "S"), ("K", "k")]
        {
            assert_eq!(folded(one), folded(other));
        }
        assert_ne!(folded("a"), folded("b"));
    }

    #[test]
    fn a_path_leads_into_the_folder_and_nowhere_else() {
        for path in ["a", "a/b.html", "e.com/ü/index.html"] {
            assert!(is_path(path), "{path}");
        }
        for path in ["", "/a", "../a", "a/../b", "a//b", "a\\b", "c:/a", "a/", ".", "nul"] {
            assert!(!is_path(path), "{path}");
        }
    }

    proptest! {
        #[test]
        fn any_text_has_a_name_that_every_system_takes(text in "\\PC{0,40}|[.~ a-c:*\u{0}-\u{1f}]{0,12}|(con|nul|com1)[. ]{0,2}[a-z]{0,2}", most in 8_usize..60) {
            let name = Name::of(&text, most);
            assert_valid(&name.text);
            prop_assert!(name.text.len() <= most + 1);
            prop_assert!(is_path(&name.text), "{:?} is its own name", name.text);
        }
    }
}
