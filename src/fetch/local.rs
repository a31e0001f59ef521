//! A static site on disk, read as a server would serve it, without a socket.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION};
use percent_encoding::percent_decode_str;

use super::body::{MAX_ROBOTS, MAX_SITEMAP, is_wanted};
use super::failure::resources;
use super::{Fetch, Fetching, MediaRange, Options};
use crate::error::{self, Error};
use crate::exchange::{BodyEnd, Exchange, RawBody, Received, Sent};
use crate::media_type::MediaType;
use crate::outcome::{Failure, FailureKind};
use crate::request::{Purpose, Request};
use crate::response::{Body, Response};
use crate::units::format_size;

/// Answers requests below one URL with the files below one folder.
///
/// A folder is its `index.html` or `index.htm`, and redirects to the form with a slash. Where there is no file `about` and
/// no folder with such a page, `/about` is `about.html` or `about.htm`, as static hosts have it. What is not there is a
/// 404.
/// Nothing outside the folder is ever read, also not through a symbolic link. Queries are ignored.
///
/// # Cancel safety
/// Dropping the future gives its answer up; a read that has begun ends on its own.
#[derive(Debug, Clone)]
pub struct LocalSite {
    site: Arc<Site>,
}

#[derive(Debug)]
struct Site {
    /// Absolute, without symbolic links.
    root: PathBuf,
    origin: String,
    /// The path that the root appears under, with a slash at both ends.
    base: String,
    types: Vec<MediaRange>,
    /// The types of files that are read for an archive, beside those that are wanted.
    archived: Vec<MediaRange>,
    max_body: u64,
}

/// What a path leads to.
enum Found {
    File(PathBuf),
    /// A folder, asked for without its final slash.
    Folder,
    Nothing,
}

impl LocalSite {
    /// The site in the folder `root`. Under which URL it appears, how long its files may be and of which types, say the
    /// options.
    ///
    /// # Errors
    /// [`Error::Usage`] when the folder cannot be opened, or is none.
    pub fn open(root: &Path, options: &Options) -> error::Result<Self> {
        let root =
            root.canonicalize().map_err(|error| Error::Usage(format!("cannot open {}: {error}", root.display())))?;
        if !root.is_dir() {
            return Err(Error::Usage(format!("{} is not a folder", root.display())));
        }
        let origin = options.origin.url();
        let path = origin.path_and_query();
        let base = path.strip_suffix('/').unwrap_or(path);
        Ok(Self {
            site: Arc::new(Site {
                root,
                origin: origin.origin().to_owned(),
                base: format!("{base}/"),
                types: options.content_types.clone(),
                archived: Vec::new(),
                max_body: options.max_body,
            }),
        })
    }

    /// The same site, for an archive: with each exchange that is kept comes its file, also when it is of one of these
    /// types only and the crawl does not want it.
    #[must_use]
    pub fn archiving(mut self, types: &[MediaRange]) -> Self {
        if let Some(site) = Arc::get_mut(&mut self.site) {
            types.clone_into(&mut site.archived);
        }
        self
    }

    /// The folder: absolute, without symbolic links.
    pub fn folder(&self) -> &Path {
        &self.site.root
    }

    /// Scheme, host and port that the site appears under.
    pub fn origin(&self) -> &str {
        &self.site.origin
    }

    /// Whether a URL belongs to this site, whether there is a file for it or not.
    pub fn holds(&self, url: &crate::url::CrawlUrl) -> bool {
        url.origin() == self.site.origin && url.path_and_query().starts_with(&self.site.base)
    }
}

impl Fetch for LocalSite {
    fn fetch<'a>(&'a self, request: &'a Request) -> Fetching<'a> {
        let (site, request) = (Arc::clone(&self.site), request.clone());
        Box::pin(async move {
            // Files block: they are read where blocking is allowed.
            tokio::task::spawn_blocking(move || site.ask(&request))
                .await
                .unwrap_or_else(|error| Err(Failure::new(FailureKind::File, format!("reading was stopped: {error}"))))
        })
    }
}

