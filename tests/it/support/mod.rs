//! What the tests stand on: sites on loopback that can misbehave, and runs of the real binary whose accounts are checked.

mod crawled;
pub(crate) mod frames;
mod living;
mod log;
#[cfg(feature = "postgres")]
pub(crate) mod postgres;
mod proxy;
mod reply;
mod run;
mod server;
pub(crate) mod shop;
mod site;
mod tls;
mod warc;

pub(crate) use crawled::Crawled;
pub(crate) use frames::Cut;
pub(crate) use living::{Living, Page, words};
pub(crate) use log::{Arrival, FAIL_SAFE, Log};
pub(crate) use proxy::{Asked, Proxy, Ways};
pub(crate) use reply::{Place, Reply};
pub(crate) use run::{Crawl, Running};
#[cfg(target_os = "linux")]
pub(crate) use server::BlackHole;
pub(crate) use server::{ClosedPort, Server};
pub(crate) use site::{Expected, Site, folder};
pub(crate) use tls::{Authority, Manners, TlsServer};
pub(crate) use warc::{WarcRecord, archive_files, archived, records};
