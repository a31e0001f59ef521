//! Rules: what a value of the right type must also be, so that nothing is found out in the middle of a crawl.

use std::net::IpAddr;

use http::{HeaderName, HeaderValue};
use ipnet::IpNet;

use super::place::Problem;
use super::seeds::Seed;
use crate::politeness::robots::product_token;
use crate::units;
use crate::url::{HostPattern, UrlRules};

/// Checks a text or number under the key at this path; for a list, one item of it.
pub(super) fn check(path: &str, text: &str) -> Result<(), Problem> {
    match path {
        "seeds" => Seed::parse(text, &any_length()).map(drop),
        "max_pages" | "max_time" => lifted_by_none(path, text),
        "depth" => within_i64(text),
        "dir" if text.is_empty() => Err(Problem::new("`dir` is empty").allowed("the path of a folder")),
        "scope.include" | "scope.exclude" => crate::scope::check_pattern(text).map_err(Problem::new),
        "frontier.ignore_params" => parameter(text),
        "politeness.robots_max_age" => at_most_a_day(text),
        "fetch.user_agent" => user_agent(text),
        "sitemaps.urls" => sitemap(text),
        "fetch.timeout" | "fetch.connect_timeout" | "fetch.first_byte_timeout" | "fetch.idle_timeout" => {
            positive(path, units::parse_duration(text).is_ok_and(|duration| duration.is_zero()))
        }
        "fetch.max_body" => positive(path, units::parse_size(text) == Ok(0)),
        "fetch.content_types" => media_type(text),
        "fetch.allow_hosts" => host(text),
        "fetch.origin" => origin(text),
        _ => Ok(()),
    }
}

/// Checks the name of a table of `[hosts]`.
pub(super) fn host_pattern(name: &str) -> Result<(), Problem> {
    let Err(found) = name.parse::<HostPattern>() else { return Ok(()) };
    let as_url = UrlRules::new(usize::MAX, [""; 0]).parse(name).ok();
    let help = as_url.map(|url| format!("did you mean [hosts.\"{}\"]?", url.host()));
    let allowed =
        "a host or all hosts below one, with its port: \"example.com\", \"*.example.com\", \"127.0.0.1:8080\"";
    Err(Problem::new(found).allowed(allowed).help(help))
}

/// Checks the name of a header that goes with every request.
pub(super) fn header_name(name: &str) -> Result<(), Problem> {
    if HeaderName::from_bytes(name.as_bytes()).is_err() {
        return Err(Problem::new(format!("`{name}` is not a header name"))
            .allowed("letters, digits and !#$%&'*+-.^_`|~, no spaces"));
    }
    match name.to_ascii_lowercase().as_str() {
        "user-agent" => Err(Problem::new(format!("`{name}` has a key of its own"))
            .help(Some("set `user_agent` in [fetch], or --user-agent".to_owned()))),
        lower if CRAWLER_HEADERS.contains(&lower) => {
            Err(Problem::new(format!("`{name}` is set by the crawler for each request")))
        }
        _ => Ok(()),
    }
}

/// Checks the value of a header. The message does not repeat it: it may be a secret.
pub(super) fn header_value(name: &str, value: &str) -> Result<(), Problem> {
    HeaderValue::from_str(value)
        .map(drop)
        .map_err(|_| Problem::new(format!("the value of the header `{name}` has a line break or a control character")))
}

fn lifted_by_none(path: &str, text: &str) -> Result<(), Problem> {
    let zero = text == "0" || units::parse_duration(text).is_ok_and(|duration| duration.is_zero());
    if zero {
        return Err(Problem::new(format!("`{path}` is {text}, so that nothing would be fetched"))
            .help(Some("write \"none\" for no limit".to_owned())));
    }
    if path == "max_pages" { within_i64(text) } else { Ok(()) }
}

/// TOML has no greater numbers, and `crawler config` has to write what it read.
fn within_i64(text: &str) -> Result<(), Problem> {
    if text.parse::<u64>().is_ok_and(|n| i64::try_from(n).is_err()) {
        return Err(Problem::new(format!("`{text}` is too great"))
            .allowed(format!("a whole number up to {}, or \"none\"", i64::MAX)));
    }
    Ok(())
}

