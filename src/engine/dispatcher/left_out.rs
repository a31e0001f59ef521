//! Left out: links of pages that have too many of them, told once for each bound.

use crate::sink::Record;

/// What was told. The summary and the records have the counts.
#[derive(Debug, Default)]
pub(super) struct LeftOut {
    of_pages: bool,
    of_frontier: bool,
    of_records: bool,
}

impl LeftOut {
    /// Tells of the first page that has more links than are taken of it (`not_taken`), that adds more than it may
    /// (`not_added`), or that has more than its record lists.
    pub(super) fn tell(&mut self, record: &Record, not_taken: u64, not_added: u64) {
        let not_listed = record.links_left_out.unwrap_or(0).saturating_sub(not_taken);
        let told = [
            (not_taken, &mut self.of_pages, "not followed: more than parse.max_links or parse.max_link_bytes"),
            (not_added, &mut self.of_frontier, "not followed: its site is too far ahead (frontier.max_ahead)"),
            (not_listed, &mut self.of_records, "followed, but not in the record: more than output.max_link_bytes"),
        ];
        for (count, is_told, why) in told {
            if count > 0 && !std::mem::replace(is_told, true) {
                let url = &record.url;
                tracing::warn!(%url, "{count} links of this page are {why}; such pages are only counted from here on");
            }
        }
    }
}
