//! What a user finds in the archive of a crawl, and in what is made of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::cli::Run;
use crate::resume::wait_until_kept;
use crate::support::{Crawl, Crawled, Place, Reply, Server, Site, WarcRecord, archive_files, archived, folder};

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// A site with all that an archive has to take: an encoded page, one in chunks, an image, a redirect, an error, a page that
/// breaks off, two pages with one body.
pub(crate) fn site() -> Site {
    let links = ["/encoded", "/chunked", "/image.png", "/away", "/missing", "/cut", "/twin-1", "/twin-2"];
    let twin = Reply::html("<title>twin</title>");
    Site::default()
        .robots("User-agent: *\nAllow: /\n")
        .with("/", Reply::links("home", links).header("X-B", "1").header("X-A", "2"))
        .with("/encoded", Reply::html(gzip("<title>encoded</title>")).header("Content-Encoding", "gzip"))
        .with("/chunked", Reply::html("<title>chunked</title>").chunked())
        .with("/image.png", Reply::new(200).header("Content-Type", "image/png").body(vec![7; 100_000]))
        .with("/away", Reply::redirect(302, "/target").body("moved"))
        .with("/target", Reply::html("<title>target</title>"))
        .with("/missing", Reply::new(404).header("Content-Type", "text/html").body("gone"))
        .with("/cut", Reply::html("<title>a page that breaks off in the middle</title>").resets(Place::InBody))
        .with("/twin-1", twin.clone())
        .with("/twin-2", twin)
}

fn archive(crawled: &Crawled) -> Vec<WarcRecord> {
    archived(&crawled.path("crawl"))
}

/// The records of a kind by the paths of their URLs, each once.
#[track_caller]
fn by_path(records: &[WarcRecord], kinds: &[&str], origin: &str) -> BTreeMap<String, WarcRecord> {
    let mut found = BTreeMap::new();
    for record in records.iter().filter(|record| kinds.contains(&record.kind())) {
        let path = record.url().strip_prefix(origin).unwrap_or_else(|| panic!("of another origin: {record:?}"));
        assert!(found.insert(path.to_owned(), record.clone()).is_none(), "{path} is there twice");
    }
    found
}

pub(crate) fn run(crawled: &Crawled, args: &[&str]) -> Run {
    Run::new(&crawled.path(""), args)
}

#[test]
fn an_archive_has_each_exchange_once_with_all_that_belongs_to_it() {
    let server = Server::start(site().routes());
    let crawled = Crawl::of(server.url("/")).flag("--warc").run();
    let (records, origin) = (archive(crawled.assert_code(0)), server.url(""));
    let answers = by_path(&records, &["response", "revisit"], &origin);
    let mut paths: BTreeSet<_> = crawled.urls().iter().map(|url| url[origin.len()..].to_owned()).collect();
    paths.insert("/robots.txt".to_owned());
    assert_eq!(answers.keys().cloned().collect::<BTreeSet<_>>(), paths);
    let requests = by_path(&records, &["request"], &origin);
    for (path, answer) in &answers {
        let request = &requests[path];
        assert_eq!(request.field("WARC-Concurrent-To"), answer.field("WARC-Record-ID"), "{path}");
        assert!(request.text().starts_with(&format!("GET {path} HTTP/1.1\r\n")), "{}", request.text());
        assert!(request.text().contains("accept-encoding: gzip, br, deflate\r\n"), "{}", request.text());
        assert_eq!(answer.field("WARC-IP-Address"), "127.0.0.1", "{path}");
        assert!(answer.field("WARC-Block-Digest").starts_with("sha1:"), "{path}");
        assert!(answer.field("WARC-Payload-Digest").starts_with("sha1:"), "{path}");
    }
    let metadata = by_path(&records, &["metadata"], &origin);
    for record in &crawled.records {
        let (path, known) = (&record["url"].as_str().unwrap()[origin.len()..], &record["referrer"]);
        let (said, answer) = (&metadata[path], &answers[path]);
        assert_eq!(said.field("WARC-Concurrent-To"), answer.field("WARC-Record-ID"), "{path}");
        let date = &record["fetched_at"].as_str().unwrap();
        assert_eq!((&said.field("WARC-Date"), &answer.field("WARC-Date")), (date, date), "{path}");
        let lines = said.text();
        let outcome = format!("outcome: {}\r\n", record["outcome"].as_str().unwrap());
        assert!(lines.contains(&outcome), "{path}: {lines}");
        match known.as_str() {
            Some(referrer) => assert!(lines.contains(&format!("via: {referrer}\r\nhopsFromSeed: L")), "{lines}"),
            None => assert!(lines.contains("seed: \r\n"), "{lines}"),
        }
    }
    assert!(crawled.path("crawl/archive").is_dir() && records[0].kind() == "warcinfo");
    assert_eq!(run(&crawled, &["verify"]).code, 0);
}

