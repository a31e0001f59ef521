//! The page at the top of a mirror: where a reader begins.

use std::fmt::Write as _;

/// The page, for the files where the crawl began, each with its URL: with one alone it goes on to that.
pub(super) fn front(starts: &[(String, String)]) -> String {
    let mut page = "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n".to_owned();
    let title = starts.first().map_or("nothing", |(_, url)| url);
    let _ = writeln!(page, "<title>Mirror of {}</title>", escaped(title));
    if let [(reference, _)] = starts {
        let _ = writeln!(page, "<meta http-equiv=\"refresh\" content=\"0; url={}\">", escaped(reference));
    }
    page.push_str("<meta name=\"viewport\" content=\"width=device-width\">\n<h1>Mirror</h1>\n<ul>\n");
    for (reference, url) in starts {
        let _ = writeln!(page, "<li><a href=\"{}\">{}</a></li>", escaped(reference), escaped(url));
    }
    page.push_str("</ul>\n</html>\n");
    page
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_start_is_gone_on_to_and_several_are_listed() {
        let start = |path: &str| (path.to_owned(), format!("http://e.com/{path}?a&<b>"));
        let one = front(&[start("a")]);
        assert!(one.contains("content=\"0; url=a\"") && one.contains(">http://e.com/a?a&amp;&lt;b&gt;</a>"), "{one}");
        let two = front(&[start("a"), start("b")]);
        assert!(!two.contains("refresh") && two.contains("<a href=\"b\">"), "{two}");
    }
}
