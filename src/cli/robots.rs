//! `crawler robots check`: whether URLs may be asked for, and the line of robots.txt that decides.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use crate::config::{Config, Layers, redact_url};
use crate::engine::{RobotsClient, RobotsFile, RobotsSource};
use crate::error::{Error, Result};
use crate::observe::printable;
use crate::politeness::robots::{Access, LIMIT, Robots as Rules, product_token};
use crate::url::{CrawlUrl, UrlRules};
use crate::usage::Statement;
use clap::{Args, Subcommand};

/// The helpers for robots.txt.
#[derive(Debug, Subcommand)]
pub(crate) enum Robots {
    /// Say whether URLs may be asked for, and which line decides; exits with 1 when one may not
    #[command(after_help = EPILOGUE)]
    Check(Check),
}

#[derive(Debug, Args)]
#[expect(clippy::doc_markdown, reason = "the texts of --help are plain text, not Markdown")]
pub(crate) struct Check {
    /// The URLs to judge
    #[arg(required = true, value_name = "URL")]
    urls: Vec<String>,
    /// Judge for this product token [default: that of fetch.user_agent]
    #[arg(long, value_name = "TOKEN")]
    agent: Option<String>,
    /// Judge all URLs by this robots.txt: a file, `-` for stdin, or a URL [default: that of each URL's origin]
    #[arg(long, value_name = "FILE|URL", value_hint = clap::ValueHint::AnyPath)]
    robots: Option<String>,
    /// Read the settings of [fetch] from this file [default: crawl.toml when there]
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    config: Option<PathBuf>,
    /// Set any key of crawl.toml, like fetch.timeout=5s; repeats
    #[arg(long, value_name = "TABLE.KEY=VALUE")]
    set: Vec<String>,
}

/// Judges each URL and prints a line for it. 1 when one of them is disallowed.
pub(crate) fn check(check: &Check) -> Result<ExitCode> {
    let config = check.settings()?;
    let agent = check.agent(&config)?;
    let rules = config.url_rules();
    let urls: Vec<_> = check.urls.iter().map(|url| parsed(&rules, "", url)).collect::<Result<_>>()?;
    let mut source = Source::new(check.robots.as_deref(), &check.urls, &config, &agent, &rules)?;
    let mut disallowed = false;
    for url in &urls {
        let file = source.rules_for(url)?;
        let allowed = file.rules.verdict(url.path_and_query()).allowed;
        super::voice::print(&format!("{}\n{}", line(url, &file, &agent), usage(url, &file)))?;
        disallowed |= !allowed;
    }
    Ok(ExitCode::from(u8::from(disallowed)))
}

impl Check {
    fn settings(&self) -> Result<Config> {
        let mut layers = Layers::default();
        super::flags::file(self.config.as_deref(), &mut layers)?;
        for assignment in &self.set {
            layers.set(assignment)?;
        }
        Ok(layers.finish()?.config)
    }

    fn agent(&self, config: &Config) -> Result<String> {
        let Some(agent) = &self.agent else {
            return Ok(config.fetch.user_agent.token().to_owned());
        };
        match product_token(agent) {
            "" if agent == "*" => Ok(agent.clone()),
            "" => Err(Error::Usage(format!(
                "--agent {agent}: there is no product token\n = allowed: letters, digits, `-` and `_`, or `*` for agents \
                 without a group of their own"
            ))),
            token => Ok(token.to_owned()),
        }
    }
}

/// Where the rules come from.
enum Source {
    /// One robots.txt for all URLs.
    One(RobotsFile),
    /// That of each URL's origin, asked for once.
    Origins { asking: Box<Asking>, known: HashMap<String, RobotsFile> },
}

impl Source {
    fn new(robots: Option<&str>, urls: &[String], config: &Config, agent: &str, rules: &UrlRules) -> Result<Self> {
        match robots {
            Some(url) if url.contains("://") => {
                let robots = parsed(rules, "--robots: ", url)?;
                Ok(Self::One(Asking::new(config, agent, &[url.to_owned()])?.ask(&robots)))
            }
            Some(name) if name.trim().is_empty() => Err(Error::Usage(
                "--robots '': it is empty\n = allowed: a file, `-` for stdin, or a URL; leave it away for that of each \
                 URL's origin"
                    .to_owned(),
            )),
            Some(name) => {
                let rules = Arc::new(Rules::parse(&read(name)?, agent));
                tell(&rules, if name == "-" { "stdin" } else { name }, agent);
                Ok(Self::One(RobotsFile { rules, source: RobotsSource::Lines }))
            }
            None => Ok(Self::Origins { asking: Box::new(Asking::new(config, agent, urls)?), known: HashMap::new() }),
        }
    }

    fn rules_for(&mut self, url: &CrawlUrl) -> Result<RobotsFile> {
        match self {
            Self::One(file) => Ok(file.clone()),
            Self::Origins { known, .. } if known.contains_key(url.origin()) => {
                Ok(known.get(url.origin()).expect("looked up just above").clone())
            }
            Self::Origins { asking, known } => {
                let file = asking.ask(&asking.client.robots_of(url)?);
                known.insert(url.origin().to_owned(), file.clone());
                Ok(file)
            }
        }
    }
}

