//! What stands in a line: texts, code, links, emphasis. Collected while a block is read, and written when it ends.

use std::rc::Rc;

use super::escape::{self, Place};
use crate::content::white_space::{is_white, visible};

/// A part of a block.
#[derive(Debug, Clone)]
enum Piece {
    Text(String),
    /// Code, and which element it is of.
    Code(String, usize),
    Space,
    /// An end of a line.
    Break,
    Image {
        alt: String,
        url: String,
    },
    Open(Span),
    Close,
}

/// What encloses parts of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Span {
    Strong,
    Emphasis,
    Struck,
    Link(Rc<str>),
}

/// The parts of a block, in their order.
#[derive(Debug, Default)]
pub(super) struct Inline {
    pieces: Vec<Piece>,
    /// Those that are open; in the next block they are so again.
    spans: Vec<Span>,
    bytes: usize,
    has_content: bool,
    /// How many elements of code have begun.
    codes: usize,
}

impl Inline {
    /// An element of code begins.
    pub(super) fn begin_code(&mut self) {
        self.codes += 1;
    }

    /// A text as it stands in the page, which is code or not.
    pub(super) fn text(&mut self, text: &str, is_code: bool) {
        if text.starts_with(is_white) {
            self.space();
        }
        let mut words = text.split(is_white).filter(|word| !word.is_empty()).peekable();
        while let Some(word) = words.next() {
            self.word(word, is_code);
            if words.peek().is_some() || text.ends_with(is_white) {
                self.space();
            }
        }
    }

    /// A line of code, in which white space counts.
    pub(super) fn code_line(&mut self, line: &str) {
        self.push(Piece::Code(line.to_owned(), self.codes), line.len());
    }

    fn word(&mut self, word: &str, is_code: bool) {
        let word: String = if is_code { word.to_owned() } else { visible(word).collect() };
        if word.is_empty() {
            return;
        }
        let length = word.len();
        // Texts that touch are one, so that what they mean together is seen.
        match (self.pieces.as_mut_slice(), is_code) {
            ([.., Piece::Text(last)], false) | ([.., Piece::Code(last, _)], true) => last.push_str(&word),
            ([.., Piece::Text(last), Piece::Space], false) => {
                last.push(' ');
                last.push_str(&word);
                self.pieces.pop();
            }
            ([.., Piece::Code(last, of), Piece::Space], true) if *of == self.codes => {
                last.push(' ');
                last.push_str(&word);
                self.pieces.pop();
            }
            (_, true) => return self.push(Piece::Code(word, self.codes), length),
            (_, false) => return self.push(Piece::Text(word), length),
        }
        self.bytes += length;
    }

    fn space(&mut self) {
        if !matches!(self.pieces.last(), None | Some(Piece::Space | Piece::Break)) {
            self.pieces.push(Piece::Space);
            self.bytes += size_of::<Piece>();
        }
    }

    pub(super) fn line_end(&mut self) {
        if self.has_content {
            if matches!(self.pieces.last(), Some(Piece::Space)) {
                self.pieces.pop();
            }
            self.pieces.push(Piece::Break);
            self.bytes += size_of::<Piece>();
        }
    }

    /// A line end, unless there is one already.
    pub(super) fn new_line(&mut self) {
        if !matches!(self.pieces.last(), Some(Piece::Break)) {
            self.line_end();
        }
    }

    pub(super) fn image(&mut self, alt: &str, url: String) {
        let alt: Vec<_> = alt.split(is_white).filter(|word| !word.is_empty()).collect();
        let (alt, length) = (alt.join(" "), url.len());
        self.push(Piece::Image { alt, url }, length);
    }

    pub(super) fn open(&mut self, span: Span) {
        self.pieces.push(Piece::Open(span.clone()));
        self.bytes += size_of::<Piece>();
        self.spans.push(span);
    }

    pub(super) fn close(&mut self) {
        if self.spans.pop().is_some() {
            self.pieces.push(Piece::Close);
            self.bytes += size_of::<Piece>();
        }
    }

