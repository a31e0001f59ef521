//! The header `Link`: RFC 8288, section 3, read as its appendix B.2 does.

use std::borrow::Cow;

/// One link of a header.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LinkValue<'a> {
    /// What stands between `<` and `>`.
    target: &'a str,
    parameters: Vec<(&'a str, Cow<'a, str>)>,
}

impl<'a> LinkValue<'a> {
    /// All links of one header line, as far as they can be read.
    pub(super) fn all(text: &'a str) -> Vec<Self> {
        let (mut rest, mut all) = (text, Vec::new());
        loop {
            rest = rest.trim_start_matches(|c: char| is_space(c) || c == ',');
            if rest.is_empty() {
                return all;
            }
            if let Some((target, after)) = rest.strip_prefix('<').and_then(|target| target.split_once('>')) {
                let mut link = LinkValue { target, parameters: Vec::new() };
                rest = link.read_parameters(after);
                all.push(link);
            }
            // What else stands there belongs to no link.
            rest = rest.find(',').and_then(|comma| rest.get(comma..)).unwrap_or_default();
        }
    }

    /// An attribute, by the name that `<link>` has for it: `href`, or one of the parameters, of which the first of a
    /// name counts (section 3.3).
    pub(super) fn attribute(&self, name: &str) -> Option<Cow<'a, str>> {
        if name == "href" {
            return Some(Cow::Borrowed(self.target));
        }
        let found = self.parameters.iter().find(|(parameter, _)| parameter.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.clone())
    }

    /// Whether it is a link of this page, and not of another that `anchor` names (section 3.2).
    pub(super) fn is_of_page(&self) -> bool {
        self.attribute("anchor").is_none()
    }

    /// Reads the parameters behind a target, and gives what follows them (appendix B.3).
    fn read_parameters(&mut self, mut rest: &'a str) -> &'a str {
        while let Some(parameter) = rest.trim_start_matches(is_space).strip_prefix(';') {
            let parameter = parameter.trim_start_matches(is_space);
            let end = parameter.find(|c: char| is_space(c) || matches!(c, '=' | ';' | ',')).unwrap_or(parameter.len());
            let (name, after) = parameter.split_at(end);
            let value = match after.trim_start_matches(is_space).strip_prefix('=') {
                None => {
                    rest = after;
                    Cow::Borrowed("")
                }
                Some(value) => {
                    let value = value.trim_start_matches(is_space);
                    let (value, after) = value.strip_prefix('"').map_or_else(|| token(value), quoted);
                    rest = after;
                    value
                }
            };
            if !name.is_empty() {
                self.parameters.push((name, value));
            }
        }
        rest
    }
}

fn token(text: &str) -> (Cow<'_, str>, &str) {
    let (token, after) = text.split_at(text.find([';', ',']).unwrap_or(text.len()));
    (Cow::Borrowed(token.trim_end_matches(is_space)), after)
}

/// The value of a quoted string that was opened, and what follows it. One that is left open goes on to the end.
fn quoted(text: &str) -> (Cow<'_, str>, &str) {
    let Some(end) = text.find(['"', '\\']) else { return (Cow::Borrowed(text), "") };
    if let (value, Some(after)) =
        (text.get(..end).unwrap_or_default(), text.get(end..).unwrap_or_default().strip_prefix('"'))
    {
        return (Cow::Borrowed(value), after);
    }
    let (mut value, mut characters) = (String::new(), text.chars());
    while let Some(character) = characters.next() {
        match character {
            '"' => break,
            '\\' => value.extend(characters.next()),
            plain => value.push(plain),
        }
    }
    (Cow::Owned(value), characters.as_str())
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_and_their_parameters_are_read() {
        let check = |line: &str, expected: &[(&str, Option<&str>)]| {
            let links = LinkValue::all(line);
            let found: Vec<_> = links.iter().map(|link| (link.target, link.attribute("rel"))).collect();
            let found: Vec<_> = found.iter().map(|(target, rel)| (*target, rel.as_deref())).collect();
            assert_eq!(found, expected, "{line}");
        };
        check("</a>; rel=canonical", &[("/a", Some("canonical"))]);
        check("</a>;rel=\"next prev\"", &[("/a", Some("next prev"))]);
        check(" <a> ; REL = next ; title=x", &[("a", Some("next"))]);
        check("<a>;rel=next,<b>;rel=prev", &[("a", Some("next")), ("b", Some("prev"))]);
        check("<a,b;c>; title=\"x, <no>; rel=up\"; rel=next", &[("a,b;c", Some("next"))]);
        check("<a>; title=\"a \\\" b\"; rel=\"n\\ext\"", &[("a", Some("next"))]);
        check("<a>; rel=next; rel=prev", &[("a", Some("next"))]);
        check("<a>; rel; rel=next", &[("a", Some(""))]);
        check("<a>;; rel=next;", &[("a", Some("next"))]);
        check("<a>, , <b>; rel=up", &[("a", None), ("b", Some("up"))]);
        check("<a>; rel=\"next", &[("a", Some("next"))]);
        check("a; rel=next, <b>; rel=up", &[("b", Some("up"))]);
        check("<a> x; rel=no, <b>", &[("a", None), ("b", None)]);
        check("<>; rel=next", &[("", Some("next"))]);
        check("<a", &[]);
        check("", &[]);
    }

    #[test]
    fn a_link_of_another_page_says_so() {
        let of_page = |line| LinkValue::all(line).iter().map(LinkValue::is_of_page).collect::<Vec<_>>();
        assert_eq!(of_page("<a>; rel=next, <b>; rel=next; anchor=\"/c\""), [true, false]);
    }
}
