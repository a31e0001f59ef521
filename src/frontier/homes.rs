//! Homes: in which bucket a URL belongs that a store has kept.

use super::bucket::{Bucket, Split};
use super::node::NodeState;
use crate::outcome::SkipReason;
use crate::url::{CrawlUrl, Target, UrlKey};

impl Split {
    /// The bucket of a URL as a store has it: what cannot be requested goes by its key, since its text says nothing, or is cut.
    pub(crate) fn of_stored(self, text: &str, key: UrlKey, state: NodeState) -> Bucket {
        match state {
            _ if self == Self::ONE => Bucket::FIRST,
            NodeState::Skipped(reason @ (SkipReason::Scheme | SkipReason::TooLong)) => {
                self.of(&Target::Other { text: text.into(), key, reason })
            }
            _ => self.of_url(&CrawlUrl::stored(text.into(), key)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU16;

    use super::*;
    use crate::url::UrlRules;

    #[test]
    fn what_a_store_has_is_where_it_was_found_to_be() {
        let split = Split::into(NonZeroU16::new(1024).unwrap());
        for (text, state) in [
            ("http://www.e.com/a", NodeState::Pending),
            ("https://e.com:8080/", NodeState::Skipped(SkipReason::Scope)),
            ("mailto:a@e.com", NodeState::Skipped(SkipReason::Scheme)),
            ("http://e.com/?too-long-for-these-rules", NodeState::Skipped(SkipReason::TooLong)),
        ] {
            let target = UrlRules::new(22).absolute(text).unwrap();
            assert_eq!(split.of_stored(target.text(), target.key(), state), split.of(&target), "{text}");
        }
    }
}
