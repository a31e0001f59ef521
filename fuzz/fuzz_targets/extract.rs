//! Whatever rules and a page are, they come to an end and to the same twice: `cargo +nightly fuzz run extract`.
//!
//! What is made up is rules, a line with `---` alone, and a page. The rules are a `crawl.toml`, or a `--field` a line.

#![no_main]

use crawler::config::{Config, Layers};
use crawler::extract::{Input, Options, Rules, examine};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|made_up: &str| {
    let (rules, page) = made_up.split_once("\n---\n").unwrap_or((made_up, ""));
    let Some(options) = options(rules) else { return };
    let Ok(rules) = Rules::new(&options) else { return };
    let url_rules = Config::default().url_rules();
    let url = url_rules.parse("http://example.com/a/b?c").expect("it is a URL");
    for content_type in [None, Some("application/json")] {
        let input = Input { url: &url, text: page, content_type, encoding: encoding_rs::UTF_8, url_rules: &url_rules };
        let Some(matched) = rules.on(url.as_str(), content_type) else { continue };
        let (first, second) = (matched.apply(&input), matched.apply(&input));
        assert_eq!((&first.fields, &first.items), (&second.fields, &second.items));
        for examined in examine(&options, &input).expect("rules that were compiled together are so alone") {
            assert!(serde_json::to_string(&examined).is_ok());
        }
    }
});

fn options(rules: &str) -> Option<Options> {
    let config = Config::from_toml(rules, "rules").ok().or_else(|| {
        let mut layers = Layers::default();
        for line in rules.lines() {
            let (flag, path) = if line.starts_with('+') { ("--item", "items") } else { ("--field", "extract") };
            layers.flag(flag, path, line.trim_start_matches('+')).ok()?;
        }
        Some(layers.finish().ok()?.config)
    })?;
    Some(Options { extract: config.extract, items: config.items, follow: config.follow })
}
