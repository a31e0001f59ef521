//! Mistaken: flags that there are not, and what was meant by them. Nobody is led to a flag that deletes, and none of these calls
//! does anything.

use crate::config::key_named;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// What was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallOf {
    /// A crawl, or a command that takes the flags of one.
    Crawl,
    /// Crawls again and again.
    Watch,
    /// One of the other commands, each with its own flags.
    Command,
}

/// The message for a flag that there is not; `None` for any other mistake, of which clap says what is wrong.
pub(crate) fn message(error: &clap::Error, call: CallOf) -> Option<String> {
    if error.kind() != ErrorKind::UnknownArgument {
        return None;
    }
    let flag = text(error, ContextKind::InvalidArg)?;
    // As it was written, with its value: `--burst=5`, `-z`.
    let name = flag.split(['=', ' ']).next().unwrap_or(flag).trim_start_matches('-');
    let of_watch = (call == CallOf::Watch && OFTEN.contains(&name)).then_some(EVERY);
    let of_crawl = || of_watch.or_else(|| elsewhere(name)).map(str::to_owned).or_else(|| set(name));
    let help = (call != CallOf::Command)
        .then(of_crawl)
        .flatten()
        .or_else(|| near(name, text(error, ContextKind::SuggestedArg)?))
        .unwrap_or_else(|| "`--help` behind the command lists its flags".to_owned());
    let help = if help.starts_with('-') { format!("write {help}") } else { help };
    let what = if flag.starts_with('-') { "flag" } else { "argument" };
    Some(format!("there is no {what} `{}`\n = help: {help}", crate::config::redacted_at(name, flag)))
}

fn text(error: &clap::Error, kind: ContextKind) -> Option<&str> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text),
        ContextValue::Strings(texts) => texts.first().map(String::as_str),
        _ => None,
    }
}

/// The flag that is meant by what other programs call it, or what is done without one.
fn elsewhere(name: &str) -> Option<&'static str> {
    ELSEWHERE.iter().find(|(names, _)| names.split(' ').any(|known| known == name)).map(|(_, help)| *help)
}

/// The way to set a key of that name.
fn set(name: &str) -> Option<String> {
    let key = key_named(&name.replace('-', "_"))?;
    Some(format!("it is a key: --set {key}=…"))
}

/// The flag of nearly that name.
fn near(name: &str, suggested: &str) -> Option<String> {
    let known = suggested.trim_start_matches('-');
    let is_near = strsim::damerau_levenshtein(name, known) <= (known.len() / 4).max(1);
    (is_near && !DELETING.contains(&known)).then(|| format!("did you mean `--{known}`?"))
}

/// What is no tip for anything.
pub(super) const DELETING: [&str; 3] = ["fresh", "force", "retry-failed"];

/// How often a crawl comes again, by other names.
const OFTEN: [&str; 7] = ["interval", "frequency", "period", "schedule", "cron", "each", "repeat"];
const EVERY: &str = "--every 6h from the start of one run to that of the next";

/// What flags are called elsewhere: in curl, wget, Scrapy, Heritrix' launchers, katana, spider and linkcheckers.
pub(super) const ELSEWHERE: [(&str, &str); 33] = [
    ("resume continue c restart recover", "the same command goes on with a crawl, and `crawler --dir DIR` does"),
    ("url u start-url start target site", "a URL needs no flag: crawler https://example.com/"),
    ("urls seeds seed-file seed-list list input input-file i file", "--seeds-file FILE reads one URL a line"),
    ("max-depth level l depth-limit", "--depth N"),
    ("limit max-urls max-requests max-count page-limit pages num budget", "--max-pages N"),
    ("max-duration duration crawl-duration time-limit", "--max-time 10m"),
    (
        "threads workers parallel jobs j p max-concurrency connections t",
        "--concurrency N over all hosts, --per-host-concurrency N to each",
    ),
    ("rate-limit rps rl qps speed", "--rate N requests a second to each host"),
    ("wait w sleep pause download-delay interval crawl-delay", "--delay 2s between two requests to each host"),
    ("retry tries max-retries", "--retries N"),
    ("agent ua U useragent", "--user-agent 'name/1.0 (+https://example.com/about-us)'"),
    ("headers H", "--header 'Name: value'"),
    ("cookie cookies b load-cookies cookie-jar", "--cookie-file FILE, or --header 'Cookie: name=value'"),
    (
        "x proxies socks5 socks5-hostname http-proxy proxy-server proxy-url preproxy",
        "--proxy http://HOST:PORT, or socks5://",
    ),
    ("domain domains D allowed-domains subdomains", "--scope host, subdomains, domain, prefix or any"),
    ("accept allow include-regex accept-regex match whitelist", "--include PATTERN"),
    ("reject R deny exclude-regex reject-regex ignore blacklist", "--exclude PATTERN"),
    (
        "no-robots ignore-robots-txt disregard-robots respect-robots",
        "robots.txt is obeyed; --ignore-robots is for sites of your own",
    ),
    ("out out-file save-to O", "--output FILE"),
    ("output-dir out-dir dir-prefix P directory-prefix store-dir state-dir jobdir", "--dir DIR"),
    ("json jsonl csv format o-format", "records are JSON lines; `crawler export` makes other formats of them"),
    ("insecure k no-check-certificate skip-verify", "certificates are always verified"),
    ("follow-redirects L location", "redirects are followed, each as a page of its own"),
    ("recursive r recurse", "links are followed as far as --scope and --depth let them"),
    ("debug", "-v, which shows each URL, or -vv"),
    ("silent no-progress", "-q, or --progress never"),
    // In wget, curl and Scrapy these mean different things, each of which is there.
    ("A", "--include PATTERN for URLs, --user-agent TEXT for a name"),
    ("s", "-q to say less, --set table.key=value for a setting"),
    ("no-parent n np", "--scope prefix, which keeps to what lies below the seeds"),
    ("mirror m page-requisites convert-links", "a crawl with --warc has what `crawler mirror` makes a folder of"),
    ("spider check", "--check-links, and `crawler links` says what is broken"),
    ("request X method data d post head I", "pages are asked for by GET, and nothing is sent to them"),
    ("execute e setting", "--set table.key=value"),
];
