//! A fetch of your own: answers from memory instead of the network. Scope, robots.txt and depth hold as ever.
#![expect(clippy::print_stdout, reason = "an example shows its result")]

use crawler::Crawl;
use crawler::config::Config;
use crawler::error::Result;
use crawler::fetch::{Fetch, Fetching};
use crawler::observe::Summary;
use crawler::request::Request;
use crawler::response::{Body, Response};
use crawler::units::Rate;
use http::{HeaderMap, HeaderValue, StatusCode, header};

#[derive(Debug)]
pub(crate) struct Memory;

impl Fetch for Memory {
    fn fetch<'a>(&'a self, request: &'a Request) -> Fetching<'a> {
        let (status, body) = match request.url.path_and_query() {
            "/" => (StatusCode::OK, "<a href=/open>open</a> <a href=/secret>secret</a>"),
            "/open" => (StatusCode::OK, "<title>Open</title>"),
            "/robots.txt" => (StatusCode::OK, "User-agent: *\nDisallow: /secret"),
            _ => (StatusCode::NOT_FOUND, ""),
        };
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static("text/html"))]);
        Box::pin(async move { Ok(Response::new(status, headers, Body::Read(body.into()))) })
    }
}

pub(crate) async fn crawl() -> Result<Summary> {
    let mut config = Config::default();
    config.politeness.rate = Rate::UNLIMITED; // There is no host to be polite to.
    Crawl::builder().config(config).seed("https://example.com/").fetch(Memory).build()?.run().await
}

#[tokio::main]
async fn main() -> Result<()> {
    print!("{}", crawl().await?);
    Ok(())
}
