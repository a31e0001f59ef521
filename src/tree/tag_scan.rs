//! Where the attributes of one tag start: enough of the HTML tokenizer to count them ahead of it.

use memchr::memchr;

/// Reads one tag, piece by piece: the states of the HTML Standard, sections 13.2.5.8 to 13.2.5.40.
#[derive(Debug, Clone, Copy)]
pub(super) struct TagScan {
    state: TagState,
    attributes: usize,
}

/// Where reading a piece of a tag has stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// At the end of the piece, still inside of the tag.
    Inside,
    /// At the `>` that ends the tag, this far into the piece.
    End(usize),
    /// At the first character of one attribute too many, this far into the piece.
    Excess(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TagState {
    TagName,
    /// Also after a quoted value and after a slash: there, the same follows.
    BeforeName,
    Name,
    AfterName,
    BeforeValue,
    Quoted(u8),
    Unquoted,
}

impl TagScan {
    /// A tag, to be read from its name on.
    pub(super) fn new() -> Self {
        Self { state: TagState::TagName, attributes: 0 }
    }

    /// Reads the next piece of the tag, up to `max` attributes of the whole tag.
    pub(super) fn read(&mut self, piece: &[u8], max: usize) -> Stop {
        let mut at = 0;
        while let Some(&byte) = piece.get(at) {
            let space = byte.is_ascii_whitespace();
            self.state = match self.state {
                TagState::Quoted(quote) => match memchr(quote, piece.get(at..).unwrap_or_default()) {
                    Some(length) => {
                        at += length;
                        TagState::BeforeName
                    }
                    None => return Stop::Inside,
                },
                _ if byte == b'>' => return Stop::End(at),
                TagState::TagName if space || byte == b'/' => TagState::BeforeName,
                TagState::Name if space => TagState::AfterName,
                TagState::Name | TagState::AfterName if byte == b'=' => TagState::BeforeValue,
                TagState::Name | TagState::BeforeName | TagState::AfterName if byte == b'/' => TagState::BeforeName,
                TagState::BeforeName | TagState::AfterName if !space => {
                    if self.attributes == max {
                        return Stop::Excess(at);
                    }
                    self.attributes += 1;
                    TagState::Name
                }
                TagState::BeforeValue if matches!(byte, b'"' | b'\'') => TagState::Quoted(byte),
                TagState::BeforeValue if !space => TagState::Unquoted,
                TagState::Unquoted if space => TagState::BeforeName,
                state => state,
            };
            at += 1;
        }
        Stop::Inside
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads `tag` whole and in pieces of one byte, and expects the same of both.
    fn check(tag: &str, max: usize, expected: Stop) {
        assert_eq!(TagScan::new().read(tag.as_bytes(), max), expected, "{tag}");
        let mut scan = TagScan::new();
        let stop = tag.bytes().enumerate().find_map(|(at, byte)| match scan.read(&[byte], max) {
            Stop::Inside => None,
            Stop::End(_) => Some(Stop::End(at)),
            Stop::Excess(_) => Some(Stop::Excess(at)),
        });
        assert_eq!(stop.unwrap_or(Stop::Inside), expected, "{tag} in pieces");
    }

    #[test]
    fn a_tag_ends_at_the_first_unquoted_bracket() {
        check("a>b>", 9, Stop::End(1));
        check("a title='>' x=\">\">", 9, Stop::End(17));
        check("a x=y'>", 9, Stop::End(6));
        check("a '>'>", 9, Stop::End(3));
        check("a x= >", 9, Stop::End(5));
        check("a x='", 9, Stop::Inside);
    }

    #[test]
    fn attributes_are_counted_as_the_tokenizer_does() {
        check("a x y=1 z='2'>", 3, Stop::End(13));
        check("a x y=1 z='2'>", 2, Stop::Excess(8));
        check("a x='1'y='2'>", 1, Stop::Excess(7));
        check("a x/y/z>", 2, Stop::Excess(6));
        check("a x = 1 = 2>", 2, Stop::Excess(10));
        check("a b=c=d e>", 2, Stop::End(9));
        check("a/b>", 0, Stop::Excess(2));
    }
}
