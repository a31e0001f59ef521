//! `crawler merge`: each record of all nodes once, or none.

use std::fs;

use super::Two;
use crate::support::postgres::get;
use crate::support::{Crawl, Reply, Server};

/// The lines of both records, in the order of the nodes.
fn lines(two: &Two) -> String {
    ["crawl", "other"].map(|dir| fs::read_to_string(two.place.path(dir).join("pages.jsonl")).unwrap()).concat()
}

#[test]
fn the_records_of_all_nodes_are_one_file() {
    let Some(database) = get() else { return };
    let two = Two::new(database, [4, 7]);
    let expected = lines(&two);
    assert_eq!(expected.lines().count(), 13);
    let merged = || fs::read_to_string(two.place.path("all.jsonl")).unwrap();
    for call in [
        &["merge", "crawl", "other", "-o", "all.jsonl"][..],
        &["merge", "other", "crawl", "--force", "-o", "all.jsonl"],
    ] {
        let run = two.run(call);
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert!(run.stderr.starts_with("wrote all.jsonl: 13 lines of 2 nodes, "), "{}", run.stderr);
        assert_eq!(merged(), expected);
    }
    let run = two.run(&["merge", "crawl", "other", "-o", "-"]);
    assert_eq!((run.code, run.stdout, run.stderr), (0, expected.clone(), String::new()));
    // What lies behind what is committed is none of the crawl.
    let file = two.place.path("crawl/pages.jsonl");
    fs::write(&file, fs::read_to_string(&file).unwrap() + "{\"url\":").unwrap();
    assert_eq!(two.run(&["merge", "crawl", "other", "-o", "-"]).stdout, expected);
}

#[test]
fn what_would_not_be_all_of_a_crawl_is_merged_only_when_it_is_asked_for() {
    let Some(database) = get() else { return };
    let cases = [
        ("another node", "", &["crawl"][..], "is not named", 5),
        ("a bucket that is open", "UPDATE crawl SET state = 'running'", &["crawl", "other"], "is not over", 13),
        (
            "a node that crawls",
            "UPDATE node SET state = 'alive', until = now() + interval '1 hour' WHERE file = 2",
            &["crawl", "other"],
            "is crawling",
            13,
        ),
        (
            "a record that is out of date",
            "INSERT INTO moved (file, record, bucket, id) VALUES (2, 1, 1, 0)",
            &["crawl", "other"],
            "1 record has depth and referrer of an earlier way",
            13,
        ),
    ];
    for (what, sql, dirs, said, count) in cases {
        let two = Two::new(database, [4, 7]);
        two.sql(database, sql);
        let call = [&["merge"], dirs, &["-o", "all.jsonl"]].concat();
        let refused = two.run(&call);
        assert_eq!(refused.code, 2, "{what}: {}", refused.stderr);
        assert!(refused.stderr.contains(said) && !two.place.path("all.jsonl").exists(), "{what}: {}", refused.stderr);
        let run = two.run(&[&call[..], &["--partial"]].concat());
        assert_eq!(run.code, 0, "{what}: {}", run.stderr);
        assert!(run.stderr.contains("warning: missing: ") && run.stderr.contains(said), "{what}: {}", run.stderr);
        assert_eq!(fs::read_to_string(two.place.path("all.jsonl")).unwrap().lines().count(), count, "{what}");
    }
}

/// Something that is done to a crawl of two nodes.
type Damage<'a> = &'a dyn Fn(&Two);

#[test]
fn what_is_there_twice_or_is_not_as_it_was_written_is_never_merged() {
    let Some(database) = get() else { return };
    let damage = |two: &Two| {
        let file = two.place.path("other/pages.jsonl");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, text.replacen("\"depth\":1", "\"depth\":2", 1)).unwrap();
    };
    let cut = |two: &Two| fs::write(two.place.path("other/pages.jsonl"), "").unwrap();
    let sql = |sql: &'static str| move |two: &Two| drop(two.sql(get().unwrap(), sql));
    let cases: [(&str, Damage<'_>, i32); 5] = [
        ("has other bytes than the crawl has written", &damage, 1),
        ("has 0 of the ", &cut, 1),
        ("some are there twice", &sql("UPDATE url SET record = 1 WHERE file = 2 AND record = 2"), 1),
        ("some are missing", &sql("UPDATE url SET record = 99 WHERE file = 2 AND record = 8"), 1),
        ("is no node of the crawl", &sql("UPDATE node SET id = 'x' WHERE file = 3"), 2),
    ];
    for (said, damage, code) in cases {
        let two = Two::new(database, [4, 7]);
        damage(&two);
        if code == 2 {
            let file = two.place.path("other/node");
            let text = fs::read_to_string(&file).unwrap();
            fs::write(&file, text.replace(&two.ids[1], "0123456789abcdef")).unwrap();
        }
        let run = two.run(&["merge", "crawl", "other", "-o", "all.jsonl", "--partial"]);
        assert_eq!(run.code, code, "{said}: {}", run.stderr);
        assert!(run.stderr.contains(said), "{said}: {}", run.stderr);
        assert!(!two.place.path("all.jsonl").exists() && !two.place.path("all.jsonl.tmp").exists());
    }
}

#[test]
fn items_of_all_nodes_are_one_table_with_one_head() {
    let Some(database) = get() else { return };
    let shop = || Server::start(|_| Reply::html("<li class=p><b>tea</b></li><li class=p><b>pot, blue</b></li>"));
    let servers = [shop(), shop()];
    let two = Two::of(
        database,
        [0, 1].map(|n: usize| {
            let crawl = Crawl::of(servers[n].url("/")).set("output.items", "'csv'");
            crawl.arg("--item", "things=li.p").arg("--field", "things.name=b")
        }),
    );
    let run = two.run(&["merge", "crawl", "other", "-o", "things.csv", "--what", "items:things"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let merged = fs::read_to_string(two.place.path("things.csv")).unwrap();
    assert_eq!((merged.lines().count(), merged.matches("\"pot, blue\"").count()), (5, 2), "{merged}");
    let none = two.run(&["merge", "crawl", "other", "-o", "x.csv", "--what", "items:none"]);
    assert!(none.code == 2 && none.stderr.contains("no node has items that are called `none`"), "{}", none.stderr);
}
