//! What is said of a crawl of several nodes: `status`, `explain` and `verify`.

use super::{Two, origin};
use crate::cli::Run;
use crate::inspect::json;
use crate::support::postgres::{TestServer, get};

#[test]
fn status_is_of_all_nodes() {
    let Some(database) = get() else { return };
    let two = Two::at_home(database);
    let alone = Run::new(&two.place.path(""), &["status", "crawl"]);
    assert_eq!(alone.code, 0, "{}", alone.stderr);
    two.sql(
        database,
        "UPDATE node SET state = 'alive', until = now() + interval '1 hour' WHERE file = 2; \
         UPDATE bucket SET owner = (SELECT id FROM node WHERE file = 2), open = true WHERE id = 1",
    );
    for (dir, here) in [("crawl", 0), ("other", 1)] {
        let status = json(&two.place.path(""), &["status", dir]);
        let of = |key: &str| status[key].clone();
        assert_eq!((of("records"), of("discovered"), of("letters")), (8.into(), 8.into(), 0.into()), "{status:#}");
        assert_eq!(of("buckets"), serde_json::json!({ "count": 2, "open": 1, "free": 1 }));
        for (n, state) in ["ended", "alive"].into_iter().enumerate() {
            let node = &status["nodes"][n];
            assert_eq!((&node["id"], &node["state"]), (&two.ids[n].clone().into(), &state.into()), "{status:#}");
            assert_eq!((&node["is_here"], &node["records"]), (&(n == here).into(), &4.into()), "{status:#}");
        }
        assert!(status["nodes"][1]["lease_ms"].as_u64().is_some_and(|left| left > 3_000_000), "{status:#}");
    }
    // Of itself it knows by its lock that nobody crawls there.
    let state = |dir: &str| json(&two.place.path(""), &["status", dir])["state"].clone();
    assert_eq!((state("crawl"), state("other")), ("running".into(), "complete".into()));
    let text = two.run(&["status", "crawl"]).stdout;
    let told =
        [&format!("{} (here) on", two.ids[0]), "alive for ", "1 bucket, 4 records, committed ", "0 letters wait"];
    assert!(told.iter().all(|told| text.contains(told)), "{text}");
}

#[test]
fn a_url_of_another_bucket_is_explained() {
    let Some(database) = get() else { return };
    let two = Two::at_home(database);
    two.sql(database, "UPDATE bucket SET owner = (SELECT id FROM node WHERE file = 2) WHERE id = 1");
    let url = format!("{}about.html", origin(1));
    let known = json(&two.place.path(""), &["explain", &url, "crawl"]);
    assert_eq!((&known["bucket"], &known["owner"]), (&1.into(), &two.ids[1].clone().into()), "{known:#}");
    assert_eq!((&known["recorded_by"]["node"], &known["line"]), (&two.ids[1].clone().into(), &serde_json::Value::Null));
    let there = json(&two.place.path(""), &["explain", &url, "other"]);
    assert_eq!((&there["line"], &there["recorded_by"]), (&known["recorded_by"]["line"], &serde_json::Value::Null));
    let text = two.run(&["explain", &url, "crawl"]).stdout;
    let row = known["row"].as_i64().unwrap();
    let told = format!("  bucket      1, of the node {}, URL {row} there\n", two.ids[1]);
    assert!(text.contains(&told) && text.contains(&format!(" in the output of the node {} (on", two.ids[1])), "{text}");
    // Nobody there knows this one, but a page that leads to it.
    two.sql(
        database,
        &format!(
            "INSERT INTO mail (bucket, kind, key, url, depth, hops) SELECT 1, 1, key, url, 3, 0 FROM url \
             WHERE bucket = 1 AND url = '{url}'; DELETE FROM url WHERE bucket = 1 AND id >= {row}; \
             DELETE FROM edges WHERE bucket = 1"
        ),
    );
    let text = two.run(&["explain", &url, "crawl"]).stdout;
    let told = format!("a letter tells of it to the bucket 1, which the node {} has", two.ids[1]);
    assert!(text.contains(&told) && text.contains("depth       3"), "{text}");
}

/// Has a page of bucket 0 lead to this URL of bucket 1, as it has found it at this depth.
fn lead_over(two: &Two, database: &TestServer, path: &str, depth: u32) {
    let url = format!("{}{path}", origin(1));
    let page = "(SELECT id FROM url WHERE bucket = 0 AND depth = 0 AND record IS NOT NULL ORDER BY id LIMIT 1)";
    two.sql(
        database,
        &format!(
            "INSERT INTO url (bucket, id, key, url, state, depth, hops, referrer) SELECT 0, 4, key, url, 15, {depth}, 0, {page} \
             FROM url WHERE bucket = 1 AND url = '{url}'; UPDATE bucket SET urls = urls + 1 WHERE id = 0; \
             INSERT INTO edges SELECT 0, min(id), '\\x10' FROM url WHERE bucket = 0 AND id NOT IN (SELECT id FROM edges WHERE bucket = 0)"
        ),
    );
}

