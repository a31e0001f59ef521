//! Politeness in the time that the tests pass in.

use std::time::Duration;

use super::*;
use crate::host_report::GivenUp;
use crate::outcome::{Failure, FailureKind, OutcomeKind};
use crate::politeness::robots::Robots;
use crate::url::UrlRules;

fn url(text: &str) -> CrawlUrl {
    UrlRules::new(4096).parse(text).unwrap()
}

fn outcome(status: u16) -> Outcome {
    let outcome = Outcome::new(OutcomeKind::Ok, jiff::Timestamp::UNIX_EPOCH, Duration::from_millis(20));
    Outcome { status: Some(status), ..outcome }
}

fn rules(text: &str) -> RobotsAnswer {
    RobotsAnswer::Rules(Arc::new(Robots::parse(text.as_bytes(), "crawler")))
}

/// One request for robots.txt has ended, and nothing was left to follow.
fn answer(manners: &mut Politeness, page: &CrawlUrl, answer: RobotsAnswer, outcome: &Outcome, now: Instant) -> bool {
    manners.finished(page, outcome, now);
    manners.robots_known(page, answer, outcome, now)
}

fn lenient() -> Options {
    Options { robots: false, rate: crate::units::Rate::UNLIMITED, ..Options::default() }
}

fn seconds(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

#[test]
fn nothing_is_asked_of_a_host_before_its_robots_txt() {
    let now = Instant::now();
    let mut manners = Politeness::new(Options { rate: crate::units::Rate::UNLIMITED, ..Options::default() }, now);
    let page = url("http://a/x");
    assert_eq!(manners.admit(&page, now), Admit::AskRobots);
    assert_eq!(manners.admit(&page, now), Admit::Busy);
    assert_eq!(manners.admit(&url("http://b/"), now), Admit::AskRobots, "another host has its own");
    answer(&mut manners, &page, rules("user-agent: *\ndisallow: /secret"), &outcome(200), now);
    assert_eq!(manners.admit(&page, now), Admit::Now);
    assert_eq!(manners.admit(&url("http://a/secret/1"), now), Admit::Disallowed);
    assert_eq!(manners.admit(&url("https://a/x"), now), Admit::AskRobots, "another scheme has its own");
}

#[test]
fn robots_txt_is_asked_for_again_when_it_is_too_old() {
    let now = Instant::now();
    let mut manners = Politeness::new(Options { rate: crate::units::Rate::UNLIMITED, ..Options::default() }, now);
    let page = url("http://a/x");
    manners.admit(&page, now);
    answer(&mut manners, &page, rules(""), &outcome(200), now);
    let day = 24 * 3600;
    assert_eq!(manners.admit(&page, now + seconds(day - 1)), Admit::Now);
    assert_eq!(manners.admit(&page, now + seconds(day)), Admit::AskRobots);
}

#[test]
fn a_host_whose_robots_txt_cannot_be_read_is_asked_again_and_then_left_alone() {
    let mut now = Instant::now();
    let options = Options { rate: crate::units::Rate::UNLIMITED, ..Options::default() };
    let mut manners = Politeness::new(options.clone(), now);
    let page = url("http://a/x");
    for _ in 0..options.retries {
        assert_eq!(manners.admit(&page, now), Admit::AskRobots);
        answer(&mut manners, &page, RobotsAnswer::Unreachable, &outcome(500), now);
        let Admit::NotBefore(at) = manners.admit(&page, now) else { panic!("the host has to be left alone") };
        assert!(at > now);
        now = at;
    }
    assert_eq!(manners.admit(&page, now), Admit::AskRobots);
    answer(&mut manners, &page, RobotsAnswer::Unreachable, &outcome(500), now);
    assert_eq!(manners.admit(&page, now), Admit::Disallowed);
}

/// A request that found no connection, for a reason that may pass or not.
fn no_connection(kind: FailureKind) -> (RobotsAnswer, Outcome) {
    let failure = Failure::new(kind, "x");
    let outcome = Outcome::failed(failure.clone(), jiff::Timestamp::UNIX_EPOCH, seconds(0));
    (RobotsAnswer::NoConnection(failure), outcome)
}

/// Asks for robots.txt, and finds no connection; whether it will be asked for again.
fn ask_in_vain(manners: &mut Politeness, page: &CrawlUrl, now: Instant) -> bool {
    assert_eq!(manners.admit(page, now), Admit::AskRobots);
    let (refused, outcome) = no_connection(FailureKind::Connect);
    answer(manners, page, refused, &outcome, now)
}

#[test]
fn a_host_that_cannot_be_connected_to_is_told_apart_from_one_that_disallows() {
    let (now, page) = (Instant::now(), url("http://a/x"));
    let without_breaker = Options { breaker_failures: 0, retries: 0, ..Options::default() };
    // What does not pass, and what may when nothing is ever parked.
    for (kind, options) in [(FailureKind::Tls, Options::default()), (FailureKind::Connect, without_breaker)] {
        let (answered, failed) = no_connection(kind);
        let mut manners = Politeness::new(options, now);
        assert_eq!(manners.admit(&page, now), Admit::AskRobots);
        assert!(!answer(&mut manners, &page, answered, &failed, now));
        assert_eq!(manners.admit(&page, now), Admit::GivenUp(failed.failure.unwrap()));
    }
}

#[test]
fn a_host_that_is_down_when_it_is_met_is_parked_probed_and_given_up() {
    let (mut now, page) = (Instant::now(), url("http://a/x"));
    let options = Options { rate: crate::units::Rate::UNLIMITED, ..Options::default() };
    let (mut manners, mut asked, mut parked) = (Politeness::new(options.clone(), now), 0, Vec::new());
    let started = now;
    let failure = loop {
        match manners.admit(&page, now) {
            Admit::AskRobots => {
                asked += 1;
                let (refused, outcome) = no_connection(FailureKind::Connect);
                answer(&mut manners, &page, refused, &outcome, now);
            }
            Admit::NotBefore(at) => {
                assert!(asked <= options.retries, "as often as a URL, it is worth waiting");
                now = at;
            }
            Admit::Unmet(at) => {
                assert!(asked > options.retries);
                parked.extend((asked >= options.breaker_failures).then(|| (at - now).as_secs()));
                now = at;
            }
            Admit::GivenUp(failure) => break failure,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(failure, Failure::new(FailureKind::Connect, "x"));
    assert_eq!((asked, &parked[..5]), (options.breaker_failures + 6, [5, 10, 20, 40, 80].as_slice()));
    assert_eq!(now - started, options.patience, "the last probe comes when the time is over");
    assert_eq!(manners.reports()[0].given_up, Some(GivenUp { after: options.patience, failure }));
    assert_eq!(delay(&manners), (DelayReason::Breaker, Duration::from_hours(24)));
}

#[test]
fn a_host_that_comes_up_late_loses_no_url() {
    let (mut now, page) = (Instant::now(), url("http://a/x"));
    let mut manners = Politeness::new(Options { retries: 0, breaker_failures: 2, ..Options::default() }, now);
    for _ in 0..2 {
        assert!(ask_in_vain(&mut manners, &page, now));
        let Admit::Unmet(at) = manners.admit(&page, now) else { panic!("somebody waits for it") };
        now = at;
    }
    assert_eq!(manners.admit(&page, now), Admit::AskRobots, "the probe");
    assert_eq!(manners.admit(&page, now), Admit::Busy);
    answer(&mut manners, &page, rules(""), &outcome(200), now);
    assert_eq!(manners.admit(&page, now + seconds(1)), Admit::Now);
}

#[test]
fn an_unmet_host_is_given_up_once_nothing_else_is_left_to_do() {
    let (now, page) = (Instant::now(), url("http://a/x"));
    let refused = Admit::GivenUp(Failure::new(FailureKind::Connect, "x"));
    for breaker_failures in [5, 1] {
        let mut manners = Politeness::new(Options { retries: 0, breaker_failures, ..Options::default() }, now);
        ask_in_vain(&mut manners, &page, now);
        assert!(matches!(manners.admit(&page, now), Admit::Unmet(_)));
        manners.hurry(&page, now);
        assert_eq!(manners.admit(&page, now), refused);
        assert_eq!(manners.admit(&url("http://a/y"), now + Duration::from_hours(23)), refused);
        assert_eq!(manners.admit(&page, now + Duration::from_hours(24)), Admit::AskRobots);
    }
}

#[test]
fn a_host_that_was_met_is_waited_for() {
    let (now, page) = (Instant::now(), url("http://a/x"));
    let (_, failed) = no_connection(FailureKind::Connect);
    let mut manners = Politeness::new(Options { breaker_failures: 1, ..lenient() }, now);
    for outcome in [&outcome(404), &failed] {
        assert_eq!(manners.admit(&page, now), Admit::Now);
        manners.finished(&page, outcome, now);
    }
    let parked = Admit::NotBefore(now + seconds(5));
    assert_eq!(manners.admit(&page, now), parked);
    assert_eq!(manners.retry_at(&page, 9, &failed, now), Some(now + seconds(5)));
    manners.hurry(&page, now);
    assert_eq!(manners.admit(&page, now), parked);
}

#[test]
fn an_origin_without_a_connection_does_not_hold_the_other_one_of_its_host_for_long() {
    let (mut now, http, https) = (Instant::now(), url("http://a/"), url("https://a/"));
    let options = Options { rate: crate::units::Rate::UNLIMITED, ..Options::default() };
    let mut manners = Politeness::new(options.clone(), now);
    manners.admit(&https, now);
    answer(&mut manners, &https, rules(""), &outcome(200), now);
    for attempt in 0..=options.retries {
        assert_eq!(ask_in_vain(&mut manners, &http, now), attempt < options.retries);
        now += seconds(30);
    }
    assert!(matches!(manners.admit(&http, now), Admit::GivenUp(_)), "as many attempts as a URL has");
    assert_eq!(manners.admit(&https, now), Admit::Now);
}

#[test]
fn a_probe_that_was_never_sent_is_sent_later() {
    let (now, page) = (Instant::now(), url("http://a/x"));
    let (_, failed) = no_connection(FailureKind::Connect);
    let mut manners = Politeness::new(Options { breaker_failures: 1, ..lenient() }, now);
    manners.admit(&page, now);
    manners.finished(&page, &failed, now);
    let later = now + seconds(30);
    assert_eq!(manners.admit(&page, later), Admit::Now);
    manners.withdrawn(&page, later);
    assert_eq!(manners.admit(&page, later), Admit::Now);
}

#[test]
fn a_robots_txt_that_another_redirects_to_keeps_the_limits_of_its_host() {
    let now = Instant::now();
    let options = Options { per_host_concurrency: 1, rate: crate::units::Rate::UNLIMITED, ..Options::default() };
    let mut manners = Politeness::new(options, now);
    let target = url("http://victim/robots.txt");
    assert_eq!(manners.admit_to_host(&target, now), Admit::Now);
    assert_eq!(manners.admit_to_host(&target, now), Admit::Busy);
    assert_eq!(
        manners.finished(&target, &outcome(503), now + seconds(1)),
        Next::NotBefore(manners.host(&target).left_alone_until.unwrap())
    );
    assert!(matches!(manners.admit_to_host(&target, now + seconds(1)), Admit::NotBefore(_)));
}

#[test]
fn a_host_has_no_more_requests_in_flight_than_it_may() {
    let now = Instant::now();
    let mut manners = Politeness::new(Options { per_host_concurrency: 2, ..lenient() }, now);
    let page = url("http://a/");
    assert_eq!(manners.admit(&page, now), Admit::Now);
    assert_eq!(manners.admit(&page, now), Admit::Now);
    assert_eq!(manners.admit(&page, now), Admit::Busy);
    assert_eq!(manners.finished(&page, &outcome(200), now), Next::Any);
    assert_eq!(manners.admit(&page, now), Admit::Now);
}

/// How many requests are admitted at once.
fn admitted(manners: &mut Politeness, page: &CrawlUrl, now: Instant) -> usize {
    std::iter::repeat_with(|| manners.admit(page, now)).take_while(|admit| *admit == Admit::Now).count()
}

#[test]
fn a_host_that_is_well_gets_as_much_as_it_may_from_the_start() {
    let mut now = Instant::now();
    let mut manners = Politeness::new(Options { per_host_concurrency: 64, ..lenient() }, now);
    let page = url("http://a/");
    assert_eq!(admitted(&mut manners, &page, now), 64);
    for status in [200, 301, 404, 500].repeat(500) {
        now += Duration::from_millis(1);
        manners.finished(&page, &outcome(status), now);
        assert_eq!(admitted(&mut manners, &page, now), 1);
    }
}

#[test]
fn a_host_in_trouble_gets_half_as_much_at_once_and_then_more_again() {
    let now = Instant::now();
    let failed = |kind| Outcome::failed(Failure::new(kind, "x"), jiff::Timestamp::UNIX_EPOCH, seconds(0));
    for trouble in [failed(FailureKind::Timeout), failed(FailureKind::Reset), failed(FailureKind::Connect)] {
        let mut manners = Politeness::new(Options { per_host_concurrency: 8, breaker_failures: 0, ..lenient() }, now);
        let page = url("http://a/");
        let at_once = |outcome: &Outcome| {
            let in_flight = admitted(&mut manners, &page, now);
            for _ in 0..in_flight {
                manners.finished(&page, outcome, now);
            }
            in_flight
        };
        let well = outcome(200);
        let seen = [&well, &trouble, &well, &well, &well, &well, &well].map(at_once);
        assert_eq!(seen, [8, 8, 4, 5, 6, 7, 8], "{trouble:?}");
    }
}

#[test]
fn http_and_https_of_one_host_share_its_limits() {
    let now = Instant::now();
    let mut manners = Politeness::new(Options { per_host_concurrency: 1, ..lenient() }, now);
    assert_eq!(manners.admit(&url("http://a/"), now), Admit::Now);
    assert_eq!(manners.admit(&url("https://a/"), now), Admit::Busy);
}

#[test]
fn the_rate_gives_the_instant_of_the_next_request() {
    let now = Instant::now();
    let mut manners = Politeness::new(Options { robots: false, ..Options::default() }, now);
    let page = url("http://a/");
    assert_eq!(manners.admit(&page, now), Admit::Now);
    let at = now + Duration::from_millis(204);
    assert_eq!(manners.admit(&page, now), Admit::NotBefore(at));
    assert_eq!(manners.admit(&url("http://b/"), now), Admit::Now);
    assert_eq!(manners.admit(&page, at), Admit::Now);
}

#[test]
fn a_crawl_delay_counts_from_robots_txt_on_and_is_bounded() {
    let now = Instant::now();
    let options = Options { min_crawl_delay: seconds(3), max_crawl_delay: seconds(20), ..Options::default() };
    for (asked, obeyed) in [("10", 10), ("3600", 20), ("0.5", 3), ("0", 3)] {
        let mut manners = Politeness::new(options.clone(), now);
        let page = url("http://a/");
        assert_eq!(manners.admit(&page, now), Admit::AskRobots);
        answer(&mut manners, &page, rules(&format!("user-agent: *\ncrawl-delay: {asked}")), &outcome(200), now);
        let Admit::NotBefore(at) = manners.admit(&page, now) else { panic!("the delay is not kept") };
        assert!(at >= now + seconds(obeyed) && at < now + seconds(obeyed + 1), "{:?}", at - now);
        assert_eq!(manners.admit(&page, at), Admit::Now);
    }
}

#[test]
fn the_longer_crawl_delay_of_both_schemes_holds_for_their_host() {
    let now = Instant::now();
    let options = Options { rate: crate::units::Rate::UNLIMITED, ..Options::default() };
    let mut manners = Politeness::new(options, now);
    let (http, https) = (url("http://a/"), url("https://a/"));
    assert_eq!(manners.admit(&http, now), Admit::AskRobots);
    assert_eq!(manners.admit(&https, now), Admit::AskRobots);
    answer(&mut manners, &http, rules("user-agent: *\ncrawl-delay: 10"), &outcome(200), now);
    answer(&mut manners, &https, rules("user-agent: *\ncrawl-delay: 2"), &outcome(200), now);
    assert!(matches!(manners.admit(&https, now + seconds(9)), Admit::NotBefore(_)));
    assert_eq!(manners.admit(&https, now + seconds(11)), Admit::Now);
}

#[test]
fn a_host_without_a_crawl_delay_has_none_to_lengthen() {
    let now = Instant::now();
    let mut manners = Politeness::new(Options { min_crawl_delay: seconds(30), ..Options::default() }, now);
    let page = url("http://a/");
    manners.admit(&page, now);
    answer(&mut manners, &page, rules("user-agent: *\ndisallow: /no"), &outcome(200), now);
    assert_eq!(manners.admit(&page, now + seconds(1)), Admit::Now);
}

#[test]
fn a_crawl_delay_below_the_rate_changes_nothing() {
    let now = Instant::now();
    let mut manners = Politeness::new(Options { rate: "0.1".parse().unwrap(), ..Options::default() }, now);
    let page = url("http://a/");
    manners.admit(&page, now);
    answer(&mut manners, &page, rules("user-agent: *\ncrawl-delay: 1"), &outcome(200), now);
    assert_eq!(manners.admit(&page, now), Admit::NotBefore(now + Duration::from_millis(10_200)));
}

#[test]
fn retry_after_leaves_the_whole_host_alone() {
    let now = Instant::now();
    let mut manners = Politeness::new(lenient(), now);
    let page = url("http://a/");
    manners.admit(&page, now);
    let busy = Outcome { retry_after: Some(seconds(7)), ..outcome(429) };
    assert_eq!(manners.finished(&page, &busy, now), Next::NotBefore(now + seconds(7)));
    assert_eq!(manners.admit(&url("http://a/other"), now + seconds(6)), Admit::NotBefore(now + seconds(7)));
    assert_eq!(manners.admit(&page, now + seconds(7)), Admit::Now);
    assert!(manners.retry_at(&page, 1, &busy, now).unwrap() >= now + seconds(7));
}

#[test]
fn an_overloaded_host_that_names_no_time_is_left_alone_longer_each_time() {
    let mut now = Instant::now();
    let mut manners = Politeness::new(lenient(), now);
    let page = url("http://a/");
    for doubled in [1, 2, 4, 8] {
        assert_eq!(manners.admit(&page, now), Admit::Now);
        let Next::NotBefore(at) = manners.finished(&page, &outcome(503), now) else { panic!("no back-off") };
        assert!(at - now >= seconds(doubled) / 2 && at - now <= seconds(doubled));
        now = at;
    }
}

#[test]
fn a_dead_host_costs_a_handful_of_attempts_and_no_url_of_it_is_left_over() {
    let mut now = Instant::now();
    let options = Options { per_host_concurrency: 1, ..lenient() };
    let mut manners = Politeness::new(options.clone(), now);
    let refused = Failure::new(FailureKind::Connect, "connection refused");
    let failed = Outcome::failed(refused.clone(), jiff::Timestamp::UNIX_EPOCH, seconds(0));
    let (mut requests, mut given_up, started) = (0, 0, now);
    let mut queue: std::collections::VecDeque<_> = (0..10_000).map(|n| (url(&format!("http://a/{n}")), 1)).collect();
    while let Some((page, attempt)) = queue.pop_front() {
        match manners.admit(&page, now) {
            Admit::Now => {
                requests += 1;
                manners.finished(&page, &failed, now);
                if manners.retry_at(&page, attempt, &failed, now).is_some() {
                    queue.push_front((page, attempt + 1));
                }
            }
            Admit::Unmet(at) => {
                now = at;
                queue.push_front((page, attempt));
            }
            Admit::GivenUp(failure) => {
                assert_eq!(failure, refused);
                given_up += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(requests, options.breaker_failures + 6, "after pauses that double");
    assert_eq!(given_up, 10_000 - 2, "two were settled by what became of their own requests");
    assert_eq!(now - started, options.patience);
}

#[test]
fn an_outage_costs_no_url_its_retries() {
    let mut now = Instant::now();
    let mut manners = Politeness::new(Options { retries: 1, breaker_failures: 2, ..lenient() }, now);
    let page = url("http://a/");
    let failed = |kind| Outcome::failed(Failure::new(kind, "x"), jiff::Timestamp::UNIX_EPOCH, seconds(0));
    manners.admit(&page, now);
    manners.finished(&page, &outcome(200), now);
    for attempt in 1..=3 {
        assert_eq!(manners.admit(&page, now), Admit::Now);
        manners.finished(&page, &failed(FailureKind::Connect), now);
        let again = manners.retry_at(&page, attempt, &failed(FailureKind::Connect), now).unwrap();
        assert!(attempt == 1 || manners.admit(&page, now) == Admit::NotBefore(again));
        assert_eq!(manners.retry_at(&page, attempt, &failed(FailureKind::Tls), now), None, "not a matter of waiting");
        now = again;
    }
    assert_eq!(manners.admit(&page, now), Admit::Now);
    manners.finished(&page, &outcome(200), now);
    assert_eq!(manners.admit(&page, now), Admit::Now);
}

#[test]
fn http_and_https_of_one_host_are_parked_apart() {
    let now = Instant::now();
    let mut manners = Politeness::new(Options { breaker_failures: 1, ..lenient() }, now);
    let refused = Failure::new(FailureKind::Connect, "connection refused");
    manners.admit(&url("https://a/"), now);
    manners.finished(&url("https://a/"), &Outcome::failed(refused, jiff::Timestamp::UNIX_EPOCH, seconds(0)), now);
    assert_eq!(manners.admit(&url("https://a/"), now), Admit::Unmet(now + seconds(5)));
    assert_eq!(manners.admit(&url("http://a/"), now), Admit::Now);
}

#[test]
fn a_slow_host_rests_after_each_request_and_each_response() {
    let mut now = Instant::now();
    let mut manners = Politeness::new(Options { latency_factor: 5, ..lenient() }, now);
    let (slow, fast) = (url("http://slow/"), url("http://fast/"));
    let took = |secs| Outcome { elapsed: seconds(secs), ..outcome(200) };
    for page in [&slow, &fast] {
        assert_eq!([manners.admit(page, now), manners.admit(page, now)], [Admit::Now, Admit::Now], "nothing is known");
    }
    manners.finished(&fast, &outcome(200), now);
    now += seconds(2);
    assert_eq!(manners.finished(&slow, &took(2), now), Next::NotBefore(now + seconds(10)));
    assert_eq!(manners.admit(&fast, now), Admit::Now, "its own 20 milliseconds are over five times");
    now += seconds(4);
    assert_eq!(manners.finished(&slow, &took(6), now), Next::NotBefore(now + seconds(5).mul_f64(2.5)));
    now += seconds(5).mul_f64(2.5);
    assert_eq!(manners.admit(&slow, now), Admit::Now);
    assert_eq!(manners.admit(&slow, now), Admit::NotBefore(now + seconds(5).mul_f64(2.5)));
}

#[test]
fn what_never_reached_a_host_says_nothing_about_how_slow_it_is() {
    let now = Instant::now();
    let mut manners = Politeness::new(Options { latency_factor: 5, ..lenient() }, now);
    let page = url("http://a/");
    let failed = |kind| Outcome::failed(Failure::new(kind, "x"), jiff::Timestamp::UNIX_EPOCH, seconds(3));
    manners.admit(&page, now);
    assert_eq!(manners.finished(&page, &failed(FailureKind::Connect), now), Next::Any);
    manners.admit(&page, now);
    assert_eq!(manners.finished(&page, &failed(FailureKind::Timeout), now), Next::NotBefore(now + seconds(15)));
}

#[test]
fn a_report_counts_what_was_sent() {
    let now = Instant::now();
    let mut manners = Politeness::new(lenient(), now);
    let page = url("http://a/");
    for _ in 0..3 {
        manners.admit(&page, now);
    }
    let failed = Outcome::failed(Failure::new(FailureKind::Reset, "x"), jiff::Timestamp::UNIX_EPOCH, seconds(0));
    manners.finished(&page, &failed, now);
    manners.finished(&page, &outcome(503), now);
    let reports = manners.reports();
    assert_eq!(reports.len(), 1);
    let HostReport { requests, failures, highest_rate, slowed, smallest_gap, .. } = reports[0];
    assert_eq!((requests, failures, highest_rate, slowed), (3, 1, 3, 2));
    assert_eq!(smallest_gap, Some(seconds(0)));
}

/// The wait that is in force for the only host.
fn delay(manners: &Politeness) -> (DelayReason, Duration) {
    let [HostReport { delay, .. }] = manners.reports()[..] else { panic!("one host") };
    (delay.reason, delay.time)
}

#[test]
fn a_report_names_the_wait_that_is_in_force_and_why() {
    let mut now = Instant::now();
    let options = Options { latency_factor: 2, per_host_concurrency: 9, breaker_failures: 1, ..Options::default() };
    let options = Options { breaker_pause: seconds(30), ..options };
    let mut manners = Politeness::new(options, now);
    let page = url("http://a/");
    manners.admit(&page, now);
    assert_eq!(delay(&manners), (DelayReason::Rate, Duration::from_millis(204)));
    answer(&mut manners, &page, rules("user-agent: *\ncrawl-delay: 2"), &outcome(200), now);
    assert_eq!(delay(&manners), (DelayReason::CrawlDelay, Duration::from_millis(2040)));
    let mut ask = |manners: &mut Politeness, outcome: &Outcome| {
        while let Admit::NotBefore(at) = manners.admit(&page, now) {
            now = at;
        }
        manners.finished(&page, outcome, now);
        now
    };
    ask(&mut manners, &Outcome { elapsed: seconds(60), ..outcome(200) });
    let (reason, time) = delay(&manners);
    assert!(reason == DelayReason::Latency && time > seconds(14), "{time:?}");
    ask(&mut manners, &Outcome { retry_after: Some(seconds(50)), ..outcome(503) });
    assert_eq!(delay(&manners), (DelayReason::RetryAfter, seconds(50)));
    let asked_at = ask(&mut manners, &outcome(200));
    assert_eq!(delay(&manners).0, DelayReason::Latency);
    let refused = Failure::new(FailureKind::Connect, "x");
    let failed_at = ask(&mut manners, &Outcome::failed(refused, jiff::Timestamp::UNIX_EPOCH, seconds(0)));
    assert_eq!(delay(&manners), (DelayReason::Breaker, seconds(30)));
    assert_eq!(manners.reports()[0].smallest_gap.unwrap(), Duration::from_millis(2040));
    assert!(failed_at > asked_at);
}

#[test]
fn a_report_tells_back_off_and_robots_txt_apart_and_nothing_from_something() {
    let now = Instant::now();
    let page = url("http://a/");
    let mut manners = Politeness::new(lenient(), now);
    manners.admit(&page, now);
    assert_eq!(delay(&manners), (DelayReason::None, seconds(0)));
    manners.finished(&page, &outcome(503), now);
    assert_eq!(delay(&manners).0, DelayReason::Backoff);
    let mut manners = Politeness::new(Options::default(), now);
    manners.admit(&page, now);
    answer(&mut manners, &page, RobotsAnswer::Unreachable, &outcome(500), now);
    assert_eq!(delay(&manners).0, DelayReason::Robots);
}

#[test]
fn a_report_names_why_a_host_was_given_up_from_the_start() {
    let (now, http, https) = (Instant::now(), url("http://a/"), url("https://a/"));
    let given_up = |answered: RobotsAnswer, outcome: &Outcome| {
        let mut manners = Politeness::new(Options { retries: 0, ..Options::default() }, now);
        manners.admit(&http, now);
        answer(&mut manners, &http, answered, outcome, now);
        manners
    };
    let expired = Failure::new(FailureKind::Tls, "expired");
    let failed = Outcome::failed(expired.clone(), jiff::Timestamp::UNIX_EPOCH, seconds(0));
    let dead = given_up(RobotsAnswer::NoConnection(expired), &failed);
    let unreadable = given_up(RobotsAnswer::Unreachable, &outcome(500));
    for (mut manners, reason) in [(dead, DelayReason::Breaker), (unreadable, DelayReason::Robots)] {
        assert_eq!(delay(&manners), (reason, Duration::from_hours(24)));
        let later = now + seconds(1);
        assert_eq!(manners.admit(&https, later), Admit::AskRobots);
        answer(&mut manners, &https, rules(""), &outcome(200), later);
        assert_eq!(delay(&manners).0, DelayReason::Rate, "of https it is asked");
    }
}

#[test]
fn what_gave_reason_to_ask_less_is_counted_once_for_each_answer() {
    let (now, page) = (Instant::now(), url("http://a/"));
    let failed = |kind| Outcome::failed(Failure::new(kind, "x"), jiff::Timestamp::UNIX_EPOCH, seconds(0));
    let slowed = |manners: &Politeness| manners.reports()[0].slowed;
    let slows = |outcome: &Outcome| {
        let mut manners = Politeness::new(lenient(), now);
        manners.admit(&page, now);
        manners.finished(&page, outcome, now);
        slowed(&manners)
    };
    for kind in [FailureKind::Connect, FailureKind::Dns, FailureKind::Tls, FailureKind::BlockedAddress] {
        assert_eq!(slows(&failed(kind)), 1, "{kind:?}");
    }
    assert_eq!([FailureKind::Timeout, FailureKind::Reset].map(|kind| slows(&failed(kind))), [1, 1]);
    assert_eq!([FailureKind::TooLarge, FailureKind::Decode].map(|kind| slows(&failed(kind))), [0, 0]);
    assert_eq!([429, 503, 500, 502, 404, 200].map(|status| slows(&outcome(status))), [1, 1, 0, 0, 0, 0]);
    let mut manners = Politeness::new(Options::default(), now);
    for (n, status) in [(1, 500), (2, 503)] {
        let at = now + seconds(n * 10);
        assert_eq!(manners.admit(&page, at), Admit::AskRobots);
        answer(&mut manners, &page, RobotsAnswer::Unreachable, &outcome(status), at);
        assert_eq!(slowed(&manners), n, "robots.txt {status}: the whole host waits");
    }
}

#[test]
fn a_host_has_the_settings_of_its_table_and_others_those_of_the_crawl() {
    let now = Instant::now();
    let table = Overrides { robots: Some(false), per_host_concurrency: Some(1), ..Overrides::default() };
    let rate = crate::units::Rate::UNLIMITED;
    let manners = Politeness::new(Options { rate, ..Options::default() }, now);
    let mut manners = manners.with_hosts([("*.e.com".parse().unwrap(), table)]);
    assert_eq!(manners.admit(&url("http://www.e.com/"), now), Admit::Now);
    assert_eq!(manners.admit(&url("http://www.e.com/"), now), Admit::Busy);
    assert_eq!(manners.admit(&url("http://e.com/"), now), Admit::AskRobots);
    assert_eq!(manners.admit(&url("http://www.e.com:81/"), now), Admit::AskRobots);
}

#[test]
fn of_rate_delay_and_crawl_delay_the_slowest_holds() {
    let gap = |rate: &str, own_delay: u64, crawl_delay: u64| {
        let now = Instant::now();
        let options =
            Options { rate: rate.parse().unwrap(), delay: seconds(own_delay), burst: 5, ..Options::default() };
        let mut manners = Politeness::new(options, now);
        let page = url("http://a/x");
        manners.admit(&page, now);
        answer(&mut manners, &page, rules(&format!("user-agent: *\ncrawl-delay: {crawl_delay}")), &outcome(200), now);
        let wait = match manners.admit(&page, now) {
            Admit::NotBefore(at) => at - now,
            _ => Duration::ZERO,
        };
        let (reason, time) = delay(&manners);
        assert!(wait.is_zero() || wait == time);
        // The limiter leaves 2 % more.
        (wait.as_millis() / 1020, reason)
    };
    assert_eq!(gap("none", 0, 0), (0, DelayReason::None));
    assert_eq!(gap("0.1", 0, 0), (0, DelayReason::Rate), "the burst");
    assert_eq!(gap("none", 3, 0), (3, DelayReason::Delay));
    assert_eq!(gap("1", 3, 2), (3, DelayReason::Delay));
    assert_eq!(gap("1", 2, 3), (3, DelayReason::CrawlDelay));
}

#[test]
fn breaker_latency_and_concurrency_go_by_the_settings_of_their_host() {
    let now = Instant::now();
    let table = Overrides { per_host_concurrency: Some(8), latency_factor: Some(3), ..Overrides::default() };
    let manners = Politeness::new(Options { per_host_concurrency: 2, ..lenient() }, now);
    let mut manners = manners.with_hosts([("own".parse().unwrap(), table)]);
    let (own, other) = (url("http://own/"), url("http://other/"));
    assert_eq!((admitted(&mut manners, &own, now), admitted(&mut manners, &other, now)), (8, 2));
    let reset = Outcome::failed(Failure::new(FailureKind::Reset, "x"), jiff::Timestamp::UNIX_EPOCH, seconds(0));
    for page in [&own, &other] {
        manners.finished(page, &reset, now);
    }
    for _ in 0..7 {
        manners.finished(&own, &Outcome { elapsed: seconds(0), ..outcome(404) }, now);
    }
    assert_eq!(admitted(&mut manners, &own, now), 5, "half of its own, and a tenth of that");
    assert_eq!(manners.finished(&other, &outcome(200), now), Next::Any);
    assert!(matches!(manners.finished(&own, &outcome(200), now), Next::NotBefore(_)));
}

#[test]
fn a_site_on_this_disk_has_no_delay_and_keeps_its_own_robots_setting() {
    let now = Instant::now();
    let table = Overrides { robots: Some(false), delay: Some(seconds(9)), ..Overrides::default() };
    let page = url("http://localhost/");
    let mut manners = Politeness::new(Options::default(), now).with_hosts([("localhost".parse().unwrap(), table)]);
    manners.lift(&page);
    assert!((0..100).all(|_| manners.admit(&page, now) == Admit::Now));
}
