//! robots.txt outside of a crawl: asked for as a crawl asks for it.

use std::sync::Arc;

use super::worker::{RobotsReply, Worker};
use crate::config::{Config, Seed};
use crate::error::{Error, Result};
use crate::fetch::{AllowedHost, Credentials, Http};
use crate::outcome::Outcome;
use crate::parse::Parser;
use crate::politeness::RobotsAnswer;
use crate::politeness::robots::{REDIRECTS, Robots};
use crate::url::CrawlUrl;

/// Asks for the robots.txt of single origins, with the settings of a crawl: its identity, deadlines, limits and TLS.
#[derive(Debug)]
pub(crate) struct RobotsClient {
    worker: Worker,
}

/// What there is to know of one robots.txt.
#[derive(Debug, Clone)]
pub(crate) struct RobotsFile {
    /// What holds for the agent.
    pub(crate) rules: Arc<Robots>,
    /// Why that holds.
    pub(crate) source: RobotsSource,
}

/// Where the rules of a [`RobotsFile`] come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RobotsSource {
    /// The lines of the file.
    Lines,
    /// There is no file (4xx), so everything is allowed (RFC 9309, section 2.3.1.3). How it was answered, for a person.
    Missing(String),
    /// The file cannot be read, so nothing is allowed (RFC 9309, section 2.3.1.4). Why, for a person.
    Unreadable(String),
}

impl RobotsClient {
    /// A client for the rules of an agent. The hosts of the `named` URLs may be asked wherever they are, as those of seeds;
    /// credentials and cookies still go to the origins of the settings' own seeds only, or to the URL that has them in it.
    ///
    /// # Errors
    /// [`Error::Usage`] names the setting that cannot be used, or the URL that is none.
    pub(crate) fn new(config: &Config, agent: &str, named: &[url::Url]) -> Result<Self> {
        let rules = config.url_rules();
        let http = network(config, named)?;
        let parser = Parser::new(&config.parse, rules.clone(), agent);
        Ok(Self { worker: Worker::new(Arc::new(http), parser, rules, agent.to_owned()) })
    }

    /// Where robots.txt of a page's origin is (RFC 9309, section 2.3).
    ///
    /// # Errors
    /// [`Error::Usage`] when the URL of the page is as long as a URL may be, and that of its robots.txt longer.
    pub(crate) fn robots_of(&self, page: &CrawlUrl) -> Result<CrawlUrl> {
        self.worker.rules().robots_of(page).map_err(Error::Usage)
    }

    /// Asks for one robots.txt and follows its redirects. Once: nothing is tried again. Ends within the deadlines of each
    /// request. Cancel safe: dropping the future ends the request.
    pub(crate) async fn ask(&self, robots: CrawlUrl) -> RobotsFile {
        let mut asked = robots;
        for _ in 0..=REDIRECTS {
            let (reply, outcome) = self.worker.ask_robots(asked).await;
            match reply {
                RobotsReply::Redirect(to) => asked = to,
                RobotsReply::Answer(answer) => return RobotsFile::of(&answer, &outcome),
            }
        }
        RobotsFile::unreadable(format!("it redirects more than {REDIRECTS} times"))
    }
}

/// The network with the settings of a crawl, outside of one.
pub(super) fn network(config: &Config, named: &[url::Url]) -> Result<Http> {
    let mut options = config.fetch.clone();
    options.allow_hosts.extend(named.iter().filter_map(AllowedHost::of));
    let (mut seeds, mut credentials) = (Vec::new(), Vec::new());
    for seed in config.parsed_seeds()? {
        if let Seed::Url { url, credentials: own } = seed {
            seeds.push(url);
            credentials.extend(own);
        }
    }
    credentials.extend(named.iter().filter_map(Credentials::of));
    Ok(Http::new(&options, &seeds, &credentials)?.with_hosts(config.per_host(|host| host.fetch.clone())))
}

impl RobotsFile {
    /// What a request for one has come to, once its redirects were followed. The outcome is that of the last request.
    pub(super) fn of(answer: &RobotsAnswer, outcome: &Outcome) -> Self {
        match answer {
            RobotsAnswer::Rules(rules) => {
                let found = outcome.status.is_some_and(|status| status < 300);
                let source = if found { RobotsSource::Lines } else { RobotsSource::Missing(outcome.reason()) };
                Self { rules: Arc::clone(rules), source }
            }
            RobotsAnswer::Unreachable | RobotsAnswer::NoConnection(_) => Self::unreadable(outcome.reason()),
        }
    }

    /// Whether nothing is allowed because it could not be read.
    pub(super) fn is_unreadable(&self) -> bool {
        matches!(self.source, RobotsSource::Unreadable(_))
    }

    pub(super) fn unreadable(why: String) -> Self {
        Self { rules: Arc::new(Robots::disallow_all()), source: RobotsSource::Unreadable(why) }
    }
}