#[test]
fn a_crawl_of_several_nodes_is_verified_in_each_directory_and_as_a_whole() {
    let Some(database) = get() else { return };
    let two = Two::at_home(database);
    for dir in ["crawl", "other"] {
        let run = two.run(&["verify", dir]);
        let ok = format!("ok: 8 URLs, 4 records in {dir}/pages.jsonl, 10 links, 2 hosts\n");
        assert_eq!((run.code, run.stdout), (0, ok), "{}", run.stderr);
    }
    let all = |said: &str| {
        for call in
            [&["verify", "--all", "crawl"][..], &["verify", "--all", "--store", &database.url(), "--name", &two.name]]
        {
            let run = two.run(call);
            assert_eq!((run.code, run.stdout.as_str()), (i32::from(!said.starts_with("ok")), said), "{}", run.stderr);
        }
    };
    all("ok: 8 URLs in 2 buckets, 8 records of 2 nodes, 10 links, 2 hosts; 0 letters wait\n");
    lead_over(&two, database, "about.html", 1);
    all("ok: 8 URLs in 2 buckets, 8 records of 2 nodes, 11 links, 2 hosts; 0 letters wait\n");
    let run = two.run(&["verify", "crawl"]);
    assert_eq!((run.code, run.stdout.contains("11 links")), (0, true), "{}{}", run.stdout, run.stderr);
    let found = json(&two.place.path(""), &["verify", "--all", "crawl"]);
    assert_eq!((&found["elsewhere"], &found["ok"]), (&1.into(), &true.into()));
}

/// What is done, and what is told of it.
const MISFITS: [(&str, &str); 14] = [
    (
        "UPDATE url SET key = (SELECT key FROM url WHERE bucket = 1 AND id = 1) WHERE bucket = 1 AND id = 2",
        "knows URL 1 once more as URL 2",
    ),
    (
        "UPDATE url SET key = (SELECT key FROM url WHERE bucket = 1 AND id = 1) WHERE bucket = 0 AND id = 2",
        "is at home in two buckets, 0 and 1",
    ),
    (
        "UPDATE url SET depth = 9 WHERE bucket = 1 AND url = 'ABOUT'",
        "at depth 1; at its home it has 9, and no letter tells of it",
    ),
    ("DELETE FROM url WHERE bucket = 1 AND id = 3", "the bucket 1 links to URL 3, which is not there"),
    (
        "UPDATE url SET bucket = 0, id = 5, host = 0, referrer = 0 WHERE bucket = 1 AND id = 3",
        "is at home in the bucket 1",
    ),
    (
        "UPDATE edges SET links = '\\x80' WHERE bucket = 1 AND id = 0",
        "the links of URL 0 of the bucket 1 are not readable",
    ),
    (
        "UPDATE url SET state = 0, file = NULL, record = NULL WHERE file = 2 AND record = 4",
        "says that nothing is left to do in it, and something is",
    ),
    ("UPDATE url SET record = 1 WHERE file = 2 AND record = 2", "some are there twice"),
    ("UPDATE url SET record = 99 WHERE file = 2 AND record = 2", "some are missing"),
    (
        "UPDATE session SET records = 3 WHERE node = (SELECT id FROM node WHERE file = 2)",
        "has counted 3 records, and 4 URLs",
    ),
    (
        "INSERT INTO moved (file, record, bucket, id) VALUES (2, 77, 1, 3)",
        "in the file 2 the record 77 is said to be out of date",
    ),
    ("UPDATE bucket SET open = true WHERE id = 1", "the crawl is complete, and 1 of its buckets"),
    (
        "INSERT INTO mail (bucket, kind, key, url, depth, hops) VALUES (7, 1, '', 'x', 0, 0)",
        "to the bucket 7, which is none",
    ),
    ("UPDATE url SET referrer = 99 WHERE bucket = 1 AND id = 3", "was found on URL 99, which is not there"),
];

#[test]
fn what_does_not_fit_together_over_buckets_is_told() {
    let Some(database) = get() else { return };
    let about = format!("{}about.html", origin(1));
    for (sql, said) in MISFITS {
        let two = Two::at_home(database);
        lead_over(&two, database, "about.html", 1);
        two.sql(database, &sql.replace("ABOUT", &about));
        let run = two.run(&["verify", "--all", "crawl"]);
        assert_eq!(run.code, 1, "{sql}: {}{}", run.stdout, run.stderr);
        assert!(run.stdout.contains(said), "{sql}: {}", run.stdout);
    }
    // What a letter tells of is on its way.
    let two = Two::at_home(database);
    lead_over(&two, database, "about.html", 1);
    two.sql(
        database,
        &format!(
            "UPDATE url SET depth = 3 WHERE bucket = 1 AND url = '{about}'; UPDATE crawl SET state = 'running'; \
             INSERT INTO mail (bucket, kind, key, url, depth, hops) SELECT 1, 1, key, url, 1, 0 FROM url WHERE bucket = 0 AND id = 4"
        ),
    );
    let run = two.run(&["verify", "--all", "crawl"]);
    assert!(run.stdout.contains("links to it") && !run.stdout.contains("no letter"), "{}", run.stdout);
}

#[test]
fn who_checks_outputs_names_no_database() {
    let dir = tempfile::tempdir().unwrap();
    let run = Run::new(dir.path(), &["verify", "--store", "postgres://u@localhost/d", "--name", "x"]);
    assert!(run.code == 2 && run.stderr.contains("without --all"), "{}", run.stderr);
}
