//! The documents keep up with the code: what docs/output.md has to name comes from the types themselves, and what
//! docs/architecture.md names is there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crawler::config::Config;
use crawler::internals::DelayReason;
use crawler::outcome::SkipReason;
use crawler::sink::Record;
use serde_json::Value;

use crate::cli::Run;
use crate::support::{Crawl, folder};

#[test]
fn every_field_of_a_record_is_documented() {
    let schema = schemars::schema_for!(Record).to_value();
    assert_documented("Records", names(&schema["properties"]));
}

#[test]
fn every_closed_set_is_documented() {
    let schema = schemars::schema_for!(Record).to_value();
    for (heading, set) in [("Outcomes", "OutcomeKind"), ("Kinds of errors", "FailureKind")] {
        let variants = schema["$defs"][set]["oneOf"].as_array().unwrap();
        assert_documented(heading, variants.iter().map(|variant| variant["const"].as_str().unwrap().to_owned()));
    }
    assert_documented("Reasons to skip", SkipReason::ALL.map(|reason| reason.name().to_owned()));
    assert_documented("Reasons to wait", DelayReason::ALL.map(|reason| reason.name().to_owned()));
}

#[test]
fn every_field_of_the_summary_is_documented() {
    let summary = Crawl::of(folder("three-levels").to_string_lossy()).run().summary;
    assert_documented("summary.json", names(&summary));
    let absent = ["given_up_after_ms", "given_up_because", "usage"].map(str::to_owned);
    assert_documented("Hosts", names(&summary["hosts"][0]).into_iter().chain(absent));
}

#[test]
fn every_field_of_the_helpers_is_documented() {
    let crawled = Crawl::of(folder("three-levels").to_string_lossy()).run();
    let object = |args: &[&str]| -> Value { serde_json::from_str(&Run::new(&crawled.path(""), args).stdout).unwrap() };
    assert_documented("crawler verify", names(&object(&["verify", "--json"])));
    assert_documented("crawler status", names(&object(&["status", "--json"])).into_iter().chain(["pid".to_owned()]));
    let explained = |page: &str| names(&object(&["explain", "--json", &format!("http://localhost/{page}")]));
    let (settled, skipped) = (explained("about.html"), explained("advertisement.html"));
    let absent = ["due", "error"].map(str::to_owned);
    let fields: BTreeSet<_> = settled.into_iter().chain(skipped).chain(absent).collect();
    assert_documented("crawler explain", fields);
    let page = folder("three-levels").join("about.html");
    let plan = object(&["plan", "--json", &folder("three-levels").to_string_lossy()]);
    assert_documented("crawler plan", names(&plan));
    assert_documented("Sites of a plan", names(&plan["sites"][0]));
    assert_documented("crawler inspect", names(&object(&["inspect", "--json", &page.to_string_lossy()])));
}

#[test]
fn the_record_that_is_shown_is_a_record() {
    let line = OUTPUT.lines().find(|line| line.starts_with('{')).unwrap();
    let record: Record = serde_json::from_str(line).unwrap();
    assert_eq!(serde_json::to_string(&record).unwrap(), line);
}

#[test]
fn the_settings_of_the_readme_are_settings() {
    let (_, rest) = README.split_once("```toml\n").unwrap();
    let config = Config::from_toml(rest.split("```").next().unwrap(), "README.md").unwrap();
    assert_eq!((config.seeds.len(), config.scope.exclude.texts().len()), (1, 2));
}

#[test]
fn every_module_is_on_the_code_map() {
    for entry in fs::read_dir(root().join("src")).unwrap() {
        let name = entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned();
        let named = [format!("`{name}`"), format!("`{name}.rs`"), format!("**{name}**")];
        let text = ARCHITECTURE.to_lowercase();
        assert!(named.iter().any(|name| text.contains(name)), "{name} is not in docs/architecture.md");
    }
}

#[test]
fn every_test_that_the_architecture_names_is_there() {
    let code: String = files(&root().join("src")).chain(files(&root().join("tests"))).map(read).collect();
    let named: Vec<_> = ARCHITECTURE.split('`').filter(|word| word.matches('_').count() >= 3).collect();
    assert!(named.len() > 10, "{named:?}");
    for name in named.iter().map(|name| name.rsplit(':').next().unwrap_or(name)) {
        assert!(code.contains(&format!("fn {name}(")), "docs/architecture.md names {name}, which is not there");
    }
}

#[test]
fn every_link_between_documents_leads_to_a_file() {
    let documents = files(&root().join("docs")).chain([root().join("README.md"), root().join("CHANGELOG.md")]);
    for document in documents.filter(|path| path.extension().is_some_and(|extension| extension == "md")) {
        for link in read(&document).split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next()) {
            let leads = link.is_empty() || link.contains("://") || document.parent().unwrap().join(link).exists();
            assert!(leads, "{}: {link}", document.display());
        }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files in a folder and in those below it.
fn files(folder: &Path) -> Box<dyn Iterator<Item = PathBuf>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    Box::new(entries.flat_map(|path| if path.is_dir() { files(&path) } else { Box::new(std::iter::once(path)) }))
}

fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path.as_ref()).unwrap_or_else(|error| panic!("{}: {error}", path.as_ref().display()))
}

fn names(object: &Value) -> Vec<String> {
    object.as_object().unwrap().keys().cloned().collect()
}

/// Asserts that the table under a heading has exactly these rows, in any order.
#[track_caller]
fn assert_documented(heading: &str, names: impl IntoIterator<Item = String>) {
    let (_, section) = OUTPUT.split_once(&format!("# {heading}\n")).unwrap_or_else(|| panic!("no heading {heading}"));
    let section = section.split("\n#").next().unwrap_or_default();
    let mut rows: Vec<_> =
        section.lines().filter_map(|line| Some(line.strip_prefix("| `")?.split_once('`')?.0)).collect();
    rows.sort_unstable();
    let mut names: Vec<_> = names.into_iter().collect();
    names.sort_unstable();
    assert_eq!(rows, names, "docs/output.md, {heading}");
}

const OUTPUT: &str = include_str!("../../docs/output.md");
const ARCHITECTURE: &str = include_str!("../../docs/architecture.md");
const README: &str = include_str!("../../README.md");
