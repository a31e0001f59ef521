//! `[frontier]`: when two URLs are the same page, and which URLs are too much.

use serde::{Deserialize, Serialize};

use crate::units;
use crate::url::{Alike, ParamPattern, PathParam, UrlRules};

/// `[frontier]`: when two URLs are the same page, and which URLs are too much.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Query parameters that say where a visitor came from, not which page it is: URLs that differ only in these are
    /// one page. The URL that is requested and recorded keeps them. A final `*` names all parameters that start so.
    #[schemars(with = "Vec<String>")]
    pub ignore_params: Vec<ParamPattern>,
    /// The same for parameters of the path, by their whole names: with `["jsessionid"]`, `/a;jsessionid=1` and `/a` are one
    /// page.
    #[schemars(with = "Vec<String>")]
    pub ignore_path_params: Vec<PathParam>,
    /// URLs that differ only in the order of their query parameters are one page. Those of one name keep their order.
    pub sort_query: bool,
    /// URLs that differ only in how many slashes follow each other in their paths are one page.
    pub merge_slashes: bool,
    /// Longer URLs, in bytes, are counted as skipped (`too_long`) and not requested.
    #[schemars(range(min = 1, max = 65536))]
    pub max_url_length: usize,
    /// How far a site may be ahead of what was requested of it: bytes of new URLs that its pages lead to, with the texts of
    /// their links and 56 bytes for each, which is what the store needs beside them. 64 KiB for each request that was
    /// answered come on top. A site is a registrable domain, or an address. The default holds about a million URLs: an index
    /// of 50,000 pages is far from it, a flood of links that are made up is not. What a page leads to beyond that is counted
    /// in `unread` of the summary and told in the log, and neither kept nor requested unless another page leads there too.
    #[serde(with = "units::size")]
    #[schemars(with = "units::size::Schema")]
    pub max_ahead: u64,
    /// Keep everything that the crawl knows in the crawl directory, so that it can go on after any end. Without, the
    /// frontier is in memory, and a crawl that is stopped has to start over.
    pub store: bool,
    /// How many redirects in a row are followed; what comes after is skipped (`trap`).
    #[schemars(range(max = 1000))]
    pub max_redirects: u32,
}

impl Options {
    /// How URLs are resolved and compared.
    pub fn url_rules(&self) -> UrlRules {
        UrlRules::new(self.max_url_length).ignoring(self.ignore_params.iter().cloned()).alike(Alike {
            order_of_params: self.sort_query,
            count_of_slashes: self.merge_slashes,
            path_params: self.ignore_path_params.clone(),
        })
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            ignore_params: TRACKING_PARAMS.map(|name| name.parse().expect("each is the name of a parameter")).to_vec(),
            ignore_path_params: Vec::new(),
            sort_query: false,
            merge_slashes: false,
            max_url_length: 4096,
            max_ahead: 112 << 20,
            store: true,
            max_redirects: 20,
        }
    }
}

const TRACKING_PARAMS: [&str; 13] = [
    "utm_*", "gclid", "gbraid", "wbraid", "dclid", "fbclid", "msclkid", "yclid", "twclid", "igshid", "mc_cid",
    "mc_eid", "_hsenc",
];
