//! An output that another program takes away: noticed, told, and whole again after the same command. Nothing of a file
//! that is not ours is lost.

use std::fs::{self, File};
use std::path::Path;

use crate::cli::Run;
use crate::resume::wait_until_kept;
use crate::support::{Crawl, Crawled, Reply, Server, Site};

const PAGES: usize = 20;

/// A page that links to twenty others.
fn star() -> Server {
    let pages: Vec<String> = (0..PAGES).map(|n| format!("/{n}")).collect();
    let site = Site::default().with("/", Reply::links("home", &pages));
    Server::start(pages.iter().fold(site, |site, page| site.with(page, Reply::html("page"))).routes())
}

/// A crawl whose output is `taken` away while its last ten pages are being answered, and that has ended because of it.
fn disturbed(server: &Server, taken: impl Fn(&Path)) -> Crawled {
    for page in PAGES - 10..PAGES {
        server.hold(&format!("/{page}"));
    }
    let crawl = Crawl::of(server.url("/")).concurrency(10).start();
    server.wait_for("ten that are held", |log| log.in_flight == 10);
    wait_until_kept(&crawl, "eleven records", "SELECT count(record) = 11 FROM url");
    let pages = crawl.path("crawl/pages.jsonl");
    taken(&pages);
    server.open_all();
    crawl.finish()
}

/// What the crawl says of it, and what the same command says and does then.
fn told_and_made_good(server: &Server, left: &Crawled) -> String {
    let first = left.assert_code(1).stderr.clone();
    let again = Crawl::of(server.url("/")).talkative().on(left).run();
    assert_eq!(again.assert_code(0).records.len(), PAGES + 1, "{}", again.stderr);
    let verified = Run::new(&left.path(""), &["verify"]);
    assert_eq!(verified.code, 0, "{}{}", verified.stdout, verified.stderr);
    let warned: Vec<_> = again.stderr.lines().filter(|line| line.starts_with("warning")).collect();
    let words = format!("{first}{}", warned.join("\n"));
    words.split(' ').map(|word| if word.parse::<u64>().is_ok() { "N" } else { word }).collect::<Vec<_>>().join(" ")
}

