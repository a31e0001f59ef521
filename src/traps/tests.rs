//! Spaces that are endless, and those that are only large: each site is crawled without a network, breadth first.

use std::collections::{HashSet, VecDeque};

use proptest::prelude::*;

use super::*;
use crate::url::UrlRules;

/// A page of a site: its HTML, whose links are absolute.
type Site = dyn Fn(&str) -> String;

/// What a crawl came to.
struct Crawled {
    pages: Vec<String>,
    traps: Traps,
}

impl Crawled {
    fn closed(&self) -> Vec<(TrapKind, &str)> {
        self.traps.closed().iter().map(|trap| (trap.kind, trap.template.as_str())).collect()
    }

    fn pages_of(&self, start: &str) -> usize {
        self.pages.iter().filter(|page| page.starts_with(start)).count()
    }
}

fn options(pages: u64) -> Options {
    let pages = Limit(Some(pages));
    Options { template_pages: pages, host_pages: pages, domain_pages: pages, budgets: Vec::new() }
}

/// Crawls until nothing is left, with so many requests in flight; `pick` says which of them is answered next.
fn crawl_by(site: &Site, options: Options, in_flight: usize, mut pick: impl FnMut(usize) -> usize) -> Crawled {
    let (rules, mut traps) = (UrlRules::new(4096), Traps::new(options));
    let start = rules.parse(START).unwrap();
    let (mut known, mut queue) = (HashSet::from([start.key()]), VecDeque::from([start]));
    let (mut flying, mut pages) = (VecDeque::new(), Vec::new());
    loop {
        while flying.len() < in_flight {
            let Some(url) = queue.pop_front() else { break };
            if traps.refuses(&url).is_none() {
                flying.push_back(url);
            }
        }
        if flying.is_empty() {
            return Crawled { pages, traps };
        }
        let url = flying.remove(pick(flying.len())).unwrap();
        let html = site(url.as_str());
        let links = html.split("href=").skip(1).filter_map(|link| rules.parse(link.split('>').next()?).ok());
        let new = links.filter(|link| traps.refuses(link).is_none() && known.insert(link.key()));
        let new: Vec<_> = new.collect();
        let said = is_read(&url).then(|| said(&html, &url));
        traps.visited(Visit { url: &url, said, found: &new });
        queue.extend(new);
        pages.push(url.to_string());
        assert!(pages.len() < 40_000, "without an end: {:?}", traps.closed());
    }
}

fn crawl(site: &Site) -> Crawled {
    crawl_by(site, Options::default(), 64, |_| 0)
}

fn path(url: &str) -> &str {
    url.splitn(4, '/').nth(3).unwrap_or_default()
}

fn number(url: &str) -> u64 {
    url.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap_or_default()
}

fn link(path: impl std::fmt::Display) -> String {
    format!("<a href={START}{path}>{path}</a> ")
}

fn named_link(product: u64, name: &str) -> String {
    format!("<a href={START}product/{product}>{name}</a>")
}

/// Words that are nobody's but this number's.
fn text(number: u64) -> String {
    let hash = blake3::hash(&number.to_le_bytes());
    let word =
        |pair: &[u8]| pair.iter().flat_map(|byte| [b'g' + byte % 16, b'g' + byte / 16]).map(char::from).collect();
    hash.as_bytes().chunks(4).map(word).collect::<Vec<String>>().join(" ")
}

/// Words that are all in the URL of the page.
fn name(number: u64) -> String {
    text(number).replace(' ', "-")
}

#[track_caller]
fn ends(site: &Site, expected: &[(TrapKind, &str)]) {
    let crawled = crawl(site);
    let closed: Vec<_> = expected.iter().map(|(kind, path)| (*kind, format!("{START}{path}"))).collect();
    let closed: Vec<_> = closed.iter().map(|(kind, template)| (*kind, template.as_str())).collect();
    assert_eq!(crawled.closed(), closed);
    assert!(crawled.pages.len() <= 2000, "{} pages", crawled.pages.len());
}

