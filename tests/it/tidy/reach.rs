//! Reach: which code touches files, sockets, tasks, channels and clocks. Words touch nothing, stages no clock, and only
//! the engine has tasks and channels.

use super::layers::{is_word, top};
use super::modules::{Modules, Reached, Target};

#[test]
fn tasks_threads_and_channels_are_the_engines() {
    assert_eq!(spawning(Modules::of_the_library(), SPAWNING_FILES), [""; 0]);
}

#[test]
fn words_are_plain_data() {
    assert_eq!(doing_words(Modules::of_the_library()), [""; 0]);
}

#[test]
fn time_is_passed_in() {
    assert_eq!(clock_readers(Modules::of_the_library()), [""; 0]);
}

#[test]
fn every_file_that_may_spawn_does() {
    let found = spawning(Modules::of_the_library(), &[]);
    for (file, _) in SPAWNING_FILES {
        assert!(found.iter().any(|line| line.starts_with(file)), "{file} spawns nothing: take it off the list");
    }
}

/// What spawns a task or a thread, or makes a channel, outside of the engine and of the files that may.
pub(super) fn spawning(modules: &Modules, may: &[(&str, &str)]) -> Vec<String> {
    let mut found = Vec::new();
    for (path, module) in modules.iter().filter(|(path, _)| top(path) != "engine") {
        if may.iter().any(|(file, _)| *file == module.file) {
            continue;
        }
        let paths = modules.reached(path).into_iter().filter(|reached| starts_with(reached, SPAWNING));
        found.extend(paths.map(|reached| format!("{}: {}", module.file, reached.written)));
        let methods = module.methods().iter().filter(|method| SPAWNING_METHODS.contains(&method.as_str()));
        found.extend(methods.map(|method| format!("{}: .{method}()", module.file)));
    }
    found
}

/// What words have to do with files, sockets, processes and the runtime.
pub(super) fn doing_words(modules: &Modules) -> Vec<String> {
    let mut found = Vec::new();
    for (path, module) in modules.iter().filter(|(path, _)| is_word(path)) {
        let paths = modules.reached(path).into_iter();
        let paths = paths.filter(|reached| starts_with(reached, DOING) && !starts_with(reached, DATA));
        found.extend(paths.map(|reached| format!("{}: {}", module.file, reached.written)));
        if module.is_async() {
            found.push(format!("{}: async", module.file));
        }
    }
    found
}

/// What asks for the time where it is passed in.
pub(super) fn clock_readers(modules: &Modules) -> Vec<String> {
    let mut found = Vec::new();
    for (path, module) in modules.iter().filter(|(path, _)| is_word(path) || TIMELESS.contains(&top(path))) {
        let paths = modules.reached(path).into_iter().filter(|reached| reached.written.ends_with("::now"));
        found.extend(paths.map(|reached| format!("{}: {}", module.file, reached.written)));
        let methods = module.methods().iter().filter(|method| *method == "elapsed");
        found.extend(methods.map(|method| format!("{}: .{method}()", module.file)));
    }
    found
}

/// Whether a path leads to something of another crate that is one of these, or in one of these.
fn starts_with(reached: &Reached, all: &[&str]) -> bool {
    let Target::Other(path) = &reached.target else { return false };
    let path = path.join("::");
    all.iter().any(|one| path.strip_prefix(one).is_some_and(|rest| rest.is_empty() || rest.starts_with("::")))
}

/// What spawns a task or a thread, or makes a channel.
const SPAWNING: &[&str] = &[
    "std::thread::spawn",
    "std::thread::scope",
    "std::thread::Builder",
    "std::sync::mpsc",
    "tokio::spawn",
    "tokio::task::spawn",
    "tokio::task::spawn_blocking",
    "tokio::task::spawn_local",
    "tokio::task::JoinSet",
    "tokio::task::LocalSet",
    "tokio::sync::mpsc",
    "tokio::sync::oneshot",
    "tokio::sync::broadcast",
    "tokio::sync::watch",
];

const SPAWNING_METHODS: &[&str] = &["spawn", "spawn_blocking", "spawn_scoped", "spawn_local"];

/// Files outside of `src/engine/` that may, and why.
const SPAWNING_FILES: &[(&str, &str)] = &[
    ("src/store/tests/members.rs", "nodes that commit at the same moment"),
    ("src/fetch/archived/mod.rs", "files block: each record is read where that is allowed, and awaited by who asked"),
    ("src/serve/mod.rs", "the server has a thread of its own: the crawl never waits for those who look at it"),
    ("src/serve/server.rs", "on that thread each connection is a task"),
    (
        "src/store/postgres/blocking.rs",
        "where another runtime runs, whoever waits for the database needs a thread for that",
    ),
    ("src/store/sqlite/read_back.rs", "rows are taken out of the file while those before them become a frontier"),
    ("src/fetch/local.rs", "files block: each is read where blocking is allowed, and awaited by the one who asked"),
];

/// What does something, and does not only say something.
const DOING: &[&str] = &[
    "std::fs",
    "std::net",
    "std::io",
    "std::env",
    "std::process",
    "std::thread",
    "tokio",
    "reqwest",
    "hyper",
    "rusqlite",
];

/// What of that is plain data.
const DATA: &[&str] = &[
    // What says how bytes are handed over, and by whom: a word that reads takes what it is given.
    "std::io::BufRead",
    "std::io::BufReader",
    "std::io::Read",
    "std::io::Result",
    "std::io::copy",
    "std::io::sink",
    "std::io::Error",
    "std::io::ErrorKind::BrokenPipe",
    "std::net::IpAddr",
    "std::net::Ipv4Addr",
    "std::net::Ipv6Addr",
    "std::net::SocketAddr",
];

/// The stages that are told what time it is. `fetch` has deadlines, and `observe` shows how long it has been.
const TIMELESS: &[&str] = &["scope", "frontier", "politeness", "parse", "sitemaps", "sink"];
