//! Place: where in a text a setting is wrong, and the message that points there.

use std::fmt::Write as _;
use std::ops::Range;

use super::secret;
use crate::problem::Problem;

impl Problem {
    /// The message for a place in a file: `crawl.toml:12:9: …` and the line with the place underlined.
    pub(super) fn in_text(&self, name: &str, text: &str, span: &Range<usize>) -> String {
        let (line, column) = position(text, span.start);
        let mut message = format!("{name}:{line}:{column}: {}\n", visible(&self.found));
        let gutter = " ".repeat(line.to_string().len());
        // Writing to a String cannot fail.
        let _ = write!(message, "{gutter} |\n{line} | ");
        // One character each, so that the mark below stays where it belongs.
        let content = text.lines().nth(line - 1).unwrap_or_default().replace(unseen, "\u{fffd}");
        let content = content.trim_start_matches('\u{feff}');
        let marked = text.get(span.clone()).unwrap_or_default().lines().next().unwrap_or_default();
        let without = secret::without_secret(text, line - 1, content);
        let kept = without.as_ref().and_then(|_| secret::without_value(content, marked));
        let (content, column) = match (&without, &kept) {
            (Some(shown), None) => (shown.as_str(), None),
            (_, Some((shown, column))) => (shown.as_str(), Some(*column)),
            (None, None) => (content, Some(column)),
        };
        let _ = writeln!(message, "{content}");
        let _ = match column {
            None => writeln!(message, "{gutter} |"),
            Some(column) => {
                let before: String =
                    content.chars().take(column - 1).map(|c| if c == '\t' { c } else { ' ' }).collect();
                let left = content.chars().count().saturating_sub(column - 1);
                let width = marked.chars().count().min(left).max(1);
                writeln!(message, "{gutter} | {before}{}", "^".repeat(width))
            }
        };
        message += &self.notes(&gutter);
        message.trim_end().to_owned()
    }

    /// The message for a line of a file, without the line.
    pub(super) fn in_line(&self, name: &str, line: usize, column: usize) -> String {
        format!("{name}:{line}:{column}: {}", visible(&self.found))
    }

    /// The message for a flag: `--rate fast: …`.
    pub(super) fn in_flag(&self, flag: &str) -> String {
        let message = format!("{}: {}\n{}", visible(flag), visible(&self.found), self.notes(""));
        message.trim_end().to_owned()
    }

    fn notes(&self, gutter: &str) -> String {
        let note = |name: &str, text: &Option<String>| text.as_ref().map(|text| format!("{gutter} = {name}: {text}"));
        [note("allowed", &self.allowed), note("help", &self.help)].into_iter().flatten().collect::<Vec<_>>().join("\n")
    }
}

/// A flag with its value, as a shell needs it.
pub(super) fn flag_with(flag: &str, value: &str) -> String {
    let quote = if value.is_empty() || value.contains(char::is_whitespace) { "'" } else { "" };
    format!("{flag} {quote}{value}{quote}")
}

/// Line and column of a byte, both from 1; columns count characters.
pub(super) fn position(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..text.floor_char_boundary(byte)).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let column = before.get(line_start..).unwrap_or_default().chars().filter(|c| *c != '\u{feff}').count();
    (before.matches('\n').count() + 1, column + 1)
}

/// Text without anything that could move the cursor of a terminal.
fn visible(text: &str) -> String {
    text.chars().map(|c| if unseen(c) || c == '\t' { c.escape_default().to_string() } else { c.to_string() }).collect()
}

fn unseen(c: char) -> bool {
    c.is_control() && c != '\t'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_start_at_one() {
        assert_eq!(position("a = 1\nü = x", 0), (1, 1));
        assert_eq!(position("a = 1\nü = x", 11), (2, 5));
        assert_eq!(position("", 0), (1, 1));
    }

    #[test]
    fn the_place_is_underlined_below_tabs_and_wide_text() {
        let text = "[fetch]\n\ttimeout = 30\n";
        let message = Problem::new("no unit").allowed("a unit").in_text("c.toml", text, &(19..21));
        insta::assert_snapshot!(message, @r"
        c.toml:2:12: no unit
          |
        2 | 	timeout = 30
          | 	          ^^
          = allowed: a unit
        ");
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        let problem = Problem::new("`\u{1b}[2J` is not a host");
        let flag = flag_with("--set", "a=\u{1b}[2J x");
        assert_eq!(problem.in_flag(&flag), "--set 'a=\\u{1b}[2J x': `\\u{1b}[2J` is not a host");
        assert!(!problem.in_text("c.toml", "a = '\u{1b}[2J'", &(4..10)).contains('\u{1b}'));
    }

    #[test]
    fn a_line_with_a_secret_is_not_shown() {
        let text = "headers = { Authorization = \"Bearer s3cret\\n\" }";
        let message = Problem::new("not a header value").in_text("c.toml", text, &(28..45));
        assert!(!message.contains("s3cret"), "{message}");
    }

    #[test]
    fn a_variable_is_underlined_and_nothing_else_of_its_line_is_shown() {
        let text = "[fetch]\nheaders = { Authorization = \"Bearer s3cret ${TOKEN}\" }";
        let at = text.find('$').unwrap();
        let message = Problem::new("it is not set").in_text("c.toml", text, &(at..at + 8));
        insta::assert_snapshot!(message, @r"
        c.toml:2:44: it is not set
          |
        2 | headers = <redacted> ${TOKEN} <redacted>
          |                      ^^^^^^^^
        ");
        assert!(!Problem::new("not a value").in_text("c.toml", text, &(at - 7..at + 8)).contains("s3cret"));
    }
}