#[test]
fn calendars_end() {
    let month = |n: u64| link(format!("cal/{}/{}", 2000 + n / 12 % 300, n % 12 + 1));
    let months = move |url: &str| {
        let all: Vec<u64> = path(url).split('/').filter_map(|part| part.parse().ok()).collect();
        let n = all.first().map_or(1, |year| year.saturating_sub(2000)) * 12 + all.get(1).unwrap_or(&1);
        format!("<h1>no events</h1>{}{}", month(n), month(n.saturating_sub(2)))
    };
    ends(&months, &[(TrapKind::Template, "cal/{n}/{n}")]);
    let with_days = move |url: &str| match path(url).split('/').count() {
        4 => "nothing today".to_owned(),
        1 => months(url),
        _ => (1..29).map(|day| link(format!("{}/{day}", path(url)))).collect::<String>() + &months(url),
    };
    ends(&with_days, &[(TrapKind::Dates, "cal/**{date}")]);
}

#[test]
fn sessions_end_whether_in_the_query_or_in_the_path() {
    let session = std::cell::Cell::new(0);
    let site = |form: fn(char, u64) -> String| {
        let session = session.clone();
        move |url: &str| {
            session.set(session.get() + 1);
            let topic = path(url).bytes().next().map_or(0, u64::from);
            text(topic) + &('a'..='z').map(|topic| link(form(topic, session.get()))).collect::<String>()
        }
    };
    ends(&site(|topic, session| format!("{topic}?sid={session:x}")), &[(TrapKind::Folder, "*?sid")]);
    ends(&site(|topic, session| format!("{topic};jsessionid={session:x}")), &[(TrapKind::Folder, "*;jsessionid")]);
}

#[test]
fn facets_in_any_order_end() {
    let site = |url: &str| {
        let (_, query) = url.split_once('?').unwrap_or_default();
        let all = ["color", "size", "brand", "cut", "stock", "sort"].iter().flat_map(|name| {
            let others: Vec<_> = query.split('&').filter(|own| !own.is_empty() && !own.starts_with(name)).collect();
            (0..4).map(move |value| {
                let own = format!("{name}=v{value}");
                link(format!("list?{}", [others.clone(), vec![own.as_str()]].concat().join("&")))
            })
        });
        format!("<h1>all shoes</h1>{}", all.collect::<String>())
    };
    let crawled = crawl(&site);
    assert!(crawled.closed().contains(&(TrapKind::Query, "http://e.com/list?*")), "{:?}", crawled.closed());
    assert!(crawled.pages.len() <= 2000, "{} pages", crawled.pages.len());
}

#[test]
fn relative_links_that_pile_up_end() {
    for links in [&["a/", "b/"][..], &["guide/intro/", "guide/setup/", "more/help/"], &["a/", "b/", "c/", "d/"]] {
        for place in ["", "docs/"] {
            let site = move |url: &str| {
                let at = if path(url).is_empty() { place } else { path(url) };
                format!("a section{}", links.iter().map(|next| link(format!("{at}{next}"))).collect::<String>())
            };
            let crawled = crawl(&site);
            assert!(crawled.pages.len() <= 2000, "{} pages, {:?}", crawled.pages.len(), crawled.closed());
        }
    }
}

#[test]
fn words_without_an_end_end_at_any_depth() {
    let maze = |place: &'static str, slash: &'static str| {
        move |url: &str| {
            let seed =
                blake3::hash(url.as_bytes()).as_bytes().iter().take(7).fold(0, |n, byte| n << 8 | u64::from(*byte));
            let links = (0..4).map(|n| link(format!("{place}{}/", name(seed + n).replace('-', slash))));
            format!("<h1>{}</h1> you are in a maze {}", path(url).replace(['-', '/'], " "), links.collect::<String>())
        }
    };
    ends(&maze("maze/", "-"), &[(TrapKind::Folder, "maze/*/")]);
    ends(&maze("maze/", "/"), &[(TrapKind::Section, "maze/**")]);
    ends(&maze("", "/"), &[(TrapKind::Host, "**")]);
}

