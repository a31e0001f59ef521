//! Kin: large and stale templates that lead to each other and to nothing else, as a login page and its help page do.

use super::groups::Groups;
use super::ties::{Form, Ties};
use crate::trap::TrapKind;

impl Groups {
    /// The templates that feed one, those that feed them, and so on, itself among them, by their last `n` URLs and pages:
    /// if they have nothing to do with anything else, and each of them is fed by all the others in the end.
    ///
    /// A list that feeds products is not fed by them: it is large, and they are no trap.
    pub(super) fn kin(&self, kind: TrapKind, template: &str, n: u32) -> Option<Vec<Form>> {
        let (own, n) = (self.get(kind, template)?.ties.as_deref()?, n as usize);
        let kin = self.fed_by(own, n)?;
        let is_one = kin.iter().all(|ties| {
            ties.is_within(&kin, n) == Some(true) && self.fed_by(ties, n).is_some_and(|its| its.len() == kin.len())
        });
        is_one.then(|| kin.iter().map(|ties| ties.form.clone()).collect())
    }

    /// A template and all that feed it.
    fn fed_by<'a>(&'a self, own: &'a Ties, n: usize) -> Option<Vec<&'a Ties>> {
        let (mut all, mut next) = (vec![own], 0);
        while let Some(ties) = all.get(next) {
            next += 1;
            for form in ties.feeders(n)? {
                if all.iter().all(|known| known.form != *form) {
                    all.push(self.get(form.0, &form.1)?.ties.as_deref()?);
                }
            }
            if all.len() > MOST_KIN {
                return None;
            }
        }
        Some(all)
    }
}

/// How many templates that lead to each other are closed together: each has to be large by itself before.
pub(super) const MOST_KIN: usize = 8;
