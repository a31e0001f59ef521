//! Pages before and after.

use proptest::prelude::*;

use super::*;
use crate::mention::{Kind as MentionKind, LinkType, Mention};
use crate::parse::{Input, Parser};
use crate::url::Target;

/// Puts the path of a place behind `new:`, and remembers what it was for.
#[derive(Default)]
struct Seen(Vec<(String, Role)>);

impl Places for Seen {
    fn stands_for(&mut self, place: &Place<'_>) -> String {
        self.0.push((place.absolute.to_owned(), place.role));
        assert!(place.url.is_none_or(|url| place.absolute.starts_with(url.origin())), "{place:?}");
        format!("new:{}", place.absolute.trim_start_matches("http://e.com"))
    }
}

fn url() -> CrawlUrl {
    UrlRules::new(4096).parse("http://e.com/d/p").unwrap()
}

fn rewriter() -> Rewriter {
    let options = Options { data_attributes: vec!["data-src".parse().unwrap()], ..Options::default() };
    Rewriter::new(&options, UrlRules::new(4096))
}

fn rewritten(media_type: &str, body: &[u8]) -> Vec<u8> {
    let media_type = MediaType::parse(media_type);
    let new = rewriter().rewrite(&url(), media_type.as_ref(), body, &mut Seen::default());
    new.unwrap_or_else(|| body.to_vec())
}

#[track_caller]
fn check_as(media_type: &str, body: &str, expected: &str) {
    assert_eq!(String::from_utf8_lossy(&rewritten(media_type, body.as_bytes())), expected, "{body}");
}

#[track_caller]
fn check(body: &str, expected: &str) {
    check_as("text/html; charset=utf-8", body, expected);
}

#[test]
fn each_kind_of_reference_is_written_anew_and_nothing_else() {
    check("<A  HREF = a&amp;b\tclass=x>a href=b</A>", "<A  HREF=\"new:/d/a&amp;b\"\tclass=x>a href=b</A>");
    check("<a href='/x#y'id=z><area href=q>", "<a href=\"new:/x#y\"id=z><area href=\"new:/d/q\">");
    check(
        "<img src=a srcset='b 1x, c 2x' alt=src>",
        "<img src=\"new:/d/a\" srcset=\"new:/d/b 1x, new:/d/c 2x\" alt=src>",
    );
    check(
        "<picture><source srcset=a></picture><video poster=p src=v><track src=t>",
        "<picture><source srcset=\"new:/d/a\"></picture><video poster=\"new:/d/p\" src=\"new:/d/v\"><track src=\"new:/d/t\">",
    );
    check(
        "<p style=\"a:url('b'); c:d\"><style>p{a:url(b)}</style>",
        "<p style=\"a:url(&quot;new:/d/b&quot;); c:d\"><style>p{a:url(\"new:/d/b\")}</style>",
    );
    check("<script src=a>'<a href=b>'</script>", "<script src=\"new:/d/a\">'<a href=b>'</script>");
    check(
        "<link rel=stylesheet href=s><link rel=next href=n>",
        "<link rel=stylesheet href=\"new:/d/s\"><link rel=next href=\"new:/d/n\">",
    );
    check("<meta http-equiv=Refresh content='0; url=a'>", "<meta http-equiv=Refresh content=\"0; url=new:/d/a\">");
    check(
        "<iframe src=a><a href=no></iframe><a href=b>",
        "<iframe src=\"new:/d/a\"><a href=no></iframe><a href=\"new:/d/b\">",
    );
    check(
        "<iframe srcdoc='<a href=&quot;b&quot;>&amp;lt;'>",
        "<iframe srcdoc=\"&lt;a href=&quot;new:/d/b&quot;&gt;&amp;lt;\">",
    );
    check("<object data=a><embed src=b>", "<object data=\"new:/d/a\"><embed src=\"new:/d/b\">");
    check(
        "<svg><image xlink:href=a /><a href=b><use href=#c></svg><b href=x>",
        "<svg><image xlink:href=\"new:/d/a\" /><a href=\"new:/d/b\"><use href=#c></svg><b href=x>",
    );
    check("<form action=a><button formaction=b>", "<form action=\"new:/d/a\"><button formaction=\"new:/d/b\">");
    check("<form action=''>", "<form action=\"new:/d/p\">");
    check("<img data-src=a data-other=b>", "<img data-src=\"new:/d/a\" data-other=b>");
    check(
        "<template><a href=a></template><noscript><img src=b></noscript>",
        "<template><a href=\"new:/d/a\"></template><noscript><img src=\"new:/d/b\"></noscript>",
    );
    // In the head what cannot stand there closes it, so its end tag closes nothing, and the script is one of MathML.
    check(
        "<noscript><math></noscript><script><img src=a>",
        "<noscript><math></noscript><script><img src=\"new:/d/a\">",
    );
    check(
        "<!-- <a href=a> --><title><a href=b></title><textarea><a href=c></textarea>",
        "<!-- <a href=a> --><title><a href=b></title><textarea><a href=c></textarea>",
    );
    check("<a href=a href=b>", "<a href=\"new:/d/a\" href=b>");
}