impl Site {
    fn ask(&self, request: &Request) -> Result<Response, Failure> {
        let Request { url, purpose, .. } = request;
        let mut response = self.answer(url.origin(), url.path_and_query(), *purpose)?;
        if request.keep_exchange {
            let raw = match &response.body {
                Body::Read(bytes) if *purpose != Purpose::Page && bytes.len() as u64 >= self.limit(*purpose) => {
                    RawBody::new(bytes.clone(), BodyEnd::Cut)
                }
                Body::Read(bytes) => RawBody::new(bytes.clone(), BodyEnd::Whole),
                Body::Unwanted if response.status == StatusCode::OK => self.archived(url.path_and_query()),
                Body::Unwanted | Body::Failed(_) => RawBody::default(),
            };
            let received = Received::new(response.status, &response.headers, raw);
            response.exchange = Some(Box::new(Exchange::new(Sent::new(url.to_shared(), Vec::new()), received)));
        }
        Ok(response)
    }

    /// The file at a path that the crawl has no use for, when an archive has.
    fn archived(&self, path_and_query: &str) -> RawBody {
        let path = path_and_query.split_once('?').map_or(path_and_query, |(path, _)| path);
        let Some(Ok(Found::File(file))) = path.strip_prefix(self.base.as_str()).map(|below| self.find(below)) else {
            return RawBody::default();
        };
        let is_archived = || is_wanted(MediaType::parse(content_type(&file)).as_ref(), &self.archived);
        match read_start(&file, self.max_body) {
            Ok((bytes, false)) if is_archived() => RawBody::new(bytes, BodyEnd::Whole),
            _ => RawBody::default(),
        }
    }

    fn answer(&self, origin: &str, path_and_query: &str, purpose: Purpose) -> Result<Response, Failure> {
        let path = path_and_query.split_once('?').map_or(path_and_query, |(path, _)| path);
        let below = if origin == self.origin { path.strip_prefix(self.base.as_str()) } else { None };
        match below.map_or(Ok(Found::Nothing), |below| self.find(below)).map_err(|error| unreadable(&error))? {
            Found::File(file) => self.read(&file, purpose),
            Found::Folder => Ok(redirect(path_and_query, path)),
            Found::Nothing => Ok(self.not_found()),
        }
    }

    /// Follows a path below the base, segment by segment.
    fn find(&self, below: &str) -> io::Result<Found> {
        let (folders, file) = below.rsplit_once('/').map_or((None, below), |(folders, file)| (Some(folders), file));
        let mut path = self.root.clone();
        for segment in folders.iter().flat_map(|folders| folders.split('/')) {
            let Some(name) = file_name(segment) else { return Ok(Found::Nothing) };
            path.push(name);
        }
        if file.is_empty() {
            return Ok(self.index(&path)?.map_or(Found::Nothing, Found::File));
        }
        let Some(name) = file_name(file) else { return Ok(Found::Nothing) };
        let path = path.join(name);
        match self.inside(&path)? {
            Some((file, false)) => Ok(Found::File(file)),
            Some((folder, true)) if self.index(&folder)?.is_some() => Ok(Found::Folder),
            found => match self.page(path)? {
                Some(file) => Ok(Found::File(file)),
                None => Ok(found.map_or(Found::Nothing, |_| Found::Folder)),
            },
        }
    }

    /// The page that a folder shows.
    fn index(&self, folder: &Path) -> io::Result<Option<PathBuf>> {
        for index in INDEX {
            if let Some((file, false)) = self.inside(&folder.join(index))? {
                return Ok(Some(file));
            }
        }
        Ok(None)
    }

    /// The page that is named without its extension.
    fn page(&self, path: PathBuf) -> io::Result<Option<PathBuf>> {
        let path = path.into_os_string();
        for extension in PAGES {
            let mut path = path.clone();
            path.push(extension);
            if let Some((file, false)) = self.inside(Path::new(&path))? {
                return Ok(Some(file));
            }
        }
        Ok(None)
    }