#[test]
fn an_answer_is_as_it_was_received_but_for_its_transfer_coding() {
    let server = Server::start(site().routes());
    let crawled = Crawl::of(server.url("/")).flag("--warc").run();
    let records = archive(&crawled);
    let answers = by_path(&records, &["response", "revisit"], &server.url(""));
    let text = |path: &str| answers[path].text();
    assert!(text("/").starts_with("HTTP/1.1 200 Reason\r\n"), "{}", text("/"));
    assert!(text("/").contains("x-b: 1\r\nx-a: 2\r\n"), "in their order: {}", text("/"));
    assert_eq!(answers["/encoded"].body(), gzip("<title>encoded</title>"));
    assert!(text("/encoded").contains("content-encoding: gzip\r\n"));
    assert_eq!(answers["/chunked"].body(), b"<title>chunked</title>");
    let chunked = text("/chunked").to_ascii_lowercase();
    assert!(chunked.contains("content-length: 22\r\n") && !chunked.contains("transfer-encoding"), "{chunked}");
    assert_eq!(answers["/image.png"].body(), vec![7; 100_000], "what the crawl has no use for");
    assert_eq!(crawled.record(&server.url("/image.png"))["bytes"], serde_json::Value::Null);
    assert_eq!(answers["/away"].body(), b"moved");
    assert_eq!(answers["/missing"].body(), b"gone");
    assert_eq!(answers["/cut"].field("WARC-Truncated"), "disconnect");
    assert!(!answers["/cut"].body().is_empty());
}

#[test]
fn a_body_that_is_there_is_referred_to() {
    let server = Server::start(site().routes());
    let crawled = Crawl::of(server.url("/")).flag("--warc").concurrency(1).run();
    let records = archive(&crawled);
    let answers = by_path(&records, &["response", "revisit"], &server.url(""));
    let (first, again) = (&answers["/twin-1"], &answers["/twin-2"]);
    assert_eq!((first.kind(), again.kind()), ("response", "revisit"));
    assert_eq!(again.field("WARC-Profile"), "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest");
    assert_eq!(again.field("WARC-Refers-To"), first.field("WARC-Record-ID"));
    assert_eq!(again.field("WARC-Refers-To-Target-URI"), first.url());
    assert_eq!(again.field("WARC-Refers-To-Date"), first.field("WARC-Date"));
    assert_eq!(again.field("WARC-Payload-Digest"), first.field("WARC-Payload-Digest"));
    assert!(again.body().is_empty() && again.text().starts_with("HTTP/1.1 200 Reason\r\n"));
}

#[test]
fn a_body_that_an_earlier_archive_has_is_not_kept_again() {
    let server = Server::start(site().routes());
    let earlier = Crawl::of(server.url("/")).flag("--warc").run();
    assert_eq!(run(&earlier, &["index"]).code, 0);
    let index = earlier.path("crawl/archive/index.cdxj");
    let known = format!("['{}']", index.display());
    let crawled = Crawl::of(server.url("/")).flag("--warc").set("archive.earlier", &known).run();
    let answers = by_path(&archive(crawled.assert_code(0)), &["response", "revisit"], &server.url(""));
    let kept: Vec<_> = answers.iter().filter(|(_, answer)| answer.kind() == "response").map(|(path, _)| path).collect();
    assert_eq!(kept, ["/cut"], "what is not whole is nothing to refer to");
    assert_eq!(answers["/"].field("WARC-Refers-To-Target-URI"), server.url("/"));
    assert_eq!(run(&crawled, &["verify"]).code, 0, "that is where its bodies are");
    let home = fs::read_to_string(&index).unwrap();
    let others: Vec<_> = home.lines().filter(|line| !line.contains(&format!("\"{}\"", server.url("/")))).collect();
    fs::write(&index, others.join("\n")).unwrap();
    let verified = run(&crawled, &["verify"]);
    assert_eq!((verified.code, verified.stdout.lines().count()), (1, 1), "{}", verified.stdout);
    assert!(
        verified.stdout.contains(&format!("its body is that of {} as of ", server.url("/"))),
        "{}",
        verified.stdout
    );
    fs::write(&index, "no index").unwrap();
    let refused = Crawl::of(server.url("/")).flag("--warc").set("archive.earlier", &known).talkative().run();
    assert!(refused.assert_code(2).stderr.contains("no line of it is one of an index"), "{}", refused.stderr);
}

