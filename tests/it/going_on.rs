//! Going on: by the crawl directory alone, by the call that a crawl names at its end, with a list that has become shorter; and
//! where nothing is kept, the same each time.

use std::fs;
use std::path::Path;

use rustix::process::Signal;

use crate::cli::Run;
use crate::support::{Crawl, Crawled, Reply, Server, Site, folder};

/// The calls of `crawler` that a run names, each as its words; none of the fixtures needs quotes.
fn calls(stderr: &str) -> Vec<Vec<&str>> {
    let named = stderr.lines().filter_map(|line| line.strip_prefix("this goes on")?.split_once(": crawler "));
    named.map(|(_, call)| call.split(' ').collect()).collect()
}

/// What `crawler` says in a folder without a crawl.toml, after it has ended well.
fn ok(dir: &Path, args: &[&str]) -> Run {
    let run = Run::new(dir, args);
    assert_eq!(run.code, 0, "{args:?}: {}", run.stderr);
    run
}

#[test]
fn records_on_stdout_alone_leave_nothing_and_are_the_same_each_time() {
    let (dir, site) = (tempfile::tempdir().unwrap(), folder("three-levels").to_string_lossy().into_owned());
    let urls = |run: &Run| {
        let mut urls: Vec<_> = run.stdout.lines().map(|line| line.split(',').next().unwrap().to_owned()).collect();
        urls.sort_unstable();
        urls
    };
    let first = ok(dir.path(), &[&site, "-o", "-"]);
    assert_eq!((urls(&first).len(), first.stderr.contains("this goes on")), (13, false), "{}", first.stderr);
    assert_eq!(urls(&ok(dir.path(), &[&site, "-q", "-o", "-"])), urls(&first));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    // Nobody may write here, not even root.
    assert_eq!(urls(&ok(Path::new("/proc"), &[&site, "-o", "-"])), urls(&first));
    for flag in ["--fresh", "--retry-failed"] {
        let refused = Run::new(dir.path(), &[&site, "-o", "-", flag]);
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""));
        assert!(refused.stderr.contains(&format!("{flag} is for a crawl in a directory")), "{}", refused.stderr);
    }
    // What is a file needs a place, and nobody finds one that was not asked for.
    let (elsewhere, rules) =
        (tempfile::tempdir().unwrap(), "[[items]]\nname = \"titles\"\neach = \"h1\"\n[items.fields]\ntext = \"a\"\n");
    fs::write(elsewhere.path().join("rules.toml"), rules).unwrap();
    let rules = elsewhere.path().join("rules.toml").display().to_string();
    let items = ["--config", &*rules];
    for wants in [&["--warc"][..], &["--check-links"], &["--check-external"], &["--check-resources"], &items] {
        let called = [&[&*site, "-q", "-o", "-"][..], wants].concat();
        let refused = Run::new(dir.path(), &called);
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{wants:?}: {}", refused.stderr);
        assert!(refused.stderr.contains("no directory keeps it\n = help: "), "{}", refused.stderr);
        assert!(refused.stderr.contains(": --dir DIR"), "{}", refused.stderr);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "{wants:?}");
    }
    ok(dir.path(), &[&site, "-q", "-o", "-", "--warc", "--dir", "kept"]);
    assert!(dir.path().join("kept/archive").is_dir());
}

#[test]
fn a_crawl_directory_alone_goes_on_with_what_it_holds() {
    let (dir, site) = (tempfile::tempdir().unwrap(), folder("three-levels").to_string_lossy().into_owned());
    let kept = dir.path().join("kept").display().to_string();
    let first = ok(dir.path(), &[&site, "--dir", &kept, "--max-pages", "3", "--depth", "2"]);
    assert_eq!(calls(&first.stderr), [["--dir", &kept, "--max-pages", "6"]]);
    let shown = ok(dir.path(), &["config", "--dir", &kept]).stdout;
    assert!(shown.contains("depth = 2 ") && shown.contains(&format!("seeds = [\"{site}\"]")), "{shown}");

    // A file of settings that lies in the way is of another crawl.
    fs::write(dir.path().join("crawl.toml"), "depth = 0\n[politeness]\nrate = 1").unwrap();
    let second = ok(dir.path(), &["--dir", &kept, "--max-pages", "none"]);
    let told = format!(
        "the settings are those of the crawl in {kept}, and what the command line says; crawl.toml is not read"
    );
    assert!(second.stderr.contains(&told), "{}", second.stderr);
    assert!(second.stderr.contains("complete: 11 pages"), "{}", second.stderr);
    assert_eq!(fs::read_to_string(dir.path().join("kept/pages.jsonl")).unwrap().lines().count(), 11);

    // One that says where to start is what is called for.
    fs::write(dir.path().join("crawl.toml"), "seeds = ['http://127.0.0.1:1/']").unwrap();
    let other = Run::new(dir.path(), &["--dir", &kept]);
    assert_eq!(other.code, 2, "{}", other.stderr);
    assert!(other.stderr.contains("holds a crawl of other seeds"), "{}", other.stderr);

    let nothing = Run::new(&kept.parse::<std::path::PathBuf>().unwrap(), &["--dir", "nowhere"]);
    assert_eq!(nothing.code, 2);
    assert!(nothing.stderr.contains("there is no crawl in nowhere that could go on"), "{}", nothing.stderr);
}

