//! Items: those of one name, into a file of their own, as JSON lines or CSV.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::durable_file::DurableFile;
use super::{Checkpoint, ItemFormat, Settled, Sink, csv, json_line};
use crate::error::{Error, Result};
use crate::extracted::{Item, PAGE_URL};

/// A file of items, one a line, with the URL of its page first.
///
/// It only grows by the items of whole pages, and is cut back to those of the pages that are settled. Nothing in it changes
/// when a page turns out to be nearer to a seed.
#[derive(Debug)]
pub struct ItemsFile {
    name: Arc<str>,
    lines: DurableFile,
    format: Format,
}

#[derive(Debug)]
enum Format {
    Jsonl,
    /// Under these columns.
    Csv(Vec<String>),
}

impl ItemsFile {
    /// Goes on with the file of the items that are called `name`, or begins it; what lies behind its checkpoint is cut
    /// off. `fields`: what each item may have, in the order of the columns.
    ///
    /// # Errors
    /// [`Error::Damaged`] when it is not the file that the crawl has left; it is then not touched. [`Error::Usage`] when its
    /// columns are others.
    pub fn resume(
        path: impl Into<PathBuf>,
        checkpoint: &Checkpoint,
        name: &str,
        fields: &[String],
        format: ItemFormat,
    ) -> Result<Self> {
        let path = path.into();
        let mut lines = DurableFile::resume(&path, checkpoint, b"\n")?;
        let format = match format {
            ItemFormat::Jsonl => Format::Jsonl,
            ItemFormat::Csv => {
                Format::Csv(std::iter::once(PAGE_URL.to_owned()).chain(fields.iter().cloned()).collect())
            }
        };
        if let Format::Csv(columns) = &format {
            let mut header = Vec::new();
            csv::header(columns, &mut header);
            if checkpoint.settled_length() == 0 {
                lines.append(|lines| {
                    lines.append(&mut header);
                    Ok(())
                })?;
            } else if !starts_with(&path, &header)? {
                let columns = columns.join(", ");
                return Err(Error::Usage(format!(
                    "{} has other columns than the rules give now: {columns}\n = help: set the fields back to go on, or \
                     name another directory: --dir DIR",
                    path.display()
                )));
            }
        }
        Ok(Self { name: name.into(), lines, format })
    }
}

/// Whether a file starts so.
fn starts_with(path: &Path, start: &[u8]) -> Result<bool> {
    let io = |error| Error::io("read", path, error);
    let mut found = Vec::new();
    File::open(path).map_err(io)?.take(start.len() as u64).read_to_end(&mut found).map_err(io)?;
    Ok(found == start)
}

impl Format {
    /// Appends the line of an item. After an error, the start of it may be there.
    fn push(&self, lines: &mut Vec<u8>, item: &Item) -> Result<()> {
        match self {
            Self::Csv(columns) => csv::object(columns, &item.value, lines),
            Self::Jsonl => json_line::push(lines, &item.value, || format!("an item of {}", item.name))?,
        }
        Ok(())
    }
}

impl Sink for ItemsFile {
    fn write(&mut self, settled: &Settled) -> Result<()> {
        let mut items = settled.items.iter().filter(|item| item.name == self.name).peekable();
        if items.peek().is_none() {
            return Ok(());
        }
        let format = &self.format;
        self.lines.append(|lines| items.try_for_each(|item| format.push(lines, item)))
    }

    fn flush(&mut self) -> Result<Option<Checkpoint>> {
        self.lines.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use super::super::durable_file::tests::after_a_kill;
    use super::super::record::tests::page;
    use super::*;

    fn settled(nth: usize) -> Settled {
        let url = format!("http://e.com/{nth}");
        let mut settled = Settled::new(page(&url, 1, None));
        settled.items = ["things", "others", "things"]
            .iter()
            .map(|name| {
                let value = json!({ "page_url": url, "title": format!("{name} {nth}"), "price": null });
                Item { name: (*name).into(), value: value.as_object().unwrap().clone() }
            })
            .collect();
        settled
    }

    /// What is in a file of this format after two pages.
    fn after(format: ItemFormat) -> String {
        let fields = ["title".to_owned(), "price".to_owned()];
        let open = |path: &Path, checkpoint: &Checkpoint| {
            ItemsFile::resume(path, checkpoint, "things", &fields, format).unwrap()
        };
        after_a_kill(open, [&[settled(0)], &[settled(1)]])
    }

    #[test]
    fn each_item_is_there_once_whatever_happens() {
        insta::assert_snapshot!(after(ItemFormat::Jsonl), @r#"
        {"page_url":"http://e.com/0","title":"things 0","price":null}
        {"page_url":"http://e.com/0","title":"things 0","price":null}
        {"page_url":"http://e.com/1","title":"things 1","price":null}
        {"page_url":"http://e.com/1","title":"things 1","price":null}
        "#);
        insta::assert_snapshot!(after(ItemFormat::Csv).replace('\r', ""), @r"
        page_url,title,price
        http://e.com/0,things 0,
        http://e.com/0,things 0,
        http://e.com/1,things 1,
        http://e.com/1,things 1,
        ");
    }

    #[test]
    fn a_table_keeps_its_columns() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("things.csv");
        let open = |checkpoint: &Checkpoint, field: &str| {
            ItemsFile::resume(&path, checkpoint, "things", &[field.to_owned()], ItemFormat::Csv)
        };
        let begun = open(&Checkpoint::length(0), "title").unwrap().flush().unwrap().unwrap();
        assert!(open(&begun, "title").is_ok());
        let refused = open(&begun, "name").unwrap_err().to_string();
        assert!(refused.contains("other columns than the rules give now: page_url, name"), "{refused}");
    }

    #[test]
    fn a_file_that_is_cut_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("things.jsonl");
        fs::write(&path, "{}\n").unwrap();
        let refused = ItemsFile::resume(&path, &Checkpoint::length(20), "things", &[], ItemFormat::Jsonl);
        assert!(matches!(refused, Err(Error::Damaged(_))));
        assert_eq!(fs::read_to_string(&path).unwrap(), "{}\n");
    }
}
