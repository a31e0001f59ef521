//! `[[extract]]`, `[[items]]`, `[[follow]]`: what is taken out of pages, as it is written.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// All rules, as they are written: the tables of crawl.toml.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Options {
    /// The tables `[[extract]]`.
    pub extract: Vec<Extract>,
    /// The tables `[[items]]`.
    pub items: Vec<Items>,
    /// The tables `[[follow]]`.
    pub follow: Vec<Follow>,
}

/// `[[extract]]`: fields of the record of a page. When several tables are for the same page, the first value of a field
/// holds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Extract {
    /// The pages that the table is for, as patterns on their URLs: a glob on the whole URL, or a regular expression after
    /// `re:`. Without any, every page.
    #[serde(rename = "match", default, skip_serializing_if = "Vec::is_empty")]
    pub pages: Vec<String>,
    /// What is taken, by the names that the record gives it.
    pub fields: Fields,
}

/// `[[items]]`: several items of one page, each an object of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Items {
    /// What the items are called: they go to `items/NAME.jsonl`. Letters, digits, `-` and `_`.
    pub name: String,
    /// The pages that the table is for, as patterns on their URLs: a glob on the whole URL, or a regular expression after
    /// `re:`. Without any, every page.
    #[serde(rename = "match", default, skip_serializing_if = "Vec::is_empty")]
    pub pages: Vec<String>,
    /// Where one item is: a CSS selector, or a JSONPath that starts with `$`, for responses of a JSON type. As a table, any
    /// other source of data: `each = { json_ld = "$..itemListElement[*]" }`.
    pub each: Source,
    /// What is taken of each item. Selectors are relative to the item, also with `>`, `+` or `~` in front.
    pub fields: Fields,
}

/// `[[follow]]`: where given for a page, only the links inside of what is selected there are followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Follow {
    /// The pages that the table is for, as patterns on their URLs: a glob on the whole URL, or a regular expression after
    /// `re:`. Without any, every page.
    #[serde(rename = "match", default, skip_serializing_if = "Vec::is_empty")]
    pub pages: Vec<String>,
    /// A CSS selector: links themselves, or elements that hold them.
    pub css: String,
}

/// One field: where it is, what of it is taken, and what it has to be. In one line, a CSS selector or a JSONPath that
/// starts with `$`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Line<FieldTable>", into = "Line<FieldTable>")]
pub struct Field(pub FieldTable);

/// Where data is: one of these keys. In one line, a CSS selector or a JSONPath that starts with `$`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Line<SourceTable>", into = "Line<SourceTable>")]
pub struct Source(pub SourceTable);

/// The long form of a [`Field`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key that a user may set")]
pub struct FieldTable {
    /// A CSS selector. In an item it is relative to the item.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub css: Option<String>,
    /// A JSONPath (RFC 9535) into a response of a JSON type, an item that is JSON, the text or attribute that `css` selects,
    /// or the data of `script`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json: Option<String>,
    /// A JSONPath into each JSON-LD block of the page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json_ld: Option<String>,
    /// A JSONPath into the microdata of the page, in the form that JSON-LD gives to the same data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub microdata: Option<String>,
    /// The property of a `<meta>` element: `og:image`; `image` is the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opengraph: Option<String>,
    /// The id of a `<script>` that holds JSON, or the variable that a script sets to some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub script: Option<String>,
    /// Take the text of an element, with white space folded. The default.
    #[serde(skip_serializing_if = "is_false")]
    pub text: bool,
    /// Take the text that stands in the element itself, without that of the elements in it.
    #[serde(skip_serializing_if = "is_false")]
    pub own_text: bool,
    /// Take the HTML inside of the element.
    #[serde(skip_serializing_if = "is_false")]
    pub html: bool,
    /// Take this attribute of the element.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attr: Option<String>,
    /// Where to start from: the item itself, its parent, or the element after or before it.
    #[serde(skip_serializing_if = "Start::is_item")]
    pub from: Start,
    /// Take all that match, as a list, instead of the first.
    #[serde(skip_serializing_if = "is_false")]
    pub all: bool,
    /// Take all that match, joined by this text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub join: Option<String>,
    /// Take what this regular expression finds in the text: its group, or all of the match when it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regex: Option<String>,
    /// What the value is. Without it, text stays text and JSON stays JSON.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// A page or item without this field is told.
    #[serde(skip_serializing_if = "is_false")]
    pub required: bool,
    /// The value when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<serde_json::Value>,
    /// Where one entry of a list of objects is; `fields` says what is taken of each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub each: Option<Box<Source>>,
    /// The fields of an object, or of each entry of a list.
    #[serde(skip_serializing_if = "Fields::is_empty")]
    pub fields: Fields,
}

/// The long form of a [`Source`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SourceTable {
    /// A CSS selector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub css: Option<String>,
    /// A JSONPath (RFC 9535) into a response of a JSON type, an item that is JSON, or the data of `script`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json: Option<String>,
    /// A JSONPath into each JSON-LD block of the page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json_ld: Option<String>,
    /// A JSONPath into the microdata of the page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub microdata: Option<String>,
    /// The id of a `<script>` that holds JSON, or the variable that a script sets to some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub script: Option<String>,
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Text.
    String,
    /// A whole number: `1.234` and `1,234` are 1234.
    Integer,
    /// A number, with the marks that stand in it: `1.234,50 €`, `$1,234.50`.
    Number,
    /// `true`, `yes`, `on` and `1`, or `false`, `no`, `off` and `0`; an attribute without a value is true.
    Bool,
    /// A date, with its time when there is one, as RFC 3339 writes it.
    Date,
    /// An absolute URL, resolved against the base of the page.
    Url,
}

