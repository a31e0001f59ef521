//! A crawl whose store is a database, killed and cut off around each statement of a commit: nothing is lost, nothing comes twice.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use fastrand::Rng;

use crate::committed::Asked;
use crate::site::Site;
use crate::support::postgres::{TestServer, get};
use crate::victim::{End, Victim};

/// The schema of a crawl.
pub(crate) struct Schema {
    server: &'static TestServer,
    name: String,
}

impl Schema {
    /// That of a crawl directory; `None` when nothing was committed yet.
    pub(crate) fn of(dir: &Path) -> Option<Self> {
        let node = fs::read_to_string(dir.join("node")).unwrap();
        let name = node.lines().find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"')).unwrap();
        let schema = Self { server: get()?, name: format!("crawl_{name}") };
        let turns = schema.server.psql(&format!("SELECT coalesce(sum(turn), 0) FROM {}.node", schema.name));
        (turns.trim() != "0").then_some(schema)
    }
}

impl Asked for Schema {
    fn rows(&self, sql: &str) -> Vec<Vec<Option<String>>> {
        let said = self.server.psql(&format!("SET search_path = {}; {sql}", self.name));
        let value = |text: &str| (text != TestServer::NULL).then(|| text.to_owned());
        said.lines().map(|line| line.split(TestServer::SEPARATOR).map(value).collect()).collect()
    }

    fn moved(&self) -> &'static str {
        "(SELECT 1 FROM moved WHERE moved.file = url.file AND moved.record = url.record)"
    }

    fn urls(&self) -> &'static str {
        "(SELECT row_number() OVER (ORDER BY bucket, id) - 1 AS id, key, url, state, depth, file, record, status, attempts, host \
         FROM url WHERE state <> 15) AS url"
    }
}

fn site(waits: bool) -> Site {
    Site { pages: 60, pace: Duration::from_millis(40), waits }
}

/// Before and after each statement: the process killed, and the connection cut, which after the commit is an answer that is lost.
#[test]
fn killed_and_cut_off_at_each_statement_equals_undisturbed() {
    let Some(database) = get() else { return };
    let places = STATEMENTS.iter().flat_map(|(name, n)| ["before", "after"].map(|side| format!("{side}:{name}:{n}")));
    let places: Vec<_> = places.collect();
    let (turn, met) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let torture = || {
        while let Some(place) = places.get(turn.fetch_add(1, Ordering::Relaxed)) {
            let new = || Victim::in_database(site(true), [database.url(), database.new_name()]);
            let mut victim = new();
            assert!(victim.run(&End::Statement { at: format!("kill:{place}") }), "no run came to {place}");
            victim.finish();
            victim.assert_equals_undisturbed();
            let mut victim = new();
            victim.run(&End::Statement { at: format!("cut:{place}") });
            assert!(victim.said().contains("cut by a test"), "no run came to {place}: {}", victim.said());
            assert!(victim.is_complete(), "what is cut off goes on by itself: {}", victim.said());
            victim.assert_equals_undisturbed();
            met.fetch_add(2, Ordering::Relaxed);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(torture);
        }
    });
    println!("{} places around the statements of a commit, met and survived: equal", met.into_inner());
}

/// The directory knows who it is there before the database does: or its crawl would be that of another directory.
#[test]
fn killed_while_it_joins_goes_on_as_the_same_node() {
    let Some(database) = get() else { return };
    for side in ["before", "after"] {
        let mut victim = Victim::in_database(site(true), [database.url(), database.new_name()]);
        assert!(victim.run(&End::Statement { at: format!("kill:{side}:join:1") }), "it has not joined");
        victim.finish();
        victim.assert_equals_undisturbed();
    }
}

/// At any instant, also while the server is just answering.
#[test]
fn killed_at_any_instant_with_a_store_in_a_database_equals_undisturbed() {
    let Some(database) = get() else { return };
    let seed = std::env::var("TORTURE_SEED").map_or_else(|_| fastrand::u64(..), |seed| seed.parse().unwrap());
    println!("TORTURE_SEED={seed}");
    let (mut random, kills) = (Rng::with_seed(seed), 12);
    let mut victim = Victim::in_database(Site { pages: 200, ..site(false) }, [database.url(), database.new_name()]);
    for at in 1..=kills {
        if !victim.is_complete() {
            let end = victim.random_end(&mut random, None, at, kills);
            victim.run(&end);
        }
    }
    victim.finish();
    victim.assert_equals_undisturbed();
    victim.assert_nothing_is_left();
    println!("{} kills: {}", victim.kills, victim.result());
}

/// The statements of a commit, and in which of the times that they are told each is disturbed.
const STATEMENTS: &[(&str, u32)] = &[
    ("begin", 3),
    ("fence", 1),
    ("fence", 4),
    ("hosts", 1),
    ("found", 2),
    ("changed", 2),
    ("edges", 2),
    ("moved", 1),
    ("corrected", 1),
    ("manners", 2),
    ("notes", 1),
    ("outputs", 1),
    ("outputs", 4),
    ("settings", 1),
    ("session-begin", 1),
    ("settings-same", 1),
    ("bucket-open", 1),
    ("bucket-open", 2),
    ("bucket-counts", 1),
    ("session", 3),
    ("session-end", 1),
    ("node-end", 1),
    ("bucket-end", 1),
    ("seeds", 1),
    ("crawl", 1),
    ("crawl-lock", 1),
    ("crawl", 2),
    ("commit", 1),
    ("commit", 4),
];
