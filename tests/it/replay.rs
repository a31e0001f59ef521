//! Archives as seeds: what was captured is crawled again without a socket, and what was not is told.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::archive;
use crate::support::{Crawl, Crawled, Reply, Server, Site};

/// An archive as other programs write it.
#[derive(Default)]
pub(crate) struct Archive {
    records: Vec<String>,
}

impl Archive {
    fn record(mut self, fields: &str, block: &str) -> Self {
        let length = block.len();
        self.records.push(format!("WARC/1.0\r\n{fields}\r\nContent-Length: {length}\r\n\r\n{block}\r\n\r\n"));
        self
    }

    /// What a server answered at that second of a minute.
    pub(crate) fn response(self, url: &str, second: u32, message: &str) -> Self {
        let number = self.records.len();
        self.record(
            &format!(
                "WARC-Type: response\r\nWARC-Record-ID: <urn:uuid:{number:036}>\r\nWARC-Target-URI: {url}\r\n\
                 WARC-Date: 2020-01-02T03:04:{second:02}Z\r\nContent-Type: application/http; msgtype=response"
            ),
            message,
        )
    }

    pub(crate) fn page(self, url: &str, second: u32, body: &str) -> Self {
        self.response(url, second, &format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n{body}"))
    }

    /// One gzip member for each record.
    pub(crate) fn compressed(&self) -> Vec<u8> {
        let member = |record: &String| {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(record.as_bytes()).unwrap();
            encoder.finish().unwrap()
        };
        self.records.iter().flat_map(member).collect()
    }

    fn plain(&self) -> Vec<u8> {
        self.records.concat().into_bytes()
    }

    /// The lines of an index, of a file that is not compressed.
    fn index(&self, file: &str, of: &[(&str, u32)]) -> String {
        let (mut lines, mut offset) = (String::new(), 0);
        for (record, (url, second)) in self.records.iter().zip(of) {
            let length = record.len();
            writeln!(
                lines,
                "key 2020010203{:04} {{\"url\": \"{url}\", \"mime\": \"text/html\", \"status\": \"200\", \
                 \"offset\": \"{offset}\", \"length\": \"{length}\", \"filename\": \"{file}\"}}",
                400 + second
            )
            .unwrap();
            offset += length;
        }
        lines
    }
}

/// Three pages that link to each other, and one that was never captured.
fn site() -> Archive {
    Archive::default()
        .page("http://e.com/", 1, "<title>home</title><a href=/a>a</a><a href=/b>b</a><a href=/lost>lost</a>")
        .page("http://e.com/a", 2, "<title>a</title><a href=/A>A</a>")
        .page("http://e.com/b", 3, "<title>b</title>")
        .page("http://e.com/A", 4, "<title>another</title>")
}

pub(crate) fn replay(name: &str, bytes: impl AsRef<[u8]>, more: impl FnOnce(Crawl, &Path) -> Crawl) -> Crawled {
    let crawl = Crawl::bare().seed(name);
    let path = crawl.path(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    more(crawl, &path).run()
}

pub(crate) fn titles(crawled: &Crawled) -> Vec<String> {
    let title = |record: &serde_json::Value| {
        let said = record["title"].as_str().or(record["error"]["kind"].as_str()).unwrap_or("-");
        format!("{} {} {said}", record["url"].as_str().unwrap(), record["depth"])
    };
    let mut titles: Vec<_> = crawled.records.iter().map(title).collect();
    titles.sort();
    titles
}

const ALL: [&str; 5] = [
    "http://e.com/ 0 home",
    "http://e.com/A 2 another",
    "http://e.com/a 1 a",
    "http://e.com/b 1 b",
    "http://e.com/lost 1 not_archived",
];

#[test]
fn an_archive_is_crawled_as_the_site_was() {
    for (name, bytes) in [("site.warc.gz", site().compressed()), ("site.warc", site().plain())] {
        let crawled = replay(name, bytes, |crawl, _| crawl);
        assert_eq!(titles(crawled.assert_code(0)), ALL, "{name}");
        let page = crawled.record("http://e.com/a");
        assert_eq!(page["fetched_at"], "2020-01-02T03:04:02.000Z", "when it was captured");
        assert_eq!(page["attempts"], 1);
    }
}

#[test]
fn an_index_finds_records_without_reading_all() {
    let of = [("http://e.com/", 1), ("http://e.com/a", 2), ("http://e.com/b", 3), ("http://e.com/A", 4)];
    let index = site().index("site.warc", &of);
    let crawled = replay("indexes/index.cdxj", index, |crawl, index| {
        let archive = index.parent().unwrap().parent().unwrap().join("archive");
        fs::create_dir(&archive).unwrap();
        fs::write(archive.join("site.warc"), site().plain()).unwrap();
        crawl
    });
    assert_eq!(titles(crawled.assert_code(0)), ALL);
}

#[test]
fn an_index_whose_archive_is_not_there_is_refused() {
    let crawled = replay("index.cdxj", site().index("gone.warc", &[("http://e.com/", 1)]), |crawl, _| crawl);
    assert!(crawled.assert_code(2).stderr.contains("line 1 names the archive `gone.warc`, which is not there"));
}

#[test]
fn what_is_no_archive_is_refused() {
    for (bytes, why) in [("", "the file is empty"), ("<html>", "this is no archive"), ("PK\u{3}\u{4}", "no ZIP file")] {
        let crawled = replay("site.warc.gz", bytes, |crawl, _| crawl);
        assert!(crawled.assert_code(2).stderr.contains(why), "{}", crawled.stderr);
    }
    let crawled = replay("site.warc.zst", "", |crawl, _| crawl);
    assert!(crawled.assert_code(2).stderr.contains("is compressed as `.zst`"), "{}", crawled.stderr);
}

#[test]
fn an_archive_that_breaks_off_gives_what_is_before() {
    let mut bytes = site().compressed();
    bytes.truncate(bytes.len() - 20);
    let crawled = replay("site.warc.gz", bytes, |crawl, _| crawl.talkative());
    assert!(crawled.assert_code(0).stderr.contains("the 3 records beside that are taken"), "{}", crawled.stderr);
    assert_eq!(crawled.record("http://e.com/A")["error"]["kind"], "not_archived");
    assert_eq!(crawled.records.len(), ALL.len());
}

#[test]
fn damage_costs_what_is_there_and_nothing_else() {
    let damaged = |mut bytes: Vec<u8>, at: usize| {
        // The record of `/a`, the second of four.
        bytes[at..at + 4].fill(b'!');
        let crawled = replay("site.warc.gz", bytes, |crawl, _| crawl.talkative());
        assert!(crawled.assert_code(0).stderr.contains("site.warc.gz is damaged at byte "), "{}", crawled.stderr);
        assert!(crawled.stderr.contains("; the 3 records beside that are taken"), "{}", crawled.stderr);
        let lost = ["http://e.com/ 0 home", "http://e.com/a 1 not_archived", "http://e.com/b 1 b"];
        assert_eq!(titles(&crawled), [&lost[..], &["http://e.com/lost 1 not_archived"]].concat());
    };
    let second = site().records[0].len();
    damaged(site().plain(), second);
    let second = Archive { records: site().records[..1].to_vec() }.compressed().len();
    damaged(site().compressed(), second + 20);
}

#[test]
fn one_member_for_all_records_is_read_and_told_to_be_slow() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&site().plain()).unwrap();
    let crawled = replay("site.warc.gz", encoder.finish().unwrap(), |crawl, _| crawl.talkative());
    assert_eq!(titles(crawled.assert_code(0)), ALL);
    assert!(crawled.stderr.contains("warcio recompress"), "{}", crawled.stderr);
}

