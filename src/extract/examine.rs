//! Examine: each rule on one page, what it found, and why when that is nothing. For a person who looks at one page: a
//! crawl applies rules and counts.

use serde_json::Value;

use super::autopsy::{self, Autopsy, Wanted};
use super::fault::Faults;
use super::options::{Extract, Field, FieldTable, Fields, Follow, Items, Options, SourceTable};
use super::page::{Input, Page};
use super::rules::Rules;
use super::text;
use super::written_place::{Around, WrittenPlace};
use crate::extracted::{Extracted, PAGE_URL, Tally};
use crate::tree::PageTree;

/// A table of rules on one page.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Examined {
    /// `extract`, `items` or `follow`.
    pub table: &'static str,
    /// What its items are called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its patterns on URLs; none for every page.
    #[serde(rename = "match")]
    pub pages: Vec<String>,
    /// Whether it is for the page.
    pub is_for: IsFor,
    /// What came of each of its rules, in their order; none when it is not for the page.
    pub rules: Vec<Found>,
}

/// Whether a table of rules is for a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IsFor {
    /// It is.
    Page,
    /// It is for pages at other URLs.
    OtherUrls,
    /// It is for responses of another type: JSON where this is HTML, or the other way round.
    OtherTypes,
}

/// What came of one rule.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Found {
    /// Its name: `price`, `products` for where items are, `products.title`.
    pub name: String,
    /// Where it looks, as it is written.
    pub place: String,
    /// What it found, in numbers.
    #[serde(flatten)]
    pub tally: Tally,
    /// The first value, or the first item; `null` when there is none.
    pub value: Value,
    /// Why there is no value, as far as that is known beside the autopsy, a clause each.
    pub why: Vec<String>,
    /// How far the selector or the path leads, and what is near; when there is no value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub autopsy: Option<Autopsy>,
}

/// Applies each table of rules alone. The error has all that is wrong with the first one that cannot be compiled.
pub fn examine(options: &Options, input: &Input<'_>) -> Result<Vec<Examined>, Faults> {
    let mut examined = Vec::new();
    for table in &options.extract {
        let single = Options { extract: vec![table.clone()], ..Options::default() };
        examined.push(one("extract", None, &table.pages, &single, input, |look, made| look.extract(table, made))?);
    }
    for table in &options.items {
        let single = Options { items: vec![table.clone()], ..Options::default() };
        let name = Some(table.name.clone());
        examined.push(one("items", name, &table.pages, &single, input, |look, made| look.items(table, made))?);
    }
    for table in &options.follow {
        let single = Options { follow: vec![table.clone()], ..Options::default() };
        examined.push(one("follow", None, &table.pages, &single, input, |look, _| look.follow(table))?);
    }
    Ok(examined)
}

fn one(
    table: &'static str,
    name: Option<String>,
    pages: &[String],
    single: &Options,
    input: &Input<'_>,
    look: impl FnOnce(&mut Look<'_>, &Extracted),
) -> Result<Examined, Faults> {
    let rules = Rules::new(single)?;
    let mut examined = Examined { table, name, pages: pages.to_vec(), is_for: IsFor::Page, rules: Vec::new() };
    let Some(matched) = rules.on(input.url.as_str(), input.content_type) else {
        let fits_another =
            [None, Some("application/json")].iter().any(|kind| rules.on(input.url.as_str(), *kind).is_some());
        examined.is_for = if fits_another { IsFor::OtherTypes } else { IsFor::OtherUrls };
        return Ok(examined);
    };
    let tree = PageTree::new(input.text);
    let made = matched.apply_on(input, &tree);
    let mut looking = Look {
        page: Page::new(input, &tree, 0),
        tallies: made.findings.rules.clone().into_iter(),
        troubles: &made.findings.troubles,
        found: Vec::new(),
    };
    look(&mut looking, &made);
    examined.rules = looking.found;
    Ok(examined)
}

/// One table under examination. Its rules are gone through in the order in which the compiler numbers them.
struct Look<'a> {
    page: Page<'a>,
    tallies: std::vec::IntoIter<Tally>,
    troubles: &'a [String],
    found: Vec<Found>,
}

