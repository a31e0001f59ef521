//! `[observe]`: progress and logs.

use serde::{Deserialize, Serialize};

/// `[observe]`: what is shown on stderr.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// The progress bar: `auto` shows it on a terminal and one plain line every few seconds elsewhere; `always` shows
    /// plain lines also in quiet runs; `never` shows neither.
    pub progress: ProgressMode,
    /// How log lines look: `text` for people, `json` with one object a line for programs.
    pub log_format: LogFormat,
    /// The least serious log line that is shown.
    pub log_level: LogLevel,
}

/// When progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum ProgressMode {
    /// The bar on a terminal, else plain lines.
    #[default]
    Auto,
    /// Also when quiet, or when stderr is no terminal.
    Always,
    /// Not at all.
    Never,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// The least serious log line that is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Only what ends the crawl.
    Error,
    /// What a user may want to act on.
    Warn,
    /// The turning points of the crawl.
    #[default]
    Info,
    /// Each URL.
    Debug,
    /// Everything.
    Trace,
}
