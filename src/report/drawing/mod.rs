//! Drawings: figures as SVG within a page, without a script.
//!
//! Each has a title for who does not see it, and what it shows stands in a table beside it.

mod bar;
mod columns;
mod graph;

pub(super) use bar::stacked_bar;
pub(super) use columns::{Columns, columns};
pub(super) use graph::graph;

use std::fmt::Write as _;

use crate::observe::in_markup;

/// What a part of a drawing stands for: the style sheet of the page has a colour for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    Ok,
    Redirect,
    HttpError,
    Failed,
    Payment,
    Skipped,
    Pending,
    Plain,
}

impl Ink {
    /// The class in the style sheet.
    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Redirect => "redirect",
            Self::HttpError => "http-error",
            Self::Failed => "failed",
            Self::Payment => "payment",
            Self::Skipped => "skipped",
            Self::Pending => "pending",
            Self::Plain => "plain",
        }
    }
}

/// A drawing of this size, in units that the page scales.
fn svg(width: u32, height: u32, title: &str, inside: &str) -> String {
    format!("<svg viewBox=\"0 0 {width} {height}\" role=\"img\"><title>{}</title>{inside}</svg>", in_markup(title))
}

fn rectangle(to: &mut String, ink: Ink, [x, y, width, height]: [f64; 4], title: &str) {
    let _ = write!(
        to,
        "<rect class=\"{}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"><title>{}</title></rect>",
        ink.class(),
        in_markup(title)
    );
}

/// How much of a whole something is, from 0 to 1.
#[expect(clippy::cast_precision_loss, reason = "a drawing shows three digits")]
fn share(of: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { of as f64 / whole as f64 }
}
