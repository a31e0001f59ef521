//! Rules, compiled and shared: which of them are for a page.

use std::sync::Arc;

use super::apply;
use super::compile::Compiler;
use super::fault::Faults;
use super::options::{Extract, Follow, Items, Options};
use super::page::Input;
use super::rule::{Ground, Needs, Place, Rule};
use super::selector::{Scope, Selector};
use super::table::{Content, Table};
use super::wrong::Wrong;
use crate::extracted::{Extracted, Health, PAGE_URL};
use crate::tree::PageTree;
use crate::url::Patterns;

/// What is taken out of pages. Cloning is cheap, and one serves all threads.
#[derive(Debug, Clone)]
pub struct Rules(Arc<Inner>);

/// Rules in code, table by table.
///
/// ```
/// use crawler::extract::{Extract, Field, Items, Kind, Rules};
///
/// let rules = Rules::builder()
///     .extract(Extract::on(["*/product/*"]).field("name", "h1").field("price", Field::css(".price").kind(Kind::Number)))
///     .items(Items::new("products", "li.product").field("title", "h2"))
///     .build()?;
/// assert_eq!(rules.names().collect::<Vec<_>>(), ["name", "price", "products", "products.title"]);
/// # Ok::<(), crawler::extract::Faults>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct RulesBuilder(Options);

/// The rules that are for one page.
#[derive(Debug)]
pub struct Matched<'a> {
    rules: &'a Inner,
    tables: Vec<&'a Table>,
}

#[derive(Debug)]
pub(super) struct Inner {
    tables: Vec<Table>,
    names: Vec<String>,
    /// What items are called, with the names of their fields.
    items: Vec<(String, Vec<String>)>,
}

impl RulesBuilder {
    /// Adds fields of records.
    #[must_use]
    pub fn extract(mut self, table: Extract) -> Self {
        self.0.extract.push(table);
        self
    }

    /// Adds items.
    #[must_use]
    pub fn items(mut self, table: Items) -> Self {
        self.0.items.push(table);
        self
    }

    /// Adds where links are followed.
    #[must_use]
    pub fn follow(mut self, table: Follow) -> Self {
        self.0.follow.push(table);
        self
    }

    /// Checks and compiles them all.
    pub fn build(self) -> Result<Rules, Faults> {
        Rules::new(&self.0)
    }
}

impl Rules {
    /// The types of responses that are JSON, as `[fetch] content_types` names them.
    pub const JSON_TYPES: [&'static str; 3] = ["application/json", "text/json", "application/*+json"];

    /// Rules as they are written. The error has everything that is wrong with them.
    pub fn new(options: &Options) -> Result<Self, Faults> {
        let mut compiler = Compiler::default();
        let mut tables = Vec::new();
        let mut names = Vec::new();
        compile(&mut compiler, "extract", &options.extract, |compiler, table| {
            let before = compiler.names.len();
            let content = Content::Fields(compiler.set(&table.fields, Ground::Page, ""));
            names.push((before..compiler.names.len(), table.pages.clone()));
            tables.extend(self::table(compiler, &table.pages, Some(content)));
        });
        compile(&mut compiler, "items", &options.items, |compiler, table| {
            let before = compiler.names.len();
            let content = items(compiler, table);
            names.push((before..compiler.names.len(), table.pages.clone()));
            tables.extend(self::table(compiler, &table.pages, content));
        });
        compile(&mut compiler, "follow", &options.follow, |compiler, table| {
            let id = compiler.number("follow".to_owned());
            let selector = compiler.finder.read("css", Selector::parse(&table.css, Scope::Page));
            names.push((id..id + 1, table.pages.clone()));
            tables.extend(self::table(
                compiler,
                &table.pages,
                selector.map(|selector| Content::Follow { id, selector }),
            ));
        });
        same_but_for_case(&mut compiler, options);
        if !compiler.finder.faults.is_empty() {
            return Err(Faults(compiler.finder.faults));
        }
        let items = names_of_items(&options.items);
        Ok(Self(Arc::new(Inner { tables, names: distinct(&compiler.names, &names), items })))
    }

    /// Rules in code.
    pub fn builder() -> RulesBuilder {
        RulesBuilder::default()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.tables.is_empty()
    }

    /// The names of all rules, by their numbers: `price`, `products` for where items are, `products.title`. Where two tables
    /// have the same, with the patterns of the table.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.names.iter().map(String::as_str)
    }

