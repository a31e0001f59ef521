//! TDMRep: the TDM Reservation Protocol, final report of a W3C community group of 10 May 2024, with its headers
//! (section 6.2) and its elements (6.3). Its file (6.1) is read where robots.txt is.

use http::HeaderMap;
use http::header::HeaderName;

use super::header_values::values;
use super::{Place, Said, Statement, Use, Vocabulary};

/// What `tdm-reservation` means: 1 reserves, 0 does not, and anything else counts as not there (section 5.1).
pub(crate) fn read(reservation: &str) -> Said {
    match reservation.trim() {
        "1" => Said::disallows([Use::Mining]),
        "0" => Said::allows([Use::Mining]),
        _ => Said::default(),
    }
}

/// What the headers say.
pub(super) fn of_headers(headers: &HeaderMap, to: &mut Vec<Statement>) {
    let mut reservations = values(headers, &RESERVATION).peekable();
    let mut policies = values(headers, &POLICY).peekable();
    if reservations.peek().is_none() && policies.peek().is_none() {
        return;
    }
    let said = |(name, value): (Name, String)| Given { name, text: format!("{}: {value}", name.text()), value };
    let all = reservations.map(|value| (Name::Reservation, value)).chain(policies.map(|value| (Name::Policy, value)));
    statements(all.map(said), Place::Header, to);
}

/// The two names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Name {
    Reservation,
    Policy,
}

impl Name {
    /// The name that this text is, whatever its case.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let starts = text.as_bytes().first_chunk().is_some_and(|start: &[u8; 4]| start.eq_ignore_ascii_case(b"tdm-"));
        if !starts {
            return None;
        }
        [Self::Reservation, Self::Policy].into_iter().find(|name| text.eq_ignore_ascii_case(name.text()))
    }

    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Reservation => "tdm-reservation",
            Self::Policy => "tdm-policy",
        }
    }
}

/// One name with its value, and the text that says it.
pub(crate) struct Given {
    pub(crate) name: Name,
    pub(crate) value: String,
    pub(crate) text: String,
}

/// What is said in one place. A policy is not looked at where nothing is reserved (section 5.2).
pub(crate) fn statements(all: impl Iterator<Item = Given>, from: Place, to: &mut Vec<Statement>) {
    let all: Vec<_> = all.collect();
    let is_open = |said: &Given| said.name == Name::Reservation && said.value.trim() == "0";
    let is_reserved = |said: &Given| said.name == Name::Reservation && said.value.trim() == "1";
    let skips_policy = all.iter().any(is_open) && !all.iter().any(is_reserved);
    for Given { name, value, text } in all {
        let statement = Statement::new(Vocabulary::Tdmrep, from, None, text);
        match name {
            Name::Reservation => to.push(statement.saying(read(&value))),
            Name::Policy if skips_policy => {}
            Name::Policy => to.push(statement.naming(value.trim())),
        }
    }
}

static RESERVATION: HeaderName = HeaderName::from_static("tdm-reservation");
static POLICY: HeaderName = HeaderName::from_static("tdm-policy");

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    /// What headers come to: each text with what it means and names.
    fn of(lines: &[(&'static str, &'static str)]) -> Vec<(String, Said, Option<String>)> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let mut found = Vec::new();
        of_headers(&headers, &mut found);
        let told = |one: Statement| (one.text, Said { allows: one.allows, disallows: one.disallows }, one.url);
        found.into_iter().map(told).collect()
    }

    #[test]
    fn the_examples_of_the_report_are_read() {
        let reserved = || Said::disallows([Use::Mining]);
        let policy = "https://provider.com/policies/policy.json";
        // Section 6.2: a picture with its rights reserved, then a page with a policy.
        assert_eq!(of(&[("tdm-reservation", "1")]), [("tdm-reservation: 1".to_owned(), reserved(), None)]);
        assert_eq!(
            of(&[("tdm-reservation", "1"), ("tdm-policy", policy)]),
            [
                ("tdm-reservation: 1".to_owned(), reserved(), None),
                (format!("tdm-policy: {policy}"), Said::default(), Some(policy.to_owned())),
            ]
        );
        // Section 5.2: a policy is not processed when nothing is reserved.
        assert_eq!(
            of(&[("tdm-reservation", "0"), ("tdm-policy", policy)]),
            [("tdm-reservation: 0".to_owned(), Said::allows([Use::Mining]), None)]
        );
        // Section 5.1: other values are errors of protocol.
        for value in ["2", "true", "", "-1", "01"] {
            assert_eq!(read(value), Said::default(), "{value}");
        }
        assert_eq!(of(&[]), []);
    }

    #[test]
    fn names_are_read_whatever_their_case() {
        assert_eq!(Name::of("TDM-Reservation"), Some(Name::Reservation));
        assert_eq!(Name::of("tdm-policy"), Some(Name::Policy));
        for other in ["tdm", "tdm-", "tdm-policies", "description", ""] {
            assert_eq!(Name::of(other), None, "{other}");
        }
    }
}
