//! Where text ends that is not markup: comments, declarations, scripts, style sheets, titles.

use memchr::{memchr, memchr2, memmem};

use super::tag::ends_name;

/// Where a comment, a doctype, a CDATA section or what is read as a comment ends. `text` starts behind `<!`; only in
/// SVG and `MathML` there are CDATA sections (HTML Standard, section 13.2.5.42). `None` when it never ends.
pub(super) fn declaration_end(text: &[u8], foreign: bool) -> Option<usize> {
    if let Some(comment) = text.strip_prefix(b"--") {
        return comment_end(comment).map(|end| b"--".len() + end);
    }
    match text.strip_prefix(CDATA).filter(|_| foreign) {
        Some(section) => memmem::find(section, b"]]>").map(|end| CDATA.len() + end + b"]]>".len()),
        None => bogus_comment_end(text),
    }
}

/// The text of a CDATA section that starts behind `<!`.
pub(super) fn cdata(text: &str) -> Option<&str> {
    let section = text.strip_prefix("[CDATA[")?;
    Some(section.split("]]>").next().unwrap_or_default())
}

/// Where `<?…`, `</ …` or `<!…` ends.
pub(super) fn bogus_comment_end(text: &[u8]) -> Option<usize> {
    memchr(b'>', text).map(|end| end + 1)
}

/// Where the text of an element ends: at the `<` of its end tag.
pub(super) fn element_end(text: &[u8], name: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr(b'<', text.get(at..)?)?;
        if is_end_tag(text, at, name) {
            return Some(at);
        }
        at += 1;
    }
}

/// Where a script ends: at the `<` of its end tag. In `<!-- <script> … </script> -->` the first end tag is a part of
/// the script (HTML Standard, sections 13.2.5.15 to 13.2.5.31).
pub(super) fn script_end(text: &[u8]) -> Option<usize> {
    let (mut state, mut at) = (Script::Plain, 0);
    loop {
        at += match state {
            Script::Plain => memchr(b'<', text.get(at..)?)?,
            Script::Escaped | Script::DoubleEscaped => memchr2(b'<', b'>', text.get(at..)?)?,
        };
        let rest = text.get(at..)?;
        state = match state {
            Script::Plain | Script::Escaped if is_end_tag(text, at, SCRIPT) => return Some(at),
            Script::Plain if rest.starts_with(b"<!--") => {
                // The hyphens that begin this may also end it: `<!-->`.
                at += b"<!-".len();
                Script::Escaped
            }
            Script::Escaped | Script::DoubleEscaped if text.get(..=at)?.ends_with(b"-->") => Script::Plain,
            Script::Escaped if rest.starts_with(b"<") && is_tag(text, at + 1, SCRIPT) => Script::DoubleEscaped,
            Script::DoubleEscaped if is_end_tag(text, at, SCRIPT) => Script::Escaped,
            state => state,
        };
        at += 1;
    }
}

#[derive(Debug, Clone, Copy)]
enum Script {
    Plain,
    Escaped,
    DoubleEscaped,
}

fn comment_end(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr(b'>', text.get(at..)?)?;
        let before = text.get(..at)?;
        if matches!(before, b"" | b"-") || before.ends_with(b"--") || before.ends_with(b"--!") {
            return Some(at + 1);
        }
        at += 1;
    }
}

/// Whether `</name` is at this place, and the name ends there.
fn is_end_tag(text: &[u8], at: usize, name: &[u8]) -> bool {
    text.get(at..at + 2) == Some(b"</") && is_tag(text, at + 2, name)
}

fn is_tag(text: &[u8], at: usize, name: &[u8]) -> bool {
    let end = at + name.len();
    text.get(at..end).is_some_and(|found| found.eq_ignore_ascii_case(name))
        && text.get(end).is_some_and(|byte| ends_name(*byte))
}

const CDATA: &[u8] = b"[CDATA[";
const SCRIPT: &[u8] = b"script";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_end_as_in_browsers() {
        let check = |text: &str, rest: Option<&str>| {
            let end = declaration_end(text.as_bytes(), false);
            assert_eq!(end.and_then(|end| text.get(end..)), rest, "{text}");
        };
        check("-->x", Some("x"));
        check("--->x", Some("x"));
        check("---->x", Some("x"));
        check("--a-->x", Some("x"));
        check("--a--!>x", Some("x"));
        check("--!>x-->y", Some("y"));
        check("---!>x-->y", Some("y"));
        check("--a->b--->x", Some("x"));
        check("-- <!-->x", Some("x"));
        check("--a-- >x-->y", Some("y"));
        check("-a>x", Some("x"));
        check("doctype html \">x", Some("x"));
        check("[CDATA[a>x]]>", Some("x]]>"));
        check("--a", None);
        check("--", None);
        check("", None);
    }

    #[test]
    fn a_cdata_section_ends_only_in_foreign_content() {
        assert_eq!(declaration_end(b"[CDATA[a>x]]>y", true), Some(13));
        assert_eq!(declaration_end(b"[cdata[a>x]]>y", true), Some(9));
        assert_eq!(cdata("[CDATA[a>x]]>y"), Some("a>x"));
        assert_eq!(cdata("[CDATA[a"), Some("a"));
        assert_eq!(cdata("--a"), None);
    }

    #[test]
    fn a_script_ends_as_in_browsers() {
        let check = |text: &str, rest: Option<&str>| {
            assert_eq!(script_end(text.as_bytes()).and_then(|end| text.get(end..)), rest, "{text}");
        };
        check("a</script>", Some("</script>"));
        check("</scriptx></SCRIPT/", Some("</SCRIPT/"));
        check("<!--</script>", Some("</script>"));
        check("<!--<script></script>--></script >", Some("</script >"));
        check("<!--<script></script></script>", Some("</script>"));
        check("<!--<script>--></script>", Some("</script>"));
        check("<!-- <script\n</script>", None);
        check("<!-- <scripts </script>", Some("</script>"));
        check("<!--><script></script>", Some("</script>"));
        check("<!---><script></script>", Some("</script>"));
        check("<!-<script></script>", Some("</script>"));
        check("<!--<!--<script></script></script>", Some("</script>"));
        check("<!-- >script </script>", Some("</script>"));
        check("</script", None);
    }

    #[test]
    fn the_text_of_an_element_ends_at_its_own_end_tag() {
        let check = |text: &str, end| assert_eq!(element_end(text.as_bytes(), b"title"), end, "{text}");
        check("a</title>", Some(1));
        check("</a></titles></Title\t", Some(13));
        check("</title", None);
        check("< /title>", None);
    }
}
