//! Rules made in code, table by table.

use super::options::{Extract, Field, FieldTable, Fields, Items, Kind, Source, Start};

impl Extract {
    /// Fields of every page whose URL one of these patterns matches; of every page when there are none.
    pub fn on<P: Into<String>>(pages: impl IntoIterator<Item = P>) -> Self {
        Self { pages: pages.into_iter().map(Into::into).collect(), fields: Fields::default() }
    }

    /// Takes a field as well.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, field: impl Into<Field>) -> Self {
        self.fields.push(name, field);
        self
    }
}

impl Items {
    /// Items that are found at `each`, on every page.
    pub fn new(name: impl Into<String>, each: impl Into<Source>) -> Self {
        Self { name: name.into(), pages: Vec::new(), each: each.into(), fields: Fields::default() }
    }

    /// Only on pages whose URL one of these patterns matches.
    #[must_use]
    pub fn on<P: Into<String>>(mut self, pages: impl IntoIterator<Item = P>) -> Self {
        self.pages.extend(pages.into_iter().map(Into::into));
        self
    }

    /// Takes a field as well.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, field: impl Into<Field>) -> Self {
        self.fields.push(name, field);
        self
    }
}

impl Field {
    /// What a CSS selector selects.
    pub fn css(selector: impl Into<String>) -> Self {
        Self(FieldTable { css: Some(selector.into()), ..FieldTable::default() })
    }

    /// What a JSONPath selects in a response of a JSON type.
    pub fn json(path: impl Into<String>) -> Self {
        Self(FieldTable { json: Some(path.into()), ..FieldTable::default() })
    }

    /// What a JSONPath selects in the JSON-LD blocks of a page.
    pub fn json_ld(path: impl Into<String>) -> Self {
        Self(FieldTable { json_ld: Some(path.into()), ..FieldTable::default() })
    }

    /// An attribute instead of the text.
    #[must_use]
    pub fn attr(mut self, name: impl Into<String>) -> Self {
        self.0.attr = Some(name.into());
        self
    }

    /// What the value is.
    #[must_use]
    pub fn kind(mut self, kind: Kind) -> Self {
        self.0.kind = Some(kind);
        self
    }

    /// All that match, as a list.
    #[must_use]
    pub fn all(mut self) -> Self {
        self.0.all = true;
        self
    }

    /// What a regular expression finds in the text.
    #[must_use]
    pub fn regex(mut self, expression: impl Into<String>) -> Self {
        self.0.regex = Some(expression.into());
        self
    }

    /// Starts from another element than the item.
    #[must_use]
    pub fn start(mut self, start: Start) -> Self {
        self.0.from = start;
        self
    }

    /// Tells of each page or item without this field.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.0.required = true;
        self
    }
}
