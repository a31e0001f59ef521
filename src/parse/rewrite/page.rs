//! A page with other references in it: as the table of mentions says, and where else a page names something.

use super::edits::Edits;
use super::resolving::{Resolving, Role};
use super::value;
use crate::mention::{Form, Kind, LinkType, Named};
use crate::parse::DataAttribute;
use crate::parse::facts::trimmed;
use crate::parse::scan::{Attribute, Most, Syntax, Tag, decoded, each_tag};

/// How pages are written anew.
#[derive(Debug, Clone, Copy)]
pub(super) struct Writing<'w> {
    pub(super) syntax: Syntax,
    pub(super) most: Most,
    /// The `data-` attributes that hold references.
    pub(super) data: &'w [DataAttribute],
    /// In how many other pages it stands.
    pub(super) around: usize,
}

/// What is to become of an attribute.
enum Change {
    None,
    /// It is taken out.
    Gone,
    /// It has another name, by which no browser knows it.
    Renamed,
    Value(String),
}

/// A page with other references; `None` when it stays as it is.
pub(super) fn rewrite(text: &str, writing: Writing<'_>, resolving: &mut Resolving<'_>) -> Option<String> {
    if let Some(base) = base_of(text, writing) {
        resolving.start_from(&base);
    }
    let mut edits = Edits::default();
    each_tag(text, writing.syntax, writing.most, |tag| {
        for (nth, attribute) in tag.attributes.iter().enumerate() {
            // Of several with one name the first counts, and the others are as good as not there.
            if tag.attributes.iter().take(nth).any(|other| other.is_named_as(attribute)) {
                continue;
            }
            let at = attribute.name_at.start..attribute.end;
            match change(tag, attribute, writing, resolving) {
                Change::None => {}
                Change::Gone => edits.put(at, String::new()),
                Change::Renamed => edits.put(attribute.name_at.start..attribute.name_at.start, "data-".to_owned()),
                Change::Value(value) => {
                    edits.put(attribute.name_at.end..attribute.end, format!("=\"{}\"", escaped(&value)));
                }
            }
        }
        if let Some(at) = tag.style.clone()
            && let Some(css) = text.get(at.clone())
            && let Some(new) = of_style(css, writing.syntax, resolving)
        {
            edits.put(at, new);
        }
    });
    edits.apply(text)
}

/// The text of a `<style>`.
fn of_style(css: &str, syntax: Syntax, resolving: &mut Resolving<'_>) -> Option<String> {
    // In HTML there are no references in it, and in XML none in sections, which take all of it or nothing.
    if syntax == Syntax::Html || css.contains("<![CDATA[") {
        return value::style_sheet(css, &mut |reference| resolving.resolve(reference, Role::Part));
    }
    value::style_sheet(css, &mut |reference| {
        let new = resolving.resolve(&decoded(reference), Role::Part)?;
        Some(new.replace('&', "&amp;"))
    })
}

/// The first `<base href>` of a page.
fn base_of(text: &str, writing: Writing<'_>) -> Option<String> {
    let bytes = text.as_bytes();
    let is_base = |at: usize| bytes.get(at + 1..at + 5).is_some_and(|name| name.eq_ignore_ascii_case(b"base"));
    if !memchr::memchr_iter(b'<', bytes).any(is_base) {
        return None;
    }
    let mut base = None;
    each_tag(text, writing.syntax, writing.most, |tag| {
        if base.is_none() && tag.is("base") && !tag.is_in_template {
            base = tag.value("href").map(|href| trimmed(href).to_owned());
        }
    });
    base
}

fn change(tag: &Tag<'_>, attribute: &Attribute<'_>, writing: Writing<'_>, resolving: &mut Resolving<'_>) -> Change {
    let is = |name: &str| attribute.name.eq_ignore_ascii_case(name);
    let is_link = tag.is("link");
    // What was written anew has another hash, and what lies in a folder is of no origin that could be asked.
    if is("integrity") || is("crossorigin") || is("ping") || is("href") && (tag.is("base") || is_link && connects(tag))
    {
        return Change::Gone;
    }
    if tag.is("meta") {
        return of_meta(tag, attribute, resolving);
    }
    let new = if is("srcdoc") && tag.is("iframe") {
        inner_page(&attribute.value, writing, resolving)
    } else {
        form_of(tag, attribute, writing.data).and_then(|(form, role)| {
            value::rewrite(form, &attribute.value, &mut |reference| resolving.resolve(reference, role))
        })
    };
    new.map_or(Change::None, Change::Value)
}

