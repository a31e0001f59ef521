//! The attributes of an element in a sitemap, and what its references stand for.

use quick_xml::escape::{resolve_predefined_entity, unescape};
use quick_xml::events::{BytesRef, BytesStart};

use super::listing::is_blank;

/// Where a link leads, if to the page that an entry is about (RFC 4287, section 4.2.7.2) or to that page in another
/// language.
pub(super) fn alternate(link: &BytesStart<'_>) -> Option<String> {
    let is_alternate = attribute(link, "rel").is_none_or(|rel| rel.trim().eq_ignore_ascii_case("alternate"));
    attribute(link, "href").filter(|_| is_alternate).map(|href| href.trim_matches(is_blank).to_owned())
}

/// The value of an attribute; `None` also when nobody knows what stands in it.
pub(super) fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut attributes = element.attributes();
    let found = attributes.with_checks(false).flatten().find(|attribute| attribute.key.0 == name)?;
    match unescape(&found.value) {
        Ok(value) => Some(value.into_owned()),
        Err(_) if is_torn(&found.value) => None,
        Err(_) => Some(found.value.into_owned()),
    }
}

/// Whether this has the form of a reference between its `&` and its `;`: a name, or `#` and a number.
pub(super) fn is_reference(between: &str) -> bool {
    let is_number = |number: &str| match number.strip_prefix('x') {
        Some(hex) => !hex.is_empty() && hex.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()),
    };
    let is_name = || between.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
    between.strip_prefix('#').map_or_else(|| !between.is_empty() && is_name(), is_number)
}

/// Whether an entity stands in a text of which nobody knows what it stands for.
fn is_torn(text: &str) -> bool {
    let names = text.split('&').skip(1).filter_map(|rest| rest.split_once(';'));
    names.map(|(name, _)| name).any(|name| {
        let is_known = || {
            resolve_predefined_entity(name).is_some()
                || BytesRef::new(name).resolve_char_ref().is_ok_and(|c| c.is_some())
        };
        is_reference(name) && !is_known()
    })
}
