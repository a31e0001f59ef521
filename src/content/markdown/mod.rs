//! A part of a page as Markdown: `CommonMark`, with the tables of GitHub.
//!
//! What stands in a line is collected until its block ends ([`inline`]); a block is written with the marks of the entries
//! and quotes that it is in ([`lines`]). Terms are paragraphs, and what they mean is a list below: Markdown has no other
//! form that all read.

mod escape;
mod fence;
mod inline;
mod lines;
mod rows;

use scraper::ElementRef;

use super::grids::Grids;
use super::kind::{Kind, Numbered, Role};
use super::lists::Lists;
use super::part::Part;
use super::walk::{Inside, Visitor, walk};
use crate::tree::NodeRef;
use escape::Place;
use inline::{Inline, Span};
use lines::Lines;
use rows::Rows;

/// A part of a page as Markdown, and whether that is cut because it is longer than `most` bytes. `absolute` gives the URL that a
/// reference stands for.
pub(super) fn of(
    part: &Part<'_>,
    grids: &Grids,
    absolute: &dyn Fn(&str) -> Option<String>,
    most: usize,
) -> (String, bool) {
    let mut markdown = Markdown {
        grids,
        absolute,
        most,
        lines: Lines::default(),
        inline: Inline::default(),
        lists: Lists::default(),
        opened: Vec::new(),
        heading: None,
        in_code: 0,
        pre: None,
        table: None,
        in_cell: false,
        last_list: None,
    };
    walk(part, &mut markdown);
    markdown.finish()
}

struct Markdown<'a> {
    grids: &'a Grids,
    absolute: &'a dyn Fn(&str) -> Option<String>,
    most: usize,
    lines: Lines,
    inline: Inline,
    lists: Lists,
    /// For each element that may enclose text with marks, whether it does.
    opened: Vec<bool>,
    /// The rank of the heading that is open.
    heading: Option<u8>,
    /// How many elements are open whose text is code.
    in_code: usize,
    /// The block of code that is open.
    pre: Option<Pre>,
    table: Option<Rows>,
    in_cell: bool,
    /// The sign of the list that ended last, when nothing has come since.
    last_list: Option<char>,
}

struct Pre {
    code: String,
    language: Option<String>,
    /// How many such elements are open.
    open: usize,
}

impl<'a> Visitor<'a> for Markdown<'_> {
    fn enter(&mut self, element: ElementRef<'a>, kind: Kind) -> Inside {
        if let Some(pre) = &mut self.pre {
            match kind {
                Kind::Break => pre.code.push('\n'),
                Kind::Pre => pre.open += 1,
                _ => {}
            }
            return Inside::Read;
        }
        match kind {
            Kind::Inline | Kind::MayBreak => {}
            Kind::Image => self.image(element),
            Kind::Link => {
                let is_one = !self.inline.is_in_link();
                let url = element.value().attr("href").filter(|_| is_one).and_then(|href| self.leads_to(href));
                self.open(url.map(|url| Span::Link(url.into())));
            }
            Kind::Strong => self.open_emphasis(Span::Strong),
            Kind::Emphasis => self.open_emphasis(Span::Emphasis),
            Kind::Struck => self.open_emphasis(Span::Struck),
            Kind::Code => {
                self.inline.begin_code();
                self.in_code += 1;
            }
            Kind::Quotation => self.inline.text("\"", false),
            Kind::Break if self.heading.is_some() => self.inline.text(" ", false),
            Kind::Break => {
                self.inline.line_end();
                self.relieve();
            }
            Kind::Pre if self.heading.is_some() || self.in_cell => {
                self.boundary();
                self.in_code += 1;
            }
            Kind::Cell(_) => {
                self.boundary();
                self.in_cell = self.table.is_some();
            }
            Kind::List(numbered) => {
                self.enter_list(element, numbered, if numbered == Numbered::Yes { '.' } else { '-' });
                // A number in a paragraph begins a list only when it is 1.
                if self.lines.margin().is_in_entry() && self.lists.may_interrupt() {
                    self.lines.tighten();
                }
            }
            // A term is a paragraph: it would go on with the one before it.
            Kind::Terms => self.enter_list(element, Numbered::No, '-'),
            _ if self.heading.is_some() || self.in_cell => self.enter_in_line(element, kind),
            _ => self.enter_block(element, kind),
        }
        Inside::Read
    }

    fn leave(&mut self, element: ElementRef<'a>, kind: Kind) {
        if self.pre.is_some() {
            if kind == Kind::Pre {
                self.leave_pre();
            }
            return;
        }
        match kind {
            Kind::Inline | Kind::MayBreak | Kind::Image | Kind::Break => {}
            Kind::Link | Kind::Strong | Kind::Emphasis | Kind::Struck => {
                if self.opened.pop() == Some(true) {
                    self.inline.close();
                }
            }
            Kind::Code => self.in_code = self.in_code.saturating_sub(1),
            Kind::Quotation => self.inline.text("\"", false),
            Kind::Pre => {
                self.in_code = self.in_code.saturating_sub(1);
                self.boundary();
            }
            Kind::Cell(role) => self.leave_cell(element, role),
            Kind::List(_) | Kind::Terms => {
                self.boundary();
                self.last_list = self.lists.close();
            }
            Kind::Heading(_) if !self.in_cell => {
                self.flush();
                self.heading = None;
            }
            _ if self.heading.is_some() || self.in_cell => self.boundary(),
            _ => self.leave_block(kind),
        }
    }

    fn text(&mut self, _: NodeRef<'a>, text: &'a str) {
        match &mut self.pre {
            Some(pre) => pre.code.push_str(text),
            None if self.in_cell && self.in_code > 0 && text.contains('\n') => self.code_in_cell(text),
            None => {
                self.inline.text(text, self.in_code > 0);
                self.relieve();
            }
        }
    }

    fn is_full(&self) -> bool {
        let pending = self.pre.as_ref().map_or(0, |pre| pre.code.len())
            + self.table.as_ref().map_or(0, Rows::bytes)
            + self.inline.bytes();
        self.lines.len() + pending > self.most
    }
}

