//! Written: settings as a `crawl.toml` that a person may go on with: one line a setting, fields of rules in one line each.

use std::fmt::Write as _;

use toml::{Table, Value};

use super::dotted::{join, quoted_name};

/// The document of these settings.
pub(super) fn document(values: &Table) -> String {
    let mut text = String::new();
    table(&mut text, "", values);
    text.trim_start().to_owned()
}

fn table(text: &mut String, path: &str, values: &Table) {
    let (headed, plain): (Vec<_>, Vec<_>) = values.iter().partition(|(_, value)| has_head(path, value));
    for (name, value) in plain {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{} = {value}", quoted_name(name));
    }
    for (name, value) in headed {
        let path = join(path, name);
        match value {
            Value::Table(values) => {
                let gap = if is_fields(&path) { "" } else { "\n" };
                if values.iter().any(|(_, value)| !has_head(&path, value)) {
                    let _ = writeln!(text, "{gap}[{path}]");
                }
                table(text, &path, values);
            }
            Value::Array(tables) => {
                for values in tables.iter().filter_map(Value::as_table) {
                    let _ = writeln!(text, "\n[[{path}]]");
                    table(text, &path, values);
                }
            }
            _ => {}
        }
    }
}

/// Whether a value stands under a head of its own. What one field holds is easier to read in its line.
fn has_head(path: &str, value: &Value) -> bool {
    let is_field = is_fields(path);
    match value {
        Value::Table(_) => !is_field,
        Value::Array(items) => !is_field && !items.is_empty() && items.iter().all(Value::is_table),
        _ => false,
    }
}

fn is_fields(path: &str) -> bool {
    path.ends_with(".fields")
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, Layers};

    #[test]
    fn flags_become_a_file_that_says_the_same() {
        let mut layers = Layers::default();
        layers.flag("--seed", "seeds", "https://example.com/").unwrap();
        layers.flag("--rate", "politeness.rate", "2").unwrap();
        layers.set("hosts.example.com.delay=1s").unwrap();
        layers.flag("--item", "items", "products=li.product").unwrap();
        layers.flag("--field", "extract", "name=h1").unwrap();
        layers.flag("--field", "extract", "products.price:number=+ .row .price").unwrap();
        layers.flag("--field", "extract", "products.link=a@href").unwrap();
        let text = layers.to_toml();
        insta::assert_snapshot!(text, @r#"
        seeds = ["https://example.com/"]

        [politeness]
        rate = "2"

        [hosts."example.com"]
        delay = "1s"

        [[items]]
        name = "products"
        each = "li.product"
        [items.fields]
        price = { css = "+ .row .price", type = "number" }
        link = { css = "a", attr = "href", type = "url" }

        [[extract]]
        [extract.fields]
        name = "h1"
        "#);
        assert_eq!(Config::from_toml(&text, "written").unwrap(), layers.finish().unwrap().config);
    }
}
