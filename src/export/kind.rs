//! Kind: what is exported, out of which output of a crawl, and with which columns.

use std::str::FromStr;

use serde_json::Value;

use super::column::{Column, ColumnType};
use super::rows::{Row, Shape};
use super::{from_rules, from_schema};
use crate::committed::Output;
use crate::config::Config;
use crate::duplicate::Duplicate;
use crate::error::{Error, Result};
use crate::extract::Fields;
use crate::extracted::PAGE_URL;
use crate::problem::Problem;
use crate::sink::Record;

/// What is exported, as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    /// A row for each record.
    Pages,
    /// A row for each item of this name.
    Items(String),
    /// A row for each link and each redirect.
    Links,
    /// A row for each page that says the same as another one.
    Duplicates,
}

/// The table that comes of it.
pub(super) struct Kind {
    /// What databases call it.
    pub(super) table: String,
    pub(super) columns: Vec<Column>,
    pub(super) shape: Shape,
    /// The column by which there is each row once.
    pub(super) key: Option<&'static str>,
    /// The columns that people read.
    pub(super) texts: &'static [&'static str],
}

impl FromStr for What {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        match text.split_once(':') {
            None if text == "pages" => Ok(Self::Pages),
            None if text == "links" => Ok(Self::Links),
            None if text == "duplicates" => Ok(Self::Duplicates),
            Some(("items", name)) if !name.is_empty() => Ok(Self::Items(name.to_owned())),
            _ => Err(Problem::new(format!("`{text}` is nothing that can be exported"))
                .allowed("pages, links, duplicates, items:NAME")),
        }
    }
}

impl What {
    /// Which output it is in; `None` of what is found by comparing records.
    pub(super) fn output(&self) -> Option<Output<'_>> {
        match self {
            Self::Pages | Self::Links => Some(Output::Records),
            Self::Items(name) => Some(Output::Items(name)),
            Self::Duplicates => None,
        }
    }

    /// The table, by the settings of the crawl.
    pub(super) fn kind(&self, settings: Option<&Config>) -> Result<Kind> {
        Ok(match self {
            Self::Pages => Kind {
                table: "pages".to_owned(),
                columns: of_records(settings),
                shape: Shape::Line,
                key: Some("url"),
                texts: &["title", "description", "content.text", "content.markdown"],
            },
            Self::Items(name) => {
                let tables = settings.map(|settings| settings.items.as_slice()).unwrap_or_default();
                let mut tables =
                    tables.iter().filter(|items| items.name == *name).map(|items| &items.fields).peekable();
                if tables.peek().is_none() {
                    return Err(Error::Usage(format!("the last run of the crawl has no [[items]] called `{name}`")));
                }
                let columns = of_items(tables);
                Kind { table: name.clone(), columns, shape: Shape::Line, key: None, texts: &[] }
            }
            Self::Links => {
                let columns = of_links();
                Kind { table: "links".to_owned(), columns, shape: Shape::Many(links), key: None, texts: &[] }
            }
            Self::Duplicates => Kind {
                table: "duplicates".to_owned(),
                columns: from_schema::columns(&schemars::schema_for!(Duplicate<'_>).to_value()),
                shape: Shape::Line,
                key: Some("url"),
                texts: &[],
            },
        })
    }
}

/// The columns of a record. What rules take out of pages has those of the rules.
fn of_records(settings: Option<&Config>) -> Vec<Column> {
    let mut columns = from_schema::columns(&schemars::schema_for!(Record).to_value());
    let rules = settings.map(|settings| settings.extract.as_slice()).unwrap_or_default();
    let fields = from_rules::columns(rules.iter().map(|table| &table.fields), &[FIELDS]);
    let at = columns.iter().position(|column| column.path == [FIELDS]).filter(|_| !fields.is_empty());
    if let Some(at) = at {
        columns.splice(at..=at, fields);
    }
    columns
}

fn of_items<'a>(tables: impl Iterator<Item = &'a Fields>) -> Vec<Column> {
    let mut columns = vec![Column::new(&[PAGE_URL], ColumnType::Text).required()];
    columns.extend(from_rules::columns(tables, &[]).into_iter().filter(|column| column.path != [PAGE_URL]));
    columns
}

