//! Whatever a page holds, its links are URLs that mean the same when they are read again: `cargo +nightly fuzz run links`.
//! The first line is what headers say: the type, then links.

#![no_main]

use std::sync::LazyLock;

use crawler::internals::MediaType;
use crawler::internals::parse::{Input, Options, Parser};
use crawler::url::{CrawlUrl, Target, UrlRules};
use libfuzzer_sys::fuzz_target;

static RULES: LazyLock<UrlRules> = LazyLock::new(|| UrlRules::new(2048));
static PAGE: LazyLock<CrawlUrl> = LazyLock::new(|| RULES.parse("http://e.com/a/b?c").expect("a URL"));
static PARSER: LazyLock<Parser> = LazyLock::new(|| {
    let options = Options { forms: true, ..Options::default() };
    Parser::new(&options, RULES.clone(), "crawler")
});

fuzz_target!(|input: &[u8]| {
    let at = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    let (head, body) = input.split_at(at);
    let head = String::from_utf8_lossy(head);
    let (media_type, said) = head.split_once('|').unwrap_or((&head, ""));
    let media_type = MediaType::parse(media_type);
    let parsed = PARSER.parse(&Input {
        url: &PAGE,
        body,
        media_type: media_type.as_ref(),
        robots_tags: &[said],
        link_headers: &[said],
        refresh_headers: &[said],
    });
    for link in &parsed.links {
        let Target::Url(url) = &link.target else { continue };
        assert!(url.as_str().len() <= 2048, "a URL is as long as allowed");
        let again = RULES.parse(url.as_str()).expect("a URL is a URL");
        assert_eq!((again.as_str(), again.key()), (url.as_str(), url.key()));
    }
});