/// How an attribute names something, and what for.
fn form_of(tag: &Tag<'_>, attribute: &Attribute<'_>, data: &[DataAttribute]) -> Option<(Form, Role)> {
    let is = |name: &str| attribute.name.eq_ignore_ascii_case(name);
    if tag.is("link") && is("imagesrcset") {
        return Some((Form::Srcset, Role::Part));
    }
    if is("href") {
        if tag.is("link") {
            return Some((Form::One, of_link(tag)));
        }
        if ["a", "area"].iter().any(|name| tag.name.eq_ignore_ascii_case(name)) {
            return Some((Form::One, Role::Link));
        }
    }
    if is("xlink:href") {
        let is_link = tag.name.eq_ignore_ascii_case("a");
        return (!tag.is(tag.name)).then_some((Form::One, if is_link { Role::Link } else { Role::Part }));
    }
    // In a frameset there is no SVG, whatever tags say.
    if is("src") && (tag.is("iframe") || tag.name.eq_ignore_ascii_case("frame")) {
        return Some((Form::One, Role::Link));
    }
    if is("action") && tag.is("form") || is("formaction") && (tag.is("button") || tag.is("input")) {
        return Some((Form::One, Role::Web));
    }
    if data.iter().any(|known| is(known.name())) {
        return Some((Form::One, Role::Part));
    }
    let value = |name: &str| tag.value(name).map(Into::into);
    let mut rows = Named::all().map(|(_, row)| row).filter(|row| is(row.attribute));
    let row = rows.find(|row| tag.spaces.iter().any(|space| row.is_of(*space, tag.name)) && row.counts(value))?;
    let role = if matches!(row.kind, Kind::Embed | Kind::Style) { Role::Part } else { Role::Link };
    Some((row.form, role))
}

/// What a `<link>` is for.
fn of_link(tag: &Tag<'_>) -> Role {
    let rel = tag.value("rel").unwrap_or_default();
    let mut types = rel.split_ascii_whitespace();
    if types.clone().any(|name| name.eq_ignore_ascii_case("canonical")) {
        return Role::Web;
    }
    if types.any(|name| LinkType::of_part(name).is_some()) { Role::Part } else { Role::Link }
}

/// Whether a `<link>` only has a browser connect to a host.
fn connects(tag: &Tag<'_>) -> bool {
    let rel = tag.value("rel").unwrap_or_default();
    rel.split_ascii_whitespace().any(|name| CONNECTING.iter().any(|known| name.eq_ignore_ascii_case(known)))
}

fn of_meta(tag: &Tag<'_>, attribute: &Attribute<'_>, resolving: &mut Resolving<'_>) -> Change {
    let pragma = trimmed(tag.value("http-equiv").unwrap_or_default());
    // A policy of the site would shut out the files beside the page.
    if pragma.eq_ignore_ascii_case("content-security-policy") && attribute.name.eq_ignore_ascii_case("http-equiv") {
        return Change::Renamed;
    }
    if pragma.eq_ignore_ascii_case("refresh") && attribute.name.eq_ignore_ascii_case("content") {
        let new = value::of_refresh(&attribute.value, &mut |reference| resolving.resolve(reference, Role::Link));
        return new.map_or(Change::None, Change::Value);
    }
    Change::None
}

/// The page in a `srcdoc`, whose references start from those of the page around it.
fn inner_page(text: &str, writing: Writing<'_>, resolving: &mut Resolving<'_>) -> Option<String> {
    if writing.around >= MAX_AROUND {
        return Some(String::new());
    }
    let inner = Writing { syntax: Syntax::Html, around: writing.around + 1, ..writing };
    let outer = resolving.start();
    let new = rewrite(text, inner, resolving);
    resolving.go_back_to(outer);
    new
}

/// A value as it stands between double quotes, in HTML as in XML.
fn escaped(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// The types of `<link>` that name a host and nothing of it.
const CONNECTING: [&str; 2] = ["preconnect", "dns-prefetch"];
/// How many pages may stand around one: each is escaped once more, and nobody writes more than one.
const MAX_AROUND: usize = 4;
