//! Seeds: where a crawl starts.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::bare_seed;
use crate::error::{Error, Result};
use crate::fetch::Credentials;
use crate::problem::Problem;
use crate::url::{CrawlUrl, UrlRules};

/// Where a crawl starts.
#[derive(Debug, Clone)]
pub enum Seed {
    /// A page.
    Url {
        /// Where it is.
        url: CrawlUrl,
        /// What the seed says to whom: `http://user:password@host/`.
        credentials: Option<Credentials>,
    },
    /// A folder that holds a static site.
    Folder(PathBuf),
    /// A file of an archive: WARC, CDXJ or WACZ.
    Archive(PathBuf),
}

impl Seed {
    /// Reads a seed: with `://` it is a URL, else a folder that exists, a file with the ending of an archive, or the address of
    /// a site as a browser takes it.
    pub(super) fn parse(text: &str, rules: &UrlRules) -> Result<Self, Problem> {
        if text.contains("://") {
            return Self::url(text, rules);
        }
        let path = Path::new(text);
        if path.is_dir() {
            return Ok(Self::Folder(path.to_owned()));
        }
        if text.trim().is_empty() {
            return Err(Problem::new("a seed is empty").allowed(ALLOWED));
        }
        let is_archive = ARCHIVES.iter().any(|ending| ends_with(text, ending));
        if is_archive && path.is_file() {
            return Ok(Self::Archive(path.to_owned()));
        }
        if path.exists() {
            let compressed = [".zst", ".xz", ".bz2"].into_iter().find(|ending| ends_with(text, ending));
            if let Some(ending) = compressed.filter(|_| text.to_ascii_lowercase().contains(".warc")) {
                return Err(Problem::new(format!("the seed `{text}` is compressed as `{ending}`"))
                    .allowed("archives that are compressed by gzip, or not at all")
                    .help(Some("decompress it first".to_owned())));
            }
            let help = path.parent().map(|parent| if parent == Path::new("") { Path::new(".") } else { parent });
            return Err(Problem::new(format!("the seed `{text}` is a file")).allowed(ALLOWED).help(help.map(
                |parent| {
                    format!("--seeds-file {text} for the URLs in it, or its folder for a site: {}", parent.display())
                },
            )));
        }
        if is_archive {
            return Err(Problem::new(format!("the seed `{text}` is no file that exists")).allowed(ALLOWED));
        }
        if let Some(url) = bare_seed::url(text) {
            return Self::url(&url, rules);
        }
        let shown = super::redact_url(text);
        Err(Problem::new(format!("the seed `{shown}` is neither a URL nor a folder that exists"))
            .allowed(ALLOWED)
            .help(meant(&shown)))
    }

    fn url(text: &str, rules: &UrlRules) -> Result<Self, Problem> {
        let wrong = |found: String| Problem::new(super::redact_url(&found)).help(of_other_scheme(text));
        let url = rules.parse(text).map_err(wrong)?;
        // What requests are made of has no credentials any more, and few seeds have any.
        let whole = text.contains('@').then(|| url::Url::parse(text).ok()).flatten();
        Ok(Self::Url { url, credentials: whole.and_then(|whole| Credentials::of(&whole)) })
    }
}

/// What was made of seeds that are not written as what they are taken for: a line for the person who wrote them, or none.
pub(super) fn told(seeds: &[String]) -> Vec<String> {
    let mut told = Vec::new();
    let (mut bare, mut first) = (0_usize, None);
    for seed in seeds.iter().filter(|seed| !seed.contains("://")) {
        let Some(url) = bare_seed::url(seed) else { continue };
        if Path::new(seed).exists() {
            told.push(format!("the seed {seed} is taken as the folder of that name; the site is {url}"));
            continue;
        }
        bare += 1;
        first.get_or_insert((seed, url));
    }
    if let Some((seed, url)) = first {
        let more = if bare > 1 { format!(", and {} more alike", bare - 1) } else { String::new() };
        told.push(format!("the seed {seed} is taken as {url}{more}, as a browser does"));
    }
    told
}

