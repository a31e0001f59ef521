//! References from one file of a mirror to another.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// The reference in a file that leads to another one, both by their paths in the mirror.
pub(super) fn relative(from: &str, to: &str) -> String {
    let here = from.rfind('/').map_or("", |end| from.get(..=end).unwrap_or_default());
    let shared = here.bytes().zip(to.bytes()).take_while(|(one, other)| one == other).count();
    // As far as the last folder that both are in.
    let shared = here.get(..shared).or_else(|| here.get(..here.floor_char_boundary(shared))).unwrap_or_default();
    let shared = shared.rfind('/').map_or(0, |end| end + 1);
    let above = here.get(shared..).unwrap_or_default().matches('/').count();
    let mut reference = "../".repeat(above);
    for (nth, name) in to.get(shared..).unwrap_or_default().split('/').enumerate() {
        if nth > 0 {
            reference.push('/');
        }
        reference.extend(utf8_percent_encode(name, ESCAPED));
    }
    reference
}

/// All but what means nothing in URLs, in HTML, in CSS and in a `srcset`.
const ESCAPED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'@').remove(b'=').remove(b'+');

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::Url;

    use super::*;

    #[test]
    fn a_reference_takes_the_shortest_way() {
        let check = |from: &str, to: &str, expected: &str| assert_eq!(relative(from, to), expected, "{from} {to}");
        check("h/a.html", "h/b.html", "b.html");
        check("h/a.html", "h/a.html", "a.html");
        check("h/a/b.html", "h/c.html", "../c.html");
        check("h/a.html", "h/b/c.html", "b/c.html");
        check("h/a/b.html", "i/a/b.html", "../../i/a/b.html");
        check("h/ab/c", "h/ac/d", "../ac/d");
        check("h/ü/c", "h/ö/d", "../%C3%B6/d");
        check("h/a", "h/a b%20(c)'&,.html", "a%20b%2520%28c%29%27%26%2C.html");
    }

    proptest! {
        #[test]
        fn a_reference_leads_to_its_file(from in path(), to in path()) {
            let base = Url::parse("file:///m/").unwrap();
            let at = |path: &str| base.join(&relative("x", path)).unwrap();
            prop_assert_eq!(at(&from).join(&relative(&from, &to)).unwrap(), at(&to));
        }
    }

    fn path() -> impl Strategy<Value = String> {
        prop::collection::vec("[abü %?#&é]{1,3}", 1..5).prop_map(|names| names.join("/"))
    }
}
