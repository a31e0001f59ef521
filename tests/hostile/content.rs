//! Hostile to texts and Markdown: what nests, what is wide, what never ends, and what would be a link, an element or a fence
//! to whoever reads the Markdown.

use pulldown_cmark::{Event, Options, Parser, Tag};
use serde_json::Value;

use crate::scenario::{Scenario, Seen};
use crate::support::Reply;

pub(crate) fn scenarios() -> Vec<Scenario> {
    let plain = [nested(), large(), tables()].into_iter().flatten().map(|scenario| scenario.also(assert_read));
    plain.chain(written()).map(read).collect()
}

/// The same, with the page as text and as Markdown, and what has to hold for these.
fn read(scenario: Scenario) -> Scenario {
    scenario.flag("--text").flag("--markdown").ends("/", "ok")
}

fn nested() -> Vec<Scenario> {
    vec![
        Scenario::page("text: lists in lists", || Reply::html("<ul><li>a<ol><li>b".repeat(100_000))),
        Scenario::page("text: quotes in quotes", || Reply::html("<blockquote>a".repeat(100_000))),
        Scenario::page("text: tables in tables", || Reply::html("<table><tr><td>a<th>b".repeat(50_000))),
        Scenario::page("text: code, lists and quotes in turns", || {
            Reply::html("<blockquote><ul><li><pre>a\n</pre><dl><dt>b<dd>c".repeat(20_000))
        }),
        Scenario::page("text: deep ones beside each other", || {
            let deep = |tag: &str| format!("{}a{}", format!("<{tag}>").repeat(80), format!("</{tag}>").repeat(80));
            let deep = ["ul><li", "blockquote", "b", "q", "details"].map(|tag| {
                let open = deep(tag);
                open.replace("</ul><li>", "</li></ul>")
            });
            Reply::html(deep.concat().repeat(500))
        }),
    ]
}

fn large() -> Vec<Scenario> {
    vec![
        Scenario::page("text: a million ends of lines", || Reply::html("a<br>".repeat(1_000_000))).peak(NODES),
        Scenario::page("text: a million empty ends of lines", || Reply::html("<br>".repeat(1_000_000) + "a"))
            .peak(NODES),
        Scenario::page("text: 8 MiB of words", || Reply::html("A word, ".repeat((8 << 20) / 8 - 1))),
        Scenario::page("text: a word of 8 MiB", || Reply::html("x".repeat((8 << 20) - 1))),
        Scenario::page("text: 8 MiB of what has to be escaped", || {
            Reply::html("*_`[<~&\\#>".repeat((8 << 20) / 10 - 1))
        }),
        Scenario::page("text: 8 MiB of code", || Reply::html(format!("<pre>{}", "`\n".repeat((4 << 20) - 10)))),
        Scenario::page("text: everything unclosed", || {
            Reply::html("<h1><p><b><i><a href=/x><code><li><td><dt><dd><pre><q>a".repeat(20_000))
        }),
        Scenario::page("text: a million elements of a letter", || Reply::html("<i>a</i>".repeat(1_000_000)))
            .peak(NODES),
    ]
}

fn tables() -> Vec<Scenario> {
    fn rows(cell: &str, columns: usize, rows: usize) -> String {
        format!("<table><tr>{}</table>", format!("<tr>{}", cell.repeat(columns)).repeat(rows))
    }
    vec![
        Scenario::page("text: a table of a million cells", || Reply::html(rows("<td>a", 1000, 1000))).peak(NODES),
        Scenario::page("text: cells over a million columns", || {
            Reply::html(rows("<td colspan=1000000 rowspan=1000000>a", 20, 2000))
        }),
        Scenario::page("text: spans that no number holds", || {
            Reply::html(rows("<th colspan=99999999999999999999 rowspan=-1>a<td rowspan=0>b", 50, 500))
        }),
        Scenario::page("text: blocks in cells", || {
            Reply::html(rows("<td><h1>a|b</h1><pre>|\n```</pre><ul><li>c<li>d</ul>e<br>f", 50, 200))
        }),
    ]
}