#[test]
fn hosts_that_multiply_end() {
    let site = |url: &str| {
        let n = number(url);
        let hosts = (1..4).map(|k| format!("<a href=http://h{}x.e.com/>one more</a>", n * 3 + k));
        format!("the same on all hosts {}", hosts.collect::<String>())
    };
    let crawled = crawl(&site);
    assert_eq!(crawled.closed(), [(TrapKind::Domain, "*.e.com/**")]);
    assert!(crawled.pages.len() <= 1350, "{}", crawled.pages.len());
}

#[test]
fn logins_and_pages_that_are_not_found_end_although_every_page_leads_there() {
    let site = |url: &str| match path(url) {
        doc if doc.starts_with("login") => {
            format!("please log in{}", link(format!("login?return={}", blake3::hash(url.as_bytes()).to_hex())))
        }
        doc => {
            let docs = if doc.is_empty() {
                (0..800).map(|n| link(format!("doc/{}.html", name(n)))).collect()
            } else {
                String::new()
            };
            format!("{}{docs}{}", text(number(doc) + doc.len() as u64 * 7), link(format!("login?return=/{doc}")))
        }
    };
    let crawled = crawl(&site);
    assert_eq!(crawled.pages_of("http://e.com/doc/"), 800);
    assert!(crawled.pages_of("http://e.com/login") <= 2000, "{}", crawled.pages.len());
    assert!(crawled.closed().iter().all(|(_, template)| template.contains("/login?")), "{:?}", crawled.closed());
}

/// Pages of so many kinds that answer for everything and lead to each other, as a login page, a help page and so on do,
/// beside a real site of 300 pages.
fn walls(kinds: &'static [&'static str]) -> impl Fn(&str) -> String {
    move |url: &str| {
        let from = blake3::hash(url.as_bytes()).to_hex();
        let to_walls = kinds.iter().map(|kind| link(format!("{kind}={from}"))).collect::<String>();
        if let Some(kind) = kinds.iter().find(|kind| path(url).starts_with(**kind)) {
            return format!("{}{to_walls}", text(kind.len() as u64));
        }
        let n = number(url);
        let pages = (0..5).map(|k| link(format!("doc/p{}.html", (n * 5 + k) % 300)));
        text(n) + &pages.collect::<String>() + &link(format!("{}={from}", kinds[0]))
    }
}

#[test]
fn templates_that_only_lead_to_each_other_end_together() {
    for kinds in [
        &["login?return", "login/help?from"][..],
        &["login?to", "register?back", "forgot?next"],
        &["a/in?to", "wall/up?back", "reset?next", "welcome/me?from"],
    ] {
        let crawled = crawl(&walls(kinds));
        assert_eq!(crawled.pages_of("http://e.com/doc/"), 300);
        let traps = crawled.traps.closed();
        assert!(traps.iter().all(|trap| trap.with.len() + 1 == kinds.len() && trap.pages >= 1000), "{traps:?}");
        assert_eq!(traps.len(), kinds.len());
        assert!(crawled.pages.len() <= 2000, "{} pages of {kinds:?}", crawled.pages.len());
    }
}

#[test]
fn a_budget_of_one_of_several_templates_leaves_all_of_them_open() {
    let of = |text: &str| Options { budgets: vec![text.parse().unwrap()], ..options(100) };
    let is_closed = |options: Options| {
        let mut traps = Traps::new(options);
        let (rules, site) = (UrlRules::new(4096), walls(&["in?to", "help?from"]));
        let mut queue = VecDeque::from([rules.parse("http://e.com/in?to=1").unwrap()]);
        for _ in 0..1000 {
            let url = queue.pop_front().unwrap();
            let html = site(url.as_str());
            let found: Vec<_> =
                html.split("href=").skip(1).filter_map(|link| rules.parse(link.split('>').next()?).ok()).collect();
            traps.visited(Visit { url: &url, said: Some(said(&html, &url)), found: &found });
            queue.extend(found);
        }
        !traps.closed().is_empty()
    };
    assert!(is_closed(options(100)));
    assert!(is_closed(of("http://e.com/other* = none")));
    assert!(!is_closed(of("http://e.com/help* = none")));
}

