//! Same crawl: whether a run goes on with what lies in its directory, by what the last one has kept to be compared with.

use std::collections::BTreeSet;

use super::plan::Plan;
use crate::config::redact_url;
use crate::crawl_dir::{CrawlDir, OTHER_DIR};
use crate::error::{Error, Result};
use crate::observe::counted;
use crate::policy::Policy;
use crate::store::{Notes, RunSettings};
use crate::url::CrawlUrl;

/// Refuses to go on with a crawl of other seeds, or one to which other URLs are the same page. Gives the seeds of earlier runs
/// that are none of this one: a list that has become shorter is still the same list.
pub(super) fn expect_same(plan: &Plan, notes: &Notes, dir: &CrawlDir) -> Result<Vec<String>> {
    let shown = dir.path().display();
    let seeds: BTreeSet<&str> = plan.places.iter().map(CrawlUrl::as_str).collect();
    let left_out: Vec<_> = notes.seeds.iter().filter(|seed| !seeds.contains(seed.as_str())).cloned().collect();
    if let Some(other) = left_out.first().filter(|_| left_out.len() == notes.seeds.len()) {
        return Err(Error::Usage(format!(
            "the directory {shown} holds a crawl of other seeds, among them {}\n = help: {OTHER_DIR}, or give its seeds too to go on with it",
            redact_url(other)
        )));
    }
    let Some(settings) = &notes.settings else { return Ok(left_out) };
    if settings.folder != folder(plan) {
        return Err(Error::Usage(format!(
            "the directory {shown} holds a crawl of another folder\n = help: {OTHER_DIR}"
        )));
    }
    if settings.archives != archives(plan) {
        return Err(Error::Usage(format!(
            "the directory {shown} holds a crawl of {}\n = help: {OTHER_DIR}",
            if settings.archives.is_empty() { "no archive".to_owned() } else { settings.archives.replace('\n', ", ") }
        )));
    }
    if let Some(key) = changed_url_rule(&settings.url_rules, &url_rules(plan)) {
        return Err(Error::Usage(format!(
            "frontier.{key} is not what it was for the crawl in {shown}, and decides which URLs are one \
             page\n = help: set it back to go on, or {OTHER_DIR}"
        )));
    }
    Ok(left_out)
}

/// Refuses a limit on pages, of this run or of those that crawl already, where so many others crawl as well: each would count by
/// itself.
pub(super) fn expect_no_limit(plan: &Plan, notes: &Notes, others: usize) -> Result<()> {
    let theirs = notes.settings.as_ref().and_then(|settings| settings.toml.parse::<toml::Table>().ok());
    let is_limited = theirs.is_some_and(|settings| settings.get("max_pages").is_some_and(toml::Value::is_integer));
    let whose = match (plan.config.max_pages.0, is_limited) {
        _ if others == 0 => return Ok(()),
        (Some(_), _) => "max_pages is set",
        (None, true) => "max_pages is set for those that crawl",
        (None, false) => return Ok(()),
    };
    let crowd = counted(others as u64, "other node crawls", "other nodes crawl");
    Err(Error::Usage(format!(
        "{whose}, and so far such a limit is only kept by one node alone: {crowd} as well\n = help: leave it away, or wait for their end"
    )))
}

/// Tells of seeds that are left out.
pub(super) fn tell_left_out(seeds: &[String]) {
    let [first, others @ ..] = seeds else { return };
    let more = if others.is_empty() { String::new() } else { format!(" and {} more", others.len()) };
    tracing::info!(
        "the seed {}{more} of before is left out: what is in scope without it goes on, the rest is skipped",
        redact_url(first)
    );
}

/// Tells of checks that begin with this run: what settled pages link to was passed by.
pub(super) fn tell_checks(plan: &Plan, before: Option<&RunSettings>) {
    let check = plan.config.check;
    let was_on = |key: &str| {
        let before = before?.toml.parse::<toml::Table>().ok()?;
        before.get("check")?.get(key)?.as_bool()
    };
    for (key, is_on) in [("external", check.external), ("resources", check.resources)] {
        if is_on && was_on(key) == Some(false) {
            tracing::warn!(
                "--check-{key} is new to this crawl: what the pages that are settled name is not looked for; another \
                 directory (--dir) has all of it"
            );
        }
    }
}

/// What the next run is compared with; `before`: what the last one has kept.
pub(super) fn settings(plan: &Plan, before: Option<&RunSettings>) -> Result<RunSettings> {
    let shown = plan.config.shown()?;
    let is_mixed = before.is_some_and(|before| is_mixed(&before.toml) || other_reading(&before.toml, &shown).is_some());
    Ok(RunSettings {
        url_rules: url_rules(plan),
        robots: robots(plan),
        folder: folder(plan),
        archives: archives(plan),
        toml: if is_mixed { format!("{MIXED}{shown}") } else { shown },
    })
}