#[test]
fn records_do_not_change_for_an_archive() {
    let server = Server::start(site().routes());
    let comparable = |crawled: &Crawled| {
        let mut records: Vec<_> = crawled.records.clone();
        for record in &mut records {
            let fields = record.as_object_mut().unwrap();
            fields.retain(|name, _| !["fetched_at", "elapsed_ms"].contains(&name.as_str()));
        }
        records.sort_by_key(|record| record["url"].as_str().unwrap().to_owned());
        records
    };
    let plain = Crawl::of(server.url("/")).run();
    let archived = Crawl::of(server.url("/")).flag("--warc").run();
    assert_eq!(comparable(&plain), comparable(&archived));
    assert_eq!(plain.summary["unread"], archived.summary["unread"]);
    assert!(!plain.path("crawl/archive").exists() && plain.summary.get("archive").is_none());
    let length: u64 = archive_files(&archived.path("crawl")).iter().map(|path| path.metadata().unwrap().len()).sum();
    assert_eq!(archived.summary["archive"]["bytes"], length);
}

#[test]
fn files_are_full_at_their_bound_and_are_named_one_after_the_other() {
    let server = Server::start(site().routes());
    let crawled = Crawl::of(server.url("/"))
        .flag("--warc")
        .set("archive.max_file", "'1KiB'")
        .set("archive.prefix", "'my-crawl'")
        .set("archive.host", "'here'")
        .run();
    let files = archive_files(&crawled.path("crawl"));
    assert!(files.len() > 2, "{files:?}");
    let mut stems = BTreeSet::new();
    for (nth, path) in files.iter().enumerate() {
        let name = path.file_name().unwrap().to_str().unwrap();
        let stem = name.strip_suffix(&format!("-{nth:05}-here.warc.gz")).unwrap_or_else(|| panic!("{name}"));
        stems.insert(stem.to_owned());
        let info = crate::support::records(&fs::read(path).unwrap()).remove(0);
        assert_eq!((info.kind(), info.field("WARC-Filename")), ("warcinfo", name));
        assert!(info.text().contains("format: WARC File Format 1.1\r\n"), "{}", info.text());
    }
    let stem = stems.into_iter().next().unwrap();
    assert!(stem.starts_with("my-crawl-") && stem.len() == "my-crawl-".len() + 17, "{stem}");
    assert_eq!(run(&crawled, &["verify"]).code, 0);
}

#[test]
fn a_secret_that_was_sent_is_not_in_the_archive() {
    let server = Server::start(site().routes());
    let crawled = Crawl::of(server.url("/"))
        .flag("--warc")
        .arg("--header", "Cookie: s3cret=1")
        .arg("--header", "X-A: open")
        .run();
    let requests: Vec<_> = archive(&crawled).into_iter().filter(|record| record.kind() == "request").collect();
    assert!(server.log(|log| log.arrivals.iter().all(|arrival| arrival.header("cookie") == Some("s3cret=1"))));
    assert!(requests.iter().all(|request| request.text().contains("x-a: open\r\n")));
    assert!(requests.iter().all(|request| !request.text().contains("s3cret")), "{requests:?}");
}

#[test]
fn an_archive_goes_on_where_a_kill_has_left_it_and_has_each_exchange_once() {
    let server = Server::start(site().routes());
    server.hold("/target");
    let crawl = || Crawl::of(server.url("/")).flag("--warc").set("archive.max_file", "'2KiB'");
    let running = crawl().start();
    server.wait_for("the last page", |log| log.in_flight == 1 && log.count("/target") == 1);
    wait_until_kept(&running, "all but one", "SELECT count(record) = 9 FROM url");
    let killed = running.kill();
    server.open_all();
    let files = archive_files(&killed.path("crawl"));
    // What was not committed any more: half a record, and the start of another file.
    let last = files.last().unwrap();
    fs::OpenOptions::new().append(true).open(last).unwrap().write_all(&gzip("half")[..9]).unwrap();
    let name = last.file_name().unwrap().to_str().unwrap();
    let serial = format!("-{:05}-", files.len() - 1);
    fs::write(last.with_file_name(name.replace(&serial, &format!("-{:05}-", files.len()))), "uncommitted").unwrap();
    let crawled = crawl().on(&killed).run();
    let answers = by_path(&archive(crawled.assert_code(0)), &["response", "revisit"], &server.url(""));
    assert_eq!(answers.len(), 11, "{:?}", answers.keys());
    let verified = run(&crawled, &["verify"]);
    assert_eq!(verified.code, 0, "{}", verified.stdout);
    assert!(verified.stdout.contains(", an archive of "), "{}", verified.stdout);
}

