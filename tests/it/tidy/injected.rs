//! The rules of the imports themselves: lines that break them are put into the real files, and each has to be refused.

use super::circles::{Graph, circles, files, shown, top_modules};
use super::layers::wrong_imports;
use super::modules::Modules;
use super::reach::{clock_readers, doing_words, spawning};
use super::source::Source;

#[test]
fn an_import_of_another_stage_or_from_below_is_refused() {
    let refused = |file: &str, line: &str| refused_by(file, line, wrong_imports);
    refused("src/parse/mod.rs", "use super::politeness::Politeness;");
    refused("src/parse/facts.rs", "use super::super::politeness;");
    refused("src/parse/mod.rs", "use super::{super::politeness::Admit};");
    refused("src/parse/facts.rs", "use super::{super::politeness::Admit, Parser};");
    refused("src/scope/mod.rs", "use super::engine::Crawl;");
    refused("src/scope/mod.rs", "use crate as root; use root::engine::Crawl;");
    refused("src/scope/mod.rs", "use crate::{self as root}; fn f(_: root::engine::Crawl) {}");
    refused("src/scope/mod.rs", "use {crate::{engine::{Crawl as C}}};");
    refused("src/scope/mod.rs", "fn f() { let _ = crate::engine::Crawl::builder; }");
    refused("src/scope/mod.rs", "fn f() { tracing::info!(\"{}\", crate::engine::LIMIT); }");
    refused("src/scope/mod.rs", "use crate::Crawl;");
    refused("src/scope/mod.rs", "use crate::config::*;");
    refused("src/url/pattern.rs", "#[derive(A)] #[serde(with = \"crate::engine::x\")] struct S;");
    refused("src/url/mod.rs", "use crate::scope::Scope;");
    refused("src/config/mod.rs", "use crate::engine;");
}

#[test]
fn words_that_do_something_are_refused() {
    let refused = |line: &str| refused_by("src/url/base.rs", line, doing_words);
    refused("use std::fs;");
    refused("use std::{net::TcpStream, fmt as f};");
    refused("fn f() { std::io::stdin(); }");
    refused("use std as s; use s::fs::read;");
    refused("use tokio::time::Duration as D;");
    refused("async fn f() {}");
    refused("fn f() { let _ = async { 1 }; }");
}

#[test]
fn a_look_at_the_clock_is_refused() {
    for file in
        ["src/politeness/host.rs", "src/scope/mod.rs", "src/frontier/graph.rs", "src/parse/mod.rs", "src/sink/mod.rs"]
    {
        let refused = |line: &str| refused_by(file, line, clock_readers);
        refused("fn f() { std::time::Instant::now(); }");
        refused("use std::time as t; fn f() { t::Instant::now(); }");
        refused("use std::time::SystemTime as S; fn f() { let _ = g().unwrap_or_else(S::now); }");
        refused("fn f() { jiff::Timestamp::now(); }");
        refused("fn f() { tokio::time::Instant::now(); }");
        refused("fn f(start: Instant) { start.elapsed(); }");
    }
}

#[test]
fn tasks_and_channels_outside_of_the_engine_are_refused() {
    let refused = |line: &str| refused_by("src/fetch/mod.rs", line, |modules| spawning(modules, &[]));
    refused("use std::thread; fn f() { thread::scope(|_| {}); }");
    refused("use std::thread::spawn as begin;");
    refused("use tokio::{sync::{mpsc::channel}};");
    refused("use tokio as t; fn f() { t::spawn(g()); }");
    refused("fn f(handle: &H) { handle.spawn(g()); }");
}

#[test]
fn a_circle_is_refused() {
    let imports = |graph: Graph| {
        let shown = circles(&graph).iter().map(|circle| shown(&graph, circle)).collect::<String>();
        shown.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let modules = |modules: &Modules| imports(top_modules(modules));
    refused_by("src/page.rs", "use crate::outcome::Outcome;", modules);
    refused_by("src/url/mod.rs", "use crate::outcome::Outcome;", modules);
    // What the floor builds on is no business of its ground.
    let files = |modules: &Modules| imports(files(modules));
    refused_by("src/politeness/rate.rs", "use super::Politeness;", files);
    refused_by("src/parse/scan/char_ref.rs", "use crate::parse::Parser;", files);
    refused_by("src/scope/per_host.rs", "use super::Scope;", files);
    // Also where there is a circle already.
    refused_by("src/parse/scan/mod.rs", "use crate::parse::Parser;", files);
    refused_by("src/fetch/decode.rs", "use super::http::Http;", files);
}

/// Checks that a rule has more against a file with the line in it than without.
fn refused_by(file: &str, line: &str, rule: impl Fn(&Modules) -> Vec<String>) {
    let name = file.trim_start_matches("src/").trim_end_matches("/mod.rs").trim_end_matches(".rs");
    let is_of_it = |found: &&String| found.starts_with(file) || found.starts_with(&format!("{name} "));
    let count = |modules: &Modules| rule(modules).iter().filter(is_of_it).count();
    let mut source = Source::read(file);
    let head = source.text.lines().take_while(|first| first.starts_with("//!") || first.starts_with("#!"));
    let at = head.map(|first| first.len() + 1).sum();
    source.text.insert_str(at, &format!("{line}\n"));
    let (without, with) = (Modules::of_the_library(), Modules::of_the_library().clone().with(&source));
    assert!(count(&with) > count(without), "{line} in {file} is not refused");
}
