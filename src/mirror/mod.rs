//! Mirror: the pages of a crawl and what they are shown with, as a folder that a browser opens without a server.
//!
//! Which URLs there are is in the records, and their bodies are in the archive. References between them are written anew,
//! so that they lead from file to file; all others lead to the web.

mod bodies;
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

use self::bodies::Bodies;
use self::plan::{Missing, Plan, References};
use self::records::{Kept, Records, Redirect};
use self::site::Site;
use crate::committed::{Output, Source};
use crate::error::{Error, Result};
use crate::mention::Kind;
use crate::parse::rewrite::Rewriter;
use crate::url::CrawlUrl;

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
    /// How many URLs pages are shown with that nobody has asked for.
    pub(crate) missing_parts: u64,
    /// How many were answered with an error, or not at all.
    pub(crate) broken_parts: u64,
    /// Whether the crawl was to ask for what pages are shown with.
    pub(crate) follows_parts: bool,
    /// What the archive should have and cannot be read there, each with the reason.
    pub(crate) lost: Vec<String>,
    /// The same, of which an earlier mirror has left a file: that is still there.
    pub(crate) left: Vec<String>,
    /// The page that one opens.
    pub(crate) front: PathBuf,
}

/// Makes a mirror of what the crawl in a directory has committed, in a folder, or brings that up to date.
///
/// # Errors
/// [`Error::Usage`] when there is no crawl, or one without an archive or pages, or the folder holds something else.
/// [`Error::Damaged`] when records or archive cannot be read, or no page is there; nothing is written or deleted then.
pub(crate) fn mirror(dir: &Path, to: &Path) -> Result<Mirrored> {
    let bodies = Bodies::open(dir)?;
    let mut source = Source::open(dir, Output::Records)?;
    let settings = source.settings.take().unwrap_or_default();
    let rules = settings.url_rules();
    let records = Records::read(&mut *source.lines, &rules)?;
    let redirects: Vec<_> = records.redirects.iter().map(|from| (from.url.clone(), bodies.location(from))).collect();
    // Each is read twice: nothing may be deleted before it is known what is there, and all of it has no room in memory.
    let (kept, faults) = look(&bodies, records.kept);
    expect_pages(dir, &kept, &faults)?;
    let mut plan = Plan::new(&kept, &redirects, &rules);
    let mut site = Site::take(to)?;
    let mut mirrored = Mirrored { front: to.join(FRONT), ..Mirrored::default() };
    for (kept, why) in kept.iter().zip(&faults).filter_map(|(kept, fault)| Some((kept, fault.as_ref()?))) {
        let told = format!("{}: {why}", kept.url.as_str());
        let left = plan.name_of(&kept.url).map(|name| site.left(name)).transpose()?.flatten();
        if let Some(length) = left {
            mirrored.count(kept, length);
            mirrored.left.push(told);
        } else {
            // No reference may lead to it.
            plan.forget(&kept.url);
            mirrored.lost.push(told);
        }
    }
    let names: Vec<String> = kept.iter().filter_map(|kept| plan.name_of(&kept.url)).map(str::to_owned).collect();
    site.begin(&names)?;
    let rewriter = Rewriter::new(&settings.parse, rules.clone());
    let mut references = References::new(&plan);
    for (kept, _) in kept.iter().zip(&faults).filter(|(_, fault)| fault.is_none()) {
        let Some(name) = plan.name_of(&kept.url) else { continue };
        let (media_type, body) =
            bodies.of(kept).map_err(|why| Error::Damaged(format!("{}: {why}", kept.url.as_str())))?;
        let new = rewriter.rewrite(&kept.asked, media_type.as_ref(), &body, references.in_file(name));
        let contents = new.as_deref().unwrap_or(&body);
        site.write(name, contents)?;
        mirrored.count(kept, contents.len() as u64);
    }
    let Missing { links, parts } = references.into_missing();
    mirrored.missing_links = links.len() as u64;
    mirrored.broken_parts = parts.iter().filter(|part| records.broken.contains(*part)).count() as u64;
    mirrored.missing_parts = parts.len() as u64 - mirrored.broken_parts;
    mirrored.follows_parts = [Kind::Embed, Kind::Style].iter().all(|kind| settings.parse.follow.contains(kind));
    let front = front::front(&starts(&plan, &kept, &records.redirects));
    mirrored.changes = site.finish(&names, front.as_bytes())?;
    Ok(mirrored)
}

impl Mirrored {
    fn count(&mut self, kept: &Kept, length: u64) {
        *(if kept.is_page() { &mut self.pages } else { &mut self.others }) += 1;
        self.bytes += length;
    }
}

/// What has a body, each with why that cannot be read if it cannot.
fn look(bodies: &Bodies, kept: Vec<Kept>) -> (Vec<Kept>, Vec<Option<String>>) {
    let looked = kept.into_iter().map(|kept| {
        let fault = bodies.of(&kept).err();
        (kept, fault)
    });
    // Of what nobody read, some bodies are in the archive and some are not.
    looked.filter(|(kept, fault)| kept.is_read || fault.is_none()).unzip()
}

/// Refuses a crawl of which no page is there: a mirror of it would have nothing, and one that is there would lose all.
fn expect_pages(dir: &Path, kept: &[Kept], faults: &[Option<String>]) -> Result<()> {
    let dir = dir.display();
    if kept.is_empty() {
        return Err(Error::Usage(format!("the crawl in {dir} has no page, so there is nothing to make a mirror of")));
    }
    let is_there = |is_wanted: &dyn Fn(&Kept) -> bool| {
        kept.iter().zip(faults).any(|(kept, fault)| fault.is_none() && is_wanted(kept))
    };
    let lost = kept.iter().zip(faults).filter_map(|(kept, fault)| Some((kept, fault.as_ref()?)));
    let Some((first, why)) = lost.clone().find(|(kept, _)| kept.is_page()).or_else(|| lost.clone().next()) else {
        return Ok(());
    };
    if is_there(&Kept::is_page) || !first.is_page() && is_there(&|_| true) {
        return Ok(());
    }
    Err(Error::Damaged(format!(
        "no page of the crawl in {dir} can be read in its archive, so nothing was written or deleted; {}: {why}\n = help: \
         put back what is gone of {dir}/archive, and of {dir}/versions if the crawl was updated",
        first.url.as_str()
    )))
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