    fn push(&mut self, piece: Piece, length: usize) {
        self.pieces.push(piece);
        self.bytes += length + size_of::<Piece>();
        self.has_content = true;
    }

    /// Whether a link is open: in a link there is no other.
    pub(super) fn is_in_link(&self) -> bool {
        self.spans.iter().any(|span| matches!(span, Span::Link(_)))
    }

    /// How many bytes of memory it takes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether it takes so much memory that a paragraph may end here, between two words.
    pub(super) fn is_long(&self) -> bool {
        self.bytes > LONG && matches!(self.pieces.last(), Some(Piece::Space | Piece::Break))
    }

    /// Writes what was collected, a paragraph each; what is open goes on in the next block.
    pub(super) fn take(&mut self, place: Place) -> Vec<String> {
        let mut pieces = std::mem::take(&mut self.pieces);
        let has_content = std::mem::replace(&mut self.has_content, false);
        self.bytes = 0;
        self.pieces.extend(self.spans.iter().cloned().map(Piece::Open));
        if !has_content {
            return Vec::new();
        }
        pieces.extend(self.spans.iter().map(|_| Piece::Close));
        let mut writer = Writer { place, ..Writer::default() };
        for piece in pieces {
            writer.piece(piece);
        }
        writer.finish()
    }
}

/// Writes pieces.
#[derive(Debug)]
struct Writer {
    place: Place,
    paragraphs: Vec<String>,
    text: String,
    space: bool,
    breaks: usize,
    open: Vec<Opened>,
    /// Where the marks of emphasis stand, two by two.
    marks: Vec<[Mark; 2]>,
    /// The emphasis that has ended last, and where.
    ended: Option<(Span, usize)>,
}

#[derive(Debug)]
struct Opened {
    span: Span,
    /// Where its mark stands, once something is in it.
    at: Option<usize>,
    /// It is in one of the same kind, or in a link.
    is_idle: bool,
}

#[derive(Debug, Clone, Copy)]
struct Mark {
    at: usize,
    length: usize,
}

impl Default for Writer {
    fn default() -> Self {
        Self {
            place: Place::Line,
            paragraphs: Vec::new(),
            text: String::new(),
            space: false,
            breaks: 0,
            open: Vec::new(),
            marks: Vec::new(),
            ended: None,
        }
    }
}

impl Writer {
    fn piece(&mut self, piece: Piece) {
        match piece {
            Piece::Space => self.space = true,
            Piece::Break => self.breaks += 1,
            Piece::Open(span) => {
                let is_link = matches!(span, Span::Link(_));
                let is_idle = self
                    .open
                    .iter()
                    .any(|opened| opened.span == span || is_link && matches!(opened.span, Span::Link(_)));
                self.open.push(Opened { span, at: None, is_idle });
            }
            Piece::Close => self.close(),
            Piece::Text(text) => {
                self.begin();
                let is_in_link = self.is_in_link();
                escape::push(&mut self.text, &text, self.place, is_in_link);
            }
            Piece::Code(code, _) => {
                self.begin();
                self.text.push_str(&escape::code(&code, self.place));
            }
            Piece::Image { alt, url } => {
                self.begin();
                self.text.push_str("![");
                escape::push(&mut self.text, &alt, self.place, true);
                self.text.push_str("](");
                self.text.push_str(&escape::destination(&url, self.place));
                self.text.push(')');
            }
        }
    }

    fn is_in_link(&self) -> bool {
        self.open.iter().any(|opened| matches!(opened.span, Span::Link(_)))
    }

