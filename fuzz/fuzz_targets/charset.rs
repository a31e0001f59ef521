//! Whatever a body is labelled as, it becomes a page, and one whose text is that of its encoding: `cargo +nightly fuzz run
//! charset`. The first line is the content type.

#![no_main]

use std::sync::LazyLock;

use crawler::internals::MediaType;
use crawler::internals::parse::{Input, Options, Parser};
use crawler::url::{CrawlUrl, UrlRules};
use encoding_rs::Encoding;
use libfuzzer_sys::fuzz_target;

static RULES: LazyLock<UrlRules> = LazyLock::new(|| UrlRules::new(2048));
static PAGE: LazyLock<CrawlUrl> = LazyLock::new(|| RULES.parse("http://e.com/").expect("a URL"));
static PARSER: LazyLock<Parser> = LazyLock::new(|| Parser::new(&Options::default(), RULES.clone(), "crawler"));

fuzz_target!(|input: &[u8]| {
    let at = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    let (label, body) = input.split_at(at);
    let media_type = MediaType::parse(&String::from_utf8_lossy(label));
    let input = Input {
        url: &PAGE,
        body,
        media_type: media_type.as_ref(),
        robots_tags: &[],
        link_headers: &[],
        refresh_headers: &[],
    };
    let (parsed, text) = PARSER.parse_and(&input, |text, encoding| (text.to_owned(), encoding));
    assert_eq!(text.1.name(), parsed.charset);
    assert!(Encoding::for_label(parsed.charset.as_bytes()).is_some(), "{}", parsed.charset);
    // No encoding makes more than three bytes of one.
    assert!(text.0.len() <= 3 * body.len());
});
