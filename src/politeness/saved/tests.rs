//! What outlives the process, in the time that the tests pass in: a crawl that was killed asks nothing too early.

use std::time::Instant;

use proptest::prelude::*;

use super::*;
use crate::outcome::{FailureKind, Outcome, OutcomeKind};
use crate::politeness::{Admit, Next, Overrides, Politeness, RobotsAnswer};
use crate::units::Rate;
use crate::url::{CrawlUrl, HostKey, UrlRules};

/// A crawl of one process, and the time that it believes in.
struct Process {
    manners: Politeness,
    options: Options,
    wall: WallClock,
}

impl Process {
    fn start(options: Options) -> Self {
        let wall = WallClock::new(Instant::now(), jiff::Timestamp::from_second(1_700_000_000).unwrap());
        Self { manners: Politeness::new(options.clone(), wall.instant()), options, wall }
    }

    fn now(&self) -> Instant {
        self.wall.instant()
    }

    fn wait(&mut self, time: Duration) {
        let shown = jiff::Timestamp::from_millisecond(self.wall.to_millis(self.now() + time)).unwrap();
        self.wall = WallClock::new(self.now() + time, shown);
    }

    /// Killed after what has changed was kept, and started again `later`.
    fn restarted(&mut self, later: Duration) -> Self {
        let kept: Vec<(String, String)> = self
            .manners
            .take_all(&self.wall)
            .iter()
            .map(|(host, saved)| (host.to_string(), serde_json::to_string(saved).unwrap()))
            .collect();
        self.wait(later);
        let mut manners = Politeness::new(self.options.clone(), self.now());
        for (host, saved) in kept {
            manners.restore(HostKey::stored(&host), serde_json::from_str(&saved).unwrap(), "crawler", &self.wall);
        }
        Self { manners, options: self.options.clone(), wall: self.wall }
    }

    fn admit(&mut self, url: &CrawlUrl) -> Admit {
        self.manners.admit(url, self.wall.instant())
    }

    fn finish(&mut self, url: &CrawlUrl, outcome: &Outcome) -> Next {
        self.manners.finished(url, outcome, self.wall.instant())
    }

    /// Asks for robots.txt, and gets an answer at once.
    fn robots(&mut self, url: &CrawlUrl, answer: RobotsAnswer, outcome: &Outcome) {
        assert_eq!(self.admit(url), Admit::AskRobots);
        self.finish(url, outcome);
        self.manners.robots_known(url, answer, outcome, self.wall.instant());
    }

    /// What was asked, and the wait that is in force, without what is rounded.
    fn reports(&self) -> Vec<String> {
        self.manners.clock.set(self.now());
        let mut reports = self.manners.reports();
        for report in &mut reports {
            let nanos = u64::try_from(report.delay.time.as_nanos()).unwrap();
            report.delay.time = Duration::from_millis(nanos.div_ceil(1_000_000));
        }
        reports.iter().map(|report| format!("{report:?}")).collect()
    }
}

fn url(text: &str) -> CrawlUrl {
    UrlRules::new(4096).parse(text).unwrap()
}

fn status(status: u16) -> Outcome {
    let outcome = Outcome::new(OutcomeKind::Ok, jiff::Timestamp::UNIX_EPOCH, Duration::from_millis(20));
    Outcome { status: Some(status), ..outcome }
}

fn failed(kind: FailureKind) -> Outcome {
    Outcome::failed(Failure::new(kind, "x"), jiff::Timestamp::UNIX_EPOCH, Duration::ZERO)
}

fn rules(text: &str) -> RobotsAnswer {
    RobotsAnswer::Rules(Arc::new(Robots::parse(text.as_bytes(), "crawler")))
}

