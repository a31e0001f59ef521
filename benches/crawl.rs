//! A whole crawl: each stage, the durable store and robots.txt, against a server in the same process.
//!
//! The server is on the same cores, so what it takes is in the figures: they compare one build of the crawler with
//! another, not with other crawlers.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread::JoinHandle;

use crawler::config::Config;
use crawler::observe::State;
use crawler::units::Rate;
use crawler::{Crawl, CrawlDir};
use divan::Bencher;
use divan::counter::ItemsCount;
use hyper::header::CONTENT_TYPE;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::TcpListener;
use tokio::runtime;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

fn main() {
    divan::main();
}

/// Pages a second, from an empty directory to a summary: default settings, except that the rate is lifted.
#[divan::bench(args = [4, 64], sample_count = 8, sample_size = 1)]
fn site(bencher: Bencher<'_, '_>, per_host_concurrency: usize) {
    let server = Server::start(Site::generate());
    let runtime = runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let dir = || tempfile::tempdir().expect("a directory");
    bencher.counter(ItemsCount::new(PAGES)).with_inputs(dir).bench_refs(|dir| {
        let mut config = Config::default();
        config.politeness.rate = Rate::UNLIMITED;
        config.politeness.per_host_concurrency = per_host_concurrency;
        let dir = CrawlDir::take(dir.path()).expect("a crawl directory");
        let crawl = Crawl::builder().config(config).seed(server.url()).dir(dir).build().expect("a crawl");
        let summary = runtime.block_on(crawl.run()).expect("the crawl goes on");
        assert_eq!((summary.state, summary.settled.ok, summary.records), (State::Complete, PAGES, PAGES));
    });
}

/// The texts of a site.
struct Site {
    pages: Vec<String>,
}

/// A server on loopback, on a thread of its own, until it is dropped.
struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Site {
    /// Pages as documentation generators write them: 16 kB, 40 links of which most lead to pages that others know too,
    /// and each page is reached.
    fn generate() -> Self {
        Self { pages: (0..PAGES).map(page).collect() }
    }

    fn answer(&self, path: &str) -> Response<String> {
        if path == "/robots.txt" {
            return Response::new("User-agent: *\nDisallow: /private/\n".to_owned());
        }
        let number = path.trim_start_matches("/page/").trim_end_matches(".html");
        let number = if path == "/" { Some(0) } else { number.parse().ok() };
        let found = number.and_then(|number: usize| self.pages.get(number));
        let mut response = Response::new(found.cloned().unwrap_or_default());
        if found.is_none() {
            *response.status_mut() = StatusCode::NOT_FOUND;
        }
        response.headers_mut().insert(CONTENT_TYPE, "text/html; charset=utf-8".parse().expect("a value"));
        response
    }
}

fn page(number: u64) -> String {
    // Three links lead further, as in a tree; the others anywhere.
    let deeper = (1..=3).map(|child| number * 3 + child).filter(|child| *child < PAGES);
    let anywhere = (1..=37).map(|n| 1 + number.wrapping_mul(31).wrapping_add(n * n * 17) % (PAGES - 1));
    let line = |to: u64| {
        format!(
            "<dt class=\"sig sig-object py\" id=\"m.f{to}\"><code class=\"descname\">f{to}</code>\
             <a class=\"headerlink\" href=\"#m.f{to}\" title=\"Link here\">¶</a></dt>\
             <dd><p>See <a class=\"reference internal\" href=\"/page/{to}.html#f\">f &amp; g</a>. {}</p></dd>\n",
            "Words that say what it is for. ".repeat(5)
        )
    };
    let lines: String = deeper.chain(anywhere).map(line).collect();
    format!(
        "<!doctype html><html lang=en><head><meta charset=utf-8><title>Page {number}</title></head>\
         <body><dl>{lines}</dl></body></html>"
    )
}

impl Server {
    fn start(site: Site) -> Self {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        listener.set_nonblocking(true).expect("a socket that does not block");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                tokio::select! {
                    () = serve(listener, Arc::new(site)) => {}
                    _ = stopped => {}
                }
            });
        });
        Self { address, stop: Some(stop), thread: Some(thread) }
    }

    fn url(&self) -> String {
        format!("http://{}/", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the server does not panic");
        }
    }
}

async fn serve(listener: std::net::TcpListener, site: Arc<Site>) {
    let listener = TcpListener::from_std(listener).expect("a listener");
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        stream.set_nodelay(true).expect("an open socket");
        let site = Arc::clone(&site);
        connections.spawn(async move {
            let answer = service_fn(|request: Request<_>| {
                let response = site.answer(request.uri().path());
                async { Ok::<_, Infallible>(response) }
            });
            // A crawl that has ended closes its connections as it likes.
            let _ = auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), answer).await;
        });
    }
}

const PAGES: u64 = 2_000;
