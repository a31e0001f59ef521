//! JSONPath (RFC 9535): parsed, with what is wrong in our own words, and bounded when it is asked.

use serde_json::Value;
use serde_json_path::JsonPath;

use super::element::Work;
use super::wrong::Wrong;

/// A path into JSON.
#[derive(Debug, Clone)]
pub(super) struct Path {
    path: JsonPath,
    /// How often it goes down to any depth.
    deep: u32,
}

impl Path {
    pub(super) fn parse(text: &str) -> Result<Self, Wrong> {
        match JsonPath::parse(text) {
            Ok(path) => Ok(Self { path, deep: descents(text) }),
            Err(error) => Err(explain(text, error.position(), error.message())),
        }
    }

    /// The whole document.
    pub(super) fn root() -> Self {
        Self { path: JsonPath::default(), deep: 0 }
    }

    /// What the path selects, in the order of the document; `None` when that would take more work than is left.
    ///
    /// Each `..` behind another can multiply the nodes by their depth.
    pub(super) fn select<'a>(&self, value: &'a Value, work: &Work) -> Option<Vec<&'a Value>> {
        let (nodes, depth) = size(value);
        let cost = (1..self.deep).try_fold(nodes, |cost, _| cost.checked_mul(depth))?;
        work.spend(cost).then(|| self.path.query(value).all())
    }
}

/// How many values there are in a value, itself among them, and how deep they nest.
pub(super) fn size(value: &Value) -> (usize, usize) {
    let add = |(nodes, depth): (usize, usize), inner: &Value| {
        let (more, below) = size(inner);
        (nodes + more, depth.max(below + 1))
    };
    match value {
        Value::Array(items) => items.iter().fold((1, 1), add),
        Value::Object(members) => members.values().fold((1, 1), add),
        _ => (1, 1),
    }
}

/// How many `..` a path has outside of its strings.
fn descents(text: &str) -> u32 {
    let (mut found, mut quote, mut last) = (0, None, ' ');
    for c in text.chars() {
        match (quote, c) {
            (Some(open), c) if c == open && last != '\\' => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '.') if last == '.' => found += 1,
            _ => {}
        }
        last = if last == '\\' { ' ' } else { c };
    }
    found
}

fn explain(text: &str, position: usize, message: &str) -> Wrong {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Wrong::new("the path is empty").allowed(ALLOWED);
    }
    if !trimmed.starts_with('$') {
        let path = trimmed.trim_start_matches(['.', '@', '/']).replace("[]", "[*]");
        let help = if path.starts_with('[') { format!("write ${path}") } else { format!("write $.{path}") };
        return Wrong::new(format!("`{text}` does not start with `$`")).allowed(ALLOWED).help(help);
    }
    if trimmed.len() < text.len() {
        return Wrong::new("a path has no white space around it");
    }
    let mistakes: [fn(&str) -> Option<Wrong>; 4] = [empty_brackets, unclosed, name_that_needs_quotes, dangling];
    if let Some(wrong) = mistakes.iter().find_map(|mistake| mistake(text)) {
        return wrong;
    }
    let at = text.floor_char_boundary(position.saturating_sub(1).min(text.len().saturating_sub(1)));
    let what = message.split(", ").last().unwrap_or(message);
    let rest = text.get(at..).unwrap_or_default();
    Wrong::new(format!("`{rest}` is not understood in a JSONPath: {what}")).at(at..text.len()).allowed(ALLOWED)
}

/// `$.a[]`, as jq has it.
fn empty_brackets(text: &str) -> Option<Wrong> {
    let at = text.find("[]")?;
    Some(Wrong::new("`[]` selects nothing").at(at..at + 2).help("write `[*]` for all entries of a list"))
}