fn seconds(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn hours(hours: u64) -> Duration {
    Duration::from_hours(hours)
}

#[test]
fn a_retry_after_holds_in_the_next_process() {
    let page = url("http://a/");
    let mut first = Process::start(Options { robots: false, ..Options::default() });
    assert_eq!(first.admit(&page), Admit::Now);
    first.finish(&page, &Outcome { retry_after: Some(seconds(120)), ..status(429) });
    let until = first.now() + seconds(120);
    let mut second = first.restarted(seconds(50));
    assert_eq!(second.admit(&page), Admit::NotBefore(until));
    second.wait(seconds(70));
    assert_eq!(second.admit(&page), Admit::Now);
}

#[test]
fn a_crawl_delay_holds_in_the_next_process() {
    let page = url("http://a/");
    let mut first = Process::start(Options::default());
    first.robots(&page, rules("user-agent: *\ncrawl-delay: 30"), &status(200));
    let read_at = first.now();
    let mut second = first.restarted(seconds(1));
    let Admit::NotBefore(at) = second.admit(&page) else { panic!("the delay is forgotten") };
    assert_eq!(at, read_at + seconds(30).mul_f64(1.02));
    second.wait(seconds(60));
    assert_eq!(second.admit(&page), Admit::Now);
    second.finish(&page, &status(200));
    let mut third = second.restarted(seconds(1));
    assert!(matches!(third.admit(&page), Admit::NotBefore(at) if at > third.now() + seconds(29)));
}

#[test]
fn a_restored_host_has_the_settings_of_its_table() {
    let (own, other) = (url("http://own/"), url("http://other/"));
    let mut first = Process::start(Options { robots: false, rate: Rate::UNLIMITED, ..Options::default() });
    for page in [&own, &other] {
        assert_eq!(first.admit(page), Admit::Now);
        first.finish(page, &status(200));
    }
    let kept = first.manners.take_all(&first.wall);
    let table = Overrides { delay: Some(seconds(100)), ..Overrides::default() };
    let manners = Politeness::new(first.options.clone(), first.now());
    let mut manners = manners.with_hosts([("own".parse().unwrap(), table)]);
    for (host, saved) in kept {
        manners.restore(host, saved, "crawler", &first.wall);
    }
    assert_eq!(manners.admit(&own, first.now()), Admit::NotBefore(first.now() + seconds(102)));
    assert_eq!(manners.admit(&other, first.now()), Admit::Now);
}

#[test]
fn a_robots_txt_grows_older_while_nothing_runs() {
    let (page, secret) = (url("http://a/"), url("http://a/secret"));
    let mut first = Process::start(Options::default());
    first.robots(&page, rules("user-agent: *\ndisallow: /secret"), &status(200));
    let mut second = first.restarted(hours(20));
    assert_eq!((second.admit(&page), second.admit(&secret)), (Admit::Now, Admit::Disallowed));
    second.wait(hours(4));
    assert_eq!(second.admit(&page), Admit::AskRobots);
}

#[test]
fn a_request_for_robots_txt_that_was_under_way_is_sent_again() {
    let page = url("http://a/");
    let mut first = Process::start(Options::default());
    assert_eq!(first.admit(&page), Admit::AskRobots);
    let mut second = first.restarted(seconds(9));
    assert_eq!(second.admit(&page), Admit::AskRobots);
}

#[test]
fn an_overloaded_host_is_left_alone_longer_also_over_a_restart() {
    let page = url("http://a/");
    let mut process = Process::start(Options { robots: false, ..Options::default() });
    for doubled in [1, 2, 4] {
        assert_eq!(process.admit(&page), Admit::Now);
        process.finish(&page, &status(503));
        let Admit::NotBefore(at) = process.admit(&page) else { panic!("no back-off") };
        assert!(at - process.now() >= seconds(doubled) / 2 && at - process.now() <= seconds(doubled));
        process = process.restarted(seconds(doubled));
    }
}

#[test]
fn a_host_in_trouble_gets_no_more_at_once_after_a_restart() {
    let page = url("http://a/");
    let options = Options { robots: false, rate: crate::units::Rate::UNLIMITED, ..Options::default() };
    let mut first = Process::start(options);
    first.admit(&page);
    first.finish(&page, &failed(FailureKind::Reset));
    let mut second = first.restarted(seconds(1));
    assert_eq!([(); 3].map(|()| second.admit(&page)), [Admit::Now, Admit::Now, Admit::Busy]);
}

#[test]
fn a_parked_host_is_probed_and_given_up_over_restarts() {
    let page = url("http://a/");
    let options = Options { robots: false, breaker_failures: 1, breaker_pause: seconds(30), ..Options::default() };
    let mut process = Process::start(Options { patience: seconds(90), ..options });
    for pause in [30, 60] {
        assert_eq!(process.admit(&page), Admit::Now);
        process.finish(&page, &failed(FailureKind::Connect));
        let probed_at = process.now() + seconds(pause);
        process = process.restarted(seconds(0));
        assert_eq!(process.admit(&page), Admit::Unmet(probed_at));
        process.wait(seconds(pause));
    }
    assert_eq!(process.admit(&page), Admit::Now);
    process = process.restarted(seconds(1));
    assert_eq!(process.admit(&page), Admit::Now, "the probe was lost");
    process.finish(&page, &failed(FailureKind::Connect));
    process = process.restarted(hours(1));
    assert_eq!(process.admit(&page), Admit::GivenUp(Failure::new(FailureKind::Connect, "x")));
    process.wait(hours(23));
    assert_eq!(process.admit(&page), Admit::Now);
}

#[test]
fn an_unmet_host_is_tried_once_more_by_the_next_process_and_then_given_up() {
    let page = url("http://a/");
    let refused = Failure::new(FailureKind::Connect, "x");
    for breaker_failures in [1, 2] {
        let mut first = Process::start(Options { retries: 0, breaker_failures, ..Options::default() });
        first.robots(&page, RobotsAnswer::NoConnection(refused.clone()), &failed(FailureKind::Connect));
        let mut second = first.restarted(Duration::from_millis(1));
        assert!(matches!(second.admit(&page), Admit::Unmet(_)));
        second.manners.hurry(&page, second.wall.instant());
        second.wait(seconds(1));
        second.robots(&page, RobotsAnswer::NoConnection(refused.clone()), &failed(FailureKind::Connect));
        assert!(matches!(second.admit(&page), Admit::Unmet(_)));
        second.manners.hurry(&page, second.wall.instant());
        assert_eq!(second.admit(&page), Admit::GivenUp(refused.clone()));
        assert_eq!(second.restarted(seconds(1)).admit(&page), Admit::GivenUp(refused.clone()));
    }
}

#[test]
fn that_a_host_was_met_is_not_forgotten() {
    let page = url("http://a/");
    let mut first = Process::start(Options { robots: false, breaker_failures: 1, ..Options::default() });
    first.admit(&page);
    first.finish(&page, &status(200));
    assert!(!first.manners.changed.is_empty(), "a host is met once");
    let mut second = first.restarted(seconds(1));
    second.admit(&page);
    second.finish(&page, &failed(FailureKind::Connect));
    assert_eq!(second.admit(&page), Admit::NotBefore(second.now() + seconds(5)));
}

#[test]
fn a_robots_txt_that_cannot_be_read_is_given_up_after_as_many_attempts_over_restarts() {
    let page = url("http://a/");
    let mut process = Process::start(Options::default());
    for _ in 0..=process.options.retries {
        process.robots(&page, RobotsAnswer::Unreachable, &status(500));
        process = process.restarted(seconds(60));
    }
    assert_eq!(process.admit(&page), Admit::Disallowed);
}

#[test]
fn whoever_may_have_been_asked_a_moment_ago_waits_for_its_interval() {
    let (known, slow, new) = (url("http://a/"), url("http://slow/"), url("http://new/"));
    for burst in [1, 4] {
        let mut first = Process::start(Options { burst, ..Options::default() });
        first.robots(&known, rules(""), &status(200));
        first.robots(&slow, rules("user-agent: *\ncrawl-delay: 10"), &status(200));
        let mut second = first.restarted(hours(1));
        let started = second.now();
        second.manners.resumed(started);
        let interval = Duration::from_millis(204);
        assert_eq!(second.admit(&known), Admit::NotBefore(started + interval));
        assert_eq!(second.admit(&slow), Admit::NotBefore(started + seconds(10).mul_f64(1.02)));
        second.wait(Duration::from_millis(2));
        assert_eq!(second.admit(&new), Admit::NotBefore(started + interval));
        second.wait(seconds(1));
        assert_eq!(second.admit(&url("http://later/")), Admit::AskRobots);
        assert_eq!(second.admit(&known), Admit::Now);
    }
}

#[test]
fn a_clock_that_was_set_back_holds_nothing_for_ever() {
    let page = url("http://a/");
    let mut first = Process::start(Options::default());
    first.robots(&page, rules("user-agent: *\ndisallow: /secret"), &status(200));
    first.wait(seconds(1));
    first.admit(&page);
    first.finish(&page, &Outcome { retry_after: Some(seconds(60)), ..status(503) });
    let year_ago = first.wall.to_millis(first.now()) - 365 * 24 * 3_600_000;
    let (host, saved) = first.manners.take_all(&first.wall).remove(0);
    let wall = WallClock::new(first.now(), jiff::Timestamp::from_millisecond(year_ago).unwrap());
    let mut second = Process { manners: Politeness::new(first.options.clone(), wall.instant()), wall, ..first };
    second.manners.restore(host, saved, "crawler", &wall);
    assert_eq!(second.admit(&page), Admit::NotBefore(second.now() + second.options.max_retry_after));
    second.wait(hours(2));
    assert_eq!(second.admit(&page), Admit::Now);
    second.wait(hours(22));
    assert_eq!(second.admit(&page), Admit::AskRobots);
}

#[test]
fn only_what_has_changed_is_kept_and_each_host_once() {
    let (a, b) = (url("http://a/"), url("http://b/"));
    let mut process = Process::start(Options { robots: false, ..Options::default() });
    let changed = |process: &mut Process| {
        let kept = process.manners.take_all(&process.wall);
        kept.into_iter().map(|(host, _)| host.to_string()).collect::<Vec<_>>()
    };
    process.admit(&a);
    process.admit(&b);
    process.finish(&a, &status(200));
    assert_eq!(changed(&mut process), ["a", "b"]);
    assert_eq!(process.admit(&b), Admit::NotBefore(process.now() + Duration::from_millis(204)), "not asked");
    assert_eq!(changed(&mut process), [""; 0]);
    process.finish(&b, &status(200));
    assert_eq!(changed(&mut process), ["b"]);
}

#[test]
fn a_few_counts_are_kept_with_what_has_changed_and_each_host_has_its_turn() {
    let mut process = Process::start(Options { robots: false, ..Options::default() });
    let hosts: Vec<_> = (0..150).map(|n| url(&format!("http://h{n}/"))).collect();
    for host in &hosts {
        process.admit(host);
    }
    let changed = |process: &mut Process| process.manners.take_changed(&process.wall).len();
    assert_eq!(changed(&mut process), 64);
    process.finish(&hosts[0], &failed(FailureKind::Reset));
    assert_eq!(changed(&mut process), 65, "what has changed takes no turn from the others");
    assert!(process.manners.has_changed());
    assert_eq!((changed(&mut process), changed(&mut process)), (22, 0));
    assert!(!process.manners.has_changed());
}

#[test]
fn fewer_counts_are_kept_at_once_where_robots_txt_is_long() {
    let mut process = Process::start(Options::default());
    let hosts: Vec<_> = (0..5).map(|n| url(&format!("http://h{n}/"))).collect();
    let long = format!("user-agent: *\ndisallow: /{}", "a".repeat(100 << 10));
    for host in &hosts {
        process.robots(host, rules(&long), &status(200));
    }
    process.manners.take_all(&process.wall);
    process.wait(seconds(1));
    for host in &hosts {
        assert_eq!(process.admit(host), Admit::Now);
    }
    let taken = [0; 3].map(|_| process.manners.take_changed(&process.wall).len());
    assert_eq!(taken, [3, 2, 0]);
}

#[test]
fn what_must_not_be_forgotten_is_urgent() {
    let page = url("http://a/");
    let mut process = Process::start(Options::default());
    process.robots(&page, rules(""), &status(200));
    assert!(!process.manners.is_urgent());
    process.wait(seconds(1));
    process.admit(&page);
    process.finish(&page, &status(503));
    assert!(process.manners.is_urgent());
    process.manners.take_all(&process.wall);
    assert!(!process.manners.is_urgent());
    process.robots(&url("http://b/"), rules("user-agent: *\ncrawl-delay: 9"), &status(200));
    assert!(process.manners.is_urgent());
}

#[test]
fn a_site_on_disk_stays_without_limits() {
    let page = url("http://a/");
    let mut first = Process::start(Options { robots: false, ..Options::default() });
    first.manners.lift(&page);
    first.admit(&page);
    let (host, saved) = first.manners.take_all(&first.wall).remove(0);
    let mut second = Process::start(first.options);
    second.manners.lift(&page);
    second.manners.restore(host, saved, "crawler", &second.wall);
    second.manners.resumed(second.now());
    assert_eq!([second.admit(&page), second.admit(&page)], [Admit::Now, Admit::Now]);
}

#[test]
fn the_json_has_these_names() {
    let (page, other) = (url("http://a/"), url("https://a/"));
    let mut process = Process::start(Options::default());
    process.robots(&page, rules("user-agent: *\nallow: /"), &status(200));
    process.wait(seconds(1));
    process.robots(
        &other,
        RobotsAnswer::NoConnection(Failure::new(FailureKind::Tls, "expired")),
        &failed(FailureKind::Tls),
    );
    process.wait(seconds(1));
    process.admit(&page);
    process.finish(&page, &Outcome { retry_after: Some(seconds(7)), ..status(429) });
    let (_, saved) = process.manners.take_all(&process.wall).remove(0);
    insta::assert_snapshot!(serde_json::to_string_pretty(&saved).unwrap(), @r#"
    {
      "robots_http": {
        "state": "read",
        "text": "user-agent: *\nallow: /",
        "until_ms": 1700086400000
      },
      "robots_https": {
        "state": "no_connection",
        "failure": {
          "kind": "tls",
          "message": "expired"
        },
        "until_ms": 1700086401000
      },
      "breaker_http": {
        "state": "failing",
        "failures": 1,
        "for_ms": 0
      },
      "breaker_https": {
        "state": "failing",
        "failures": 1,
        "for_ms": 1000
      },
      "met": true,
      "answered": true,
      "quiet_since_ms": 1700000002000,
      "ended_last_ms": 1700000002000,
      "latency_us": 20000,
      "left_alone_until_ms": 1700000009000,
      "left_alone_because": "retry_after",
      "overloads": 1,
      "concurrency": 2,
      "requests": 3,
      "failures": 1,
      "slowed": 2,
      "highest_rate": 1,
      "smallest_gap_us": 1000000,
      "response_time_us": 40000
    }
    "#);
    assert_eq!(serde_json::from_str::<SavedHost>("{}").unwrap(), SavedHost::default());
}

/// What may happen in a crawl of one host.
#[derive(Debug, Clone)]
enum Event {
    Wait(u64),
    Admit(usize),
    /// The oldest request in flight ends; the second is what came of it when it was for robots.txt.
    End(Ended, Answered),
}

#[derive(Debug, Clone, Copy)]
enum Ended {
    Status(u16, Option<u64>),
    Failed(FailureKind),
}

#[derive(Debug, Clone, Copy)]
enum Answered {
    Delay(u64),
    Rules,
    Unreachable,
    NoConnection,
}

impl Ended {
    fn outcome(self) -> Outcome {
        match self {
            Self::Status(code, retry_after) => Outcome { retry_after: retry_after.map(seconds), ..status(code) },
            Self::Failed(kind) => failed(kind),
        }
    }
}

impl Answered {
    fn answer(self) -> RobotsAnswer {
        match self {
            Self::Delay(secs) => rules(&format!("user-agent: *\ncrawl-delay: {secs}\ndisallow: /no")),
            Self::Rules => rules("user-agent: crawler\ndisallow: /no"),
            Self::Unreachable => RobotsAnswer::Unreachable,
            Self::NoConnection => RobotsAnswer::NoConnection(Failure::new(FailureKind::Connect, "refused")),
        }
    }
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let wait = prop_oneof![4 => 0..3_000u64, 2 => 0..100_000u64, 1 => Just(13 * 3_600_000u64)];
    let ended = prop_oneof![
        4 => Just(Ended::Status(200, None)),
        1 => Just(Ended::Status(503, None)),
        1 => proptest::option::of(0..10_000u64).prop_map(|asked| Ended::Status(429, asked)),
        1 => Just(Ended::Failed(FailureKind::Reset)),
        1 => Just(Ended::Failed(FailureKind::Tls)),
        2 => Just(Ended::Failed(FailureKind::Connect)),
    ];
    let answered = prop_oneof![
        2 => Just(Answered::Rules),
        1 => (1..90u64).prop_map(Answered::Delay),
        1 => Just(Answered::Unreachable),
        1 => Just(Answered::NoConnection),
    ];
    let event = prop_oneof![
        2 => wait.prop_map(Event::Wait),
        3 => (0..URLS.len()).prop_map(Event::Admit),
        3 => (ended, answered).prop_map(|(ended, answered)| Event::End(ended, answered)),
    ];
    proptest::collection::vec(event, 0..40)
}

/// Lets it all happen, and then all that is in flight end.
fn happen(process: &mut Process, events: Vec<Event>) {
    let mut in_flight = std::collections::VecDeque::new();
    let end = |process: &mut Process, (page, robots): (CrawlUrl, bool), ended: Ended, answered: Answered| {
        process.finish(&page, &ended.outcome());
        if robots {
            process.manners.robots_known(&page, answered.answer(), &ended.outcome(), process.wall.instant());
        }
    };
    for event in events {
        match event {
            Event::Wait(millis) => process.wait(Duration::from_millis(millis)),
            Event::Admit(n) => match process.admit(&url(URLS[n])) {
                Admit::Now => in_flight.push_back((url(URLS[n]), false)),
                Admit::AskRobots => in_flight.push_back((url(URLS[n]), true)),
                Admit::AskWitness(witness) => in_flight.push_back((witness, false)),
                _ => {}
            },
            Event::End(ended, answered) => {
                if let Some(request) = in_flight.pop_front() {
                    end(process, request, ended, answered);
                }
            }
        }
    }
    for request in in_flight {
        end(process, request, Ended::Status(200, None), Answered::Rules);
    }
}

/// Asks both the same. The second may put off what the first lets through, by no more than what is rounded: then
/// nothing that comes after can be compared.
fn same(first: &mut Process, second: &mut Process, page: &CrawlUrl, exact: bool) -> Result<bool, TestCaseError> {
    let rounded = Duration::from_millis(1);
    match (first.admit(page), second.admit(page)) {
        (Admit::NotBefore(first), Admit::NotBefore(second)) | (Admit::Unmet(first), Admit::Unmet(second)) => {
            prop_assert!(second >= first && (!exact || second <= first + rounded), "{:?}", second - first);
        }
        (Admit::Now | Admit::AskRobots, Admit::NotBefore(at)) => {
            prop_assert!(!exact || at <= second.now() + rounded, "{:?}", at - second.now());
            return Ok(false);
        }
        // A witness is not kept: the next process probes with the page until one of its own was well.
        (Admit::AskWitness(_), Admit::Now | Admit::NotBefore(_)) => return Ok(false),
        (one, other) => {
            prop_assert_eq!(&one, &other);
            for process in [first, second] {
                match one {
                    Admit::Now => drop(process.finish(page, &status(200))),
                    Admit::AskRobots => {
                        process.finish(page, &status(200));
                        process.manners.robots_known(
                            page,
                            Answered::Rules.answer(),
                            &status(200),
                            process.wall.instant(),
                        );
                    }
                    _ => {}
                }
            }
        }
    }
    Ok(true)
}

proptest! {
    #[test]
    fn a_restored_host_is_asked_when_the_original_would_have_been_and_never_earlier(
        events in events(),
        rate in prop_oneof!["5", "0[.]5", "none"],
        burst in prop_oneof![3 => Just(1u32), 1 => Just(3u32)],
        robots in prop_oneof![3 => Just(true), 1 => Just(false)],
        down in 0..5_000u64,
        breaker_failures in prop_oneof![Just(0u32), Just(2u32)],
        latency_factor in prop_oneof![Just(0u32), Just(100u32)],
        probes in proptest::collection::vec((prop_oneof![0..3_000u64, 0..4_000_000u64], 0..URLS.len()), 1..20),
    ) {
        let rate = rate.parse().unwrap();
        let mut first = Process::start(Options { robots, rate, burst, latency_factor, breaker_failures, ..Options::default() });
        happen(&mut first, events);
        let mut second = first.restarted(Duration::from_millis(down));
        prop_assert_eq!(first.reports(), second.reports());
        for (later, n) in probes {
            first.wait(Duration::from_millis(later));
            second.wait(Duration::from_millis(later));
            if !same(&mut first, &mut second, &url(URLS[n]), burst == 1)? {
                break;
            }
        }
    }
}

const URLS: [&str; 4] = ["http://a/", "https://a/", "http://a/no", "https://a/no"];
