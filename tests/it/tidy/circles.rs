//! Circles: files that need each other cannot be read, tested or moved alone. What a file exports of another one without
//! using it, and what it declares, is no need.

use std::collections::{BTreeMap, BTreeSet};

use super::layers::top;
use super::modules::{Modules, Target};

/// A circle that is there.
struct Circle {
    files: &'static [&'static str],
    /// How many pairs of its files there are of which one uses the other.
    imports: usize,
    reason: &'static str,
}

/// What uses what.
pub(super) type Graph = BTreeMap<String, BTreeSet<String>>;

#[test]
fn no_modules_import_each_other() {
    let modules = Modules::of_the_library();
    let found = circles(&top_modules(modules));
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn no_files_import_each_other_but_those_that_are_listed() {
    let graph = files(Modules::of_the_library());
    let found: Vec<_> = circles(&graph).into_iter().map(|circle| (shown(&graph, &circle), circle)).collect();
    let is = |listed: &Circle, (shown, circle): &(String, Vec<String>)| {
        circle.iter().eq(listed.files.iter()) && shown.lines().count() == listed.imports
    };
    let is_listed = |circle: &&(String, Vec<String>)| CIRCLES.iter().any(|listed| is(listed, circle));
    let others: Vec<_> = found.iter().filter(|circle| !is_listed(circle)).map(|(shown, _)| shown.as_str()).collect();
    assert!(others.is_empty(), "circles that are not listed, or have other imports:\n{}", others.join("\n"));
    for listed in CIRCLES {
        let is_found = found.iter().any(|circle| is(listed, circle));
        let (files, reason) = (listed.files, listed.reason);
        assert!(is_found, "{files:?} ({reason}) is not so any more: mend the list, which may only shrink");
    }
}

/// Each top module with those that it uses.
pub(super) fn top_modules(modules: &Modules) -> Graph {
    let mut graph = Graph::new();
    for (path, _) in modules.iter() {
        for reached in modules.reached(path).into_iter().filter(|reached| !reached.is_only_exported) {
            if let Target::Own(own) = reached.target {
                // Who has something from a module knows that module, whoever defines it.
                let known = std::iter::once(&own.module).chain(&own.through).map(|module| top(module).to_owned());
                graph.entry(top(path).to_owned()).or_default().extend(known);
            }
        }
    }
    graph
}

/// Each file with those that define what it uses.
pub(super) fn files(modules: &Modules) -> Graph {
    let mut graph = Graph::new();
    for (path, module) in modules.iter() {
        for reached in modules.reached(path).into_iter().filter(|reached| !reached.is_only_exported) {
            if let Target::Own(own) = reached.target {
                graph.entry(module.file.clone()).or_default().insert(modules.file(&own.module).to_owned());
            }
        }
    }
    graph
}

/// The groups of those that reach each other.
pub(super) fn circles(graph: &Graph) -> Vec<Vec<String>> {
    let reach: Graph = graph.keys().map(|start| (start.clone(), reachable(graph, start))).collect();
    let mut found = BTreeSet::new();
    for (one, reached) in &reach {
        let with_it = reached.iter().filter(|other| reach.get(*other).is_some_and(|back| back.contains(one)));
        let circle: Vec<String> = with_it.cloned().collect();
        if circle.len() > 1 {
            found.insert(circle);
        }
    }
    found.into_iter().collect()
}

fn reachable(graph: &Graph, start: &str) -> BTreeSet<String> {
    let (mut found, mut open) = (BTreeSet::new(), vec![start]);
    while let Some(one) = open.pop() {
        for next in graph.get(one).into_iter().flatten() {
            if found.insert(next.clone()) {
                open.push(next);
            }
        }
    }
    found
}

/// The imports that make a circle, one on each line.
pub(super) fn shown(graph: &Graph, circle: &[String]) -> String {
    let mut shown = String::new();
    for one in circle {
        for other in graph.get(one).into_iter().flatten().filter(|other| *other != one && circle.contains(other)) {
            shown.extend([one, " uses ", other, "\n"]);
        }
    }
    shown
}

/// The circles that remain, each with the reason. The list, and the number of imports in each, may only shrink.
const CIRCLES: &[Circle] = &[
    Circle {
        files: &[
            "src/config/check.rs",
            "src/config/hosts.rs",
            "src/config/keys.rs",
            "src/config/layers.rs",
            "src/config/mod.rs",
            "src/config/rules.rs",
            "src/config/seeds.rs",
        ],
        imports: 13,
        reason: "`Config` is what the keys are read from, and the keys are how `Config` is read",
    },
    Circle {
        files: &["src/engine/builder.rs", "src/engine/mod.rs", "src/engine/settled_stream.rs"],
        imports: 4,
        reason: "`Crawl::builder` is how users find the builder",
    },
    Circle {
        files: &["src/inspect/expected.rs", "src/inspect/problems.rs"],
        imports: 2,
        reason: "what is expected is told in the words of the problems",
    },
    Circle {
        files: &["src/inspect/explain.rs", "src/inspect/why.rs"],
        imports: 2,
        reason: "why, and what it is a part of",
    },
    Circle {
        files: &["src/sitemaps/mod.rs", "src/sitemaps/queue.rs", "src/sitemaps/saved.rs"],
        imports: 4,
        reason: "a queue, and what is kept of it, hold the sitemaps that the module around defines",
    },
];

#[test]
fn those_that_reach_each_other_are_a_circle() {
    let graph = [("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "d"), ("e", "a")];
    let mut edges = Graph::new();
    for (from, to) in graph {
        edges.entry(from.to_owned()).or_default().insert(to.to_owned());
    }
    assert_eq!(circles(&edges), [["a", "b", "c"]]);
    assert_eq!(shown(&edges, &circles(&edges)[0]), "a uses b\nb uses c\nc uses a\n");
}
