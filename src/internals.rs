//! Internals: what the benches and the fuzz targets measure, and tests compare with. No part of the library's interface: it changes without notice.

pub use crate::config::{Layers, SettingOrigin, reference};
pub use crate::host_report::DelayReason;
pub use crate::media_type::MediaType;
pub use crate::page::Page;
pub use crate::wall_clock::WallClock;

/// What is fetched.
#[cfg(fuzzing)]
pub mod fetch {
    pub use crate::fetch::decoded;
}

/// The frontier.
pub mod frontier {
    pub use crate::frontier::{Bucket, Found, Frontier, Graph, Lease, Limits, Split};
}

/// The parser.
pub mod parse {
    pub use crate::parse::{Input, Options, Parsed, Parser};
    #[cfg(fuzzing)]
    pub use crate::parse::{compare, sitemap_targets};
}

/// Politeness.
pub mod politeness {
    pub use crate::politeness::robots::Robots;
    pub use crate::politeness::{Admit, Options, Politeness, RobotsAnswer};

    /// What a `Retry-After` says.
    #[cfg(fuzzing)]
    pub fn retry_after(value: &str, now: std::time::SystemTime) -> Option<std::time::Duration> {
        crate::politeness::retry_after(value, now)
    }
}

/// Stores.
pub mod store {
    #[cfg(feature = "sqlite")]
    pub use crate::store::sqlite::{APPLICATION_ID, Sqlite};
    #[cfg(all(any(test, fuzzing), feature = "sqlite"))]
    pub use crate::store::sqlite::{make_sample, read_sample};
    pub use crate::store::{BucketNotes, Facts, Loader, Member, MemberChange, Memory, News, Note, Share, Store};
}