#[test]
fn of_several_captures_the_last_one_answers_or_that_of_an_instant() {
    let archive = || {
        Archive::default()
            .page("http://e.com/", 1, "<title>first</title>")
            .page("http://e.com/", 3, "<title>third</title>")
            .page("http://e.com/", 2, "<title>second</title>")
            .compressed()
    };
    let title = |at: Option<&str>| {
        let crawled = replay("site.warc.gz", archive(), |crawl, _| match at {
            Some(at) => crawl.arg("--replay-at", at),
            None => crawl,
        });
        crawled.record("http://e.com/")["title"].as_str().unwrap().to_owned()
    };
    assert_eq!(title(None), "third");
    assert_eq!(title(Some("2020-01-02T03:04:02Z")), "second");
    assert_eq!(title(Some("20200102030401")), "first");
    assert_eq!(title(Some("2019")), "first", "what was captured later is better than nothing");
    let wrong = replay("site.warc.gz", archive(), |crawl, _| crawl.arg("--replay-at", "yesterday"));
    assert!(wrong.assert_code(2).stderr.contains("`yesterday` is no instant"), "{}", wrong.stderr);
}

#[test]
fn answers_to_other_methods_and_parts_are_no_pages() {
    let request = |method: &str, of: usize| {
        let fields = format!(
            "WARC-Type: request\r\nWARC-Record-ID: <urn:uuid:r{of}>\r\nWARC-Target-URI: http://e.com/\r\n\
             WARC-Concurrent-To: <urn:uuid:{of:036}>\r\nWARC-Date: 2020-01-02T03:04:09Z\r\n\
             Content-Type: application/http; msgtype=request"
        );
        (fields, format!("{method} / HTTP/1.1\r\nHost: e.com\r\n\r\n"))
    };
    let (post, block) = request("POST", 1);
    let (early, early_block) = request("POST", 3);
    let archive = Archive::default()
        .page("http://e.com/", 1, "<title>got</title>")
        .page("http://e.com/", 5, "<title>posted</title>")
        .record(&early, &early_block)
        .page("http://e.com/", 6, "<title>posted too</title>")
        .record(&post, &block)
        .response("http://e.com/", 7, "HTTP/1.1 206 Partial\r\nContent-Type: text/html\r\n\r\n<title>part</title>")
        .response("http://e.com/", 8, "HTTP/1.1 304 Not Modified\r\n\r\n");
    let crawled = replay("site.warc.gz", archive.compressed(), |crawl, _| crawl);
    assert_eq!(titles(crawled.assert_code(0)), ["http://e.com/ 0 got"]);
}

