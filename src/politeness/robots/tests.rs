//! What a whole robots.txt says: the cases under `fixtures/robots/`, the line that decides, delays, limits.

use std::fmt::Write as _;
use std::path::Path;

use proptest::prelude::*;

use super::*;

#[test]
fn a_mark_of_utf_16_before_something_else_is_not_believed() {
    for mark in [&b"\xFF\xFE"[..], b"\xFE\xFF"] {
        let file = "\n  User-Agent: *\n  Disallow: /a";
        let robots = Robots::parse(&[mark, file.as_bytes()].concat(), "crawler");
        assert!(!robots.verdict("/a").allowed && robots.verdict("/b").allowed, "{mark:?}");
        let encode = |unit: u16| if mark == b"\xFF\xFE" { unit.to_le_bytes() } else { unit.to_be_bytes() };
        let file: Vec<u8> = "User-agent: *\nDisallow: /a".encode_utf16().flat_map(encode).collect();
        assert!(!Robots::parse(&[mark, &file].concat(), "crawler").verdict("/a").allowed, "{mark:?}");
    }
}

#[test]
fn every_case_has_its_verdicts() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/robots");
    let (mut verdicts, mut wrong) = (0, String::new());
    for case in std::fs::read_dir(cases).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        let body = std::fs::read(case.join("robots.txt")).unwrap();
        for line in std::fs::read_to_string(case.join("verdicts.txt")).unwrap().lines() {
            let words: Vec<_> = line.split("  # ").next().unwrap().split_whitespace().collect();
            let [expected, agent, path] = words[..] else { panic!("{}: {line}", case.display()) };
            let robots = Robots::parse(&body, agent);
            let verdict = robots.verdict(path);
            if expected != if verdict.allowed { "allow" } else { "disallow" } {
                writeln!(wrong, "{}: {line}: {verdict:?}", case.display()).unwrap();
            }
            verdicts += 1;
        }
    }
    assert_eq!(wrong, "");
    assert!(verdicts >= 300, "only {verdicts} verdicts were found");
}

/// Small files with the line that decides: a verdict that is right for a wrong reason is wrong.
#[test]
fn every_case_of_the_table_has_its_verdict_and_its_line() {
    let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/robots/cases.txt");
    let (mut cases, mut wrong, mut body) = (0, String::new(), Vec::new());
    for line in std::fs::read_to_string(table).unwrap().lines().filter(|line| !line.is_empty()) {
        let Some(case) = line.strip_prefix("    ") else {
            if !line.starts_with('#') {
                body = unescaped(line);
            }
            continue;
        };
        let [expected, agent, path] = case.splitn(3, "  ").collect::<Vec<_>>()[..] else { panic!("{line}") };
        let robots = Robots::parse(&body, agent);
        let verdict = robots.verdict(path);
        let decides = verdict.rule.map_or_else(|| "-".to_owned(), |rule| rule.line.to_string());
        let found = format!("{} {decides}", if verdict.allowed { "allow" } else { "disallow" });
        if expected.split_whitespace().collect::<Vec<_>>().join(" ") != found {
            writeln!(wrong, "{}: {line}: {found}", String::from_utf8_lossy(&body).escape_debug()).unwrap();
        }
        cases += 1;
    }
    assert_eq!(wrong, "");
    assert!(cases >= 400, "only {cases} cases were found");
}

/// The bytes of a file that the table writes on one line.
fn unescaped(line: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = line.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match (byte, if byte == b'\\' { rest.next() } else { None }) {
            (_, Some(b'n')) => b'\n',
            (_, Some(b'r')) => b'\r',
            (_, Some(b't')) => b'\t',
            (_, Some(b'0')) => 0,
            (_, Some(b'x')) => {
                let digits: String = rest.by_ref().take(2).map(char::from).collect();
                u8::from_str_radix(&digits, 16).unwrap()
            }
            (byte, None) => byte,
            (_, Some(other)) => panic!("\\{}: {line}", char::from(other)),
        });
    }
    bytes
}

#[test]
fn a_verdict_names_its_line() {
    let body = b"User-agent: *\n\nDisallow: /%7ea*\nAllow: /b # but\r\nDisallow: /\xFF$";
    let robots = Robots::parse(body, "foobot");
    let rule = |path: &str| robots.verdict(path).rule.map(|rule| (rule.line, rule.access, rule.pattern));
    assert_eq!(rule("/~ab"), Some((3, Access::Disallow, "/%7ea*")));
    assert_eq!(rule("/b"), Some((4, Access::Allow, "/b")));
    assert_eq!(rule("/%ff"), Some((5, Access::Disallow, "/\u{fffd}$")));
    assert_eq!(rule("/c"), None);
    assert_eq!(rule("/robots.txt"), None);
}

