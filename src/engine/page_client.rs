//! One page outside of a crawl: asked for as a crawl asks for it, robots.txt and all limits of its host included.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use super::clock;
use super::judge::Judge;
use super::page_links::Verdicts;
use super::page_look::{self, Source};
use super::page_read::Reads;
use super::page_report::{HopShown, PageReport, RobotsShown, SkipShown};
use super::proxies;
use super::robots_client::{RobotsFile, network};
use super::seed_places::SeedPlaces;
use super::worker::{RobotsReply, TdmReply, Worker};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::fetch::{ByOrigin, Fetch, LocalSite};
use crate::outcome::{Outcome, OutcomeKind, SkipReason};
use crate::parse::Parser;
use crate::policy::Policy;
use crate::politeness::robots::REDIRECTS;
use crate::politeness::{Admit, Politeness, RobotsAnswer, TDM_PATH};
use crate::request::{Purpose, Request};
use crate::response::Response;
use crate::scope::Scope;
use crate::traps::Traps;
use crate::url::{CrawlUrl, Target, UrlKey, UrlRules};
use crate::usage::{Statement, Usage};

/// What is to be looked at.
#[derive(Debug, Clone)]
pub(crate) enum Subject {
    /// A page.
    Url(String),
    /// A file that holds one.
    File {
        /// Where it is.
        path: PathBuf,
        /// Where it comes from; `None` for a file of that name below `[fetch] origin`.
        url: Option<String>,
    },
}

/// Looks at one page with the settings of a crawl: what such a crawl would see of it.
///
/// - The settings' seeds open the scope, and when they name none, the page does. Secrets go where a crawl sends them, and
///   to a URL that has them in it.
/// - Nothing is tried again, and no robots.txt is asked for but those of the page and of what it redirects to.
#[derive(Debug)]
pub(crate) struct PageClient {
    pub(super) config: Config,
    fetch: Arc<dyn Fetch>,
    pub(super) worker: Worker,
    parser: Parser,
    pub(super) rules: UrlRules,
    pub(super) politeness: Politeness,
    pub(super) judge: Judge,
    /// Those that were asked for, by origin.
    pub(super) robots: HashMap<String, RobotsFile>,
    /// Seeds take the scope along when they redirect.
    seeds: Vec<UrlKey>,
    page: CrawlUrl,
    file: Option<FileAsked>,
    selects: Vec<String>,
}

#[derive(Debug)]
struct FileAsked {
    path: PathBuf,
    /// Where the site on disk has it.
    url: CrawlUrl,
}

/// How a page ended.
pub(super) enum End {
    Answered(CrawlUrl, Box<Outcome>, Option<Response>),
    NotAsked(CrawlUrl, SkipShown),
}

impl PageClient {
    /// A client for one page. `selects` are selectors, or paths that start with `$`, to be tried on it.
    ///
    /// # Errors
    /// [`Error::Usage`] names the setting, the rule or the selector that cannot be used, or why there is no such file.
    pub(crate) fn new(mut config: Config, subject: &Subject, selects: &[String]) -> Result<Self> {
        let rules = config.url_rules();
        let (page, file, site) = located(&config, subject, &rules)?;
        let named = match subject {
            Subject::Url(url) | Subject::File { url: Some(url), .. } => url.as_str(),
            Subject::File { url: None, .. } => page.as_str(),
        };
        if config.seeds.is_empty() {
            config.seeds.push(named.to_owned());
        }
        let parsed = config.checked_seeds()?;
        let named: Vec<_> = url::Url::parse(named).into_iter().collect();
        let extract = config.extract_rules()?;
        for select in selects {
            page_look::check_select(select)?;
        }
        config.read_types_of(&extract);
        config.read_types_of(&page_look::rules_of(selects)?);
        let SeedPlaces { urls: mut seeds, sites, archive, .. } = SeedPlaces::of(parsed, &config)?;
        seeds.extend(sites.iter().map(|_| config.fetch.origin.url().clone()));
        let has_folder = !sites.is_empty();
        let of_archives = archive.is_some();
        let http = if of_archives { None } else { Some(network(&config, &named)?) };
        let fetch: Arc<dyn Fetch> = Arc::new(ByOrigin { sites, archive, http });
        let scope = Scope::new(&config.scope, &seeds).with_hosts(config.per_host(|host| host.scope.clone()));
        let agent = config.fetch.user_agent.token();
        let parser = Parser::new(&config.parse, rules.clone(), agent);
        let asked: Arc<dyn Fetch> = match site.map(|folder| LocalSite::open(&folder, &config.fetch)).transpose()? {
            Some(site) => Arc::new(site),
            None => Arc::clone(&fetch),
        };
        let reads = Reads::new(extract, &rules, config.content.clone());
        let worker = Worker::new(Arc::clone(&asked), parser.clone(), rules.clone(), agent.to_owned()).reading(reads);
        let mut politeness = Politeness::new(config.politeness.clone(), clock::now())
            .with_hosts(config.per_host(|host| host.politeness.clone()));
        if of_archives {
            politeness = politeness.lifted();
        }
        if config.policy.tdmrep {
            politeness = politeness.reading_tdm_files();
        }
        if has_folder {
            politeness.lift(config.fetch.origin.url());
        }
        Ok(Self {
            fetch: asked,
            worker,
            parser,
            rules,
            politeness,
            judge: Judge::new(scope, fetch, Traps::new(config.traps.clone())),
            robots: HashMap::new(),
            seeds: seeds.iter().map(CrawlUrl::key).collect(),
            page,
            file,
            selects: selects.to_vec(),
            config,
        })
    }

