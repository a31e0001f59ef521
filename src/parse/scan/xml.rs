//! The markup of XML: tags, text, CDATA sections; comments and processing instructions are left out (XML 1.0, sections
//! 2.4 to 2.8 and 3.1).
//!
//! A document that is not well-formed is read on behind its faults: a browser stops there, but links that come later are
//! better than none. Each byte is looked at once: where an end is missing, the document is at its end.

use std::borrow::Cow;

use memchr::{memchr, memchr2, memmem};

use super::char_ref::xhtml_reference;
use super::tag::{ends_name, is_space};

/// Reads a document from front to back.
#[derive(Debug)]
pub(super) struct Markup<'a> {
    text: &'a str,
    at: usize,
    /// How many attributes of a tag are kept.
    max_attributes: usize,
    /// The entities that the document itself declares, and what they stand for.
    entities: Vec<(&'a str, &'a str)>,
}

/// What comes next in a document.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Start(StartTag<'a>),
    /// The name of an end tag.
    End(&'a str),
    /// Text with references.
    Text(&'a str),
    /// The text of a CDATA section: it has none.
    Cdata(&'a str),
}

/// A start tag, or one of an empty element. Names are as they are written, with their prefixes: case matters.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct StartTag<'a> {
    /// Where its name begins.
    pub(super) at: usize,
    pub(super) name: &'a str,
    /// Values are raw.
    pub(super) attributes: Vec<(&'a str, &'a str)>,
    pub(super) is_empty: bool,
}

impl<'a> Markup<'a> {
    /// Reads a text, and of each tag at most so many attributes.
    pub(super) fn new(text: &'a str, max_attributes: usize) -> Self {
        Self { text, at: 0, max_attributes, entities: Vec::new() }
    }

    /// The next piece; `None` at the end.
    pub(super) fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let rest = self.rest();
            match rest.as_bytes() {
                [] => return None,
                [b'<', b'!', ..] => {
                    if let Some(section) = rest.strip_prefix(CDATA) {
                        let length = section.find("]]>").unwrap_or(section.len());
                        self.at += (CDATA.len() + length + "]]>".len()).min(rest.len());
                        return Some(Token::Cdata(section.get(..length).unwrap_or_default()));
                    }
                    self.skip_declaration()?;
                }
                [b'<', b'?', ..] => self.skip_instruction()?,
                [b'<', b'/', first, ..] if starts_name(*first) => return self.end_tag(),
                [b'<', first, ..] if starts_name(*first) => return self.start_tag(),
                [_, after @ ..] => {
                    // A `<` that begins nothing is text.
                    let length = memchr(b'<', after).map_or(rest.len(), |length| length + 1);
                    return Some(Token::Text(self.take(length)));
                }
            }
        }
    }

    /// Reads past what an element holds that has only text, as a script: what looks like a tag in it, and would have to be
    /// escaped, is none. The end tag is next.
    pub(super) fn skip_text_of(&mut self, name: &str) -> Option<&'a str> {
        let text = self.rest();
        loop {
            self.at += memchr(b'<', self.rest().as_bytes())?;
            let rest = self.rest();
            if let Some(section) = rest.strip_prefix(CDATA) {
                self.at += CDATA.len() + section.find("]]>")? + "]]>".len();
            } else if let Some(comment) = rest.strip_prefix("<!--") {
                self.at += "<!--".len() + comment.find("-->")? + "-->".len();
            } else if rest.strip_prefix("</").and_then(|end| end.strip_prefix(name)).is_some_and(ends_here) {
                return text.get(..text.len() - rest.len());
            } else {
                self.at += 1;
            }
        }
    }

    /// The text that comes next, up to a tag.
    pub(super) fn text_ahead(&self) -> &'a str {
        self.rest().split('<').next().unwrap_or_default()
    }

    /// A text with its references resolved.
    pub(super) fn decode(&self, raw: &'a str) -> Cow<'a, str> {
        if memchr2(b'&', b'\r', raw.as_bytes()).is_none() {
            return Cow::Borrowed(raw);
        }
        let (mut decoded, mut rest) = (String::with_capacity(raw.len()), raw);
        while let Some((plain, found)) = memchr2(b'&', b'\r', rest.as_bytes()).and_then(|at| rest.split_at_checked(at))
        {
            decoded.push_str(plain);
            rest = found.get(1..).unwrap_or_default();
            if found.starts_with('\r') {
                decoded.push('\n');
                rest = rest.strip_prefix('\n').unwrap_or(rest);
                continue;
            }
            let end = rest.bytes().take(LONGEST_NAME).position(|byte| byte == b';');
            match end.and_then(|end| rest.split_at_checked(end)) {
                Some((name, after)) if self.push_entity(name, &mut decoded) => {
                    rest = after.get(1..).unwrap_or_default();
                }
                _ => decoded.push('&'),
            }
        }
        decoded.push_str(rest);
        Cow::Owned(decoded)
    }

    /// Writes what a name stands for. The text of an entity is taken as it is: entities in entities may grow without end,
    /// and many of one may grow far.
    fn push_entity(&self, name: &str, decoded: &mut String) -> bool {
        if let Some((_, text)) = self.entities.iter().find(|(declared, _)| *declared == name) {
            let fits = decoded.len() < LONGEST_GROWN;
            decoded.push_str(if fits { text } else { "" });
            return fits;
        }
        let Some((first, second)) = xhtml_reference(name) else { return false };
        decoded.push(first);
        decoded.extend(second);
        true
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn take(&mut self, length: usize) -> &'a str {
        let taken = self.text.get(self.at..self.at + length).unwrap_or_default();
        self.at += length;
        taken
    }

    /// A comment, or the document type.
    fn skip_declaration(&mut self) -> Option<()> {
        let rest = self.rest();
        self.at += match rest.strip_prefix("<!--") {
            Some(comment) => "<!--".len() + comment.find("-->")? + "-->".len(),
            None => self.read_document_type(rest).or_else(|| memchr(b'>', rest.as_bytes()).map(|end| end + 1))?,
        };
        Some(())
    }

    fn skip_instruction(&mut self) -> Option<()> {
        let rest = self.rest();
        let end = memmem::find(rest.as_bytes(), b"?>").map(|end| end + "?>".len());
        self.at += end.or_else(|| memchr(b'>', rest.as_bytes()).map(|end| end + 1))?;
        Some(())
    }

    /// The length of a document type, with the declarations in it, of which those of entities are kept.
    fn read_document_type(&mut self, text: &'a str) -> Option<usize> {
        let (mut at, mut in_subset) = ("<!".len(), false);
        loop {
            let rest = text.get(at..)?;
            at += match rest.bytes().next()? {
                b'>' if !in_subset => return Some(at + 1),
                b'[' => {
                    in_subset = true;
                    1
                }
                b']' => {
                    in_subset = false;
                    1
                }
                quote @ (b'"' | b'\'') => memchr(quote, rest.as_bytes().get(1..)?)? + 2,
                b'<' if rest.starts_with("<!--") => rest.find("-->")? + "-->".len(),
                b'<' if rest.starts_with("<?") => rest.find("?>")? + "?>".len(),
                b'<' => {
                    self.entities.extend(rest.strip_prefix("<!ENTITY").and_then(entity).filter(|_| self.has_room()));
                    1
                }
                first => utf8_length(first),
            };
        }
    }

    fn has_room(&self) -> bool {
        self.entities.len() < MAX_ENTITIES
    }

    fn end_tag(&mut self) -> Option<Token<'a>> {
        self.at += "</".len();
        let name = self.name();
        self.at += memchr(b'>', self.rest().as_bytes())? + 1;
        Some(Token::End(name))
    }

    fn start_tag(&mut self) -> Option<Token<'a>> {
        self.at += "<".len();
        let at = self.at;
        let name = self.name();
        let mut attributes: Vec<(&str, &str)> = Vec::new();
        loop {
            self.skip_space();
            let rest = self.rest();
            match rest.as_bytes() {
                [] => return None,
                [b'>', ..] => {
                    self.at += 1;
                    return Some(Token::Start(StartTag { at, name, attributes, is_empty: false }));
                }
                [b'/', b'>', ..] => {
                    self.at += 2;
                    return Some(Token::Start(StartTag { at, name, attributes, is_empty: true }));
                }
                [b'/' | b'=', ..] => self.at += 1,
                _ => {
                    let name = self.name();
                    self.skip_space();
                    let value = if self.rest().starts_with('=') { self.value()? } else { "" };
                    if attributes.len() < self.max_attributes {
                        attributes.push((name, value));
                    }
                }
            }
        }
    }

    fn name(&mut self) -> &'a str {
        let rest = self.rest();
        let length = rest.bytes().position(|byte| ends_name(byte) || byte == b'=').unwrap_or(rest.len());
        self.take(length)
    }

    /// The value of an attribute, from the `=` on. One without quotes is a fault that HTML does not know.
    fn value(&mut self) -> Option<&'a str> {
        self.at += 1;
        self.skip_space();
        let rest = self.rest();
        let value = match rest.bytes().next()? {
            quote @ (b'"' | b'\'') => {
                self.at += 1;
                let length = memchr(quote, self.rest().as_bytes())?;
                let value = self.take(length);
                self.at += 1;
                value
            }
            _ => self.take(rest.bytes().position(|byte| is_space(byte) || byte == b'>')?),
        };
        Some(value)
    }

    fn skip_space(&mut self) {
        self.at += self.rest().bytes().take_while(|byte| is_space(*byte)).count();
    }
}