/// Where the search for a field starts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Start {
    /// The item itself.
    #[default]
    #[serde(rename = "self")]
    Item,
    /// The element that holds the item.
    Parent,
    /// The element after the item.
    Next,
    /// The element before the item.
    Previous,
}

/// The two ways to write a field or a source.
#[derive(Serialize, Deserialize, schemars::JsonSchema)]
#[serde(untagged)]
enum Line<T> {
    /// A CSS selector, or a JSONPath that starts with `$`.
    Short(String),
    /// The long form.
    Long(T),
}

impl Start {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
    fn is_item(&self) -> bool {
        *self == Self::Item
    }
}

impl From<&str> for Field {
    fn from(line: &str) -> Self {
        Line::Short(line.to_owned()).into()
    }
}

impl From<&str> for Source {
    fn from(line: &str) -> Self {
        Line::Short(line.to_owned()).into()
    }
}

impl From<Line<FieldTable>> for Field {
    fn from(line: Line<FieldTable>) -> Self {
        Self(match line {
            Line::Short(path) if path.starts_with('$') => FieldTable { json: Some(path), ..FieldTable::default() },
            Line::Short(css) => FieldTable { css: Some(css), ..FieldTable::default() },
            Line::Long(table) => table,
        })
    }
}

impl From<Field> for Line<FieldTable> {
    fn from(field: Field) -> Self {
        let line = field.0.css.clone().or_else(|| field.0.json.clone());
        match line {
            Some(line) if Field::from(line.as_str()) == field => Self::Short(line),
            _ => Self::Long(field.0),
        }
    }
}

impl From<Line<SourceTable>> for Source {
    fn from(line: Line<SourceTable>) -> Self {
        Self(match line {
            Line::Short(path) if path.starts_with('$') => SourceTable { json: Some(path), ..SourceTable::default() },
            Line::Short(css) => SourceTable { css: Some(css), ..SourceTable::default() },
            Line::Long(table) => table,
        })
    }
}

impl From<Source> for Line<SourceTable> {
    fn from(source: Source) -> Self {
        let line = source.0.css.clone().or_else(|| source.0.json.clone());
        match line {
            Some(line) if Source::from(line.as_str()) == source => Self::Short(line),
            _ => Self::Long(source.0),
        }
    }
}

impl schemars::JsonSchema for Field {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Field".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Line::<FieldTable>::json_schema(generator)
    }
}

impl schemars::JsonSchema for Source {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Source".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Line::<SourceTable>::json_schema(generator)
    }
}

/// Fields by name, in the order in which they are written: that of the columns of a CSV file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fields(Vec<(String, Field)>);

impl Fields {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The fields in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Field)> {
        self.0.iter().map(|(name, field)| (name.as_str(), field))
    }

    /// Adds a field behind all others.
    pub fn push(&mut self, name: impl Into<String>, field: impl Into<Field>) {
        self.0.push((name.into(), field.into()));
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table of fields")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Fields::default();
                while let Some(entry) = map.next_entry()? {
                    fields.0.push(entry);
                }
                Ok(fields)
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

impl schemars::JsonSchema for Fields {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Fields".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let field = generator.subschema_for::<Field>();
        schemars::json_schema!({ "type": "object", "additionalProperties": field })
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn is_false(value: &bool) -> bool {
    !value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_written_in_one_line_or_many() {
        let table: Extract = toml::from_str(
            "match = ['*/product/*']\n[fields]\nname = 'h1'\nid = '$.id'\n\
             price = { css = '.price', type = 'number', required = true }",
        )
        .unwrap();
        let fields: Vec<_> = table.fields.iter().map(|(name, field)| (name, field.0.clone())).collect();
        assert_eq!(fields[0], ("name", FieldTable { css: Some("h1".to_owned()), ..FieldTable::default() }));
        assert_eq!(fields[1].1.json.as_deref(), Some("$.id"));
        assert_eq!((fields[2].1.kind, fields[2].1.required), (Some(Kind::Number), true));
    }

    #[test]
    fn what_was_read_is_written_as_it_was() {
        let text = "name = \"products\"\neach = \"li\"\n\n[fields]\ntitle = \"h2\"\nid = \"$.id\"\n\n[fields.price]\ncss = \".price\"\n\
                    from = \"next\"\ntype = \"number\"\n";
        let items: Items = toml::from_str(text).unwrap();
        assert_eq!(toml::to_string(&items).unwrap(), text);
    }

    #[test]
    fn a_key_that_does_not_exist_is_refused() {
        assert!(toml::from_str::<Extract>("[fields]\na = { cs = 'h1' }").is_err());
        assert!(toml::from_str::<Extract>("[fields]\na = { css = 'h1', type = 'float' }").is_err());
        assert!(toml::from_str::<Follow>("match = []").is_err());
    }
}
