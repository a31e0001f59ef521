//! Counts of what a host says of the use of its pages, for the summary.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Answer, Usage, Use};

/// What a host has said of the use of its pages so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct UsageCounts {
    /// Pages of which anything was said.
    pub pages: u64,
    /// Pages that may be used so, by use. Absent when there are none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub yes: BTreeMap<Use, u64>,
    /// Pages that may not, by use. Absent when there are none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub no: BTreeMap<Use, u64>,
    /// The URLs of licences, at most eight. Absent when none is named.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub licenses: BTreeSet<String>,
    /// Pages whose content was left out of their records. Absent when there are none.
    #[serde(skip_serializing_if = "is_zero")]
    pub omitted: u64,
}

impl UsageCounts {
    /// Counts what is said of one page.
    pub(crate) fn note(&mut self, usage: &Usage) {
        self.pages += 1;
        for of in Use::ALL {
            match usage.answer(of) {
                Some(Answer::Yes) => *self.yes.entry(of).or_default() += 1,
                Some(Answer::No) => *self.no.entry(of).or_default() += 1,
                None => {}
            }
        }
        self.omitted += u64::from(usage.omitted);
        for license in &usage.licenses {
            if self.licenses.len() < MAX_LICENSES && !self.licenses.contains(license) {
                self.licenses.insert(license.clone());
            }
        }
    }

    /// Counts those of another as well.
    pub(crate) fn add(&mut self, other: &Self) {
        self.pages += other.pages;
        self.omitted += other.omitted;
        for (of, count) in &other.yes {
            *self.yes.entry(*of).or_default() += count;
        }
        for (of, count) in &other.no {
            *self.no.entry(*of).or_default() += count;
        }
        let room = MAX_LICENSES.saturating_sub(self.licenses.len());
        self.licenses.extend(other.licenses.iter().take(room).cloned());
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// How many licences are told of.
const MAX_LICENSES: usize = 8;
