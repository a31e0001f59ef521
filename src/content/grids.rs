//! The tables of a page: which of them hold data, and which only put things beside each other.

use std::collections::HashMap;

use scraper::ElementRef;

use super::kind::{Kind, Role};
use super::part::Part;
use super::walk::{Inside, Visitor, walk};
use crate::tree::{NodeId, NodeRef};

/// The tables of a part of a page that hold data.
#[derive(Debug, Default)]
pub(super) struct Grids(HashMap<NodeId, Grid>);

/// A table that holds data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Grid {
    /// How many cells its longest row has, one that spans several columns counted so often.
    pub(super) columns: usize,
}

impl Grids {
    /// Looks at all tables, in one walk.
    pub(super) fn of(part: &Part<'_>) -> Self {
        let mut survey = Survey::default();
        walk(part, &mut survey);
        Self(survey.found)
    }

    /// The table, when it holds data.
    pub(super) fn get(&self, table: ElementRef<'_>) -> Option<Grid> {
        self.0.get(&table.id()).copied()
    }
}

#[derive(Default)]
struct Survey {
    found: HashMap<NodeId, Grid>,
    open: Vec<Facts>,
}

/// What is known of a table while it is gone through.
#[derive(Default)]
struct Facts {
    columns: usize,
    cells_in_row: usize,
    cells: usize,
    bytes: usize,
    has_head: bool,
    has_blocks: bool,
    is_layout: bool,
}

impl Facts {
    /// What has a head, or a caption, is a table. What has none is one unless its cells are long, or hold what is more
    /// than a text.
    fn grid(&self) -> Option<Grid> {
        let is_short = self.bytes <= self.cells.saturating_mul(LONG_CELL);
        let is_data = self.has_head || !self.has_blocks && is_short && self.columns > 1;
        (self.cells > 0 && is_data && !self.is_layout).then_some(Grid { columns: self.columns })
    }
}

impl<'a> Visitor<'a> for Survey {
    fn enter(&mut self, element: ElementRef<'a>, kind: Kind) -> Inside {
        if kind == Kind::Table {
            if let Some(outer) = self.open.last_mut() {
                outer.is_layout = true;
            }
            let role = element.value().attr("role").unwrap_or_default();
            let is_layout = matches!(role, "presentation" | "none");
            self.open.push(Facts { is_layout, ..Facts::default() });
            return Inside::Read;
        }
        let Some(table) = self.open.last_mut() else { return Inside::Read };
        match kind {
            Kind::Row => table.cells_in_row = 0,
            Kind::Cell(role) => {
                table.cells += 1;
                table.cells_in_row = table.cells_in_row.saturating_add(span(element)).min(MAX_COLUMNS);
                table.columns = table.columns.max(table.cells_in_row);
                table.has_head |= role == Role::Header;
            }
            Kind::Caption => table.has_head = true,
            Kind::Heading(_) | Kind::Pre | Kind::Quote | Kind::Terms => table.has_blocks = true,
            _ => {}
        }
        Inside::Read
    }

    fn leave(&mut self, element: ElementRef<'a>, kind: Kind) {
        if kind != Kind::Table {
            return;
        }
        if let Some(grid) = self.open.pop().and_then(|facts| facts.grid()) {
            self.found.insert(element.id(), grid);
        }
    }

    fn text(&mut self, _: NodeRef<'a>, text: &'a str) {
        if let Some(table) = self.open.last_mut() {
            table.bytes += text.len();
        }
    }

    fn is_full(&self) -> bool {
        false
    }
}

/// How many columns a cell spans (HTML Standard, section 4.9.11).
pub(super) fn span(cell: ElementRef<'_>) -> usize {
    let written = cell.value().attr("colspan").and_then(|text| text.trim().parse::<usize>().ok());
    written.unwrap_or(1).clamp(1, MAX_COLUMNS)
}

/// How long the cells of a table are on the average that is no way to lay out a page.
const LONG_CELL: usize = 400;
/// How many columns a table may have; cells beyond go without a head.
const MAX_COLUMNS: usize = 256;
