//! Header values as text.

use http::header::HeaderName;
use http::{HeaderMap, HeaderValue};

/// The values of a header; bytes that are no UTF-8 are replaced.
pub(super) fn values<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = String> + use<'a> {
    let values = headers.get_all(name).iter().map(HeaderValue::as_bytes);
    values.map(|value| String::from_utf8_lossy(value).into_owned())
}