/// What to write for what is no seed. Only what looks like a host gets the advice: `docs` is more likely a folder that is
/// elsewhere.
fn meant(text: &str) -> Option<String> {
    for scheme in ["https", "http"] {
        let rest = text.strip_prefix(scheme).filter(|rest| rest.starts_with(":/") || rest.starts_with("//"));
        if let Some(rest) = rest.or_else(|| text.strip_prefix(scheme)?.strip_prefix(':')) {
            return Some(format!("write {scheme}://{}", rest.trim_start_matches([':', '/'])));
        }
    }
    let is_other_scheme = text.split_once(':').is_some_and(|(_, rest)| !rest.starts_with(|c: char| c.is_ascii_digit()));
    let like_host = text.contains(['.', ':']) && !text.starts_with(['.', '/']) && !is_other_scheme;
    like_host.then(|| format!("if it is a host, write https://{text}"))
}

/// What to write for a URL of another scheme: a slip of the two, or a file.
fn of_other_scheme(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    if scheme == "file" {
        return Some(format!("a folder that holds a site is named by its path: {rest}"));
    }
    let slips = |known: &str| strsim::damerau_levenshtein(&scheme, known);
    let known = ["https", "http"].into_iter().min_by_key(|known| slips(known))?;
    // Others that are as near, as ftp, are meant.
    let is_slip = scheme.starts_with('h') && (1..=2).contains(&slips(known));
    is_slip.then(|| format!("write {known}://{}", super::redact_url(rest)))
}

/// Reads a file of seeds, one on each line; empty lines and lines that start with `#` are left out. `-` is stdin.
pub(super) fn read_file(name: &str) -> Result<Vec<String>> {
    let mut bytes = Vec::new();
    let read = if name == "-" {
        std::io::stdin().lock().read_to_end(&mut bytes).map(drop)
    } else {
        std::fs::read(name).map(|content| bytes = content)
    };
    let shown = if name == "-" { "stdin" } else { name };
    read.map_err(|error| super::layers::unreadable(&format!("--seeds-file {name}"), Path::new(name), &error))?;
    let text = super::layers::utf8(shown, bytes)?;
    let seeds = parse_lines(shown, &text)?;
    if seeds.is_empty() {
        return Err(Error::Usage(format!("--seeds-file {name}: {shown} has no seed; write one URL on each line")));
    }
    Ok(seeds)
}

/// The seeds of a text. The error names every line that is none: who has to mend a file wants to do it once.
fn parse_lines(name: &str, text: &str) -> Result<Vec<String>> {
    let rules = UrlRules::new(usize::MAX);
    let (mut seeds, mut wrong) = (Vec::new(), Vec::new());
    let mut start = 0;
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        let seed = line.trim_start_matches('\u{feff}').trim();
        if !seed.is_empty() && !seed.starts_with('#') {
            match Seed::parse(seed, &rules) {
                Ok(_) => seeds.push(seed.to_owned()),
                Err(problem) => {
                    let column = line.find(seed).unwrap_or(0);
                    let at = start + column;
                    wrong.push(if wrong.len() < SHOWN_WHOLE {
                        problem.in_text(name, text, &(at..at + seed.len()))
                    } else {
                        let column = line.get(..column).map_or(0, |before| before.chars().count()) + 1;
                        problem.in_line(name, number, column)
                    });
                }
            }
        }
        start += line.len();
    }
    if wrong.is_empty() { Ok(seeds) } else { Err(Error::Usage(wrong.join("\n"))) }
}

/// How many bad lines are shown with what stands in them; of the others it is only said what is wrong.
const SHOWN_WHOLE: usize = 20;
const ALLOWED: &str = "an http or https URL, like \"https://example.com/\", the name of a host, a folder that holds a site, \
                       or an archive (.warc, .warc.gz, .cdxj, .cdxj.gz, .wacz)";
/// The endings of archives.
const ARCHIVES: [&str; 5] = [".warc", ".warc.gz", ".cdxj", ".cdxj.gz", ".wacz"];

