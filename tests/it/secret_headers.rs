//! Secrets of the environment in headers: sent where they belong, and kept nowhere.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::{Arrival, Crawl, Crawled, Reply, Server};

/// An API that answers to who brings a token.
fn api(arrival: &Arrival) -> Reply {
    let has = |name: &str, value: &str| arrival.header(name).is_some_and(|sent| sent.starts_with(value));
    match arrival.path.as_str() {
        "/robots.txt" => Reply::new(404),
        _ if !has("authorization", "Bearer 5ecret-") || !has("x-key", "k-5ecret-") => Reply::new(401),
        "/1" => Reply::links("1", ["/2", "/3"]),
        path => Reply::html(format!("<title>{path}</title>")),
    }
}

fn crawl(server: &Server, token: &str) -> Crawl {
    let host = server.host();
    Crawl::of(server.url("/1"))
        .set("observe.log_level", "'trace'")
        .toml("[fetch.headers]\nAuthorization = \"Bearer ${API_TOKEN}\"\n")
        .toml(&format!("[hosts.\"{host}\"]\nheaders = {{ X-Key = \"k-${{API_TOKEN}}\" }}\n"))
        .toml("[[items]]\nname = \"titles\"\neach = \"head\"\n[items.fields]\ntext = \"title\"\n")
        .env("API_TOKEN", token)
}

#[test]
fn a_secret_of_the_environment_is_sent_and_kept_nowhere() {
    let server = Server::start(api);
    let first = crawl(&server, "5ecret-one").talkative().arg("--max-pages", "2").run();
    assert_eq!(ok(&first), 2, "{}", first.stderr);
    assert_is_nowhere(&first, "5ecret");
    let whole = crawl(&server, "5ecret-two").talkative().on(&first).run();
    assert_eq!(ok(&whole), 3, "another token is no other crawl: {}", whole.stderr);
    assert_is_nowhere(&whole, "5ecret");
    let tokens = |token: &str| {
        let sent = |arrival: &&Arrival| arrival.header("authorization") == Some(&format!("Bearer {token}"));
        server.log(|log| log.arrivals.iter().filter(|arrival| !arrival.is_robots()).filter(sent).count())
    };
    assert_eq!((tokens("5ecret-one"), tokens("5ecret-two")), (2, 1));
}

#[test]
fn flags_have_variables_too_and_what_looks_at_settings_shows_none() {
    let server = Server::start(api);
    let url = server.url("/2");
    let with_flags = |crawl: Crawl| {
        crawl
            .arg("--header", "Authorization: Bearer ${API_TOKEN}")
            .arg("--header", "X-Key: k-${API_TOKEN}")
            .env("API_TOKEN", "5ecret-three")
    };
    let crawled = with_flags(Crawl::of(&url).talkative()).run();
    assert_eq!(ok(&crawled), 1, "{}", crawled.stderr);
    assert_is_nowhere(&crawled, "5ecret");
    let headers = ["--header", "Authorization: Bearer ${API_TOKEN}", "--header", "X-Key: k-${API_TOKEN}"];
    for command in [&["config"][..], &["inspect", &url, "--json"], &["init", "--from-flags"]] {
        let dir = tempfile::tempdir().unwrap();
        let mut shown = Command::new(env!("CARGO_BIN_EXE_crawler"));
        let shown = shown.current_dir(dir.path()).args(command).args(headers).env("API_TOKEN", "5ecret-four");
        let shown = shown.output().unwrap();
        let said = String::from_utf8([shown.stdout, shown.stderr].concat()).unwrap();
        assert!(shown.status.success() && said.len() > 20 && !said.contains("5ecret"), "{command:?}: {said}");
        if let Ok(written) = fs::read_to_string(dir.path().join("crawl.toml")) {
            assert!(written.contains("Bearer ${API_TOKEN}"), "{written}");
        }
    }
    assert!(server.log(|log| log.arrivals.iter().any(|a| a.header("x-key") == Some("k-5ecret-four"))), "by inspect");
}

#[test]
fn a_secret_goes_to_no_other_origin() {
    let other = Server::start_on(2, |_| Reply::html("other"));
    let target = other.url("/");
    let server = Server::start(move |arrival| match arrival.path.as_str() {
        "/robots.txt" => Reply::new(404),
        _ => Reply::links("home", [&target]),
    });
    let crawled = Crawl::of(server.url("/"))
        .any_host()
        .toml("[fetch.headers]\nX-Key = \"${API_TOKEN}\"\nX-Team = \"$${search}\"\n")
        .env("API_TOKEN", "5ecret")
        .run();
    assert_eq!(ok(&crawled), 2);
    let sent = |server: &Server, name: &str| {
        server.log(|log| log.arrivals.iter().filter_map(|a| a.header(name).map(str::to_owned)).collect::<Vec<_>>())
    };
    assert_eq!(sent(&server, "x-key"), ["5ecret", "5ecret"]);
    assert!(sent(&other, "x-key").is_empty());
    assert_eq!(sent(&other, "x-team"), ["${search}", "${search}"]);
}

#[test]
fn a_variable_that_is_not_set_ends_the_call_with_its_place() {
    let refused = |crawl: Crawl| {
        let crawled = crawl.run();
        assert_eq!(crawled.code, Some(2), "{}", crawled.stderr);
        crawled.stderr
    };
    let line = |line: &str| refused(Crawl::of("http://127.0.0.1:9/").toml(&format!("[fetch.headers]\n{line}\n")));
    insta::assert_snapshot!(line("Authorization = \"Bearer abc${API_TOKEN}\""), @r"
    error: crawl.toml:5:28: the environment variable `API_TOKEN` is not set
      |
    5 | Authorization = <redacted> ${API_TOKEN} <redacted>
      |                            ^^^^^^^^^^^^
    ");
    insta::assert_snapshot!(line("X-Key = \"${API-TOKEN}\""), @r"
    error: crawl.toml:5:10: `${` does not begin the name of a variable
      |
    5 | X-Key = <redacted> ${ <redacted>
      |                    ^^
      = allowed: ${NAME}, of letters, digits and _
      = help: write $${ for the text ${
    ");
    let flag = Crawl::of("http://127.0.0.1:9/").arg("--header", "Authorization: Bearer abc${API_TOKEN}");
    insta::assert_snapshot!(refused(flag), @"error: --header Authorization: the environment variable `API_TOKEN` is not set");
}

/// How many pages were answered.
#[track_caller]
fn ok(crawled: &Crawled) -> usize {
    crawled.assert_code(0).records.iter().filter(|record| record["outcome"] == "ok").count()
}

/// Looks at all that a call has said and left.
#[track_caller]
fn assert_is_nowhere(crawled: &Crawled, secret: &str) {
    assert!(!crawled.stdout.contains(secret), "{}", crawled.stdout);
    assert!(!crawled.stderr.contains(secret), "{}", crawled.stderr);
    let mut folders = vec![crawled.path("")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                assert!(!has(&path, secret), "{}", path.display());
            }
        }
    }
}

fn has(path: &Path, secret: &str) -> bool {
    fs::read(path).unwrap().windows(secret.len()).any(|bytes| bytes == secret.as_bytes())
}
