//! The scan compared with the tree that html5ever builds: the same links in the same order, base, title and meta.
//!
//! What differs is in [`DIFFERENCES`], each with its reason; `docs/design/parse.md` tells more of them.

use std::path::Path;

use proptest::prelude::*;
use proptest::sample::select;

use super::comparison::{alike, by_scan, by_tree, others_alike};

#[test]
fn the_pages_of_fixtures_are_read_alike() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let pages = pages_below(&folder);
    assert!(pages.len() >= 60, "only {} pages", pages.len());
    // A tree knows no shadow roots (`DIFFERENCES`).
    for (name, page) in pages.iter().filter(|(name, _)| !name.contains("shadow-root")) {
        assert_alike(page, name);
    }
}

/// `PAGES=/usr/share/doc cargo test --release -- --ignored pages_of_a_folder`.
#[test]
#[ignore = "reads the folder that PAGES names"]
fn the_pages_of_a_folder_are_read_alike() {
    let folder = std::env::var("PAGES").expect("PAGES names a folder of HTML files");
    let pages = pages_below(Path::new(&folder));
    assert!(!pages.is_empty(), "no page in {folder}");
    for (name, page) in pages {
        assert_alike(&page, &name);
    }
}

#[test]
fn what_a_tag_or_a_text_holds_is_read_alike() {
    for page in PAGES {
        assert_alike(page, page);
    }
}

#[test]
fn each_difference_is_as_it_is_told() {
    for (page, scan, tree, reason) in DIFFERENCES {
        assert_eq!(by_scan(page), *scan, "{page}: {reason}");
        assert_eq!(by_tree(page), *tree, "{page}: {reason}");
    }
}

/// Alike, except for what soup has once in a while (`DIFFERENCES`), and what the scan tells, the tree tells too. The tree may
/// have charsets of its own, since it takes those of elements other than `<meta>`, and links that it opens again behind a
/// page of frames, or outside of a template that leaves an `<object>` or the like open.
fn alike_but_rarities(page: &str) -> Result<(), TestCaseError> {
    let (scan, tree) = (by_scan(page), by_tree(page));
    let leaves_open = ["<object", "<applet", "<marquee"].iter().any(|element| page.contains(element));
    let opens_again =
        page.contains("<frameset>") && page.contains("</html>") || page.contains("<template") && leaves_open;
    let is_rare = |line: &str| {
        line.starts_with("charset ") || opens_again && (line.starts_with("link ") || line.starts_with("nofollow "))
    };
    let (mut scan, mut tree): (Vec<_>, Vec<_>) = (scan.lines().collect(), tree.lines().collect());
    prop_assert_eq!(scan.iter().find(|line| !tree.contains(line)), None, "{}", page);
    scan.retain(|line| !is_rare(line));
    tree.retain(|line| !is_rare(line));
    prop_assert_eq!(scan, tree);
    Ok(())
}