impl Look<'_> {
    fn extract(&mut self, table: &Extract, made: &Extracted) {
        let value = made.fields.clone().map(Value::Object).unwrap_or_default();
        self.fields(&table.fields, &Around::Page, "", &[&value]);
    }

    fn items(&mut self, table: &Items, made: &Extracted) {
        let items: Vec<Value> = made
            .items
            .iter()
            .map(|item| {
                let mut object = item.value.clone();
                object.shift_remove(PAGE_URL);
                Value::Object(object)
            })
            .collect();
        let place = WrittenPlace::of_source(&table.each.0);
        let first = items.first().cloned().unwrap_or_default();
        let field = FieldTable { fields: table.fields.clone(), ..FieldTable::default() };
        self.push(table.name.clone(), &place, &Around::Page, first, &field);
        let around = Around::Page.inside(&place, &self.page);
        let values: Vec<_> = items.iter().collect();
        self.fields(&table.fields, &around, &format!("{}.", table.name), &values);
    }

    fn follow(&mut self, table: &Follow) {
        let source = SourceTable { css: Some(table.css.clone()), ..SourceTable::default() };
        self.push(
            "follow".to_owned(),
            &WrittenPlace::of_source(&source),
            &Around::Page,
            Value::Null,
            &FieldTable::default(),
        );
    }

    fn fields(&mut self, fields: &Fields, around: &Around, above: &str, values: &[&Value]) {
        for (name, Field(field)) in fields.iter() {
            let own: Vec<&Value> =
                values.iter().filter_map(|value| value.get(name)).filter(|own| !is_nothing(own)).collect();
            let place = field
                .each
                .as_ref()
                .map_or_else(|| WrittenPlace::of_field(field), |each| WrittenPlace::of_source(&each.0));
            let first = own.first().map_or(Value::Null, |value| (*value).clone());
            self.push(format!("{above}{name}"), &place, around, first, field);
            if !field.fields.is_empty() {
                let inside = around.inside(&place, &self.page);
                let entries: Vec<&Value> = own
                    .into_iter()
                    .flat_map(|value| value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice))
                    .collect();
                self.fields(&field.fields, &inside, &format!("{above}{name}."), &entries);
            }
        }
    }

    fn push(&mut self, name: String, place: &WrittenPlace, around: &Around, value: Value, field: &FieldTable) {
        let tally = self.tallies.next().unwrap_or_default();
        let (mut why, mut autopsy) = (Vec::new(), None);
        if tally.tried == 0 {
            why.push(
                match around {
                    Around::Page if self.page.document().is_some() => "it is for responses of a JSON type",
                    Around::Page => "it is for HTML",
                    Around::Elements(_) | Around::Json(_) => {
                        "there is nothing to look in: see the rule that it belongs to"
                    }
                }
                .to_owned(),
            );
        } else if tally.found == 0 {
            let short = name.rsplit('.').next().unwrap_or_default();
            let prefix = format!("{short}: ");
            why.extend(self.troubles.iter().filter_map(|told| told.strip_prefix(&prefix)).map(str::to_owned));
            let wanted = Wanted { name: short, kind: field.kind, attr: field.attr.as_deref() };
            autopsy = place.autopsy(around, &self.page, wanted, &mut why);
            let is_there =
                autopsy.as_ref().and_then(|autopsy| autopsy.steps.last()).is_some_and(|last| last.matches > 0);
            if is_there && !field.fields.is_empty() {
                why.push("what is there has none of the fields".to_owned());
            } else if is_there && why.is_empty() {
                why.push(self.not_taken(place, around, field));
            }
        }
        self.found.push(Found { name, place: place.written(), tally, value, why, autopsy });
    }

    /// Why nothing is taken of what is there.
    fn not_taken(&self, place: &WrittenPlace, around: &Around, field: &FieldTable) -> String {
        let elements = self.page.document().zip(place.selector(around)).and_then(|(document, selector)| {
            let found = autopsy::select(document, &[selector]).pop()?;
            (!found.is_empty()).then_some(found)
        });
        let Some(elements) = elements else { return "what is there is null or empty".to_owned() };
        let taken = if let Some(name) = &field.attr {
            let name = name.trim().to_ascii_lowercase();
            let Some(value) = elements.iter().find_map(|element| element.attr(&name)) else {
                let others: Vec<_> = elements.iter().take(1).flat_map(|first| first.value().attrs()).collect();
                let others: Vec<_> = others.into_iter().map(|(name, _)| name).collect();
                let others = if others.is_empty() { "no attribute at all".to_owned() } else { others.join(", ") };
                return format!("no element that matches has the attribute `{name}`: the first has {others}");
            };
            value.to_owned()
        } else if field.own_text {
            elements
                .iter()
                .map(|one| text::own(*one, &self.page.work))
                .find(|text| !text.is_empty())
                .unwrap_or_default()
        } else {
            elements.iter().map(|one| text::of(*one, &self.page.work)).find(|text| !text.is_empty()).unwrap_or_default()
        };
        match &field.regex {
            _ if taken.is_empty() && field.attr.is_some() => "the attribute is empty".to_owned(),
            _ if taken.is_empty() => "the elements that match have no text".to_owned(),
            Some(regex) => {
                let start: String = taken.chars().take(EXAMPLE).collect();
                format!("`{regex}` finds nothing in \u{201c}{start}\u{201d}")
            }
            None => "what is taken is no value".to_owned(),
        }
    }
}

fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}

const EXAMPLE: usize = 60;

#[cfg(test)]
mod tests {
    use encoding_rs::UTF_8;

    use super::*;
    use crate::url::UrlRules;

    #[derive(serde::Deserialize)]
    struct Tables {
        #[serde(default)]
        extract: Vec<Extract>,
        #[serde(default)]
        items: Vec<Items>,
        #[serde(default)]
        follow: Vec<Follow>,
    }

    fn examined(toml: &str, content_type: &str, text: &str) -> Vec<Examined> {
        let Tables { extract, items, follow } = toml::from_str(toml).unwrap();
        let url_rules = UrlRules::new(2048);
        let url = url_rules.parse("http://e.com/list").unwrap();
        let input = Input { url: &url, text, content_type: Some(content_type), encoding: UTF_8, url_rules: &url_rules };
        examine(&Options { extract, items, follow }, &input).unwrap()
    }

