//! A concurrent web crawler: fast, polite, and nothing lost.
//!
//! A crawl starts from seeds, follows links as far as its depth and scope allow, asks each host no faster than it may,
//! and gives one [`Record`](sink::Record) for each URL that it requested. Every other URL that it found is counted under
//! the one reason for which it was not requested.
//!
//! ```
//! use crawler::Crawl;
//! use crawler::sink::JsonlFile;
//!
//! # #[tokio::main]
//! # async fn main() -> crawler::error::Result<()> {
//! # let folder = tempfile::tempdir().unwrap();
//! # let pages = folder.path().join("pages.jsonl");
//! // A URL, or a folder that holds a static site: that needs no network.
//! let crawl = Crawl::builder()
//!     .seed("fixtures/sites/three-levels")
//!     .depth(2)
//!     .sink(JsonlFile::create(pages)?)
//!     .build()?;
//! let summary = crawl.run().await?;
//! assert_eq!(summary.records, 11);
//! assert_eq!(summary.discovered, summary.pending + summary.settled.total() + summary.skipped.total());
//! # Ok(())
//! # }
//! ```
//!
//! # What to start from
//! - [`CrawlBuilder`] sets seeds and limits; [`Config`](config::Config) has every setting, and reads `crawl.toml`.
//! - [`Crawl::run`] goes to the end; [`Crawl::records`] is a stream of records that stops the crawl when it is dropped,
//!   [`Crawl::items`] one of what rules take out of pages; [`Crawl::stopper`] stops it from outside.
//! - [`Sink`](sink::Sink) takes records and, when it asks for them, the [exchanges](exchange::Exchange) that they come of; [`Fetch`](fetch::Fetch) answers requests, [`Observer`](observe::Observer) looks
//!   at the numbers: implement one to put something of your own in its place.
//!
//! What goes wrong with one URL is in its record. An [`Error`](error::Error) means that the crawl itself cannot go on.
//!
//! # Runtime
//! A crawl runs on tokio, with time and I/O enabled. Sinks and the observer get a thread of their own each, so they may
//! block. The library installs no logger and no TLS provider; it logs through `tracing`.

#![cfg_attr(not(feature = "internals"), allow(unreachable_pub, reason = "reached by benches and fuzz targets"))]
#![cfg_attr(
    not(all(feature = "cli", feature = "sqlite")),
    allow(dead_code, unused_imports, reason = "what only the command line and the store on disk ask for")
)]

mod accounts;
mod change;
mod check;
#[cfg(feature = "sqlite")]
mod checkup;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
#[cfg(feature = "sqlite")]
mod committed;
pub mod config;
mod content;
mod crawl_dir;
#[cfg(feature = "sqlite")]
mod duplicate;
#[cfg(feature = "sqlite")]
mod duplicates;
mod engine;
pub mod error;
pub mod exchange;
#[cfg(feature = "sqlite")]
mod export;
pub mod extract;
pub mod extracted;
mod failure;
pub mod fetch;
mod for_update;
mod frontier;
mod host_report;
#[cfg(feature = "sqlite")]
mod inspect;
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod internals;
mod media_type;
mod mention;
pub mod metadata;
#[cfg(feature = "sqlite")]
mod mirror;
mod near;
pub mod observe;
pub mod outcome;
mod page;
mod parse;
mod policy;
mod politeness;
mod problem;
pub mod readable;
#[cfg(feature = "cli")]
mod recurrence;
#[cfg(feature = "cli")]
mod report;
pub mod request;
pub mod response;
mod scope;
#[cfg(feature = "cli")]
mod serve;
pub mod sink;
mod sitemaps;
mod skip;
mod store;
mod store_place;
pub mod survey;
mod trap;
mod traps;
mod tree;
pub mod units;
mod unread;
mod update;
pub mod url;
pub mod usage;
mod user_agent;
mod versions;
mod wall;
mod wall_clock;
mod walls;
mod warc;
mod written_date;

pub use crawl_dir::CrawlDir;
pub use engine::{Crawl, CrawlBuilder, Given, ItemStream, Records, SettledStream, Stopper};