    /// What items are called, in the order of the tables, with the names of their fields: each once.
    pub fn items(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.0.items.iter().map(|(name, fields)| (name.as_str(), fields.as_slice()))
    }

    /// The health of these rules before any page.
    pub fn health(&self) -> Health {
        Health::new(self.names(), self.items().map(|(name, _)| name))
    }

    /// Whether some are for responses of a JSON type: these have to be fetched then.
    pub fn need_json(&self) -> bool {
        self.0.tables.iter().any(|table| table.json)
    }

    /// The rules for a page; `None` when there are none, and nothing of the page has to be looked at. Without a content
    /// type it counts as HTML.
    pub fn on(&self, url: &str, content_type: Option<&str>) -> Option<Matched<'_>> {
        let kind = content_type.map_or(Some(Needs::Html), Needs::of)?;
        let is_for = |table: &&Table| {
            let kind_fits = if kind == Needs::Html { table.html } else { table.json };
            kind_fits && (table.pages.is_empty() || table.pages.is_match(url))
        };
        let tables: Vec<_> = self.0.tables.iter().filter(is_for).collect();
        (!tables.is_empty()).then_some(Matched { rules: &self.0, tables })
    }
}

impl Matched<'_> {
    /// Applies them. Whatever the page is, something comes of it.
    pub fn apply(&self, input: &Input<'_>) -> Extracted {
        self.apply_on(input, &PageTree::new(input.text))
    }

    /// The same, with the tree of the page, which others may have asked for already.
    pub(crate) fn apply_on(&self, input: &Input<'_>, tree: &PageTree<'_>) -> Extracted {
        apply::apply(&self.tables, &self.rules.names, input, tree)
    }
}

/// Goes through the tables of one name.
fn compile<T>(compiler: &mut Compiler, name: &str, tables: &[T], mut each: impl FnMut(&mut Compiler, &T)) {
    compiler.step(name, |compiler| {
        for (nth, table) in tables.iter().enumerate() {
            compiler.finder.enter_entry(nth);
            each(compiler, table);
            compiler.finder.leave();
        }
    });
}

fn table(compiler: &mut Compiler, pages: &[String], content: Option<Content>) -> Option<Table> {
    compiler.finder.enter("match");
    for (nth, pattern) in pages.iter().enumerate() {
        if let Err(found) = crate::url::check_pattern(pattern) {
            compiler.finder.enter_entry(nth);
            compiler.finder.value(found.into());
            compiler.finder.leave();
        }
    }
    let patterns = Patterns::parse(pages.iter().cloned());
    if let (Err(found), true) = (&patterns, compiler.finder.faults.is_empty()) {
        compiler.finder.value(found.clone().into());
    }
    compiler.finder.leave();
    let (pages, content) = (patterns.ok()?, content?);
    let needs: Vec<_> = match &content {
        Content::Fields(set) => set.rules.iter().filter_map(Rule::needs).collect(),
        Content::Items { place: Place::Json(_), .. } => vec![Needs::Json],
        Content::Items { .. } | Content::Follow { .. } => vec![Needs::Html],
    };
    Some(Table { pages, html: needs.contains(&Needs::Html), json: needs.contains(&Needs::Json), content })
}

