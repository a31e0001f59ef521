//! Layers: each module may use those of lower floors (docs/architecture.md); stages don't know each other.

use super::modules::{Modules, Own, Target};

/// Modules that are on one floor.
#[derive(Debug)]
struct Layer {
    name: &'static str,
    /// Layers of one floor don't know each other.
    floor: u8,
    modules: &'static [&'static str],
    /// Whether its modules know each other.
    is_one: bool,
}

#[test]
fn imports_point_down_and_stages_do_not_know_each_other() {
    assert_eq!(wrong_imports(Modules::of_the_library()), [""; 0]);
}

#[test]
fn every_module_has_a_layer() {
    for (path, module) in Modules::of_the_library().iter() {
        assert!(layer_of(top(path)).is_some(), "{} is in no layer: name it in LAYERS", module.file);
    }
}

#[test]
fn every_layer_has_the_modules_that_it_names() {
    let modules = Modules::of_the_library();
    let all: Vec<_> = modules.iter().map(|(path, _)| top(path)).collect();
    for name in LAYERS.iter().flat_map(|layer| layer.modules) {
        assert!(all.contains(name), "there is no module {name}: take it off LAYERS");
    }
}

/// The imports that no layer allows.
pub(super) fn wrong_imports(modules: &Modules) -> Vec<String> {
    let mut wrong = Vec::new();
    for (path, module) in modules.iter() {
        for reached in modules.reached(path) {
            if reached.written.contains("super::super") {
                wrong.push(format!("{}: write {} from crate:: instead", module.file, reached.written));
            }
            let Target::Own(Own { module: to, through }) = reached.target else { continue };
            let refused = std::iter::once(&to).chain(&through).find(|to| !may_use(top(path), top(to)));
            if let Some(to) = refused {
                wrong.push(format!("{} ({}) uses {} of {}", module.file, name_of(path), reached.written, name_of(to)));
            }
        }
    }
    wrong
}

/// Whether a module is one of the words.
pub(super) fn is_word(path: &[String]) -> bool {
    layer_of(top(path)).is_some_and(|layer| layer.name == "words")
}

fn may_use(from: &str, to: &str) -> bool {
    match (layer_of(from), layer_of(to)) {
        _ if from == to => true,
        (Some(from), _) if from.name == SURFACE => true,
        (Some(from), Some(to)) => to.floor < from.floor || (to.name == from.name && from.is_one),
        _ => false,
    }
}

fn layer_of(module: &str) -> Option<&'static Layer> {
    LAYERS.iter().find(|layer| layer.modules.contains(&module))
}

/// The top module that a module belongs to.
pub(super) fn top(path: &[String]) -> &str {
    path.first().map_or("lib", String::as_str)
}

fn name_of(path: &[String]) -> &'static str {
    layer_of(top(path)).map_or("no layer", |layer| layer.name)
}

const SURFACE: &str = "surface";

const LAYERS: &[Layer] = &[
    Layer {
        name: "words",
        floor: 0,
        modules: &[
            "accounts",
            "change",
            "duplicate",
            "error",
            "exchange",
            "extracted",
            "failure",
            "for_update",
            "host_report",
            "media_type",
            "mention",
            "near",
            "metadata",
            "outcome",
            "page",
            "problem",
            "recurrence",
            "readable",
            "request",
            "response",
            "skip",
            "store_place",
            "survey",
            "trap",
            "tree",
            "units",
            "unread",
            "url",
            "usage",
            "user_agent",
            "wall",
            "wall_clock",
            "warc",
            "written_date",
        ],
        is_one: true,
    },
    Layer {
        name: "stages",
        floor: 1,
        modules: &[
            "scope",
            "frontier",
            "politeness",
            "policy",
            "check",
            "fetch",
            "parse",
            "extract",
            "content",
            "sitemaps",
            "traps",
            "walls",
            "sink",
            "observe",
        ],
        is_one: false,
    },
    Layer { name: "config", floor: 2, modules: &["config"], is_one: false },
    Layer { name: "stores", floor: 2, modules: &["store"], is_one: false },
    Layer {
        name: "crawl directory",
        floor: 3,
        modules: &["committed", "crawl_dir", "update", "versions"],
        is_one: true,
    },
    Layer { name: "engine", floor: 4, modules: &["engine"], is_one: false },
    // Who reads a crawl does not run it.
    Layer {
        name: "readers",
        floor: 4,
        modules: &["checkup", "duplicates", "export", "inspect", "mirror", "serve"],
        is_one: false,
    },
    // What readers have found, on one page.
    Layer { name: "reports", floor: 5, modules: &["report"], is_one: false },
    Layer { name: SURFACE, floor: 6, modules: &["lib", "main", "cli", "internals"], is_one: true },
];
