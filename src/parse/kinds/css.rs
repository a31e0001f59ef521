//! What CSS names: `url()`, `src()`, `image-set()` and `@import` (CSS Syntax 3, CSS Values 4, CSS Images 4, CSS Cascade 5).
//!
//! Tokens are those of the standard, and nothing else of it is asked: what is in a comment or a string is none, and a rule
//! that no browser knows may have a `url()` as well. Blocks nested deeper than [`DEEPEST`] are left out.

use std::ops::Range;

use cssparser::{ParseError, Parser, Token};

/// What of CSS names something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::parse) enum CssPart {
    /// A style sheet.
    Import,
    /// An image, a font or the like.
    Url,
}

/// Gives each reference of a style sheet, or of the declarations in a `style`, in its order, and where the token is that
/// holds it: a string, or a `url()` without one.
pub(in crate::parse) fn read(css: &str, mut found: impl FnMut(CssPart, &str, Range<usize>)) {
    // Nearly all of `style` and most of `<style>` name nothing.
    if !has_any(css.as_bytes()) {
        return;
    }
    read_block(&mut Parser::new(css), Around { depth: 0, function: Function::None }, &mut found);
}

/// Who takes a reference, and where it stands.
type Found<'f> = dyn FnMut(CssPart, &str, Range<usize>) + 'f;

/// What the tokens of a block stand in.
#[derive(Debug, Clone, Copy)]
struct Around {
    depth: usize,
    function: Function,
}

/// What a string means that is an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Function {
    /// Nothing.
    None,
    /// The first is a reference: `url("")`, `src("")`.
    First,
    /// Each is: `image-set("" 1x, "" 2x)`.
    Each,
}

/// What the next reference is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Plain,
    /// Behind `@import` the first string or `url()` is a style sheet.
    Import,
    /// Behind `@namespace` it is a name, up to the end of the rule.
    Name,
}

fn read_block(css: &mut Parser<'_>, around: Around, found: &mut Found<'_>) {
    let (mut next, mut is_first) = (Next::Plain, true);
    loop {
        css.skip_whitespace();
        let start = css.position().byte_index();
        let Ok(token) = css.next() else { return };
        let mut tell = |next: &mut Next, url: &str, at: Range<usize>| {
            match *next {
                Next::Plain => found(CssPart::Url, url, at),
                Next::Import => found(CssPart::Import, url, at),
                Next::Name => return,
            }
            if *next == Next::Import {
                *next = Next::Plain;
            }
        };
        let function = match token {
            Token::UnquotedUrl(url) => {
                let url = url.clone();
                tell(&mut next, &url, start..css.position().byte_index());
                continue;
            }
            Token::QuotedString(text) => {
                let counts = around.function == Function::Each || around.function == Function::First && is_first;
                if counts || next == Next::Import {
                    let text = text.clone();
                    tell(&mut next, &text, start..css.position().byte_index());
                }
                is_first = false;
                continue;
            }
            Token::AtKeyword(name) => {
                next = Next::behind(name);
                continue;
            }
            Token::Semicolon => {
                next = Next::Plain;
                continue;
            }
            Token::Function(name) => Function::of(name),
            Token::CurlyBracketBlock => {
                next = Next::Plain;
                Function::None
            }
            Token::ParenthesisBlock | Token::SquareBracketBlock => Function::None,
            _ => continue,
        };
        if around.depth < DEEPEST {
            let inner = Around { depth: around.depth + 1, function };
            let _ = css.parse_nested_block(|css| {
                read_block(css, inner, &mut |part, url, at| match part {
                    CssPart::Url => tell(&mut next, url, at),
                    CssPart::Import => found_import(&mut tell, &mut next, url, at),
                });
                Ok::<_, ParseError<()>>(())
            });
        }
    }
}

/// An `@import` in a block is none of a browser's, and names a style sheet all the same.
fn found_import(tell: &mut dyn FnMut(&mut Next, &str, Range<usize>), next: &mut Next, url: &str, at: Range<usize>) {
    let before = std::mem::replace(next, Next::Import);
    tell(next, url, at);
    *next = before;
}

