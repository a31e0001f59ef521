//! Whatever a sitemap holds, what it lists are so many URLs as allowed, each a URL when it is read again: `cargo +nightly fuzz
//! run sitemap`.

#![no_main]

use std::sync::LazyLock;

use crawler::internals::parse::sitemap_targets;
use crawler::url::{CrawlUrl, Target, UrlRules};
use libfuzzer_sys::fuzz_target;

static RULES: LazyLock<UrlRules> = LazyLock::new(|| UrlRules::new(2048));
static FROM: LazyLock<CrawlUrl> = LazyLock::new(|| RULES.parse("http://e.com/maps/sitemap.xml").expect("a URL"));

fuzz_target!(|body: &[u8]| {
    for target in sitemap_targets(&FROM, body, &RULES) {
        let Target::Url(url) = target else { continue };
        let again = RULES.parse(url.as_str()).expect("a URL is a URL");
        assert_eq!(again.key(), url.key());
    }
});
