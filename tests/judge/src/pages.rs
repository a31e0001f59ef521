//! Pages, read by both programs.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use html_to_markdown_rs::{ConversionOptions, convert};
use serde_json::Value;
use url::Url;

/// A page, and what comes of it.
pub struct Page {
    pub name: String,
    pub url: Url,
    /// What `crawler` makes of it.
    pub markdown: String,
    /// What the other one makes of it.
    pub judged: String,
}

/// All pages of the fixtures that are UTF-8, by their place in there.
pub fn fixtures() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let mut found = BTreeMap::new();
    for folder in ["sites", "pages"] {
        collect(&root.join(folder), &root, &mut found);
    }
    found
}

fn collect(folder: &Path, root: &Path, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, root, found);
        } else if path.extension().is_some_and(|ending| ending == "html") {
            let name = path.strip_prefix(root).unwrap().to_string_lossy().replace('/', "-");
            found.extend(fs::read_to_string(&path).ok().map(|text| (name, text)));
        }
    }
}

/// Has both programs read these pages.
///
/// # Panics
/// `CRAWLER` names no program that crawls them.
pub fn read(pages: BTreeMap<String, String>) -> Vec<Page> {
    let place = tempfile::tempdir().unwrap();
    let site = place.path().join("site");
    fs::create_dir(&site).unwrap();
    let mut seeds = String::new();
    for (name, text) in &pages {
        fs::write(site.join(name), text).unwrap();
        seeds += &format!("http://localhost/{name}\n");
    }
    fs::write(place.path().join("seeds"), seeds).unwrap();
    let crawler = fs::canonicalize(std::env::var("CRAWLER").expect("CRAWLER names the program")).unwrap();
    let crawl = |program: PathBuf| {
        let mut crawl = Command::new(program);
        crawl.args(["-q", "--seed", "site", "--seeds-file", "seeds", "--depth", "0", "--dir", "crawl"]);
        crawl.args(["--markdown", "--main", "body", "--ignore-robots"]).current_dir(place.path());
        assert!(crawl.status().unwrap().success());
    };
    crawl(crawler);
    let lines = fs::read_to_string(place.path().join("crawl/pages.jsonl")).unwrap();
    let page = |line: &str| {
        let record: Value = serde_json::from_str(line).unwrap();
        let url = Url::parse(record["url"].as_str().unwrap()).unwrap();
        let name = url.path().trim_start_matches('/').to_owned();
        let markdown = record["content"]["markdown"].as_str()?.to_owned();
        let judged = judged(pages.get(&name)?);
        Some(Page { name, url, markdown, judged })
    };
    lines.lines().filter_map(page).collect()
}

fn judged(page: &str) -> String {
    let mut options = ConversionOptions::default();
    options.preprocessing.enabled = false;
    options.extract_metadata = false;
    options.br_in_tables = true;
    options.skip_images = true;
    options.autolinks = false;
    convert(page, options).unwrap().content.unwrap_or_default()
}
