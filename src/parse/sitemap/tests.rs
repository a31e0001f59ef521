//! Sitemap cases, hostile sitemaps, and properties of whatever is read.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use rustix::time::{ClockId, clock_gettime};
use serde::Deserialize;

use super::listing::{LIMIT, MAX_ENTRIES};
use super::*;
use crate::url::Target;

/// `expected.json` of a case. Absent means nothing, or default.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    #[serde(default)]
    given: Given,
    expected: Expected,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Given {
    content_type: Option<String>,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Expected {
    format: Option<String>,
    entries: Vec<ExpectedEntry>,
    alternates: Vec<String>,
    faults: Vec<String>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ExpectedEntry {
    loc: Option<String>,
    /// What cannot be requested.
    other: Option<String>,
    lastmod: Option<String>,
    priority: f32,
}

impl Default for ExpectedEntry {
    fn default() -> Self {
        Self { loc: None, other: None, lastmod: None, priority: 0.5 }
    }
}

impl Expected {
    fn of(sitemap: &Sitemap) -> Self {
        let entry = |entry: &Entry| {
            let (loc, other) = match &entry.target {
                Target::Url(url) => (Some(url.as_str().to_owned()), None),
                Target::Other { text, .. } => (None, Some(text.to_string())),
            };
            let lastmod = entry.lastmod.map(|time| time.to_string());
            ExpectedEntry { loc, other, lastmod, priority: entry.priority }
        };
        Self {
            format: sitemap.format.map(|format| format!("{format:?}").to_lowercase()),
            entries: sitemap.entries.iter().map(entry).collect(),
            alternates: sitemap.alternates.iter().map(|target| target.text().to_string()).collect(),
            faults: sitemap.faults.iter().map(ToString::to_string).collect(),
        }
    }
}

#[test]
fn each_case_of_fixtures_is_read_as_expected() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/sitemaps");
    let mut cases: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(cases.len() >= 40, "only {} cases", cases.len());
    let mut wrong = Vec::new();
    for case in cases {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let files = std::fs::read_dir(&case).unwrap().map(|entry| entry.unwrap().path());
        let (expected, inputs): (Vec<_>, Vec<_>) = files.partition(|file| file.ends_with("expected.json"));
        assert_eq!((expected.len(), inputs.len()), (1, 1), "{name}");
        let expected = std::fs::read_to_string(&expected[0]).unwrap();
        let case: Case = serde_json::from_str(&expected).unwrap_or_else(|error| panic!("{name}: {error}"));
        let read = read_as(&std::fs::read(&inputs[0]).unwrap(), case.given.content_type.as_deref());
        let read = Expected::of(&read);
        if read != case.expected {
            wrong.push(format!("{name}: expected {:#?}\ngot {read:#?}", case.expected));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn an_entity_that_is_not_known_is_no_part_of_a_url() {
    let check = |text: &str, count: usize, without_url: usize| {
        let faults = if without_url > 0 { vec![Fault::WithoutUrl(without_url)] } else { vec![] };
        assert_eq!(count_and_faults(text.as_bytes()), (count, faults), "{text}");
    };
    for torn in
        ["/e&l9;", "&l9;/e", "/e&nbsp;", "/e&#99999999;", "/e&#x110000;", "/e&#0;", "&l9;", "<![CDATA[/e]]>&l9;"]
    {
        check(&format!("<urlset><url><loc>{torn}</loc></url><url><loc>/a</loc></url></urlset>"), 1, 1);
        check(&format!("<urlset><url><loc>{torn}<url><loc>/a</loc></url></urlset>"), 1, 1);
    }
    for whole in ["/e&amp;", "/e&#233;", "/e?a&b=2;c", "/e?a&b", "/e&#x;", "/e&;"] {
        check(&format!("<urlset><url><loc>{whole}</loc></url></urlset>"), 1, 0);
        check(&format!("<feed><entry><link href='{whole}'/></entry></feed>"), 1, 0);
    }
    check("<urlset><url>http://e.com/&l9;</url><url>http://e.com/&l9;e</url></urlset>", 0, 2);
    check("<urlset><url>&l9;<loc>/a</loc>&l9;<lastmod>&l9;</lastmod></url></urlset>", 1, 0);
    check("<rss><item><link>/a&l9;</link><guid>http://e.com/b</guid></item></rss>", 0, 1);
    check("<rss><item><guid>http://e.com/&l9;b</guid></item></rss>", 0, 1);
    check("<rss><item><link>/a</link><guid>http://e.com/&l9;b</guid></item></rss>", 1, 0);
    check("<feed><entry><link href='/e&l9;'/></entry><entry><link href='/e&#0;'/></entry></feed>", 0, 2);
}

#[test]
fn as_many_entries_are_taken_as_the_protocol_allows() {
    let mut lines = String::new();
    for page in 0..=MAX_ENTRIES {
        writeln!(lines, "http://e.com/{page}").unwrap();
    }
    let exactly = lines.trim_end().rsplit_once('\n').unwrap().0;
    assert_eq!(count_and_faults(exactly.as_bytes()), (MAX_ENTRIES, vec![]));
    assert_eq!(count_and_faults(lines.as_bytes()), (MAX_ENTRIES, vec![Fault::TooMany]));
    let xml = format!("<urlset>{}</urlset>", "<url><loc>http://e.com/</loc></url>".repeat(MAX_ENTRIES + 1));
    assert_eq!(count_and_faults(xml.as_bytes()), (MAX_ENTRIES, vec![Fault::TooMany]));
}

#[test]
fn what_is_longer_than_the_protocol_allows_is_cut() {
    let head = "<urlset><url><loc>http://e.com/a</loc></url><!--";
    let mut long = head.to_owned() + &" ".repeat(LIMIT - head.len() - 3) + "-->";
    assert_eq!(count_and_faults(long.as_bytes()), (1, vec![Fault::CutOff]));
    long.push_str("<url><loc>http://e.com/b</loc></url></urlset>");
    let expected = (1, vec![Fault::TooLong, Fault::CutOff]);
    assert_eq!(count_and_faults(long.as_bytes()), expected);
    assert_eq!(count_and_faults(&gzip(&[&long])), expected);
}

#[test]
fn a_gzip_bomb_is_read_up_to_the_limit() {
    let blanks = " ".repeat(1 << 20);
    let bomb = gzip(&[vec!["<urlset><url><loc>http://e.com/a</loc></url><!--"], vec![&blanks; 500]].concat());
    assert!(bomb.len() < 4 << 20);
    let (count, faults) = count_and_faults(&bomb);
    assert_eq!((count, faults.first()), (1, Some(&Fault::TooLong)));
}

/// Not by instruction count, but by the ratio of two sizes: whatever grows faster than its input fails by far. The time
/// is that of this thread on a processor, however busy the machine is.
#[test]
fn hostile_sitemaps_take_time_in_proportion_to_their_length() {
    let head = "<urlset><url><loc>http://e.com/a</loc></url>";
    for unit in [
        "<a>",
        "<url>",
        "<url><loc>",
        "<loc>x",
        "</url>",
        "<!--",
        "<![CDATA[",
        "<!DOCTYPE a [",
        "<!DOCTYPE a><!",
        "<?",
        "<a b='",
        "&",
        "&a",
        "&#1;",
        "&lt;",
        "<url><loc>/&amp;</loc></url>",
        "<image:image>",
        "<?xml ",
        "<?xml ?><!--",
        "<a xmlns:b='c'>",
        "<url><link rel='alternate' href='/a'/>",
        "<entry xml:base='a/'>",
        "<url xmlns:a='/schemas/sitemap/' b=c ",
        "<loc>\u{a0}",
    ] {
        let blank = format!("<urlset><url><loc>{}", " ".repeat(1 << 15));
        for start in [head, "<feed><entry><link ", "<rss xmlns:a='http://purl.org/rss/1.0/' ", &blank] {
            let time = |size: usize| {
                let text = format!("{start}{}", unit.repeat(size / unit.len()));
                let started = used();
                let sitemap = read(&text);
                assert!(sitemap.entries.len() <= MAX_ENTRIES);
                used().saturating_sub(started)
            };
            let (short, long) = (time(1 << 15).max(Duration::from_millis(5)), time(1 << 18));
            assert!(long < short * 30, "{}{unit}: {short:?}, eight times as long: {long:?}", start.trim());
        }
    }
}

/// The time that this thread has had.
fn used() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap()
}

#[test]
fn a_billion_laughs_are_none() {
    let mut bomb = "<!DOCTYPE urlset [<!ENTITY a0 'http://e.com/ha'>".to_owned();
    for level in 1..30 {
        write!(bomb, "<!ENTITY a{level} '{}'>", format!("&a{};", level - 1).repeat(10)).unwrap();
    }
    bomb.push_str("]><urlset><url><loc>http://e.com/&a29;</loc></url></urlset>");
    assert_eq!(count_and_faults(bomb.as_bytes()), (0, vec![Fault::WithoutUrl(1)]));
}

#[test]
fn tags_that_are_never_closed_end_somewhere() {
    let text = format!("<rss>{}<item><link>http://e.com/</link></item>", "<br>".repeat(200_000));
    let faults = read(&text).faults;
    assert!(matches!(faults[..], [Fault::Damaged(_)]), "{faults:?}");
}

#[test]
fn what_changed_last_comes_first_and_then_what_matters_most() {
    let text = "<urlset>
        <url><loc>/old</loc><lastmod>2001-01-01</lastmod><priority>1.0</priority></url>
        <url><loc>/plain</loc></url>
        <url><loc>/new</loc><lastmod>2024-01-01</lastmod><priority>0.1</priority></url>
        <url><loc>/main</loc><priority>0.9</priority></url>
        <url><loc>/new-too</loc><lastmod>2024-01-01</lastmod><priority>0.2</priority></url>
        <url><loc>/plain-too</loc></url>
        </urlset>";
    let mut entries = read(text).entries;
    entries.sort_by(Entry::order);
    let order: Vec<_> =
        entries.iter().map(|entry| entry.target.text().trim_start_matches("http://www.example.com")).collect();
    assert_eq!(order, ["/new-too", "/new", "/old", "/main", "/plain", "/plain-too"]);
}

proptest! {
    #[test]
    fn any_bytes_are_read(body in prop::collection::vec(any::<u8>(), 0..300)) {
        read_as(&body, None);
        read_as(&[&[0x1f, 0x8b, 8, 0][..], &body].concat(), None);
    }

    #[test]
    fn any_markup_is_read(parts in prop::collection::vec(prop::sample::select(PARTS), 0..40)) {
        let text: String = parts.concat();
        let sitemap = read(&text);
        prop_assert!(sitemap.entries.len() <= text.len());
        for entry in sitemap.entries {
            prop_assert!((0.0..=1.0).contains(&entry.priority));
        }
    }

    #[test]
    fn what_was_read_before_the_damage_is_kept(at in 0..300_usize, garbage in "[<>&/!a-z\\[\\]\"' -]{0,20}") {
        let mut whole = String::new();
        for n in 0..10 {
            write!(whole, "<url><loc>http://e.com/{n}</loc></url>").unwrap();
        }
        let at = at.min(whole.len());
        let text = format!("<urlset>{}{garbage}", &whole[..at]);
        let sitemap = read(&text);
        for n in 0..whole[..at].matches("</url>").count() {
            prop_assert_eq!(&**sitemap.entries[n].target.text(), format!("http://e.com/{n}"));
        }
    }
}

const PARTS: &[&str] = &[
    "<urlset>",
    "<sitemapindex>",
    "<rss>",
    "<feed>",
    "</urlset>",
    "<url>",
    "</url>",
    "<loc>",
    "</loc>",
    "<lastmod>",
    "</lastmod>",
    "<priority>",
    "</priority>",
    "http://e.com/",
    "2024-01-01",
    "0.7",
    "<item>",
    "</item>",
    "<link>",
    "<link href='/a'>",
    "<link href=/b/>",
    "</link>",
    "<guid>",
    "<entry>",
    "</entry>",
    "<x:loc>",
    "</x:loc>",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<!DOCTYPE a [",
    "<!ENTITY b 'c'>",
    "]>",
    "&",
    "&amp;",
    "&b;",
    "&#0;",
    "&#x41;",
    "<?xml?>",
    "<",
    ">",
    " ",
    "\u{feff}",
    "ü",
];

fn read(text: &str) -> Sitemap {
    read_as(text.as_bytes(), None)
}

fn read_as(body: &[u8], content_type: Option<&str>) -> Sitemap {
    let rules = UrlRules::new(4096);
    let url = rules.parse("http://www.example.com/sitemap.xml").unwrap();
    Sitemap::read(&url, body, content_type.and_then(MediaType::parse).as_ref(), &rules)
}

fn count_and_faults(body: &[u8]) -> (usize, Vec<Fault>) {
    let sitemap = read_as(body, None);
    (sitemap.entries.len(), sitemap.faults)
}

fn gzip(parts: &[&str]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    for part in parts {
        encoder.write_all(part.as_bytes()).unwrap();
    }
    encoder.finish().unwrap()
}