proptest! {
    /// `PROPTEST_CASES` sets how many pages are made up.
    #[test]
    fn tag_soup_is_read_alike(soup in prop::collection::vec(prop_oneof![8 => piece(SOUP), 1 => attributed()], 0..60)) {
        alike_but_rarities(&soup.concat())?;
    }

    /// But for the order of links, and for which of several titles comes first.
    #[test]
    fn tables_are_read_alike(soup in prop::collection::vec(piece(TABLES), 0..40)) {
        let soup = soup.concat();
        let (scan, tree) = (by_scan(&soup), by_tree(&soup));
        let has_titles = soup.matches("<title>").count() > 1;
        let told = |page| sorted(page).into_iter().filter(|line| !has_titles || !line.starts_with("title ")).collect();
        let (scan, tree): (Vec<_>, Vec<_>) = (told(&scan), told(&tree));
        prop_assert_eq!(scan, tree);
    }

    #[test]
    fn frames_are_read_alike(soup in prop::collection::vec(prop_oneof![4 => piece(FRAMES), 1 => piece(SOUP)], 0..14)) {
        alike_but_rarities(&soup.concat())?;
    }

    #[test]
    fn scripts_are_read_alike(soup in prop::collection::vec(piece(SCRIPTS), 0..30)) {
        alike(&format!("<script>{}</script><a href=/end>", soup.concat())).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn foreign_content_is_read_alike(nested in prop::collection::vec(foreign(), 0..6)) {
        alike(&nested.concat()).map_err(TestCaseError::fail)?;
    }

    /// A page with a shadow root is read with all its open elements known, which changes nothing else.
    #[test]
    fn pages_with_shadow_roots_are_read_alike(
        soup in prop::collection::vec(prop_oneof![8 => piece(SOUP), 1 => attributed()], 0..40),
        nested in prop::collection::vec(foreign(), 0..3),
    ) {
        let root = "<body><div><template shadowrootmode=open></template></div>";
        alike_but_rarities(&[root, &soup.concat()].concat())?;
        alike(&[root, &nested.concat()].concat()).map_err(TestCaseError::fail)?;
    }

    /// What pages are made of, and what they quote: in any order, since a page of tables has another.
    #[test]
    fn other_kinds_are_read_alike(soup in prop::collection::vec(prop_oneof![6 => piece(OTHERS), 1 => piece(SOUP)], 0..24)) {
        let soup = soup.concat();
        // `docs/design/parse.md` has what is read otherwise.
        prop_assume!(!soup.contains("<template") && !soup.contains("srcdoc") && !soup.contains("<frameset"));
        others_alike(&soup).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn references_are_read_alike(pieces in prop::collection::vec(piece(REFERENCES), 0..30)) {
        let text = pieces.concat();
        alike(&format!("<title>{text}</title><a href=\"{text}\"><a href=x{text}>")).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn any_text_is_read_alike(text in "[ -~\n\0\r]{0,80}") {
        alike(&format!("<a href={text}<p>{text}")).map_err(TestCaseError::fail)?;
    }
}

#[track_caller]
fn assert_alike(page: &str, name: &str) {
    if let Err(difference) = alike(page) {
        panic!("{name}: {difference}");
    }
}

fn sorted(told: &str) -> Vec<&str> {
    let mut lines: Vec<_> = told.lines().collect();
    lines.sort_unstable();
    lines
}

fn pages_below(folder: &Path) -> Vec<(String, String)> {
    let mut pages = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            pages.extend(pages_below(&path));
        } else if path.extension().is_some_and(|extension| extension == "html") {
            let page = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
            pages.push((path.display().to_string(), page));
        }
    }
    pages
}

fn piece(pieces: &'static [&'static str]) -> impl Strategy<Value = String> {
    select(pieces).prop_map(str::to_owned)
}

/// A tag with attributes of all kinds.
fn attributed() -> impl Strategy<Value = String> {
    let attributes = prop::collection::vec(select(ATTRIBUTES), 0..6);
    (select(&["a", "A", "area", "link", "meta", "base", "html", "iframe", "p", "/a", "input"][..]), attributes)
        .prop_map(|(name, attributes)| format!("<{name} {}>", attributes.concat()))
}

/// SVG and `MathML`, well nested but for what stands inside.
fn foreign() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![3 => piece(FOREIGN_LEAVES), 1 => piece(REFERENCES)];
    leaf.prop_recursive(6, 60, 5, |inner| {
        let tag = select(FOREIGN_ELEMENTS);
        (tag, prop::collection::vec(inner, 0..5)).prop_map(|(tag, inner)| {
            let name = tag.split(' ').next().unwrap_or_default();
            format!("<{tag}>{}</{name}>", inner.concat())
        })
    })
}

