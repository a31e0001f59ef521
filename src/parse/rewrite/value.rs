//! Values of attributes, and style sheets, with other references in them.

use std::fmt::Write as _;

use super::edits::Edits;
use crate::mention::Form;
use crate::parse::kinds::{css, srcset};
use crate::parse::refresh;

/// Says what is to stand in the place of a reference; `None` leaves it.
pub(super) type To<'t> = dyn FnMut(&str) -> Option<String> + 't;

/// A value with other references in it; `None` when it stays as it is.
pub(super) fn rewrite(form: Form, value: &str, to: &mut To<'_>) -> Option<String> {
    match form {
        Form::One => to(value.trim_matches(is_space)),
        Form::Many => joined(value.split_ascii_whitespace(), " ", to),
        Form::Commas => joined(value.split(',').map(str::trim), ",", to),
        Form::Srcset => of_srcset(value, to),
        Form::Css => style_sheet(value, to),
    }
}

/// A style sheet, or the declarations in a `style`, with other references.
pub(super) fn style_sheet(text: &str, to: &mut To<'_>) -> Option<String> {
    let mut edits = Edits::default();
    css::read(text, |_, url, at| {
        if let Some(new) = to(url.trim_matches(is_space)) {
            let is_string = text.get(at.clone()).is_some_and(|token| token.starts_with(['"', '\'']));
            let string = css_string(&new);
            edits.put(at, if is_string { string } else { format!("url({string})") });
        }
    });
    edits.apply(text)
}

/// The `content` of a `Refresh` that leads elsewhere.
pub(super) fn of_refresh(content: &str, to: &mut To<'_>) -> Option<String> {
    let url = refresh::target(content)?;
    // There may stand a quote before it, which would end at one in it.
    let new = to(url.trim_matches(is_space))?.replace('\'', "%27").replace('"', "%22");
    let at = url.as_ptr().addr() - content.as_ptr().addr();
    let (before, after) = (content.get(..at)?, content.get(at + url.len()..)?);
    Some([before, &new, after].concat())
}

fn of_srcset(value: &str, to: &mut To<'_>) -> Option<String> {
    let mut edits = Edits::default();
    for url in srcset::urls(value) {
        if let Some(new) = to(url) {
            let at = url.as_ptr().addr() - value.as_ptr().addr();
            // A comma at the end would be no part of it.
            edits.put(at..at + url.len(), new.replace(',', "%2C"));
        }
    }
    edits.apply(value)
}

fn joined<'v>(values: impl Iterator<Item = &'v str>, between: &str, to: &mut To<'_>) -> Option<String> {
    let mut is_new = false;
    let mut one = |value: &str| {
        let new = to(value);
        is_new |= new.is_some();
        new.unwrap_or_else(|| value.to_owned())
    };
    let all: Vec<String> = values.filter(|value| !value.is_empty()).map(&mut one).collect();
    is_new.then(|| all.join(between))
}

/// A string of CSS (CSS Syntax 3, section 4.3.5).
fn css_string(text: &str) -> String {
    let mut string = String::with_capacity(text.len() + 2);
    string.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => string.extend(['\\', c]),
            // In a page `</style>` would end the style sheet.
            '<' => string.push_str("\\3c "),
            c if c.is_ascii_control() => {
                let _ = write!(string, "\\{:x} ", u32::from(c));
            }
            c => string.push(c),
        }
    }
    string.push('"');
    string
}

fn is_space(c: char) -> bool {
    c.is_ascii_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(reference: &str) -> Option<String> {
        (reference != "same").then(|| format!("new/{reference}"))
    }

    #[test]
    fn references_are_put_where_others_were_and_the_rest_stays() {
        let check = |form: Form, value: &str, expected: &str| {
            let new = rewrite(form, value, &mut to);
            assert_eq!(new.as_deref().unwrap_or(value), expected, "{value}");
        };
        check(Form::One, " a ", "new/a");
        check(Form::One, "same", "same");
        check(Form::Many, " a  same b", "new/a same new/b");
        check(Form::Commas, "a, b", "new/a,new/b");
        check(Form::Srcset, "a.png 1x,\n b.png 2x", "new/a.png 1x,\n new/b.png 2x");
        check(Form::Srcset, "a,b.png, same 2x", "new/a%2Cb.png, same 2x");
        check(Form::Css, "p{b:url( a ) /* url(no) */}", "p{b:url(\"new/a\") /* url(no) */}");
        check(Form::Css, "@import 'a' print;@import url('b')", "@import \"new/a\" print;@import url(\"new/b\")");
        check(Form::Css, "b:image-set(\"same\" 1x, 'c' 2x)", "b:image-set(\"same\" 1x, \"new/c\" 2x)");
        check(Form::Css, "b:url(a\\)b)", "b:url(\"new/a)b\")");
    }

    #[test]
    fn what_means_something_to_css_is_escaped() {
        let mut odd = |_: &str| Some("a\"b\\c</style>\n".to_owned());
        let new = style_sheet("p{b:url(x)}", &mut odd).unwrap();
        assert_eq!(new, "p{b:url(\"a\\\"b\\\\c\\3c /style>\\a \")}");
    }

    #[test]
    fn a_refresh_leads_to_another_place_at_the_same_time() {
        let check = |content: &str, expected: &str| {
            assert_eq!(of_refresh(content, &mut to).as_deref().unwrap_or(content), expected);
        };
        check("5; URL='/a' b", "5; URL='new//a' b");
        check("0;url=/a'", "0;url=new//a%27");
        check("5", "5");
    }
}
