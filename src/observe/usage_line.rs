//! What the hosts of a crawl say of the use of their pages, on one line of the closing table.

use super::HostSummary;
use super::text::count;
use crate::usage::UsageCounts;

/// How many pages may not, and may, be used for what. Empty when nothing is said.
pub(super) fn usage_line(hosts: &[HostSummary]) -> String {
    let mut all = UsageCounts::default();
    for said in hosts.iter().filter_map(|host| host.usage.as_deref()) {
        all.add(said);
    }
    let no = all.no.iter().map(|(of, pages)| format!("no {} {}", of.name(), count(*pages)));
    let yes = all.yes.iter().map(|(of, pages)| format!("{} allowed {}", of.name(), count(*pages)));
    let omitted = (all.omitted > 0).then(|| format!("left out {}", count(all.omitted)));
    no.chain(yes).chain(omitted).collect::<Vec<_>>().join("  ")
}