fn unclosed(text: &str) -> Option<Wrong> {
    let (mut open, mut quote, mut escaped) = (Vec::new(), None, false);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some((end, _)), c) if end == c => quote = None,
            (None, '"' | '\'') => quote = Some((c, at)),
            (None, '[' | '(') => open.push((c, at)),
            (None, ']' | ')') if open.pop().is_none() => {
                return Some(Wrong::new(format!("`{c}` closes nothing")).at(at..at + 1));
            }
            _ => {}
        }
    }
    let (sign, at) = quote.or_else(|| open.pop())?;
    Some(Wrong::new(format!("`{sign}` is not closed")).at(at..text.len()))
}

/// `$.a-b` and `$.1`: after a point, only a name of letters, digits and `_` may stand, and no digit first.
fn name_that_needs_quotes(text: &str) -> Option<Wrong> {
    let mut from = 0;
    while let Some(point) = text.get(from..).and_then(|rest| rest.find('.')).map(|at| from + at) {
        let start = point + 1;
        let rest = text.get(start..)?;
        let length = rest.find(['.', '[', ' ', ')', ']', '=', '<', '>', '!', '&', '|', ',', '(']).unwrap_or(rest.len());
        let name = rest.get(..length)?;
        let is_plain = name == "*"
            || name
                .chars()
                .enumerate()
                .all(|(at, c)| c == '_' || !c.is_ascii() || c.is_ascii_alphabetic() || at > 0 && c.is_ascii_digit());
        let is_quoted = text.get(..point)?.matches(['\'', '"']).count() % 2 == 1;
        if !name.is_empty() && !is_plain && !is_quoted && !name.contains(['\'', '"']) {
            return Some(
                Wrong::new(format!("the name `{name}` needs quotes"))
                    .at(start..start + length)
                    .help(format!("write ['{name}'] instead of .{name}")),
            );
        }
        from = start;
    }
    None
}

/// `$.a.`
fn dangling(text: &str) -> Option<Wrong> {
    let end = text.trim_end_matches('.').len();
    (end < text.len())
        .then(|| Wrong::new(format!("nothing follows `{}`", text.get(end..).unwrap_or_default())).at(end..text.len()))
}

const ALLOWED: &str = "a JSONPath (RFC 9535), like $.name, $.items[*].price or $..price";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_is_none_says_where_and_what_to_write() {
        let check = |text: &str, at: Option<std::ops::Range<usize>>, found: &str, help: Option<&str>| {
            let wrong = Path::parse(text).unwrap_err();
            assert_eq!((wrong.at, wrong.found.as_str(), wrong.help.as_deref()), (at, found, help), "{text}");
        };
        check("items[]", None, "`items[]` does not start with `$`", Some("write $.items[*]"));
        check("$.items[]", Some(7..9), "`[]` selects nothing", Some("write `[*]` for all entries of a list"));
        check("$.a-b.c", Some(2..5), "the name `a-b` needs quotes", Some("write ['a-b'] instead of .a-b"));
        check("$.a['b", Some(4..6), "`'` is not closed", None);
        check("$.a[0", Some(3..5), "`[` is not closed", None);
        check("$.a.", Some(3..4), "nothing follows `.`", None);
        check("", None, "the path is empty", None);
        check(" $.a", None, "a path has no white space around it", None);
        assert!(Path::parse("$.a[?@.b = 1]").unwrap_err().at.is_some());
        assert!(Path::parse("$[1:2:x]").unwrap_err().found.starts_with('`'));
    }

    #[test]
    fn a_path_that_goes_deep_again_and_again_is_bounded() {
        let mut value = Value::from(1);
        for _ in 0..100 {
            value = serde_json::json!([value, 1]);
        }
        let work = Work::for_size(size(&value).0);
        assert!(Path::parse("$..*").unwrap().select(&value, &work).is_some_and(|found| found.len() == 200));
        assert!(Path::parse("$..*..*..*..*").unwrap().select(&value, &work).is_none());
        assert_eq!(descents("$..a['..'][?@..b].c"), 2);
    }
}
