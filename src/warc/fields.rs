//! Named fields: the head of a record, and blocks of `application/warc-fields`.

/// Names and values in their order. Names are compared without case; a name may come more than once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads lines of `name: value`, ended by CRLF or LF alone. A line that starts with a blank goes on with the one before;
    /// what has no colon is left out; bytes that are no UTF-8 are read as Latin-1, as those who write them mean them.
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let mut fields: Vec<(String, String)> = Vec::new();
        for line in bytes.split(|byte| *byte == b'\n') {
            let line = text(line.strip_suffix(b"\r").unwrap_or(line));
            if line.starts_with([' ', '\t']) {
                if let Some((_, value)) = fields.last_mut() {
                    value.push(' ');
                    value.push_str(line.trim());
                }
            } else if let Some((name, value)) = line.split_once(':') {
                fields.push((name.trim().to_owned(), value.trim().to_owned()));
            }
        }
        Self(fields)
    }

    /// The first value of a name.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// All values of a name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Adds one.
    pub(crate) fn push(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.push((name.into(), value.into()));
    }

    /// Writes them as lines that end with CRLF. No value can end its own line.
    pub(crate) fn write(&self, to: &mut Vec<u8>) {
        for (name, value) in self.iter() {
            line(name, value, to);
        }
    }
}

/// Writes one line. A control character becomes a blank: a value that ends its line could make up others.
pub(super) fn line(name: &str, value: &str, to: &mut Vec<u8>) {
    to.extend_from_slice(name.as_bytes());
    to.extend_from_slice(b": ");
    to.extend(value.bytes().map(|byte| if byte.is_ascii_control() { b' ' } else { byte }));
    to.extend_from_slice(b"\r\n");
}

/// Bytes as text: UTF-8, or else each byte a letter of Latin-1.
pub(super) fn text(bytes: &[u8]) -> String {
    str::from_utf8(bytes).map_or_else(|_| bytes.iter().map(|byte| char::from(*byte)).collect(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_they_come() {
        let fields = Fields::parse(b"A: 1\r\nb:2\n c\r\nno colon\r\nB: \xff\r\n");
        let all: Vec<_> = fields.iter().collect();
        assert_eq!(all, [("A", "1"), ("b", "2 c"), ("B", "\u{ff}")]);
        assert_eq!((fields.get("a"), fields.all("B").count(), fields.get("c")), (Some("1"), 2, None));
    }

    #[test]
    fn no_value_makes_up_a_line() {
        let (mut fields, mut written) = (Fields::default(), Vec::new());
        fields.push("WARC-Target-URI", "http://e.com/\r\nWARC-Type: response");
        fields.write(&mut written);
        assert_eq!(written, b"WARC-Target-URI: http://e.com/  WARC-Type: response\r\n");
    }
}
