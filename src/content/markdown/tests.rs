//! Markdown of small pages, and what `CommonMark` reads of it.

use proptest::prelude::*;
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use super::*;
use crate::content::outline::body;
use crate::tree::{Bounds, Document};

fn markdown_of(page: &str, most: usize) -> (String, bool) {
    let document = Document::parse(page, Bounds::default());
    let Some(body) = body(&document) else { return (String::new(), false) };
    let absolute = |reference: &str| match reference {
        absolute if absolute.contains(':') => Some(absolute.to_owned()),
        relative => Some(format!("http://e.com/{relative}")),
    };
    of(&Part::all(body), &Grids::of(&Part::all(body)), &absolute, most)
}

#[track_caller]
fn check(page: &str, expected: &str) {
    assert_eq!(markdown_of(page, usize::MAX), (expected.to_owned(), false), "{page}");
}

#[test]
fn blocks_have_an_empty_line_between_them() {
    check("<h1>A <i>b</i></h1><p>c<p>d<h6>e</h6>f", "# A *b*\n\nc\n\nd\n\n###### e\n\nf");
    check("<div>a<div>b</div></div>c<hr>d", "a\n\nb\n\nc\n\n***\n\nd");
    check("<blockquote><p>a<p>b<blockquote>c</blockquote></blockquote>d", "> a\n>\n> b\n>\n> > c\n\nd");
    check("a<br>b<br><br>c<br>", "a\\\nb\n\nc");
    check("<h2>a<br>b<p>c</p></h2>", "## a b c");
    check("<h2></h2><p> </p><ul><li></ul><pre> </pre><table><tr><td><td></table>", "");
}

#[test]
fn a_line_holds_code_links_and_emphasis() {
    check("un<i>believ</i>able", "un*believ*able");
    check("<b> a </b>b<strong></strong>", "**a** b");
    check("<b>a</b><b>b</b> <i><i>c</i></i>", "**ab** *c*");
    check("a<b>(b)</b>c <b>\"d\"</b>", "a(b)c **\"d\"**");
    check("<b>a<p>b</b>c", "**a**\n\n**b**c");
    check("<del>a</del>", "~~a~~");
    check("<code>a  b</code> <code>c</code><code>d</code>", "`a b` `cd`");
    check("<code>a`b</code><code></code> <kbd>``</kbd>", "``a`b`` ``` `` ```");
    check("<code>a*<b>b</b>_c&lt;d</code>", "`a*b_c<d`");
    check("<a href=x>a <b>b</b></a>", "[a **b**](http://e.com/x)");
    check("<code>a<a href=x>b</a> c</code>", "`a`[`b`](http://e.com/x) `c`");
    check("<a href=x><code>a</code></a>", "[`a`](http://e.com/x)");
    check("<a href=x><h2>a</h2><p>b</a>", "## [a](http://e.com/x)\n\n[b](http://e.com/x)");
    check("<a href='javascript:x'>a</a><a name=b>b</a> <a href=c></a>", "ab");
    check("<a href=' ja&#9;va&#10;script:x'>a</a><img src='da&#9;ta:x' alt=b>", "ab");
    check("<a href='m:(a b)'>a</a>!<a href=b>b</a>", "[a](<m:(a b)>)\\![b](http://e.com/b)");
    check("<a href=x>a [1]</a> [2]", "[a \\[1\\]](http://e.com/x) [2]");
    check("<img src=a alt='b [c]'><img src=d><img src=e alt=''>", "![b \\[c\\]](http://e.com/a)![](http://e.com/d)");
    check("<img src=data:x data-src=a alt=b><img alt=c src=data:x>", "![b](http://e.com/a)c");
    check("<a href=x><img src=a alt=b></a>", "[![b](http://e.com/a)](http://e.com/x)");
}

