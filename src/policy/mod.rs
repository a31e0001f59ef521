//! Policy: what becomes of a page when its site says no to what the crawl is for. It never allows a request that something
//! else forbids.

mod options;

pub use options::{OnDisallowed, Options, Purpose};

use crate::usage::{Answer, Statement, Usage, Use};

/// What the settings make of what sites say.
///
/// - Without a purpose nothing is refused and nothing left out.
/// - What nobody says is no "no".
#[derive(Debug, Clone, Default)]
pub(crate) struct Policy {
    purpose: Option<&'static [Use]>,
    on_disallowed: OnDisallowed,
}

impl Policy {
    /// The policy of these settings.
    pub(crate) fn new(options: &Options) -> Self {
        Self { purpose: options.purpose.uses(), on_disallowed: options.on_disallowed }
    }

    /// Whether pages may be skipped for what is said before they are asked for.
    pub(crate) fn skips(&self) -> bool {
        self.purpose.is_some() && self.on_disallowed == OnDisallowed::Skip
    }

    /// Whether a page is not to be asked for: `said` is what is known of it before.
    pub(crate) fn refuses(&self, said: Vec<Statement>) -> bool {
        self.skips() && Usage::of(said).is_some_and(|usage| self.is_disallowed(&usage))
    }

    /// Whether the content of a page does not go into its record.
    pub(crate) fn omits(&self, usage: &Usage) -> bool {
        self.on_disallowed != OnDisallowed::Record && self.is_disallowed(usage)
    }

    fn is_disallowed(&self, usage: &Usage) -> bool {
        let mut uses = self.purpose.unwrap_or_default().iter();
        uses.any(|of| usage.answer(*of) == Some(Answer::No))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::usage::{Place, Said, Vocabulary};

    const PURPOSES: [Purpose; 5] =
        [Purpose::None, Purpose::Search, Purpose::AiTrain, Purpose::AiInput, Purpose::Archive];

    fn no(of: Use) -> Vec<Statement> {
        let statement = Statement::new(Vocabulary::ContentUsage, Place::Header, None, String::new());
        vec![statement.saying(Said::disallows([of]))]
    }

    #[test]
    fn a_no_counts_for_the_purposes_that_it_is_about() {
        let check = |of: Use, against: &[Purpose]| {
            for purpose in PURPOSES {
                let policy = Policy::new(&Options { purpose, on_disallowed: OnDisallowed::Skip, ..Options::default() });
                let expected = against.contains(&purpose);
                assert_eq!(policy.refuses(no(of)), expected, "no {of:?} for {purpose:?}");
                assert_eq!(policy.omits(&Usage::of(no(of)).unwrap()), expected, "no {of:?} for {purpose:?}");
            }
        };
        check(Use::Search, &[Purpose::Search]);
        check(Use::AiTrain, &[Purpose::AiTrain]);
        check(Use::AiInput, &[Purpose::AiInput]);
        check(Use::Mining, &[Purpose::AiTrain, Purpose::AiInput]);
        check(Use::Archive, &[Purpose::Archive]);
    }

    #[test]
    fn what_is_done_is_what_the_settings_say() {
        let check = |on_disallowed, refuses: bool, omits: bool| {
            let policy = Policy::new(&Options { purpose: Purpose::AiTrain, on_disallowed, ..Options::default() });
            assert_eq!(policy.refuses(no(Use::AiTrain)), refuses, "{on_disallowed:?}");
            assert_eq!(policy.omits(&Usage::of(no(Use::AiTrain)).unwrap()), omits, "{on_disallowed:?}");
            assert!(!policy.refuses(Vec::new()), "nothing is said");
        };
        check(OnDisallowed::Record, false, false);
        check(OnDisallowed::OmitContent, false, true);
        check(OnDisallowed::Skip, true, true);
        assert!(!Policy::new(&Options::default()).skips());
    }
}