    /// Looks at the page: asks for robots.txt of its origin, for the page, and for what it redirects to, each when its
    /// host may be asked. `waits` is told of each wait that a person would notice, in seconds. Cancel safe: dropping the
    /// future ends the request.
    ///
    /// # Errors
    /// [`Error::Usage`] when the URL of the page is as long as a URL may be, and that of its robots.txt longer.
    pub(crate) async fn look(&mut self, waits: &(dyn Fn(&str) + Sync)) -> Result<PageReport> {
        let asked = self.page.clone();
        let mut hops = Vec::new();
        let end = match &self.file {
            Some(file) => {
                let (outcome, response) = self.ask(file.url.clone(), &self.page).await;
                End::Answered(self.page.clone(), Box::new(outcome), response)
            }
            None => self.follow(&mut hops, waits).await?,
        };
        let is_seed = self.seeds.contains(&asked.key());
        let verdicts = Verdicts::of(&self.judge, &self.robots, &self.config);
        let skipped = if is_seed { None } else { verdicts.of_url(&asked) };
        let mut report = PageReport::new(asked.as_str(), self.file.as_ref().map(|file| file.path.as_path()));
        report.robots = self.robots.get(asked.origin()).map(|file| RobotsShown::of(file, &asked));
        (report.skipped, report.redirects) = (skipped, hops);
        match end {
            End::NotAsked(url, why) => report.not_asked(&url, why),
            End::Answered(url, mut outcome, response) => {
                // What a crawl does in `Dispatcher::settle`.
                join_usage(&mut outcome, self.politeness.usage(&url), &self.config);
                let source = Source {
                    url: &url,
                    outcome: *outcome,
                    response,
                    config: &self.config,
                    parser: &self.parser,
                    rules: &self.rules,
                };
                report.answered(source, &verdicts, &self.selects)?;
            }
        }
        Ok(report)
    }

    /// Asks for the page, and for each page that it redirects to.
    async fn follow(&mut self, hops: &mut Vec<HopShown>, waits: &(dyn Fn(&str) + Sync)) -> Result<End> {
        let mut url = self.page.clone();
        let mut known = vec![url.key()];
        let mut is_seed = self.seeds.contains(&url.key());
        loop {
            match self.admit(&url, waits).await? {
                Some(End::Answered(..)) | None => {}
                Some(refused) => return Ok(refused),
            }
            let (outcome, response) = self.ask(url.clone(), &url).await;
            proxies::expect_way_out(&outcome)?;
            self.politeness.finished(&url, &outcome, clock::now());
            let to = match outcome.links.first().map(|link| &link.target) {
                Some(Target::Url(to)) if outcome.kind == OutcomeKind::Redirect => to.clone(),
                _ => return Ok(End::Answered(url, Box::new(outcome), response)),
            };
            hops.push(HopShown {
                url: url.as_str().to_owned(),
                status: outcome.status,
                location: to.as_str().to_owned(),
            });
            let most = self.config.frontier.max_redirects;
            let trap = if hops.len() > usize::try_from(most).unwrap_or(usize::MAX) {
                Some(format!("it is more than {most} redirects away"))
            } else {
                known.contains(&to.key()).then(|| "it leads back to where it came from".to_owned())
            };
            if let Some(why) = trap {
                return Ok(End::NotAsked(to, SkipShown::new(SkipReason::Trap, why)));
            }
            if is_seed {
                // As in a crawl, an address that is not to be connected to never joins.
                if self.judge.refuses_address(&to).is_none() {
                    self.judge.follow_seed(&url, &to);
                }
            }
            if let Some(why) = Verdicts::of(&self.judge, &HashMap::new(), &self.config).of_url(&to) {
                return Ok(End::NotAsked(to, why));
            }
            is_seed &= self.judge.is_in_scope(&to);
            known.push(to.key());
            url = to;
        }
    }

