//! Mirror: the pages of a crawl and what they are shown with, as a folder that a browser opens without a server.
//!
//! Which URLs there are is in the records, and their bodies are in the archive. References between them are written anew,
//! so that they lead from file to file; all others lead to the web.

mod ending;
mod file_names;
mod front;
mod name;
mod plan;
mod records;
mod relative;
mod site;

pub(crate) use site::Changes;

use std::path::{Path, PathBuf};

use hashbrown::HashSet;
use http::header::LOCATION;

use self::plan::{Missing, Plan, References};
use self::records::{Kept, Records, Redirect};
use self::site::Site;
use crate::committed::{ArchiveFile, Output, Source};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::fetch::Archive;
use crate::media_type::MediaType;
use crate::parse::rewrite::Rewriter;
use crate::response::Body;
use crate::url::{Base, CrawlUrl, UrlKey, UrlRules, header_text};

/// What was made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Mirrored {
    /// HTML and XHTML.
    pub(crate) pages: u64,
    /// What pages are shown with, and what else they link to.
    pub(crate) others: u64,
    /// How long the files are together.
    pub(crate) bytes: u64,
    pub(crate) changes: Changes,
    /// How many URLs pages link to that are not in it.
    pub(crate) missing_links: u64,
    /// How many URLs pages are shown with that are not in it.
    pub(crate) missing_parts: u64,
    /// What the archive should have and cannot be read there, each with the reason.
    pub(crate) unreadable: Vec<String>,
    /// The page that one opens.
    pub(crate) front: PathBuf,
}

/// Makes a mirror of what the crawl in a directory has committed, in a folder, or brings that up to date.
///
/// # Errors
/// [`Error::Usage`] when there is no crawl, or one without an archive, or the folder holds something else.
/// [`Error::Damaged`] when records or archive cannot be read.
pub(crate) fn mirror(dir: &Path, to: &Path) -> Result<Mirrored> {
    let archive = open(dir)?;
    let mut source = Source::open(dir, Output::Records)?;
    let settings = source.settings.take().unwrap_or_default();
    let rules = settings.url_rules();
    let records = Records::read(&mut *source.lines, &rules)?;
    let redirects: Vec<_> = records.redirects.iter().map(|from| (from.url.clone(), location(&archive, from))).collect();
    let making = Making { archive, settings, rules, redirects };
    let mut site = Site::take(to)?;
    // Of what nobody read, some bodies are in the archive and some are not.
    let mut kept = records.kept;
    kept.retain(|kept| kept.is_read || making.body(kept).is_ok());
    let mut unreadable = Vec::new();
    // What cannot be read is left out, and then no reference may lead to it.
    loop {
        let made = making.make(&kept, &records.redirects, &mut site)?;
        if made.failed.is_empty() {
            return made.finish(site, to, unreadable);
        }
        kept.retain(|kept| !made.failed.contains(&kept.url.key()));
        unreadable.extend(made.mirrored.unreadable);
    }
}

/// The archive of a crawl.
fn open(dir: &Path) -> Result<Archive> {
    let files = ArchiveFile::of_crawl(dir).map_err(|error| match error {
        Error::Usage(why) if why.contains("no archive") => Error::Usage(format!(
            "the crawl in {} has no archive, and the bodies of pages are nowhere else\n = help: {WITH_ARCHIVE}",
            dir.display()
        )),
        error => error,
    })?;
    let parts: Vec<_> = files.into_iter().map(|file| (file.path, file.committed)).collect();
    let options = crate::fetch::Options {
        content_types: vec!["*/*".parse().expect("it is a media range")],
        max_body: LONGEST,
        ..crate::fetch::Options::default()
    };
    Archive::of_crawl(&parts, &options)
}

/// Where a redirect leads, with the fragment that only its response has.
fn location(archive: &Archive, from: &Redirect) -> String {
    let answer = archive.captured(&from.url, from.at).ok();
    let written =
        answer.and_then(|answer| answer.headers.get(LOCATION).map(|value| header_text(value.as_bytes()).into_owned()));
    let absolute = written.and_then(|written| Base::new(from.url.clone()).absolute(&written, None));
    // A page that sends its readers on is no redirect of HTTP.
    let is_same = |absolute: &String| absolute.split('#').next() == Some(from.location.as_str());
    absolute.filter(is_same).unwrap_or_else(|| from.location.clone())
}