#[test]
fn what_would_mean_something_is_escaped_and_nothing_else() {
    check("a_b _c_ *d* `e`", "a_b \\_c\\_ \\*d\\* \\`e\\`");
    check("a &lt;b> &amp;lt; &amp; c&amp;d 1 &lt; 2", "a \\<b> \\&lt; & c&d 1 < 2");
    check("a\\b \\* c\\", "a\\b \\\\\\* c\\\\");
    check("[a] [b](c) [d]: e", "[a] [b\\](c) [d\\]: e");
    check("a &amp;amp;amp; &amp;#65; &amp;a b;", "a \\&amp;amp; \\&#65; &a b;");
    check("a | b ~5 ~~c~~", "a | b ~5 \\~\\~c\\~\\~");
    for (text, expected) in [
        ("# a", "\\# a"),
        ("#a", "#a"),
        ("- a", "\\- a"),
        ("-a", "-a"),
        ("+ a", "\\+ a"),
        ("1. a", "1\\. a"),
        ("1.a", "1.a"),
        ("12) a", "12\\) a"),
        ("> a", "\\> a"),
        ("---", "\\---"),
        ("===", "\\==="),
        ("[ ] a", "\\[ ] a"),
    ] {
        check(&format!("<p>{}", text.replace('>', "&gt;")), expected);
        check(&format!("x<br>{}", text.replace('>', "&gt;")), &format!("x\\\n{expected}"));
    }
    check("<h1>C #</h1>", "# C \\#");
}

#[test]
fn a_long_paragraph_is_written_in_parts_and_not_cut() {
    let lines = 100_000;
    let (markdown, is_cut) = markdown_of(&"a<br>".repeat(lines), 8 << 20);
    assert!(!is_cut);
    assert_eq!(markdown.matches('a').count(), lines);
    let (markdown, is_cut) = markdown_of(&"<i>a</i> <b>b</b>".repeat(lines), 8 << 20);
    assert!(!is_cut);
    assert_eq!(markdown.matches("*a*").count(), lines);
}

#[test]
fn lists_nest_and_keep_their_numbers() {
    check("<ul><li>a<li>b<ol><li>c<li>d</ol><li>e</ul>", "- a\n- b\n  1. c\n  2. d\n- e");
    check("<ol start=9><li>a<li>b<ul><li>c</ul></ol>", "9. a\n10. b\n    - c");
    check("<ol><li>a<ol start=3><li>b</ol></ol>", "1. a\n\n   3. b");
    check("<ul><li><p>a<p>b<li><p>c</ul>", "- a\n\n  b\n- c");
    check("<ul><li>a</ul><ul><li>b</ul>c<ul><li>d</ul>", "- a\n\n+ b\n\nc\n\n- d");
    check("<ol><li>a</ol><ol><li>b</ol>", "1. a\n\n1) b");
    check("<ul><li><pre>a\n  b</pre></ul>", "- ```\n  a\n    b\n  ```");
    check("<ul><li><ul><li>a</ul></ul>", "- - a");
    check("<ul><li>- a<li><h3>b</h3></ul>", "- \\- a\n- ### b");
    check("<ul><li>a<dl><dt>b<dd>c</dl></ul>", "- a\n\n  b\n  - c");
    check("<ul><li><table><tr><th>a</table><dl><dt>b</dl></ul>", "- | a |\n  | --- |\n\n  b");
    check("<dl><dt>a<dt>b<dd>c<p>d<dd>e<dt>f<dd><dl><dt>g<dd>h</dl></dl>", "a\n\nb\n- c\n\n  d\n- e\n\nf\n- g\n  - h");
}

#[test]
fn code_is_kept_byte_for_byte_with_its_language() {
    check("<pre>\n  a\n\n\tb  \n</pre>", "```\n  a\n\n\tb  \n```");
    check("<pre>a<br>b<b>c</b></pre>", "```\na\nbc\n```");
    check("<pre>```\na</pre>", "````\n```\na\n````");
    check("<blockquote><pre>a\n\n b</pre></blockquote>", "> ```\n> a\n>\n>  b\n> ```");
    for (page, language) in [
        ("<pre class='language-rust'>a</pre>", "rust"),
        ("<pre><code class='x lang-c++'>a</code></pre>", "c++"),
        ("<pre class='brush: java; gutter: false'>a</pre>", "java"),
        ("<pre class='brush:js'>a</pre>", "js"),
        ("<pre class='sourceCode python'>a</pre>", "python"),
        ("<div class='highlight-python3 notranslate'><div class=highlight><pre>a</pre></div></div>", "python3"),
        ("<div class='highlight highlight-source-shell'><pre>a</pre></div>", "shell"),
        ("<pre data-lang=go>a</pre>", "go"),
        ("<div class='highlight-default'><pre>a</pre></div>", ""),
        ("<pre class='language-`x'>a</pre>", ""),
        ("<pre class='highlight'>a</pre>", ""),
    ] {
        check(page, &format!("```{language}\na\n```"));
    }
}

