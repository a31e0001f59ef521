//! CSS: what of it is understood in selectors.

use cssparser::{ParseError, Parser as CssParser};
use scraper::selector::Simple;
use selectors::parser::{ParseRelative, SelectorList, SelectorParseErrorKind};

/// Whether a text is a selector that can be parsed at all.
pub(super) fn parses(text: &str) -> bool {
    parse(text).is_ok()
}

/// Parses a selector list. What the items are that a selector is relative to is written into it before: the parser's own
/// way to do that, `ParseRelative::ForScope`, also binds a selector that names its `:scope`.
pub(super) fn parse(text: &str) -> Result<SelectorList<Simple>, ()> {
    SelectorList::parse(&Strict, &mut CssParser::new(text), ParseRelative::No)
        .map_err(|_: ParseError<SelectorParseErrorKind>| ())
}

/// What of CSS is understood: all that can be told of a page without a browser. Nothing is forgiven: a part of `:is()` that
/// is wrong would be left out without a word.
struct Strict;

impl selectors::parser::Parser<'_> for Strict {
    type Impl = Simple;
    type Error = SelectorParseErrorKind;

    fn parse_nth_child_of(&self) -> bool {
        true
    }

    fn parse_is_and_where(&self) -> bool {
        true
    }

    fn parse_has(&self) -> bool {
        true
    }

    fn allow_forgiving_selectors(&self) -> bool {
        false
    }
}
