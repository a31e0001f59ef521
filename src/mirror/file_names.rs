//! Which file of a mirror is for which URL: no two are for one, to no file system.

use hashbrown::HashSet;
use percent_encoding::percent_decode_str;

use super::ending::{Ended, ended};
use super::name::{Name, folded};
use crate::url::{CrawlUrl, Scheme};

/// The paths of files in a mirror for URLs, given with their media types, in the same order. Names are those of the URLs as
/// far as all file systems allow it; the same URLs give the same names, in whatever order they come.
pub(super) fn file_names(urls: &[(&CrawlUrl, Option<&str>)]) -> Vec<String> {
    let is_https = |url: &CrawlUrl| url.scheme() == Scheme::Https;
    let with_https: HashSet<&str> = urls.iter().filter(|(url, _)| is_https(url)).map(|(url, _)| url.host()).collect();
    let wishes: Vec<Wish> = urls
        .iter()
        .map(|(url, essence)| Wish::new(url, *essence, !is_https(url) && with_https.contains(url.host())))
        .collect();
    let mut folders = HashSet::new();
    for wish in &wishes {
        for (end, _) in wish.folder.match_indices('/').chain([(wish.folder.len(), "")]) {
            folders.insert(folded(wish.folder.get(..end).unwrap_or_default()));
        }
    }
    // Whose name is its own gets it, before those for which one has to be made.
    let mut order: Vec<usize> = (0..wishes.len()).collect();
    let rank = |nth: usize| (wishes.get(nth).map(|wish| wish.is_made), urls.get(nth).map(|(url, _)| url.as_str()));
    order.sort_by_key(|nth| rank(*nth));
    let mut taken = HashSet::new();
    let mut names = vec![String::new(); wishes.len()];
    for nth in order {
        let (Some(wish), Some((url, _)), Some(name)) = (wishes.get(nth), urls.get(nth), names.get_mut(nth)) else {
            continue;
        };
        let hash = blake3::hash(url.as_str().as_bytes()).to_hex();
        for length in [0, 8, 16, 32, 64] {
            *name = wish.path(hash.get(..length).unwrap_or_default());
            let folded = folded(name);
            if !folders.contains(&folded) && taken.insert(folded) {
                break;
            }
        }
    }
    names
}

/// What the file of a URL would be called if it were the only one.
struct Wish {
    folder: String,
    stem: String,
    /// With its dot; empty without one.
    ending: String,
    /// Whether its URL calls it otherwise.
    is_made: bool,
}

impl Wish {
    fn new(url: &CrawlUrl, essence: Option<&str>, is_second_scheme: bool) -> Self {
        let (path, query) = match url.path_and_query().split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (url.path_and_query(), None),
        };
        let mut names = path.trim_start_matches('/').split('/').peekable();
        // A path may begin with more than one slash, and there is a name between any two.
        let before = path.len() - path.trim_start_matches('/').len();
        let mut folder = folder_of_host(url, is_second_scheme);
        let mut is_made = query.is_some() || before > 1;
        for _ in 1..before {
            folder.push_str("/_");
        }
        let mut last = "";
        while let Some(name) = names.next() {
            if names.peek().is_none() {
                last = name;
                break;
            }
            let name = decoded(name, LONGEST_FOLDER);
            is_made |= name.is_changed;
            folder.push('/');
            folder.push_str(&name.text);
        }
        is_made |= last.is_empty();
        let last = if last.is_empty() { "index".into() } else { percent_decode_str(last).decode_utf8_lossy() };
        let Ended { stem, ending, is_own } = ended(&last, essence);
        let name = Name::of(stem, LONGEST_STEM);
        is_made |= name.is_changed || !is_own;
        let query = query.map(|query| format!("@{}", short(query))).unwrap_or_default();
        let dot = if ending.is_empty() { "" } else { "." };
        let mut wish = Self { folder, stem: name.text + &query, ending: format!("{dot}{ending}"), is_made };
        if wish.path("").len() > LONGEST_PATH {
            wish.shorten(url);
        }
        wish
    }

    /// The path, with something in the name that tells it apart.
    fn path(&self, apart: &str) -> String {
        let Self { folder, stem, ending, .. } = self;
        let plus = if apart.is_empty() { "" } else { "+" };
        // Of `con` and an ending comes a device, of a stem that is cut a dot at the end.
        let name = Name::of(&format!("{stem}{plus}{apart}{ending}"), usize::MAX).text;
        format!("{folder}/{name}")
    }

    /// Takes a path that not all systems open to a folder at the top of its host.
    fn shorten(&mut self, url: &CrawlUrl) {
        let host = self.folder.split('/').next().unwrap_or_default().to_owned();
        let hash = blake3::hash(url.as_str().as_bytes()).to_hex();
        let mut stem = std::mem::take(&mut self.stem);
        stem.truncate(stem.floor_char_boundary(LONGEST_SHORT_STEM));
        self.folder = format!("{host}/+long");
        self.stem = format!("{stem}+{}", hash.get(..16).unwrap_or_default());
        self.is_made = true;
    }
}

/// The folder for the files of a host, by its name and port.
fn folder_of_host(url: &CrawlUrl, is_second_scheme: bool) -> String {
    let port = url.port().map(|port| format!("+{port}")).unwrap_or_default();
    let scheme = if is_second_scheme { "+http" } else { "" };
    let host = Name::of(url.host_name(), LONGEST_HOST).text;
    let name = format!("{host}{port}{scheme}");
    // What is at the top of a mirror beside hosts.
    if super::site::is_own(&name) { format!("_{name}") } else { name }
}