#[test]
fn endless_lists_of_products_in_numbers_lose_nothing_and_neither_do_their_reviews() {
    // 3000 pages of a list, each with new products that say nothing but numbers, each of these with new reviews.
    let site = |url: &str| {
        let n = number(url);
        match path(url) {
            doc if doc.starts_with("review") => format!("review of {n}"),
            doc if doc.starts_with("product") => {
                format!(
                    "product {n}, price {} {}{}",
                    n * 7,
                    link(format!("list/{}", n / 2)),
                    link(format!("review/{n}"))
                )
            }
            _ => {
                let next = if n < 3000 { link(format!("list/{}", n + 1)) } else { String::new() };
                (0..2).map(|k| link(format!("product/{}", n * 2 + k))).collect::<String>() + &next
            }
        }
    };
    let crawled = crawl(&site);
    assert_eq!((crawled.closed(), crawled.pages_of("http://e.com/product")), (Vec::new(), 6002));
    assert_eq!(crawled.pages_of("http://e.com/review"), 6002);
}

#[test]
fn a_shop_a_forum_and_an_archive_lose_nothing() {
    // Products of few words, listed by lists; threads that lead to their neighbours; an archive by dates.
    let site = |url: &str| {
        let (doc, n) = (path(url), number(url));
        match doc {
            "" => link("list/1") + &link("board/1") + &link("2001/01/"),
            _ if doc.starts_with("list") => {
                let next = if n < 100 { link(format!("list/{}", n + 1)) } else { String::new() };
                let products = (0..50).map(|k| named_link(n * 50 + k, &text(n * 50 + k % 7)));
                next + &products.collect::<String>()
            }
            _ if doc.starts_with("product") => format!("{} for {n}", text(n % 300)),
            _ if doc.starts_with("board") => {
                let next = if n < 60 { link(format!("board/{}", n + 1)) } else { String::new() };
                next + &(0..50).map(|k| link(format!("thread/{}", n * 50 + k))).collect::<String>()
            }
            _ if doc.starts_with("thread") => text(n) + &link(format!("thread/{}", (n + 1).min(3049))),
            _ => {
                let (year, month) = (n / 100, n % 100);
                let (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
                let next = if year < 2090 { link(format!("{year}/{month:02}/")) } else { String::new() };
                text(n) + &next
            }
        }
    };
    let crawled = crawl(&site);
    assert_eq!(crawled.closed(), []);
    assert_eq!(crawled.pages_of("http://e.com/product"), 5000);
    assert_eq!(crawled.pages_of("http://e.com/thread"), 3000);
    assert_eq!(crawled.pages_of("http://e.com/20"), 12 * 89);
}

#[test]
fn products_that_differ_in_numbers_only_lose_nothing_as_long_as_lists_lead_to_them() {
    let site = |url: &str| {
        let n = number(url);
        if path(url).starts_with("product") {
            return format!("product {n}, price {} {}", n * 7, link("list/1"));
        }
        let next = if n < 100 { link(format!("list/{}", n + 1)) } else { String::new() };
        (0..50).map(|k| link(format!("product/{}", n * 50 + k))).collect::<String>() + &next
    };
    let crawled = crawl(&site);
    assert_eq!((crawled.closed(), crawled.pages_of("http://e.com/product")), (Vec::new(), 5050));
}

#[test]
fn documentation_and_its_mirror_lose_nothing() {
    let site = |url: &str| {
        let n = number(path(url).rsplit('/').next().unwrap_or_default());
        let pages = (0..8).map(|k| link(format!("v{}/api/c{}.html", n % 4, (n * 8 + k + 1) % 3000)));
        text(n) + &pages.collect::<String>() + &(0..4).map(|v| link(format!("v{v}/api/c{n}.html"))).collect::<String>()
    };
    let crawled = crawl(&site);
    assert_eq!(crawled.closed(), []);
    assert!(crawled.pages.len() > 10_000, "{}", crawled.pages.len());
}

/// An endless counter beside a real site of 300 pages.
fn beside_a_counter(url: &str) -> String {
    let n = number(url);
    if path(url).starts_with("c/") {
        return format!("item {n}{}{}", link(format!("c/{}", n * 2)), link(format!("c/{}", n * 2 + 1)));
    }
    let pages = (0..5).map(|k| link(format!("doc/p{}.html", (n * 5 + k) % 300)));
    text(n) + &pages.collect::<String>() + &link("c/1")
}

#[test]
fn what_is_closed_stays_so_until_settings_say_otherwise() {
    let crawled = crawl_by(&beside_a_counter, options(100), 8, |_| 0);
    assert_eq!(crawled.closed(), [(TrapKind::Template, "http://e.com/c/{n}")]);
    let trap = &crawled.traps.closed()[0];
    assert_eq!(trap.examples.len(), 2);
    assert!(trap.pages >= 100 && trap.new == 0 && trap.compared == 5, "{trap:?}");
    let url = |text: &str| UrlRules::new(4096).parse(text).unwrap();
    let restored = |options: Options| {
        let mut traps = Traps::new(options);
        traps.restore(crawled.traps.closed().to_vec());
        traps.refuses(&url("http://e.com/c/77777")).is_some()
    };
    assert!(restored(options(100)));
    assert!(!restored(options(1000)), "it is not large any more");
    let budget = |text: &str| Options { budgets: vec![text.parse().unwrap()], ..options(100) };
    assert!(!restored(budget("http://e.com/c/* = none")));
    assert!(restored(budget("http://e.com/d/* = none")));
    let allowed = format!("{} = none", trap.glob());
    assert!(!restored(budget(&allowed)), "{allowed}");
}

#[test]
fn a_budget_of_a_pattern_holds_for_what_it_matches() {
    let of = |text: &str| Options { budgets: vec![text.parse().unwrap()], ..Options::default() };
    let counter = |url: &str| {
        let n = number(url);
        format!("item{}", if n < 3000 { link(format!("c/{}", n + 1)) } else { String::new() })
    };
    let pages = |options| crawl_by(&counter, options, 1, |_| 0).pages.len();
    assert!(pages(of("http://e.com/c/* = 50")) < 250);
    assert_eq!(pages(of("http://e.com/c/* = none")), 3001);
    let off = Limit(None);
    assert_eq!(pages(Options { template_pages: off, host_pages: off, domain_pages: off, budgets: Vec::new() }), 3001);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn the_order_of_answers_moves_the_end_by_no_more_than_what_is_in_flight(
        in_flight in 1usize..32,
        picks in prop::collection::vec(any::<prop::sample::Index>(), 64)
    ) {
        let mut nth = 0;
        let crawled = crawl_by(&beside_a_counter, options(100), in_flight, |count| {
            nth += 1;
            picks[nth % picks.len()].index(count)
        });
        prop_assert_eq!(crawled.closed(), [(TrapKind::Template, "http://e.com/c/{n}")]);
        prop_assert_eq!(crawled.pages_of("http://e.com/doc/"), 300);
        let one_by_one = crawl_by(&beside_a_counter, options(100), 1, |_| 0).pages_of("http://e.com/c/");
        // Which of its pages are read depends on their URLs, and so on which were reached: that is one more window.
        prop_assert!(crawled.pages_of("http://e.com/c/").abs_diff(one_by_one) <= 2 * in_flight + 64);
    }
}

const START: &str = "http://e.com/";
