//! The paths that a file names: those of its `use` trees with the names that they get, and all others.

use std::collections::BTreeSet;

use super::tokens::{ITEMS, Token, tokens};

/// One module of a file: the file's own, or one in braces.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Named {
    /// The way from the file's module; empty for that.
    pub(super) inside: Vec<String>,
    /// What it defines.
    pub(super) items: Vec<String>,
    /// What it imports.
    pub(super) uses: Vec<Use>,
    /// The paths of two names and more in its code.
    pub(super) paths: Vec<Vec<String>>,
    /// All single names in its code.
    pub(super) names: BTreeSet<String>,
    /// The methods that it calls.
    pub(super) methods: Vec<String>,
    /// Whether something is `async`.
    pub(super) is_async: bool,
}

/// One leaf of a `use` tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Use {
    pub(super) path: Vec<String>,
    /// What it is called here; `None` for `*`.
    pub(super) name: Option<String>,
    /// Whether others can have it from here.
    pub(super) is_public: bool,
}

/// Reads the code of a file.
pub(super) fn read(code: &[Token]) -> Vec<Named> {
    let mut reader = Reader { code, at: 0, done: Vec::new(), open: vec![(0, Named::default())], depth: 0 };
    while reader.at < code.len() {
        reader.step();
    }
    reader.done.extend(reader.open.into_iter().map(|(_, named)| named));
    reader.done
}

struct Reader<'a> {
    code: &'a [Token],
    at: usize,
    done: Vec<Named>,
    /// The modules around, each with the depth of its braces.
    open: Vec<(usize, Named)>,
    depth: usize,
}

impl Reader<'_> {
    fn step(&mut self) {
        match self.peek(0).cloned() {
            Some(Token::Sign('{')) => self.depth += 1,
            Some(Token::Sign('}')) => {
                self.depth = self.depth.saturating_sub(1);
                if self.open.len() > 1 && self.open.last().is_some_and(|(depth, _)| *depth > self.depth) {
                    self.done.extend(self.open.pop().map(|(_, named)| named));
                }
            }
            // The paths in an attribute's texts: `#[serde(with = "units::duration")]`.
            Some(Token::Text(text)) if self.is_value_of_attribute() && text.contains("::") => {
                for named in read(&tokens(&text)) {
                    self.module().paths.extend(named.paths);
                }
            }
            Some(Token::Name(name)) => return self.name(&name),
            _ => {}
        }
        self.at += 1;
    }

    fn name(&mut self, name: &str) {
        let next = self.peek(1).cloned();
        match (name, next) {
            ("use", Some(_)) if !self.is_in_path() => {
                // `pub use`, `pub(crate) use`
                let before = self.at.checked_sub(1).and_then(|at| self.code.get(at));
                let is_public =
                    matches!(before, Some(Token::Sign(')'))) || before == Some(&Token::Name("pub".to_owned()));
                self.at += 1;
                self.tree(&mut Vec::new(), is_public);
            }
            ("mod", Some(Token::Name(inner))) if self.peek(2) == Some(&Token::Sign('{')) => {
                let mut inside = self.module().inside.clone();
                inside.push(inner);
                self.depth += 1;
                self.open.push((self.depth, Named { inside, ..Named::default() }));
                self.at += 3;
            }
            // Who may see an item is no use of them: `pub(in crate::engine)`.
            ("pub", Some(Token::Sign('('))) if self.peek(2) == Some(&Token::Name("in".to_owned())) => {
                while !matches!(self.peek(0), Some(Token::Sign(')')) | None) {
                    self.at += 1;
                }
            }
            (keyword, Some(Token::Name(item))) if ITEMS.contains(&keyword) && !ITEMS.contains(&item.as_str()) => {
                if self.depth == self.open.last().map_or(0, |(depth, _)| *depth) && keyword != "mod" {
                    self.module().items.push(item);
                }
                self.at += 2;
            }
            _ => self.path(),
        }
        self.module().is_async |= name == "async" || name == "await";
    }

    fn path(&mut self) {
        let is_whole = !self.is_in_path();
        let mut path = Vec::new();
        while let Some(Token::Name(name)) = self.peek(0).cloned() {
            path.push(name);
            self.at += 1;
            if self.peek(0) != Some(&Token::Colons) {
                break;
            }
            self.at += 1;
        }
        if !is_whole && path.len() == 1 && self.is_called() {
            self.module().methods.extend(path.first().cloned());
        }
        self.module().names.extend(path.first().cloned());
        if is_whole && path.len() > 1 {
            self.module().paths.push(path);
        }
    }

    /// Reads the tree behind `use`, up to its end. `before` leads to it.
    fn tree(&mut self, before: &mut Vec<String>, is_public: bool) {
        let length = before.len();
        loop {
            match self.peek(0).cloned() {
                Some(Token::Name(name)) if name == "as" => {
                    let name = match self.peek(1).cloned() {
                        Some(Token::Name(alias)) => alias,
                        _ => String::new(),
                    };
                    self.at += 2;
                    self.leaf(before, Some(name), is_public);
                    break;
                }
                Some(Token::Name(name)) => {
                    before.push(name);
                    self.at += 1;
                    if !matches!(self.peek(0), Some(Token::Colons)) && !matches!(self.peek(0), Some(Token::Name(_))) {
                        self.leaf(before, before.last().cloned(), is_public);
                        break;
                    }
                }
                Some(Token::Colons) => self.at += 1,
                Some(Token::Sign('*')) => {
                    self.at += 1;
                    self.leaf(before, None, is_public);
                    break;
                }
                Some(Token::Sign('{')) => {
                    self.at += 1;
                    while !matches!(self.peek(0), Some(Token::Sign('}')) | None) {
                        self.tree(before, is_public);
                        if self.peek(0) == Some(&Token::Sign(',')) {
                            self.at += 1;
                        }
                    }
                    self.at += 1;
                    break;
                }
                // Something that is no tree: left to the compiler.
                _ => {
                    self.at += 1;
                    break;
                }
            }
        }
        before.truncate(length);
    }

    fn leaf(&mut self, path: &[String], name: Option<String>, is_public: bool) {
        let (path, name) = match path {
            // `a::{self}` is `a`.
            [before @ .., last] if last == "self" && !before.is_empty() => {
                let name = if name.as_deref() == Some("self") { before.last().cloned() } else { name };
                (before.to_vec(), name)
            }
            path => (path.to_vec(), name),
        };
        self.module().uses.push(Use { path, name, is_public });
    }

    /// Whether what stands here goes on from something: `x.name`, `>::name`.
    fn is_in_path(&self) -> bool {
        let before = self.at.checked_sub(1).and_then(|at| self.code.get(at));
        let before_that = self.at.checked_sub(2).and_then(|at| self.code.get(at));
        match before {
            Some(Token::Sign('.')) => before_that != Some(&Token::Sign('.')),
            // `::name` alone starts at the crates.
            Some(Token::Colons) => matches!(before_that, Some(Token::Name(_) | Token::Sign('>'))),
            _ => false,
        }
    }

    /// Whether what was just read is called: `x.name()`, `x.name::<T>()`.
    fn is_called(&self) -> bool {
        matches!(self.peek(0), Some(Token::Sign('(' | '<')))
    }

    fn is_value_of_attribute(&self) -> bool {
        self.at > 0 && self.code.get(self.at - 1) == Some(&Token::Sign('='))
    }

    fn peek(&self, ahead: usize) -> Option<&Token> {
        self.code.get(self.at + ahead)
    }

    fn module(&mut self) -> &mut Named {
        let (_, named) = self.open.last_mut().expect("the file's own module is never closed");
        named
    }
}

