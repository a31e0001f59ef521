//! The text of a part of a page, as a person reads it: a line for each block, an empty one between paragraphs, the cells of
//! a row with tabs between them.

use scraper::ElementRef;

use super::grids::Grids;
use super::kind::{Kind, Numbered};
use super::lists::Lists;
use super::margin::Margin;
use super::part::Part;
use super::walk::{Inside, Visitor, walk};
use super::white_space::{is_white, visible};
use crate::tree::NodeRef;

/// The text of a part of a page, and whether it is cut because it is longer than `most` bytes.
pub(super) fn of(part: &Part<'_>, grids: &Grids, most: usize) -> (String, bool) {
    let mut plain = Plain::new(grids, most);
    walk(part, &mut plain);
    plain.finish()
}

struct Plain<'g> {
    grids: &'g Grids,
    text: String,
    most: usize,
    /// What stands before the next word.
    gap: Gap,
    /// How many elements are open in which white space counts.
    verbatim: usize,
    /// Line ends of such an element that become some when something follows.
    line_ends: usize,
    margin: Margin,
    lists: Lists,
    /// The tables that are open.
    tables: Vec<Table>,
}

/// What stands between two words; the greater one holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Gap {
    None,
    Space,
    /// Between the entries of a list in a cell.
    Entry,
    Line,
    Paragraph,
}

struct Table {
    is_data: bool,
    /// How many cells of the row have begun.
    cells: usize,
    /// How many tabs are due before the next word.
    tabs: usize,
}

impl<'a> Visitor<'a> for Plain<'_> {
    fn enter(&mut self, element: ElementRef<'a>, kind: Kind) -> Inside {
        self.gap(gap_around(kind));
        match kind {
            Kind::Table => {
                let is_data = self.grids.get(element).is_some();
                self.tables.push(Table { is_data, cells: 0, tabs: 0 });
            }
            Kind::Row => self.begin_row(),
            Kind::Cell(_) => self.begin_cell(),
            Kind::Item | Kind::Description if self.is_in_cell() => self.gap(Gap::Entry),
            Kind::List(numbered) => self.lists.open(element, numbered, sign(numbered)),
            Kind::Terms => self.lists.open(element, Numbered::No, sign(Numbered::No)),
            Kind::Item => {
                // Entries follow each other without an empty line, whatever is in them.
                self.gap = self.gap.min(if self.lists.is_first() { Gap::Paragraph } else { Gap::Line });
                let mark = self.lists.mark(element);
                self.margin.open_entry(mark);
            }
            // It is set in below its term.
            Kind::Description => self.margin.open_entry("  ".to_owned()),
            Kind::Pre => {
                self.verbatim += 1;
                self.line_ends = 0;
            }
            Kind::Break if self.verbatim > 0 => self.line_ends += 1,
            Kind::Break => self.gap(if self.gap >= Gap::Line { Gap::Paragraph } else { Gap::Line }),
            Kind::Quotation => self.word("\""),
            _ => {}
        }
        Inside::Read
    }

    fn leave(&mut self, _: ElementRef<'a>, kind: Kind) {
        match kind {
            Kind::Table => drop(self.tables.pop()),
            Kind::Row => self.end_row(),
            Kind::Item | Kind::Description if self.is_in_cell() => {}
            Kind::Item | Kind::Description => self.margin.close(),
            Kind::List(_) | Kind::Terms => drop(self.lists.close()),
            Kind::Pre => {
                self.verbatim = self.verbatim.saturating_sub(1);
                self.line_ends = 0;
            }
            Kind::Quotation => self.close_quotation(),
            _ => {}
        }
        self.gap(gap_around(kind));
    }

    fn text(&mut self, _: NodeRef<'a>, text: &'a str) {
        if self.verbatim > 0 && !self.is_in_cell() {
            return self.push_verbatim(text);
        }
        if text.starts_with(is_white) {
            self.gap(Gap::Space);
        }
        let mut words = text.split(is_white).filter(|word| !word.is_empty()).peekable();
        while let Some(word) = words.next() {
            self.word(word);
            if words.peek().is_some() || text.ends_with(is_white) {
                self.gap(Gap::Space);
            }
        }
    }

    fn is_full(&self) -> bool {
        self.text.len() > self.most
    }
}

impl<'g> Plain<'g> {
    fn new(grids: &'g Grids, most: usize) -> Self {
        Self {
            grids,
            text: String::new(),
            most,
            gap: Gap::None,
            verbatim: 0,
            line_ends: 0,
            margin: Margin::default(),
            lists: Lists::default(),
            tables: Vec::new(),
        }
    }

    fn finish(mut self) -> (String, bool) {
        let cut = self.text.len() > self.most;
        if cut {
            let (kept, rest) = self.text.split_at(self.text.floor_char_boundary(self.most));
            let is_whole = rest.starts_with(is_white);
            let end = kept.rfind(is_white).filter(|_| !is_whole).unwrap_or(kept.len());
            self.text.truncate(end);
        }
        self.text.truncate(self.text.trim_end().len());
        (self.text, cut)
    }

