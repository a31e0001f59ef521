//! The rules of the source tree that no compiler checks: one-way imports, a first line that says what a file is, small
//! files, words that mean something, tasks and channels in one place, no fixture that nobody uses.

use std::fs;
use std::path::{Path, PathBuf};

/// A Rust file: where it is, relative to the package, and what it holds.
struct Source {
    path: String,
    text: String,
    /// A file of `src/` that only the tests have: its parent declares it under `#[cfg(test)]`.
    only_tests: bool,
}

/// The layers (docs/architecture.md): a module may use those of lower layers; stages don't know each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Layer {
    Word,
    Stage,
    Config,
    Engine,
    Surface,
}

#[test]
fn imports_point_down_and_stages_do_not_know_each_other() {
    let mut wrong = Vec::new();
    for source in sources(&["src"]) {
        let module = source.module();
        let layer = layer_of(&module);
        for used in source.crate_paths() {
            let below = layer_of(&used) < layer || (layer_of(&used) == layer && layer == Layer::Word);
            if used != module && !below && layer != Layer::Surface {
                wrong.push(format!("{} ({layer:?}) uses crate::{used} ({:?})", source.path, layer_of(&used)));
            }
        }
        assert!(!source.code().contains("super::super::"), "{}: write the path from crate:: instead", source.path);
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn every_module_has_a_layer() {
    for source in sources(&["src"]) {
        let module = source.module();
        assert!(LAYERS.iter().any(|(name, _)| *name == module), "{module} is in no layer: name it in LAYERS");
    }
}

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
fn tasks_threads_and_channels_are_the_engines() {
    for source in sources(&["src"]) {
        if source.path.starts_with("src/engine/") || SPAWNING_FILES.iter().any(|(path, _)| *path == source.path) {
            continue;
        }
        let code = source.code();
        let found = SPAWNING.iter().find(|call| code.contains(**call));
        assert_eq!(found, None, "{}: only src/engine/ spawns tasks or owns channels", source.path);
    }
}

#[test]
fn every_exception_is_still_needed() {
    for (path, ..) in LONG_FILES {
        let source = sources(&["src", "tests"]).into_iter().find(|source| source.path == *path);
        let lines = source.map_or(0, |source| source.without_tests().lines().count());
        assert!(lines > MAX_LINES, "{path} has {lines} lines: take it off the list");
    }
    for (path, _) in SPAWNING_FILES {
        let source = sources(&["src"]).into_iter().find(|source| source.path == *path);
        let spawns = source.is_none_or(|source| SPAWNING.iter().any(|call| source.code().contains(call)));
        assert!(spawns, "{path} spawns nothing: take it off the list");
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

impl Source {
    /// The top module that the file belongs to.
    fn module(&self) -> String {
        let inside = self.path.trim_start_matches("src/");
        inside.split('/').next().unwrap_or(inside).trim_end_matches(".rs").to_owned()
    }

    /// Everything before the unit tests, which stand at the bottom; nothing of a file that is all tests.
    fn without_tests(&self) -> &str {
        let starts = ["mod tests {", "pub(super) mod tests {"].map(|tests| format!("\n#[cfg(test)]\n{tests}"));
        let found = starts.iter().find_map(|start| self.text.find(start));
        let end = if self.only_tests { Some(0) } else { found };
        end.map_or(&self.text, |end| &self.text[..end])
    }

    /// The text without tests and without comments: a document may link upwards.
    fn code(&self) -> String {
        let lines = self.without_tests().lines();
        lines.filter(|line| !line.trim_start().starts_with("//")).flat_map(|line| [line, "\n"]).collect()
    }

    /// The top modules that the code names through `crate::`.
    fn crate_paths(&self) -> Vec<String> {
        let code = self.code();
        code.split("crate::").skip(1).flat_map(first_names).collect()
    }
}

/// The names at the start of a path: one, or those of a group in braces without what is nested in them.
fn first_names(path: &str) -> Vec<String> {
    let Some(group) = path.strip_prefix('{') else { return vec![name(path)] };
    let (mut names, mut depth, mut item) = (Vec::new(), 0, String::new());
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(name(std::mem::take(&mut item).trim())),
            _ if depth == 0 => item.push(c),
            _ => (),
        }
    }
    names.push(name(item.trim()));
    names.retain(|name| !name.is_empty());
    names
}

fn name(path: &str) -> String {
    path.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

#[test]
fn a_file_that_only_the_tests_have_is_known_by_its_declaration() {
    let source = |path: &str, text: &str| Source { path: path.to_owned(), text: text.to_owned(), only_tests: false };
    let parent = "mod http;\n#[cfg(test)]\nmod loopback;\nmod tls;\n";
    let mut found =
        [source("src/fetch/mod.rs", parent), source("src/fetch/loopback.rs", "x"), source("src/fetch/tls.rs", "x")];
    mark_tests(&mut found);
    assert_eq!(found.map(|source| source.only_tests), [false, true, false]);
}

#[test]
fn a_group_of_imports_is_read_by_its_first_names() {
    let source = |text: &str| Source { path: "src/x.rs".to_owned(), text: text.to_owned(), only_tests: false };
    let used = |text: &str| source(text).crate_paths();
    assert_eq!(used("use crate::url::CrawlUrl;"), ["url"]);
    assert_eq!(
        used("use crate::{\n    fetch::{self, http::Client}, page,\n};\nlet x = crate::error::Error;"),
        ["fetch", "page", "error"]
    );
    assert_eq!(used("/// [`crate::engine`]\nfn f() {}\n\n#[cfg(test)]\nmod tests { use crate::engine; }"), [""; 0]);
}

/// A name that is no module is an item at the root of the library: surface, as what exports it.
fn layer_of(module: &str) -> Layer {
    LAYERS.iter().find(|(name, _)| *name == module).map_or(Layer::Surface, |(_, layer)| *layer)
}

/// All Rust files below the folders.
fn sources(folders: &[&str]) -> Vec<Source> {
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> = folders.iter().map(|folder| root().join(folder)).collect();
    while let Some(folder) = open.pop() {
        // `examples` and `benches` need not be there.
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let path = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
                found.push(Source { path, text, only_tests: false });
            }
        }
    }
    assert!(!found.is_empty());
    mark_tests(&mut found);
    found
}

/// Finds the files that are declared under `#[cfg(test)]`.
fn mark_tests(sources: &mut [Source]) {
    let mut only_tests = Vec::new();
    for source in &*sources {
        let folder = source.path.trim_end_matches("mod.rs").trim_end_matches(".rs").trim_end_matches('/');
        let after = source.text.split("#[cfg(test)]\n").skip(1);
        let declared = after.filter_map(|after| after.split_once(';')?.0.rsplit_once("mod "));
        only_tests.extend(declared.map(|(_, name)| format!("{folder}/{name}.rs")));
    }
    for source in sources {
        source.only_tests = only_tests.contains(&source.path);
    }
}

/// The names of the folders in a folder.
fn folders(of: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(of)).unwrap().map(Result::unwrap);
    entries.filter(|entry| entry.path().is_dir()).map(|entry| entry.file_name().into_string().unwrap()).collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

const LAYERS: &[(&str, Layer)] = &[
    ("accounts", Layer::Word),
    ("error", Layer::Word),
    ("failure", Layer::Word),
    ("outcome", Layer::Word),
    ("page", Layer::Word),
    ("request", Layer::Word),
    ("response", Layer::Word),
    ("skip", Layer::Word),
    ("units", Layer::Word),
    ("url", Layer::Word),
    ("wall_clock", Layer::Word),
    ("scope", Layer::Stage),
    ("frontier", Layer::Stage),
    ("politeness", Layer::Stage),
    ("fetch", Layer::Stage),
    ("parse", Layer::Stage),
    ("sitemaps", Layer::Stage),
    ("sink", Layer::Stage),
    ("observe", Layer::Stage),
    ("config", Layer::Config),
    ("engine", Layer::Engine),
    ("lib", Layer::Surface),
    ("main", Layer::Surface),
    ("cli", Layer::Surface),
];

/// What spawns a task or a thread, or makes a channel.
const SPAWNING: &[&str] = &[
    "tokio::spawn",
    "spawn_blocking",
    "JoinSet::",
    "thread::spawn",
    "thread::Builder",
    "mpsc::",
    "oneshot::",
    "broadcast::",
    "watch::",
];

/// Files outside of `src/engine/` that may, and why.
const SPAWNING_FILES: &[(&str, &str)] =
    &[("src/fetch/local.rs", "files block: each is read where blocking is allowed, and awaited by the one who asked")];

/// Files that may be longer: path, lines, reason.
const LONG_FILES: &[(&str, usize, &str)] = &[];

const MAX_LINES: usize = 400;

const VAGUE: &[&str] = &["util", "utils", "common", "helpers", "misc", "types", "manager", "imp"];
