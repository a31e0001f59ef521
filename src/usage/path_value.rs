//! A value of robots.txt that holds for some paths: `[path] value` (draft-ietf-aipref-attach-05, section 3.2).

/// The path pattern of a rule, empty when it has none, and what follows it. A value that starts with a slash has one; it
/// ends before the first space or tab.
pub(crate) fn split(value: &[u8]) -> (&[u8], &[u8]) {
    if value.first() != Some(&b'/') {
        return (b"", value);
    }
    let end = value.iter().position(|byte| is_blank(*byte)).unwrap_or(value.len());
    let (path, rest) = value.split_at(end);
    let start = rest.iter().position(|byte| !is_blank(*byte)).unwrap_or(rest.len());
    (path, rest.get(start..).unwrap_or_default())
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_starts_with_a_slash_and_ends_at_a_blank() {
        let check = |value: &str, path: &str, rest: &str| {
            assert_eq!(split(value.as_bytes()), (path.as_bytes(), rest.as_bytes()), "{value}");
        };
        check("train-ai=n", "", "train-ai=n");
        check("/ai-ok/ train-ai=y", "/ai-ok/", "train-ai=y");
        check("/a\t \ttrain-ai=y, search=n", "/a", "train-ai=y, search=n");
        check("/a%20b train-ai=y", "/a%20b", "train-ai=y");
        check("*.pdf train-ai=y", "", "*.pdf train-ai=y");
        check("/only", "/only", "");
        check("", "", "");
    }
}
