//! Language: what a page says of itself, or else what its text looks like.

use whatlang::Lang;

use crate::metadata::{Language, LanguageSource};

/// The language of a page. `declared` is the `lang` of its root element. `None` when it says nothing and its text is too
/// short to tell.
pub(super) fn of(declared: Option<&str>, text: &str) -> Option<Language> {
    declared.and_then(primary).or_else(|| detected(text))
}

/// The primary language of a tag (RFC 5646, section 2.2.1): `en` of `en-GB`. `None` for what is no tag.
fn primary(tag: &str) -> Option<Language> {
    let code = tag.trim().split(['-', '_']).next()?.to_ascii_lowercase();
    let is_code = (2..=3).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_lowercase());
    // "und" and "mul" are no language (ISO 639-2).
    let is_one = is_code && !matches!(code.as_str(), "und" | "mul" | "zxx" | "mis");
    is_one.then_some(Language { code, source: LanguageSource::Lang, confidence: None })
}

fn detected(text: &str) -> Option<Language> {
    let letters = text.chars().filter(|letter| letter.is_alphabetic()).take(LEAST_LETTERS).count();
    if letters < LEAST_LETTERS {
        return None;
    }
    let start = text.get(..text.floor_char_boundary(ENOUGH)).unwrap_or(text);
    let found = whatlang::detect(start)?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between 0 and 1")]
    let confidence = Some((found.confidence() * 100.0).round() as u8);
    Some(Language { code: code_of(found.lang()).to_owned(), source: LanguageSource::Text, confidence })
}

/// The code that pages use: of two letters where there is one (RFC 5646, section 2.2.1). For Mandarin that is the code of
/// Chinese, whose detector tells no more.
fn code_of(lang: Lang) -> &'static str {
    let code = lang.code();
    CODES.iter().find(|(long, _)| *long == code).map_or(code, |(_, short)| *short)
}

/// So many letters a text needs: from some hundred on trigrams tell related languages apart.
const LEAST_LETTERS: usize = 120;
/// How many bytes are looked at.
const ENOUGH: usize = 4096;
/// Those of ISO 639-3 that have one of ISO 639-1.
const CODES: [(&str, &str); 70] = [
    ("afr", "af"),
    ("aka", "ak"),
    ("amh", "am"),
    ("ara", "ar"),
    ("aze", "az"),
    ("bel", "be"),
    ("ben", "bn"),
    ("bul", "bg"),
    ("cat", "ca"),
    ("ces", "cs"),
    ("cmn", "zh"),
    ("cym", "cy"),
    ("dan", "da"),
    ("deu", "de"),
    ("ell", "el"),
    ("eng", "en"),
    ("epo", "eo"),
    ("est", "et"),
    ("fin", "fi"),
    ("fra", "fr"),
    ("guj", "gu"),
    ("heb", "he"),
    ("hin", "hi"),
    ("hrv", "hr"),
    ("hun", "hu"),
    ("hye", "hy"),
    ("ind", "id"),
    ("ita", "it"),
    ("jav", "jv"),
    ("jpn", "ja"),
    ("kan", "kn"),
    ("kat", "ka"),
    ("khm", "km"),
    ("kor", "ko"),
    ("lat", "la"),
    ("lav", "lv"),
    ("lit", "lt"),
    ("mal", "ml"),
    ("mar", "mr"),
    ("mkd", "mk"),
    ("mya", "my"),
    ("nep", "ne"),
    ("nld", "nl"),
    ("nob", "nb"),
    ("ori", "or"),
    ("pan", "pa"),
    ("pes", "fa"),
    ("pol", "pl"),
    ("por", "pt"),
    ("ron", "ro"),
    ("rus", "ru"),
    ("sin", "si"),
    ("slk", "sk"),
    ("slv", "sl"),
    ("sna", "sn"),
    ("spa", "es"),
    ("srp", "sr"),
    ("swe", "sv"),
    ("tam", "ta"),
    ("tel", "te"),
    ("tgl", "tl"),
    ("tha", "th"),
    ("tuk", "tk"),
    ("tur", "tr"),
    ("ukr", "uk"),
    ("urd", "ur"),
    ("uzb", "uz"),
    ("vie", "vi"),
    ("yid", "yi"),
    ("zul", "zu"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn code(declared: Option<&str>, text: &str) -> Option<String> {
        of(declared, text).map(|language| language.code)
    }

    const ENGLISH: &str = "The quick brown fox jumps over the lazy dog, and then it sleeps in the shade of an old tree until \
        the evening comes and all of the others have gone home for their supper and a story.";
    const GERMAN: &str = "Der schnelle braune Fuchs springt über den faulen Hund und schläft dann im Schatten eines alten \
        Baumes, bis der Abend kommt und alle anderen zum Essen nach Hause gegangen sind.";

    #[test]
    fn what_a_page_says_holds() {
        for (tag, expected) in [("en", "en"), (" DE-at ", "de"), ("zh_Hant", "zh"), ("gsw", "gsw")] {
            let language = of(Some(tag), GERMAN).unwrap();
            assert_eq!((language.code.as_str(), language.source), (expected, LanguageSource::Lang), "{tag}");
            assert_eq!(language.confidence, None);
        }
    }

    #[test]
    fn what_is_no_tag_leaves_it_to_the_text() {
        for tag in [None, Some(""), Some("und"), Some("english"), Some("{{ lang }}"), Some("x-klingon")] {
            assert_eq!(code(tag, GERMAN).as_deref(), Some("de"), "{tag:?}");
            assert_eq!(code(tag, "Hallo Welt"), None, "{tag:?}");
        }
        let language = of(None, ENGLISH).unwrap();
        assert_eq!((language.code.as_str(), language.source), ("en", LanguageSource::Text));
        assert!(language.confidence.is_some_and(|confidence| confidence > 50), "{language:?}");
    }

    #[test]
    fn every_language_that_is_detected_has_the_code_that_pages_use() {
        for lang in Lang::all() {
            let code = code_of(*lang);
            assert!((2..=3).contains(&code.len()), "{code}");
            assert_eq!(of(Some(code), "").map(|language| language.code).as_deref(), Some(code));
        }
        let unused = CODES.iter().filter(|(long, _)| Lang::all().iter().all(|lang| lang.code() != *long));
        assert_eq!(unused.count(), 0);
    }
}