fn items(compiler: &mut Compiler, table: &Items) -> Option<Content> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if table.name.is_empty() || table.name.len() > MAX_NAME || !table.name.chars().all(allowed) {
        let wrong = Wrong::new(format!("`{}` is no name for items, which have a file of that name", table.name));
        compiler.finder.value_of("name", wrong.allowed("letters, digits, `-` and `_`"));
    }
    let id = compiler.number(table.name.clone());
    let each = compiler.each(&table.each, Ground::Page);
    // What is wrong with the fields is told even when nobody knows what they are relative to.
    let ground = match &each {
        Some((Place::Css(None), _)) | None => Ground::Element,
        Some(_) => Ground::Json,
    };
    let set = compiler.set(&table.fields, ground, &format!("{}.", table.name));
    if table.fields.iter().any(|(name, _)| name.eq_ignore_ascii_case(PAGE_URL)) {
        compiler.finder.enter("fields");
        compiler.finder.enter(PAGE_URL);
        compiler.finder.key(Wrong::new(format!("`{PAGE_URL}` is the URL of the page, which every item has")));
        compiler.finder.leave();
        compiler.finder.leave();
    }
    let (place, selector) = each?;
    Some(Content::Items { name: table.name.as_str().into(), id, place, selector, set })
}

/// Names of different tables that differ only in case: they would be one file, or one column, for some who read them.
fn same_but_for_case(compiler: &mut Compiler, options: &Options) {
    let mut seen: Vec<&str> = Vec::new();
    for (nth, table) in options.items.iter().enumerate() {
        if let Some(other) = seen.iter().find(|other| **other != table.name && other.eq_ignore_ascii_case(&table.name))
        {
            compiler.finder.enter("items");
            compiler.finder.enter_entry(nth);
            compiler.finder.value_of("name", Wrong::new(format!("`{}` and `{other}` differ only in case", table.name)));
            compiler.finder.leave();
            compiler.finder.leave();
        }
        seen.push(&table.name);
    }
    let mut seen: Vec<(usize, &str)> = Vec::new();
    for (nth, table) in options.extract.iter().enumerate() {
        for (name, _) in table.fields.iter() {
            let same = |(table, other): &&(usize, &str)| {
                *table != nth && *other != name && other.to_lowercase() == name.to_lowercase()
            };
            if let Some((_, other)) = seen.iter().find(same) {
                let wrong = Wrong::new(format!("`{name}` and `{other}` differ only in case"));
                compiler.finder.enter("extract");
                compiler.finder.enter_entry(nth);
                compiler.finder.enter("fields");
                compiler.finder.enter(name);
                compiler.finder.key(wrong);
                (0..4).for_each(|_| compiler.finder.leave());
            }
            seen.push((nth, name));
        }
    }
}

/// What items are called, and what is taken of each: that of all tables with the same name.
fn names_of_items(tables: &[Items]) -> Vec<(String, Vec<String>)> {
    let mut items: Vec<(String, Vec<String>)> = Vec::new();
    for table in tables {
        let nth = items.iter().position(|(name, _)| *name == table.name).unwrap_or_else(|| {
            items.push((table.name.clone(), Vec::new()));
            items.len() - 1
        });
        for (field, _) in table.fields.iter() {
            if let Some((_, fields)) = items.get_mut(nth)
                && !fields.iter().any(|known| known == field)
            {
                fields.push(field.to_owned());
            }
        }
    }
    items
}

/// Names that are there once each: where tables have the same, with what tells them apart.
fn distinct(names: &[String], tables: &[(std::ops::Range<usize>, Vec<String>)]) -> Vec<String> {
    let mut distinct: Vec<String> = Vec::with_capacity(names.len());
    for (nth, name) in names.iter().enumerate() {
        let pages = tables.iter().find(|(rules, _)| rules.contains(&nth)).map(|(_, pages)| pages.join(", "));
        let is_alone = names.iter().filter(|other| *other == name).count() == 1;
        let mut told = match pages {
            Some(pages) if !is_alone && !pages.is_empty() => format!("{name} ({pages})"),
            _ => name.clone(),
        };
        let before = distinct.iter().filter(|other| **other == told).count();
        if before > 0 {
            told = format!("{told} #{}", before + 1);
        }
        distinct.push(told);
    }
    distinct
}

const MAX_NAME: usize = 64;