fn parameter(text: &str) -> Result<(), Problem> {
    let name = text.strip_suffix('*').unwrap_or(text);
    if text.is_empty() || name.contains(['*', '&', '=', '?', '#']) {
        return Err(Problem::new(format!("`{text}` is not the name of a query parameter"))
            .allowed("a name, or the start of names with a final `*`, like \"utm_*\""));
    }
    Ok(())
}

fn at_most_a_day(text: &str) -> Result<(), Problem> {
    match units::parse_duration(text) {
        Ok(age) if age > std::time::Duration::from_hours(24) => {
            Err(Problem::new(format!("`{text}` is more than a day")).allowed("at most 24h (RFC 9309, section 2.4)"))
        }
        _ => Ok(()),
    }
}

fn positive(path: &str, zero: bool) -> Result<(), Problem> {
    if zero {
        return Err(Problem::new(format!("`{path}` is 0, so that every request would fail")).allowed("more than 0"));
    }
    Ok(())
}

fn user_agent(text: &str) -> Result<(), Problem> {
    if HeaderValue::from_str(text).is_err() || !text.is_ascii() {
        return Err(
            Problem::new("`fetch.user_agent` has a character that no header may have").allowed("printable ASCII text")
        );
    }
    // What robots.txt groups are matched with has to be the whole of a word, not `my` of `my.bot`.
    let token = product_token(text);
    let after = text.split_once(token).and_then(|(_, after)| after.chars().next());
    if token.is_empty() || !after.is_none_or(|c| c == '/' || c == ';' || c == ')' || c.is_ascii_whitespace()) {
        return Err(Problem::new(format!("`{text}` does not start with a product token"))
            .allowed("a name of letters, digits, `-` and `_` first, like \"my-bot/1.0 (+https://example.com/bot)\""));
    }
    Ok(())
}

fn media_type(text: &str) -> Result<(), Problem> {
    let token = |part: &str| part.parse::<HeaderName>().is_ok();
    let valid = match text.split_once('/') {
        Some(("*", subtype)) => subtype == "*",
        Some((kind, subtype)) => token(kind) && (subtype == "*" || token(subtype)),
        None => false,
    };
    let allowed = "type/subtype, type/* or */*, without parameters, like \"text/html\"";
    if valid { Ok(()) } else { Err(Problem::new(format!("`{text}` is not a media type")).allowed(allowed)) }
}

fn host(text: &str) -> Result<(), Problem> {
    let named = || !text.contains(['/', '@', '*', ' ']) && !text.is_empty() && url::Host::parse(text).is_ok();
    if text.parse::<IpAddr>().is_ok() || text.parse::<IpNet>().is_ok() || named() {
        return Ok(());
    }
    let bare = |host: url::Host<&str>| match host {
        // An address is written without the brackets that a URL needs.
        url::Host::Ipv6(address) => address.to_string(),
        host => host.to_string(),
    };
    let as_url = url::Url::parse(text).ok().filter(url::Url::has_host);
    let as_url = as_url.or_else(|| url::Url::parse(&format!("http://{text}")).ok());
    let help = as_url.and_then(|url| url.host().map(bare)).filter(|host| host != text);
    Err(Problem::new(format!("`{text}` is not a host"))
        .allowed("a name, an address or an address range, without scheme and port: \"localhost\", \"10.0.0.0/8\"")
        .help(help.map(|host| format!("did you mean \"{host}\"?"))))
}

fn sitemap(text: &str) -> Result<(), Problem> {
    any_length().parse(text).map(drop).map_err(|found| Problem::new(super::redact_url(&found)))
}

fn origin(text: &str) -> Result<(), Problem> {
    let url = any_length().parse(text).map_err(Problem::new)?;
    if url.path_and_query().contains('?') || text.contains('#') {
        return Err(Problem::new(format!("`{text}` has a query or a fragment"))
            .allowed("an http or https URL up to its path, like \"http://localhost/\""));
    }
    Ok(())
}

/// URL rules that only look at the syntax; the length that the settings allow is known when all layers are.
fn any_length() -> UrlRules {
    UrlRules::new(usize::MAX, std::iter::empty::<&str>())
}

