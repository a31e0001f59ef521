//! A bar of parts beside each other, which make up a whole.

use super::{Ink, rectangle, share, svg};

/// One bar; parts that are nothing leave nothing.
pub(in crate::report) fn stacked_bar(title: &str, parts: &[(Ink, &str, u64)]) -> String {
    let whole = parts.iter().map(|(_, _, count)| count).sum();
    let (mut inside, mut x) = (String::new(), 0.0);
    for (ink, name, count) in parts.iter().filter(|(_, _, count)| *count > 0) {
        let width = share(*count, whole) * f64::from(WIDTH);
        rectangle(&mut inside, *ink, [x, 0.0, width, f64::from(HEIGHT)], &format!("{name}: {count}"));
        x += width;
    }
    svg(WIDTH, HEIGHT, title, &inside)
}

const WIDTH: u32 = 960;
const HEIGHT: u32 = 28;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_fill_the_bar() {
        let drawn = stacked_bar("all", &[(Ink::Ok, "ok", 3), (Ink::Failed, "failed", 0), (Ink::Skipped, "skipped", 1)]);
        assert_eq!(drawn.matches("<rect").count(), 2);
        assert!(drawn.contains("class=\"ok\" x=\"0.0\" y=\"0.0\" width=\"720.0\""), "{drawn}");
        assert!(drawn.contains("class=\"skipped\" x=\"720.0\" y=\"0.0\" width=\"240.0\""), "{drawn}");
        assert_eq!(stacked_bar("none", &[]).matches("<rect").count(), 0);
    }
}
