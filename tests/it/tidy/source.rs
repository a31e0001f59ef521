//! The Rust files of the package.

use std::fs;
use std::path::{Path, PathBuf};

use super::tokens::{Token, tokens, without_tests};

/// A Rust file: where it is, relative to the package, and what it holds.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) path: String,
    pub(super) text: String,
    /// A file of `src/` that only the tests have: its parent declares it under `#[cfg(test)]`.
    only_tests: bool,
}

impl Source {
    /// The file at a path.
    pub(super) fn read(path: &str) -> Self {
        Self::new(path, &fs::read_to_string(root().join(path)).unwrap())
    }

    /// A file that is no test.
    pub(super) fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned(), only_tests: false }
    }

    /// Everything before the unit tests, which stand at the bottom; nothing of a file that is all tests.
    pub(super) fn without_tests(&self) -> &str {
        let starts = ["mod tests {", "pub(super) mod tests {"].map(|tests| format!("\n#[cfg(test)]\n{tests}"));
        let found = starts.iter().find_map(|start| self.text.find(start));
        let end = if self.only_tests { Some(0) } else { found };
        end.map_or(&self.text, |end| &self.text[..end])
    }

    /// The tokens of what is no test.
    pub(super) fn code(&self) -> Vec<Token> {
        if self.only_tests { Vec::new() } else { without_tests(&tokens(&self.text)).0 }
    }
}

/// All Rust files below the folders.
pub(super) fn sources(folders: &[&str]) -> Vec<Source> {
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> = folders.iter().map(|folder| root().join(folder)).collect();
    while let Some(folder) = open.pop() {
        // `examples` and `benches` need not be there.
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let path = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
                found.push(Source::read(&path));
            }
        }
    }
    assert!(!found.is_empty());
    found.sort_by(|a, b| a.path.cmp(&b.path));
    mark_tests(&mut found);
    found
}

/// Where the package is.
pub(super) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Finds the files that are declared under `#[cfg(test)]`.
fn mark_tests(sources: &mut [Source]) {
    let mut only_tests = Vec::new();
    for source in &*sources {
        let folder = source.path.trim_end_matches("mod.rs").trim_end_matches(".rs").trim_end_matches('/');
        for item in without_tests(&tokens(&source.text)).1 {
            if let [.., Token::Name(keyword), Token::Name(name), Token::Sign(';')] = item.as_slice()
                && keyword == "mod"
            {
                only_tests.push(format!("{folder}/{name}.rs"));
            }
        }
    }
    for source in sources {
        source.only_tests = only_tests.contains(&source.path);
    }
}

#[test]
fn a_file_that_only_the_tests_have_is_known_by_its_declaration() {
    let parent = "mod http;\n#[cfg(test)]\nmod loopback;\nmod tls;\n";
    let mut found = [
        Source::new("src/fetch/mod.rs", parent),
        Source::new("src/fetch/loopback.rs", "x"),
        Source::new("src/fetch/tls.rs", "x"),
    ];
    mark_tests(&mut found);
    assert_eq!(found.map(|source| source.only_tests), [false, true, false]);
}
