//! Agreed settings: those that all nodes that crawl together have.

/// Those of all settings, as TOML: without those that are each node's own.
pub(super) fn agreed(settings: &str) -> String {
    let Ok(mut table) = settings.parse::<toml::Table>() else { return settings.to_owned() };
    table.retain(|key, _| !OWN.contains(&key));
    if let Some(fetch) = table.get_mut("fetch").and_then(toml::Value::as_table_mut) {
        // The way to a page says nothing of it.
        fetch.retain(|key, _| !OWN_OF_FETCH.contains(&key));
    }
    table.to_string()
}

/// Where a node keeps what, how much it does at a time and for how long, and what it says of it.
const OWN: [&str; 15] = [
    "dir",
    "concurrency",
    "max_time",
    "store",
    "name",
    "store_password_file",
    "store_insecure",
    "store_buckets",
    "store_lease",
    "fail_on",
    "output",
    "archive",
    "update",
    "schedule",
    "observe",
];
const OWN_OF_FETCH: [&str; 2] = ["proxy", "proxy_dns"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_nodes_own_is_not_agreed() {
        let settings = |dir: &str, depth: u32, proxy: &str| {
            format!(
                "depth = {depth}\ndir = \"{dir}\"\n[fetch]\nproxy = \"{proxy}\"\ntimeout = \"1m\"\n[output]\npath = \"a\"\n"
            )
        };
        assert_eq!(agreed(&settings("a", 3, "p:1")), agreed(&settings("b", 3, "p:2")));
        assert_ne!(agreed(&settings("a", 3, "p:1")), agreed(&settings("a", 4, "p:1")));
        let config = crate::config::Config::default();
        let all: toml::Table = toml::Table::try_from(&config).unwrap();
        assert!(OWN.iter().all(|key| all.contains_key(*key)), "they are settings");
    }
}