#[test]
fn an_archive_begins_and_ends_with_its_crawl() {
    let server = Server::start(Site::linked(&[("/", &["/a"]), ("/a", &[])]).routes());
    let crawl = || Crawl::of(server.url("/")).arg("--max-pages", "1");
    let plain = crawl().run();
    let refused = Crawl::of(server.url("/")).flag("--warc").talkative().on(&plain).run();
    assert!(refused.assert_code(2).stderr.contains("has no archive, and what is settled would be missing in it"));
    let archived = crawl().flag("--warc").run();
    let refused = Crawl::of(server.url("/")).talkative().on(&archived).run();
    assert!(refused.assert_code(2).stderr.contains("give --warc again"), "{}", refused.stderr);
    let fresh = Crawl::of(server.url("/")).flag("--fresh").on(&archived).run();
    assert!(fresh.assert_code(0).records.len() == 2 && archive_files(&fresh.path("crawl")).is_empty());
}

#[test]
fn an_archive_that_somebody_has_taken_away_or_changed_is_told() {
    let server = Server::start(site().routes());
    let crawl = || Crawl::of(server.url("/")).flag("--warc").set("archive.max_file", "'1KiB'").talkative();
    let check = |disturb: &dyn Fn(&std::path::Path), nth: usize, told: &str, verified: &str| {
        let crawled = crawl().arg("--max-pages", "8").run();
        disturb(&archive_files(&crawled.path("crawl"))[nth]);
        let found = run(&crawled, &["verify"]);
        assert!(found.code == 1 && found.stdout.contains(verified), "{}", found.stdout);
        if !told.is_empty() {
            let refused = crawl().on(&crawled).run();
            assert!(refused.assert_code(1).stderr.contains(told), "{}", refused.stderr);
        }
    };
    let cut = |path: &std::path::Path| {
        let file = fs::OpenOptions::new().write(true).open(path).unwrap();
        file.set_len(file.metadata().unwrap().len() - 5).unwrap();
    };
    check(&|path| fs::remove_file(path).unwrap(), 0, "is not there, but the crawl has written", "is not there");
    check(&cut, 1, "bytes long, but the crawl has written", "bytes long");
    check(
        &|path| {
            let mut bytes = fs::read(path).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            fs::write(path, bytes).unwrap();
        },
        1,
        "",
        "is not what the crawl has written: at byte",
    );
}

#[test]
fn a_site_on_disk_is_archived_as_its_files() {
    let crawled = Crawl::of(folder("three-levels").to_string_lossy()).flag("--warc").run();
    let records = archive(crawled.assert_code(0));
    let resources = by_path(&records, &["resource"], "http://localhost");
    assert!(records.iter().all(|record| !["response", "request"].contains(&record.kind())));
    let index = fs::read(folder("three-levels").join("index.html")).unwrap();
    assert_eq!((resources["/"].block.as_slice(), resources["/"].field("Content-Type")), (&index[..], "text/html"));
    let ok = crawled.records.iter().filter(|record| record["outcome"] == "ok").count();
    assert!(resources.len() >= ok, "{} of {ok}", resources.len());
    assert_eq!(records.iter().filter(|record| record.kind() == "metadata").count(), crawled.records.len());
    assert_eq!(run(&crawled, &["verify"]).code, 0);
}

#[test]
fn only_the_types_that_are_asked_for_have_their_bodies_in_it() {
    let server = Server::start(site().routes());
    let crawled = Crawl::of(server.url("/")).flag("--warc").set("archive.content_types", "['text/*']").run();
    let answers = by_path(&archive(&crawled), &["response", "revisit"], &server.url(""));
    assert_eq!((answers["/image.png"].body().len(), answers["/image.png"].field("WARC-Truncated")), (0, "unspecified"));
    assert!(!answers["/"].body().is_empty());
}

#[test]
fn a_name_is_in_it_with_what_it_stands_for() {
    let server = Server::start(site().routes());
    let url = server.url("/").replace("127.0.0.1", "localhost");
    let crawled = Crawl::of(url).flag("--warc").run();
    let records = archive(crawled.assert_code(0));
    let names: Vec<_> = records.iter().filter(|record| record.url() == "dns:localhost").collect();
    assert_eq!((names.len(), names[0].kind(), names[0].field("Content-Type")), (1, "response", "text/dns"));
    assert!(names[0].text().contains("localhost.\tIN\tA\t127.0.0.1\n"), "{}", names[0].text());
}

