//! Proxies: what is told of them at the start, and that one is needed.

use std::ffi::OsString;

use crate::error::{Error, Result};
use crate::fetch::{Options, ProxyDns};
use crate::outcome::{FailureKind, Outcome};

/// Through which proxies the crawl goes, and who looks names up. `None` without one.
pub(super) fn used(options: &Options) -> Option<String> {
    let proxies = match options.proxy.as_slice() {
        [] => return None,
        [one] => format!("the proxy {one}"),
        several => {
            let shown: Vec<_> = several.iter().map(ToString::to_string).collect();
            format!("proxies that take turns, {}", shown.join(", "))
        }
    };
    let dns = match options.proxy_dns {
        ProxyDns::Here => "names are looked up and judged here",
        ProxyDns::Proxy => "names are looked up there, so that private addresses behind them are not refused here",
    };
    Some(format!("requests go through {proxies}; {dns}"))
}

/// That a request had a way out, whatever it has come to: else nothing is known of its host. [`Error::Proxy`] names the proxy.
pub(super) fn expect_way_out(outcome: &Outcome) -> Result<()> {
    match &outcome.failure {
        Some(failure) if failure.kind == FailureKind::Proxy => Err(Error::Proxy(failure.message.to_string())),
        _ => Ok(()),
    }
}

/// What is told at the start of a crawl that goes to the network, when the environment names proxies: the variables, not
/// their values, which may hold a password. `None` when there are none. They may be meant for other programs, and who crawls
/// has to know which way it goes.
pub(super) fn not_used(variable: impl Fn(&str) -> Option<OsString>) -> Option<String> {
    let is_set = |name: &&str| variable(name).is_some_and(|value| !value.is_empty());
    let set: Vec<_> = VARIABLES.into_iter().filter(is_set).collect();
    let (names, is) = match set.as_slice() {
        [] => return None,
        [one] => ((*one).to_owned(), "is"),
        [first @ .., last] => (format!("{} and {last}", first.join(", ")), "are"),
    };
    let rest = "no proxy is used, each host is connected to directly (--proxy names one)";
    Some(format!("{names} {is} set and not obeyed: {rest}"))
}

/// What curl and most others read. `no_proxy` says nothing alone.
const VARIABLES: [&str; 6] = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variables_are_named_and_their_values_are_not_shown() {
        let told = |set: &[&str]| {
            not_used(|name| set.contains(&name).then(|| "http://user:hunter2@10.0.0.1:3128".into())).unwrap_or_default()
        };
        assert_eq!(told(&[]), "");
        assert_eq!(told(&["no_proxy", "NO_PROXY", "ftp_proxy"]), "");
        assert_eq!(not_used(|_| Some(OsString::new())), None, "empty is not set");
        let rest = "set and not obeyed: no proxy is used, each host is connected to directly (--proxy names one)";
        assert_eq!(told(&["ALL_PROXY"]), format!("ALL_PROXY is {rest}"));
        assert_eq!(told(&["no_proxy", "https_proxy", "http_proxy"]), format!("http_proxy and https_proxy are {rest}"));
        let all = told(&VARIABLES);
        assert!(
            all.starts_with("http_proxy, HTTP_PROXY, https_proxy, HTTPS_PROXY, all_proxy and ALL_PROXY are"),
            "{all}"
        );
        assert!(!all.contains("hunter2"));
    }

    #[test]
    fn the_proxies_in_use_are_told_without_their_secrets() {
        let told = |proxies: &[&str], proxy_dns| {
            let proxy = proxies.iter().map(|proxy| proxy.parse().unwrap()).collect();
            used(&Options { proxy, proxy_dns, ..Options::default() }).unwrap_or_default()
        };
        assert_eq!(told(&[], ProxyDns::Here), "");
        assert_eq!(
            told(&["user:hunter2@e.com:1"], ProxyDns::Here),
            "requests go through the proxy http://e.com:1; names are looked up and judged here"
        );
        assert_eq!(
            told(&["http://hunter2@a:1", "socks5h://b"], ProxyDns::Proxy),
            "requests go through proxies that take turns, http://a:1, socks5h://b:1080; names are looked up there, so that \
             private addresses behind them are not refused here"
        );
    }
}
