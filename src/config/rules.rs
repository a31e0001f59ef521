//! Rules: what a text or number must also be, so that nothing is found out in the middle of a crawl. What has a type of
//! its own is read as that.

use super::seeds::Seed;
use crate::fetch::{AllowedHost, MediaRange, ProxyUrl, ReplayAt, SiteOrigin};
use crate::parse::DataAttribute;
use crate::problem::Problem;
use crate::sink::NamePart;
use crate::store_place::{CrawlName, LEAST_LEASE, StoreUrl};
use crate::traps::Budget;
use crate::units;
use crate::url::{HostPattern, ParamPattern, PathParam, UrlRules, check_pattern};
use crate::user_agent::UserAgent;

/// Checks a text or number under the key at this path; for a list, one item of it.
pub(super) fn check(path: &str, text: &str) -> Result<(), Problem> {
    match path {
        "seeds" => Seed::parse(text, &any_length()).map(drop),
        "max_pages" | "max_time" => lifted_by_none(path, text),
        "depth" => within_i64(text),
        "dir" if text.is_empty() => Err(Problem::new("`dir` is empty").allowed("the path of a folder")),
        "scope.include" | "scope.exclude" => check_pattern(text),
        "frontier.ignore_params" => text.parse::<ParamPattern>().map(drop),
        "frontier.ignore_path_params" => text.parse::<PathParam>().map(drop),
        "politeness.robots_max_age" => at_most_a_day(text),
        "fetch.user_agent" => text.parse::<UserAgent>().map(drop),
        "sitemaps.urls" => sitemap(text),
        "traps.budgets" => text.parse::<Budget>().map(drop),
        "fetch.timeout" | "fetch.connect_timeout" | "fetch.first_byte_timeout" | "fetch.idle_timeout" => {
            positive(path, units::parse_duration(text).is_ok_and(|duration| duration.is_zero()))
        }
        "schedule.every" => positive(path, units::parse_duration(text).is_ok_and(|duration| duration.is_zero())),
        "fetch.max_body" => positive(path, units::parse_size(text) == Ok(0)),
        "parse.data_attributes" => text.parse::<DataAttribute>().map(drop),
        "fetch.content_types" | "archive.content_types" => text.parse::<MediaRange>().map(drop),
        "fetch.allow_hosts" => text.parse::<AllowedHost>().map(drop),
        "fetch.proxy" => text.parse::<ProxyUrl>().map(drop),
        "archive.prefix" | "archive.host" => text.parse::<NamePart>().map(drop),
        "fetch.origin" => text.parse::<SiteOrigin>().map(drop),
        "store" => text.parse::<StoreUrl>().map(drop),
        "name" => text.parse::<CrawlName>().map(drop),
        "store_lease" => long_enough(text),
        "fetch.replay_at" => text.parse::<ReplayAt>().map(drop),
        _ => Ok(()),
    }
}

/// Checks the name of a table of `[hosts]`.
pub(super) fn host_pattern(name: &str) -> Result<(), Problem> {
    let Err(found) = name.parse::<HostPattern>() else { return Ok(()) };
    let as_url = UrlRules::new(usize::MAX).parse(name).ok();
    let help = as_url.map(|url| format!("did you mean [hosts.\"{}\"]?", url.host()));
    let allowed =
        "a host or all hosts below one, with its port: \"example.com\", \"*.example.com\", \"127.0.0.1:8080\"";
    Err(Problem::new(found).allowed(allowed).help(help))
}

fn long_enough(text: &str) -> Result<(), Problem> {
    if units::parse_duration(text).is_ok_and(|lease| lease < LEAST_LEASE) {
        let problem = format!("`store_lease` is {text}, so that mere load would pass hosts from machine to machine");
        return Err(Problem::new(problem).allowed("15s or more"));
    }
    Ok(())
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

fn sitemap(text: &str) -> Result<(), Problem> {
    any_length().parse(text).map(drop).map_err(|found| Problem::new(super::redact_url(&found)))
}

/// URL rules that only look at the syntax; the length that the settings allow is known when all layers are.
fn any_length() -> UrlRules {
    UrlRules::new(usize::MAX)
}

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
    fn a_sitemap_is_an_http_url() {
        check_all(
            "sitemaps.urls",
            &["https://example.com/sitemap.xml?a"],
            &["sitemap.xml", "ftp://a/b", "", "http://"],
        );
        assert!(!check("sitemaps.urls", "ftp://u:pw@a/").unwrap_err().found.contains("pw@"));
    }
}
