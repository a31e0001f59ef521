//! The rows of a table that holds data (GitHub Flavored Markdown, section 4.10).

use scraper::ElementRef;

use crate::content::grids::span;
use crate::content::kind::Role;

/// The rows that were read.
#[derive(Debug)]
pub(super) struct Rows {
    columns: usize,
    read: Vec<Row>,
    /// For each column in how many rows to come a cell from above stands in it.
    covered: Vec<usize>,
    bytes: usize,
    cells: usize,
    /// How many cells without a text were added.
    added: usize,
}

#[derive(Debug, Default)]
struct Row {
    cells: Vec<String>,
    /// Whether all of its cells are heads.
    is_head: bool,
}

impl Rows {
    pub(super) fn new(columns: usize) -> Self {
        Self { columns, read: Vec::new(), covered: Vec::new(), bytes: 0, cells: 0, added: 0 }
    }

    pub(super) fn begin_row(&mut self) {
        self.read.push(Row { cells: Vec::new(), is_head: true });
        self.cover();
    }

    pub(super) fn cell(&mut self, cell: ElementRef<'_>, role: Role, text: String) {
        if self.read.is_empty() {
            self.begin_row();
        }
        let below = cell.value().attr("rowspan").and_then(|text| text.trim().parse::<usize>().ok()).unwrap_or(1);
        let Some(row) = self.read.last_mut() else { return };
        row.is_head &= role == Role::Header;
        self.bytes += text.len() + size_of::<String>();
        self.cells += 1;
        let at = row.cells.len();
        row.cells.push(if role == Role::Header { strong(text) } else { text });
        for column in at..at + span(cell) {
            self.add_if(column > at);
            if below > 1 {
                self.covered.resize(self.covered.len().max(column + 1), 0);
                self.covered.get_mut(column).into_iter().for_each(|covered| *covered = below.min(MAX_ROWS));
            }
        }
        self.cover();
    }

    /// Cells from above stand where the next one would.
    fn cover(&mut self) {
        while let Some(row) = self.read.last()
            && let Some(covered) = self.covered.get_mut(row.cells.len())
            && *covered > 1
        {
            *covered -= 1;
            if !self.add_if(true) {
                return;
            }
        }
    }

    /// Adds a cell without a text, as long as there are not far more of these than others.
    fn add_if(&mut self, is_due: bool) -> bool {
        let is_due = is_due && self.added < self.cells * 4 + 1024;
        if let Some(row) = self.read.last_mut().filter(|_| is_due) {
            row.cells.push(String::new());
            self.added += 1;
            self.bytes += size_of::<String>();
        }
        is_due
    }

    /// How many bytes of memory they take.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The lines of the table; `None` when no cell has a text. A table without a head has an empty one.
    pub(super) fn write(self) -> Option<String> {
        let is_filled = |row: &Row| row.cells.iter().any(|cell| !cell.is_empty());
        let mut rows = self.read.into_iter().filter(is_filled).peekable();
        rows.peek()?;
        let head = rows.next_if(|row| row.is_head).map(|row| row.cells).unwrap_or_default();
        let mut text = String::new();
        // In the head everything is one: it has no marks for that.
        let head =
            head.iter().map(|cell| cell.strip_prefix("**").and_then(|cell| cell.strip_suffix("**")).unwrap_or(cell));
        line(&mut text, head.chain(std::iter::repeat("")).take(self.columns));
        text.push('\n');
        line(&mut text, std::iter::repeat_n("---", self.columns));
        for row in rows {
            text.push('\n');
            line(&mut text, row.cells.iter().map(String::as_str).take(self.columns));
        }
        Some(text)
    }
}

fn line<'a>(to: &mut String, cells: impl Iterator<Item = &'a str>) {
    to.push('|');
    for cell in cells {
        to.push(' ');
        to.push_str(cell);
        to.push_str(if cell.is_empty() { "|" } else { " |" });
    }
}

/// The head of a row.
fn strong(text: String) -> String {
    if text.is_empty() || text.contains("**") || text.contains("<br>") { text } else { format!("**{text}**") }
}

/// How many rows a cell may cover (HTML Standard, section 4.9.11).
const MAX_ROWS: usize = 65534;
