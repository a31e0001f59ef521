//! `[fetch]`: what requests look like and how long they may take.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use http::header::PROXY_AUTHORIZATION;
use serde::{Deserialize, Serialize};

use super::proxy::{Proxy, ProxyDns, ProxyUrl};
use super::{AllowedHost, HeaderLines, MediaRange, ReplayAt, SiteOrigin};
use crate::units;
use crate::user_agent::UserAgent;

/// `[fetch]`: what requests look like, how long they may take, and what of a response is read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// The `User-Agent` header. Its product token is what robots.txt groups are matched with: the name at its start, made
    /// of letters, digits, `-` and `_`; of `Mozilla/5.0 (compatible; FooBot/1.0)` it is `FooBot`. Say who you are and how
    /// to reach you.
    #[schemars(with = "String")]
    pub user_agent: UserAgent,
    /// Headers sent with every request. `Authorization`, `Cookie` and `Proxy-Authorization` go only to the origins of
    /// the seeds. `${NAME}` in a value is the environment variable of that name, which has to be set; `$${` is `${` itself.
    /// A header with a variable in it is a secret like those three, and what the variable stands for is kept nowhere.
    #[schemars(with = "BTreeMap<String, String>")]
    pub headers: HeaderLines,
    /// Whether cookies that a site sets are sent back to it, and to no other site, for as long as the crawl lives. They
    /// are in the store, and in no record.
    pub cookies: bool,
    /// A file of cookies that are sent from the start, each to its site: in the format of `curl -c` and of browser extensions
    /// (Netscape's). They win over those that an earlier run has kept. Empty: none.
    pub cookie_file: PathBuf,
    /// How long a request may take as a whole.
    #[serde(with = "units::duration")]
    #[schemars(with = "units::duration::Schema")]
    pub timeout: Duration,
    /// How long resolving the name, connecting and the TLS handshake may take together.
    #[serde(with = "units::duration")]
    #[schemars(with = "units::duration::Schema")]
    pub connect_timeout: Duration,
    /// How long the response headers may take, from the start of the request: a connection that has to be made first
    /// counts too.
    #[serde(with = "units::duration")]
    #[schemars(with = "units::duration::Schema")]
    pub first_byte_timeout: Duration,
    /// How long a body may pause.
    #[serde(with = "units::duration")]
    #[schemars(with = "units::duration::Schema")]
    pub idle_timeout: Duration,
    /// The longest body that is read, counted after decompression. A longer one is recorded as failed (`too_large`).
    #[serde(with = "units::size")]
    #[schemars(with = "units::size::Schema")]
    pub max_body: u64,
    /// How much of bodies may be in memory at once, over all requests, with what comes of them until it is written. A body
    /// for which there is no room is not read on until there is some; that is no fault of its host, and no deadline counts
    /// it. One body at a time may go beyond, so that a crawl goes on with any value.
    #[serde(with = "units::size")]
    #[schemars(with = "units::size::Schema")]
    pub max_buffered: u64,
    /// How much memory the connections may take that are kept for later requests, over all hosts: some 24 KiB each, after
    /// a long page up to half a MiB. Beyond, the idle ones are closed.
    #[serde(with = "units::size")]
    #[schemars(with = "units::size::Schema")]
    pub max_idle_memory: u64,
    /// The media types whose bodies are downloaded; `text/*` and `*/*` work too. Others are recorded without a body.
    #[schemars(with = "Vec<String>")]
    pub content_types: Vec<MediaRange>,
    /// Names, addresses and address ranges (`10.0.0.0/8`) that may be asked although they are private, loopback,
    /// link-local or a cloud's metadata service. The seeds' own hosts may as well, unless their names were public when they
    /// were looked up first: then they stay public.
    #[schemars(with = "Vec<String>")]
    pub allow_hosts: Vec<AllowedHost>,
    /// Proxies that requests go through, each by the next of the list: `http://HOST:PORT`, `https://HOST`, `socks5://HOST`,
    /// with `USER:PASSWORD@` before the host where it wants that. `${NAME}` in one is the environment variable of that name,
    /// and `$${` is `${` itself. One that lets nothing through is passed by for a while. Those of the environment
    /// (`https_proxy`) are not used; `["${https_proxy}"]` uses that one.
    #[schemars(with = "Vec<String>")]
    pub proxy: Vec<ProxyUrl>,
    /// Who looks names up behind a proxy. `here`: the crawler, so that private addresses are refused as ever, and the proxy is
    /// told an address, also for http://, by `CONNECT`. `proxy`: the proxy is told the name, and has to refuse what is
    /// private; only addresses that stand in URLs, and `localhost`, are refused here.
    pub proxy_dns: ProxyDns,
    /// The URL under which the files of a site on disk (`--seed DIR`) appear.
    #[schemars(with = "String")]
    pub origin: SiteOrigin,
    /// Which capture answers when an archive (`--seed crawl.warc.gz`) has several of a URL: the "latest", or the last one
    /// that is not later than this instant, like "2026-11-30T19:00:00Z" (without one, the first).
    #[schemars(with = "String")]
    pub replay_at: ReplayAt,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            user_agent: UserAgent::default(),
            headers: HeaderLines::default(),
            cookies: true,
            cookie_file: PathBuf::new(),
            timeout: Duration::from_mins(1),
            connect_timeout: Duration::from_secs(10),
            first_byte_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(20),
            max_body: 8 << 20,
            max_buffered: 96 << 20,
            max_idle_memory: 64 << 20,
            content_types: PAGES.map(|media_type| media_type.parse().expect("each is a media type")).to_vec(),
            allow_hosts: Vec::new(),
            proxy: Vec::new(),
            proxy_dns: ProxyDns::Here,
            origin: SiteOrigin::default(),
            replay_at: ReplayAt::Latest,
        }
    }
}

impl Options {
    /// The proxies, or why they cannot be what the user means.
    pub(super) fn proxies(&self) -> Result<Vec<Proxy>, String> {
        let known =
            self.proxy.iter().map(|url| url.proxy().cloned().map_err(|problem| format!("fetch.proxy: {problem}")));
        let proxies = known.collect::<Result<Vec<_>, _>>()?;
        if let (ProxyDns::Here, Some(proxy)) = (self.proxy_dns, proxies.iter().find(|proxy| proxy.is_by_name())) {
            return Err(format!(
                "{proxy} has the proxy look names up, and fetch.proxy_dns has them looked up here\n = help: --proxy-dns proxy \
                 leaves them to the proxy, which the address guard cannot see behind; socks5:// has them looked up here"
            ));
        }
        if !self.proxy.is_empty() && self.headers.parsed().any(|(name, _)| name == PROXY_AUTHORIZATION) {
            return Err("fetch.headers has a Proxy-Authorization, which would go to the hosts behind the proxy\n = help: write \
                        user and password into the URL of the proxy: --proxy http://USER:PASSWORD@HOST:PORT"
                .to_owned());
        }
        Ok(proxies)
    }
}

/// What pages are: HTML, and HTML as XML.
const PAGES: [&str; 2] = ["text/html", "application/xhtml+xml"];