impl Next {
    /// What follows an at-keyword.
    fn behind(name: &str) -> Self {
        match name {
            name if name.eq_ignore_ascii_case("import") => Self::Import,
            name if name.eq_ignore_ascii_case("namespace") => Self::Name,
            _ => Self::Plain,
        }
    }
}

impl Function {
    fn of(name: &str) -> Self {
        let is = |known: &[&str]| known.iter().any(|known| name.eq_ignore_ascii_case(known));
        if is(&["url", "src"]) {
            Self::First
        } else if is(&["image-set", "-webkit-image-set", "image"]) {
            Self::Each
        } else {
            Self::None
        }
    }
}

/// Whether it may name anything.
fn has_any(css: &[u8]) -> bool {
    memchr::memchr2_iter(b'(', b'@', css).next().is_some()
}

/// How deep blocks may nest: a style sheet has some five levels, and each takes some of the stack.
const DEEPEST: usize = 48;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(css: &str) -> Vec<(CssPart, String)> {
        let mut all = Vec::new();
        read(css, |part, url, at| {
            let token = css.get(at).unwrap();
            // The name of a function may be written with escapes (CSS Syntax, section 4.3.11): `\url(` is `url(`.
            let is_name = |token: &str| token.starts_with('\\') || token[..3].eq_ignore_ascii_case("url");
            assert!(token.starts_with(['"', '\'']) || is_name(token), "{token} of {css}");
            all.push((part, url.to_owned()));
        });
        all
    }

    #[test]
    fn references_are_those_of_the_standard() {
        use CssPart::{Import, Url};
        let check = |css: &str, expected: &[(CssPart, &str)]| {
            let found = all(css);
            let found: Vec<_> = found.iter().map(|(part, url)| (*part, url.as_str())).collect();
            assert_eq!(found, expected, "{css}");
        };
        check(
            "@import 'a.css'; @import url(b.css) screen; @IMPORT url(\"c.css\");",
            &[(Import, "a.css"), (Import, "b.css"), (Import, "c.css")],
        );
        check("@import 'a.css' supports(background: url(x.png))", &[(Import, "a.css"), (Url, "x.png")]);
        check("p{background:URL( a.png ) no-repeat,url('b.png')}", &[(Url, "a.png"), (Url, "b.png")]);
        check("@font-face{src:local('x'),url(f.woff2) format('woff2')}", &[(Url, "f.woff2")]);
        check("@media print{@supports (a:b){p{content:url(a\\)b.png)}}}", &[(Url, "a)b.png")]);
        check("p{background:image-set('a.png' 1x,url(b.png) 2x)}", &[(Url, "a.png"), (Url, "b.png")]);
        check("@namespace svg url(http://www.w3.org/2000/svg); p{src:src(\"d.png\")}", &[(Url, "d.png")]);
        check("/* url(no.png) */p{content:'url(no.png)'}q{cursor:url(c.cur)", &[(Url, "c.cur")]);
        check("color:red;background:url(x.png)", &[(Url, "x.png")]);
        check("<!-- p{background:url(a)} -->", &[(Url, "a")]);
        check("p{background:url(a b)}q{background:url(c)}", &[(Url, "c")]);
        check("p{background:url()}", &[(Url, "")]);
        check("p{background:\\url(a),\\75rl(b)}", &[(Url, "a"), (Url, "b")]);
        check("p{color:red}", &[]);
        check("", &[]);
    }

    #[test]
    fn what_nests_too_deep_is_left_out_and_the_rest_is_read() {
        let deep = format!("{}url(a){} p{{b:url(c)}}", "(".repeat(100_000), ")".repeat(100_000));
        assert_eq!(all(&deep), [(CssPart::Url, "c".to_owned())]);
    }

    proptest! {
        #[test]
        fn whatever_it_is_reading_ends(css in "[@;{}()'\"\\\\/* a]{0,60}(url\\(|@import '|image-set\\('){0,3}[ab)';}]{0,9}") {
            let found = all(&css);
            prop_assert!(found.len() <= css.len());
        }
    }
}