    /// The real path of a file or folder (`true`) below the root; `None` for all else, pipes and devices among it.
    fn inside(&self, path: &Path) -> io::Result<Option<(PathBuf, bool)>> {
        let real = match path.canonicalize() {
            Ok(real) if real.starts_with(&self.root) => real,
            Ok(_) => return Ok(None),
            Err(error) if is_absent(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        let kind = fs::metadata(&real)?.file_type();
        Ok((kind.is_file() || kind.is_dir()).then_some((real, kind.is_dir())))
    }

    fn read(&self, file: &Path, purpose: Purpose) -> Result<Response, Failure> {
        let mut headers = HeaderMap::new();
        let content_type = content_type(file);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        if purpose == Purpose::Page && !is_wanted(MediaType::parse(content_type).as_ref(), &self.types) {
            return Ok(Response::new(StatusCode::OK, headers, Body::Unwanted));
        }
        let limit = self.limit(purpose);
        let body = read_start(file, limit).map_err(|error| unreadable(&error))?;
        match body {
            (body, false) => Ok(Response::new(StatusCode::OK, headers, Body::Read(body))),
            (body, true) if purpose != Purpose::Page => Ok(Response::new(StatusCode::OK, headers, Body::Read(body))),
            // There is a response, as from a server: only its body cannot be had.
            _ => {
                let message = format!("the body is longer than {}", format_size(limit));
                let body = Body::Failed(Failure::new(FailureKind::TooLarge, message));
                Ok(Response::new(StatusCode::OK, headers, body))
            }
        }
    }

    fn not_found(&self) -> Response {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PLAIN));
        let wanted = is_wanted(MediaType::parse(PLAIN).as_ref(), &self.types);
        let body = if wanted { Body::Read(Bytes::from_static(b"not found\n")) } else { Body::Unwanted };
        Response::new(StatusCode::NOT_FOUND, headers, body)
    }

    /// How much of a file is read.
    fn limit(&self, purpose: Purpose) -> u64 {
        match purpose {
            Purpose::Page => self.max_body,
            Purpose::Robots => MAX_ROBOTS,
            Purpose::Sitemap => MAX_SITEMAP,
        }
    }
}

/// To the same URL with a slash after its path.
fn redirect(path_and_query: &str, path: &str) -> Response {
    let query = path_and_query.get(path.len()..).unwrap_or_default();
    let mut headers = HeaderMap::new();
    if let Ok(location) = HeaderValue::try_from(format!("{path}/{query}")) {
        headers.insert(LOCATION, location);
    }
    Response::new(StatusCode::MOVED_PERMANENTLY, headers, Body::Unwanted)
}

/// The start of a file, and whether there is more of it.
fn read_start(file: &Path, limit: u64) -> io::Result<(Bytes, bool)> {
    let file = File::open(file)?;
    let length = file.metadata()?.len().min(limit);
    let mut body = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    // One byte more tells a file of exactly the limit from a longer one.
    file.take(limit.saturating_add(1)).read_to_end(&mut body)?;
    let more = body.len() as u64 > limit;
    body.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok((Bytes::from(body), more))
}

/// The file name that a segment of a path is; `None` when it would lead anywhere but one step down: `..`, an encoded
/// slash, a drive, a NUL, nothing at all.
fn file_name(segment: &str) -> Option<OsString> {
    let bytes: Vec<u8> = percent_decode_str(segment).collect();
    if bytes.contains(&0) {
        return None;
    }
    let name = os_string(bytes)?;
    let mut parts = Path::new(&name).components();
    let one_step = matches!((parts.next(), parts.next()), (Some(Component::Normal(part)), None) if part == name);
    one_step.then_some(name)
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere not all bytes are a name")]
fn os_string(bytes: Vec<u8>) -> Option<OsString> {
    Some(std::os::unix::ffi::OsStringExt::from_vec(bytes))
}

#[cfg(not(unix))]
fn os_string(bytes: Vec<u8>) -> Option<OsString> {
    String::from_utf8(bytes).ok().map(OsString::from)
}

fn is_absent(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidFilename, NotADirectory, NotFound};
    matches!(error.kind(), NotFound | NotADirectory | InvalidFilename)
}

fn unreadable(error: &io::Error) -> Failure {
    if let Some(failure) = resources(error) {
        return failure;
    }
    let words = error.to_string();
    let words = words.rsplit_once(" (os error").map_or(words.as_str(), |(words, _)| words);
    Failure::new(FailureKind::File, format!("cannot read the file: {}", words.to_lowercase()))
}