#[test]
fn an_output_that_is_removed_is_noticed_and_written_again() {
    let server = star();
    let left = disturbed(&server, |pages| fs::remove_file(pages).unwrap());
    insta::assert_snapshot!(told_and_made_good(&server, &left), @r"
    error: crawl/pages.jsonl has been removed or renamed by another program during the crawl
     = help: the same command asks again for what is lost, or for nothing if the file is put back before
    warning: crawl/pages.jsonl is not there any more: N records are lost, and asked for again
    ");
}

#[test]
fn an_output_that_is_renamed_is_noticed_and_written_again() {
    let server = star();
    let left = disturbed(&server, |pages| fs::rename(pages, pages.with_extension("1")).unwrap());
    insta::assert_snapshot!(told_and_made_good(&server, &left), @r"
    error: crawl/pages.jsonl has been removed or renamed by another program during the crawl
     = help: the same command asks again for what is lost, or for nothing if the file is put back before
    warning: crawl/pages.jsonl is not there any more: N records are lost, and asked for again
    ");
    assert!(left.path("crawl/pages.1").exists());
}

#[test]
fn an_output_that_is_renamed_and_put_back_loses_nothing() {
    let server = star();
    let left = disturbed(&server, |pages| fs::rename(pages, pages.with_extension("1")).unwrap());
    fs::rename(left.path("crawl/pages.1"), left.path("crawl/pages.jsonl")).unwrap();
    insta::assert_snapshot!(told_and_made_good(&server, &left), @r"
    error: crawl/pages.jsonl has been removed or renamed by another program during the crawl
     = help: the same command asks again for what is lost, or for nothing if the file is put back before
    ");
    for page in 0..PAGES - 10 {
        assert_eq!(server.count(&format!("/{page}")), 1, "what was committed is not asked for again");
    }
}

#[test]
fn an_output_that_is_replaced_is_noticed_and_the_other_file_is_kept() {
    let server = star();
    let precious = "precious\n".repeat(10_000);
    let left = disturbed(&server, |pages| {
        fs::write(pages.with_extension("new"), &precious).unwrap();
        fs::rename(pages.with_extension("new"), pages).unwrap();
    });
    insta::assert_snapshot!(told_and_made_good(&server, &left), @r"
    error: crawl/pages.jsonl has been replaced by another program during the crawl
     = help: the same command asks again for what is lost, or for nothing if the file is put back before
    warning: crawl/pages.jsonl is not what the crawl has left there, and is now crawl/pages.jsonl.aside: N records are lost, and asked for again
    ");
    assert_eq!(fs::read_to_string(left.path("crawl/pages.jsonl.aside")).unwrap(), precious);
}

#[test]
fn an_output_that_is_cut_to_nothing_is_noticed_and_written_again() {
    let server = star();
    let left = disturbed(&server, |pages| File::options().write(true).open(pages).unwrap().set_len(0).unwrap());
    insta::assert_snapshot!(told_and_made_good(&server, &left), @r"
    error: crawl/pages.jsonl has had N bytes cut off by another program during the crawl
     = help: the same command asks again for what is lost, or for nothing if the file is put back before
    warning: crawl/pages.jsonl is not what the crawl has left there, and is now crawl/pages.jsonl.aside: N records are lost, and asked for again
    ");
}

/// A crawl that has ended, in whose output this is left.
fn changed(server: &Server, change: impl Fn(&Path)) -> Crawled {
    let left = Crawl::of(server.url("/")).run();
    assert_eq!(left.assert_code(0).records.len(), PAGES + 1);
    change(&left.path("crawl/pages.jsonl"));
    left
}

#[test]
fn an_output_that_is_deleted_between_two_runs_is_written_again() {
    let server = star();
    let left = changed(&server, |pages| fs::remove_file(pages).unwrap());
    let again = Crawl::of(server.url("/")).talkative().on(&left).run();
    assert_eq!(again.assert_code(0).records.len(), PAGES + 1);
    let said = "warning: crawl/pages.jsonl is not there any more: 21 records are lost, and asked for again\n";
    assert!(again.stderr.contains(said), "{}", again.stderr);
    assert!(again.stderr.contains("0 records are there, 21 URLs are waiting"), "{}", again.stderr);
    for page in 0..PAGES {
        assert_eq!(server.count(&format!("/{page}")), 2);
    }
    let complete = Crawl::of(server.url("/")).talkative().on(&left).run();
    assert!(complete.assert_code(0).stderr.contains("is complete, with 21 records"), "{}", complete.stderr);
}

#[test]
fn what_is_left_of_an_output_is_kept() {
    let server = star();
    let cut = |pages: &Path| {
        let text = fs::read_to_string(pages).unwrap();
        let fifth = text.match_indices('\n').nth(4).unwrap().0;
        File::options().write(true).open(pages).unwrap().set_len(fifth as u64 + 30).unwrap();
    };
    let left = changed(&server, cut);
    let kept = fs::read_to_string(left.path("crawl/pages.jsonl")).unwrap();
    let again = Crawl::of(server.url("/")).talkative().on(&left).run();
    assert_eq!(again.assert_code(0).records.len(), PAGES + 1);
    let said = "warning: crawl/pages.jsonl has been cut: 16 records are lost, and asked for again\n";
    assert!(again.stderr.contains(said), "{}", again.stderr);
    let whole = fs::read_to_string(left.path("crawl/pages.jsonl")).unwrap();
    assert!(whole.starts_with(&kept[..kept.len() - 29]), "the five lines that were whole");
    let asked: usize = (0..PAGES).map(|page| server.count(&format!("/{page}"))).sum();
    assert_eq!(asked, PAGES + 16);
}

#[test]
fn a_file_of_somebody_else_is_put_aside_however_well_it_fits() {
    let server = star();
    let mut foreign = String::new();
    let left = Crawl::of(server.url("/")).run();
    let pages = left.path("crawl/pages.jsonl");
    for name in ["pages.jsonl.aside", "pages.jsonl.aside-2"] {
        // As long, with each line as long: only what it says differs.
        let lines = fs::read_to_string(&pages).unwrap();
        foreign.clone_from(&lines.replace("\"status\":200", "\"status\":404"));
        assert!(foreign != lines && foreign.len() == lines.len());
        fs::write(&pages, &foreign).unwrap();
        let again = Crawl::of(server.url("/")).talkative().on(&left).run();
        assert_eq!(again.assert_code(0).records.len(), PAGES + 1);
        assert!(again.stderr.contains("crawl/pages.jsonl is not what the crawl has left there, and is now "));
        assert!(again.stderr.contains(&format!("{name}: 21 records are lost")), "{}", again.stderr);
        assert_eq!(fs::read_to_string(left.path("crawl").join(name)).unwrap(), foreign);
    }
}

#[test]
fn what_somebody_has_written_behind_the_records_is_kept_aside() {
    for tail in ["{\"x\":1}\n", "mine", "\n"] {
        let server = star();
        let left = changed(&server, |pages| {
            let whole = fs::read_to_string(pages).unwrap();
            fs::write(pages, whole + tail).unwrap();
        });
        let again = Crawl::of(server.url("/")).talkative().on(&left).run();
        assert_eq!(again.assert_code(0).records.len(), PAGES + 1, "{tail:?}: {}", again.stderr);
        assert!(again.stderr.contains("no record is lost"), "{tail:?}: {}", again.stderr);
        let aside = fs::read_to_string(again.path("crawl/pages.jsonl.aside")).unwrap();
        assert!(aside.ends_with(tail), "{tail:?}");
    }
}

#[test]
fn a_crawl_that_was_not_whole_again_yet_is_sound() {
    let site = Site::linked(&[("/", &["/a"]), ("/a", &["/b"]), ("/b", &["/c"]), ("/c", &[])]);
    let server = Server::start(site.routes());
    let left = Crawl::of(server.url("/")).run();
    fs::remove_file(left.path("crawl/pages.jsonl")).unwrap();
    for (pages, records) in [("1", 1), ("3", 3), ("9", 4)] {
        let run = Crawl::of(server.url("/")).arg("--max-pages", pages).on(&left).run();
        assert_eq!(run.assert_code(0).records.len(), records);
        let verified = Run::new(&left.path(""), &["verify"]);
        assert_eq!(verified.code, 0, "{}{}", verified.stdout, verified.stderr);
    }
}

#[test]
fn without_a_store_it_is_noticed_as_well() {
    let server = star();
    server.hold("/1");
    let crawl = Crawl::of(server.url("/")).flag("--no-store").start();
    server.wait_for("the others", |log| log.answered.len() == PAGES + 1);
    fs::remove_file(crawl.path("crawl/pages.jsonl")).unwrap();
    server.open_all();
    let said = "error: crawl/pages.jsonl has been removed or renamed by another program during the crawl\n";
    assert_eq!(crawl.finish().assert_code(1).stderr, said);
}

#[test]
fn several_outputs_are_taken_up_each_and_cut_back_together() {
    let (server, place) = (star(), tempfile::tempdir().unwrap());
    let [one, two] = ["crawl/pages.jsonl", "copy.jsonl"].map(|name| place.path().join(name));
    let run = |pages: Option<u64>, copies: &[&Path]| {
        let mut config = crawler::config::Config::default();
        config.politeness.rate = "none".parse().unwrap();
        config.max_pages = crawler::units::Limit(pages);
        config.seeds = vec![server.url("/")];
        let dir = crawler::CrawlDir::take(&place.path().join("crawl")).unwrap();
        let crawl = crawler::Crawl::builder().config(config).dir(dir);
        let crawl = copies.iter().fold(crawl, crawler::CrawlBuilder::output).build()?;
        tokio::runtime::Runtime::new().unwrap().block_on(crawl.run())
    };
    let read = |path: &Path| fs::read_to_string(path).unwrap();
    assert_eq!(run(Some(5), &[&two]).unwrap().records, 5);
    assert_eq!(read(&one), read(&two));
    // Behind the commit, in one of them.
    fs::write(&two, read(&two) + "{\"url\":\"half").unwrap();
    assert_eq!(run(Some(9), &[&two]).unwrap().records, 9);
    assert_eq!(read(&one), read(&two));
    // What one has lost, both get anew: in the same order.
    fs::write(&two, read(&two).split_inclusive('\n').take(3).collect::<String>()).unwrap();
    assert_eq!(run(None, &[&two]).unwrap().records, 21);
    assert_eq!((read(&one).lines().count(), read(&one)), (21, read(&two)));
    let refused = run(None, &[]).unwrap_err().to_string();
    assert!(refused.contains("copy.jsonl and pages.jsonl, not to pages.jsonl\n = help: give --output "), "{refused}");
    assert!(run(None, &[&two, &two]).unwrap_err().to_string().contains("given twice"));
}
