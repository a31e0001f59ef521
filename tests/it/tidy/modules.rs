//! The modules of the library, and what a path in one of them leads to: through `self`, `super` and `crate`, through
//! other names for a module, and through what a module exports of another.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use super::paths::{self, Named, Use};
use super::source::{Source, sources};

/// All modules by their way from the root of the library.
#[derive(Debug, Default, Clone)]
pub(super) struct Modules {
    modules: BTreeMap<Vec<String>, Arc<Module>>,
}

/// One module.
#[derive(Debug)]
pub(super) struct Module {
    /// The file that it is in.
    pub(super) file: String,
    named: Named,
}

/// What a path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// Something of the library.
    Own(Own),
    /// Something of another crate, by its whole path.
    Other(Vec<String>),
}

/// Something of the library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Own {
    /// The module that defines it, or that it is.
    pub(super) module: Vec<String>,
    /// The modules on the way that only export it.
    pub(super) through: Vec<Vec<String>>,
}

/// A path in a module, and what it leads to.
#[derive(Debug)]
pub(super) struct Reached {
    pub(super) written: String,
    pub(super) target: Target,
    /// Whether it is only named to be exported.
    pub(super) is_only_exported: bool,
}

impl Modules {
    /// Those of `src/`.
    pub(super) fn of_the_library() -> &'static Self {
        static ALL: LazyLock<Modules> =
            LazyLock::new(|| sources(&["src"]).iter().fold(Modules::default(), Modules::with));
        &ALL
    }

    /// With the modules of one more file, or of another text of one.
    pub(super) fn with(mut self, source: &Source) -> Self {
        let path = module_path(&source.path);
        for named in paths::read(&source.code()) {
            let path = [path.as_slice(), named.inside.as_slice()].concat();
            self.modules.insert(path, Arc::new(Module { file: source.path.clone(), named }));
        }
        self
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Vec<String>, &Module)> {
        self.modules.iter().map(|(path, module)| (path, module.as_ref()))
    }

    /// The file that a module is in.
    pub(super) fn file(&self, module: &[String]) -> &str {
        self.modules.get(module).map_or("src/lib.rs", |module| &module.file)
    }

    /// Everything that the paths of a module lead to.
    pub(super) fn reached(&self, from: &[String]) -> Vec<Reached> {
        let Some(module) = self.modules.get(from) else { return Vec::new() };
        let is_only_exported =
            |leaf: &Use| leaf.is_public && leaf.name.as_ref().is_none_or(|name| !module.named.names.contains(name));
        let uses = module.named.uses.iter().map(|leaf| (&leaf.path, is_only_exported(leaf)));
        let all = uses.chain(module.named.paths.iter().map(|path| (path, false)));
        all.map(|(path, is_only_exported)| Reached {
            written: path.join("::"),
            target: self.resolve(from, path, MOST_HOPS),
            is_only_exported,
        })
        .collect()
    }

    fn resolve(&self, from: &[String], path: &[String], hops: usize) -> Target {
        let Some((first, rest)) = path.split_first() else { return own(from) };
        match first.as_str() {
            "crate" => self.walk(Vec::new(), rest, hops),
            "self" => self.walk(from.to_vec(), rest, hops),
            "super" => self.walk(above(from), rest, hops),
            // `crawler::` in the binary.
            "crawler" if from == ["main"] => self.walk(Vec::new(), rest, hops),
            _ => self.inside(from, path, hops).unwrap_or_else(|| Target::Other(path.to_vec())),
        }
    }

    /// What names lead to, one after the other, from a module.
    fn walk(&self, mut module: Vec<String>, path: &[String], hops: usize) -> Target {
        let mut rest = path;
        while let Some((first, after)) = rest.split_first() {
            match first.as_str() {
                "super" => module = above(&module),
                "self" => {}
                _ => return self.inside(&module, rest, hops).unwrap_or_else(|| own(&module)),
            }
            rest = after;
        }
        own(&module)
    }

    /// What a path leads to whose first name the module knows.
    fn inside(&self, module: &[String], path: &[String], hops: usize) -> Option<Target> {
        let (first, rest) = path.split_first()?;
        let child = [module, std::slice::from_ref(first)].concat();
        if self.modules.contains_key(&child) {
            return Some(self.walk(child, rest, hops));
        }
        let named = &self.modules.get(module)?.named;
        if named.items.contains(first) {
            return Some(own(module));
        }
        let hops = hops.checked_sub(1)?;
        if let Some(leaf) = named.uses.iter().find(|leaf| leaf.name.as_ref() == Some(first)) {
            let path = [leaf.path.as_slice(), rest].concat();
            return Some(through(module, self.resolve(module, &path, hops)));
        }
        let globs = named.uses.iter().filter(|leaf| leaf.name.is_none());
        let mut found = globs.filter_map(|leaf| match self.resolve(module, &leaf.path, hops) {
            Target::Own(inner) if inner.module != module => self.inside(&inner.module, path, hops),
            _ => None,
        });
        found.next().map(|target| through(module, target))
    }
}

