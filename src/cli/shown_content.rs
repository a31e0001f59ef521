//! What a person reads of a page, as `crawler inspect` shows it.

use std::fmt::Write as _;

use crate::metadata::{Language, Source};
use crate::observe::{bytes, counted, printable};
use crate::readable::{MainPart, Readable};

/// The lines that show it: which part it is, what is known of it, and the start of its texts.
pub(super) fn lines(content: &Readable) -> String {
    let mut lines = Lines(String::new());
    let part = match content.main {
        MainPart::Article => "the article",
        MainPart::Body => "the body",
    };
    let cut = if content.cut { ", cut at content.max_size" } else { "" };
    lines.fact("content", &format!("{part}{cut}"));
    if let Some(Language { code, confidence, .. }) = &content.language {
        let source = confidence.map_or("lang".to_owned(), |percent| format!("its text, {percent} % sure"));
        lines.fact("language", &format!("{code}  ({source})"));
    }
    if let Some(author) = &content.author {
        lines.said("author", &author.value.join(", "), author.source);
    }
    for (name, said) in [
        ("published", &content.published),
        ("modified", &content.modified),
        ("site name", &content.site_name),
        ("type", &content.kind),
        ("image", &content.image),
    ] {
        if let Some(said) = said {
            lines.said(name, &said.value, said.source);
        }
    }
    for (name, text) in [("text", &content.text), ("markdown", &content.markdown)] {
        if let Some(text) = text {
            lines.text(name, text);
        }
    }
    lines.0
}

struct Lines(String);

impl Lines {
    fn fact(&mut self, name: &str, value: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "  {name:<12} {}", printable(value));
    }

    fn said(&mut self, name: &str, value: &str, source: Source) {
        self.fact(name, &format!("{value}  ({})", source.name()));
    }

    fn text(&mut self, name: &str, text: &str) {
        self.fact(name, &bytes(text.len() as u64).to_string());
        for line in text.lines().take(SHOWN) {
            let line = printable(&line.replace('\t', " | "));
            let _ = writeln!(self.0, "{}", format!("    {line}").trim_end());
        }
        if let Some(more @ 1..) = text.lines().count().checked_sub(SHOWN) {
            let _ = writeln!(self.0, "    and {} more: --json has them all", counted(more as u64, "line", "lines"));
        }
    }
}

/// How many lines of a text are shown.
const SHOWN: usize = 50;
