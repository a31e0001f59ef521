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

/// A text in the page, whatever is in it.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c if c.is_control() => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

/// A drawing of this size, in units that the page scales.
fn svg(width: u32, height: u32, title: &str, inside: &str) -> String {
    format!("<svg viewBox=\"0 0 {width} {height}\" role=\"img\"><title>{}</title>{inside}</svg>", escaped(title))
}

fn rectangle(to: &mut String, ink: Ink, [x, y, width, height]: [f64; 4], title: &str) {
    let _ = write!(
        to,
        "<rect class=\"{}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"><title>{}</title></rect>",
        ink.class(),
        escaped(title)
    );
}

/// How much of a whole something is, from 0 to 1.
#[expect(clippy::cast_precision_loss, reason = "a drawing shows three digits")]
fn share(of: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { of as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_gets_out_of_its_place() {
        let drawn = svg(1, 1, "</title><script>\"'&\u{1b}", "");
        assert!(drawn.contains("&lt;/title&gt;&lt;script&gt;&quot;&#39;&amp;\u{fffd}</title>"), "{drawn}");
    }
}