    /// Something comes: what is due in front of it is written.
    fn begin(&mut self) {
        let (space, breaks) = (std::mem::take(&mut self.space), std::mem::take(&mut self.breaks));
        if breaks > 0 {
            self.end_lines(breaks);
        } else if space && !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push(' ');
        }
        for nth in 0..self.open.len() {
            self.write_mark(nth);
        }
    }

    fn end_lines(&mut self, breaks: usize) {
        let is_open = self.open.iter().any(|opened| opened.at.is_some());
        match self.place {
            _ if self.text.is_empty() => {}
            Place::Cell => self.text.push_str("<br>"),
            Place::Line if breaks > 1 && !is_open => self.end_paragraph(),
            Place::Line => self.text.push_str("\\\n"),
        }
    }

    fn write_mark(&mut self, nth: usize) {
        let Some(opened) = self.open.get_mut(nth).filter(|opened| opened.at.is_none() && !opened.is_idle) else {
            return;
        };
        if let Span::Link(_) = opened.span {
            // Behind it a link would be an image.
            if self.text.ends_with('!') {
                self.text.insert(self.text.len() - 1, '\\');
            }
            opened.at = Some(self.text.len());
            self.text.push('[');
            return;
        }
        // What has just ended and begins again goes on.
        let end = self.text.len();
        if self.ended.take_if(|(span, at)| *span == opened.span && *at == end).is_some()
            && let Some([open, close]) = self.marks.pop()
        {
            self.text.truncate(close.at);
            opened.at = Some(open.at);
            return;
        }
        opened.at = Some(self.text.len());
        self.text.push_str(mark(&opened.span));
    }

    fn close(&mut self) {
        let Some(Opened { span, at: Some(at), is_idle: false }) = self.open.pop() else { return };
        if let Span::Link(url) = &span {
            self.text.push_str("](");
            self.text.push_str(&escape::destination(url, self.place));
            self.text.push(')');
            return;
        }
        let length = mark(&span).len();
        self.marks.push([Mark { at, length }, Mark { at: self.text.len(), length }]);
        self.text.push_str(mark(&span));
        self.ended = Some((span, self.text.len()));
    }

    fn end_paragraph(&mut self) {
        let text = std::mem::take(&mut self.text);
        let text = without_wrong(text, &std::mem::take(&mut self.marks));
        self.paragraphs.push(text);
        self.ended = None;
    }

    fn finish(mut self) -> Vec<String> {
        self.end_paragraph();
        self.paragraphs.retain(|text| !text.is_empty());
        self.paragraphs
    }
}

fn mark(span: &Span) -> &'static str {
    match span {
        Span::Strong => "**",
        Span::Emphasis => "*",
        Span::Struck => "~~",
        Span::Link(_) => "",
    }
}

/// The text without those marks that would be read as characters: beside letters and inside of punctuation (`CommonMark`,
/// section 6.2).
fn without_wrong(text: String, marks: &[[Mark; 2]]) -> String {
    let mut wrong: Vec<Mark> = Vec::new();
    for [open, close] in marks {
        let before = |at: usize| text.get(..at).and_then(|text| text.chars().next_back());
        let after = |at: usize| text.get(at..).and_then(|text| text.chars().next());
        let opens = can_open(before(open.at), after(open.at + open.length));
        let closes = can_open(after(close.at + close.length), before(close.at));
        if !(opens && closes) {
            wrong.extend([*open, *close]);
        }
    }
    if wrong.is_empty() {
        return text;
    }
    wrong.sort_unstable_by_key(|mark| mark.at);
    let (mut kept, mut from) = (String::with_capacity(text.len()), 0);
    for mark in wrong {
        kept.push_str(text.get(from..mark.at).unwrap_or_default());
        from = mark.at + mark.length;
    }
    kept.push_str(text.get(from..).unwrap_or_default());
    kept
}

/// Whether a mark can open between these; seen the other way round, whether it can close.
fn can_open(outside: Option<char>, inside: Option<char>) -> bool {
    let is_free = |c: Option<char>| c.is_none_or(|c| c.is_whitespace() || is_punctuation(c));
    match inside {
        None => false,
        Some(c) if c.is_whitespace() => false,
        Some(c) if is_punctuation(c) => is_free(outside),
        Some(_) => true,
    }
}

fn is_punctuation(c: char) -> bool {
    c.is_ascii_punctuation() || !c.is_ascii() && !c.is_alphanumeric() && !c.is_whitespace()
}

/// How many bytes of memory a paragraph takes before it is long.
const LONG: usize = 1 << 20;