fn of_links() -> Vec<Column> {
    let mut kind = Column::new(&["kind"], ColumnType::Text).required();
    kind.allowed = [LINK, REDIRECT].map(str::to_owned).to_vec();
    vec![
        Column::new(&["source"], ColumnType::Text).required(),
        Column::new(&["target"], ColumnType::Text).required(),
        kind,
        Column::new(&["position"], ColumnType::Integer),
    ]
}

/// What a record leads to: where it redirects, then its links in their order.
fn links(mut record: Row) -> Vec<Row> {
    let (Some(source), location) = (record.remove("url"), record.remove("location")) else { return Vec::new() };
    let row = |target: Value, kind: &str, position: Option<usize>| {
        let mut row = Row::with_capacity(4);
        row.insert("source".to_owned(), source.clone());
        row.insert("target".to_owned(), target);
        row.insert("kind".to_owned(), kind.into());
        row.extend(position.map(|position| ("position".to_owned(), position.into())));
        row
    };
    let listed = match record.remove("links") {
        Some(Value::Array(links)) => links,
        _ => Vec::new(),
    };
    let redirect = location.filter(|location| !location.is_null()).map(|target| row(target, REDIRECT, None));
    let links = listed.into_iter().enumerate().map(|(at, target)| row(target, LINK, Some(at + 1)));
    redirect.into_iter().chain(links).collect()
}

const FIELDS: &str = "fields";
const LINK: &str = "link";
const REDIRECT: &str = "redirect";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn names(columns: &[Column]) -> String {
        columns.iter().map(Column::name).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn pages_have_the_columns_of_records_and_of_rules() {
        let plain = names(&What::Pages.kind(None).unwrap().columns);
        assert!(
            plain.starts_with("url outcome status depth referrer location error.kind error.message attempts "),
            "{plain}"
        );
        assert!(plain.contains(" fields missing"), "{plain}");
        let config = Config::from_toml("[[extract]]\nfields = { a = 'h1', b = 'h2' }", "settings").unwrap();
        let ruled = names(&What::Pages.kind(Some(&config)).unwrap().columns);
        assert!(ruled.contains(" fields.a fields.b missing"), "{ruled}");
    }

    #[test]
    fn the_columns_that_are_read_and_counted_by_are_columns() {
        let pages = What::Pages.kind(None).unwrap();
        let names: Vec<_> = pages.columns.iter().map(Column::name).collect();
        assert!(pages.key.is_some_and(|key| names.iter().any(|name| name == key)));
        assert!(pages.texts.iter().filter(|text| names.iter().any(|name| name == *text)).count() >= 2);
    }

    #[test]
    fn duplicates_have_the_columns_of_their_lines() {
        let columns = What::Duplicates.kind(None).unwrap().columns;
        let shown: Vec<_> = columns.iter().map(|column| format!("{} {:?}", column.name(), column.kind)).collect();
        assert_eq!(shown.join(", "), "url Text, depth Integer, original Text, equal Bool, distance Integer");
        assert!(columns.iter().all(|column| column.is_required));
    }

    #[test]
    fn a_record_leads_to_its_redirect_and_its_links() {
        let Value::Object(record) = json!({"url": "u", "location": "l", "links": ["a", "b"], "title": "t"}) else {
            unreachable!()
        };
        let rows: Vec<_> = links(record).into_iter().map(|row| Value::Object(row).to_string()).collect();
        insta::assert_snapshot!(rows.join("\n"), @r#"
        {"source":"u","target":"l","kind":"redirect"}
        {"source":"u","target":"a","kind":"link","position":1}
        {"source":"u","target":"b","kind":"link","position":2}
        "#);
        assert!(links(Row::from_iter([("url".to_owned(), json!("u"))])).is_empty());
    }

    #[test]
    fn what_is_exported_is_read() {
        let read = |text: &str| text.parse::<What>().map_err(|problem| problem.to_string());
        assert_eq!(read("items:things"), Ok(What::Items("things".to_owned())));
        assert_eq!(read("pages"), Ok(What::Pages));
        let refused = |text: &str| {
            Err(format!(
                "`{text}` is nothing that can be exported; allowed: pages, links, duplicates, \
                           items:NAME"
            ))
        };
        assert_eq!(read("items"), refused("items"));
        assert_eq!(read("items:"), refused("items:"));
    }
}
