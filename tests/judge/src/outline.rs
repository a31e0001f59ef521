//! The outline of Markdown: its headings, code, tables and links, as CommonMark reads them.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use url::Url;

/// What is compared of a page.
#[derive(Debug, Default)]
pub struct Outline {
    pub headings: Vec<String>,
    pub code: Vec<String>,
    /// The cells of each that have a text.
    pub tables: Vec<String>,
    pub links: Vec<String>,
}

/// What is open, and its text so far.
struct Open {
    what: What,
    text: String,
}

enum What {
    Heading(u8),
    Code,
    Cell,
    Link(String),
}

impl Outline {
    pub fn of(markdown: &str, base: &Url) -> Self {
        let (mut outline, mut open, mut cells) = (Self::default(), Vec::<Open>::new(), Vec::new());
        for event in Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
            match event {
                Event::Start(tag) => {
                    let what = match tag {
                        Tag::Heading { level, .. } => What::Heading(level as u8),
                        Tag::CodeBlock(_) => What::Code,
                        Tag::TableCell => What::Cell,
                        Tag::Link { dest_url, .. } => {
                            What::Link(base.join(&dest_url).map_or_else(|_| dest_url.to_string(), String::from))
                        }
                        _ => continue,
                    };
                    open.push(Open { what, text: String::new() });
                }
                Event::End(TagEnd::Heading(_) | TagEnd::CodeBlock | TagEnd::TableCell | TagEnd::Link) => {
                    let Some(Open { what, text }) = open.pop() else { continue };
                    outline.take(what, &text, &mut cells);
                }
                Event::End(TagEnd::Table) => {
                    let cells = std::mem::take(&mut cells);
                    outline.tables.extend((!cells.is_empty()).then(|| cells.join(" | ")));
                }
                Event::Text(text) | Event::Code(text) => open.iter_mut().for_each(|open| open.text.push_str(&text)),
                Event::SoftBreak | Event::HardBreak | Event::InlineHtml(_) => {
                    open.iter_mut().for_each(|open| open.text.push(' '));
                }
                _ => {}
            }
        }
        outline
    }

    fn take(&mut self, what: What, text: &str, cells: &mut Vec<String>) {
        let words = folded(text);
        match what {
            What::Code if !words.is_empty() => self.code.push(text.trim_matches('\n').to_owned()),
            _ if words.is_empty() => {}
            What::Heading(rank) => self.headings.push(format!("{rank} {words}")),
            What::Cell => cells.push(words),
            What::Link(to) => self.links.push(format!("{words} -> {to}")),
            What::Code => {}
        }
    }
}

/// The words of a text.
fn folded(text: &str) -> String {
    text.split(|c: char| c.is_whitespace()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}