    /// At least this stands before the next word. In front of all else in an entry, and in the cells of a table that holds
    /// data, there are no lines.
    fn gap(&mut self, gap: Gap) {
        let gap = match gap {
            Gap::Line | Gap::Paragraph if self.is_in_cell() => Gap::Space,
            Gap::Line | Gap::Paragraph if self.margin.is_pending() => Gap::Line,
            gap => gap,
        };
        self.gap = self.gap.max(gap);
    }

    fn is_in_cell(&self) -> bool {
        self.tables.last().is_some_and(|table| table.is_data && table.cells > 0)
    }

    fn begin_row(&mut self) {
        if let Some(table) = self.tables.last_mut() {
            (table.cells, table.tabs) = (0, 0);
        }
        self.gap(Gap::Line);
    }

    fn end_row(&mut self) {
        if let Some(table) = self.tables.last_mut() {
            (table.cells, table.tabs) = (0, 0);
        }
        self.gap = Gap::None;
        self.gap(Gap::Line);
    }

    fn begin_cell(&mut self) {
        match self.tables.last_mut() {
            Some(table) if table.is_data => {
                table.tabs += usize::from(table.cells > 0);
                table.cells += 1;
            }
            _ => self.gap(Gap::Line),
        }
    }

    fn word(&mut self, word: &str) {
        let mut pieces = visible(word).filter(|piece| !piece.is_empty()).peekable();
        if pieces.peek().is_none() {
            return;
        }
        self.fill_gap();
        pieces.for_each(|piece| self.text.push_str(piece));
    }

    fn close_quotation(&mut self) {
        // The mark stands at the word before it.
        let gap = std::mem::replace(&mut self.gap, Gap::None);
        self.word("\"");
        self.gap = gap;
    }

    fn fill_gap(&mut self) {
        let gap = std::mem::replace(&mut self.gap, Gap::None);
        if let Some(table) = self.tables.last_mut().filter(|table| table.is_data && table.tabs > 0) {
            let tabs = std::mem::take(&mut table.tabs);
            if gap >= Gap::Line {
                self.end_lines(1);
            }
            self.text.extend(std::iter::repeat_n('\t', tabs));
            return;
        }
        match gap {
            _ if self.text.is_empty() => self.margin.begin_line(&mut self.text),
            Gap::None => {}
            Gap::Space => self.text.push(' '),
            Gap::Entry => self.text.push_str("; "),
            Gap::Line => self.end_lines(1),
            Gap::Paragraph => self.end_lines(2),
        }
    }

    fn end_lines(&mut self, count: usize) {
        if !self.text.is_empty() {
            self.text.extend(std::iter::repeat_n('\n', count));
        }
        self.margin.begin_line(&mut self.text);
    }

    fn push_verbatim(&mut self, text: &str) {
        for (nth, line) in text.split('\n').enumerate() {
            self.line_ends += usize::from(nth > 0);
            let line = line.trim_end_matches('\r');
            if line.is_empty() || self.gap >= Gap::Line && line.trim().is_empty() {
                continue;
            }
            if self.gap >= Gap::Line {
                self.fill_gap();
            } else {
                for _ in 0..self.line_ends {
                    self.end_lines(1);
                }
                self.gap = Gap::None;
            }
            self.line_ends = 0;
            self.text.push_str(line);
        }
    }
}

fn sign(numbered: Numbered) -> char {
    if numbered == Numbered::Yes { '.' } else { '-' }
}

