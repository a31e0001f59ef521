//! Basic: a user and a password as a header has them (RFC 7617).

use http::HeaderValue;

/// The value of `Authorization` and of `Proxy-Authorization`, marked as a secret.
pub(super) fn basic(user: &str, password: &str) -> HeaderValue {
    let value = HeaderValue::try_from(format!("Basic {}", base64(format!("{user}:{password}").as_bytes())));
    let mut value = value.expect("base64 has letters, digits and signs that a header may have");
    value.set_sensitive(true);
    value
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    let digit = |bits: u32| char::from(*BASE64.get((bits & 63) as usize).expect("six bits are below 64"));
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let at = |index: usize| u32::from(group.get(index).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        text.push(digit(bits >> 18));
        text.push(digit(bits >> 12));
        text.push(if group.len() > 1 { digit(bits >> 6) } else { '=' });
        text.push(if group.len() > 2 { digit(bits) } else { '=' });
    }
    text
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_rfc_4648() {
        let check = |bytes: &str, text: &str| assert_eq!(base64(bytes.as_bytes()), text);
        check("", "");
        check("f", "Zg==");
        check("fo", "Zm8=");
        check("foo", "Zm9v");
        check("foobar", "Zm9vYmFy");
        check("Aladdin:open sesame", "QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    }
}
