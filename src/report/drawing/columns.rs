//! Columns: amounts beside each other, each of parts on top of each other.

use std::fmt::Write as _;

use super::{Ink, rectangle, share, svg};
use crate::observe::in_markup;

/// What is drawn.
#[derive(Debug, Default)]
pub(in crate::report) struct Columns {
    /// What it shows, for who does not see it.
    pub(in crate::report) title: String,
    /// The parts of each column, from the bottom up, and what it says when it is pointed at.
    pub(in crate::report) stacks: Vec<(Vec<(Ink, u64)>, String)>,
    /// What stands below some columns, by their place.
    pub(in crate::report) below: Vec<(usize, String)>,
    /// What stands at the height of the highest column.
    pub(in crate::report) most: String,
}

/// Draws columns.
pub(in crate::report) fn columns(of: &Columns) -> String {
    let heights = of.stacks.iter().map(|(parts, _)| parts.iter().map(|(_, count)| count).sum::<u64>());
    let highest = heights.max().unwrap_or_default();
    let mut inside = String::new();
    let _ = write!(
        inside,
        "<text class=\"axis\" x=\"0\" y=\"12\">{}</text>\
         <line class=\"axis\" x1=\"0\" y1=\"{TOP}\" x2=\"{WIDTH}\" y2=\"{TOP}\"/>",
        in_markup(&of.most)
    );
    let step = f64::from(WIDTH) / precise(of.stacks.len().max(1));
    let bottom = f64::from(TOP + ROOM);
    for (at, (parts, says)) in of.stacks.iter().enumerate() {
        let x = step * precise(at);
        let mut y = bottom;
        for (ink, count) in parts.iter().filter(|(_, count)| *count > 0) {
            let height = share(*count, highest) * f64::from(ROOM);
            y -= height;
            rectangle(&mut inside, *ink, [x, y, (step * 0.86).max(0.5), height], says);
        }
    }
    for (nth, (at, text)) in of.below.iter().enumerate() {
        // Where the page is narrow, there is no room for each of many.
        let class = if of.below.len() > FEW && nth % 2 == 1 { "axis every-other" } else { "axis" };
        let at = step * (precise(*at) + 0.43);
        // What stands at an edge stays inside.
        let (anchor, x) = match at / f64::from(WIDTH) {
            part if part < 0.06 => ("start", 0.0),
            part if part > 0.94 => ("end", f64::from(WIDTH)),
            _ => ("middle", at),
        };
        let _ = write!(
            inside,
            "<text class=\"{class}\" text-anchor=\"{anchor}\" x=\"{x:.1}\" y=\"{}\">{}</text>",
            TOP + ROOM + 16,
            in_markup(text)
        );
    }
    svg(WIDTH, TOP + ROOM + 20, &of.title, &inside)
}

#[expect(clippy::cast_precision_loss, reason = "there are few columns")]
fn precise(count: usize) -> f64 {
    count as f64
}

/// So many texts have room below the columns of a narrow page.
const FEW: usize = 4;
const WIDTH: u32 = 960;
/// The line for what the highest column comes to.
const TOP: u32 = 18;
/// What the highest column takes.
const ROOM: u32 = 160;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_column_takes_the_room_and_parts_stand_on_each_other() {
        let drawn = columns(&Columns {
            title: "times".to_owned(),
            stacks: vec![
                (vec![(Ink::Ok, 3), (Ink::Failed, 1)], "one".to_owned()),
                (vec![(Ink::Ok, 2)], "<two>".to_owned()),
            ],
            below: vec![(0, "first".to_owned()), (1, "last".to_owned())],
            most: "4".to_owned(),
        });
        assert!(drawn.contains("class=\"ok\" x=\"0.0\" y=\"58.0\" width=\"412.8\" height=\"120.0\""), "{drawn}");
        assert!(drawn.contains("class=\"failed\" x=\"0.0\" y=\"18.0\" width=\"412.8\" height=\"40.0\""), "{drawn}");
        assert!(drawn.contains("y=\"98.0\" width=\"412.8\" height=\"80.0\"><title>&lt;two&gt;"), "{drawn}");
        assert!(!drawn.contains("every-other"), "two texts have room anywhere: {drawn}");
        let many = (0..6).map(|at| (at, format!("{at} ms"))).collect();
        let drawn = columns(&Columns { below: many, ..Columns::default() });
        assert_eq!((drawn.matches("every-other").count(), drawn.matches(" ms<").count()), (3, 6), "{drawn}");
        assert_eq!(columns(&Columns::default()).matches("<rect").count(), 0);
    }
}