#[test]
fn the_first_of_equal_rules_is_named() {
    let robots = Robots::parse(b"User-agent: *\nDisallow: /a\nDisallow: /a\n", "foobot");
    assert_eq!(robots.verdict("/a").rule.unwrap().line, 2);
}

#[test]
fn the_group_is_all_lines_that_select_it() {
    let body =
        b"User-agent: *\nDisallow: /\nUser-agent: barbot\nUser-agent: FooBot/1.2\nAllow: /\nUser-agent: foobot\n";
    let group = |agent: &str| {
        let robots = Robots::parse(body, agent);
        robots.group().iter().map(|line| (line.line, line.agent.to_string())).collect::<Vec<_>>()
    };
    assert_eq!(group("foobot"), [(4, "FooBot/1.2".to_owned()), (6, "foobot".to_owned())]);
    assert_eq!(group("bazbot"), [(1, "*".to_owned())]);
    assert_eq!(Robots::parse(b"User-agent: barbot\nDisallow: /", "foobot").group(), []);
}

#[test]
fn a_delay_is_the_groups_own() {
    let check = |body: &str, agent: &str, seconds: Option<u64>| {
        let delay = Robots::parse(body.as_bytes(), agent).crawl_delay();
        assert_eq!(delay, seconds.map(Duration::from_secs), "{agent}: {body}");
    };
    let body =
        "User-agent: a\nCrawl-delay: 1\nUser-agent: b\nDisallow: /d\nUser-agent: c\nUser-agent: d\nCrawl-delay: 10";
    check(body, "a", Some(1));
    check(body, "b", None);
    check(body, "c", Some(10));
    check(body, "d", Some(10));
    check(body, "e", None);
    let body = "User-agent: *\nCrawl-delay: 2\nUser-agent: a\nDisallow: /\nUser-agent: b\nCrawl-delay: soon";
    check(body, "a", None);
    check(body, "b", None);
    check(body, "c", Some(2));
    let body = "Crawl-delay: 3\nUser-agent: *\nDisallow: /\nUser-agent: a\nDisallow: /\nCrawl-delay: 1";
    check(body, "a", Some(1));
    check(body, "b", Some(3));
    check("User-agent: a\nCrawl-delay: 1\nDisallow: /\nCrawl-delay: 5\nCrawl-delay: 2", "a", Some(5));
}

#[test]
fn sitemaps_are_everyones() {
    let body =
        b"Sitemap: https://e.com/1.xml\nUser-agent: a\nSitemap: /2.xml\nDisallow: /\nSITEMAP:https://e.com/3.xml#x";
    for agent in ["a", "b"] {
        assert_eq!(Robots::parse(body, agent).sitemaps(), ["https://e.com/1.xml", "/2.xml", "https://e.com/3.xml"]);
    }
}

#[test]
fn all_and_nothing() {
    assert!(Robots::allow_all().verdict("/a").allowed);
    assert!(!Robots::disallow_all().verdict("/a").allowed);
    assert!(Robots::disallow_all().verdict("/robots.txt").allowed);
}

#[test]
fn at_least_500_kib_are_read_and_no_line_is_cut() {
    const FIRST: &str = "User-agent: *\n";
    let file = |padding: usize, rule: &str| format!("{FIRST}{}\n{rule}", "#".repeat(padding));
    let robots = Robots::parse(file(511_000, "Disallow: /late").as_bytes(), "foobot");
    assert!(!robots.verdict("/late").allowed, "RFC 9309, section 2.5");

    let cut = file(LIMIT - FIRST.len() - "\nDisallow: /".len(), "Disallow: /only-this");
    assert!(Robots::parse(cut.as_bytes(), "foobot").verdict("/").allowed);
    assert!(Robots::parse(&cut.as_bytes()[..LIMIT], "foobot").verdict("/").allowed, "cut by whoever read it");
    assert!(Robots::parse(&vec![b'a'; 2 * LIMIT], "foobot").verdict("/").allowed);
    assert!(Robots::parse(&cut.as_bytes()[..LIMIT], "foobot").is_cut());
    assert!(!Robots::parse(&cut.as_bytes()[..LIMIT - 1], "foobot").is_cut());
}

