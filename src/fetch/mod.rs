//! Fetch: one request, one response or one failure.

mod allowed_host;
mod archived;
mod bad_port;
mod basic;
mod body;
mod budget;
mod by_origin;
mod client;
mod coding;
mod cookie_file;
mod cookies;
mod decode;
mod deflate;
mod failure;
mod guard;
mod gzip;
mod header_lines;
mod headers;
mod http;
mod incoming;
mod keep_alive;
mod knock;
mod last_url;
mod local;
#[cfg(test)]
mod loopback;
mod media_range;
mod mislabelled;
mod options;
mod per_host;
mod pool;
mod proxy;
mod resolver;
mod reuse;
mod seed_names;
mod site_origin;
mod tls;
mod told;
mod variables;
mod ways;
mod zstd;

pub use allowed_host::AllowedHost;
pub use archived::{Archive, ReplayAt};
pub use budget::Budget;
pub(crate) use budget::Held;
pub use by_origin::ByOrigin;
pub use cookies::SavedCookies;
#[cfg(fuzzing)]
pub use decode::decoded;
pub use guard::{AddressGuard, Refusal};
pub(crate) use header_lines::wrong_variable;
pub use header_lines::{HeaderLines, parse_header_name};
pub use headers::Credentials;
pub use http::Http;
pub use local::LocalSite;
pub use media_range::MediaRange;
pub use options::Options;
pub use per_host::Overrides;
pub use proxy::{ProxyDns, ProxyUrl};
pub use seed_names::{Network, SavedSeedName};
pub use site_origin::SiteOrigin;
#[cfg(feature = "postgres")]
pub(crate) use tls::client_config;

use std::fmt;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;

use crate::exchange::LookedUp;
use crate::outcome::Failure;
use crate::request::Request;
use crate::response::Response;
use crate::url::CrawlUrl;

/// A fetch under way.
pub type Fetching<'a> = Pin<Box<dyn Future<Output = Result<Response, Failure>> + Send + 'a>>;

/// A look-up under way.
pub type LookingUp<'a> = Pin<Box<dyn Future<Output = Vec<IpAddr>> + Send + 'a>>;

/// Ways out of this machine being tried.
pub type TryingOut<'a> = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send + 'a>>;

/// A knock under way.
pub type Knocking<'a> = Pin<Box<dyn Future<Output = bool> + Send + 'a>>;

/// Something that can answer requests: HTTP, a folder of files, an archive.
///
/// # Contract
/// - One call is one request: no redirect is followed, nothing is retried. The crawl does both, politely.
/// - The future ends within its own deadlines, whatever the host does.
/// - The body is bounded while it is read, counted after decompression, by the purpose of the request.
/// - Dropping the future stops the request: it must be cancel safe.
/// - What goes wrong is a [`Failure`], never a panic.
pub trait Fetch: fmt::Debug + Send + Sync {
    /// Asks for one URL.
    fn fetch<'a>(&'a self, request: &'a Request) -> Fetching<'a>;

    /// Why this URL would be refused without being asked for, when its text alone says so. By default nothing is
    /// refused. The crawl then counts it as skipped (`unsafe_address`).
    fn refuses(&self, url: &CrawlUrl) -> Option<Refusal> {
        let _ = url;
        None
    }

    /// The cookies of each site whose cookies have changed since this was asked last, to be kept for the next run. By
    /// default there are none.
    fn take_cookies(&self) -> Vec<SavedCookies> {
        Vec::new()
    }

    /// Takes back the cookies of one site that an earlier run has kept. By default nothing is done with them.
    fn restore_cookies(&self, saved: &SavedCookies) {
        let _ = saved;
    }

    /// The addresses at which the host of a URL would be asked, for a crawl whose politeness goes by them. None when that is not
    /// known, as by default. It ends within its own deadline, and is cancel safe.
    fn addresses<'a>(&'a self, url: &'a CrawlUrl) -> LookingUp<'a> {
        let _ = url;
        Box::pin(std::future::ready(Vec::new()))
    }

    /// Whether somebody answers at the host of a URL: a connection is made and closed, and nothing is sent. Asked of hosts
    /// that wait for their first request, to find those that are there. `false` also says that nothing is known, as by
    /// default. It ends within its own deadline, a second or so, and is cancel safe.
    fn knock<'a>(&'a self, url: &'a CrawlUrl) -> Knocking<'a> {
        let _ = url;
        Box::pin(std::future::ready(false))
    }

    /// Hears that nothing more is to be asked of the origin of a URL, as far as is known: what is kept open for it may be
    /// closed. It may be asked again all the same. By default nothing is done.
    fn leave(&self, url: &CrawlUrl) {
        let _ = url;
    }

    /// Fails when nothing can be asked, whatever the host is: no proxy of those that all requests go through lets anything
    /// through. Asked before what an earlier crawl has left is deleted, with a URL that this one begins at: a connection may
    /// be made, and nothing is sent to its host. By default nothing stands in the way. It ends within its own deadlines, and
    /// is cancel safe.
    fn try_out<'a>(&'a self, url: &'a CrawlUrl) -> TryingOut<'a> {
        let _ = url;
        Box::pin(std::future::ready(Ok(())))
    }

    /// What was learnt of the names of seeds since this was asked last, to be kept for the next run. By default that is
    /// nothing.
    fn take_seed_names(&self) -> Vec<SavedSeedName> {
        Vec::new()
    }

    /// What names were found to stand for since this was asked last, for an archive. By default that is nothing.
    fn take_lookups(&self) -> Vec<LookedUp> {
        Vec::new()
    }

    /// Takes back what an earlier run has learnt of the name of a seed. By default nothing is done with it.
    fn restore_seed_name(&self, saved: &SavedSeedName) {
        let _ = saved;
    }
}