    /// Requests one page, and keeps its response. The page counts as found at `url`, wherever it is asked for: what is read
    /// from a file may come from elsewhere.
    async fn ask(&self, asked: CrawlUrl, url: &CrawlUrl) -> (Outcome, Option<Response>) {
        let (fetched_at, started) = (jiff::Timestamp::now(), tokio::time::Instant::now());
        let mut request = Request::new(asked, Purpose::Page);
        request.keep_exchange = true;
        let answer = self.fetch.fetch(&request).await;
        let elapsed = started.elapsed();
        match answer {
            Ok(response) => {
                let kept = Response::new(response.status, response.headers.clone(), response.body.clone());
                (self.worker.outcome(url, response, fetched_at, elapsed).await, Some(kept))
            }
            Err(failure) => (Outcome::failed(failure, fetched_at, elapsed), None),
        }
    }

    /// Waits until the page may be asked for; how it ends when it may not.
    pub(super) async fn admit(&mut self, url: &CrawlUrl, waits: &(dyn Fn(&str) + Sync)) -> Result<Option<End>> {
        loop {
            match self.politeness.admit(url, clock::now()) {
                // Nothing else is in flight, so that there is nobody to wait for.
                Admit::Now | Admit::Busy | Admit::Crowded(_) | Admit::AskWitness(_) => return Ok(None),
                Admit::NotBefore(at) | Admit::Unmet(at) => wait(url, at, waits).await,
                Admit::InLine => self.wait_for_turn(url, waits).await,
                Admit::AskAddress => self.ask_addresses(url).await,
                Admit::AskRobots => {
                    let file = self.ask_robots(url, waits).await?;
                    let is_readable = !file.is_unreadable();
                    self.robots.insert(url.origin().to_owned(), file);
                    if !is_readable {
                        // A crawl would try again, later.
                        return Ok(Some(self.disallowed(url)));
                    }
                }
                Admit::AskTdmFile => self.ask_tdm_file(url, waits).await,
                Admit::Disallowed | Admit::GivenUp(_) => return Ok(Some(self.disallowed(url))),
            }
        }
    }

    /// Waits until what a robots.txt redirects to may be asked for.
    async fn admit_hop(&mut self, url: &CrawlUrl, waits: &(dyn Fn(&str) + Sync)) {
        loop {
            match self.politeness.admit_to_host(url, clock::now()) {
                Admit::NotBefore(at) | Admit::Unmet(at) => wait(url, at, waits).await,
                Admit::InLine => self.wait_for_turn(url, waits).await,
                Admit::AskAddress => self.ask_addresses(url).await,
                _ => return,
            }
        }
    }

    /// Waits for the turn of the one host that is in line.
    async fn wait_for_turn(&mut self, url: &CrawlUrl, waits: &(dyn Fn(&str) + Sync)) {
        if let Some(at) = self.politeness.next_turn_due() {
            wait(url, at, waits).await;
            self.politeness.next_turn(clock::now());
        }
    }

    async fn ask_addresses(&mut self, url: &CrawlUrl) {
        let addresses = self.fetch.addresses(url).await;
        self.politeness.addresses_known(url, &addresses, clock::now());
    }

    fn disallowed(&self, url: &CrawlUrl) -> End {
        let why = self.robots.get(url.origin()).map(|file| RobotsShown::of(file, url).why).unwrap_or_default();
        End::NotAsked(url.clone(), SkipShown::new(SkipReason::Robots, why))
    }