#[test]
fn tables_have_rows_with_a_head_or_without() {
    check("<table><tr><th>a<th>b<tr><td>c<td>d</table>", "| a | b |\n| --- | --- |\n| c | d |");
    check("<table><tr><td>a<td>b<tr><td>c</table>", "| | |\n| --- | --- |\n| a | b |\n| c |");
    check(
        "<table><caption>C</caption><tr><td><th>x<tr><th>y<td>1</table>",
        "C\n\n| | |\n| --- | --- |\n| | **x** |\n| **y** | 1 |",
    );
    check(
        "<table><tr><th>a|b<th><code>c|d</code><tr><td>e<br>f<p>g<td><ul><li>h<li>i</ul></table>",
        "| a\\|b | `c\\|d` |\n| --- | --- |\n| e<br>f<br>g | - h<br>- i |",
    );
    check("<table><tr><th>a<tr><td><pre>b\n  c\n</pre>d</table>", "| a |\n| --- |\n| `b`<br>`  c`<br>d |");
    check(
        "<table><tr><th colspan=2>a<th>b<tr><td rowspan=2>c<td>d<td>e<tr><td>f<td>g</table>",
        "| a | | b |\n| --- | --- | --- |\n| c | d | e |\n| | f | g |",
    );
    check("<table><tr><td><pre>1\n2</pre><td><pre>a\nb</pre></table>", "```\n1\n2\n```\n\n```\na\nb\n```");
    check("<ul><li>a<table><tr><th>b<tr><td>c</table></ul>", "- a\n\n  | b |\n  | --- |\n  | c |");
    check("<h2><table><tr><th>a<td>b</table></h2>", "## a b");
}

#[test]
fn a_long_page_is_cut_at_the_end_of_a_line() {
    assert_eq!(markdown_of("<p>one<p>two<p>three", 10), ("one\n\ntwo\n".to_owned(), true));
    assert_eq!(markdown_of("<p>one<p>two", 8), ("one\n\ntwo".to_owned(), false));
    let (rows, cut) = markdown_of(&format!("<table><tr><th>a<tr>{}", "<td>b<tr>".repeat(1000)), 100);
    assert!(cut && rows.len() <= 100, "{rows}");
}

/// What `CommonMark` reads: headings, links and code, in their order.
fn read(markdown: &str) -> Vec<String> {
    fn push(open: &mut [String], text: &str) {
        for open in open {
            open.push_str(text);
        }
    }
    let mut found = Vec::new();
    let mut open: Vec<String> = Vec::new();
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
        match event {
            Event::Start(Tag::Heading { level, .. }) => open.push(format!("{level} ")),
            Event::Start(Tag::Link { dest_url, .. }) => open.push(format!("a {dest_url} ")),
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => open.push(format!("pre {language} ")),
            Event::Text(text) => push(&mut open, &text),
            Event::Code(code) => {
                found.push(format!("code {code}"));
                push(&mut open, &code);
            }
            Event::SoftBreak | Event::HardBreak => push(&mut open, " "),
            Event::End(TagEnd::Heading(_) | TagEnd::Link | TagEnd::CodeBlock) => found.extend(open.pop()),
            _ => {}
        }
    }
    found
}