#[test]
fn a_tree_of_imports_is_read_to_its_leaves() {
    let uses = |text: &str| {
        let read = read(&tokens(text));
        let uses = read.into_iter().flat_map(|named| named.uses);
        let shown = uses.map(|leaf| format!("{} {}", leaf.path.join("::"), leaf.name.unwrap_or("*".to_owned())));
        shown.collect::<Vec<_>>()
    };
    assert_eq!(uses("use a::b;"), ["a::b b"]);
    assert_eq!(uses("use a::{self, b as c, d::{e, f::*}}; use g;"), ["a a", "a::b c", "a::d::e e", "a::d::f *", "g g"]);
    assert_eq!(uses("pub(super) use super::{super::x::Y as _};"), ["super::super::x::Y _"]);
    assert_eq!(uses("use crate as root; mod m { use super::z; }"), ["super::z z", "crate root"]);
    assert_eq!(uses("use ::a::b;"), ["a::b b"]);
    assert_eq!(uses("pub(in crate::a) use b::C; pub(in crate::a) struct D;"), ["b::C C"]);
}

#[test]
fn the_paths_of_code_are_read_wherever_they_stand() {
    let paths = |text: &str| {
        let paths = read(&tokens(text)).into_iter().flat_map(|named| named.paths);
        paths.map(|path| path.join("::")).collect::<Vec<_>>()
    };
    assert_eq!(
        paths("fn f(a: b::C) -> Vec<d::E> { g::h::<i::J>(k.l::<m::N>()) }"),
        ["b::C", "d::E", "g::h", "i::J", "m::N"]
    );
    assert_eq!(paths("info!(\"x\", crate::a::B); <C as d::E>::f(); ..g::h"), ["crate::a::B", "d::E", "g::h"]);
    assert_eq!(paths("#[serde(with = \"units::duration\")] a: A, b = \"no path\""), ["units::duration"]);
    assert_eq!(paths("pub(in crate::a) struct B { pub(in super::super) c: d::E, pub(in crate::f) g: H }"), ["d::E"]);
    assert_eq!(paths("pub(in crate::a) type B = (c::D, E); for f in crate::g::H {}"), ["c::D", "crate::g::H"]);
}

#[test]
fn the_items_of_each_module_are_its_own() {
    let read = read(&tokens("pub struct A; fn b() { struct C; } const fn d() {} mod e { enum F {} async fn g() {} }"));
    let items: Vec<_> = read.iter().map(|named| (named.inside.join("::"), named.items.join(" "))).collect();
    assert_eq!(items, [("e".to_owned(), "F g".to_owned()), (String::new(), "A b d".to_owned())]);
    assert_eq!(read.iter().map(|named| named.is_async).collect::<Vec<_>>(), [true, false]);
}