#[test]
fn what_a_crawl_directory_does_not_keep_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(|_| Reply::html("home"));
    let with_password = server.url("/").replace("://", "://user:hunter2@");
    for (secret, key) in
        [(["--header", "Authorization: hunter2"], "fetch.headers.Authorization"), (["--seed", &with_password], "seeds")]
    {
        let kept = dir.path().join(key).display().to_string();
        let first =
            ok(dir.path(), &[&[server.url("/").as_str(), "--dir", &kept, "--max-pages", "1"], &secret[..]].concat());
        assert!(!first.stderr.contains("hunter2"), "{}", first.stderr);
        let alone = Run::new(dir.path(), &["--dir", &kept]);
        assert_eq!(alone.code, 2, "{}", alone.stderr);
        let told = format!("was called with secrets, which no crawl directory keeps: {key}");
        assert!(alone.stderr.contains(&told) && !alone.stderr.contains("hunter2"), "{}", alone.stderr);
    }
}

#[test]
fn a_crawl_that_is_stopped_names_the_call_that_goes_on() {
    let server = Server::start(Site::linked(&[("/", &["/a", "/b"]), ("/a", &[]), ("/b", &[])]).routes());
    server.hold("/a");
    let crawl = Crawl::of(server.url("/")).talkative().flag("--fresh").concurrency(1).start();
    server.wait_for("one that is held", |log| log.in_flight == 1);
    crawl.signal(Signal::INT);
    crawl.wait_for_stderr("in flight");
    server.open_all();
    let stopped = crawl.finish();
    assert_eq!(stopped.code, Some(130), "{}", stopped.stderr);
    let [call] = <[_; 1]>::try_from(calls(&stopped.stderr)).unwrap_or_else(|_| panic!("{}", stopped.stderr));
    assert!(!call.contains(&"--fresh"), "{call:?}");
    let second = ok(&stopped.path(""), &call);
    assert!(
        second.stderr.contains("going on with the crawl") && second.stderr.contains("complete: 3 pages"),
        "{}",
        second.stderr
    );
    for page in ["/", "/a", "/b"] {
        assert_eq!(server.count(page), 1, "{page}");
    }
}

#[test]
fn a_list_of_seeds_that_has_become_shorter_goes_on_with_those_that_are_left() {
    let (server, other) =
        (Server::start(|_| Reply::links("page", ["/linked"])), Server::start(|_| Reply::html("page")));
    let list = |urls: &[String], on: Option<&Crawled>, flags: &[&str]| {
        let crawl = flags
            .iter()
            .fold(Crawl::bare().talkative().set("politeness.rate", "'none'"), |crawl, flag| crawl.flag(flag));
        let crawl = on.map_or(crawl, |earlier| Crawl::bare().talkative().set("politeness.rate", "'none'").on(earlier));
        let crawl = if on.is_some() { flags.iter().fold(crawl, |crawl, flag| crawl.flag(flag)) } else { crawl };
        fs::write(crawl.path("urls.txt"), urls.join("\n")).unwrap();
        crawl.arg("--seeds-file", "urls.txt").concurrency(1).run()
    };
    let urls = [server.url("/1"), server.url("/2"), other.url("/3"), server.url("/4")];
    let first = list(&urls, None, &["--depth", "0", "--max-pages", "1"]);
    assert_eq!(first.assert_code(0).records.len(), 1);
    let done = first.urls();
    let left: Vec<_> = urls.iter().filter(|url| done.contains(url) || **url == urls[3]).cloned().collect();
    let second = list(&left, Some(&first), &["--depth", "0"]);
    assert_eq!(second.assert_code(0).urls(), {
        let mut left = left.clone();
        left.sort_unstable();
        left
    });
    assert!(second.stderr.contains(" and 1 more of before is left out"), "{}", second.stderr);
    assert_eq!(second.skipped("scope"), 2);
    // All of it again: nothing was lost.
    let third = list(&urls, Some(&second), &["--depth", "0"]);
    assert_eq!(third.assert_code(0).records.len(), 4);
    let others = list(&[server.url("/9")], Some(&third), &["--depth", "0"]);
    assert_eq!(others.code, Some(2), "{}", others.stderr);
}
