//! `Content-Usage`: the vocabulary of draft-ietf-aipref-vocab-07, as a header and as a rule of robots.txt
//! (draft-ietf-aipref-attach-05), both of 19 August 2026.
//!
//! A value is a dictionary of RFC 9651. What is no dictionary says nothing, and so do keys and values that are not known
//! (vocab, sections 6.4 and 6.5).

use sfv::{Dictionary, ListEntry, Parser, TokenRef};

use super::{Said, Use};

/// What one value says. The lines of a header count as one value, joined by commas (RFC 9651, section 4.2).
pub(crate) fn read(value: &[u8]) -> Said {
    let mut said = Said::default();
    let Ok(known) = Parser::new(value).parse::<Dictionary>() else { return said };
    for (key, of) in KEYS {
        let Some(ListEntry::Item(item)) = known.get(key) else { continue };
        match item.bare_item.as_token().map(TokenRef::as_str) {
            Some("y") => said.answer(of, true),
            Some("n") => said.answer(of, false),
            _ => {}
        }
    }
    said
}

/// The labels (vocab, section 6.1). Case counts.
const KEYS: [(&str, Use); 2] = [("train-ai", Use::AiTrain), ("search", Use::Search)];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::usage::path_value;

    #[track_caller]
    fn check(value: &str, allows: &[Use], disallows: &[Use]) {
        let said = read(value.as_bytes());
        assert_eq!((&said.allows[..], &said.disallows[..]), (allows, disallows), "{value}");
    }

    #[test]
    fn the_examples_of_the_vocabulary_are_read() {
        // Section 6.
        check("train-ai=y, search=n", &[Use::AiTrain], &[Use::Search]);
        // Section 6.5.1: only the last value of a key applies, and neither is a token.
        check("train-ai=y, train-ai, search=n, search=\"n\"", &[], &[]);
        // The same in draft 05.
        check("train-ai=y, train-ai=\"n\", search=n, search", &[], &[]);
        // Section 6.5.2.
        check("train-ai;allow=n, train-ai=y", &[Use::AiTrain], &[]);
        check("train-ai;has;parameters=\"?\"", &[], &[]);
        // As it is printed, with a semicolon at its end: no dictionary.
        check("train-ai;has;parameters=\"?\";", &[], &[]);
        // Draft 04: labels that were taken back are not known.
        check("bots=y, train-ai=n", &[], &[Use::AiTrain]);
        check("train-ai=y, train-ai=\"n\", search=n, search, bots=n, bots=()", &[], &[]);
    }

    #[test]
    fn the_examples_of_the_attachment_are_read() {
        // Section 1.2: a header, and a line of robots.txt.
        check("train-ai=n", &[], &[Use::AiTrain]);
        // Section 3.4.
        let (path, value) = path_value::split(b"/ai-ok/ train-ai=y");
        assert_eq!((path, read(value)), (&b"/ai-ok/"[..], Said::allows([Use::AiTrain])));
    }

    #[test]
    fn what_is_not_known_says_nothing() {
        // Section 6.5: unknown labels, unknown tokens, values that are no tokens.
        check("train-genai=n", &[], &[]);
        check("train-ai=no", &[], &[]);
        check("train-ai=?0", &[], &[]);
        check("train-ai=(n)", &[], &[]);
        check("train-ai=N", &[], &[]);
        check("train-ai=1, search=y", &[Use::Search], &[]);
        // Section 6.5.1: keys with capitals make the whole no dictionary.
        check("Train-AI=n, search=n", &[], &[]);
        check("train-ai=n;", &[], &[]);
        check("train-ai=n search=n", &[], &[]);
        check("train-ai=n,", &[], &[]);
        check("", &[], &[]);
        // Parameters are disregarded; spaces and tabs around commas are not.
        check("train-ai=n;why=\"x\" ,\tsearch=y;q", &[Use::Search], &[Use::AiTrain]);
    }
}
