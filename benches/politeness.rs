//! Politeness: what one request costs it, for one host and for many, and what a verdict of robots.txt costs.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crawler::internals::politeness::{Admit, Options, Politeness, Robots, RobotsAnswer};
use crawler::outcome::{Outcome, OutcomeKind};
use crawler::url::{CrawlUrl, UrlRules};
use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};

fn main() {
    divan::main();
}

/// Asks whether a URL may be requested, which it may, and tells how that went; so many hosts are known, and all of them
/// have a robots.txt.
#[divan::bench(args = [1, 1_000, 100_000], sample_count = 100, sample_size = 1_000)]
fn admit_and_finished(bencher: Bencher<'_, '_>, hosts: usize) {
    let mut now = Instant::now();
    let mut politeness = Politeness::new(Options::default(), now);
    let robots = Arc::new(Robots::parse(rules(10).as_bytes(), AGENT));
    let urls: Vec<CrawlUrl> = (0..hosts).map(|host| url(host, "/docs/guide/page.html")).collect();
    let outcome = ok();
    for url in &urls {
        assert_eq!(politeness.admit(url, now), Admit::AskRobots);
        politeness.finished(url, &outcome, now);
        politeness.robots_known(url, RobotsAnswer::Rules(Arc::clone(&robots)), &outcome, now);
    }
    // Each host again and again, but never two neighbours one after the other: what was looked at last helps nobody.
    let mut turns = urls.iter().cycle().step_by(if hosts == 1 { 1 } else { 101 });
    let mut page = || {
        // Longer than the interval of one host, so that each may be asked whenever its turn comes.
        now += Duration::from_millis(250);
        let url = turns.next().expect("the turns never end");
        assert_eq!(politeness.admit(url, now), Admit::Now);
        politeness.finished(url, &outcome, now)
    };
    bencher.counter(ItemsCount::new(1_u8)).bench_local(&mut page);
}

/// Says whether a path may be asked for, by a file with so many rules of which none matches: the longest way.
#[divan::bench(args = [1, 10, 100, 1_000])]
fn verdict(bencher: Bencher<'_, '_>, lines: usize) {
    let robots = Robots::parse(rules(lines).as_bytes(), AGENT);
    let path = "/docs/guide/page.html?from=index&n=12";
    bencher.bench(|| robots.verdict(black_box(path)).allowed);
}

/// Reads a robots.txt with so many rules.
#[divan::bench(args = [1, 10, 100, 1_000])]
fn read_robots(bencher: Bencher<'_, '_>, lines: usize) {
    let text = rules(lines);
    bencher.counter(BytesCount::of_str(&text)).bench(|| Robots::parse(black_box(text.as_bytes()), AGENT));
}

/// A robots.txt with rules of every shape.
fn rules(lines: usize) -> String {
    let line = |n: usize| match n % 4 {
        0 => format!("Disallow: /private/{n}/\n"),
        1 => format!("Allow: /private/{n}/open\n"),
        2 => format!("Disallow: /*/print/{n}\n"),
        _ => format!("Disallow: /*.cgi-{n}$\n"),
    };
    let rules: String = (0..lines).map(line).collect();
    format!("User-agent: *\n{rules}Sitemap: https://example.com/sitemap.xml\n")
}

fn url(host: usize, path: &str) -> CrawlUrl {
    let rules = UrlRules::new(4096).ignoring(["utm_*".parse().expect("the name of a parameter")]);
    rules.parse(&format!("http://host-{host}.example{path}")).expect("a URL")
}

fn ok() -> Outcome {
    let mut outcome = Outcome::new(OutcomeKind::Ok, jiff::Timestamp::UNIX_EPOCH, Duration::from_millis(20));
    outcome.status = Some(200);
    outcome
}

const AGENT: &str = "crawler";