/// What names something that is no page.
const OTHERS: &[&str] = &[
    "<img src=/a.png srcset='/b.png 1x, /c.png 2x' longdesc=/d>",
    "<IMG SRC=\"/&amp;a\" data-src=/lazy>",
    "<image src=/i.png>",
    "<video poster=/p.png src=/v.mp4><source src=/s.mp4><track src=/t.vtt></video>",
    "<picture><source srcset=/w.webp></picture>",
    "<link rel='shortcut icon' href=/i.ico><link rel=preload imagesrcset='/x 1x, /y 2x'>",
    "<link rel=alternate type='application/rss+xml' href=/feed>",
    "<link rel=stylesheet href=/s.css>",
    "<meta property=og:image content=/og.png>",
    "<meta http-equiv=content-security-policy content=\"script-src 'self'; report-uri /r /s\">",
    "<blockquote cite=/q><q cite=/r></blockquote>",
    "<a href=/x ping='/p /q' style='background:url(/bg.png)'>",
    "</a>",
    "<div style=\"background:url('/div.png')\" background=/no>",
    "</div>",
    "<style>@import '/i.css';p{background:url(/p.png)}</style>",
    "<script src=/s.js></script>",
    "<script>fetch('/api')</script>",
    "<script type=application/ld+json>{\"url\":\"https://e.com/ld\"}</script>",
    "<svg><image href=/svg.png /><use xlink:href='#u'/><script href=/svg.js></script></svg>",
    "<svg><path style='fill:url(/fill)'/></svg>",
    "<object data=/o.swf codebase=/cb><param name=movie value=/m.swf></object>",
    "<embed src=/e.swf><applet archive='a.jar,b.jar' code=c>",
    "<input type=image src=/submit.png><input src=/no.png>",
    "<iframe longdesc=/ld></iframe>",
    "<noscript><img src=/noscript.png></noscript>",
    "<textarea><img src=/no.png></textarea>",
    "<!-- <img src=/no.png> -->",
    "<p>",
    "x",
];

/// Pages with one thing each that only a tokenizer knows.
const PAGES: &[&str] = &[
    "<a href=/a><a href=/b><svg><path></a><a href=/c><svg><path></a></a><link rel=next href=/no>",
    "<mi><a href=/a><a href=/b><svg><path></a><![CDATA[<a href=/no><svg><path></a></a><link rel=next href=/no></mi>",
    "<!--><a href=/a>--><a href=/b>",
    "<!---><a href=/a>--><a href=/b>",
    "<!-- --!><a href=/a>",
    "<!-- -- > <a href=/no> --><a href=/a>",
    "<!-- <!-- --><a href=/a>",
    "<!doctype html \"><a href=/a>\">",
    "<![CDATA[<a href=/a>]]>",
    "<svg><![CDATA[<a href=/a>]]><a href=/b>",
    "<?xml version='1.0'?><a href=/a>",
    "</ <a href=/a>><a href=/b>",
    "</><a href=/a>",
    "<a href=/a",
    "<a href='/a>",
    "<3<a href=/a>",
    "<a\0 href=/a><a href=/b\0>",
    "<a href=/a?b&amp;c&copy;&copy&copyx&copy=&#65;&#x42&#128;&notin;&notit;>",
    "<title>a &amp; b &lt;i> <b>c</b></title>",
    "<title>a</title x",
    "<title>a</title",
    "<title>a</titles></TITLE><a href=/a>",
    "<textarea><a href=/a></textarea><a href=/b>",
    "<xmp><a href=/a></xmp><a href=/b>",
    "<noembed><a href=/a></noembed><noframes><a href=/b></noframes><a href=/c>",
    "<style><a href=/a></style><a href=/b>",
    "<plaintext><a href=/a></plaintext>",
    "<noscript><a href=/a></noscript>",
    "<head><noscript><link rel=next href=/a><title>t</title></noscript><a href=/b>",
    "<noscript><svg></noscript><title>a</title></svg><title>b</title>",
    "<template><a href=/a><template></template><a href=/b></template><a href=/c>",
    "<template><html lang=de><meta charset=big5><base href=/a></template>",
    "<svg><title>a</title></svg><title>b</title>",
    "<svg><foreignObject><title>a</title></foreignObject></svg><title>b</title>",
    "<math><mi><title>a</title></mi></math><title>b</title>",
    "<svg><style><a href=/a></style></svg><style><a href=/b></style>",
    "<svg><a xlink:href=/a></a><a href=/b xlink:href=/c></a></svg><a xlink:href=/d>",
    "<math><a href=/a></a></math><a href=/b>",
    "<svg><link rel=next href=/a><p><link rel=next href=/b>",
    "<a href=/a><svg></a><style><a href=/b></style>",
    "<svg></a></g><style><a href=/b></style>",
    "<svg></body><style><a href=/b></style>",
    "<select><option><a href=/a></select>",
    "<body><base href=/a><meta name=robots content=nofollow><html lang=de><a href=/b>",
    "<html lang=de><html lang=en>",
    "<html lang><html lang=en>",
    "<frameset><frame src=/a><a href=/b></frameset><frame src=/c><noframes><a href=/d></noframes>",
    "<p><a href=/a><title>t</title><html lang=de><frameset><frame src=/b>",
    "<frame src=/a><frameset><frame src=/b></frameset>",
    "<p>text<frameset><frame src=/b></frameset>",
    "<object data=/a type=text/html><a href=/b></object><object data=/no><object data=/c.html>",
    "<object data=/no.html type=image/png></object><embed src=/no><embed src=/a type=application/xhtml+xml>",
    "<object data='' type=text/html><embed src=' ' type=text/html><iframe src=''></iframe><iframe src=' '></iframe>",
    "<svg><object data=/a.html></object><embed src=/b.html></svg>",
    "<link rel=canonical href=''><link rel=canonical href=' '><link rel=canonical href=/a><link rel=next href=''>",
    "<link rel=alternate href=/a hreflang=a><link rel=alternate href=/b hreflang=b>",
    "<iframe src=/no srcdoc='<a href=/a><iframe srcdoc=\"<base href=/b/><a href=b>\"></iframe>'></iframe><a href=/c>",
    "<iframe srcdoc='<base href=/b/><a href=a><iframe srcdoc=\"<base href=c/><a href=b><meta name=robots content=none>\">'>",
    "<iframe srcdoc='<title>no</title><html lang=no><meta name=robots content=nofollow><a href=/a>'></iframe><a href=/b>",
    "<iframe srcdoc></iframe><iframe src=/no srcdoc=''></iframe>",
    "<template><iframe srcdoc='<a href=/no>'></iframe><object data=/no.html></object><script></script></template>",
    "<body><div><template shadowrootmode=open></template></div><math><svg></body></svg><svg><a href=/no /></svg></math>",
    "<div><template shadowrootmode=no><a href=/no></template></div><template><b><template shadowrootmode=open><a href=/no>",
    "<script type=application/ld+json></script>",
    "<script type=Text/JavaScript></script>",
    "<svg><script></script></svg>",
    "<svg><desc><title>a</title></desc></svg><title>b</title>",
];

