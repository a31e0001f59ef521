//! Seeds: where a crawl starts.

use std::io::Read as _;
use std::path::{Path, PathBuf};

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
    /// Reads a seed: with `://` it is a URL, else a folder that exists, or a file with the ending of an archive.
    pub(super) fn parse(text: &str, rules: &UrlRules) -> Result<Self, Problem> {
        if text.contains("://") {
            let url = rules.parse(text).map_err(|found| Problem::new(super::redact_url(&found)))?;
            // What requests are made of has no credentials any more, and few seeds have any.
            let whole = text.contains('@').then(|| url::Url::parse(text).ok()).flatten();
            return Ok(Self::Url { url, credentials: whole.and_then(|whole| Credentials::of(&whole)) });
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
            return Err(Problem::new(format!("the seed `{text}` is a file")).allowed(ALLOWED).help(
                help.map(|parent| format!("take its folder, `{}`, or list URLs with --seeds-file", parent.display())),
            ));
        }
        // Only what looks like a host gets the advice: `docs` is more likely a folder that is elsewhere.
        let like_host = text.contains(['.', ':']) && !text.starts_with(['.', '/']);
        let help = like_host.then(|| format!("write https://{text}"));
        if is_archive {
            return Err(Problem::new(format!("the seed `{text}` is no file that exists")).allowed(ALLOWED));
        }
        Err(Problem::new(format!("the seed `{text}` is neither a URL nor a folder that exists"))
            .allowed(ALLOWED)
            .help(help))
    }
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
const ALLOWED: &str = "an http or https URL, like \"https://example.com/\", a folder that holds a site, \
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
        let error = parse_lines("urls.txt", "http://a/\n\n  example.com/x\n").unwrap_err();
        insta::assert_snapshot!(error, @r#"
        urls.txt:3:3: the seed `example.com/x` is neither a URL nor a folder that exists
          |
        3 |   example.com/x
          |   ^^^^^^^^^^^^^
          = allowed: an http or https URL, like "https://example.com/", a folder that holds a site, or an archive (.warc, .warc.gz, .cdxj, .cdxj.gz, .wacz)
          = help: write https://example.com/x
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
          = allowed: an http or https URL, like "https://example.com/", a folder that holds a site, or an archive (.warc, .warc.gz, .cdxj, .cdxj.gz, .wacz)
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
        assert!(matches!(Seed::parse("http://a/@", &rules), Ok(Seed::Url { credentials: None, .. })));
        let Ok(Seed::Url { url, credentials: Some(own) }) = Seed::parse("http://u:pw@a/", &rules) else { panic!() };
        assert_eq!((url.as_str(), own.user, own.password), ("http://a/", "u".to_owned(), "pw".to_owned()));
        assert!(Seed::parse("Cargo.toml", &rules).unwrap_err().found.contains("is a file"));
        assert!(Seed::parse("ftp://a/", &rules).is_err());
        assert!(!Seed::parse("ftp://u:pw@a/", &rules).unwrap_err().found.contains("pw@"));
    }
}