/// The media type of a file by its extension. Without a charset: pages say it themselves.
fn content_type(file: &Path) -> &'static str {
    // What follows the last dot, as servers have it: also of a file that is named `.html`.
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension).to_ascii_lowercase();
    TYPES
        .iter()
        .find(|(extensions, _)| extensions.contains(&extension.as_str()))
        .map_or("application/octet-stream", |(_, media_type)| media_type)
}

/// What is put behind the name of a page that is not there without it, in this order.
const PAGES: [&str; 2] = [".html", ".htm"];
const PLAIN: &str = "text/plain";
const INDEX: [&str; 2] = ["index.html", "index.htm"];
const TYPES: [(&[&str], &str); 20] = [
    (&["html", "htm", "shtml"], "text/html"),
    (&["xhtml", "xht"], "application/xhtml+xml"),
    (&["txt", "text", "md"], "text/plain"),
    (&["css"], "text/css"),
    (&["js", "mjs"], "text/javascript"),
    (&["json", "map"], "application/json"),
    (&["xml", "xsl"], "application/xml"),
    (&["rss"], "application/rss+xml"),
    (&["atom"], "application/atom+xml"),
    (&["pdf"], "application/pdf"),
    (&["gz", "tgz"], "application/gzip"),
    (&["zip"], "application/zip"),
    (&["png"], "image/png"),
    (&["jpg", "jpeg"], "image/jpeg"),
    (&["gif"], "image/gif"),
    (&["webp"], "image/webp"),
    (&["svg"], "image/svg+xml"),
    (&["ico"], "image/x-icon"),
    (&["woff2"], "font/woff2"),
    (&["wasm"], "application/wasm"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::loopback::page;

    /// A folder with the given files, and a site that shows it under `http://localhost/`.
    fn site(files: &[(&str, &str)]) -> (tempfile::TempDir, LocalSite) {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let site = LocalSite::open(folder.path(), &Options::default()).unwrap();
        (folder, site)
    }

    async fn get(site: &LocalSite, path: &str) -> Response {
        site.fetch(&page(&format!("http://localhost{path}"))).await.unwrap()
    }

    #[tokio::test]
    async fn paths_lead_to_files() {
        let (_folder, site) = site(&[("index.html", "root"), ("a b/index.htm", "folder"), ("ä.html", "umlaut")]);
        for (path, text) in [("/", "root"), ("/a%20b/", "folder"), ("/%C3%A4.html?q=1", "umlaut"), ("/x/../", "root")] {
            let response = get(&site, path).await;
            assert_eq!(response.status, 200, "{path}");
            assert_eq!(response.headers.get(CONTENT_TYPE).unwrap(), "text/html", "{path}");
            assert_eq!(response.body, Body::Read(text.into()), "{path}");
        }
    }

    #[tokio::test]
    async fn an_exchange_says_what_there_is_without_a_network() {
        let (_folder, site) = site(&[("a.html", "page"), ("b/index.html", "")]);
        let mut request = page("http://localhost/a.html");
        assert!(site.fetch(&request).await.unwrap().exchange.is_none());
        request.keep_exchange = true;
        let Exchange { request: sent, response } = *site.fetch(&request).await.unwrap().exchange.unwrap();
        assert_eq!((&*sent.url, sent.headers.len()), ("http://localhost/a.html", 0));
        assert_eq!((response.version, response.status.as_u16(), response.reason), (None, 200, None));
        assert_eq!((response.headers[0].name(), response.headers[0].value()), ("content-type", &b"text/html"[..]));
        assert_eq!(response.body, RawBody::new("page".into(), BodyEnd::Whole));
        let mut folder = page("http://localhost/b");
        folder.keep_exchange = true;
        let exchange = site.fetch(&folder).await.unwrap().exchange.unwrap();
        assert_eq!((exchange.response.status.as_u16(), exchange.response.body.end), (301, BodyEnd::NotRead));
    }

    #[tokio::test]
    async fn a_page_may_be_named_without_its_extension() {
        let (_folder, site) = site(&[
            ("about.html", "about"),
            ("a b.htm", "blank"),
            ("v1.2.html", "version"),
            ("both", "file"),
            ("both.html", "page"),
            ("guide/index.html", "folder"),
            ("guide.html", "page"),
            ("api.html", "page of a folder without one"),
            ("api/calls.html", "calls"),
            ("operator/.html", "hidden"),
        ]);
        for (path, text) in [
            ("/about", "about"),
            ("/about?q=1", "about"),
            ("/a%20b", "blank"),
            ("/v1.2", "version"),
            ("/both", "file"),
            ("/guide/", "folder"),
            ("/api", "page of a folder without one"),
            ("/api/calls", "calls"),
            ("/operator/.html", "hidden"),
        ] {
            let response = get(&site, path).await;
            let of_page = path != "/both";
            assert_eq!(
                (response.status.as_u16(), of_page),
                (200, response.headers[CONTENT_TYPE] == "text/html"),
                "{path}"
            );
            if of_page {
                assert_eq!(response.body, Body::Read(text.into()), "{path}");
            }
        }
        assert_eq!(get(&site, "/guide").await.status, 301);
        for path in ["/about/", "/ABOUT", "/about.", "/.html", "/abou"] {
            assert_eq!(get(&site, path).await.status, 404, "{path}");
        }
    }

    #[tokio::test]
    async fn a_folder_without_slash_redirects() {
        let (_folder, site) = site(&[("a/index.html", "folder")]);
        let response = get(&site, "/a?q=1").await;
        assert_eq!(response.status, 301);
        assert_eq!(response.headers.get(LOCATION).unwrap(), "/a/?q=1");
    }

    #[tokio::test]
    async fn what_is_no_file_of_the_site_is_not_found() {
        let (folder, site) = site(&[("a.html", "page"), ("empty/x.png", "")]);
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret.html"), "secret").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(outside.path(), folder.path().join("link")).unwrap();
        let up = format!("/..%2f{}/secret.html", outside.path().file_name().unwrap().to_str().unwrap());
        for path in [
            "/",
            "/b.html",
            "/a.html/",
            "/a.html/b",
            "/empty/",
            "//a.html",
            "/empty//x.png",
            "/link/secret.html",
            "/%00",
            "/a.html%00",
            "/empty%2fx.png",
            "/%2e%2e%2fx",
            "/robots.txt",
            up.as_str(),
        ] {
            assert_eq!(get(&site, path).await.status, 404, "{path}");
        }
        let long = format!("/{}", "x".repeat(1000));
        assert_eq!(get(&site, &long).await.status, 404);
        drop(folder);
    }

    #[tokio::test]
    async fn only_wanted_types_are_read() {
        let (_folder, site) = site(&[("a.png", "pixels"), ("robots.txt", "User-agent: *")]);
        assert_eq!(get(&site, "/a.png").await.body, Body::Unwanted);
        assert_eq!(get(&site, "/robots.txt").await.body, Body::Unwanted);
        let robots = Request { purpose: Purpose::Robots, ..page("http://localhost/robots.txt") };
        assert_eq!(site.fetch(&robots).await.unwrap().body, Body::Read("User-agent: *".into()));
        let sitemap = Request { purpose: Purpose::Sitemap, ..page("http://localhost/a.png") };
        assert_eq!(site.fetch(&sitemap).await.unwrap().body, Body::Read("pixels".into()));
    }

    #[tokio::test]
    async fn the_body_limit_holds_to_the_byte() {
        let (folder, _) = site(&[("a.html", "1234"), ("b.html", "12345")]);
        let options = Options { max_body: 4, ..Options::default() };
        let site = LocalSite::open(folder.path(), &options).unwrap();
        assert_eq!(get(&site, "/a.html").await.body, Body::Read("1234".into()));
        let Response { status, body: Body::Failed(failure), .. } = get(&site, "/b.html").await else { panic!() };
        assert_eq!((status, failure.to_string().as_str()), (StatusCode::OK, "too_large: the body is longer than 4B"));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_file_that_cannot_be_reached_is_a_failure() {
        let (folder, site) = site(&[]);
        std::os::unix::fs::symlink("loop.html", folder.path().join("loop.html")).unwrap();
        let failure = site.fetch(&page("http://localhost/loop.html")).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::File);
    }

    #[test]
    fn a_site_has_to_be_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.html");
        fs::write(&file, "a").unwrap();
        let error = |path: &Path| LocalSite::open(path, &Options::default()).unwrap_err().to_string();
        assert!(error(&file).ends_with("a.html is not a folder"), "{}", error(&file));
        assert!(error(&folder.path().join("b")).starts_with("cannot open "));
    }
}