/// Counted, not timed: the work must not depend on the machine, nor the verdict on its load.
#[test]
fn a_hostile_file_is_little_work() {
    const RULES: usize = 5_000;
    let mut body = "User-agent: *\n".to_owned();
    for rule in 0..RULES {
        writeln!(body, "Disallow: {}{rule}b$", "*a".repeat(40)).unwrap();
    }
    assert!(body.len() < LIMIT);
    let robots = Robots::parse(body.as_bytes(), "foobot");
    assert_eq!(robots.rules.len(), RULES);
    for (end, allowed) in [("", true), ("b", true), ("a4998b", false), ("4999b", false)] {
        let path = format!("/{}{end}", "a".repeat(2_000));
        let (verdict, steps) = pattern::steps::of(|| robots.verdict(&path).allowed);
        assert_eq!(verdict, allowed, "{end}");
        assert!(steps <= RULES * path.len() + body.len(), "{end}: {steps} steps");
    }
}

/// The definition of precedence, over rules that are the agent's own.
fn oracle(rules: &[(bool, String)], path: &str) -> bool {
    let matching = rules.iter().filter(|(_, pattern)| pattern::matches(pattern, path));
    matching.max_by_key(|(allow, pattern)| (pattern.len(), *allow)).is_none_or(|(allow, _)| *allow)
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(body in proptest::collection::vec(any::<u8>(), 0..400), path in "/.{0,40}", agent in ".{0,12}") {
        Robots::parse(&body, &agent).verdict(&path);
    }

    #[test]
    fn no_lines_make_it_panic(
        lines in proptest::collection::vec("(User-agent|Disallow|Allow|Crawl-delay|Sitemap|x)?[: ]{0,2}[*$/%a-c0-9.#é]{0,9}[\r\n]{1,2}", 0..20),
        path in "/[a-c%*$0-9é]{0,12}",
    ) {
        let robots = Robots::parse(lines.concat().as_bytes(), "a");
        let verdict = robots.verdict(&path);
        prop_assert_eq!(verdict.allowed, verdict.rule.is_none_or(|rule| rule.access == Access::Allow));
    }

    #[test]
    fn what_is_kept_of_a_file_says_the_same(
        lines in proptest::collection::vec("(User-agent:|Disallow:|Allow:|Crawl-delay:|Sitemap:|x)?[/*$%a-c0-9.#é~]{0,9}[~
]{1,2}", 0..20),
        paths in proptest::collection::vec("/[a-c%*$0-9é]{0,12}", 8),
    ) {
        let body: Vec<u8> = lines.concat().bytes().map(|byte| if byte == b'~' { 0xE4 } else { byte }).collect();
        for agent in ["a", "b"] {
            let robots = Robots::parse(&body, agent);
            let again = Robots::from_source(Arc::clone(robots.source().unwrap()), agent);
            for path in paths.iter().chain([&"/%E4".to_owned(), &"/a%e4".to_owned()]) {
                let line = |robots: &Robots| (robots.verdict(path).allowed, robots.verdict(path).rule.map(|rule| rule.line));
                prop_assert_eq!(line(&robots), line(&again), "{}", path);
            }
            prop_assert_eq!(robots.crawl_delay(), again.crawl_delay());
            prop_assert_eq!(again.source(), robots.source());
        }
    }

    #[test]
    fn the_longest_match_decides(
        rules in proptest::collection::vec((any::<bool>(), "/[ab*]{0,6}[$]?"), 0..8),
        path in "/[ab]{0,8}",
    ) {
        let mut body = "User-agent: *\nDisallow: /\nUser-agent: foobot\n".to_owned();
        for (allow, pattern) in &rules {
            writeln!(body, "{}: {pattern}", if *allow { "Allow" } else { "Disallow" }).unwrap();
        }
        prop_assert_eq!(Robots::parse(body.as_bytes(), "FooBot").verdict(&path).allowed, oracle(&rules, &path));
    }
}

/// RFC 9309, sections 2.3.1.1 to 2.3.1.4.
#[test]
fn the_status_decides_whether_there_are_rules() {
    let check = |status: u16, expected: Option<bool>| {
        let body = b"user-agent: *\ndisallow: /";
        let robots = Robots::of_response(status.try_into().unwrap(), body, "bot");
        assert_eq!(robots.map(|robots| robots.verdict("/a").allowed), expected, "{status}");
    };
    check(200, Some(false));
    check(206, Some(false));
    for status in [400, 401, 403, 404, 410, 451, 499] {
        check(status, Some(true));
    }
    for status in [301, 304, 429, 500, 503, 599] {
        check(status, None);
    }
}
