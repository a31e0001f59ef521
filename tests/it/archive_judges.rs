//! Programs that nobody here has written, on an archive: what they check, index, pack and replay.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::archive::{run, site};
use crate::support::{Crawl, Server, archive_files};

/// Programs that nobody here has written agree. Skipped where they are not installed: `DATA_TOOLS` names a folder with
/// `python` and what belongs to it, as `.ci/run` makes one.
#[test]
#[expect(clippy::print_stdout, reason = "who runs the tests should know that this one did nothing")]
fn other_programs_find_nothing_wrong_with_it() {
    let tools = std::env::var_os("DATA_TOOLS").map(|tools| std::path::absolute(tools).unwrap());
    let Some(tools) = tools.filter(|tools| tools.join("warcio").exists()) else {
        println!("skipped: DATA_TOOLS names no folder with warcio, fastwarc, cdxj-indexer, wacz and pywb for python");
        return;
    };
    let server = Server::start(site().routes());
    let crawled = Crawl::of(server.url("/")).flag("--warc").set("archive.max_file", "'4KiB'").run();
    assert_eq!(run(&crawled, &["index"]).code, 0);
    assert_eq!(run(&crawled, &["wacz", "--to", "out.wacz"]).code, 0);
    let replies = server.url("");
    let judge = |program: &str, args: &[&str]| {
        let output = Command::new(tools.join(program)).args(args).current_dir(crawled.path("")).output().unwrap();
        let said = [output.stdout.clone(), output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
        assert!(output.status.success(), "{program} {args:?}: {said:?}");
        output.stdout
    };
    let files: Vec<_> = archive_files(&crawled.path("crawl"));
    let files: Vec<&str> = files.iter().map(|path| path.to_str().unwrap()).collect();
    judge("warcio", &[&["check", "-v"], &files[..]].concat());
    for file in &files {
        // Of payloads it takes that of a revisit for wrong: findings/fastwarc-fails-payloads-of-revisits.sh.
        judge("fastwarc", &["check", file]);
    }
    let index = judge("cdxj-indexer", &[&["-s"], &files[..]].concat());
    let ours = fs::read(crawled.path("crawl/archive/index.cdxj")).unwrap();
    assert_eq!(String::from_utf8_lossy(&index), String::from_utf8_lossy(&ours));
    let said = String::from_utf8(judge("wacz", &["validate", "-f", "out.wacz"])).unwrap();
    assert!(said.contains("Validation succeeded"), "{said}");
    judge("wacz", &[&["create", "-o", "made.wacz", "--detect-pages", "-f"], &files[..]].concat());
    let found = pages(&crawled.path("made.wacz"));
    assert!(found.contains(&server.url("/target")), "another program finds the pages as well: {found:?}");
    fs::write(crawled.path("replay.py"), REPLAY).unwrap();
    judge("python", &["replay.py", "crawl/archive", &replies]);
}

/// Replays each page with pywb and compares it with what the server answers.
const REPLAY: &str = include_str!("archive_replay.py");

/// The pages that a WACZ lists.
fn pages(wacz: &Path) -> Vec<String> {
    let mut zip = zip::ZipArchive::new(fs::File::open(wacz).unwrap()).unwrap();
    let mut text = Vec::new();
    std::io::copy(&mut zip.by_name("pages/pages.jsonl").unwrap(), &mut text).unwrap();
    let lines = String::from_utf8(text).unwrap();
    let pages = lines.lines().skip(1).map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    pages.map(|page| page["url"].as_str().unwrap().to_owned()).collect()
}