fn written() -> Vec<Scenario> {
    vec![
        Scenario::page("text: fences in code", || {
            let fences = "```\n# no heading\n~~~\n````\n[no link](javascript:x)\n<script>\n</pre>";
            Reply::html(format!("<pre class='language-```\n# x'>{fences}<code>``</code>`` ` <kbd>```</kbd>").repeat(5000))
        })
        .also(assert_no_heading),
        Scenario::page("text: Markdown and elements in attributes", || {
            let bad = "](javascript:alert(1)) <script>alert(1)</script>\n\n# no heading\n\n```\n&#10;&#10;> ![";
            Reply::html(
                format!("<img src=/i alt='{bad}'><a href='/a) {bad}' title='{bad}'>b</a><p lang='{bad}' class='{bad}'>c")
                    .repeat(2000),
            )
        })
        .also(assert_no_heading),
        Scenario::page("text: links to programs", || {
            let links = ["javascript:x", " JaVa\tScript:x", "vbscript:x", "data:text/html,x", "&#106;avascript:x", "blob:x"];
            let links = links.map(|url| format!("<a href='{url}'>a</a><img src='{url}' alt='b'>"));
            Reply::html(links.concat().repeat(2000))
        })
        .also(assert_read),
        Scenario::page("text: Markdown and elements as text", || {
            let text = "# no heading\n&lt;script>alert(1)&lt;/script> [a](javascript:x) ![b](data:x)\n===\n&lt;!-- \n\n    code\n\
                &lt;a href='javascript:x'>b&lt;/a> &lt;javascript:x> [c]: javascript:x\n\n[c]";
            Reply::html(format!("<p>{text}<div>{text}</div><ul><li>{text}</ul><table><tr><th>{text}<td>{text}</table>").repeat(1000))
        })
        .also(assert_no_heading),
        Scenario::page("text: marks that turn the line round or are not seen", || {
            let marks = "\u{202e}\u{2066}a\u{200b}\u{200d}\u{feff}\u{2028}\u{2029}\u{85}\u{0}\u{1b}[31m\u{9b}31m\u{e0041}";
            Reply::html(format!("<title>{marks}</title><h1>{marks}</h1><p>{marks}<pre>{marks}</pre><a href='/{marks}'>{marks}</a>").repeat(2000))
        })
        .also(assert_read),
    ]
}

/// Asserts that texts are there and within their bound, and that who reads the Markdown meets no element, and no link but to
/// pages.
fn assert_read(seen: &Seen<'_>) {
    let text = content(seen, "text");
    let markdown = content(seen, "markdown");
    assert!(!text.is_empty() && text.len() <= MOST && markdown.len() <= MOST, "{} {}", text.len(), markdown.len());
    for event in events(markdown) {
        match event {
            // The one element that a cell of a table has for a line.
            Event::InlineHtml(html) if &*html == "<br>" => {}
            Event::Html(html) | Event::InlineHtml(html) => panic!("an element: {html}"),
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                assert!(dest_url.starts_with("http://") || dest_url.starts_with("https://"), "{dest_url}");
            }
            _ => {}
        }
    }
}

fn assert_no_heading(seen: &Seen<'_>) {
    assert_read(seen);
    let heading = events(content(seen, "markdown")).find(|event| matches!(event, Event::Start(Tag::Heading { .. })));
    assert_eq!(heading, None);
}

fn events(markdown: &str) -> impl Iterator<Item = Event<'_>> {
    Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH)
}

fn content<'a>(seen: &'a Seen<'_>, name: &str) -> &'a str {
    let url = seen.hostile.url("/");
    let record = seen.crawled.records.iter().find(|record| record["url"] == url.as_str());
    record.and_then(|record| record["content"].get(name)).and_then(Value::as_str).unwrap()
}

/// In MiB: a tree has at most a million nodes, and there are as many trees at once as cores.
const NODES: u64 = 320;
/// `content.max_size`.
const MOST: usize = 8 << 20;