#[test]
fn what_leads_nowhere_else_stays() {
    for same in [
        "<a href=#x>",
        "<a href=''>",
        "<a href=mailto:a@b>",
        "<img src=data:,x>",
        "<a href='javascript:a(&quot;)'>",
        "<p>a < b",
        "<a href=x",
    ] {
        check(same, same);
    }
}

#[test]
fn what_would_lead_into_the_machine_of_the_reader_leads_nowhere() {
    check("<img src=file:///etc/passwd>", "<img src=\"about:invalid\">");
    check("<img src='FILE://host/share'>", "<img src=\"about:invalid\">");
    // To a page on the web it is a host.
    check("<img src='\\\\host\\share'>", "<img src=\"new:http://host/share\">");
    check("<a href='http://['>", "<a href=\"about:invalid\">");
    check_as("text/css", "p{a:url(file:///x)}", "p{a:url(\"about:invalid\")}");
}

#[test]
fn a_base_goes_and_counts() {
    check(
        "<a href=a><base href=/b/ target=t><a href=c><a href=#d><img src=#e>",
        "<a href=\"new:/b/a\"><base  target=t><a href=\"new:/b/c\"><a href=\"new:/b/#d\"><img src=#e>",
    );
    check("<base href=data:,x><a href=a>", "<base ><a href=\"new:/d/a\">");
    check("<template><base href=/b/></template><a href=a>", "<template><base ></template><a href=\"new:/d/a\">");
    check(
        "<base href=/b/><iframe srcdoc='<base href=c/><a href=d>'></iframe><a href=e>",
        "<base ><iframe srcdoc=\"&lt;base &gt;&lt;a href=&quot;new:/b/c/d&quot;&gt;\"></iframe><a href=\"new:/b/e\">",
    );
}

#[test]
fn what_shuts_files_out_is_taken_out() {
    check("<script src=a integrity=sha256-x crossorigin></script>", "<script src=\"new:/d/a\"  ></script>");
    check(
        "<meta http-equiv=content-security-policy content=x>",
        "<meta data-http-equiv=content-security-policy content=x>",
    );
    check("<link rel=preconnect href=//f.com>", "<link rel=preconnect >");
    check("<a ping=/p href=a>", "<a  href=\"new:/d/a\">");
}

#[test]
fn roles_tell_what_a_reference_is_for() {
    use Role::{Link, Part, Web};

    let mut seen = Seen::default();
    let page =
        "<a href=a><img src=b><form action=c><link rel=canonical href=d><link rel=icon href=e><p style='a:url(f)'>";
    let html = MediaType::parse("text/html");
    rewriter().rewrite(&url(), html.as_ref(), page.as_bytes(), &mut seen);
    let roles: Vec<_> = seen.0.iter().map(|(url, role)| (url.trim_start_matches("http://e.com/d/"), *role)).collect();
    assert_eq!(roles, [("a", Link), ("b", Part), ("c", Web), ("d", Web), ("e", Part), ("f", Part)]);
}

#[test]
fn xml_is_written_anew_by_its_own_rules() {
    check_as(
        "application/xhtml+xml",
        "<html><a href='a?b&amp;c'/><style>p{a:url(x)}</style><![CDATA[<a href='no'>]]><script><a href='no'/></script></html>",
        "<html><a href=\"new:/d/a?b&amp;c\"/><style>p{a:url(\"new:/d/x\")}</style><![CDATA[<a href='no'>]]><script><a href='no'/></script></html>",
    );
    check_as(
        "application/xhtml+xml",
        "<style>/*<![CDATA[*/ p > a{b:url(x?y&z)} /*]]>*/</style><style>p{b:url(x?y&amp;z)}</style>",
        "<style>/*<![CDATA[*/ p > a{b:url(\"new:/d/x?y&z\")} /*]]>*/</style><style>p{b:url(\"new:/d/x?y&amp;z\")}</style>",
    );
    check_as(
        "image/svg+xml",
        "<svg><image x:href=\"a\" href='b'/><a x:href='c'/></svg>",
        "<svg><image x:href=\"new:/d/a\" href=\"new:/d/b\"/><a x:href=\"new:/d/c\"/></svg>",
    );
    check_as("application/rss+xml", "<rss><a href='a'/></rss>", "<rss><a href='a'/></rss>");
}

