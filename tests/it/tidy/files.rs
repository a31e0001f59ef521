//! Files: a first line that says what a file is, few lines, names that mean something, no fixture that nobody uses.

use std::fs;

use super::source::{root, sources};

#[test]
fn the_first_line_says_what_the_file_is() {
    for source in sources(&["src", "tests", "examples", "benches"]) {
        let first = source.text.lines().next().unwrap_or_default();
        assert!(first.starts_with("//! ") && first.len() > 15, "{} starts with {first:?}", source.path);
    }
}

#[test]
fn files_are_small() {
    for source in sources(&["src", "tests", "examples", "benches"]) {
        let lines = source.without_tests().lines().count();
        let allowed =
            LONG_FILES.iter().find(|(path, ..)| *path == source.path).map_or(MAX_LINES, |(_, lines, _)| *lines);
        assert!(lines <= allowed, "{} has {lines} lines without its tests; {allowed} are allowed", source.path);
    }
}

#[test]
fn a_file_is_named_after_what_is_in_it() {
    for source in sources(&["src", "tests", "examples", "benches"]) {
        let vague = source.path.split('/').map(|part| part.trim_end_matches(".rs")).find(|part| VAGUE.contains(part));
        assert_eq!(vague, None, "{}", source.path);
    }
}

#[test]
fn every_exception_is_still_needed() {
    for (path, ..) in LONG_FILES {
        let source = sources(&["src", "tests"]).into_iter().find(|source| source.path == *path);
        let lines = source.map_or(0, |source| source.without_tests().lines().count());
        assert!(lines > MAX_LINES, "{path} has {lines} lines: take it off the list");
    }
}

#[test]
fn every_fixture_is_used() {
    let tests: String =
        sources(&["src", "tests", "examples", "benches"]).into_iter().map(|source| source.text).collect();
    for site in folders("fixtures/sites") {
        assert!(tests.contains(&format!("\"{site}\"")), "no test names fixtures/sites/{site}");
    }
    // These are read as a whole: each folder is a case of one data-driven test.
    for cases in folders("fixtures").into_iter().filter(|cases| cases != "sites") {
        assert!(tests.contains(&format!("fixtures/{cases}")), "no test reads fixtures/{cases}");
    }
}

/// The names of the folders in a folder.
fn folders(of: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(of)).unwrap().map(Result::unwrap);
    entries.filter(|entry| entry.path().is_dir()).map(|entry| entry.file_name().into_string().unwrap()).collect()
}

/// Files that may be longer: path, lines, reason.
const LONG_FILES: &[(&str, usize, &str)] = &[];

const MAX_LINES: usize = 400;

const VAGUE: &[&str] = &["util", "utils", "common", "helpers", "misc", "types", "manager", "imp"];