impl Markdown<'_> {
    /// A block that begins where there are only lines.
    fn enter_block(&mut self, element: ElementRef<'_>, kind: Kind) {
        self.flush();
        match kind {
            Kind::Heading(rank) => self.heading = Some(rank),
            Kind::Quote => self.lines.margin().open_quote("> "),
            Kind::Item => {
                if !self.lists.is_first() {
                    self.lines.tighten();
                }
                let mark = self.lists.mark(element);
                self.lines.margin().open_entry(mark);
            }
            Kind::Description => {
                self.lines.tighten();
                self.lines.margin().open_entry("- ".to_owned());
            }
            Kind::Pre => {
                let language = fence::language(element).map(str::to_owned);
                self.pre = Some(Pre { code: String::new(), language, open: 1 });
            }
            Kind::Rule => self.block("***"),
            Kind::Table => self.table = self.grids.get(element).map(|grid| Rows::new(grid.columns)),
            Kind::Row => {
                if let Some(table) = &mut self.table {
                    table.begin_row();
                }
            }
            _ => {}
        }
    }

    fn leave_block(&mut self, kind: Kind) {
        self.flush();
        match kind {
            Kind::Quote | Kind::Item | Kind::Description => self.lines.margin().close(),
            Kind::Table => self.leave_table(),
            _ => {}
        }
    }

    /// A block where there is room for a line only.
    fn enter_in_line(&mut self, element: ElementRef<'_>, kind: Kind) {
        self.boundary();
        if kind == Kind::Item && self.in_cell {
            let mark = self.lists.mark(element);
            self.inline.text(&mark, false);
        }
    }

    fn enter_list(&mut self, list: ElementRef<'_>, numbered: Numbered, sign: char) {
        self.boundary();
        // Beside a list of the same sign it would be the same list.
        let other = if numbered == Numbered::Yes { ')' } else { '+' };
        let sign = if self.last_list == Some(sign) { other } else { sign };
        self.lists.open(list, numbered, sign);
    }

    fn leave_pre(&mut self) {
        if let Some(pre) = &mut self.pre {
            pre.open -= 1;
        }
        if let Some(pre) = self.pre.take_if(|pre| pre.open == 0) {
            self.write_pre(&pre);
        }
    }

    fn write_pre(&mut self, pre: &Pre) {
        if !pre.code.trim().is_empty() {
            self.block(&fence::fenced(&pre.code, pre.language.as_deref()));
        }
    }

    fn leave_cell(&mut self, cell: ElementRef<'_>, role: Role) {
        if !self.in_cell {
            return self.boundary();
        }
        self.in_cell = false;
        let text = self.inline.take(Place::Cell).join("<br>");
        if let Some(table) = &mut self.table {
            table.cell(cell, role, text);
        }
    }

    fn leave_table(&mut self) {
        if let Some(table) = self.table.take().and_then(Rows::write) {
            self.block(&table);
        }
    }

    fn code_in_cell(&mut self, code: &str) {
        for (nth, line) in code.split('\n').enumerate() {
            if nth > 0 {
                self.inline.new_line();
            }
            if !line.trim().is_empty() {
                self.inline.code_line(line);
            }
        }
    }

    fn open_emphasis(&mut self, span: Span) {
        // Code has no other marks in it.
        self.open(Some(span).filter(|_| self.in_code == 0));
    }

    fn open(&mut self, span: Option<Span>) {
        self.opened.push(span.is_some());
        if let Some(span) = span {
            self.inline.open(span);
        }
    }

    fn image(&mut self, image: ElementRef<'_>) {
        let attr = |name| image.value().attr(name);
        let alt = attr("alt").unwrap_or_default().trim();
        let is_pixel = ["width", "height"].into_iter().all(|name| matches!(attr(name), Some("0" | "1")));
        let sources = ["src", "data-src", "data-original"].into_iter().filter_map(attr);
        let url = sources.into_iter().find_map(|source| self.leads_to(source));
        match url {
            // Without words for it, it is there to be looked at only.
            Some(_) if attr("alt").is_some_and(|alt| alt.trim().is_empty()) || is_pixel => {}
            Some(url) => self.inline.image(alt, url),
            None => self.inline.text(alt, false),
        }
    }

    /// The absolute URL of a reference, unless it is a program or holds its own data.
    fn leads_to(&self, reference: &str) -> Option<String> {
        let reference = reference.trim();
        if leads_nowhere(reference) {
            return None;
        }
        // Once more: what is in front of a scheme may count for nothing, too.
        (self.absolute)(reference).filter(|url| !leads_nowhere(url))
    }

    /// Writes what stands in the line so far when it takes much memory: a block may be a whole page without any other.
    fn relieve(&mut self) {
        if self.heading.is_none() && !self.in_cell && self.inline.is_long() {
            self.flush();
        }
    }

    /// A block begins or ends: in a heading that is a space, in a cell a line.
    fn boundary(&mut self) {
        if self.in_cell {
            self.inline.new_line();
        } else if self.heading.is_some() {
            self.inline.text(" ", false);
        } else {
            self.flush();
        }
    }

    /// Writes what stands in the line so far, as a heading or as paragraphs.
    fn flush(&mut self) {
        let paragraphs = self.inline.take(Place::Line);
        if let Some(rank) = self.heading.filter(|_| !paragraphs.is_empty()) {
            let text = paragraphs.join(" ").replace("\\\n", " ");
            let sign = "#".repeat(usize::from(rank));
            self.block(&format!("{sign} {}", escape::heading(&text)));
            return;
        }
        for paragraph in paragraphs {
            let lines: Vec<_> = paragraph.split('\n').map(escape::line).collect();
            self.block(&lines.join("\n"));
        }
    }

    fn block(&mut self, block: &str) {
        self.last_list = None;
        self.lines.block(block);
    }

    fn finish(mut self) -> (String, bool) {
        // What is still open is so because there is no room for more.
        let is_full = self.is_full();
        if let Some(pre) = self.pre.take() {
            self.write_pre(&pre);
        }
        if std::mem::take(&mut self.in_cell) {
            self.inline.take(Place::Cell);
        }
        self.leave_table();
        self.flush();
        let (text, cut) = self.lines.finish(self.most);
        (text, cut || is_full)
    }
}

/// Whether a URL is a program, or holds its own data. A tab or a line end in it counts for nothing (URL Standard, section 4.4).
fn leads_nowhere(url: &str) -> bool {
    let start: String = url.chars().filter(|c| !matches!(c, '\t' | '\n' | '\r')).take(11).collect();
    let is = |scheme: &str| start.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    ["javascript:", "vbscript:", "data:", "blob:", "about:"].into_iter().any(is)
}

#[cfg(test)]
mod tests;