#[test]
fn what_only_a_header_said_of_a_charset_is_said_by_the_file() {
    let utf_8 = "\u{FEFF}ü";
    assert_eq!(rewritten("text/html; charset=iso-8859-1", b"\xFC"), utf_8.as_bytes());
    assert_eq!(rewritten("text/html; charset=utf-8", "ü".as_bytes()), utf_8.as_bytes());
    assert_eq!(rewritten("text/html", b"\xFF\xFEa\0"), "\u{FEFF}a".as_bytes());
    assert_eq!(rewritten("text/javascript; charset=latin1", b"'\xFC'"), "\u{FEFF}'ü'".as_bytes());
    let says = "<meta charset=latin1>\u{FEFF}";
    let old = b"<meta charset=latin1>\xFC".to_vec();
    assert_eq!(rewritten("text/html", &old), format!("\u{FEFF}{}ü", says.trim_end_matches('\u{FEFF}')).as_bytes());
    // What is ASCII, says it itself, or has no charset, stays.
    for (media_type, body) in [
        ("text/html; charset=latin1", "a"),
        ("text/html", "<meta charset=utf-8>ü"),
        ("text/html", utf_8),
        ("text/css", "p{content:'ü'}"),
        ("image/png", "\u{FF}"),
        ("application/json", "ü"),
    ] {
        assert_eq!(rewritten(media_type, body.as_bytes()), body.as_bytes(), "{media_type} {body}");
    }
    let entity = "<meta charset=latin1><p style='a:url(b);c:\"&uuml;\"'>";
    let new = "\u{FEFF}<meta charset=latin1><p style=\"a:url(&quot;new:/d/b&quot;);c:&quot;ü&quot;\">";
    assert_eq!(rewritten("text/html", entity.as_bytes()), new.as_bytes());
}

#[test]
fn queries_are_in_the_charset_of_the_page() {
    let new = rewritten("text/html; charset=iso-8859-1", b"<a href=?\xFC>");
    assert_eq!(String::from_utf8(new).unwrap(), "\u{FEFF}<a href=\"new:/d/p?%FC\">".replace('\u{FEFF}', ""));
}

/// Moves all there is to another host.
struct Moved;

impl Places for Moved {
    fn stands_for(&mut self, _: &Place<'_>) -> String {
        "https://moved.test/x".to_owned()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn what_is_followed_is_written_anew(
        pieces in prop::collection::vec(prop::sample::select(PIECES), 0..24),
        xml in any::<bool>(),
    ) {
        let (page, url) = (pieces.concat(), url());
        let media_type = MediaType::parse(if xml { "application/xhtml+xml" } else { "text/html" });
        let new = rewriter().rewrite(&url, media_type.as_ref(), page.as_bytes(), &mut Moved);
        let new = new.unwrap_or_else(|| page.clone().into_bytes());
        let follow = [MentionKind::Page, MentionKind::Embed, MentionKind::Style, MentionKind::Cite, MentionKind::Feed];
        let options = Options { follow: follow.to_vec(), ..Options::default() };
        let parser = Parser::new(&options, UrlRules::new(4096), "crawler");
        let input = Input {
            url: &url,
            body: &new,
            media_type: media_type.as_ref(),
            robots_tags: &[],
            link_headers: &[],
            refresh_headers: &[],
        };
        for link in parser.parse(&input).links {
            let is_kept = matches!(link.mention, Mention::Meta | Mention::Form)
                || link.mention == Mention::Link(LinkType::CANONICAL);
            if let Target::Url(to) = &link.target {
                prop_assert!(is_kept || to.host() == "moved.test", "{to} by {} in {:?} of {page:?}", link.mention, String::from_utf8_lossy(&new));
            }
        }
    }
}

const PIECES: &[&str] = &[
    "<a href='/a'>",
    "<a href=b>",
    "</a>",
    "<img src=\"i\" srcset='a 1x, b 2x'>",
    "<p style=\"a:url(b)\">",
    "<style>",
    "p{a:url(b)}",
    "@import 'c';",
    "</style>",
    "<script>",
    "<!--",
    "-->",
    "</script>",
    "<svg>",
    "</svg>",
    "<image href=i xlink:href='j'/>",
    "<math>",
    "</math>",
    "<title>",
    "</title>",
    "<template>",
    "</template>",
    "<textarea>",
    "</textarea>",
    "<base href='/x/'>",
    "<![CDATA[",
    "]]>",
    "<iframe srcdoc='<a href=q>'>",
    "</iframe>",
    "<noscript>",
    "</noscript>",
    "<meta http-equiv=refresh content='0;url=r'>",
    "&amp;",
    "<link rel=stylesheet href=s>",
    "<link rel=next href=n>",
    "<object data=o>",
    "<select>",
    "<table>",
    "<tr>",
    "<foreignObject>",
    "<desc>",
    "<frame src=f>",
    "<body background=g>",
    "<blockquote cite=k>",
    "<",
    ">",
    "\"",
    "'",
    "=",
    "/",
    " x",
    "\0",
    "<plaintext>",
    "<br>",
];
