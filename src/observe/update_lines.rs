//! What an update has come to, for the person at the terminal: what has changed, and what was saved.

use super::text::{bytes, count, counted, printable};
use crate::change::Changes;

/// What has become of the pages, in a line.
pub(crate) fn update_line(changes: &Changes) -> String {
    let Changes { new, changed, moved, gone, unchanged, failed, .. } = *changes;
    let all = [
        ("new", new),
        ("changed", changed),
        ("moved", moved),
        ("gone", gone),
        ("unchanged", unchanged),
        ("failed", failed),
    ];
    format!("{}: {}", printable(&changes.path), pairs(&all))
}

/// The lines of the closing table, each with its name.
pub(super) fn update_lines(changes: &Changes) -> Vec<(&'static str, String)> {
    let what: Vec<_> = changes.what.iter().map(|(name, n)| (name.as_str(), *n)).collect();
    let mut saved = Vec::new();
    if changes.not_modified > 0 {
        saved.push(format!("{} not modified", counted(changes.not_modified, "page", "pages")));
    }
    if changes.fresh + changes.not_due > 0 {
        saved.push(format!("{} not asked for", counted(changes.fresh + changes.not_due, "page", "pages")));
    }
    if changes.bytes_saved > 0 {
        saved.push(format!("{} not sent again", bytes(changes.bytes_saved)));
    }
    vec![
        ("changes", update_line(changes)),
        ("what", pairs(&what)),
        ("saved", saved.join(", ")),
        ("before", changes.before.as_deref().map(printable).unwrap_or_default()),
    ]
}

fn pairs(pairs: &[(&str, u64)]) -> String {
    let shown = pairs.iter().filter(|(_, n)| *n > 0).map(|(name, n)| format!("{name} {}", count(*n)));
    shown.collect::<Vec<_>>().join("  ")
}