/// A page, what the scan tells of it, what a tree tells of it, and why.
const DIFFERENCES: &[(&str, &str, &str, &str)] = &[
    (
        "<table><tr><td><a href=/a></td></tr><a href=/b></table>",
        "link \"/a\"\nlink \"/b\"\n",
        "link \"/b\"\nlink \"/a\"\n",
        "a tree moves what stands between rows in front of the table; the scan keeps the order of the page",
    ),
    (
        "<table><td><title>a</title><tr><title>b</title></table>",
        "title \"a\"\n",
        "title \"b\"\n",
        "the same moves one title in front of the other",
    ),
    (
        "<g><svg><title><span></g></span></title><style><a href=/a></style>",
        "link \"/a\"\n",
        "",
        "html5ever lets an end tag leave the <title> of SVG, the standard does not (section 13.2.6.4.7, special elements)",
    ),
    (
        "<template><a href=/a><object></template>x",
        "",
        "link \"/a\"\n",
        "an <a> and an <object> that a template leaves open make a tree open the <a> again outside of it",
    ),
    (
        "<a href=/a><frameset></frameset></html> ",
        "",
        "link \"/a\"\n",
        "white space behind a page of frames opens an <a> again that a body before it left open",
    ),
    (
        "<math><annotation-xml encoding=text/html><a href=/a>",
        "link \"/a\"\n",
        "",
        "scraper's tree does not know that such an annotation is HTML",
    ),
    (
        "<div><template shadowrootmode=open><a href=/a></template></div>",
        "link \"/a\"\n",
        "",
        "scraper's tree does not know shadow roots",
    ),
    (
        "<link charset=big5>",
        "",
        "charset \"big5\"\n",
        "html5ever takes the charset of any element of the head for that of the page; the standard that of <meta>",
    ),
];

