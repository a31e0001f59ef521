//! How a crawl is called: seeds that stand alone, as people write them, and a crawl directory in both of its spellings.

use crate::cli::Run;
use crate::support::{Crawl, Reply, Server, Site};

#[test]
fn seeds_that_stand_alone_are_crawled() {
    let server = Server::start(Site::linked(&[("/", &["/a"]), ("/a", &[]), ("/b", &[])]).routes());
    let crawled = Crawl::bare().set("politeness.rate", "'none'").flag(&server.url("/")).flag(&server.url("/b")).run();
    assert_eq!(crawled.assert_code(0).urls(), ["/", "/a", "/b"].map(|path| server.url(path)));
}

#[test]
fn a_seed_without_a_scheme_is_crawled_and_told() {
    let server = Server::start(|_| Reply::html("home"));
    for flags in [&["--seed"][..], &[]] {
        let crawl = flags.iter().fold(Crawl::bare().talkative(), |crawl, flag| crawl.flag(flag));
        let crawled = crawl.flag(&server.host()).run();
        assert_eq!(crawled.assert_code(0).urls(), [server.url("/")]);
        let told = format!("the seed {0} is taken as http://{0}, as a browser does\n", server.host());
        assert!(crawled.stderr.contains(&told), "{}", crawled.stderr);
    }
}

#[test]
fn a_folder_that_is_called_like_a_host_is_the_folder() {
    let crawl = Crawl::bare().talkative().flag("example.com");
    std::fs::create_dir(crawl.path("example.com")).unwrap();
    std::fs::write(crawl.path("example.com/index.html"), "<p>here").unwrap();
    let crawled = crawl.run();
    assert_eq!(crawled.assert_code(0).urls(), ["http://localhost/"]);
    let told = "the seed example.com is taken as the folder of that name; the site is https://example.com\n";
    assert!(crawled.stderr.contains(told), "{}", crawled.stderr);
}

#[test]
fn a_crawl_directory_is_named_behind_a_command_or_behind_its_flag() {
    let server = Server::start(|_| Reply::html("home"));
    let crawled = Crawl::of(server.url("/")).flag("--warc").run();
    std::fs::rename(crawled.assert_code(0).path("crawl"), crawled.path("here")).unwrap();
    let url = server.url("/");
    for call in [&["status"][..], &["verify"], &["explain", &url], &["index"]] {
        let [bare, flagged] = [&["here"][..], &["--dir", "here"]].map(|dir| {
            let run = Run::new(&crawled.path(""), &[call, dir].concat());
            assert_eq!(run.code, 0, "{call:?} {dir:?}: {}", run.stderr);
            (run.stdout, run.stderr)
        });
        assert_eq!(bare, flagged, "{call:?}");
        let both = Run::new(&crawled.path(""), &[call, &["here", "--dir", "here"]].concat());
        assert_eq!(both.code, 2, "{}", both.stderr);
    }
}

#[test]
fn help_and_version_are_commands_too() {
    let dir = tempfile::tempdir().unwrap();
    for (command, flags) in
        [(&["help"][..], &["--help"][..]), (&["version"], &["--version"]), (&["help", "status"], &["status", "--help"])]
    {
        let [command, flags] = [command, flags].map(|args| Run::new(dir.path(), args));
        assert_eq!((command.code, command.stdout), (0, flags.stdout));
    }
}
