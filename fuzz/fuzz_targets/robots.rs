//! Whatever a robots.txt holds, it decides alike when it is read from what was kept of it, and gives a verdict on any path: `cargo +nightly
//! fuzz run robots`. The first line is the path.

#![no_main]

use crawler::internals::politeness::Robots;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let at = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    let (path, body) = input.split_at(at);
    let path = format!("/{}", String::from_utf8_lossy(path));
    let robots = Robots::parse(body, "crawler");
    let verdict = robots.verdict(&path);
    if let Some(source) = robots.source() {
        let again = Robots::from_source(source.clone(), "crawler");
        let again_verdict = again.verdict(&path);
        assert_eq!(again_verdict.allowed, verdict.allowed);
        assert_eq!(again_verdict.rule.map(|rule| rule.line), verdict.rule.map(|rule| rule.line));
        assert_eq!(again.crawl_delay(), robots.crawl_delay());
        assert_eq!(again.sitemaps(), robots.sitemaps());
    }
});