/// The network.
struct Asking {
    client: RobotsClient,
    agent: String,
    runtime: tokio::runtime::Runtime,
}

impl Asking {
    fn new(config: &Config, agent: &str, named: &[String]) -> Result<Self> {
        let named: Vec<_> = named.iter().filter_map(|url| url::Url::parse(url).ok()).collect();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::Internal(format!("cannot start the runtime: {error}")))?;
        Ok(Self { client: RobotsClient::new(config, agent, &named)?, agent: agent.to_owned(), runtime })
    }

    fn ask(&self, robots: &CrawlUrl) -> RobotsFile {
        let file = self.runtime.block_on(self.client.ask(robots.clone()));
        tell(&file.rules, robots.as_str(), &self.agent);
        file
    }
}

/// Says what there is to know of a file beside its verdicts: once, and not where the verdicts are.
fn tell(rules: &Rules, name: &str, agent: &str) {
    let name = printable(name);
    if rules.is_cut() {
        super::voice::say(&format!("warning: {name} is too long: only its first {} KiB are read", LIMIT >> 10));
    }
    let notes = rules.notes(agent);
    for note in notes.iter().take(NOTES_SHOWN) {
        super::voice::say(&format!("note: {name}: {}", printable(&note.to_string())));
    }
    if let Some(more @ 1..) = notes.len().checked_sub(NOTES_SHOWN) {
        super::voice::say(&format!("note: {name}: {more} more like these"));
    }
}

/// The verdict on one URL, on one line.
fn line(url: &CrawlUrl, file: &RobotsFile, agent: &str) -> String {
    let verdict = file.rules.verdict(url.path_and_query());
    let word = if verdict.allowed { "allowed   " } else { "disallowed" };
    let why = match (&file.source, verdict.rule) {
        (_, None) if url.path_and_query() == "/robots.txt" => "robots.txt itself is always allowed".to_owned(),
        (RobotsSource::Missing(answer), _) => format!("there is no robots.txt: {answer}"),
        (RobotsSource::Unreadable(why), _) => format!("robots.txt cannot be read: {why}"),
        (RobotsSource::Lines, Some(rule)) => {
            let access = match rule.access {
                Access::Allow => "Allow",
                Access::Disallow => "Disallow",
            };
            format!("line {}: {access}: {}  ({})", rule.line, rule.pattern, group(&file.rules))
        }
        (RobotsSource::Lines, None) if file.rules.group().is_empty() => format!("no group is for {agent}"),
        (RobotsSource::Lines, None) => format!("no rule matches  ({})", group(&file.rules)),
    };
    printable(&format!("{word}  {url}  {why}"))
}

/// What the file says that a URL which may be asked for may be used for, a line for each statement.
fn usage(url: &CrawlUrl, file: &RobotsFile) -> String {
    if !file.rules.verdict(url.path_and_query()).allowed {
        return String::new();
    }
    let told = |said: Statement| {
        let line = said.line.map(|line| format!("line {line}: ")).unwrap_or_default();
        let meaning = Some(said.meaning()).filter(|meaning| !meaning.is_empty());
        let meaning = meaning.map(|meaning| format!("  ({meaning})")).unwrap_or_default();
        printable(&format!("  usage     {line}{}{meaning}", said.text)) + "\n"
    };
    file.rules.usage(url.path_and_query()).into_iter().map(told).collect()
}

/// The lines that select the rules.
fn group(rules: &Rules) -> String {
    let lines: Vec<_> =
        rules.group().iter().map(|line| format!("line {}: User-agent: {}", line.line, line.agent)).collect();
    format!("group of {}", lines.join(", "))
}

fn parsed(rules: &UrlRules, flag: &str, text: &str) -> Result<CrawlUrl> {
    rules.parse(text).map_err(|found| Error::Usage(format!("{flag}{}", redact_url(&found))))
}

/// The start of a file, as far as a robots.txt is read.
fn read(name: &str) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    let read = if name == "-" {
        std::io::stdin().lock().take(LIMIT as u64).read_to_end(&mut body)
    } else {
        File::open(Path::new(name)).and_then(|file| file.take(LIMIT as u64).read_to_end(&mut body))
    };
    read.map_err(|error| Error::Usage(format!("--robots {name}: cannot be read: {error}")))?;
    Ok(body)
}

/// How many notes are shown on one file: some list thousands of sitemaps.
const NOTES_SHOWN: usize = 20;
const EPILOGUE: &str = "\
Examples:
  crawler robots check https://example.com/search
  crawler robots check --agent my-bot --robots robots.txt https://example.com/a https://example.com/b

What the file says of the use of a URL (Content-Usage, Content-Signal, License) follows below its \
verdict, and changes nothing of that.

What else there is to know of a file (delays, sitemaps, agents that share the group, rules that never \
match) is told on stderr.

Exit codes:
  0  all URLs are allowed
  1  one is disallowed, also because its robots.txt cannot be read
  2  wrong usage or configuration";