/// The name and the text of an entity that a document declares for itself, from behind `<!ENTITY`.
fn entity(declaration: &str) -> Option<(&str, &str)> {
    let declaration = declaration.trim_start();
    let (name, after) = declaration.split_at(declaration.find(|c: char| c.is_ascii_whitespace())?);
    let after = after.trim_start();
    let quote = after.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let (text, _) = after.get(1..)?.split_once(quote)?;
    (text.len() <= LONGEST_ENTITY).then_some((name, text))
}

fn ends_here(after: &str) -> bool {
    after.bytes().next().is_none_or(ends_name)
}

fn starts_name(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || matches!(byte, b'_' | b':') || !byte.is_ascii()
}

/// How long the character is that begins with a byte.
fn utf8_length(first: u8) -> usize {
    usize::try_from(first.leading_ones()).unwrap_or_default().max(1)
}

const CDATA: &str = "<![CDATA[";
/// The longest name of a reference is that of an entity of HTML.
const LONGEST_NAME: usize = 64;
/// The longest text of an entity that is kept, in bytes.
const LONGEST_ENTITY: usize = 128;
/// In a value that is longer no entity of its document is replaced any more.
const LONGEST_GROWN: usize = 8 << 10;
/// How many entities of a document are kept.
const MAX_ENTITIES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    /// The pieces of a document, each in a word.
    fn told(text: &str) -> Vec<String> {
        let mut markup = Markup::new(text, 3);
        let mut told = Vec::new();
        while let Some(token) = markup.next() {
            told.push(match token {
                Token::Start(tag) => {
                    let attributes = tag.attributes.iter().map(|(name, raw)| format!(" {name}={}", markup.decode(raw)));
                    format!("<{}{}{}", tag.name, attributes.collect::<String>(), if tag.is_empty { "/>" } else { ">" })
                }
                Token::End(name) => format!("</{name}>"),
                Token::Text(text) => markup.decode(text).into_owned(),
                Token::Cdata(text) => format!("[{text}]"),
            });
        }
        told
    }

    #[test]
    fn tags_text_and_sections_are_told_apart() {
        let check = |text: &str, expected: &[&str]| assert_eq!(told(text), expected, "{text}");
        check("<a/>b</c>", &["<a/>", "b", "</c>"]);
        check("<x:a b='c' d = \"e>\"\n/>", &["<x:a b=c d=e>/>"]);
        check("<A b=c>", &["<A b=c>"]);
        check("<a b=c/>", &["<a b=c/>"]);
        check("<a b>", &["<a b=>"]);
        check("<a 1='' 2='' 3='' 4=''>", &["<a 1= 2= 3=>"]);
        check("<![CDATA[<a>&amp;]]]>b", &["[<a>&amp;]]", "b"]);
        check("<![CDATA[<a>", &["[<a>]"]);
        check("<!-- <a> -- -->b<?x <a> ?>c<?y>d", &["b", "c", "d"]);
        check("a < b <3 &<é>", &["a ", "< b ", "<3 &", "<é>"]);
        check("é<b", &["é"]);
        check("ü", &["ü"]);
        check("<!-- ", &[]);
        check("<a b='", &[]);
    }

    #[test]
    fn a_document_type_is_read_for_its_entities() {
        let check = |text: &str, expected: &[&str]| assert_eq!(told(text), expected, "{text}");
        check("<!DOCTYPE html>x", &["x"]);
        check("<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0//EN\" 'a>b'>x", &["x"]);
        check("<!DOCTYPE a [<!ENTITY b \"c>\"><!-- ]> --><?d ]> ?>]>&b;&e;", &["c>&e;"]);
        check("<!DOCTYPE a [<!ENTITY b 'c'><!ENTITY b 'd'>]><e f='&b;'/>", &["<e f=c/>"]);
        check("<!DOCTYPE a [<!ENTITY % b 'c'>]>&b;", &["&b;"]);
        check("<!DOCTYPE a \"never closed>x", &["x"]);
    }

    #[test]
    fn entities_do_not_grow_without_end() {
        let entity = format!("<!DOCTYPE a [<!ENTITY b '{}'>]>", "&b;".repeat(42));
        let long = told(&format!("{entity}{}", "&b;".repeat(100_000))).concat();
        assert!(long.len() < 320_000, "{}", long.len());
        assert_eq!(told(&format!("<!DOCTYPE a [<!ENTITY b '{}'>]>&b;", "x".repeat(129))), ["&b;"]);
    }

    #[test]
    fn references_are_those_of_xhtml() {
        let check = |text: &str, expected: &str| assert_eq!(told(text).concat(), expected, "{text}");
        check("&amp;&lt;&gt;&quot;&apos;", "&<>\"'");
        check("&nbsp;&eacute;&Eacute;&NotEqualTilde;", "\u{a0}éÉ≂̸");
        check("&#65;&#x41;&#x1F600;", "AA😀");
        // No character of windows-1252, no capital X, and nothing without a semicolon.
        check("&#128;&#X41;&amp &copy=", "\u{80}&#X41;&amp &copy=");
        check("&#+65;&#;&;&no such;&#xD800;", "&#+65;&#;&;&no such;&#xD800;");
        check("a\r\nb\rc", "a\nb\nc");
    }

    #[test]
    fn the_text_of_a_script_ends_at_its_end_tag() {
        let rest = |text: &str| {
            let mut markup = Markup::new(text, 3);
            markup.skip_text_of("script").map(|_| markup.rest().to_owned())
        };
        assert_eq!(rest("a < b <c> </c></script >d").as_deref(), Some("</script >d"));
        assert_eq!(rest("<![CDATA[</script>]]></script>").as_deref(), Some("</script>"));
        assert_eq!(rest("<!-- </script> --></scripts></script>").as_deref(), Some("</script>"));
        assert_eq!(rest("<script>"), None);
    }
}
