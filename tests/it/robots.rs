//! `crawler robots check`: the verdict on each URL, the line that decides it, and the exit code.

use std::fmt::Write as _;

use crate::cli::Run;
use crate::support::{ClosedPort, Reply, Server, Site};

const ROBOTS: &str = "\
# Who may what
User-agent: otherbot
Disallow: /

User-agent: crawler/1.0
User-agent: nobody
Disallow: /private  # not yours
Allow: /private/open$

User-agent: *
Disallow: /x\u{1b}[2J

User-agent: Crawler
Disallow: /*.zip$
";

/// Calls `crawler robots check` in a folder that holds `robots.txt`.
fn check(args: &[&str]) -> Run {
    check_with(args, "")
}

fn check_with(args: &[&str], input: &str) -> Run {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("robots.txt"), ROBOTS).unwrap();
    std::fs::write(dir.path().join("empty.txt"), "").unwrap();
    std::fs::write(dir.path().join("bot.toml"), "fetch.user_agent = 'otherbot/2 (+http://e.com/)'").unwrap();
    Run::with_input(dir.path(), &[&["robots", "check"], args].concat(), input)
}

/// The calls one after another: what each prints, and its exit code.
fn transcript(calls: &[&[&str]]) -> String {
    let mut text = String::new();
    for args in calls {
        let run = check(args);
        assert!(!run.stdout.contains("hunter2") && !run.stderr.contains("hunter2"), "{}{}", run.stdout, run.stderr);
        let shown = args.join(" ").replace("hunter2", "<!>").replace('\u{1b}', "<ESC>");
        writeln!(text, "$ crawler robots check {shown}\n{}{}{}\n", run.stdout, run.stderr, run.code).unwrap();
    }
    text
}

#[test]
fn each_verdict_names_its_group_and_its_line() {
    let all = ["/", "/private", "/private/open", "/private/open?", "/a.zip", "/robots.txt"];
    let all = all.map(|path| format!("http://user:hunter2@e.com{path}"));
    let all: Vec<&str> = ["--robots", "robots.txt"].into_iter().chain(all.iter().map(String::as_str)).collect();
    let text = transcript(&[
        &all,
        &["--robots", "robots.txt", "http://e.com/", "https://f.com:81/private/open"],
        &["--robots", "robots.txt", "--agent", "otherbot", "http://e.com/a"],
        &["--robots", "robots.txt", "--config", "bot.toml", "http://e.com/a"],
        &["--robots", "robots.txt", "--agent", "thirdbot/2.0", "http://e.com/a", "http://e.com/x\u{1b}[2J"],
        &["--robots", "robots.txt", "--agent", "*", "http://e.com/private"],
        &["--robots", "empty.txt", "http://e.com/a"],
    ]);
    insta::assert_snapshot!("robots_verdicts", text);
}

#[test]
fn wrong_usage_exits_with_two_and_prints_no_verdict() {
    let text = transcript(&[
        &[],
        &["--robots", "robots.txt", "e.com/a"],
        &["--robots", "robots.txt", "/a"],
        &["--robots", "robots.txt", "//e.com/a"],
        &["--robots", "robots.txt", ""],
        &["--robots", "", "http://e.com/"],
        &["--robots", "robots.txt", "ftp://user:hunter2@e.com/"],
        &["--robots", "missing.txt", "http://e.com/"],
        &["--robots", "ftp://e.com/robots.txt", "http://e.com/"],
        &["--robots", "robots.txt", "--agent", "(me)", "http://e.com/"],
        &["--robots", "robots.txt", "--set", "fetch.timeout=5", "http://e.com/"],
    ]);
    insta::assert_snapshot!("robots_wrong_usage", text);
}

#[test]
fn a_robots_txt_may_come_from_stdin() {
    let run = check_with(&["--robots", "-", "http://e.com/a"], "User-agent: *\nDisallow: /a");
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    assert_eq!(run.stdout, "disallowed  http://e.com/a  line 2: Disallow: /a  (group of line 1: User-agent: *)\n");
}

#[test]
fn that_a_robots_txt_is_too_long_to_be_read_to_its_end_is_said_once() {
    let robots = format!("User-agent: *\nDisallow: /a\n{}\nDisallow: /b\n", "#".repeat(512 << 10));
    let said = |name: &str| format!("warning: {name} is too long: only its first 512 KiB are read\n");
    let run = check_with(&["--robots", "-", "http://e.com/a", "http://e.com/b"], &robots);
    assert_eq!((run.code, run.stdout.lines().count(), run.stderr), (1, 2, said("stdin")));
    let server = Server::start(Site::default().robots(&robots).routes());
    let run = check(&[&server.url("/b"), &server.url("/c")]);
    assert_eq!((run.code, run.stderr), (0, said(&server.url("/robots.txt"))));
}

#[test]
fn what_a_robots_txt_says_beside_its_verdicts_is_told_once() {
    let robots = "Disallow: /nobody\nUser-agent: BadBot\nCrawl-delay: 5\nRequest-rate: 1/5\n\nUser-agent: *\n\
                  Disallow: private\nDisallow: /a\u{a0}\n\nUser-agent: crawler.feedback\nUser-agent: friend\n\
                  Disallow: /\u{1b}[2J\nSitemap: https://e.com/a.xml, https://e.com/b.xml\n";
    let run = check_with(&["--robots", "-", "http://e.com/a", "http://e.com/b"], robots);
    let others = check_with(&["--robots", "-", "--agent", "other", "http://e.com/a"], robots);
    assert_eq!((run.code, run.stdout.lines().count(), others.stdout.lines().count()), (0, 2, 1));
    insta::assert_snapshot!("robots_notes", format!("{}\n{}", run.stderr, others.stderr));
    let html = check_with(&["--robots", "-", "http://e.com/a"], "<!doctype html><title>Not found</title>");
    assert_eq!(html.stderr, "note: stdin: this is HTML, and no robots.txt\n");
}

#[test]
fn the_robots_txt_of_each_origin_is_asked_for_once() {
    let one = Server::start(Site::default().robots("User-agent: *\nDisallow: /no").routes());
    let two = Server::start_on(2, Site::default().robots("User-agent: crawler\nDisallow: /").routes());
    let urls = [one.url("/yes"), two.url("/a"), one.url("/no"), one.url("/no?q")];
    let run = check(&urls.each_ref().map(String::as_str));
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    let verdicts: Vec<_> = run.stdout.lines().map(|line| line.split_whitespace().take(5).collect::<Vec<_>>()).collect();
    let [yes, a, no, query] = &urls;
    assert_eq!(
        verdicts,
        [
            ["allowed", yes, "no", "rule", "matches"],
            ["disallowed", a, "line", "2:", "Disallow:"],
            ["disallowed", no, "line", "2:", "Disallow:"],
            ["disallowed", query, "line", "2:", "Disallow:"],
        ]
    );
    assert_eq!(one.log(|log| log.paths().join(" ")), "/robots.txt", "and nothing else");
    assert_eq!(two.log(|log| log.paths().join(" ")), "/robots.txt");
}

#[test]
fn the_request_has_the_identity_that_the_settings_give() {
    let server = Server::start(Site::default().robots("User-agent: otherbot\nDisallow: /").routes());
    let run = check(&["--config", "bot.toml", "--set", "fetch.headers.X-Team=search", &server.url("/a")]);
    assert_eq!(run.code, 1, "{}", run.stderr);
    server.log(|log| {
        assert_eq!(log.arrivals[0].header("user-agent"), Some("otherbot/2 (+http://e.com/)"));
        assert_eq!(log.arrivals[0].header("x-team"), Some("search"));
    });
    // A token to judge by is no identity.
    assert_eq!(check(&["--config", "bot.toml", "--agent", "crawler", &server.url("/a")]).code, 0);
    assert_eq!(server.log(|log| log.arrivals[1].header("user-agent").map(str::len)), Some(27));
}

#[test]
fn credentials_of_the_settings_go_to_the_origins_of_their_seeds_only() {
    let server = Server::start(Site::default().routes());
    let (seed, secret) = (format!("seeds={}", server.url("/")), "fetch.headers.Authorization=Bearer hunter2");
    check(&["--set", secret, &server.url("/a")]);
    check(&["--set", secret, "--set", &seed, &server.url("/a")]);
    let carried = server
        .log(|log| log.arrivals.iter().map(|arrival| arrival.header("authorization").is_some()).collect::<Vec<_>>());
    assert_eq!(carried, [false, true]);
}

#[test]
fn a_missing_robots_txt_allows_and_an_unreadable_one_disallows() {
    let verdict = |reply: Reply| {
        let server = Server::start(Site::default().with("/robots.txt", reply).routes());
        let run = check(&["--set", "fetch.timeout=2s", &server.url("/a")]);
        assert_eq!(run.stderr, "");
        (run.code, run.stdout.replace(&server.host(), "HOST"))
    };
    let expected = |code, line: &str| (code, format!("{line}\n"));
    for status in [400, 401, 403, 404, 410] {
        let line = format!("allowed     http://HOST/a  there is no robots.txt: status {status}");
        assert_eq!(verdict(Reply::new(status)), expected(0, &line));
    }
    for status in [429, 500, 503] {
        let line = format!("disallowed  http://HOST/a  robots.txt cannot be read: status {status}");
        assert_eq!(verdict(Reply::new(status)), expected(1, &line));
    }
    let (code, line) = verdict(Reply::new(200).hangs(crate::support::Place::BeforeHead));
    assert!(code == 1 && line.contains("robots.txt cannot be read: timeout: "), "{line}");
}

#[test]
fn a_host_that_cannot_be_connected_to_disallows() {
    let run = check(&[&ClosedPort::reserve().url("/a")]);
    assert_eq!(run.code, 1);
    assert!(run.stdout.contains("robots.txt cannot be read: connect: "), "{}", run.stdout);
}

#[test]
fn redirects_are_followed_five_times_and_the_rules_hold_for_the_first() {
    let site = |last: u32| {
        let hop = |n: u32| if n == 0 { "/robots.txt".to_owned() } else { format!("/{n}") };
        let site = (0..last).fold(Site::default(), |site, n| site.with(&hop(n), Reply::redirect(302, &hop(n + 1))));
        Server::start(site.with(&hop(last), Reply::text("User-agent: *\nDisallow: /a")).routes())
    };
    let five = site(5);
    let run = check(&[&five.url("/a"), &five.url("/b")]);
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert!(run.stdout.contains("line 2: Disallow: /a") && run.stdout.contains("no rule matches"), "{}", run.stdout);
    let six = site(6);
    let run = check(&[&six.url("/b")]);
    assert!(run.stdout.contains("cannot be read: it redirects more than 5 times"), "{}", run.stdout);
    assert_eq!((run.code, six.count("/6")), (1, 0));
}

#[test]
fn a_redirect_leads_to_no_address_that_nobody_named() {
    let other = Server::start_on(2, Site::default().robots("").routes());
    let site = Site::default().with("/robots.txt", Reply::redirect(301, &other.url("/robots.txt")));
    let server = Server::start(site.routes());
    let run = check(&[&server.url("/a")]);
    assert_eq!(run.code, 1);
    assert!(run.stdout.contains("robots.txt cannot be read: blocked_address: 127.0.0.2 is"), "{}", run.stdout);
    assert_eq!(other.log(|log| log.arrivals.len()), 0);
    let run = check(&["--set", "fetch.allow_hosts=127.0.0.2", &server.url("/a")]);
    assert_eq!(run.code, 0, "{}", run.stdout);
}

#[test]
fn a_robots_txt_at_a_url_holds_for_all_urls() {
    let server = Server::start(Site::default().with("/draft.txt", Reply::text("User-agent: *\nDisallow: /a")).routes());
    let run = check(&["--robots", &server.url("/draft.txt"), "http://e.com/a", "http://f.com/b"]);
    assert_eq!((run.code, run.stdout.lines().count()), (1, 2), "{}", run.stderr);
    assert_eq!(server.log(|log| log.paths().join(" ")), "/draft.txt");
}
