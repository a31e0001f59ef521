//! `Content-Signal`: contentsignals.org (policy of September 2025; draft-romm-aipref-contentsignals), in the groups of
//! robots.txt and as a header.
//!
//! A value is a list of `signal=yes` and `signal=no`. A signal that is not there neither grants nor restricts.

use super::{Said, Use};

/// What one value says. Names and answers are read without regard to case, since the policy is prose.
pub(crate) fn read(value: &[u8]) -> Said {
    let mut said = Said::default();
    for signal in value.split(|byte| matches!(byte, b',' | b';')) {
        let Some(equals) = memchr::memchr(b'=', signal) else { continue };
        let (name, answer) = signal.split_at(equals);
        let (name, answer) = (name.trim_ascii(), answer.get(1..).unwrap_or_default().trim_ascii());
        let Some((_, of)) = SIGNALS.iter().find(|(known, _)| name.eq_ignore_ascii_case(known.as_bytes())) else {
            continue;
        };
        if answer.eq_ignore_ascii_case(b"yes") {
            said.answer(*of, true);
        } else if answer.eq_ignore_ascii_case(b"no") {
            said.answer(*of, false);
        }
    }
    said
}

const SIGNALS: [(&str, Use); 3] = [("search", Use::Search), ("ai-input", Use::AiInput), ("ai-train", Use::AiTrain)];

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
    fn the_examples_of_the_policy_are_read() {
        // contentsignals.org.
        check("ai-train=no, search=yes, ai-input=yes", &[Use::Search, Use::AiInput], &[Use::AiTrain]);
        check("ai-train=no, search=yes, ai-input=no", &[Use::Search], &[Use::AiTrain, Use::AiInput]);
        // The robots.txt that Cloudflare manages.
        check("search=yes,ai-train=no", &[Use::Search], &[Use::AiTrain]);
        // The header of its pages in Markdown.
        check("ai-train=yes, search=yes, ai-input=yes", &[Use::AiTrain, Use::Search, Use::AiInput], &[]);
        // For some paths.
        let (path, value) = path_value::split(b"/blog/ ai-train=no, search=yes, ai-input=no");
        assert_eq!(path, b"/blog/");
        check(std::str::from_utf8(value).unwrap(), &[Use::Search], &[Use::AiTrain, Use::AiInput]);
    }

    #[test]
    fn what_is_not_known_says_nothing() {
        check("", &[], &[]);
        check("search", &[], &[]);
        check("search=maybe", &[], &[]);
        check("ai_train=no", &[], &[]);
        check("use=no, search = YES ; AI-Train = No", &[Use::Search], &[Use::AiTrain]);
        check("search=yes, search=no", &[Use::Search], &[Use::Search]);
    }
}