/// Headers that frame the message or say what the crawler can decode: setting them breaks requests.
const CRAWLER_HEADERS: [&str; 8] =
    ["accept-encoding", "connection", "content-length", "host", "te", "trailer", "transfer-encoding", "upgrade"];

#[cfg(test)]
mod tests {
    use super::*;

    fn check_all(path: &str, good: &[&str], bad: &[&str]) {
        for text in good {
            assert_eq!(check(path, text), Ok(()), "{path} = {text}");
        }
        for text in bad {
            assert!(check(path, text).is_err(), "{path} = {text}");
        }
    }

    #[test]
    fn limits_of_nothing_are_refused_and_name_none() {
        check_all("max_pages", &["1", "none", "9223372036854775807"], &["0", "9223372036854775808"]);
        check_all("max_time", &["1ms", "none"], &["0s", "0m"]);
        check_all("depth", &["0", "none"], &["18446744073709551615"]);
        assert!(check("max_pages", "0").unwrap_err().help.unwrap().contains("none"));
    }

    #[test]
    fn timeouts_and_bodies_are_more_than_nothing() {
        check_all("fetch.timeout", &["1ms"], &["0s"]);
        check_all("fetch.max_body", &["1B"], &["0B"]);
        check_all("politeness.backoff", &["0s"], &[]);
        check_all("politeness.robots_max_age", &["24h", "0s"], &["25h"]);
    }

    #[test]
    fn a_user_agent_starts_with_a_product_token() {
        let good = ["crawler/0.1.0", "my-bot", "Mozilla/5.0 (compatible; Bot/1.0)", "bot2/1.0", "360spider"];
        check_all("fetch.user_agent", &good, &["", "/1.0", "(bot)", "bot\n", "böt/1", "a(b", "my.bot/1.0"]);
    }

    #[test]
    fn hosts_are_names_addresses_or_ranges() {
        let good = ["localhost", "intranet.example", "127.0.0.1", "::1", "10.0.0.0/8", "fd00::/8", "münchen.example"];
        check_all("fetch.allow_hosts", &good, &["", "http://localhost", "localhost:80", "*.example", "10.0.0.0/33"]);
        let help = |text| check("fetch.allow_hosts", text).unwrap_err().help;
        assert_eq!(help("http://localhost:8080/").as_deref(), Some("did you mean \"localhost\"?"));
        assert_eq!(help("localhost:8080").as_deref(), Some("did you mean \"localhost\"?"));
        assert_eq!(help("[::1]:80").as_deref(), Some("did you mean \"::1\"?"));
    }

    #[test]
    fn media_types_may_end_in_a_star() {
        check_all(
            "fetch.content_types",
            &["text/html", "text/*", "*/*", "application/xhtml+xml"],
            &["html", "*/html", "text/", "text/html; charset=utf-8", ""],
        );
    }

    #[test]
    fn an_origin_is_an_http_url_up_to_its_path() {
        let good = ["http://localhost/", "https://example.com", "http://example.com/docs/"];
        check_all("fetch.origin", &good, &["localhost", "ftp://a/", "http://a/?q", "http://a/#f"]);
    }

    #[test]
    fn a_sitemap_is_an_http_url() {
        check_all(
            "sitemaps.urls",
            &["https://example.com/sitemap.xml?a"],
            &["sitemap.xml", "ftp://a/b", "", "http://"],
        );
        assert!(!check("sitemaps.urls", "ftp://u:pw@a/").unwrap_err().found.contains("pw@"));
    }

    #[test]
    fn parameters_may_end_in_a_star() {
        check_all("frontier.ignore_params", &["gclid", "utm_*"], &["", "a*b", "a=b", "?a"]);
    }

    #[test]
    fn headers_that_frame_a_request_are_refused() {
        assert_eq!(header_name("X-Key"), Ok(()));
        for name in ["Host", "content-length", "User-Agent", "a b", "", "Accept-Encoding"] {
            assert!(header_name(name).is_err(), "{name}");
        }
        assert_eq!(header_value("X", "a b"), Ok(()));
        assert!(!header_value("X", "s3cret\r\n").unwrap_err().found.contains("s3cret"));
    }
}
