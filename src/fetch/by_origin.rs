//! Sites on disk, archives and the network side by side: the origin of a URL decides who answers.

use super::{
    Archive, Fetch, Fetching, Http, Knocking, LocalSite, LookingUp, Refusal, SavedCookies, SavedSeedName, TryingOut,
};
use crate::exchange::LookedUp;
use crate::outcome::{Failure, FailureKind};
use crate::request::Request;
use crate::url::CrawlUrl;

/// Sends each request to the site on disk that holds its URL, and the others to the network.
///
/// An origin that a site on disk appears under never reaches the network, so a missing file is a 404 and not a request
/// to whoever owns that name.
#[derive(Debug)]
pub struct ByOrigin {
    /// The sites on disk.
    pub sites: Vec<LocalSite>,
    /// Archives: with some, they answer for all that no site holds, and the network is not used.
    pub archive: Option<Archive>,
    /// The network; `None` refuses what no site holds.
    pub http: Option<Http>,
}

impl ByOrigin {
    /// The site that answers for this URL: the one that holds it, else any of its origin.
    fn site(&self, url: &CrawlUrl) -> Option<&LocalSite> {
        let below = self.sites.iter().find(|site| site.holds(url));
        below.or_else(|| self.sites.iter().find(|site| site.origin() == url.origin()))
    }
}

impl Fetch for ByOrigin {
    fn fetch<'a>(&'a self, request: &'a Request) -> Fetching<'a> {
        let url = &request.url;
        match (self.site(url), &self.archive, &self.http) {
            (Some(site), ..) => site.fetch(request),
            (None, Some(archive), _) => archive.fetch(request),
            (None, None, Some(http)) => http.fetch(request),
            (None, None, None) => Box::pin(std::future::ready(Err(Failure::new(
                FailureKind::Connect,
                format!("no site on disk appears under {}, and the network is not used", url.origin()),
            )))),
        }
    }

    fn take_cookies(&self) -> Vec<SavedCookies> {
        self.http.as_ref().map(Http::take_cookies).unwrap_or_default()
    }

    fn restore_cookies(&self, saved: &SavedCookies) {
        if let Some(http) = &self.http {
            http.restore_cookies(saved);
        }
    }

    fn take_lookups(&self) -> Vec<LookedUp> {
        self.http.as_ref().map(Http::take_lookups).unwrap_or_default()
    }

    fn addresses<'a>(&'a self, url: &'a CrawlUrl) -> LookingUp<'a> {
        match (self.site(url), &self.http) {
            (None, Some(http)) => http.addresses(url),
            _ => Box::pin(std::future::ready(Vec::new())),
        }
    }

    fn knock<'a>(&'a self, url: &'a CrawlUrl) -> Knocking<'a> {
        match (self.site(url), &self.http) {
            (None, Some(http)) => http.knock(url),
            (here, _) => Box::pin(std::future::ready(here.is_some() || self.archive.is_some())),
        }
    }

    fn leave(&self, url: &CrawlUrl) {
        if let (None, Some(http)) = (self.site(url), &self.http) {
            http.leave(url);
        }
    }

    fn try_out<'a>(&'a self, url: &'a CrawlUrl) -> TryingOut<'a> {
        match (self.site(url), &self.archive, &self.http) {
            (None, None, Some(http)) => http.try_out(url),
            _ => Box::pin(std::future::ready(Ok(()))),
        }
    }

    fn take_seed_names(&self) -> Vec<SavedSeedName> {
        self.http.as_ref().map(Http::take_seed_names).unwrap_or_default()
    }

    fn restore_seed_name(&self, saved: &SavedSeedName) {
        if let Some(http) = &self.http {
            http.restore_seed_name(saved);
        }
    }

    /// Why the address guard refuses this URL. What a site on disk answers, it never does: no address is connected to.
    ///
    /// Such sites are no seeds of the [`Http`] beside them: `http://localhost/` on disk opens no other port of this
    /// machine.
    fn refuses(&self, url: &CrawlUrl) -> Option<Refusal> {
        match (self.site(url), &self.http) {
            (None, Some(http)) => http.guard().refuses(url),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::Options;
    use crate::fetch::loopback::{page, url};

    #[tokio::test]
    async fn an_origin_on_disk_never_reaches_the_network() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("index.html"), "hello").unwrap();
        let options = Options { origin: "http://example.com/docs/".parse().unwrap(), ..Options::default() };
        let site = LocalSite::open(folder.path(), &options).unwrap();
        let both = ByOrigin { sites: vec![site], archive: None, http: None };
        let status = async |url: &str| both.fetch(&page(url)).await.map(|response| response.status.as_u16());
        assert_eq!(status("http://example.com/docs/").await.unwrap(), 200);
        assert_eq!(status("http://example.com/robots.txt").await.unwrap(), 404);
        assert_eq!(status("http://example.org/").await.unwrap_err().kind, FailureKind::Connect);
    }

    #[test]
    fn a_site_on_disk_opens_no_other_port_of_this_machine() {
        let folder = tempfile::tempdir().unwrap();
        let options = Options::default();
        let site = LocalSite::open(folder.path(), &options).unwrap();
        let both = ByOrigin { sites: vec![site], archive: None, http: Some(Http::new(&options, &[], &[]).unwrap()) };
        assert_eq!(both.refuses(&url("http://localhost/a")), None);
        assert!(both.refuses(&url("http://localhost:8080/")).is_some());
        assert!(both.refuses(&url("https://localhost/")).is_some());
    }
}
