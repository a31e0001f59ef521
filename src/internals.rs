//! Internals: what the benches and the fuzz targets measure, and tests compare with. No part of the library's interface: it changes without notice.

pub use crate::config::{Layers, SettingOrigin, reference};
pub use crate::host_report::DelayReason;
pub use crate::media_type::MediaType;
pub use crate::page::Page;
pub use crate::wall_clock::WallClock;

/// The frontier.
pub mod frontier {
    pub use crate::frontier::{Found, Frontier, Lease, Limits};
}

/// The parser.
pub mod parse {
    #[cfg(fuzzing)]
    pub use crate::parse::compare;
    pub use crate::parse::{Input, Options, Parsed, Parser};
}

/// Politeness.
pub mod politeness {
    pub use crate::politeness::robots::Robots;
    pub use crate::politeness::{Admit, Options, Politeness, RobotsAnswer};
}

/// Stores.
pub mod store {
    #[cfg(feature = "sqlite")]
    pub use crate::store::sqlite::{APPLICATION_ID, Sqlite};
    pub use crate::store::{Facts, Memory, Note, Store};
}