/// What all attempts have in common.
struct Making {
    archive: Archive,
    settings: Config,
    rules: UrlRules,
    redirects: Vec<(CrawlUrl, String)>,
}

/// What came of one attempt.
struct Made {
    mirrored: Mirrored,
    names: Vec<String>,
    front: String,
    /// What could not be read.
    failed: HashSet<UrlKey>,
}

impl Making {
    fn make(&self, kept: &[Kept], redirects: &[Redirect], site: &mut Site) -> Result<Made> {
        let plan = Plan::new(kept, &self.redirects, &self.rules);
        site.begin(plan.names())?;
        let rewriter = Rewriter::new(&self.settings.parse, self.rules.clone());
        let (mut references, mut mirrored, mut failed) = (References::new(&plan), Mirrored::default(), HashSet::new());
        for (kept, name) in kept.iter().zip(plan.names()) {
            let (media_type, body) = match self.body(kept) {
                Ok(body) => body,
                Err(why) => {
                    mirrored.unreadable.push(format!("{}: {why}", kept.url.as_str()));
                    failed.insert(kept.url.key());
                    continue;
                }
            };
            let media_type = media_type.as_ref();
            let new = rewriter.rewrite(&kept.asked, media_type, &body, references.in_file(name));
            let contents = new.as_deref().unwrap_or(&body);
            site.write(name, contents)?;
            let is_page = kept.essence.as_deref().is_some_and(crate::media_type::is_html);
            *(if is_page { &mut mirrored.pages } else { &mut mirrored.others }) += 1;
            mirrored.bytes += contents.len() as u64;
        }
        let Missing { links, parts } = references.into_missing();
        (mirrored.missing_links, mirrored.missing_parts) = (links.len() as u64, parts.len() as u64);
        let front = front::front(&starts(&plan, kept, redirects));
        Ok(Made { mirrored, names: plan.names().to_vec(), front, failed })
    }

    /// What a URL was answered with.
    fn body(&self, kept: &Kept) -> Result<(Option<MediaType>, bytes::Bytes), String> {
        let answer = self.archive.captured(&kept.asked, kept.at).map_err(|failure| failure.message.into_owned())?;
        let media_type = MediaType::extract(&answer.headers);
        match answer.body {
            Body::Read(body) if answer.status.is_success() => Ok((media_type, body)),
            Body::Read(_) | Body::Unwanted => {
                Err(format!("the archive has a response with status {}", answer.status.as_u16()))
            }
            Body::Failed(failure) => Err(failure.message.into_owned()),
        }
    }
}

impl Made {
    fn finish(self, site: Site, to: &Path, unreadable: Vec<String>) -> Result<Mirrored> {
        let changes = site.finish(&self.names, self.front.as_bytes())?;
        Ok(Mirrored { changes, unreadable, front: to.join(FRONT), ..self.mirrored })
    }
}

/// The files where the crawl began, each with its URL; without one, the first of all.
fn starts(plan: &Plan<'_>, kept: &[Kept], redirects: &[Redirect]) -> Vec<(String, String)> {
    let mut seeds: Vec<&CrawlUrl> = kept.iter().filter(|kept| kept.is_seed).map(|kept| &kept.url).collect();
    seeds.extend(redirects.iter().filter(|from| from.is_seed).map(|from| &from.url));
    let start = |url: &&CrawlUrl| {
        let (name, fragment) = plan.file_of(url)?;
        let fragment = fragment.map(|fragment| format!("#{fragment}")).unwrap_or_default();
        Some((relative::relative(FRONT, name) + &fragment, url.as_str().to_owned()))
    };
    let mut starts: Vec<_> = seeds.iter().filter_map(start).collect();
    if starts.is_empty() {
        starts.extend(kept.iter().map(|kept| &kept.url).find_map(|url| start(&url)));
    }
    starts.sort();
    starts
}

/// The page that one opens.
const FRONT: &str = site::FRONT;
/// How long a body may be, in bytes: the crawl that has written it had a lower limit.
const LONGEST: u64 = 1 << 30;
const WITH_ARCHIVE: &str = "crawl with --warc --set 'parse.follow=[\"page\", \"embed\", \"style\"]'";
