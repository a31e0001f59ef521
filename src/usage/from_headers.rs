//! What the headers of a response say of its use, but for those that a page could say as well.

use http::HeaderMap;
use http::header::HeaderName;

use super::header_values::values;
use super::{Place, Statement, Vocabulary, content_signal, content_usage, payment, tdmrep};

/// The statements of `Content-Usage`, `Content-Signal`, TDMRep and pay per crawl. Takes no memory when there is none.
pub(crate) fn of_headers(headers: &HeaderMap) -> Vec<Statement> {
    let mut found = Vec::new();
    let all = [
        (&CONTENT_USAGE, "Content-Usage", Vocabulary::ContentUsage, content_usage::read as fn(&[u8]) -> super::Said),
        (&CONTENT_SIGNAL, "Content-Signal", Vocabulary::ContentSignal, content_signal::read),
    ];
    for (name, shown, vocabulary, read) in all {
        if !headers.contains_key(name) {
            continue;
        }
        // Of a structured field all lines are one value (RFC 9651, section 4.2).
        let value = values(headers, name).collect::<Vec<_>>().join(", ");
        let said = read(value.as_bytes());
        found.push(Statement::new(vocabulary, Place::Header, None, format!("{shown}: {value}")).saying(said));
    }
    tdmrep::of_headers(headers, &mut found);
    payment::of_headers(headers, &mut found);
    found
}

static CONTENT_USAGE: HeaderName = HeaderName::from_static("content-usage");
static CONTENT_SIGNAL: HeaderName = HeaderName::from_static("content-signal");

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;
    use crate::usage::{Answer, Usage};

    #[test]
    fn each_header_is_told_with_what_it_means() {
        let headers = HeaderMap::from_iter([
            (CONTENT_USAGE.clone(), HeaderValue::from_static("train-ai=n")),
            (CONTENT_SIGNAL.clone(), HeaderValue::from_static("search=yes, ai-input=no")),
        ]);
        let usage = Usage::of(of_headers(&headers)).unwrap();
        assert_eq!((usage.ai_train, usage.search), (Some(Answer::No), Some(Answer::Yes)));
        assert_eq!(usage.ai_input, Some(Answer::No));
        let texts: Vec<_> = usage.statements.iter().map(|statement| statement.text.as_str()).collect();
        assert_eq!(texts, ["Content-Usage: train-ai=n", "Content-Signal: search=yes, ai-input=no"]);
        assert_eq!(of_headers(&HeaderMap::new()), []);
    }

    #[test]
    fn the_lines_of_a_dictionary_are_one_value() {
        let mut headers = HeaderMap::new();
        headers.append(CONTENT_USAGE.clone(), HeaderValue::from_static("train-ai=n"));
        headers.append(CONTENT_USAGE.clone(), HeaderValue::from_static("train-ai=y, search=n"));
        let found = of_headers(&headers);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].meaning(), "no search, ai-train allowed");
    }
}
