//! Rule flags: `--item` and `--field`, which write a rule on the command line.

use toml::{Table, Value};

use super::dotted::quoted_name;
use crate::extract::{Fault, Step};
use crate::problem::Problem;

/// What `--field` adds, and to what.
#[derive(Debug)]
pub(super) struct FieldFlag {
    /// The part of its name before the first point: what such items are called.
    pub(super) item: Option<String>,
    /// The rest of the name.
    pub(super) name: String,
    /// The field as crawl.toml has it.
    pub(super) field: Value,
}

/// Reads `--item`: `products=li.product`.
pub(super) fn item(raw: &str) -> Result<Table, Problem> {
    let (name, each) = assigned(raw, "NAME=SELECTOR, like 'products=li.product'")?;
    Ok(Table::from_iter([
        ("name".to_owned(), Value::from(name)),
        ("each".to_owned(), Value::from(each)),
        ("fields".to_owned(), Value::Table(Table::new())),
    ]))
}

/// Reads `--field`: `price=.price`, `price:number=.price`, `image=img.main@src`, `products.title=h2`.
pub(super) fn field(raw: &str) -> Result<FieldFlag, Problem> {
    let (name, place) = assigned(raw, "NAME=SELECTOR or NAME=SELECTOR@ATTRIBUTE, like 'price=.price'")?;
    let (name, kind) = match name.split_once(':') {
        Some((name, kind)) => (name.trim(), Some(kind.trim())),
        None => (name, None),
    };
    let (item, name) = match name.split_once('.') {
        Some((item, name)) => (Some(item.to_owned()), name),
        None => (None, name),
    };
    let (selector, attribute) = split_attribute(place);
    let kind = kind.or_else(|| attribute.filter(|name| HOLD_URLS.contains(name)).map(|_| "url"));
    let field = if attribute.is_none() && kind.is_none() {
        Value::from(selector)
    } else {
        let place = if selector.starts_with('$') { "json" } else { "css" };
        let selector = (!selector.is_empty()).then_some((place, selector));
        let keys = [selector, attribute.map(|name| ("attr", name)), kind.map(|kind| ("type", kind))];
        let keys = keys.into_iter().flatten().map(|(key, text)| (key.to_owned(), Value::from(text)));
        Value::Table(keys.collect())
    };
    Ok(FieldFlag { item, name: name.to_owned(), field })
}

/// Puts a field into a table of rules.
pub(super) fn insert(table: &mut Table, name: String, field: Value) {
    let fields = table.entry("fields").or_insert_with(|| Value::Table(Table::new()));
    if let Value::Table(fields) = fields {
        fields.insert(name, field);
    }
}

/// What the flag of a mistake was, for a message.
pub(super) fn label(fault: &Fault, items: &[crate::extract::Items]) -> String {
    let item = |nth: usize| items.get(nth).map_or("", |item| item.name.as_str());
    match fault.path.as_slice() {
        [Step::Name(table), Step::Item(nth), Step::Name(key), Step::Name(field), ..] if key == "fields" => {
            match table.as_str() {
                "items" => format!("--field {}.{}", item(*nth), quoted_name(field)),
                _ => format!("--field {}", quoted_name(field)),
            }
        }
        [Step::Name(table), Step::Item(nth), ..] if table == "items" => format!("--item {}", item(*nth)),
        _ => "--field".to_owned(),
    }
}

fn assigned<'a>(raw: &'a str, allowed: &str) -> Result<(&'a str, &'a str), Problem> {
    let (name, place) = raw.split_once('=').ok_or_else(|| Problem::new("there is no `=`").allowed(allowed))?;
    let (name, place) = (name.trim(), place.trim());
    if name.is_empty() {
        return Err(Problem::new("nothing is before the `=`").allowed(allowed));
    }
    if place.is_empty() {
        return Err(Problem::new("nothing follows the `=`").allowed(allowed));
    }
    Ok((name, place))
}

/// A selector, and the attribute behind its last `@`.
fn split_attribute(place: &str) -> (&str, Option<&str>) {
    let is_name = |name: &str| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':' | '.'))
    };
    // Of a JSONPath `@` is a part: the value that a filter looks at.
    match place.rsplit_once('@').filter(|_| !place.starts_with('$')) {
        Some((selector, name)) if is_name(name.trim()) => (selector.trim(), Some(name.trim())),
        _ => (place, None),
    }
}

/// Attributes whose values are URLs (HTML Standard, "Attributes", valid URL potentially surrounded by spaces).
const HOLD_URLS: [&str; 8] = ["href", "src", "action", "formaction", "poster", "cite", "data", "background"];

#[cfg(test)]
mod tests {
    fn check(raw: &str, item: Option<&str>, name: &str, field: &str) {
        let flag = super::field(raw).unwrap();
        let written = flag.field.to_string();
        assert_eq!((flag.item.as_deref(), flag.name.as_str(), written.as_str()), (item, name, field), "{raw}");
    }

    #[test]
    fn a_field_is_a_name_and_where_its_value_is() {
        check("price=.price", None, "price", "\".price\"");
        check("image = img.main@src", None, "image", "{ css = \"img.main\", attr = \"src\", type = \"url\" }");
        check("id=[data-id]@data-id", None, "id", "{ css = \"[data-id]\", attr = \"data-id\" }");
        check("price:number=.price", None, "price", "{ css = \".price\", type = \"number\" }");
        check("products.title=h2", Some("products"), "title", "\"h2\"");
        check("link:string=a@href", None, "link", "{ css = \"a\", attr = \"href\", type = \"string\" }");
        check("mail=a[href='mailto:a@b.c']", None, "mail", "\"a[href='mailto:a@b.c']\"");
        check("id:integer=$.items[?@.id]", None, "id", "{ json = \"$.items[?@.id]\", type = \"integer\" }");
        check("products.id=@id", Some("products"), "id", "{ attr = \"id\" }");
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        for raw in ["price", "=h1", "price="] {
            assert!(super::field(raw).unwrap_err().allowed.unwrap().contains("NAME=SELECTOR"), "{raw}");
            assert!(super::item(raw).unwrap_err().allowed.unwrap().contains("NAME=SELECTOR"), "{raw}");
        }
    }
}
