//! What a page asks of robots: `<meta name=robots>` and `X-Robots-Tag`.
//!
//! Of all directives only `nofollow` and `none` mean something to a crawler. `noindex` does not: it builds no index,
//! and whoever makes one from its records decides anew.

/// The name that directives for this crawler are addressed to.
#[derive(Debug, Clone)]
pub(super) struct Robots {
    agent: String,
}

impl Robots {
    /// Directives for all robots, and those for the product token `agent`.
    pub(super) fn new(agent: &str) -> Self {
        Self { agent: agent.to_owned() }
    }

    /// Whether `<meta name=… content=…>` asks not to follow the links of the page.
    pub(super) fn meta_asks_nofollow(&self, name: &str, content: &str) -> bool {
        (name.eq_ignore_ascii_case("robots") || self.is_agent(name)) && content.split(SEPARATORS).any(is_nofollow)
    }

    /// Whether an `X-Robots-Tag` asks not to follow the links of the page. A name with a colon in front of directives
    /// addresses them, up to the next such name; a comma may also join several headers into one.
    pub(super) fn header_asks_nofollow(&self, value: &str) -> bool {
        let mut for_us = true;
        value.split(',').any(|part| {
            let directive = match part.split_once(':') {
                Some((name, directive)) if is_agent_name(name.trim()) => {
                    for_us = self.is_agent(name.trim());
                    directive
                }
                Some(_) => return false,
                None => part,
            };
            for_us && directive.split_ascii_whitespace().any(is_nofollow)
        })
    }

    fn is_agent(&self, name: &str) -> bool {
        name.eq_ignore_ascii_case(&self.agent)
    }
}

fn is_nofollow(directive: &str) -> bool {
    directive.eq_ignore_ascii_case("nofollow") || directive.eq_ignore_ascii_case("none")
}

/// A product token, and none of the directives that have a value: those are followed by a colon, too. Times have
/// colons as well, but begin with a digit.
fn is_agent_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        && !VALUED.iter().any(|directive| name.eq_ignore_ascii_case(directive))
}

const SEPARATORS: [char; 6] = [',', ' ', '\t', '\n', '\x0C', '\r'];
const VALUED: &[&str] = &["unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_counts_when_it_addresses_everybody_or_this_crawler() {
        let check = |value: &str, expected: bool| {
            assert_eq!(Robots::new("crawler").header_asks_nofollow(value), expected, "{value}");
        };
        check("nofollow", true);
        check("NoIndex, NoFollow", true);
        check("none", true);
        check("noindex", false);
        check("crawler: nofollow", true);
        check("Crawler: noindex, nofollow", true);
        check("otherbot: noindex, nofollow", false);
        check("otherbot: nofollow, crawler: none", true);
        check("crawler: noindex, otherbot: nofollow", false);
        check("unavailable_after: 25 Jun 2010 15:00:00 PST, nofollow", true);
        check("unavailable_after: Fri, 25 Jun 2010 15:00:00 GMT, nofollow", true);
        check("max-snippet: 20, nofollow", true);
        check("max-snippet: none", false);
        check("", false);
    }

    #[test]
    fn a_meta_counts_when_its_name_is_robots_or_this_crawler() {
        let robots = Robots::new("crawler");
        assert!(robots.meta_asks_nofollow("Robots", "index,NOFOLLOW"));
        assert!(robots.meta_asks_nofollow("crawler", "none"));
        assert!(!robots.meta_asks_nofollow("googlebot", "nofollow"));
        assert!(!robots.meta_asks_nofollow("robots", "noindex, follow"));
    }
}
