//! Dotted: the path of a key, as the names along it: `hosts."example.com".rate`.

/// The names along a dotted path. In quotes, a name may have dots.
pub(super) fn steps(path: &str) -> Vec<&str> {
    let (mut steps, mut start, mut quote) = (Vec::new(), 0, None);
    for (at, c) in path.char_indices() {
        match (c, quote) {
            ('"' | '\'', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            ('.', None) => {
                steps.extend(path.get(start..at));
                start = at + 1;
            }
            _ => {}
        }
    }
    steps.extend(path.get(start..));
    steps.into_iter().map(unquoted).collect()
}

/// The dotted path along these names.
pub(super) fn joined(steps: &[&str]) -> String {
    steps.iter().fold(String::new(), |path, name| join(&path, name))
}

/// Joins a table's path and a name.
pub(super) fn join(prefix: &str, name: &str) -> String {
    let name = quoted_name(name);
    if prefix.is_empty() { name } else { format!("{prefix}.{name}") }
}

/// A name as TOML needs it.
pub(super) fn quoted_name(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !name.is_empty() && name.chars().all(bare) { name.to_owned() } else { toml::Value::from(name).to_string() }
}

fn unquoted(name: &str) -> &str {
    let inside = |quote: char| name.strip_prefix(quote).and_then(|name| name.strip_suffix(quote));
    inside('"').or_else(|| inside('\'')).unwrap_or(name)
}