#[test]
fn an_index_has_a_line_for_each_capture_and_leads_to_it() {
    let server = Server::start(site().routes());
    let crawled = Crawl::of(server.url("/")).flag("--warc").set("archive.max_file", "'2KiB'").run();
    let made = run(&crawled, &["index"]);
    assert!(made.code == 0 && made.stderr.contains("index.cdxj: 11 captures of "), "{}", made.stderr);
    let index = fs::read_to_string(crawled.path("crawl/archive/index.cdxj")).unwrap();
    let lines: Vec<_> = index.lines().collect();
    assert!(lines.is_sorted() && lines.len() == 11, "{index}");
    for line in lines {
        let json: serde_json::Value = serde_json::from_str(&line[line.find('{').unwrap()..]).unwrap();
        let text = |name: &str| json[name].as_str().unwrap_or_else(|| panic!("{name}: {line}"));
        let file = fs::read(crawled.path("crawl/archive").join(text("filename"))).unwrap();
        let offset: usize = text("offset").parse().unwrap();
        let length: usize = text("length").parse().unwrap();
        let found = crate::support::records(&file[offset..offset + length]);
        assert_eq!((found.len(), found[0].url()), (1, text("url")));
        assert_eq!(found[0].field("WARC-Payload-Digest"), text("digest"));
    }
}

#[test]
fn a_wacz_has_all_of_it_stored_and_says_which_pages_there_are() {
    let server = Server::start(site().routes());
    let crawled = Crawl::of(server.url("/")).flag("--warc").set("content.text", "true").run();
    let made = run(&crawled, &["wacz", "--to", "out.wacz", "--title", "A site"]);
    assert!(made.code == 0 && made.stderr.starts_with("wrote out.wacz: 6 pages, 11 captures, "), "{}", made.stderr);
    let mut zip = zip::ZipArchive::new(fs::File::open(crawled.path("out.wacz")).unwrap()).unwrap();
    let mut files = BTreeMap::new();
    for at in 0..zip.len() {
        let mut file = zip.by_index(at).unwrap();
        assert_eq!(file.compression(), zip::CompressionMethod::Stored, "{:?}", file.name());
        let mut bytes = Vec::new();
        std::io::copy(&mut file, &mut bytes).unwrap();
        files.insert(file.name().unwrap().into_owned(), bytes);
    }
    let package: serde_json::Value = serde_json::from_slice(&files["datapackage.json"]).unwrap();
    assert_eq!((&package["wacz_version"], &package["title"]), (&"1.1.1".into(), &"A site".into()));
    assert_eq!(package["mainPageURL"], server.url("/"));
    for resource in package["resources"].as_array().unwrap() {
        assert_eq!(resource["bytes"], files[resource["path"].as_str().unwrap()].len(), "{resource}");
    }
    assert_eq!(package["resources"].as_array().unwrap().len() + 2, files.len());
    let pages = String::from_utf8(files["pages/pages.jsonl"].clone()).unwrap();
    let pages: Vec<serde_json::Value> = pages.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&pages[0]["format"], &pages[0]["hasText"]), (&"json-pages-1.0".into(), &true.into()));
    let home = pages.iter().find(|page| page["url"] == server.url("/").as_str()).unwrap();
    assert_eq!((&home["title"], &home["seed"]), (&"home".into(), &true.into()));
    assert!(home["text"].as_str().unwrap().contains("/twin-1"), "{home}");
    let name = archive_files(&crawled.path("crawl"))[0].clone();
    let stored = &files[&format!("archive/{}", name.file_name().unwrap().to_str().unwrap())];
    assert_eq!(stored, &fs::read(name).unwrap());
    let refused = run(&crawled, &["wacz", "--to", "out.wacz"]);
    assert!(refused.code == 2 && refused.stderr.contains("is already there"), "{}", refused.stderr);
}

#[test]
fn what_has_no_archive_is_told_so() {
    let server = Server::start(site().routes());
    let crawled = Crawl::of(server.url("/")).run();
    for call in [&["index"][..], &["wacz", "--to", "out.wacz"]] {
        let refused = run(&crawled, call);
        assert_eq!(refused.code, 2);
        assert!(
            refused.stderr.contains("the crawl in crawl has no archive\n = help: crawl with --warc"),
            "{}",
            refused.stderr
        );
    }
}