#[test]
fn commonmark_reads_back_the_same_headings_links_and_code() {
    let page = "<h1>A # <a href=x>[b] *c*</a></h1><ol start=3><li>d<pre class=lang-x>  e\n\n```\n</pre>\
        <ul><li><code>`f| </code></ul></ol><blockquote><h2>g\\_ <code>h</code> #</h2></blockquote>\
        <table><tr><th><a href='m:a|b(c)'>i</a><td><code>j|k</code></table>\
        <dl><dt><code>l</code><dd><pre>\tm\n</pre><dl><dt>n<dd><pre>o</pre></dl></dl>";
    let expected = [
        "a http://e.com/x [b] *c*",
        "h1 A # [b] *c*",
        "pre x   e\n\n```\n",
        "code `f|",
        "code h",
        "h2 g\\_ h #",
        "a m:a%7Cb(c) i",
        "code j|k",
        "code l",
        "pre  \tm\n",
        "pre  o\n",
    ];
    assert_eq!(read(&markdown_of(page, usize::MAX).0), expected);
}

/// What a page may consist of: texts that mean something, and elements that enclose what comes next.
fn soup() -> impl Strategy<Value = String> {
    const WORDS: &[&str] = &[
        "a", " ", "*", "_", "`", "[", "]", "(", ")", "!", "#", "- ", "1. ", "\\", "|", "~~", "\n", "&lt;b>", "&amp;lt;",
    ];
    const TAGS: &[&str] = &[
        "p",
        "h1",
        "h2",
        "ul",
        "ol",
        "li",
        "pre",
        "code",
        "b",
        "i",
        "a href=x",
        "table",
        "tr",
        "td",
        "th",
        "dl",
        "dt",
        "dd",
        "blockquote",
        "br",
        "hr",
        "img src=y alt=z",
        "div",
        "q",
        "del",
    ];
    let piece = prop_oneof![
        3 => proptest::sample::select(WORDS).prop_map(str::to_owned),
        2 => proptest::sample::select(TAGS).prop_map(|tag| format!("<{tag}>")),
        1 => proptest::sample::select(TAGS)
            .prop_map(|tag| format!("</{}>", tag.split(' ').next().unwrap_or_default())),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_page_has_a_markdown_of_bounded_length(page in soup()) {
        let (markdown, cut) = markdown_of(&page, usize::MAX);
        prop_assert!(!cut);
        prop_assert!(markdown.len() <= 64 * page.len() + 64, "{} of {}", markdown.len(), page.len());
        let (short, _) = markdown_of(&page, 16);
        prop_assert!(short.len() <= 16);
    }

    /// A text in a paragraph, a heading, a cell and a link is the same text once it is read.
    #[test]
    fn any_text_is_read_back_as_it_was(text in "[ -~]{1,24}") {
        let words: Vec<_> = text.split_whitespace().collect();
        let folded = words.join(" ");
        prop_assume!(!folded.is_empty());
        let escaped = text.replace('&', "&amp;").replace('<', "&lt;");
        for (page, prefix) in [(format!("<h3>{escaped}</h3>"), "h3 "), (format!("<a href=x>{escaped}</a>"), "a http://e.com/x ")] {
            prop_assert_eq!(read(&markdown_of(&page, usize::MAX).0), vec![format!("{prefix}{folded}")]);
        }
        let paragraph = markdown_of(&format!("<p>{escaped}</p>"), usize::MAX).0;
        prop_assert_eq!(plain(&paragraph), folded.clone(), "{}", paragraph);
        let cell = markdown_of(&format!("<table><tr><th>x<th>y<tr><td>{escaped}<td>z</table>"), usize::MAX).0;
        prop_assert_eq!(plain(&cell), format!("xy{folded}z"), "{}", cell);
        let code = markdown_of(&format!("<p><code>{escaped}</code></p>"), usize::MAX).0;
        prop_assert_eq!(read(&code), vec![format!("code {folded}")]);
    }
}

/// All texts, as `CommonMark` reads them.
fn plain(markdown: &str) -> String {
    let events = Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH);
    events
        .map(|event| match event {
            Event::Text(text) => text.to_string(),
            Event::Start(Tag::Paragraph | Tag::Table(_) | Tag::TableHead | Tag::TableRow | Tag::TableCell)
            | Event::End(_) => String::new(),
            other => format!("{other:?}"),
        })
        .collect()
}