/// What stands before and behind an element.
fn gap_around(kind: Kind) -> Gap {
    match kind {
        Kind::Inline
        | Kind::Link
        | Kind::Image
        | Kind::Code
        | Kind::Strong
        | Kind::Emphasis
        | Kind::Struck
        | Kind::Break
        | Kind::MayBreak
        | Kind::Quotation
        | Kind::Cell(_) => Gap::None,
        Kind::Block | Kind::Item | Kind::Term | Kind::Description | Kind::Caption | Kind::RowGroup | Kind::Row => {
            Gap::Line
        }
        Kind::Paragraph
        | Kind::Heading(_)
        | Kind::Quote
        | Kind::Pre
        | Kind::List(_)
        | Kind::Terms
        | Kind::Table
        | Kind::Rule => Gap::Paragraph,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::outline::body;
    use crate::tree::{Bounds, Document};

    fn text_of(page: &str, most: usize) -> (String, bool) {
        let document = Document::parse(page, Bounds::default());
        let body = body(&document).unwrap();
        of(&Part::all(body), &Grids::of(&Part::all(body)), most)
    }

    #[track_caller]
    fn check(page: &str, expected: &str) {
        assert_eq!(text_of(page, usize::MAX), (expected.to_owned(), false), "{page}");
    }

    #[test]
    fn a_line_ends_where_the_rendering_breaks_and_nowhere_else() {
        check("un<i>believ</i>able", "unbelievable");
        check("a <b> b</b>", "a b");
        check("a<span></span>b<!-- -->c", "abc");
        check("a&nbsp; b\n\tc", "a b c");
        check("a<br>b<br><br>c", "a\nb\n\nc");
        check("<div>a</div>b<div><div>c</div></div>", "a\nb\nc");
        check("<p>a</p>b<p>c</p>", "a\n\nb\n\nc");
        check("a<hr>b", "a\n\nb");
        check("<h1>A</h1><p>b", "A\n\nb");
        check("so&shy;ft <wbr>a<wbr>b &#8203;", "soft ab");
        check("<q>a b </q>c", "\"a b\" c");
        check("x<sup>2</sup>", "x2");
        check("<p>&nbsp;</p>", "");
        check("", "");
    }

    #[test]
    fn end_tags_that_are_left_out_lose_nothing() {
        check("<ul><li>a<li>b<li>c</ul>d", "- a\n- b\n- c\n\nd");
        check("<table><tr><th>a<th>b<tr><td>c<td>d</table>e", "a\tb\nc\td\n\ne");
        check("<dl><dt>a<dd>b<dt>c<dd>d</dl>", "a\n  b\nc\n  d");
        check("<select><option>a<option>b</select>", "a\nb");
        check("<p>a<p>b<div>c", "a\n\nb\n\nc");
    }

    #[test]
    fn lists_are_marked_and_set_in() {
        check("<ol><li>a<li>b</ol>", "1. a\n2. b");
        check("<ol start=9><li>a<li>b<li value=3>c<li>d</ol>", "9. a\n10. b\n3. c\n4. d");
        check("<ul><li>a<ol><li>b<li>c</ol></li><li>d</ul>", "- a\n\n  1. b\n  2. c\n- d");
        check("<ul><li><p>a</p><p>b</p><li><p>c</p></ul>", "- a\n\n  b\n- c");
        check("<ul><li><ul><li>a</ul></ul>", "- - a");
        check("<ul><li></li><li>a</ul>", "- a");
        check("<ul>a<li>b</ul>", "a\n- b");
        check("<li>a<li>b", "- a\n- b");
    }

    #[test]
    fn rows_of_tables_are_lines() {
        check("<table><caption>C</caption><tr><td>a<td>b<tr><td><td>d</table>", "C\na\tb\n\td");
        check("<table><tr><th>a<td>b<br>c<p>d</p><tr><th>e<td><ul><li>f<li>g</ul></table>", "a\tb c d\ne\tf; g");
        check("<table><tr><th>a<td><pre>b\n  c</pre></table>", "a\tb c");
        check("<table><tr><td><h2>a</h2>b<td><table><tr><td>c<td>d</table></table>", "a\n\nb\n\nc\td");
        check("<table role=presentation><tr><td>a<td>b</table>", "a\nb");
    }

    #[test]
    fn white_space_of_preformatted_text_is_kept() {
        check("a<pre>\nb\n    c\n\n  d  e\n</pre>f", "a\n\nb\n    c\n\n  d  e\n\nf");
        check("<pre>a<br>b<span>\n</span>  c</pre>", "a\nb\n  c");
        check("<ul><li>a<pre>b\n  c</pre></ul>", "- a\n\n  b\n    c");
        check("<textarea> a\n b</textarea>", " a\n b");
    }

    #[test]
    fn what_no_reader_sees_is_left_out() {
        for unseen in [
            "<script>x</script>",
            "<style>x</style>",
            "<template>x</template>",
            "<noscript>x</noscript>",
            "<p hidden>x</p>",
            "<p style='color: red; DISPLAY : none !important'>x</p>",
            "<p style=visibility:hidden>x</p>",
            "<span aria-hidden=true>x</span>",
            "<span class='a sr-only'>x</span>",
            "<a href=#a>\u{b6}</a>",
            "<button>x</button>",
            "<svg><text>x</text></svg>",
            "<p hidden>y</p><dialog>x</dialog>",
            "<iframe>x</iframe><video>x</video><input value=x>",
            "<math><annotation>x</annotation></math>",
        ] {
            check(&format!("<p>a{unseen}b"), if unseen.starts_with("<p") { "a\n\nb" } else { "ab" });
        }
        check("<h2><button>a</button></h2><dialog open>b</dialog><p hidden=until-found>c", "a\n\nb\n\nc");
        check("<div><template shadowrootmode=open>a</template>b</div>", "ab");
        check("<details><summary>a</summary>b</details>", "a\nb");
    }

    #[test]
    fn a_long_text_is_cut_at_a_word() {
        assert_eq!(text_of("<p>one two three", 9), ("one two".to_owned(), true));
        assert_eq!(text_of("<p>one two three", 13), ("one two three".to_owned(), false));
        assert_eq!(text_of("<p>\u{e9}\u{e9}\u{e9}", 3), ("\u{e9}".to_owned(), true));
        assert_eq!(text_of("<p>a", 0), (String::new(), true));
    }
}
