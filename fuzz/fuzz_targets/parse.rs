//! The scan and a tree tell the same of any page: `cargo +nightly fuzz run parse`.
//!
//! Pages that may hold what docs/design/parse.md lists as a difference are only read, by both.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|page: &str| {
    let difference = crawler::internals::parse::compare(page);
    let lower = page.to_ascii_lowercase();
    let has_all = |parts: &[&str]| parts.iter().all(|part| lower.contains(part));
    if !MAY_DIFFER.iter().any(|parts| has_all(parts)) {
        difference.expect("the same by both");
    }
});

/// Pages that hold all of one row.
const MAY_DIFFER: &[&[&str]] = &[
    &["<svg"],
    &["<math"],
    &["<template"],
    &["srcdoc"],
    &["<table"],
    &["charset"],
    &["<frameset", "</html"],
    // html5ever skips it in front of a page and, as pages are fed to it in pieces, elsewhere.
    &["\u{feff}"],
];
