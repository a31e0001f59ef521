//! A crawl that is run again and again by the same command, and what must hold after each of its ends.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use fastrand::Rng;
use rustix::process::Signal;
use serde_json::Value;

use crate::committed::Committed;
use crate::site::{Site, Way};
use crate::support::{Crawl, Crawled, Server, archived};

/// One crawl with its server, over all of its runs.
pub(crate) struct Victim {
    site: Site,
    server: Server,
    /// URL and name of its store, when that is a database.
    database: Option<[String; 2]>,
    last: Option<Crawled>,
    pub(crate) kills: usize,
    /// How many of the kills were at a fail point.
    pub(crate) fail_points: usize,
    /// How long a run lasts on the average, so that the kills are spread over the whole crawl.
    lifetime: Duration,
    /// When the process was killed, each time, and what it had noted by then to be tried again.
    killed_at: Vec<(Instant, BTreeSet<String>)>,
    /// How many requests had arrived when a URL was first seen to be committed: none of the later ones may be for it.
    committed_at: HashMap<String, usize>,
    /// How often `crawler verify` has agreed.
    verified: usize,
    /// The most records that were out of date at one time.
    moved: usize,
}

/// How a run is to end.
#[derive(Debug)]
pub(crate) enum End {
    /// `kill -9`, so long after the start; before that, an interrupt if there is one.
    Kill { after: Duration, interrupt: Option<Duration> },
    /// At a statement of a commit to a database: `kill` or `cut`, `before` or `after` it, the N-th time.
    #[cfg(feature = "postgres")]
    Statement { at: String },
    /// At a fail point, which an interrupt may have to lead to.
    FailPoint { name: &'static str, n: u32, interrupt: Option<Duration> },
}

impl Victim {
    pub(crate) fn new(site: Site) -> Self {
        let server = Server::start(site.routes());
        let (committed_at, killed_at) = (HashMap::new(), Vec::new());
        let lifetime = Duration::from_millis(500);
        Self {
            site,
            server,
            database: None,
            last: None,
            kills: 0,
            fail_points: 0,
            lifetime,
            killed_at,
            committed_at,
            verified: 0,
            moved: 0,
        }
    }

    /// One whose store is a database.
    #[cfg(feature = "postgres")]
    pub(crate) fn in_database(site: Site, database: [String; 2]) -> Self {
        Self { database: Some(database), ..Self::new(site) }
    }

    /// What the last run has said.
    #[cfg(feature = "postgres")]
    pub(crate) fn said(&self) -> &str {
        &self.last().stderr
    }

