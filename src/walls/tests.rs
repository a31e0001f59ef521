//! Tests of walls: which answers make one, and which do not.

use super::*;
use crate::page::Page;
use crate::url::UrlRules;

fn url(text: &str) -> CrawlUrl {
    UrlRules::new(2048).parse(text).unwrap()
}

fn outcome(kind: OutcomeKind, body: Option<&str>) -> Outcome {
    let mut outcome = Outcome::new(kind, jiff::Timestamp::UNIX_EPOCH, std::time::Duration::ZERO);
    if let Some(body) = body {
        outcome.content_hash = Some(format!("blake3:{}", blake3::hash(body.as_bytes()).to_hex()));
        outcome.page = Some(Page::default());
        outcome.reading = Reading::Parsed;
    }
    outcome
}

/// Takes pages of one host, each with its path, its body, and where it leads to.
fn note(walls: &mut Walls, told: &mut Vec<Wall>, path: &str, body: Option<&str>, to: Option<&str>) -> bool {
    let kind = if body.is_some() { OutcomeKind::Ok } else { OutcomeKind::Redirect };
    let (url, to) = (url(&format!("http://e.com{path}")), to.map(url));
    let answer =
        Answer { url: &url, outcome: &outcome(kind, body), leads_to: to.as_ref(), standing: Standing::default() };
    walls.note(answer, told)
}

#[test]
fn a_login_that_answers_for_everything_is_told_and_gone_on_with() {
    let (mut walls, mut told) = (Walls::default(), Vec::new());
    for n in 0..30 {
        let login = format!("http://e.com/login?next=/{n}");
        note(&mut walls, &mut told, &format!("/{n}"), None, Some(&login));
        note(&mut walls, &mut told, &format!("/login?next=/{n}"), Some("log in"), None);
    }
    let hash = outcome(OutcomeKind::Ok, Some("log in")).content_hash;
    let wall = |kind, pages, example| Wall { pages, of: pages, ..Wall::new(kind, "e.com", example) };
    let expected = |pages| {
        let led = wall(WallKind::Redirect, pages, "http://e.com/4");
        let same = wall(WallKind::Page, pages, "http://e.com/login?next=/4");
        let to = Some("http://e.com/login".to_owned());
        [Wall { to, ..led }, Wall { content_hash: hash.clone(), ..same }]
    };
    assert_eq!(told, expected(30));
    let mut walls = Walls::restore(&told);
    note(&mut walls, &mut told, "/x", None, Some("http://e.com/login?next=/x"));
    note(&mut walls, &mut told, "/login?next=/x", Some("log in"), None);
    assert_eq!(told, expected(31), "counts go on");
}

#[test]
fn what_a_few_of_many_have_in_common_is_no_wall_and_what_seemed_one_is_taken_back() {
    let (mut walls, mut told) = (Walls::default(), Vec::new());
    for n in 0..5 {
        note(&mut walls, &mut told, &format!("/old/{n}"), None, Some("http://e.com/"));
    }
    assert_eq!(told.len(), 1);
    assert!(!note(&mut walls, &mut told, "/", Some("home"), None), "where they lead to is not beside them");
    for n in 0..100 {
        note(&mut walls, &mut told, &format!("/{n}"), Some(&format!("page {n}")), None);
        note(&mut walls, &mut told, &format!("/moved/{n}"), None, Some(&format!("http://e.com/{n}")));
        note(&mut walls, &mut told, &format!("/{n}?print"), Some(if n % 5 == 0 { "none" } else { "a" }), None);
    }
    assert_eq!(told, []);
}

#[test]
fn what_a_trap_tells_is_left_to_it_and_a_cookie_in_vain_is_told_at_once() {
    let (mut walls, mut told) = (Walls::default(), Vec::new());
    for n in 0..30 {
        note(&mut walls, &mut told, &format!("/{n}"), Some("log in"), None);
    }
    assert_eq!(told.len(), 1);
    let (closing, page) = (url("http://e.com/30"), outcome(OutcomeKind::Ok, Some("log in")));
    let answer = Answer { url: &closing, outcome: &page, leads_to: None, standing: Standing::Trap };
    assert!(walls.note(answer, &mut told));
    assert_eq!(told, []);
    let redirect = outcome(OutcomeKind::Redirect, None);
    let wall = url("http://e.com/wall");
    let answer = Answer { url: &wall, outcome: &redirect, leads_to: Some(&wall), standing: Standing::CookieInVain };
    assert!(walls.note(answer, &mut told));
    assert_eq!(told, [Wall { of: 32, ..Wall::new(WallKind::Cookie, "e.com", "http://e.com/wall") }]);
}

#[test]
fn hosts_and_what_is_told_of_them_are_bounded() {
    let (mut walls, mut told) = (Walls::default(), Vec::new());
    let redirect = outcome(OutcomeKind::Redirect, None);
    for host in 0..MAX_HOSTS + 10 {
        for n in 0..6 {
            let (from, to) = (url(&format!("http://h{host}/{n}")), url("http://sso.e.com/"));
            let answer = Answer { url: &from, outcome: &redirect, leads_to: Some(&to), standing: Standing::Plain };
            walls.note(answer, &mut told);
        }
    }
    assert_eq!((walls.hosts.len(), told.len()), (MAX_HOSTS, MAX_TOLD));
}