#[test]
fn a_revisit_has_the_body_of_the_record_that_it_names() {
    let revisit = |url: &str, refers: &str| {
        format!(
            "WARC-Type: revisit\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2020-01-02T03:04:09Z\r\n{refers}\
             WARC-Profile: http://netpreserve.org/warc/1.0/revisit/identical-payload-digest\r\n\
             Content-Type: application/http; msgtype=response"
        )
    };
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n";
    let named = "WARC-Refers-To-Target-URI: http://e.com/a\r\nWARC-Refers-To-Date: 2020-01-02T03:04:02Z\r\n\
                 WARC-Block-Digest: sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ\r\n";
    let archive = site()
        .record(&revisit("http://e.com/b", named), head)
        // Without a name it is the same page, captured before.
        .record(&revisit("http://e.com/A", ""), head)
        .record(&revisit("http://e.com/lost", ""), head);
    let crawled = replay("site.warc.gz", archive.compressed(), |crawl, _| crawl);
    assert_eq!(crawled.record("http://e.com/b")["title"], "a", "whatever it says of its block");
    assert_eq!(crawled.record("http://e.com/A")["title"], "another");
    let lost = &crawled.record("http://e.com/lost")["error"];
    assert!(lost["message"].as_str().unwrap().ends_with("the record that it revisits is not in the archive"), "{lost}");
}

#[test]
fn what_is_not_as_it_was_written_is_a_failure_of_its_own() {
    let damaged = String::from_utf8(
        Archive::default()
            .record(
                "WARC-Type: response\r\nWARC-Target-URI: http://e.com/\r\nWARC-Date: 2020-01-02T03:04:01Z\r\n\
                 WARC-Block-Digest: sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ\r\nContent-Type: application/http",
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<title>home</title>",
            )
            .plain(),
    )
    .unwrap();
    let crawled = replay("site.warc", damaged, |crawl, _| crawl);
    let error = &crawled.assert_code(3).record("http://e.com/")["error"];
    assert_eq!(error["kind"], "file");
    assert!(error["message"].as_str().unwrap().contains("at byte 0: its block has another digest"), "{error}");
}

#[test]
fn the_robots_txt_of_the_archive_holds_and_its_waits_do_not() {
    let robots = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n\
                  User-agent: *\nDisallow: /b\nCrawl-delay: 50\nSitemap: http://e.com/map\n";
    let busy = "HTTP/1.1 503 Busy\r\nRetry-After: 3000\r\nContent-Type: text/html\r\n\r\n<title>busy</title>";
    let archive = site().response("http://e.com/robots.txt", 0, robots).response("http://e.com/a", 8, busy);
    let crawled = replay("site.warc.gz", archive.compressed(), |crawl, _| crawl);
    assert_eq!(crawled.assert_code(0).skipped("robots"), 1);
    assert_eq!(crawled.record("http://e.com/a")["status"], 503);
    assert_eq!(crawled.record("http://e.com/a")["attempts"], 1, "the archive would say the same again");
}

#[test]
fn urls_beside_an_archive_are_where_it_begins() {
    let crawled = replay("site.warc.gz", site().compressed(), |crawl, _| crawl.seed("http://e.com/a"));
    assert_eq!(titles(crawled.assert_code(0)), ["http://e.com/A 1 another", "http://e.com/a 0 a"]);
}

#[test]
fn pages_that_the_archive_calls_its_seeds_are_where_it_begins() {
    let seed = "WARC-Type: metadata\r\nWARC-Target-URI: http://e.com/b\r\nWARC-Date: 2020-01-02T03:04:03Z\r\n\
                Content-Type: application/warc-fields";
    let archive = site().record(seed, "seed: \r\nfetchTimeMs: 1\r\n");
    let crawled = replay("site.warc.gz", archive.compressed(), |crawl, _| crawl);
    assert_eq!(titles(crawled.assert_code(0)), ["http://e.com/b 0 b"]);
}

