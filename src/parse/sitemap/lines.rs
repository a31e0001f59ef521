//! Sitemaps in plain text: one URL a line.

use super::listing::{Entry, Fault, Format, Sitemap, is_blank};
use super::start::Start;
use crate::outcome::SkipReason;
use crate::url::Target;

/// Reads the lines. A text without any URL is no sitemap.
pub(super) fn read(text: &str, start: &Start<'_>, into: &mut Sitemap) {
    // The last line of a text that was cut may be the half of a URL.
    let cut = into.faults.iter().any(|fault| matches!(fault, Fault::Compression | Fault::TooLong));
    let end = if cut { text.rfind(END).unwrap_or(0) } else { text.len() };
    let text = text.get(..end).unwrap_or_default();
    let lines = text.split(END).map(|line| line.trim_matches(is_blank)).filter(|line| !line.is_empty());
    for line in lines {
        if !into.push(entry(line, start)) {
            break;
        }
    }
    if into.entries.is_empty() {
        into.faults.retain(|fault| !matches!(fault, Fault::WithoutUrl(_)));
    } else {
        into.format = Some(Format::Text);
    }
}

/// Only http and https: in a text that lists pages all else with a colon is prose.
fn entry(line: &str, start: &Start<'_>) -> Option<Entry> {
    // `/path` is what a robots.txt or a log has.
    if line.starts_with('/') || line.contains(char::is_whitespace) {
        return None;
    }
    let target = start.full(line)?;
    (!matches!(target, Target::Other { reason: SkipReason::Scheme, .. })).then(|| Entry::new(target))
}

const END: [char; 2] = ['\n', '\r'];
