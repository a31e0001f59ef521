//! The settings of checks, `[check]` in `crawl.toml`.

use serde::{Deserialize, Serialize};

/// `[check]`: what is kept for `crawler links` and `crawler audit`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Keep of each page what `crawler links` and `crawler audit` look at, in `survey.jsonl` of the crawl directory: each
    /// mention of a link, a resource or a feed with its text, line and column, the names that fragments lead to, headings,
    /// images without text, versions in other languages, and data that is broken. Not in a crawl that has begun without it.
    pub survey: bool,
    /// Ask for what pages link to out of scope, to see whether it is there: each URL once, by HEAD, and by GET where that is
    /// refused; nothing is followed from there but redirects. robots.txt, rates and all else holds as ever, and `exclude`
    /// says what is not asked for. They have records, and count for `max_pages`. It implies `survey`.
    pub external: bool,
    /// The same for what pages are shown with, on whatever host (`scope.embeds`): images, media, scripts, style sheets, fonts,
    /// icons. Where `parse.follow` asks for these, they are requested as ever.
    pub resources: bool,
}

impl Options {
    /// Whether pages are surveyed.
    pub fn surveys(&self) -> bool {
        self.survey || self.external || self.resources
    }
}