fn decoded(text: &str, longest: usize) -> Name {
    Name::of(&percent_decode_str(text).decode_utf8_lossy(), longest)
}

/// A query as a part of a name: itself where that is short and plain.
fn short(query: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'=' | b'_' | b'-' | b'+');
    if query.len() <= LONGEST_QUERY && query.bytes().all(is_plain) {
        return query.to_owned();
    }
    blake3::hash(query.as_bytes()).to_hex().get(..16).unwrap_or_default().to_owned()
}

/// All in bytes: of a name file systems take 255 bytes or as many units of UTF-16, and of a path, with that of the mirror,
/// Windows takes 259.
const LONGEST_PATH: usize = 180;
const LONGEST_HOST: usize = 80;
const LONGEST_FOLDER: usize = 60;
const LONGEST_STEM: usize = 80;
const LONGEST_SHORT_STEM: usize = 40;
const LONGEST_QUERY: usize = 40;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::mirror::name::is_path;
    use crate::url::UrlRules;

    fn names(urls: &[(&str, &str)]) -> Vec<String> {
        let rules = UrlRules::new(8192);
        let parsed: Vec<_> = urls.iter().map(|(url, essence)| (rules.parse(url).unwrap(), *essence)).collect();
        let urls: Vec<_> = parsed.iter().map(|(url, essence)| (url, Some(*essence))).collect();
        file_names(&urls)
    }

    #[track_caller]
    fn check(urls: &[(&str, &str)]) {
        let (urls, expected): (Vec<_>, Vec<_>) = urls.iter().map(|(url, name)| ((*url, "text/html"), *name)).unzip();
        assert_eq!(names(&urls), expected);
        let reversed: Vec<_> = urls.into_iter().rev().collect();
        assert!(names(&reversed).into_iter().rev().eq(expected), "whatever the order");
    }

    #[test]
    fn files_are_called_as_their_urls() {
        check(&[
            ("http://e.com/", "e.com/index.html"),
            ("http://e.com/a", "e.com/a.html"),
            ("http://e.com/a/", "e.com/a/index.html"),
            ("http://e.com/a/b.html", "e.com/a/b.html"),
            ("http://e.com/a/b.htm", "e.com/a/b.htm"),
            ("http://e.com/a/Gr%C3%BC%C3%9Fe%20x", "e.com/a/Grüße x.html"),
            ("http://e.com/l.php?page=2", "e.com/l.php@page=2.html"),
            ("http://e.com/l.php?p=%2F", "e.com/l.php@d0dd0abad30c307b.html"),
            ("http://e.com:8080/", "e.com+8080/index.html"),
            ("http://[::1]:81/", "[__1]+81/index.html"),
            ("https://f.com/", "f.com/index.html"),
            ("http://f.com/", "f.com+http/index.html"),
            ("http://e.com/con/nul.txt/aux", "e.com/_con/_nul.txt/_aux.html"),
            ("http://e.com//x", "e.com/_/x.html"),
            ("http://e.com/%2e%2e%2f%2e%2e%2fetc/passwd", "e.com/_.._.._etc/passwd.html"),
            ("http://index.html/", "_index.html/index.html"),
        ]);
    }

    #[test]
    fn what_some_system_takes_for_one_file_gets_two_names() {
        check(&[
            ("http://e.com/Page", "e.com/Page.html"),
            ("http://e.com/page", "e.com/page+f4892d6d.html"),
            ("http://e.com/a.html", "e.com/a+81ae2ad7.html"),
            ("http://e.com/a", "e.com/a+8421dfdf.html"),
            ("http://e.com/a.html/b", "e.com/a.html/b.html"),
            ("http://e.com/d/", "e.com/d/index+42291fef.html"),
            ("http://e.com/d/index.html", "e.com/d/index.html"),
        ]);
    }

    #[test]
    fn long_names_and_paths_are_cut() {
        let long = format!("http://e.com/{}/{}?{}", "f".repeat(300), "x".repeat(300), "q".repeat(300));
        let deep = format!("http://e.com/{}b.css", "a/".repeat(500));
        for name in names(&[(&long, "text/html"), (&deep, "text/css")]) {
            assert!(name.len() <= LONGEST_PATH + 40, "{name}");
            assert!(name.split('/').all(|part| part.len() <= 160), "{name}");
        }
    }

    proptest! {
        #[test]
        fn no_two_urls_share_a_file(
            paths in prop::collection::vec("(/|[aA]|ä|a%CC%88|%C3%84|\\.|html|index|~1|%2F|\\?|=|con|:|%00|%5C| ){0,6}", 1..40),
        ) {
            let mut urls: Vec<_> = paths.iter().map(|path| format!("http://e.com/{path}")).collect();
            let rules = UrlRules::new(8192);
            urls.sort();
            urls.dedup_by_key(|url| rules.parse(url).unwrap().as_str().to_owned());
            let asked: Vec<_> = urls.iter().map(|url| (url.as_str(), "text/html")).collect();
            let names = names(&asked);
            let mut all = HashSet::new();
            for name in &names {
                prop_assert!(is_path(name) && name.starts_with("e.com/"), "{name}");
                prop_assert!(name.split('/').all(|part| part.len() <= 255) && name.len() <= LONGEST_PATH + 70, "{name}");
                prop_assert!(all.insert(folded(name)), "{name} of {urls:?}");
            }
            for name in &names {
                let is_folder = names.iter().any(|other| folded(other).starts_with(&format!("{}/", folded(name))));
                prop_assert!(!is_folder, "{name} is a file and a folder");
            }
        }
    }
}