    /// All that is said of each rule, a line for each thing.
    fn told(toml: &str, content_type: &str, text: &str) -> String {
        let mut told = Vec::new();
        for table in examined(toml, content_type, text) {
            told.push(format!("{} {:?}", table.table, table.is_for));
            for rule in table.rules {
                let Tally { tried, found, values, .. } = rule.tally;
                told.push(format!(
                    "  {} [{}]: {found} of {tried}, {values} values: {}",
                    rule.name, rule.place, rule.value
                ));
                told.extend(rule.why.iter().map(|why| format!("    why: {why}")));
                let Some(autopsy) = rule.autopsy else { continue };
                told.extend(autopsy.steps.iter().map(|step| format!("    {} {}", step.matches, step.text)));
                told.extend(autopsy.nearest.iter().map(|near| format!("    ~ {} {}", near.matches, near.text)));
                told.extend(autopsy.notes.iter().map(|note| format!("    note: {note}")));
            }
        }
        told.join("\n")
    }

    const PAGE: &str = "<title>T</title><script type='application/ld+json'>{\"offers\":{\"price\":\"3\"}}</script>\
        <script id=state>{\"id\":7}</script><meta property=og:title content=OG>\
        <ul><li class=item><h2>A</h2><b class=price>1 €</b><img src=a.png></li><p>old <i>x</i></p>\
        <li class=item><h2>B</h2><b class=price>2 €</b></li></ul>";

    #[test]
    fn each_rule_of_a_page_is_told_with_its_value_or_why_it_has_none() {
        let toml = "[[extract]]\n[extract.fields]\ntitle = 'title'\nimage = { css = 'img', attr = 'data-src' }\n\
            id = { css = 'h2', regex = 'ID (\\d+)' }\nnumber = { css = 'h2', type = 'number' }\n\
            offer = { json_ld = '$.offer.price' }\nstate = { script = 'state', json = '$.ident' }\n\
            other = { script = 'other' }\npicture = { opengraph = 'image' }\nmade = { microdata = '$.name' }\n\
            api = '$.id'\n[extract.fields.rows]\neach = 'li.item'\nfields = { name = 'h2', cost = '.cost' }";
        insta::assert_snapshot!(told(toml, "text/html", PAGE));
    }

    #[test]
    fn items_and_what_is_followed_are_told_too() {
        let toml = "[[items]]\nname = 'products'\neach = 'li.item'\n[items.fields]\nname = 'h2'\ncost = '.cost'\n\
            after = { css = 'b', from = 'next' }\nnested = { css = '> h2, > h3' }\n\
            [[items]]\nname = 'none'\neach = 'li.product'\nfields = { name = 'h2' }\n\
            [[items]]\nname = 'elsewhere'\nmatch = ['*/product/*']\neach = 'li'\nfields = { name = 'h2' }\n\
            [[items]]\nname = 'json'\neach = '$.list[*]'\nfields = { name = '$.a' }\n\
            [[follow]]\ncss = 'a.next'";
        insta::assert_snapshot!(told(toml, "text/html", PAGE));
    }

    #[test]
    fn wherever_a_field_starts_from_the_steps_are_counted_from_there() {
        let toml = "[[items]]\nname = 'x'\neach = 'h2, h3'\n[items.fields]\nname = { text = true }\n\
            above = { css = 'i', from = 'parent' }\nbefore = { css = 'i', from = 'previous' }\n\
            scoped = ':scope > i'\nown = { css = ':scope', attr = 'id' }\nempty = { css = 'u', from = 'parent' }\n\
            [items.fields.rows]\neach = { css = '+ p > b' }\nfields = { name = { text = true }, cost = 'i' }\n\
            [[items]]\nname = 'blocks'\neach = { json_ld = '$.list[*]' }\nfields = { id = '$.id', nr = '$.nr', none = '$.none' }\n\
            [[items]]\nname = 'state'\neach = { script = 'state', json = '$.rows[*]' }\nfields = { nr = '$.nr' }";
        let page = "<script type='application/ld+json'>{\"list\":[{\"id\":1,\"none\":null}]}</script>\
            <script id=state>{\"rows\":[{\"nmr\":1}]}</script>\
            <div><b>0</b><h2>A</h2><p><b>1</b><b>2</b></p><u></u></div><div><s>0</s><h3>B</h3></div>";
        insta::assert_snapshot!(told(toml, "text/html", page));
    }

    #[test]
    fn rules_on_json_are_told_as_those_on_html() {
        let toml = "[[extract]]\nfields = { id = '$.id', nmae = '$.nmae', title = 'h1' }\n\
            [[items]]\nname = 'rows'\neach = '$.rows[*]'\nfields = { a = '$.a', c = '$.c' }";
        let body = "{\"id\":1,\"name\":\"n\",\"rows\":[{\"a\":1,\"b\":2},{\"a\":3}]}";
        insta::assert_snapshot!(told(toml, "application/json", body));
    }
}
