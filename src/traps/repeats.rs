//! Repeated segments: paths that come back to themselves, as `/a/b/a/b/a/b/` does.

/// Whether a path says the same one to four segments three times in a row, or one segment six times. Numbers do not count:
/// `/1/1/1/` may be the first of the first of the first.
pub(super) fn repeats(path: &str) -> bool {
    // Most paths are too short for it.
    if path.bytes().filter(|byte| *byte == b'/').count() < IN_A_ROW {
        return false;
    }
    let is_word = |segment: &&str| !segment.is_empty() && !segment.bytes().all(|byte| byte.is_ascii_digit());
    let segments: Vec<&str> = path.split('/').filter(is_word).take(MOST_SEGMENTS).collect();
    in_a_row(&segments) || often(segments)
}

fn in_a_row(segments: &[&str]) -> bool {
    (1..=LONGEST_CYCLE).any(|cycle| {
        let (mut same, enough) = (0, cycle * (IN_A_ROW - 1));
        segments.iter().zip(segments.iter().skip(cycle)).any(|(one, next)| {
            same = if one == next { same + 1 } else { 0 };
            same >= enough
        })
    })
}

fn often(mut segments: Vec<&str>) -> bool {
    segments.sort_unstable();
    segments.chunk_by(|one, next| one == next).any(|same| same.len() >= IN_ALL)
}

const IN_A_ROW: usize = 3;
const IN_ALL: usize = 6;
const LONGEST_CYCLE: usize = 4;
/// The rest of a longer path is not looked at.
const MOST_SEGMENTS: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_three_times_in_a_row_or_six_times_repeats() {
        for (path, expected) in [
            ("/a/a/a", true),
            ("/a/b/a/b/a/b", true),
            ("/x/a/b/c/d/a/b/c/d/a/b/c/d/y", true),
            ("/a/a/b/a/a", false),
            ("/a/b/a/b/a", false),
            ("/a/x/a/y/a/z/a/v/a/w/a", true),
            ("/1/1/1/1/1/1", false),
            ("/2026/01/01", false),
            ("///", false),
            ("/usr/share/doc/usr/share/doc", false),
        ] {
            assert_eq!(repeats(path), expected, "{path}");
        }
    }
}