/// The table of the settings that is not what it was, of those that decide what records say of pages and where they lead; both
/// as [`settings`] has kept them.
pub(super) fn other_reading(before: &str, now: &str) -> Option<&'static str> {
    let parse = |text: &str| {
        let mut table = text.parse::<toml::Table>().ok()?;
        if let Some(fetch) = table.get_mut("fetch").and_then(toml::Value::as_table_mut) {
            // The way to a page says nothing of it.
            fetch.remove("proxy");
            fetch.remove("proxy_dns");
        }
        Some(table)
    };
    let (Some(before), Some(now)) = (parse(before), parse(now)) else { return Some("the settings") };
    READING.into_iter().find(|table| reading(&before, table) != reading(&now, table))
}

/// A table of settings, without what decides only how long something may take, or how much there is of it at a time.
fn reading(settings: &toml::Table, table: &str) -> Option<toml::Value> {
    let mut found = settings.get(table)?.clone();
    if let Some(keys) = found.as_table_mut() {
        match table {
            "fetch" => keys.retain(|key, _| !PATIENCE.contains(&key)),
            "hosts" => keys.retain(|_, host| {
                let parts = host.as_table_mut();
                parts.is_none_or(|parts| {
                    parts.remove("politeness");
                    !parts.is_empty()
                })
            }),
            _ => {}
        }
    }
    Some(found).filter(|found| found.as_table().is_none_or(|keys| !keys.is_empty()))
}

/// Whether the runs of a crawl have read its pages by different settings.
pub(super) fn is_mixed(toml: &str) -> bool {
    toml.starts_with(MIXED)
}

/// What decides which URLs are one page: a line for each of [`URL_RULE_KEYS`], empty for what is not set.
fn url_rules(plan: &Plan) -> String {
    let options = &plan.config.frontier;
    let switch = |is_on: bool| if is_on { "on" } else { "" };
    let params = options.ignore_params.iter().map(ToString::to_string).collect::<Vec<_>>().join("&");
    let path_params = options.ignore_path_params.iter().map(ToString::to_string).collect::<Vec<_>>().join(";");
    [params.as_str(), &path_params, switch(options.sort_query), switch(options.merge_slashes)].join("\n")
}

/// The first of them that is not what it was. Where less was kept, the rest was not set.
fn changed_url_rule(kept: &str, now: &str) -> Option<&'static str> {
    let pairs = now.split('\n').zip(kept.split('\n').chain(std::iter::repeat("")));
    URL_RULE_KEYS.into_iter().zip(pairs).find(|(_, (now, kept))| now != kept).map(|(key, _)| key)
}

/// Whose rules of robots.txt are obeyed, at which hosts that is another matter, and for what pages are skipped by what it says
/// of use.
pub(super) fn robots(plan: &Plan) -> String {
    let all = if plan.config.politeness.robots {
        plan.config.fetch.user_agent.token().to_owned()
    } else {
        "ignored".to_owned()
    };
    let of_hosts = plan.config.per_host(|host| host.politeness.robots);
    let own = of_hosts.filter_map(|(host, robots)| robots.map(|robots| format!("{host}={robots}")));
    let policy = &plan.config.policy;
    let purpose = Policy::new(policy).skips().then(|| format!("purpose={}", policy.purpose.name()));
    std::iter::once(all).chain(own).chain(purpose).collect::<Vec<_>>().join(" ")
}

fn folder(plan: &Plan) -> String {
    plan.folder.as_deref().map(|folder| folder.display().to_string()).unwrap_or_default()
}

/// The files that answer, one on each line.
fn archives(plan: &Plan) -> String {
    plan.archives.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join("\n")
}

/// The keys of `[frontier]` that decide which URLs are one page, in the order in which a store has them.
const URL_RULE_KEYS: [&str; 4] = ["ignore_params", "ignore_path_params", "sort_query", "merge_slashes"];
/// The tables that decide what records say of pages, and where these lead.
const READING: [&str; 11] =
    ["frontier", "fetch", "parse", "content", "traps", "policy", "output", "hosts", "extract", "items", "follow"];
/// What of `[fetch]` is none of that: a page that is read says the same however long it may take.
const PATIENCE: [&str; 6] =
    ["timeout", "connect_timeout", "first_byte_timeout", "idle_timeout", "max_buffered", "max_idle_memory"];
/// What the settings of a crawl begin with whose runs have read pages by different ones.
const MIXED: &str = "# the runs of this crawl have read pages by different settings\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_records_say_is_not_decided_by_patience_or_politeness() {
        let other = |before: &str, now: &str| other_reading(before, now);
        assert_eq!(other("[fetch]\ntimeout = '1s'", "[fetch]\ntimeout = '2s'"), None);
        assert_eq!(
            other("[fetch]\ntimeout = '1s'\nmax_body = 1", "[fetch]\ntimeout = '1s'\nmax_body = 2"),
            Some("fetch")
        );
        assert_eq!(other("", "[hosts.'a.example'.politeness]\nrate = 2"), None);
        let headers = "[hosts.'a.example'.fetch.headers]\nAccept-Language = 'en'";
        assert_eq!(other("", headers), Some("hosts"));
        assert_eq!(other(headers, &format!("{headers}\n[hosts.'a.example'.politeness]\nrate = 2")), None);
        assert_eq!(other("depth = 1\n[politeness]\nrate = 1", "depth = 2"), None);
        assert_eq!(other("[content]\ntext = true", "[content]\ntext = false"), Some("content"));
        assert_eq!(other("[", ""), Some("the settings"));
    }
}