const SOUP: &[&str] = &[
    "<a href='/a'>",
    "<a href=b x=1 y z>",
    "<a href=/n rel=nofollow>",
    "<A HREF=/U>",
    "</a>",
    "<b>",
    "</b>",
    "<i class=x>",
    "</i>",
    "<p>",
    "</p>",
    "<div>",
    "</div>",
    "<title>",
    "</title>",
    "<template>",
    "</template>",
    "<script>",
    "</script>",
    "<style>",
    "</style>",
    "<textarea>",
    "</textarea>",
    "<noscript>",
    "</noscript>",
    "<xmp>",
    "</xmp>",
    "<noembed>",
    "</noembed>",
    "<noframes>",
    "</noframes>",
    "<iframe src=/f>",
    "</iframe>",
    "<frameset>",
    "<frame src=/g>",
    "</frameset>",
    "<select>",
    "<option>",
    "</select>",
    "<form>",
    "</form>",
    "<input>",
    "<base href='//b.example/c/'>",
    "<base href='data:x'>",
    "<link rel=next href=/n>",
    "<link rel='canonical' href=?c>",
    "<link rel=stylesheet href=/css>",
    "<meta name=robots content=nofollow>",
    "<meta name=description content='d &amp; e'>",
    "<meta charset=big5>",
    "<meta http-equiv=content-type content='text/html; charset=\"koi8-r\"'>",
    "<meta http-equiv=refresh content='0;url=/r'>",
    "<object data=/o.html>",
    "</object>",
    "<embed src=/e type=text/html>",
    "<iframe src=/no srcdoc='<a href=/i><base href=/j>'>",
    "<html lang=de>",
    "<html lang=en x>",
    "<body>",
    "<head>",
    "</head>",
    "</body>",
    "</html>",
    "<!-- ",
    " -->",
    "--!>",
    "<!-->",
    "<!x",
    "<!doctype html>",
    "</ ",
    "</>",
    "<?",
    "<![CDATA[",
    "]]>",
    "<",
    ">",
    "&",
    "&am",
    "&amp;",
    "'",
    "\"",
    "=",
    "/",
    " ",
    "\n",
    "\r",
    "\0",
    "x",
    "ü",
    "-",
    "--",
    "!",
    "<a href=mailto:x>",
    "<a x='",
    "<b y=\"",
    "<br/>",
    "</br>",
    "<area href=#f>",
    "<button>",
    "</button>",
    "<nobr>",
    "<li>",
    "</li>",
    "<dd>",
    "<h1>",
    "</h1>",
    "<hr>",
    "<img src=i>",
    "<ruby><rt>",
    "<span>",
    "</span>",
];
/// What a tree moves its links for, or opens them again.
const TABLES: &[&str] = &[
    "<table>",
    "<tbody>",
    "<tr>",
    "<td>",
    "<th>",
    "</td>",
    "</tr>",
    "</table>",
    "<caption>",
    "<col>",
    "<colgroup>",
    "</colgroup>",
    "<applet>",
    "</applet>",
    "<object>",
    "</object>",
    "<a href=/1>",
    "<a href=/2>",
    "<a href=/3>",
    "<a href=/4 rel=nofollow>",
    "</a>",
    "<b>",
    "</b>",
    "<p>",
    "x",
    "<form>",
    "</form>",
    "<select>",
    "<option>",
    "</select>",
    "<input>",
    "<style>",
    "</style>",
    "<script>",
    "</script>",
    "<textarea>",
    "</textarea>",
    "<title>",
    "</title>",
    "<frameset>",
    "<frame src=/f>",
    "<iframe src=/5></iframe>",
    "<area href=/6>",
    "<link rel=up href=/7>",
    "<meta http-equiv=refresh content='0;url=/r'>",
    "<html lang=de>",
    "<body>",
    "</body>",
    "<noscript>",
    "<plaintext>",
];
const FRAMES: &[&str] = &[
    "<frameset>",
    "</frameset>",
    "<frame src=/g>",
    "<noframes>",
    "</noframes>",
    "<html lang=de>",
    "<head>",
    "</head>",
    "<body>",
    "</body>",
    "</html>",
    "<title>",
    "</title>",
    "<template>",
    "</template>",
    "<noscript>",
    "</noscript>",
    "<script>",
    "</script>",
    "<link rel=next href=/n>",
    "<meta name=description content=d>",
    "<base href=/b>",
    " ",
    "x",
    "\0",
    "&#32;",
    "&amp;",
    "<",
    "<p>",
    "<div>",
    "<a href=/a>",
    "<br>",
    "</br>",
    "</p>",
    "<input type=hidden>",
    "<input>",
    "<svg>",
    "</svg>",
    "<![CDATA[x]]>",
    "<!-- c -->",
    "<pre>",
    "<textarea></textarea>",
    "<style></style>",
];
const SCRIPTS: &[&str] = &[
    "<!--",
    "-->",
    "--",
    "-",
    ">",
    "<",
    "<!-",
    "<!",
    "<script",
    "<script>",
    "</script",
    "</script ",
    "</scripts>",
    "<SCRIPT/",
    "</",
    "/",
    " ",
    "x",
    "\r",
    "<a href=/a>",
    "script",
    "!",
];
const REFERENCES: &[&str] = &[
    "&",
    "&amp;",
    "&amp",
    "&lt",
    "&copy",
    "&copy=",
    "&copyx",
    "&not",
    "&notin;",
    "&notin",
    "&notit;",
    "&nosuch;",
    ";",
    "=",
    "a",
    "1",
    "&#",
    "&#x",
    "&#65;",
    "&#65",
    "&#x41;",
    "&#X",
    "&#0;",
    "&#128;",
    "&#x9f",
    "&#xD800;",
    "&#1114112;",
    "&#99999999999999999999;",
    "&NotEqualTilde;",
    "&fjlig;",
    "&AMP",
    "&Amp;",
    "&there4;",
    "&frac12",
    "&sup1x",
    "#",
    "\0",
    "\r",
    "\r\n",
    "\n",
    "ü",
    "&ü",
    "?",
    "&#13;",
    "&#10;",
];
const ATTRIBUTES: &[&str] = &[
    "href=/a ",
    "href='/b'",
    "href=\"/c\" ",
    "HREF = /d ",
    "href ",
    "href= ",
    "rel=nofollow ",
    "rel='ugc next'",
    "rel=canonical ",
    "rel=alternate ",
    "src=/s ",
    "content='5; url=/r' ",
    "content=nofollow ",
    "name=robots ",
    "name=description ",
    "http-equiv=refresh ",
    "lang=en ",
    "type=text/html ",
    "type='text/css' ",
    "x ",
    "x=1",
    "/",
    "/ ",
    "=",
    "= ",
    "'",
    "\"",
    "\n",
    "\r\n",
    "\0",
    "<",
    "x=\"a>b\" ",
    "href=/e\0&amp;f ",
    "&",
    "xlink:href=/x ",
    "ü=ü ",
];
const FOREIGN_ELEMENTS: &[&str] = &[
    "svg",
    "g",
    "path",
    "a href=/sa",
    "a xlink:href=/sx",
    "title",
    "desc",
    "foreignObject",
    "style",
    "script",
    "textarea",
    "template",
    "math",
    "mi",
    "mo",
    "mtext",
    "mrow",
    "annotation-xml",
    "annotation-xml encoding=application/mathml",
    "font",
    "div",
    "span",
    "b",
    "iframe src=/si",
    "SVG",
    "noscript",
    "mglyph",
    "select",
];
const FOREIGN_LEAVES: &[&str] = &[
    "<svg/>",
    "<math/>",
    "<svg><line/><rect/></line></rect></svg>",
    "<math><mglyph/><mi><mglyph/></mi></math>",
    "<svg><template/><style/><a href=/fa /></svg>",
    "<link rel=next href=/fl>",
    "<base href=/fb>",
    "<area href=/fr>",
    "<meta name=description content=fd>",
    "<br>",
    "<img>",
    "x",
    " ",
    "<![CDATA[<a href=/fc>]]>",
    "<![CDATA[",
    "<!-- <a href=/fo> -->",
    "<title>ft</title>",
    "<style><a href=/fs></style>",
    "<script>'<a href=/fj>'</script>",
    "<html lang=fr>",
    "<frameset>",
    "<iframe src=/ff></iframe>",
    "</br>",
    "<input>",
    "<hr/>",
    "<svg><span></span></svg>",
    "<svg><font color=red></font></svg>",
    "<a href=/fx><svg><path></a>",
    "<svg></body></html></svg>",
];
