//! How a crawl is stopped: by a signal, by a second one, by its time. What was recorded is whole in each case.

use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

use crawler::observe::State;
use crawler::sink::{Checkpoint, Settled, Sink};
use rustix::process::Signal;

use crate::support::{ClosedPort, Crawl, Reply, Running, Server, Site};

/// A crawl with its first page settled, five requests in flight that are held, and ten pages waiting.
fn five_in_flight() -> (Server, Running) {
    let pages: Vec<String> = (0..15).map(|n| format!("/{n}")).collect();
    let site = Site::default().with("/", Reply::links("home", &pages));
    let server = Server::start(pages.iter().fold(site, |site, page| site.with(page, Reply::html("page"))).routes());
    for page in &pages {
        server.hold(page);
    }
    let crawl = Crawl::of(server.url("/")).talkative().concurrency(5).start();
    server.wait_for("5 requests at once", |log| log.in_flight == 5);
    (server, crawl)
}

#[test]
fn the_first_interrupt_finishes_what_is_in_flight() {
    let (server, crawl) = five_in_flight();
    crawl.signal(Signal::INT);
    // The message has to come at once: it is what tells the user that the signal has been understood.
    crawl.wait_for_stderr(STOPPING);
    server.open_all();
    let crawled = crawl.finish();
    assert_eq!(crawled.assert_code(130).records.len(), 6);
    assert!(crawled.records.iter().all(|record| record["outcome"] == "ok"));
    assert_eq!((crawled.count("pending"), crawled.count("in_flight")), (10, 0));
    assert_eq!(crawled.summary["state"], "stopped");
    server.wait_for("robots.txt, the first page, and the five", |log| log.answered.len() == 7);
    let message = crawled.stderr.lines().find(|line| line.contains(STOPPING)).unwrap();
    assert!(message.contains('5'), "it tells how many requests are being finished: {message}");
}

#[test]
fn the_second_interrupt_stops_at_once() {
    let (server, crawl) = five_in_flight();
    crawl.signal(Signal::INT);
    crawl.wait_for_stderr(STOPPING);
    crawl.signal(Signal::INT);
    let crawled = crawl.finish();
    assert_eq!(crawled.assert_code(130).urls(), [server.url("/")], "no gate was ever opened");
    assert_eq!(crawled.count("pending"), 15, "what was in flight is pending again: {}", crawled.summary);
    assert_eq!(crawled.summary["state"], "stopped");
}

#[test]
fn a_termination_ends_as_an_interrupt_does_with_its_own_code() {
    let (server, crawl) = five_in_flight();
    crawl.signal(Signal::TERM);
    crawl.wait_for_stderr(STOPPING);
    server.open_all();
    let crawled = crawl.finish();
    assert_eq!((crawled.assert_code(143).records.len(), crawled.count("pending")), (6, 10));
}

#[test]
fn a_lost_terminal_ends_a_crawl_as_an_interrupt_does_with_its_own_code() {
    let (server, crawl) = five_in_flight();
    crawl.signal(Signal::HUP);
    crawl.wait_for_stderr(STOPPING);
    server.open_all();
    let crawled = crawl.finish();
    assert_eq!((crawled.assert_code(129).records.len(), crawled.count("pending")), (6, 10));
}

#[test]
fn the_second_signal_stops_at_once_whichever_the_first_was() {
    let (server, crawl) = five_in_flight();
    crawl.signal(Signal::HUP);
    crawl.wait_for_stderr(STOPPING);
    crawl.signal(Signal::TERM);
    let crawled = crawl.finish();
    assert_eq!(crawled.assert_code(143).urls(), [server.url("/")], "no gate was ever opened");
}

#[cfg(target_os = "linux")]
#[test]
fn tests_under_nohup_see_what_others_see() {
    let tests = std::env::current_exe().unwrap();
    let test = "stop::a_lost_terminal_ends_a_crawl_as_an_interrupt_does_with_its_own_code";
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", "trap '' HUP; exec \"$0\" --exact \"$1\""]).arg(tests).arg(test);
    let run = shell.output().unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success() && said.contains("1 passed"), "{said}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_crawl_under_nohup_goes_on_without_its_terminal() {
    let server = Server::start(Site::linked(&[("/", &["/a"]), ("/a", &["/b"]), ("/b", &[])]).routes());
    server.hold("/a");
    let crawl = Crawl::of(server.url("/")).after("trap '' HUP").start();
    server.wait_for("the second page", |log| log.in_flight == 1 && log.count("/a") == 1);
    crawl.signal(Signal::HUP);
    server.open_all();
    assert_eq!(crawl.finish().assert_code(0).records.len(), 3);
}