    /// The end of the `at`-th of so many runs. Every tenth kill comes while the process starts, and every tenth one while
    /// it is being stopped by an interrupt.
    pub(crate) fn random_end(
        &mut self,
        random: &mut Rng,
        fail_point: Option<(&'static str, u32)>,
        at: usize,
        of: usize,
    ) -> End {
        let due = self.site.pages * at / of;
        let is_behind = self.committed_at.len() < due;
        self.lifetime =
            (if is_behind { self.lifetime * 5 / 4 } else { self.lifetime * 3 / 4 }).clamp(SHORTEST, LONGEST);
        let after = self.lifetime.mul_f64(2.0 * random.f64());
        let soon = Duration::from_micros(random.u64(..60_000));
        match (fail_point, random.u8(..10)) {
            (Some((name, n)), _) => End::FailPoint { name, n, interrupt: Some(after) },
            (None, 0) => End::Kill { after: soon, interrupt: None },
            (None, 1) => End::Kill { after: soon, interrupt: Some(after) },
            (None, _) => End::Kill { after, interrupt: None },
        }
    }

    /// Runs the command to this end and checks what is left; whether the process was killed.
    pub(crate) fn run(&mut self, end: &End) -> bool {
        let crawl = self.command();
        let crawled = match end {
            End::Kill { after, interrupt } => {
                let mut running = crawl.start();
                if let Some(before) = interrupt
                    && !running.ends_within(*before)
                {
                    running.signal(Signal::INT);
                }
                running.ends_within(*after);
                running.kill()
            }
            #[cfg(feature = "postgres")]
            End::Statement { at } => crawl.talkative().env("CRAWLER_STORE_FAIL", at).run(),
            End::FailPoint { name, n, interrupt } => {
                let mut running = crawl.env("CRAWLER_FAIL_POINT", format!("{name}:{n}")).start();
                if let Some(before) = interrupt
                    && !running.ends_within(*before)
                {
                    running.signal(Signal::INT);
                }
                running.finish()
            }
        };
        // An interrupt that comes before the process listens ends it as well, but that is no kill.
        let (died, interrupted) = (crawled.signal == Some(9), crawled.signal == Some(2));
        assert!(
            died || interrupted || matches!(crawled.code, Some(0 | 130)),
            "{:?} after {end:?}: {}",
            crawled.code,
            crawled.stderr
        );
        let ended = Instant::now();
        self.kills += usize::from(died);
        self.fail_points += usize::from(died && matches!(end, End::FailPoint { .. }));
        self.last = Some(crawled);
        let tried = self.check();
        self.killed_at.push((ended, tried));
        died
    }

    /// Runs the command to the end of the crawl.
    pub(crate) fn finish(&mut self) {
        let crawled = self.command().start().finish_within(Duration::from_mins(10));
        crawled.assert_code(0);
        self.last = Some(crawled);
        self.check();
    }

    /// Whether the last run has come to the end of the crawl.
    pub(crate) fn is_complete(&self) -> bool {
        self.last.as_ref().is_some_and(|last| last.code == Some(0))
    }

    /// What is committed is one with the output, and stays; what of it is to be tried again.
    #[track_caller]
    fn check(&mut self) -> BTreeSet<String> {
        self.verify();
        let committed = Committed::read(&self.dir());
        let arrivals = self.server.log(|log| log.arrivals.len());
        for url in self.committed_at.keys() {
            assert!(committed.settled.contains(url), "{url} was committed, and is lost");
        }
        self.moved = self.moved.max(committed.moved);
        for url in committed.settled {
            self.committed_at.entry(url).or_insert(arrivals);
        }
        committed.tried
    }

    /// `crawler verify` agrees. Before the first commit there is nothing to agree with.
    #[track_caller]
    fn verify(&mut self) {
        let verify = Command::new(env!("CARGO_BIN_EXE_crawler")).arg("verify").arg(self.dir()).output().unwrap();
        let [found, wrong] = [&verify.stdout, &verify.stderr].map(|text| String::from_utf8_lossy(text));
        let has_nothing =
            ["holds no store of a crawl", "there is no crawl directory"].iter().any(|it| wrong.contains(it));
        let is_unmade = self.committed_at.is_empty() && has_nothing;
        assert!(verify.status.success() || is_unmade, "after {} kills:\n{found}{wrong}", self.kills);
        self.verified += usize::from(verify.status.success());
    }

    /// The records and the accounts are those of a crawl that nobody disturbed, and the server was asked for nothing that
    /// was committed.
    #[track_caller]
    pub(crate) fn assert_equals_undisturbed(&self) {
        let mut calm = Self::new(Site { pace: Duration::from_millis(1), ..self.site });
        calm.finish();
        let (expected, found) = (calm.records(), self.records());
        for (path, record) in &expected {
            assert_eq!(found.get(path).map(comparable), Some(comparable(record)), "{path}");
        }
        assert_eq!(found.len(), expected.len(), "a record for each of the same URLs");
        let (mine, theirs) = (self.accounts(), calm.accounts());
        assert_eq!(mine, theirs);
        self.assert_attempts_equal(&found, &expected);
        self.assert_places_are_right(&found);
        self.assert_archive_is_whole(&found);
        self.assert_nothing_committed_was_asked_for_again();
    }

    /// The same command once more asks for nothing and changes nothing.
    #[track_caller]
    pub(crate) fn assert_nothing_is_left(&mut self) {
        let left = |victim: &Self| {
            let output = std::fs::read_to_string(victim.dir().join("pages.jsonl")).unwrap();
            (victim.server.log(|log| log.arrivals.len()), victim.accounts(), output)
        };
        let before = left(self);
        self.finish();
        assert!(before == left(self), "a complete crawl was changed");
    }

    /// What it came to, in one line.
    pub(crate) fn result(&self) -> String {
        let (records, moved, verified) = (self.committed_at.len(), self.moved, self.verified);
        let (requests, robots) = self.server.log(|log| (log.arrivals.len(), log.count("/robots.txt")));
        format!(
            "{records} records, each once, equal to those of an undisturbed crawl; {requests} requests, {robots} of them \
             for robots.txt, none for what was committed; up to {moved} records at a time were to be amended; `crawler \
             verify` agreed {verified} times"
        )
    }

    /// Depths are those of a breadth-first search, and each referrer is a page that leads there on a shortest path.
    #[track_caller]
    fn assert_places_are_right(&self, records: &BTreeMap<String, Value>) {
        let depths = self.site.depths();
        assert_eq!(records.keys().collect::<Vec<_>>(), depths.keys().collect::<Vec<_>>());
        for (path, record) in records {
            let depth = depths[path];
            assert_eq!(record["depth"], depth, "{path}");
            let Some(referrer) = record["referrer"].as_str() else {
                assert_eq!(path, "/");
                continue;
            };
            let referrer = referrer.strip_prefix(ORIGIN).unwrap();
            let from = match self.site.leads(referrer, path) {
                Some(Way::Link) => depth.checked_sub(1),
                Some(Way::Redirect) => Some(depth),
                None => None,
            };
            assert_eq!(from, depths.get(referrer).copied(), "{path} at {depth} is found on {referrer}");
        }
    }

    /// The archive has each record once, with its answer before it when there was one.
    #[track_caller]
    fn assert_archive_is_whole(&self, records: &BTreeMap<String, Value>) {
        let (mut said, mut answers) = (BTreeMap::new(), HashMap::new());
        for record in archived(&self.dir()) {
            let path = || record.url().strip_prefix(&self.server.url("")).unwrap_or_default().to_owned();
            match record.kind() {
                "metadata" => {
                    let id = record.field("WARC-Concurrent-To").to_owned();
                    assert!(said.insert(path(), id).is_none(), "{} is archived twice", record.url());
                }
                "response" | "revisit" => {
                    let date = record.field("WARC-Date").to_owned();
                    answers.insert(record.field("WARC-Record-ID").to_owned(), (path(), date));
                }
                _ => {}
            }
        }
        assert_eq!(said.keys().collect::<Vec<_>>(), records.keys().collect::<Vec<_>>());
        for (path, record) in records {
            let answer = answers.remove(&said[path]);
            let expected =
                record.get("status").map(|_| (path.clone(), record["fetched_at"].as_str().unwrap().to_owned()));
            assert_eq!(answer, expected, "{path}: {record}");
        }
        // What is left settles no record.
        for (path, _) in answers.into_values() {
            assert!(path == "/robots.txt" || !records.contains_key(&path), "{path} was answered once more");
        }
    }

    /// What failed once was tried twice, unless the process was killed before it could note the failure.
    #[track_caller]
    fn assert_attempts_equal(&self, found: &BTreeMap<String, Value>, expected: &BTreeMap<String, Value>) {
        let asked: HashMap<String, Vec<Instant>> = self.server.log(|log| {
            let mut asked = HashMap::<String, Vec<Instant>>::new();
            log.arrivals.iter().for_each(|arrival| asked.entry(arrival.path.clone()).or_default().push(arrival.at));
            asked
        });
        let mut retries = 0;
        for (path, record) in found {
            let attempts = record["attempts"].as_u64().unwrap();
            retries += attempts - 1;
            let url = self.server.url(path);
            let (first, last) = (asked[path].first().unwrap(), asked[path].last().unwrap());
            let kill = self.killed_at.iter().find(|(at, _)| at > first && at < last);
            let cut = kill.is_some_and(|(_, tried)| !tried.contains(&url));
            let same = attempts == expected[path]["attempts"];
            assert!(same || (cut && attempts == 1 && self.site.fails_first(path)), "{path}: {record}");
        }
        assert_eq!(self.last().count("retries"), retries, "{}", self.last().summary);
    }

    #[track_caller]
    fn assert_nothing_committed_was_asked_for_again(&self) {
        let again: Vec<String> = self.server.log(|log| {
            let arrivals = log.arrivals.iter().enumerate();
            let again = arrivals.filter(|(at, arrival)| {
                self.committed_at.get(&self.server.url(&arrival.path)).is_some_and(|committed| at >= committed)
            });
            again.map(|(_, arrival)| arrival.path.clone()).collect()
        });
        assert_eq!(again, [""; 0], "committed, and asked for again");
    }

    /// The records by their paths, as they are for an origin of another name.
    fn records(&self) -> BTreeMap<String, Value> {
        let origin = self.server.url("");
        let records = self.last().records.iter().map(|record| {
            let record: Value = serde_json::from_str(&record.to_string().replace(&origin, ORIGIN)).unwrap();
            (record["url"].as_str().unwrap().strip_prefix(ORIGIN).unwrap().to_owned(), record)
        });
        records.collect()
    }

    /// What of the summary does not depend on time, or on how often a run was disturbed.
    fn accounts(&self) -> Vec<(&'static str, Value)> {
        let names = [
            "state",
            "discovered",
            "pending",
            "in_flight",
            "records",
            "settled",
            "skipped",
            "statuses",
            "errors",
            "bytes",
        ];
        names.map(|name| (name, self.last().summary[name].clone())).to_vec()
    }

    fn command(&self) -> Crawl {
        // Files so short that some are full.
        let crawl = Crawl::of(self.server.url("/")).flag("--warc").set("archive.max_file", "'16KiB'");
        let crawl = crawl.concurrency(16).set("politeness.retries", "3");
        let crawl = match &self.database {
            Some([url, name]) => crawl.arg("--store", url).arg("--name", name),
            None => crawl,
        };
        match &self.last {
            Some(last) => crawl.on(last),
            None => crawl,
        }
    }

    fn dir(&self) -> PathBuf {
        self.last().path("crawl")
    }

    fn last(&self) -> &Crawled {
        self.last.as_ref().expect("it has run")
    }
}

/// A record without what differs from run to run: times, what was cut off by a kill, and the choice of equal referrers.
fn comparable(record: &Value) -> Value {
    let mut record = record.clone();
    for field in ["fetched_at", "elapsed_ms", "attempts", "referrer"] {
        record.as_object_mut().unwrap().remove(field);
    }
    record
}

const ORIGIN: &str = "http://origin";
/// The average lifetime of a run stays between these.
const SHORTEST: Duration = Duration::from_millis(20);
const LONGEST: Duration = Duration::from_secs(3);
