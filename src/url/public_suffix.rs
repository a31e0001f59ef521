//! The Public Suffix List: below which names everybody may register one of their own.
//!
//! This is the only place that asks the crate of the list. Its lookup is some ten thousand small functions that are inlined
//! where they are called, so that each further place would be compiled with a copy of all of them.

/// The registrable domain of a name: its public suffix and the label before that. What no rule of the list names counts as a
/// suffix by its last label (the rule `*` of the list's algorithm). `None` for what is a suffix itself.
#[inline(never)]
pub(crate) fn registrable_domain(name: &str) -> Option<&str> {
    psl::domain_str(name)
}

/// The same, below suffixes only that the list names: `None` for `intranet.corp`.
#[inline(never)]
pub(crate) fn listed_domain(name: &str) -> Option<&str> {
    let domain = psl::domain(name.as_bytes()).filter(|domain| domain.suffix().is_known())?;
    name.get(name.len() - domain.as_bytes().len()..)
}

/// Whether everybody may have a domain right below this one, by a rule of the list: what no rule names is nobody's suffix.
#[inline(never)]
pub(crate) fn is_public_suffix(name: &str) -> bool {
    psl::suffix(name.as_bytes()).is_some_and(|suffix| suffix.is_known() && suffix == name.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_what_somebody_registered() {
        for (name, domain, listed) in [
            ("www.example.com", Some("example.com"), Some("example.com")),
            ("a.b.example.co.uk", Some("example.co.uk"), Some("example.co.uk")),
            ("me.github.io", Some("me.github.io"), Some("me.github.io")),
            ("wiki.intranet.corp", Some("intranet.corp"), None),
            ("co.uk", None, None),
            ("localhost", None, None),
        ] {
            assert_eq!((registrable_domain(name), listed_domain(name)), (domain, listed), "{name}");
        }
    }

    #[test]
    fn a_suffix_is_one_that_the_list_names() {
        for (name, expected) in
            [("com", true), ("co.uk", true), ("github.io", true), ("example.com", false), ("corp", false)]
        {
            assert_eq!(is_public_suffix(name), expected, "{name}");
        }
    }
}
