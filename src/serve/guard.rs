//! Who may look, and who may change anything: a page of another site, in a browser on this machine, is nobody.

use std::net::{IpAddr, SocketAddr};

use http::header::{AUTHORIZATION, HOST, HeaderMap, ORIGIN};
use http::{Method, StatusCode, Uri};

/// Decides about requests.
#[derive(Debug)]
pub(super) struct Guard {
    token: String,
    /// Only this machine can connect.
    is_local: bool,
}

impl Guard {
    /// For a server at this address. Without its token nothing is changed, and unless it is on loopback nothing is shown.
    pub(super) fn new(address: SocketAddr, token: String) -> Self {
        Self { token, is_local: address.ip().is_loopback() }
    }

    /// Why a request gets nothing; `Ok` when it does.
    pub(super) fn check(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
        let host = headers.get(HOST).and_then(|host| host.to_str().ok()).ok_or(HOST_REFUSED)?;
        // What a browser was led to by a name that stands for this machine has that name here (DNS rebinding).
        if !is_address(host) {
            return Err(HOST_REFUSED);
        }
        let is_own = |origin: &str| origin.strip_prefix("http://") == Some(host);
        let origin = headers.get(ORIGIN).map(|origin| origin.to_str().unwrap_or_default());
        if origin.is_some_and(|origin| !is_own(origin)) || is_of_other_site(headers) {
            return Err((StatusCode::FORBIDDEN, "pages of other sites get nothing\n"));
        }
        let needs_token = *method == Method::POST;
        let bearer = headers.get(AUTHORIZATION).and_then(|value| bearer(value.to_str().ok()?));
        // A browser sends a header of its own only for the page that the token was given to.
        let in_query = uri.query().and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("token=")));
        let given = if needs_token { bearer } else { bearer.or(in_query) };
        let is_known = given.is_some_and(|given| is_same(given.as_bytes(), self.token.as_bytes()));
        if is_known || !needs_token && self.is_local {
            return Ok(());
        }
        Err((StatusCode::UNAUTHORIZED, if given.is_some() { WRONG_TOKEN } else { NO_TOKEN }))
    }
}

/// A status, and what to say.
pub(super) type Refusal = (StatusCode, &'static str);

/// The token of a value of `Authorization`: the scheme in any case, and blanks behind it (RFC 9110, sections 11.1 and 11.4).
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then(|| token.trim_start_matches(' '))
}

/// Whether a `Host` is an address, or the name that stands for this machine everywhere.
fn is_address(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    bare.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok()
}

/// Whether a browser says that a page of another site asks (Fetch Metadata, section 2.4). A reader may follow a link from there.
fn is_of_other_site(headers: &HeaderMap) -> bool {
    let says = |name: &str, value: &str| headers.get(name).is_some_and(|said| said == value);
    let is_followed = says("sec-fetch-mode", "navigate") && says("sec-fetch-dest", "document");
    (says("sec-fetch-site", "cross-site") || says("sec-fetch-site", "same-site")) && !is_followed
}

/// Compares in a time that says nothing of where they differ.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |differ, (one, other)| differ | (one ^ other)) == 0
}

const NO_TOKEN: &str = "the token is missing: `Authorization: Bearer TOKEN`\n";
const WRONG_TOKEN: &str = "this is not the token of this run: its log names it, or CRAWLER_DASHBOARD_TOKEN has it\n";
const HOST_REFUSED: Refusal =
    (StatusCode::MISDIRECTED_REQUEST, "the dashboard answers to addresses and to localhost alone\n");

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(address: &str, method: &Method, uri: &str, headers: &[(&'static str, &str)]) -> u16 {
        let guard = Guard::new(address.parse().unwrap(), "secret".to_owned());
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        guard.check(method, &uri.parse().unwrap(), &headers).map_or_else(|(status, _)| status.as_u16(), |()| 200)
    }

    const LOCAL: &str = "127.0.0.1:8470";
    const ANY: &str = "0.0.0.0:8470";

    #[test]
    fn loopback_shows_itself_and_other_addresses_want_the_token() {
        let host = ("host", "127.0.0.1:8470");
        assert_eq!(asked(LOCAL, &Method::GET, "/", &[host]), 200);
        assert_eq!(asked(LOCAL, &Method::HEAD, "/", &[host]), 200);
        assert_eq!(asked(ANY, &Method::GET, "/", &[host]), 401);
        assert_eq!(asked(ANY, &Method::HEAD, "/", &[host]), 401);
        assert_eq!(asked(ANY, &Method::GET, "/?token=secret", &[host]), 200);
        assert_eq!(asked(ANY, &Method::GET, "/?token=secre", &[host]), 401);
        assert_eq!(asked(ANY, &Method::GET, "/", &[host, ("authorization", "Bearer secret")]), 200);
        assert_eq!(asked("[::1]:8470", &Method::GET, "/", &[("host", "[::1]:8470")]), 200);
    }

    #[test]
    fn nothing_is_changed_without_the_token_in_a_header() {
        let host = ("host", "localhost:8470");
        assert_eq!(asked(LOCAL, &Method::POST, "/stop", &[host]), 401);
        assert_eq!(asked(LOCAL, &Method::POST, "/stop?token=secret", &[host]), 401);
        assert_eq!(asked(LOCAL, &Method::POST, "/stop", &[host, ("authorization", "Bearer secret")]), 200);
    }

    #[test]
    fn a_wrong_token_is_not_called_a_missing_one() {
        let guard = Guard::new(LOCAL.parse().unwrap(), "secret".to_owned());
        let said = |given: &[&str]| {
            let host = std::iter::once((HOST, LOCAL.parse().unwrap()));
            let given = given.iter().map(|value| (AUTHORIZATION, value.parse().unwrap()));
            guard.check(&Method::POST, &Uri::from_static("/stop"), &host.chain(given).collect())
        };
        assert_eq!(said(&[]), Err((StatusCode::UNAUTHORIZED, NO_TOKEN)));
        assert_eq!(said(&["Basic secret"]), Err((StatusCode::UNAUTHORIZED, NO_TOKEN)));
        assert_eq!(said(&["Bearer secre"]), Err((StatusCode::UNAUTHORIZED, WRONG_TOKEN)));
        for given in ["Bearer secret", "bearer secret", "BEARER  secret"] {
            assert_eq!(said(&[given]), Ok(()), "{given}");
        }
        assert_eq!(said(&["Bearersecret"]), Err((StatusCode::UNAUTHORIZED, NO_TOKEN)));
    }

    #[test]
    fn names_and_pages_of_other_sites_get_nothing() {
        for host in ["evil.test", "evil.test:8470", "localhost.evil.test", "127.0.0.1.evil.test", "", "user@127.0.0.1"]
        {
            assert_eq!(asked(LOCAL, &Method::GET, "/", &[("host", host)]), 421, "{host}");
        }
        assert_eq!(asked(LOCAL, &Method::GET, "/", &[]), 421);
        let host = ("host", LOCAL);
        for (name, value, expected) in [
            ("origin", "http://evil.test", 403),
            ("origin", "null", 403),
            ("origin", "https://127.0.0.1:8470", 403),
            ("origin", "http://127.0.0.1:8470", 200),
            ("sec-fetch-site", "cross-site", 403),
            ("sec-fetch-site", "same-origin", 200),
            ("sec-fetch-site", "none", 200),
        ] {
            assert_eq!(asked(LOCAL, &Method::GET, "/status.json", &[host, (name, value)]), expected, "{name} {value}");
        }
        let followed =
            [host, ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
        assert_eq!(asked(LOCAL, &Method::GET, "/", &followed), 200);
    }
}
