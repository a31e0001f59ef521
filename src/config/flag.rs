//! Flags: which of them sets which key.

/// Which flag sets which key. A switch sets its key to a fixed value.
pub const FLAGS: [Flag; 48] = [
    Flag::new("seed", "seeds"),
    Flag::new("seeds-file", "seeds"),
    Flag::new("depth", "depth"),
    Flag::new("max-pages", "max_pages"),
    Flag::new("max-time", "max_time"),
    Flag::new("concurrency", "concurrency"),
    Flag::new("dir", "dir"),
    Flag::new("store", "store"),
    Flag::new("name", "name"),
    Flag::new("store-password-file", "store_password_file"),
    Flag::switch("store-insecure", "store_insecure", "true"),
    Flag::new("scope", "scope.kind"),
    Flag::new("include", "scope.include"),
    Flag::new("exclude", "scope.exclude"),
    Flag::new("rate", "politeness.rate"),
    Flag::new("per-host-concurrency", "politeness.per_host_concurrency"),
    Flag::new("delay", "politeness.delay"),
    Flag::new("retries", "politeness.retries"),
    Flag::switch("no-store", "frontier.store", "false"),
    Flag::switch("ignore-robots", "politeness.robots", "false"),
    Flag::new("user-agent", "fetch.user_agent"),
    Flag::new("header", "fetch.headers"),
    Flag::new("cookie-file", "fetch.cookie_file"),
    Flag::new("allow-host", "fetch.allow_hosts"),
    Flag::new("proxy", "fetch.proxy"),
    Flag::new("proxy-dns", "fetch.proxy_dns"),
    Flag::new("timeout", "fetch.timeout"),
    Flag::new("max-body", "fetch.max_body"),
    Flag::new("origin", "fetch.origin"),
    Flag::new("replay-at", "fetch.replay_at"),
    Flag::switch("sitemaps", "sitemaps.from_robots", "true"),
    Flag::new("sitemap", "sitemaps.urls"),
    Flag::switch("sitemap-only", "sitemaps.only", "true"),
    Flag::new("output", "output.path"),
    Flag::switch("warc", "archive.warc", "true"),
    Flag::switch("check-links", "check.survey", "true"),
    Flag::switch("check-external", "check.external", "true"),
    Flag::switch("check-resources", "check.resources", "true"),
    Flag::switch("links", "output.links", "true"),
    Flag::switch("no-links", "output.links", "false"),
    Flag::switch("text", "content.text", "true"),
    Flag::switch("markdown", "content.markdown", "true"),
    Flag::new("main", "content.main"),
    Flag::new("field", "extract"),
    Flag::new("item", "items"),
    Flag::new("fail-on", "fail_on"),
    Flag::new("progress", "observe.progress"),
    Flag::new("log-format", "observe.log_format"),
];

/// A flag and the key that it sets.
#[derive(Debug, Clone, Copy)]
pub struct Flag {
    /// The flag without its dashes.
    pub name: &'static str,
    /// The dotted key.
    pub key: &'static str,
    /// What a switch sets; `None` for a flag that takes a value.
    pub value: Option<&'static str>,
}

impl Flag {
    const fn new(name: &'static str, key: &'static str) -> Self {
        Self { name, key, value: None }
    }

    const fn switch(name: &'static str, key: &'static str, value: &'static str) -> Self {
        Self { name, key, value: Some(value) }
    }
}
