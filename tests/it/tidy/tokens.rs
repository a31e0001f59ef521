//! The tokens of a Rust text, as far as paths need them: names, `::` and single signs. No comment and no literal gets in
//! the way of a path, and what stands under `#[cfg(test)]` can be taken out.

/// One token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// An identifier or a keyword.
    Name(String),
    /// `::`
    Colons,
    /// Any other sign, one by one.
    Sign(char),
    /// A text between quotes, without them.
    Text(String),
    /// A number, a character, a lifetime: nothing that leads anywhere.
    Other,
}

/// Reads a text.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut reader = Reader { rest: text };
    std::iter::from_fn(|| reader.next_token()).collect()
}

/// Without the items that stand under `#[cfg(test)]`, and these items.
pub(super) fn without_tests(tokens: &[Token]) -> (Vec<Token>, Vec<Vec<Token>>) {
    let (mut kept, mut tests, mut at) = (Vec::new(), Vec::new(), 0);
    let cfg_test: Vec<Token> = self::tokens("#[cfg(test)]");
    while at < tokens.len() {
        if tokens[at..].starts_with(&cfg_test) {
            let start = at + cfg_test.len();
            at = start + item_length(&tokens[start..]);
            tests.push(tokens[start..at].to_vec());
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    (kept, tests)
}

/// How many tokens the item at the start has: up to its `;`, or to the end of its braces.
fn item_length(tokens: &[Token]) -> usize {
    let mut depth = 0;
    // A field or a variant ends with a comma, an item may have one: `fn f<A, B>()`.
    let is_item = tokens.iter().take_while(|token| **token != Token::Sign('{')).any(
        |token| matches!(token, Token::Name(name) if ITEMS.contains(&name.as_str()) || name == "use" || name == "impl"),
    );
    for (at, token) in tokens.iter().enumerate() {
        let next = tokens.get(at + 1);
        match token {
            Token::Sign('{' | '(' | '[') => depth += 1,
            // The end of what the field is in.
            Token::Sign('}' | ')') if depth == 0 => return at,
            Token::Sign(close @ ('}' | ')' | ']')) => {
                depth -= 1;
                if depth == 0 && *close == '}' && next != Some(&Token::Sign(';')) {
                    return at + 1;
                }
            }
            Token::Sign(';') if depth == 0 => return at + 1,
            Token::Sign(',') if depth == 0 && !is_item => return at + 1,
            _ => {}
        }
    }
    tokens.len()
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn next_token(&mut self) -> Option<Token> {
        self.skip_blanks_and_comments();
        let first = self.rest.chars().next()?;
        if let Some(text) = self.text() {
            return Some(Token::Text(text));
        }
        if first.is_alphabetic() || first == '_' {
            let name = self.take_while(|c| c.is_alphanumeric() || c == '_');
            // `r#type` is the name `type`.
            if name == "r" && self.rest.starts_with('#') {
                self.take(1);
                return Some(Token::Name(self.take_while(|c| c.is_alphanumeric() || c == '_')));
            }
            return Some(Token::Name(name));
        }
        if first.is_ascii_digit() {
            self.take_while(|c| c.is_alphanumeric() || c == '_');
            return Some(Token::Other);
        }
        if first == '\'' {
            self.character_or_lifetime();
            return Some(Token::Other);
        }
        if self.rest.starts_with("::") {
            self.take(2);
            return Some(Token::Colons);
        }
        self.take(first.len_utf8());
        Some(Token::Sign(first))
    }

    fn skip_blanks_and_comments(&mut self) {
        loop {
            self.take_while(char::is_whitespace);
            if self.rest.starts_with("//") {
                self.take_while(|c| c != '\n');
            } else if self.rest.starts_with("/*") {
                let mut depth = 0;
                loop {
                    if self.rest.starts_with("/*") {
                        depth += 1;
                        self.take(2);
                    } else if self.rest.starts_with("*/") {
                        depth -= 1;
                        self.take(2);
                    } else {
                        let Some(c) = self.rest.chars().next() else { return };
                        self.take(c.len_utf8());
                    }
                    if depth == 0 {
                        break;
                    }
                }
            } else {
                return;
            }
        }
    }

    /// A text in quotes, raw or not, of characters, of bytes, or for C.
    fn text(&mut self) -> Option<String> {
        let prefix = ["br", "cr", "r", "b", "c", ""].into_iter().find(|prefix| {
            let after = self.rest.strip_prefix(prefix).unwrap_or_default();
            let hashes = if prefix.ends_with('r') { after.trim_start_matches('#') } else { after };
            hashes.starts_with('"')
        })?;
        self.take(prefix.len());
        let hashes = self.take_while(|c| c == '#');
        self.take(1);
        let end = format!("\"{hashes}");
        let mut text = String::new();
        while let Some(c) = self.rest.chars().next() {
            if self.rest.starts_with(&end) {
                self.take(end.len());
                break;
            }
            self.take(c.len_utf8());
            text.push(c);
            if c == '\\' && !prefix.ends_with('r') {
                let escaped = self.rest.chars().next().unwrap_or_default();
                self.take(escaped.len_utf8().min(self.rest.len()));
                text.push(escaped);
            }
        }
        Some(text)
    }

    fn character_or_lifetime(&mut self) {
        self.take(1);
        let mut ahead = self.rest.chars();
        match (ahead.next(), ahead.next()) {
            (Some('\\'), Some(escaped)) => {
                self.take(1 + escaped.len_utf8());
                self.take_while(|c| c != '\'');
                self.take(1);
            }
            (Some(c), Some('\'')) => self.take(c.len_utf8() + 1),
            _ => drop(self.take_while(|c| c.is_alphanumeric() || c == '_')),
        }
    }

    fn take(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    fn take_while(&mut self, is_in: impl Fn(char) -> bool) -> String {
        let end = self.rest.find(|c| !is_in(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken.to_owned()
    }
}

/// The keywords that a named item starts with.
pub(super) const ITEMS: &[&str] =
    &["struct", "enum", "union", "trait", "fn", "type", "const", "static", "mod", "macro_rules"];

#[test]
fn comments_texts_and_lifetimes_hide_no_path_and_make_none() {
    let names = |text: &str| {
        let names = tokens(text).into_iter().filter_map(|token| match token {
            Token::Name(name) => Some(name),
            _ => None,
        });
        names.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names("a // b\nc /* d /* e */ f */ g"), "a c g");
    assert_eq!(names(r##"a "b \" c" r#"d " e"# b"f" 'g' '\'' &'h i '\u{1F600}' r#type"##), "a i type");
    assert_eq!(names("let '{' = x; y(b'\\\\', z)"), "let x y b z");
    assert_eq!(
        tokens("a::<b>"),
        [Token::Name("a".to_owned()), Token::Colons, Token::Sign('<'), Token::Name("b".to_owned()), Token::Sign('>')]
    );
}

#[test]
fn what_is_under_cfg_test_is_taken_out_to_its_end() {
    let kept = |text: &str| without_tests(&tokens(text)).0;
    assert_eq!(kept("a; #[cfg(test)] mod tests { use x::{a, b}; fn f() { {} } } b"), tokens("a; b"));
    assert_eq!(kept("#[cfg(test)]\nmod tests;\nb"), tokens("b"));
    assert_eq!(kept("#[cfg(test)] use x::{a, b}; b"), tokens("b"));
    assert_eq!(kept("struct S { #[cfg(test)] a: A, b: B }"), tokens("struct S { b: B }"));
    assert_eq!(kept("#[cfg(test)] fn f<A, B>() {} #[cfg(not(test))] c"), tokens("#[cfg(not(test))] c"));
}
