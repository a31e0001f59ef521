//! Bare seeds: without a scheme, as people type them into the address line of a browser; which URL is meant.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::url::{is_public_suffix, listed_domain};

/// The URL that is meant by a text without `://`; `None` when it does not begin with what only a host is called.
///
/// As in browsers: https for a name that anybody could have registered, without a port or with one of https. http for
/// addresses, `localhost` and other ports: who has no certificate, and who listens elsewhere, mostly speaks only that. A name
/// that nobody can register, like `urls.txt` or `nas.lan`, counts with a port only: it is more likely a file.
pub(crate) fn url(text: &str) -> Option<String> {
    let end = text.find(['/', '?', '#']).unwrap_or(text.len());
    let (host, Port(port)) = host_and_port(text.get(..end)?)?;
    let scheme = match (host, port) {
        (Host::Address, Some(443)) | (Host::Registered, None | Some(443 | 8443)) => "https",
        (Host::Address | Host::Local, _) | (Host::Registered | Host::Other, Some(_)) => "http",
        (Host::Other, None) => return None,
    };
    let url = format!("{scheme}://{text}");
    // What is no host after all is for the caller to refuse.
    url::Url::parse(&url).ok().map(|_| url)
}

/// What a host is called.
#[derive(Clone, Copy)]
enum Host {
    Address,
    /// `localhost`, or below that.
    Local,
    /// Below a public suffix, or one itself.
    Registered,
    Other,
}

/// The port that is written behind a host, if one is.
struct Port(Option<u16>);

/// The host of an authority without user and password, with its port.
fn host_and_port(authority: &str) -> Option<(Host, Port)> {
    if let Some((address, rest)) = authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        address.parse::<Ipv6Addr>().ok()?;
        return Some((Host::Address, port(rest)?));
    }
    let (name, rest) = authority.split_at(authority.find(':').unwrap_or(authority.len()));
    let port = port(rest)?;
    if name.parse::<Ipv4Addr>().is_ok() {
        return Some((Host::Address, port));
    }
    let is_label =
        |label: &str| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_');
    if !name.strip_suffix('.').unwrap_or(name).split('.').all(is_label) {
        return None;
    }
    // As the list of suffixes has it: in lower case, and in ASCII.
    let known = url::Url::parse(&format!("http://{name}/")).ok()?;
    let known = known.domain()?.trim_end_matches('.');
    let host = if known == "localhost" || known.ends_with(".localhost") {
        Host::Local
    } else if listed_domain(known).is_some() || known.contains('.') && is_public_suffix(known) {
        Host::Registered
    } else {
        Host::Other
    };
    Some((host, port))
}

/// The port behind a host: nothing, or `:` and a number.
fn port(text: &str) -> Option<Port> {
    let Some(number) = text.strip_prefix(':') else { return text.is_empty().then_some(Port(None)) };
    let is_number = number.chars().all(|c| c.is_ascii_digit());
    number.parse().ok().filter(|_| is_number).map(|port| Port(Some(port)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_without_a_scheme_is_what_a_browser_makes_of_it() {
        for (text, expected) in [
            ("example.com", "https://example.com"),
            ("EXAMPLE.com.", "https://EXAMPLE.com."),
            ("www.example.co.uk/docs/?a=b:c", "https://www.example.co.uk/docs/?a=b:c"),
            ("example.com:443", "https://example.com:443"),
            ("example.com:8443/x", "https://example.com:8443/x"),
            ("example.com:80", "http://example.com:80"),
            ("example.com:8080", "http://example.com:8080"),
            ("münchen.de", "https://münchen.de"),
            ("github.io", "https://github.io"),
            ("localhost", "http://localhost"),
            ("localhost:8080/a", "http://localhost:8080/a"),
            ("shop.localhost", "http://shop.localhost"),
            ("127.0.0.1", "http://127.0.0.1"),
            ("192.168.0.1:8000", "http://192.168.0.1:8000"),
            ("10.0.0.1:443", "https://10.0.0.1:443"),
            ("[::1]:8080", "http://[::1]:8080"),
            ("intranet:8080", "http://intranet:8080"),
            ("nas.lan:5000/x", "http://nas.lan:5000/x"),
        ] {
            assert_eq!(url(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_may_be_a_file_or_another_scheme_is_no_host() {
        for text in [
            "",
            "docs",
            "docs/v1.2",
            "urls.txt",
            "./example.com",
            "/srv/site",
            "../x.com",
            "nas.lan",
            "com",
            "1.5",
            "mailto:me@example.com",
            "me@example.com",
            "user:pw@example.com",
            "javascript:alert(1)",
            "https:example.com",
            "https:/example.com",
            "C:\\site",
            "example.com:http",
            "example.com:99999",
            ":8080",
            "a b.com",
            "-.",
            "..",
            "[::1",
            "[x]:80",
            "example..com",
        ] {
            assert_eq!(url(text), None, "{text}");
        }
    }
}
