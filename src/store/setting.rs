//! Settings: what the store keeps under a name, each in one row.

use std::borrow::Cow;

/// What is kept under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Setting<'a> {
    /// Which parameters do not count: which URLs are one page.
    UrlRules,
    /// Whose rules of robots.txt are obeyed.
    Robots,
    /// The folder of a site on disk; empty when there is none.
    Folder,
    /// The files of archives that answer in place of the network; empty when there are none.
    Archives,
    /// All settings of the last run, as TOML.
    Settings,
    /// Why no page came of the seeds, as JSON.
    FailedSeeds,
    /// How many settled URLs were never asked for.
    Unasked,
    /// What rules have found, as JSON.
    Rules,
    /// The traps that are closed, as JSON.
    Traps,
    /// How many records outputs have lost.
    AskedAgain,
    /// What was met and not read, as JSON.
    Unread,
    /// The cookies of a site, as JSON.
    CookiesOf(&'a str),
    /// Where the name of a seed was when it was looked up first.
    NetworkOf(&'a str),
}

impl<'a> Setting<'a> {
    /// The name of its row.
    pub(super) fn name(self) -> Cow<'a, str> {
        let name = match self {
            Self::UrlRules => "url_rules",
            Self::Robots => "robots",
            Self::Folder => "folder",
            Self::Archives => "archives",
            Self::Settings => "settings",
            Self::FailedSeeds => "failed_seeds",
            Self::Unasked => "unasked",
            Self::Rules => "rules",
            Self::Traps => "traps",
            Self::AskedAgain => "asked_again",
            Self::Unread => "unread",
            Self::CookiesOf(site) => return format!("{COOKIES_OF}{site}").into(),
            Self::NetworkOf(name) => return format!("{NETWORK_OF}{name}").into(),
        };
        name.into()
    }
}

/// What the names of all rows with cookies begin with.
pub(super) const COOKIES_OF: &str = "cookies of ";
/// What the names of all rows with the network of a seed begin with.
pub(super) const NETWORK_OF: &str = "network of ";
