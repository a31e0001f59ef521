//! A graph: sections on a circle, and the links between them as curves.

use std::f64::consts::TAU;
use std::fmt::Write as _;

use super::{share, svg};
use crate::observe::in_markup;
use crate::report::sections::Map;

/// Draws the sections of a crawl, and which lead to which. `label` makes short names of theirs.
pub(in crate::report) fn graph(map: &Map, label: impl Fn(&str) -> String) -> String {
    let largest = map.sections.iter().map(|section| section.count.pages).max().unwrap_or_default();
    let spots: Vec<_> = (0..map.sections.len()).map(|at| spot(at, map.sections.len())).collect();
    let most =
        map.links.iter().filter(|(from, to, _)| from != to).map(|(_, _, count)| *count).max().unwrap_or_default();
    let mut inside = String::new();
    for (from, to, count) in map.links.iter().filter(|(from, to, _)| from != to) {
        let (Some(a), Some(b)) = (spots.get(*from), spots.get(*to)) else { continue };
        let [from_name, to_name] =
            [from, to].map(|at| map.sections.get(*at).map(|section| label(&section.name)).unwrap_or_default());
        // Few links stay visible beside many.
        let width = 0.6 + 7.4 * share(*count, most).sqrt();
        let _ = write!(
            inside,
            "<path class=\"link\" stroke-width=\"{width:.1}\" d=\"M{:.0} {:.0}Q{CENTRE_X} {CENTRE_Y} {:.0} {:.0}\">\
             <title>{} to {}: {count}</title></path>",
            a.x,
            a.y,
            b.x,
            b.y,
            in_markup(&from_name),
            in_markup(&to_name)
        );
    }
    for (section, at) in map.sections.iter().zip(&spots) {
        let name = label(&section.name);
        let radius = 4.0 + 17.0 * share(section.count.pages, largest).sqrt();
        let _ = write!(
            inside,
            "<circle class=\"section\" cx=\"{:.0}\" cy=\"{:.0}\" r=\"{radius:.0}\"><title>{}: {} pages</title></circle>\
             <text class=\"label\" text-anchor=\"{}\" x=\"{:.0}\" y=\"{:.0}\">{}</text>",
            at.x,
            at.y,
            in_markup(&name),
            section.count.pages,
            at.anchor,
            at.x + at.out * (radius + 6.0),
            at.y + 5.0,
            in_markup(&shortened(&name))
        );
    }
    svg(WIDTH, HEIGHT, "Sections of the crawl, and the links between them", &inside)
}

/// Where a section is.
struct Spot {
    x: f64,
    y: f64,
    /// On which side its name stands.
    anchor: &'static str,
    out: f64,
}

fn spot(at: usize, of: usize) -> Spot {
    #[expect(clippy::cast_precision_loss, reason = "there are few sections")]
    let angle = TAU * (at as f64 + 0.5) / of as f64 - TAU / 4.0;
    let (x, y) = (angle.cos(), angle.sin());
    let (anchor, out) = if x < 0.0 { ("end", -1.0) } else { ("start", 1.0) };
    Spot { x: f64::from(CENTRE_X) + 250.0 * x, y: f64::from(CENTRE_Y) + 210.0 * y, anchor, out }
}

fn shortened(name: &str) -> String {
    if name.chars().count() <= LONGEST_LABEL {
        return name.to_owned();
    }
    name.chars().take(LONGEST_LABEL - 1).chain(['…']).collect()
}

const WIDTH: u32 = 960;
const HEIGHT: u32 = 500;
const CENTRE_X: u32 = 480;
const CENTRE_Y: u32 = 250;
const LONGEST_LABEL: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sections::{Section, SectionCount};

    #[test]
    fn each_section_has_a_circle_and_each_way_between_two_a_curve() {
        let section = |name: &str, pages| Section {
            name: name.to_owned(),
            count: SectionCount { pages, ..SectionCount::default() },
        };
        let map = Map {
            sections: vec![section("http://e.com/a<b/", 9), section("http://e.com/", 1)],
            links: vec![(0, 0, 5), (0, 1, 4), (1, 0, 1)],
            more: 0,
        };
        let drawn = graph(&map, str::to_owned);
        assert_eq!((drawn.matches("<circle").count(), drawn.matches("<path").count()), (2, 2));
        assert!(drawn.contains("stroke-width=\"8.0\"") && drawn.contains("stroke-width=\"4.3\""), "{drawn}");
        assert!(drawn.contains("http://e.com/a&lt;b/: 9 pages"), "{drawn}");
        assert!(!drawn.contains("NaN"), "{drawn}");
        assert!(!graph(&Map::default(), str::to_owned).contains("NaN"));
    }
}