#[test]
fn an_interrupt_while_a_host_rests_does_not_wait_for_it() {
    let busy = Reply::new(429).header("Retry-After", "3000");
    let server = Server::start(Site::linked(&[("/", &["/busy"])]).with("/busy", busy).routes());
    let crawl = Crawl::of(server.url("/")).talkative().set("politeness.retries", "5").start();
    server.wait_for("the busy answer", |log| log.has_answered("/busy"));
    crawl.signal(Signal::INT);
    let crawled = crawl.finish();
    assert_eq!((crawled.assert_code(130).records.len(), crawled.count("pending")), (1, 1));
}

#[test]
fn max_time_ends_a_crawl_that_would_never_end() {
    let server = Server::start(Site::endless());
    let crawled = Crawl::of(server.url("/")).arg("--max-time", "1s").run();
    assert_eq!(crawled.assert_code(0).summary["state"], "limit");
    server.wait_for("the end of what was in flight", |log| log.answered.len() == crawled.records.len() + 1);
    assert!(crawled.count("elapsed_ms") >= 1000, "{}", crawled.summary);
}

#[test]
fn max_time_does_not_wait_for_hosts_that_rest() {
    let busy = Reply::new(503).header("Retry-After", "3000");
    let server = Server::start(Site::linked(&[("/", &["/busy"])]).with("/busy", busy).routes());
    let crawled = Crawl::of(server.url("/")).set("politeness.retries", "5").arg("--max-time", "2s").run();
    assert_eq!((crawled.assert_code(0).records.len(), &crawled.summary["state"]), (1, &"limit".into()));
}

/// Stops its crawl with the first record.
#[derive(Clone, Default)]
struct StopsAtFirst(Arc<OnceLock<crawler::Stopper>>);

impl Sink for StopsAtFirst {
    fn write(&mut self, _: &Settled) -> crawler::error::Result<()> {
        if let Some(stopper) = self.0.get() {
            stopper.drain();
        }
        Ok(())
    }

    fn flush(&mut self) -> crawler::error::Result<Option<Checkpoint>> {
        Ok(None)
    }
}

#[tokio::test]
async fn a_crawl_of_dead_seeds_is_stopped_before_all_are_settled_and_goes_on() {
    const SEEDS: u64 = 4000;
    let (dead, place) = (ClosedPort::reserve(), tempfile::tempdir().unwrap());
    let build = |sink: StopsAtFirst| {
        let seeds = (0..SEEDS).map(|n| dead.url(&format!("/{n}"))).collect();
        let mut config = crawler::config::Config { seeds, ..crawler::config::Config::default() };
        config.politeness.retries = 0;
        config.politeness.breaker_failures = 1;
        config.politeness.patience = std::time::Duration::ZERO;
        let dir = crawler::CrawlDir::take(&place.path().join("crawl")).unwrap();
        crawler::Crawl::builder().config(config).dir(dir).sink(sink).build().unwrap()
    };
    let sink = StopsAtFirst::default();
    let first = build(sink.clone());
    assert!(sink.0.set(first.stopper()).is_ok());
    let first = first.run().await.unwrap();
    assert_eq!(first.state, State::Stopped);
    assert!(first.pending > SEEDS / 2, "{} of {SEEDS} are pending", first.pending);
    let second = build(StopsAtFirst::default()).run().await.unwrap();
    assert_eq!((second.state, second.records, second.settled.failed), (State::Complete, SEEDS, SEEDS));
    let lines = std::fs::read_to_string(place.path().join("crawl/pages.jsonl")).unwrap();
    assert_eq!(lines.lines().collect::<HashSet<_>>().len() as u64, SEEDS, "each has one record");
}

/// The word that the first signal's message has.
const STOPPING: &str = "stopping";
