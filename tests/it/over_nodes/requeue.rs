//! `crawler requeue`: what a node had is asked for again, when nobody crawls.

use std::fs;

use super::{Two, node, star};
use crate::cli::Run;
use crate::inspect::json;
use crate::support::Crawl;
use crate::support::postgres::get;

#[test]
fn the_pages_of_a_node_that_is_lost_are_asked_for_again() {
    let Some(database) = get() else { return };
    let two = Two::new(database, [4, 7]);
    let call = ["requeue", "--node", &two.ids[1], "crawl"];
    let [one, other] = &two.ids;
    two.sql(database, "UPDATE node SET state = 'alive', until = now() + interval '40 seconds' WHERE file = 1");
    let refused = two.run(&call);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(refused.stderr.contains(&format!("the node {one} crawls it")), "{}", refused.stderr);
    // Who is silent is not alive, and is nobody afterwards.
    two.sql(
        database,
        "UPDATE node SET until = now() - interval '1 second' WHERE file = 1; UPDATE bucket SET owner = NULL",
    );
    let unknown = two.run(&["requeue", "--node", "f00", "crawl"]);
    assert_eq!(unknown.code, 2, "{}", unknown.stderr);
    assert!([one, other].iter().all(|id| unknown.stderr.contains(*id)), "{}", unknown.stderr);
    for said in ["8 pages of the node", "has no records"] {
        let run = two.run(&call);
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert!(run.stderr.contains(said) && run.stderr.contains(other), "{}", run.stderr);
        let rows = two.sql(
            database,
            "SELECT count(*) FILTER (WHERE state = 0 AND record IS NULL), count(*) FILTER (WHERE file = 2) FROM url WHERE bucket = 1; \
             SELECT count(*) FROM edges WHERE bucket = 1; SELECT state FROM crawl; SELECT state FROM node WHERE file = 1; \
             SELECT id FROM bucket WHERE open; SELECT count(*) FROM output WHERE node <> (SELECT id FROM node WHERE file = 1)",
        );
        assert_eq!(rows, "8|0\n0\nrunning\nlost\n1\n0\n");
    }
}

#[test]
fn a_crawl_whose_records_were_lost_comes_to_all_of_them_again() {
    let Some(database) = get() else { return };
    let (server, name) = (star(6), database.new_name());
    let crawl = || Crawl::of(server.url("/")).arg("--store", database.url()).arg("--name", &name);
    let crawled = crawl().run();
    assert_eq!(crawled.assert_code(0).records.len(), 7);
    let id = node(&crawled.path("crawl"));
    let run = Run::new(&crawled.path(""), &["requeue", "--node", &id, "--store", &database.url(), "--name", &name]);
    assert!(run.code == 0 && run.stderr.contains("7 pages of the node"), "{}", run.stderr);
    fs::remove_file(crawled.path("crawl/pages.jsonl")).unwrap();
    assert_eq!(json(&crawled.path(""), &["status"])["pending"], 7);
    let again = crawl().on(&crawled).run();
    assert_eq!((again.assert_code(0).records.len(), server.count("/3")), (7, 2), "{}", again.stderr);
    let verified = Run::new(&again.path(""), &["verify"]);
    assert_eq!(verified.code, 0, "{}{}", verified.stdout, verified.stderr);
}
