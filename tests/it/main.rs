//! The behaviours that `crawler` guarantees, tested from outside: the real binary, sites on loopback, no other network.
#![cfg(test)]

mod archive;
mod archive_judges;
mod called;
mod cli;
mod config;
mod content;
mod cookies;
mod crawl;
mod damage;
mod data_tools;
mod dead_hosts;
mod depth;
mod descriptors;
mod disk;
mod docs;
mod duplicates;
mod embeds;
mod examples;
mod export;
mod failures;
mod found_by;
mod going_on;
mod hosts;
mod inspect;
mod inspect_page;
mod links;
mod mirror;
mod mirror_browser;
mod no_store;
mod output;
mod page_bytes;
mod page_links;
mod page_robots;
mod politeness;
mod redirects;
mod replay;
mod report;
mod resume;
mod resume_settings;
mod retry_failed;
mod robots;
mod rule_mistakes;
mod scope;
mod secret_headers;
mod shop;
mod sitemap_forms;
mod sitemaps;
mod slow_hosts;
mod start;
mod stop;
#[cfg_attr(target_vendor = "apple", allow(dead_code, unused_imports, reason = "`tls` uses them, which is not there"))]
mod support;
mod taken_output;
mod tidy;
// Apple's verifier takes no roots from the environment.
#[cfg(not(target_vendor = "apple"))]
mod tls;
mod traps;
mod trouble;
mod unread;
mod update;
mod usage;
mod usage_cases;
mod verify;
mod walls;
