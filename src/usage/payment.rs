//! Payment: HTTP 402 and the price headers of Cloudflare's pay per crawl (developers.cloudflare.com/ai-crawl-control,
//! 2025). Nothing is ever paid: no request says what it would give (`crawler-exact-price`, `crawler-max-price`).

use http::HeaderMap;
use http::header::HeaderName;

use super::header_values::values;
use super::{Place, Statement, Vocabulary};

/// What the headers say: the price, and what was charged.
pub(super) fn of_headers(headers: &HeaderMap, to: &mut Vec<Statement>) {
    for name in [&PRICE, &CHARGED] {
        let said = values(headers, name)
            .map(|value| Statement::new(Vocabulary::PayPerCrawl, Place::Header, None, format!("{name}: {value}")));
        to.extend(said);
    }
}

/// The price that a statement names.
pub(super) fn price(statement: &Statement) -> Option<String> {
    if statement.vocabulary != Vocabulary::PayPerCrawl {
        return None;
    }
    let price = statement.text.strip_prefix(PRICE.as_str())?.strip_prefix(':')?.trim();
    (!price.is_empty()).then(|| price.to_owned())
}

static PRICE: HeaderName = HeaderName::from_static("crawler-price");
static CHARGED: HeaderName = HeaderName::from_static("crawler-charged");

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;
    use crate::usage::Usage;

    #[test]
    fn the_examples_of_the_guide_are_read() {
        let check = |name: &'static str, value: &'static str, price: Option<&str>| {
            let headers = HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_static(value))]);
            let mut found = Vec::new();
            of_headers(&headers, &mut found);
            assert_eq!(found[0].text, format!("{name}: {value}"));
            assert_eq!(Usage::of(found).unwrap().price.as_deref(), price, "{name}");
        };
        check("crawler-price", "USD 0.01", Some("USD 0.01"));
        check("crawler-price", "USD XX.XX", Some("USD XX.XX"));
        check("crawler-charged", "USD 0.01", None);
        check("crawler-price", "", None);
    }
}
