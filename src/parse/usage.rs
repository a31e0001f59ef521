//! What a page, and the headers that say the same, say of use.

use std::borrow::Cow;

use super::reference::Reference;
use super::robots::Robots;
use crate::usage::tdmrep::{self, Given, Name};
use crate::usage::{Place, Said, Statement, Vocabulary, rsl};

/// What was met of it, before any URL is resolved. Takes no memory when there is nothing.
#[derive(Debug, Clone, Default)]
pub(super) struct UseSaid<'a> {
    metas: Vec<Meta>,
    pub(super) licenses: Vec<License<'a>>,
}

/// A `<meta>` that says something.
#[derive(Debug, Clone)]
struct Meta {
    name: String,
    content: String,
    /// What it means, of one for robots.
    said: Option<Said>,
}

/// A link with `rel=license`.
#[derive(Debug, Clone)]
pub(super) struct License<'a> {
    pub(super) reference: Reference<'a>,
    pub(super) media_type: Option<Cow<'a, str>>,
    pub(super) from: Place,
}

impl<'a> UseSaid<'a> {
    /// Takes what a `<meta>` of this name says, if it says anything of use.
    pub(super) fn read_meta(&mut self, name: &str, content: &str, robots: &Robots) {
        let said = if robots.is_named(name) {
            let Some(said) = Robots::meta_restricts(content) else { return };
            Some(said)
        } else if Name::of(name).is_some() {
            None
        } else {
            return;
        };
        if self.metas.len() < MAX_SAID {
            let content = content.get(..content.floor_char_boundary(LONGEST)).unwrap_or_default();
            self.metas.push(Meta { name: name.to_owned(), content: content.trim().to_owned(), said });
        }
    }

    /// Whether anything was met.
    #[cfg(any(test, fuzzing))]
    pub(super) fn is_something(&self) -> bool {
        !self.metas.is_empty() || !self.licenses.is_empty()
    }

    /// Takes a link with `rel=license`.
    pub(super) fn read_license(&mut self, license: License<'a>) {
        if self.licenses.len() < MAX_SAID {
            self.licenses.push(license);
        }
    }

    /// The statements: those of the headers first.
    pub(super) fn statements(
        self,
        robots_tags: &[&str],
        robots: &Robots,
        resolve: impl Fn(&Reference<'_>) -> Option<String>,
    ) -> Vec<Statement> {
        let mut found = Vec::new();
        for tag in robots_tags {
            let of_header =
                |said| statement(Vocabulary::Robots, Place::Header, format!("X-Robots-Tag: {tag}")).saying(said);
            found.extend(robots.header_restricts(tag).map(of_header));
        }
        if self.metas.is_empty() && self.licenses.is_empty() {
            return found;
        }
        let link = |license: &License<'_>| {
            Some(rsl::of_link(license.from, &resolve(&license.reference)?, license.media_type.as_deref()))
        };
        let (in_head, in_page): (Vec<_>, Vec<_>) =
            self.licenses.iter().filter_map(link).partition(|said| said.from == Place::Header);
        found.extend(in_head);
        let (of_robots, of_tdm): (Vec<_>, Vec<_>) = self.metas.into_iter().partition(|meta| meta.said.is_some());
        found.extend(of_robots.into_iter().map(|meta| {
            let text = meta.text();
            statement(Vocabulary::Robots, Place::Meta, text).saying(meta.said.unwrap_or_default())
        }));
        let given = of_tdm
            .into_iter()
            .filter_map(|meta| Some(Given { name: Name::of(&meta.name)?, text: meta.text(), value: meta.content }));
        tdmrep::statements(given, Place::Meta, &mut found);
        found.extend(in_page);
        found
    }
}

impl Meta {
    fn text(&self) -> String {
        format!("<meta name=\"{}\" content=\"{}\">", self.name, self.content)
    }
}

fn statement(vocabulary: Vocabulary, from: Place, text: String) -> Statement {
    Statement::new(vocabulary, from, None, text)
}

/// How many elements of a kind one page may say something with.
const MAX_SAID: usize = 16;
/// How much of a content is kept, in bytes.
const LONGEST: usize = 1 << 10;
