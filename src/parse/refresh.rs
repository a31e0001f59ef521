//! `<meta http-equiv=refresh>`: HTML Standard, section 4.2.5.3, "shared declarative refresh steps".

/// The URL that a `content` sends the reader to, as it is written; `None` when it only reloads the page or is not
/// understood.
pub(super) fn target(content: &str) -> Option<&str> {
    let rest = content.trim_start_matches(is_space);
    let after_time = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    if after_time.len() == rest.len() && !rest.starts_with('.') {
        return None;
    }
    let rest = after_time.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    if !rest.starts_with([';', ',']) && !rest.starts_with(is_space) {
        return None;
    }
    let rest = rest.trim_start_matches(is_space);
    let rest = rest.strip_prefix([';', ',']).unwrap_or(rest).trim_start_matches(is_space);
    let rest = without_url_sign(rest).unwrap_or(rest);
    let url = match rest.chars().next() {
        Some(quote @ ('"' | '\'')) => rest.split(quote).nth(1)?,
        _ => rest,
    };
    (!url.is_empty()).then_some(url)
}

/// Whether a `content` gives no time to read the page: less than a second.
pub(super) fn is_immediate(content: &str) -> bool {
    let time = content.trim_start_matches(is_space);
    let seconds = time.get(..time.find(|c: char| !c.is_ascii_digit()).unwrap_or(time.len()));
    seconds.is_some_and(|seconds| seconds.bytes().all(|digit| digit == b'0'))
}

/// What follows `url=`; when that is not there in full, all of it is the URL.
fn without_url_sign(rest: &str) -> Option<&str> {
    let (sign, after) = rest.split_at_checked("url".len())?;
    let after = after.trim_start_matches(is_space).strip_prefix('=')?;
    sign.eq_ignore_ascii_case("url").then(|| after.trim_start_matches(is_space))
}

fn is_space(c: char) -> bool {
    c.is_ascii_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refresh_is_read_as_browsers_do() {
        let check = |content: &str, expected: Option<&str>| assert_eq!(target(content), expected, "{content}");
        check("0;url=/a", Some("/a"));
        check("0; URL = /a ", Some("/a "));
        check("5,/a", Some("/a"));
        check("5 /a", Some("/a"));
        check("5;url='/a' b", Some("/a"));
        check("5;url=\"/a", Some("/a"));
        check("5;\"/a\"", Some("/a"));
        check(".5;url=/a", Some("/a"));
        check("1.5;url=/a", Some("/a"));
        check("5;url", Some("url"));
        check("5;urls=/a", Some("urls=/a"));
        check("5", None);
        check("5;", None);
        check("5;url=", None);
        check("5url=/a", None);
        check("url=/a", None);
        check("٥; url=/a", None);
        check("", None);
    }

    #[test]
    fn less_than_a_second_is_at_once() {
        for (content, at_once) in [
            ("0;url=/a", true),
            (" 00 url=/a", true),
            ("0.9;/a", true),
            (".5;/a", true),
            ("1;/a", false),
            ("10;/a", false),
        ] {
            assert_eq!(is_immediate(content), at_once, "{content}");
        }
    }
}
