//! The lines of a robots.txt: one record each, comments and white space off (RFC 9309, section 2.2).

use std::time::Duration;

/// What one line says. Values are trimmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// `User-agent`
    Agent(&'a [u8]),
    /// `Allow`
    Allow(&'a [u8]),
    /// `Disallow`
    Disallow(&'a [u8]),
    /// `Crawl-delay`; `None` when its value is no number of seconds.
    Delay(Option<Duration>),
    /// `Sitemap`
    Sitemap(&'a [u8]),
    /// `Content-Usage` (draft-ietf-aipref-attach-05)
    Usage(&'a [u8]),
    /// `Content-Signal` (contentsignals.org)
    Signal(&'a [u8]),
    /// `License` (RSL 1.0)
    License(&'a [u8]),
    /// Anything else: blank, a comment, a record of somebody else's.
    Other,
}

/// What the lines say, with their numbers from 1.
pub(super) fn lines(body: &[u8]) -> impl Iterator<Item = (u32, Line<'_>)> {
    raw(body).map(|(number, line)| (number, Line::parse(line)))
}

/// The lines with their numbers from 1. A line ends with CR, LF or both.
pub(super) fn raw(body: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    let mut rest = Some(body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body));
    let texts = std::iter::from_fn(move || {
        let text = rest?;
        let (line, after) = match memchr::memchr2(b'\n', b'\r', text) {
            Some(end) => text.split_at(end),
            None => (text, [].as_slice()),
        };
        rest = match after {
            [b'\r', b'\n', after @ ..] | [_, after @ ..] => Some(after),
            [] => None,
        };
        Some(line)
    });
    (1..).zip(texts)
}

impl<'a> Line<'a> {
    pub(super) fn parse(line: &'a [u8]) -> Self {
        let Some((name, value)) = name_and_value(line) else {
            return Self::Other;
        };
        if is_one_of(name, &AGENT) {
            Self::Agent(value)
        } else if is_one_of(name, &DISALLOW) {
            Self::Disallow(value)
        } else if is_one_of(name, &ALLOW) {
            Self::Allow(value)
        } else if is_one_of(name, &DELAY) {
            Self::Delay(seconds(value))
        } else if is_one_of(name, &SITEMAP) {
            Self::Sitemap(value)
        } else if is_one_of(name, &USAGE) {
            Self::Usage(value)
        } else if is_one_of(name, &SIGNAL) {
            Self::Signal(value)
        } else if is_one_of(name, &LICENSE) {
            Self::License(value)
        } else {
            Self::Other
        }
    }
}

/// `name: value`, without the comment behind it. Without a colon, two words are taken for it too: that is what their
/// author meant.
pub(super) fn name_and_value(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let line = trim(line.split(|byte| *byte == b'#').next().unwrap_or_default());
    if let Some(colon) = memchr::memchr(b':', line) {
        let (name, value) = line.split_at(colon);
        // The colon of `Sitemap https://…` is the URL's.
        if !is_sitemap_without_colon(name) {
            return Some((trim(name), trim(value.get(1..)?)));
        }
    }
    let (name, value) = line.split_at(line.iter().position(|byte| is_blank(*byte))?);
    let value = trim(value);
    let is_list = is_one_of(name, &SITEMAP) && urls(value).count() > 1;
    (is_list || !value.iter().any(|byte| is_blank(*byte))).then_some((name, value))
}

/// Whether what stands before the first colon of a line is the name of a sitemap record and the start of its URL.
fn is_sitemap_without_colon(before: &[u8]) -> bool {
    let mut words = before.split(|byte| is_blank(*byte)).filter(|word| !word.is_empty());
    let is_sitemap = words.next().is_some_and(|word| is_one_of(word, &SITEMAP));
    is_sitemap && words.next().is_some_and(|word| is_one_of(word, &["http", "https"])) && words.next().is_none()
}

fn is_one_of(word: &[u8], words: &[&str]) -> bool {
    words.iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes()))
}

/// The URLs of one `Sitemap` line. Some generators write a list of them, with commas or blanks in between.
pub(super) fn urls(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(value);
    std::iter::from_fn(move || {
        let text = rest?;
        let starts_url = |text: &[u8]| {
            ["http://", "https://"].iter().any(|scheme| {
                text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme.as_bytes()))
            })
        };
        let is_between = |byte: u8| is_blank(byte) || matches!(byte, b',' | b';');
        let next = (1..text.len()).find(|at| {
            is_between(text.get(at - 1).copied().unwrap_or_default()) && starts_url(text.get(*at..).unwrap_or_default())
        });
        let (url, after) = text.split_at(next.unwrap_or(text.len()));
        rest = next.map(|_| after);
        let end = if next.is_none() { url.len() } else { url.iter().rposition(|byte| !is_between(*byte))? + 1 };
        url.get(..end)
    })
}

/// The decimal number of seconds at the start, cut to a day: by then another robots.txt is due. What follows it does not
/// count, and a comma is a point to many: who writes `2s` or `1,5` wants to be asked less all the same.
fn seconds(value: &[u8]) -> Option<Duration> {
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let whole = digits(value);
    let fraction = match value.get(whole..) {
        Some([b'.' | b',', after @ ..]) => digits(after),
        _ => 0,
    };
    let end = if fraction == 0 { whole } else { whole + 1 + fraction };
    let number = std::str::from_utf8(value.get(..end)?).ok()?;
    let seconds: f64 = number.replace(',', ".").parse().ok()?;
    Some(Duration::from_secs_f64(seconds.min(MAX_DELAY.as_secs_f64())))
}

fn trim(text: &[u8]) -> &[u8] {
    let Some(start) = text.iter().position(|byte| !is_blank(*byte)) else {
        return &[];
    };
    let end = text.iter().rposition(|byte| !is_blank(*byte)).map_or(text.len(), |last| last + 1);
    text.get(start..end).unwrap_or_default()
}

/// Spaces, tabs, and control characters such as NUL, which some editors leave behind.
fn is_blank(byte: u8) -> bool {
    byte <= b' '
}

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
const MAX_DELAY: Duration = Duration::from_hours(24);

// Misspellings that are common enough for Google's parser to take them. They forbid what their author wanted forbidden.
const AGENT: [&str; 3] = ["user-agent", "useragent", "user agent"];
const DISALLOW: [&str; 6] = ["disallow", "dissallow", "dissalow", "disalow", "diasllow", "disallaw"];
const ALLOW: [&str; 1] = ["allow"];
const DELAY: [&str; 1] = ["crawl-delay"];
const SITEMAP: [&str; 2] = ["sitemap", "site-map"];
const USAGE: [&str; 1] = ["content-usage"];
const SIGNAL: [&str; 1] = ["content-signal"];
const LICENSE: [&str; 1] = ["license"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sitemap_line_may_lack_its_colon_and_name_several() {
        for (line, urls_of) in [
            ("Sitemap https://e.com/s.xml", &["https://e.com/s.xml"][..]),
            ("SITEMAP\thttp://e.com/s.xml # all", &["http://e.com/s.xml"]),
            ("Sitemap : https://e.com/s.xml", &["https://e.com/s.xml"]),
            ("Sitemap: http://e.com/a.xml,https://e.com/b.xml", &["http://e.com/a.xml", "https://e.com/b.xml"]),
            (
                "Sitemap: http://e.com/a.xml, HTTP://e.com/b.xml ,http://e.com/c",
                &["http://e.com/a.xml", "HTTP://e.com/b.xml", "http://e.com/c"],
            ),
            ("Sitemap: /a.xml http://e.com/b", &["/a.xml", "http://e.com/b"]),
            ("Sitemap: http://e.com/?from=http://f.com/,x", &["http://e.com/?from=http://f.com/,x"]),
            ("Sitemap: s.xml", &["s.xml"]),
            ("Sitemap https://e.com/a https://e.com/b", &["https://e.com/a", "https://e.com/b"]),
        ] {
            let Line::Sitemap(value) = Line::parse(line.as_bytes()) else { panic!("{line} names no sitemap") };
            assert_eq!(urls(value).collect::<Vec<_>>(), urls_of.iter().map(|url| url.as_bytes()).collect::<Vec<_>>());
        }
        assert_eq!(Line::parse(b"Sitemap of http://e.com/"), Line::Other);
    }

    fn check(body: &str, expected: &[(u32, Line<'_>)]) {
        let found: Vec<_> = lines(body.as_bytes()).filter(|(_, line)| *line != Line::Other).collect();
        assert_eq!(found, expected, "{body:?}");
    }

    #[test]
    fn lines_are_counted_whatever_ends_them() {
        let a = Line::Allow(b"/a");
        check("\nallow: /a", &[(2, a)]);
        check("\r\nallow: /a\r\n", &[(2, a)]);
        check("\r\rallow: /a\r", &[(3, a)]);
        check("x\r\n\nallow: /a\n\rallow: /a", &[(3, a), (5, a)]);
    }

    #[test]
    fn names_are_told_from_values() {
        check(" ALLOW\t:\t/a b # c", &[(1, Line::Allow(b"/a b"))]);
        check("\u{feff}allow:/a", &[(1, Line::Allow(b"/a"))]);
        check("disallow:", &[(1, Line::Disallow(b""))]);
        check("disallow /a", &[(1, Line::Disallow(b"/a"))]);
        check("sitemap: https://e.com/s.xml", &[(1, Line::Sitemap(b"https://e.com/s.xml"))]);
        check("allow", &[]);
        check("allow /a b", &[]);
        check("allowed: /a", &[]);
        check("#allow: /a", &[]);
        check("", &[]);
    }

    #[test]
    fn a_delay_is_the_decimal_number_of_seconds_at_its_start() {
        let check = |value: &str, millis: Option<u64>| {
            assert_eq!(seconds(value.as_bytes()), millis.map(Duration::from_millis), "{value}");
        };
        check("10", Some(10_000));
        check("0", Some(0));
        check("0.25", Some(250));
        check(".5", Some(500));
        check("5.", Some(5_000));
        check("99999999", Some(86_400_000));
        check(&"9".repeat(400), Some(86_400_000));
        check("2s", Some(2_000));
        check("1,5", Some(1_500));
        check(",5", Some(500));
        check("10 seconds", Some(10_000));
        check("2.5s", Some(2_500));
        check("5, 10", Some(5_000));
        check("1 2", Some(1_000));
        check("1.2.3", Some(1_200));
        check("1e3", Some(1_000));
        check("3\u{e9}", Some(3_000));
        for no_number in ["", ".", ",", "s", "-1", "+1", "inf", "NaN", "about 5", ".s", "\u{e9}3"] {
            check(no_number, None);
        }
    }
}
