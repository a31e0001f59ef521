//! Wrong calls that a new user may make: each is refused, says what to write, and neither does nor deletes anything.

use std::fs;

use crate::cli::Run;
use crate::support::folder;

#[test]
fn a_wrong_call_says_what_to_write_and_does_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let site = folder("three-levels").to_string_lossy().into_owned();
    // What an earlier crawl has left, a file of settings with a mistake, and a list.
    assert_eq!(Run::new(dir.path(), &[&site, "--max-pages", "2", "-q"]).code, 0);
    fs::write(dir.path().join("urls.txt"), "https://example.com/\nnot a url\n").unwrap();
    fs::write(dir.path().join("wrong.toml"), "[politeness]\nrat = 2\n").unwrap();
    fs::create_dir(dir.path().join("empty")).unwrap();
    assert_eq!(Run::new(dir.path(), &[&site, "--dir", "earlier", "--max-pages", "2", "-q"]).code, 0);
    let before = contents(dir.path());
    let mut told = String::new();
    for call in CALLS {
        let args: Vec<_> = call.split(' ').filter(|word| !word.is_empty()).map(|word| word.replace('_', " ")).collect();
        let run = Run::new(dir.path(), &args.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{call}: {}", run.stderr);
        assert!(contents(dir.path()) == before, "{call} has changed a file: {}", run.stderr);
        // Who is told what to do is never told to delete, but where the other way is named first.
        let tips: Vec<_> = run.stderr.lines().filter(|line| line.contains("help:") || line.contains("tip:")).collect();
        assert!(tips.iter().all(|tip| !tip.contains("--fresh") && !tip.contains("--force")), "{call}: {tips:?}");
        assert!(!run.stderr.contains("hunter2"), "{call}: {}", run.stderr);
        // Long lists of what is allowed are for another test.
        let said: Vec<_> = run.stderr.lines().map(|line| line.get(..line.len().min(100)).unwrap_or(line)).collect();
        told.extend(["$ crawler ", &call.replace("hunter2", "…"), "\n", &said.join("\n"), "\n\n"]);
    }
    insta::assert_snapshot!("wrong_calls", told);
}

/// The files of a folder and of those below it, with their bytes.
fn contents(folder: &std::path::Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(contents(&path));
        } else if !path.ends_with("lock") {
            // That has the process that was there last.
            all.push((path.clone(), fs::read(&path).unwrap()));
        }
    }
    all.sort_unstable();
    all
}

/// A call each; `_` is a space within a word.
const CALLS: [&str; 109] = [
    "",
    "crawl https://example.com/",
    "statsu",
    "--resume",
    "https://example.com/ --resume",
    "https://example.com/ --continue",
    "--url https://example.com/",
    "-u https://example.com/",
    "https:/example.com/",
    "https//example.com/",
    "htps://example.com/",
    "ftp://example.com/",
    "file:///srv/site",
    "user:hunter2@example.com",
    "mailto:me@example.com",
    "urls.txt",
    "--seed urls.txt",
    "--seeds-file urls.txt",
    "--seeds-file nowhere.txt",
    "./nowhere",
    "https://example.com/ --max-depth 2",
    "https://example.com/ --depth two",
    "https://example.com/ --depth -1",
    "https://example.com/ --max-page 10",
    "https://example.com/ --limit 10",
    "https://example.com/ --max-pages all",
    "https://example.com/ --threads 8",
    "https://example.com/ --concurrency 0",
    "https://example.com/ --rate fast",
    "https://example.com/ --delay 2",
    "https://example.com/ --wait 2",
    "https://example.com/ --timeout 30",
    "https://example.com/ --burst 5",
    "https://example.com/ --politeness.rate 5",
    "https://example.com/ --set rate=5",
    "https://example.com/ --set politeness.rat=5",
    "https://example.com/ --header Authorization=hunter2",
    "https://example.com/ --user-agent",
    "https://example.com/ --output-dir out",
    "https://example.com/ -o pages.csv",
    "https://example.com/ --csv",
    "https://example.com/ -k",
    "--config wrong.toml https://example.com/",
    "--config nowhere.toml https://example.com/",
    "--dir crawl status",
    "status nowhere",
    "links crawl/pages.jsonl",
    "audit urls.txt",
    "status https://example.com/",
    "report empty",
    "explain crawl https://example.com/",
    "explain crawl",
    "explain ext.invalid:21080/e crawl",
    "explain example.com/e",
    "earlier --depth 2",
    "links --fail-on nothing",
    "shell https://example.com/",
    "https://example.com/ --update",
    "--update",
    "https://example.com/ --check-links -o -",
    "https://example.com/ --warc -o -",
    "https://example.com/ --mirror",
    "https://example.com/ -m",
    "https://example.com/ --no-parent",
    "https://example.com/ -np",
    "https://example.com/ --spider",
    "https://example.com/ -A pdf",
    "https://example.com/ -R pdf",
    "https://example.com/ -e robots=off",
    "https://example.com/ -X POST",
    "https://example.com/ -d a=b",
    "https://example.com/ -s DEPTH_LIMIT=2",
    "https://example.com/ --debug",
    "https://example.com/ --rate 5/s",
    "https://example.com/ --max-pages 0",
    "https://example.com/ --depth 1.5",
    "https://example.com/ --include [",
    "https://example.com/ --field title=h1[",
    "https://example.com/ --output empty",
    "https://example.com/ --dir urls.txt",
    "--seeds-file empty",
    "mirror",
    "mirror --to out",
    "export --to out.xlsx",
    "merge",
    "merge crawl",
    "merge crawl -o all.jsonl",
    "merge nowhere -o all.jsonl",
    "merge crawl -o all.csv",
    "merge crawl -o all.jsonl --what links",
    "requeue crawl",
    "requeue crawl --node 1",
    "requeue --node 1 --store postgres://u:hunter2@localhost/d --name x",
    "requeue --node 1 --store postgres://u@localhost/d",
    "requeue --node 1 --store mysql://hunter2 --name x",
    "requeue --node 1 crawl --store postgres://u@localhost/d --name x",
    "verify --store postgres://u@localhost/d --name x",
    "verify --all crawl",
    "store",
    "store copy crawl",
    "store copy crawl earlier",
    "store copy postgres://u@h/d postgres://u@h/e",
    "store copy crawl postgres://u@localhost/d",
    "store copy crawl postgres://u@localhost/d --name Shop",
    "store copy crawl postgres://u:hunter2@localhost/d --name x",
    "store copy crawl postgres://u@db.example.com/d?sslmode=disable --name x",
    "store copy postgres://u@localhost/d nowhere --name x",
    "store copy postgres://u@localhost/d crawl --name x",
    "store copy empty postgres://u@localhost/d --name x",
];