#[test]
fn a_replay_goes_on_with_the_same_archive_only() {
    let first = replay("site.warc.gz", site().compressed(), |crawl, _| crawl.arg("--max-pages", "2"));
    let again = Crawl::bare().seed("site.warc.gz").on(&first).run();
    assert_eq!(titles(again.assert_code(0)), ALL);
    let other = Crawl::bare().on(&first).seed("http://e.com/").run();
    assert!(other.assert_code(2).stderr.contains("holds a crawl of "), "{}", other.stderr);
    assert!(other.stderr.contains("site.warc.gz\n = help: name another directory: --dir DIR"), "{}", other.stderr);
}

/// All that a record says but when and how long; of a failure its kind, since the archive tells it in other words.
fn said(crawled: &Crawled) -> Vec<String> {
    let mut said: Vec<_> = crawled
        .records
        .iter()
        .map(|record| {
            let mut record = record.clone();
            let fields = record.as_object_mut().unwrap();
            for name in ["elapsed_ms", "fetched_at", "attempts"] {
                fields.remove(name);
            }
            if let Some(error) = fields.get_mut("error") {
                *error = error["kind"].take();
            }
            record.to_string()
        })
        .collect();
    said.sort();
    said
}

#[test]
fn a_replay_of_our_own_archive_equals_the_crawl_however_it_is_named() {
    let server = Server::start(archive::site().routes());
    let live = Crawl::of(server.url("/")).flag("--warc").set("politeness.retries", "0").run();
    live.assert_code(0);
    assert_eq!(archive::run(&live, &["index", "crawl"]).code, 0);
    assert_eq!(archive::run(&live, &["wacz", "crawl", "--to", "all.wacz"]).code, 0);
    let files = fs::read_dir(live.path("crawl/archive")).unwrap().map(|file| file.unwrap().path());
    let mut seeds: Vec<_> = files.filter(|file| file.is_file() && !file.ends_with("bodies.idx")).collect();
    seeds.push(live.path("all.wacz"));
    assert_eq!(seeds.len(), 3, "a WARC file, its index, a WACZ: {seeds:?}");
    let asked = server.log(|log| log.answered.len());
    for seed in seeds {
        let replayed = Crawl::bare().seed(seed.to_str().unwrap()).run();
        assert_eq!(said(replayed.assert_code(0)), said(&live), "{}", seed.display());
    }
    assert_eq!(server.log(|log| log.answered.len()), asked, "the server is asked for nothing");
}

#[test]
fn archives_that_are_packed_together_are_read_as_each_of_them() {
    let packed = |page: &str, to: &str| {
        let server = Server::start(Site::default().with("/", Reply::html(page)).routes());
        let live = Crawl::of(server.url("/")).flag("--warc").run();
        assert_eq!(archive::run(&live, &["wacz", "crawl", "--to", to]).code, 0);
        (server.url("/"), fs::read(live.path(to)).unwrap())
    };
    let [(one, first), (two, second)] =
        [packed("<title>one</title>", "one.wacz"), packed("<title>two</title>", "two.wacz")];
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in [("one.wacz", &first), ("two.wacz", &second)] {
        zip.start_file(name, stored).unwrap();
        zip.write_all(bytes).unwrap();
    }
    let all = zip.finish().unwrap().into_inner();
    let crawled = replay("all.wacz", &all, |crawl, _| crawl);
    assert_eq!(crawled.assert_code(0).record(&one)["title"], "one");
    assert_eq!(crawled.record(&two)["title"], "two");
    let mut deeper = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    deeper.start_file("all.wacz", stored).unwrap();
    deeper.write_all(&all).unwrap();
    let wrong = replay("deeper.wacz", deeper.finish().unwrap().into_inner(), |crawl, _| crawl);
    assert!(wrong.assert_code(2).stderr.contains("all.wacz: there are more in it"), "{}", wrong.stderr);
}

#[test]
fn a_site_on_disk_that_was_archived_is_found_by_its_index() {
    let site = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/sites/three-levels");
    let live = Crawl::bare().seed(site).flag("--warc").run();
    assert_eq!(archive::run(&live, &["index", "crawl"]).code, 0);
    let replayed = Crawl::bare().seed(live.path("crawl/archive/index.cdxj").to_str().unwrap()).run();
    // A file that is not there leaves nothing in an archive: what was a 404 is not archived.
    let all_but_lost = |crawled: &Crawled| {
        let mut said = said(crawled.assert_code(0));
        said.retain(|record| !record.contains("\"url\":\"http://localhost/lost-page.html\""));
        said
    };
    assert_eq!(all_but_lost(&replayed), all_but_lost(&live));
    assert_eq!(replayed.records.len(), live.records.len());
}