impl Module {
    /// The methods that its code calls.
    pub(super) fn methods(&self) -> &[String] {
        &self.named.methods
    }

    /// Whether something in it is `async`.
    pub(super) fn is_async(&self) -> bool {
        self.named.is_async
    }
}

/// The module that a file of `src/` is.
fn module_path(file: &str) -> Vec<String> {
    let inside = file.trim_start_matches("src/").trim_end_matches(".rs");
    let inside = inside.strip_suffix("/mod").unwrap_or(inside);
    if inside == "lib" { Vec::new() } else { inside.split('/').map(str::to_owned).collect() }
}

fn own(module: &[String]) -> Target {
    Target::Own(Own { module: module.to_vec(), through: Vec::new() })
}

fn through(module: &[String], target: Target) -> Target {
    match target {
        Target::Own(mut own) => {
            own.through.push(module.to_vec());
            Target::Own(own)
        }
        other @ Target::Other(_) => other,
    }
}

fn above(module: &[String]) -> Vec<String> {
    module.split_last().map(|(_, above)| above.to_vec()).unwrap_or_default()
}

/// Names that are other names for each other could go round in a circle.
const MOST_HOPS: usize = 16;

#[test]
fn a_path_leads_to_what_defines_it() {
    let sources = [
        Source::new("src/lib.rs", "pub mod scope; pub mod engine; pub use engine::Crawl;"),
        Source::new(
            "src/scope/mod.rs",
            "mod pattern; pub use pattern::Pattern as Shape; use crate as root; use std::time as t;",
        ),
        Source::new("src/scope/pattern.rs", "pub struct Pattern; mod inner { pub struct Deep; }"),
        Source::new(
            "src/engine/mod.rs",
            "pub struct Crawl; pub use crate::scope as area; pub use self::parts::*; mod parts;",
        ),
        Source::new("src/engine/parts.rs", "pub fn part() {}"),
    ];
    let modules = sources.iter().fold(Modules::default(), Modules::with);
    let check = |from: &str, path: &str, expected: &str| {
        let from: Vec<_> = from.split("::").filter(|name| !name.is_empty()).map(str::to_owned).collect();
        let path: Vec<_> = path.split("::").map(str::to_owned).collect();
        let found = match modules.resolve(&from, &path, MOST_HOPS) {
            Target::Own(own) => own.module.join("::"),
            Target::Other(path) => format!("::{}", path.join("::")),
        };
        assert_eq!(found, expected, "{path:?} in {from:?}");
    };
    check("scope", "super::engine::Crawl", "engine");
    check("scope::pattern", "super::super::engine::Crawl", "engine");
    check("scope::pattern::inner", "super::super::Shape", "scope::pattern");
    check("scope", "root::engine::Crawl::new", "engine");
    check("scope", "root::Crawl", "engine");
    check("scope", "self::pattern::Pattern", "scope::pattern");
    check("scope", "pattern::inner::Deep", "scope::pattern::inner");
    check("scope", "t::Instant::now", "::std::time::Instant::now");
    check("scope::pattern", "crate::engine::area::Shape", "scope::pattern");
    check("", "engine::part", "engine::parts");
    check("engine", "url::Url", "::url::Url");
    check("main", "crawler::Crawl", "engine");
}