fn ends_with(text: &str, ending: &str) -> bool {
    let start = text.len().checked_sub(ending.len());
    start.and_then(|start| text.get(start..)).is_some_and(|end| end.eq_ignore_ascii_case(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_empty_lines_and_line_endings_are_left_out() {
        let text = "\u{feff}# mine\r\nhttp://a/\r\n\n  http://b/#frag  \n#http://c/\n";
        assert_eq!(parse_lines("urls", text).unwrap(), ["http://a/", "http://b/#frag"]);
    }

    #[test]
    fn a_bad_line_is_named() {
        let error = parse_lines("urls.txt", "http://a/\n\n  example.txt/x\n").unwrap_err();
        insta::assert_snapshot!(error, @r#"
        urls.txt:3:3: the seed `example.txt/x` is neither a URL nor a folder that exists
          |
        3 |   example.txt/x
          |   ^^^^^^^^^^^^^
          = allowed: an http or https URL, like "https://example.com/", the name of a host, a folder that holds a site, or an archive (.warc, .warc.gz, .cdxj, .cdxj.gz, .wacz)
          = help: if it is a host, write https://example.txt/x
        "#);
    }

    #[test]
    fn every_bad_line_is_named() {
        let error = parse_lines("urls.txt", "http://a/\nhttp://\n\nftp://b/\nhttp://c/\n\tnowhere\n").unwrap_err();
        insta::assert_snapshot!(error, @r#"
        urls.txt:2:1: `http://` is not a URL: empty host
          |
        2 | http://
          | ^^^^^^^
        urls.txt:4:1: `ftp://b/` is neither http nor https
          |
        4 | ftp://b/
          | ^^^^^^^^
        urls.txt:6:2: the seed `nowhere` is neither a URL nor a folder that exists
          |
        6 | 	nowhere
          | 	^^^^^^^
          = allowed: an http or https URL, like "https://example.com/", the name of a host, a folder that holds a site, or an archive (.warc, .warc.gz, .cdxj, .cdxj.gz, .wacz)
        "#);
        let many = "http://a/\n  nowhere\n".repeat(300);
        let error = parse_lines("urls.txt", &many).unwrap_err().to_string();
        assert!((1..=300).all(|n| error.contains(&format!("urls.txt:{}:3: ", 2 * n))), "all are told");
        assert_eq!(error.lines().filter(|line| line.contains("^^^")).count(), SHOWN_WHOLE);
    }

    #[test]
    fn a_seed_is_a_url_or_a_folder() {
        let rules = UrlRules::new(100);
        assert!(matches!(Seed::parse("src", &rules), Ok(Seed::Folder(_))));
        let Ok(Seed::Url { url, credentials: None }) = Seed::parse("example.com", &rules) else { panic!() };
        assert_eq!(url.as_str(), "https://example.com/");
        assert!(matches!(Seed::parse("http://a/@", &rules), Ok(Seed::Url { credentials: None, .. })));
        let Ok(Seed::Url { url, credentials: Some(own) }) = Seed::parse("http://u:pw@a/", &rules) else { panic!() };
        assert_eq!((url.as_str(), own.user, own.password), ("http://a/", "u".to_owned(), "pw".to_owned()));
        assert!(Seed::parse("Cargo.toml", &rules).unwrap_err().found.contains("is a file"));
        assert!(Seed::parse("ftp://a/", &rules).is_err());
        assert!(!Seed::parse("ftp://u:pw@a/", &rules).unwrap_err().found.contains("pw@"));
        assert!(!Seed::parse("u:pw@example.com", &rules).unwrap_err().to_string().contains("pw@"));
    }

    #[test]
    fn what_is_taken_for_more_than_is_written_is_told_once() {
        let of = |seeds: &[&str]| told(&seeds.iter().map(|seed| (*seed).to_owned()).collect::<Vec<_>>());
        assert_eq!(of(&["https://example.com/", "src"]), [""; 0]);
        assert_eq!(of(&["example.com"]), ["the seed example.com is taken as https://example.com, as a browser does"]);
        let several = ["https://a.com/", "b.com:80", "c.com", "localhost"];
        let line = "the seed b.com:80 is taken as http://b.com:80, and 2 more alike, as a browser does";
        assert_eq!(of(&several), [line]);
    }

    #[test]
    fn what_was_meant_by_what_is_no_seed_is_a_url() {
        for (text, expected) in [
            ("https:example.com", Some("write https://example.com")),
            ("http:/example.com/a", Some("write http://example.com/a")),
            ("https//example.com", Some("write https://example.com")),
            ("nas.lan/x", Some("if it is a host, write https://nas.lan/x")),
            ("mailto:me@example.com", None),
            ("docs", None),
            ("./x.y", None),
        ] {
            assert_eq!(meant(text).as_deref(), expected, "{text}");
        }
    }
}
