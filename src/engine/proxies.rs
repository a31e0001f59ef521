//! Proxies: those that the environment names, and that are not used.

use std::ffi::OsString;

/// What is told at the start of a crawl that goes to the network, when the environment names proxies: the variables, not
/// their values, which may hold a password. `None` when there are none. Behind a proxy, the address guard would see the
/// proxy's address only.
pub(super) fn not_used(variable: impl Fn(&str) -> Option<OsString>) -> Option<String> {
    let is_set = |name: &&str| variable(name).is_some_and(|value| !value.is_empty());
    let set: Vec<_> = VARIABLES.into_iter().filter(is_set).collect();
    let (names, is) = match set.as_slice() {
        [] => return None,
        [one] => ((*one).to_owned(), "is"),
        [first @ .., last] => (format!("{} and {last}", first.join(", ")), "are"),
    };
    Some(format!("{names} {is} set and not obeyed: no proxy is used, each host is connected to directly"))
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
        let rest = "set and not obeyed: no proxy is used, each host is connected to directly";
        assert_eq!(told(&["ALL_PROXY"]), format!("ALL_PROXY is {rest}"));
        assert_eq!(told(&["no_proxy", "https_proxy", "http_proxy"]), format!("http_proxy and https_proxy are {rest}"));
        let all = told(&VARIABLES);
        assert!(
            all.starts_with("http_proxy, HTTP_PROXY, https_proxy, HTTPS_PROXY, all_proxy and ALL_PROXY are"),
            "{all}"
        );
        assert!(!all.contains("hunter2"));
    }
}