    /// Asks for `tdmrep.json` of an origin, as a crawl does.
    async fn ask_tdm_file(&mut self, page: &CrawlUrl, waits: &(dyn Fn(&str) + Sync)) {
        let (mut asked, mut file) = (self.rules.well_known(page, TDM_PATH).ok(), None);
        for _ in 0..=REDIRECTS {
            let Some(url) = asked.take() else { break };
            let (reply, outcome) = self.worker.ask_tdm_file(url.clone()).await;
            self.politeness.finished(&url, &outcome, clock::now());
            match reply {
                TdmReply::File(found) => file = found,
                TdmReply::Redirect(to) if to.origin() == page.origin() && !self.politeness.disallows(&to) => {
                    self.admit_hop(&to, waits).await;
                    asked = Some(to);
                }
                TdmReply::Redirect(_) => {}
            }
        }
        self.politeness.tdm_known(page, file);
    }

    /// Asks for robots.txt of an origin, and follows its redirects under the limits of each host.
    async fn ask_robots(&mut self, page: &CrawlUrl, waits: &(dyn Fn(&str) + Sync)) -> Result<RobotsFile> {
        let mut asked = self.rules.robots_of(page).map_err(Error::Usage)?;
        let mut redirects = 0;
        loop {
            let (reply, outcome) = self.worker.ask_robots(asked.clone()).await;
            proxies::expect_way_out(&outcome)?;
            self.politeness.finished(&asked, &outcome, clock::now());
            let (answer, file) = match reply {
                RobotsReply::Redirect(to) if redirects < REDIRECTS => {
                    redirects += 1;
                    asked = to;
                    self.admit_hop(&asked, waits).await;
                    continue;
                }
                RobotsReply::Redirect(_) => {
                    let why = format!("it redirects more than {REDIRECTS} times");
                    (RobotsAnswer::Unreachable, RobotsFile::unreadable(why))
                }
                RobotsReply::Answer(answer) => {
                    let file = RobotsFile::of(&answer, &outcome);
                    (answer, file)
                }
            };
            self.politeness.robots_known(page, answer, &outcome, clock::now());
            return Ok(file);
        }
    }
}

/// Puts what a site says of use together with what its page does, and says whether a crawl would leave its content out.
fn join_usage(outcome: &mut Outcome, said: Vec<Statement>, config: &Config) {
    if !matches!(outcome.kind, OutcomeKind::Ok | OutcomeKind::PaymentRequired) {
        return;
    }
    Usage::join(&mut outcome.usage, said);
    if let Some(usage) = &mut outcome.usage {
        usage.omitted = outcome.kind == OutcomeKind::Ok && Policy::new(&config.policy).omits(usage);
    }
}

async fn wait(url: &CrawlUrl, at: Instant, waits: &(dyn Fn(&str) + Sync)) {
    let seconds = at.saturating_duration_since(clock::now()).as_secs();
    if seconds > 0 {
        waits(&format!("{} is not to be asked for another {seconds} s", url.host()));
    }
    clock::until(Some(at)).await;
}

/// The URL of what is looked at, the file that holds it, and the folder of that file.
fn located(
    config: &Config,
    subject: &Subject,
    rules: &UrlRules,
) -> Result<(CrawlUrl, Option<FileAsked>, Option<PathBuf>)> {
    let parse = |text: &str| rules.parse(text).map_err(|found| Error::Usage(crate::config::redact_url(&found)));
    let (path, named) = match subject {
        Subject::Url(url) => return Ok((parse(url)?, None, None)),
        Subject::File { path, url } => (path, url),
    };
    let shown = path.display();
    let real = path.canonicalize().map_err(|error| Error::Usage(format!("{shown}: cannot be read: {error}")))?;
    let (Some(folder), Some(name), true) = (real.parent(), real.file_name(), real.is_file()) else {
        return Err(Error::Usage(format!(
            "{shown} is no file\n = allowed: the URL of a page, or a file that holds one"
        )));
    };
    let origin = config.fetch.origin.url();
    let mut url = origin.to_url().ok_or_else(|| Error::Usage(format!("{origin} is no origin of a site on disk")))?;
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().push(&Path::new(name).to_string_lossy());
    }
    let url = parse(url.as_str())?;
    let page = named.as_deref().map_or_else(|| Ok(url.clone()), parse)?;
    Ok((page, Some(FileAsked { path: path.clone(), url }), Some(folder.to_owned())))
}
