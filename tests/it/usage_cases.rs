//! Each way to say what a page may be used for, crawled: the examples of the drafts and of those who made the words, each with
//! its record. A case of `fixtures/usage` is a page with its site; of what is `own` the text is ours.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::support::{Arrival, Crawl, Crawled, Reply, Server};

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// Where it is from.
    from: String,
    /// Whether the text is ours.
    #[serde(default)]
    own: bool,
    /// What the crawler calls itself.
    #[serde(default = "crawler")]
    agent: String,
    #[serde(default = "root")]
    path: String,
    #[serde(default)]
    robots: String,
    /// Of the page, as `name: value`.
    #[serde(default)]
    headers: Vec<String>,
    /// What is in its head.
    #[serde(default)]
    html: String,
    /// The `tdmrep.json` of the site.
    tdm: Option<String>,
    #[serde(default = "ok")]
    status: u16,
    /// That of the record, or `robots`: it is not asked for.
    #[serde(default = "outcome")]
    outcome: String,
    /// What it comes to: `search, no ai_train`.
    #[serde(default)]
    answers: String,
    #[serde(default)]
    licenses: Vec<String>,
    #[serde(default)]
    policies: Vec<String>,
    price: Option<String>,
    /// Who says it: the place, the line if there is one, the text.
    #[serde(default)]
    statements: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Cases {
    case: Vec<Case>,
}

#[test]
fn each_example_of_the_drafts_is_told_in_the_record_of_its_page() {
    let cases = cases();
    let of_others = cases.iter().filter(|case| !case.own).count();
    assert!(of_others >= 60, "{of_others} cases are the drafts' own");
    let mut by_agent = BTreeMap::<_, Vec<Case>>::new();
    for case in cases {
        by_agent.entry(case.agent.clone()).or_default().push(case);
    }
    for (agent, cases) in by_agent {
        check(&agent, &cases);
    }
}

/// Crawls all cases of one agent, each as the site of a host.
fn check(agent: &str, cases: &[Case]) {
    let sites: Vec<Case> = cases.to_vec();
    let server = Server::start_many(cases.len(), move |arrival: &Arrival| {
        let host = arrival.header("host").unwrap_or_default();
        let last = host.split(':').next().and_then(|address| address.rsplit('.').next());
        let nth = last.and_then(|last| last.parse::<usize>().ok()).unwrap();
        answer(&sites[nth - 1], &arrival.path)
    });
    let origins = server.urls("");
    let crawl =
        Crawl::bare().set("politeness.rate", "'none'").set("politeness.retries", "0").set("policy.tdmrep", "true");
    let crawl = crawl.set("fetch.user_agent", &format!("'{agent}/1.0'"));
    let urls: Vec<String> = cases.iter().zip(&origins).map(|(case, origin)| format!("{origin}{}", case.path)).collect();
    let crawled = urls.iter().fold(crawl, Crawl::seed).run();
    crawled.assert_code(0);
    for ((case, origin), url) in cases.iter().zip(&origins).zip(&urls) {
        assert_told(case, &crawled, origin, url);
    }
}

fn answer(case: &Case, path: &str) -> Reply {
    match path {
        "/robots.txt" => Reply::text(case.robots.as_str()),
        "/.well-known/tdmrep.json" => match &case.tdm {
            Some(file) => Reply::new(200).header("Content-Type", "application/json").body(file.as_str()),
            None => Reply::new(404),
        },
        _ => {
            let page = format!("<!DOCTYPE html><head>{}</head><body><p>A page.</body>", case.html);
            let typed = case.headers.iter().any(|line| line.starts_with("Content-Type:"));
            let reply = Reply::new(case.status).body(page);
            let reply = if typed { reply } else { reply.header("Content-Type", "text/html") };
            case.headers.iter().fold(reply, |reply, line| {
                let (name, value) = line.split_once(": ").unwrap();
                reply.header(name, value)
            })
        }
    }
}

#[track_caller]
fn assert_told(case: &Case, crawled: &Crawled, origin: &str, url: &str) {
    let from = &case.from;
    let record = crawled.records.iter().find(|record| record["url"] == *url);
    let Some(record) = record else { return assert_eq!(case.outcome, "robots", "{from}: no record") };
    assert_eq!(record["outcome"], *case.outcome, "{from}");
    let usage = &record["usage"];
    let answers = ["search", "ai_train", "ai_input", "mining", "archive"].into_iter().filter_map(|name| {
        usage[name].as_str().map(|answer| if answer == "no" { format!("no {name}") } else { name.to_owned() })
    });
    let sorted = |texts: Vec<String>| {
        let mut texts = texts;
        texts.sort();
        texts
    };
    let expected = case.answers.split(", ").filter(|answer| !answer.is_empty()).map(str::to_owned).collect();
    assert_eq!(sorted(answers.collect()), sorted(expected), "{from}: {usage:#}");
    let here = |texts: &[String]| texts.iter().map(|text| text.replace("{origin}", origin)).collect::<Vec<_>>();
    assert_eq!(texts(&usage["licenses"]), here(&case.licenses), "{from}");
    assert_eq!(texts(&usage["policies"]), here(&case.policies), "{from}");
    assert_eq!(usage["price"].as_str(), case.price.as_deref(), "{from}");
    let told = usage["statements"].as_array().into_iter().flatten().map(|statement| {
        let text = |name: &str| statement[name].as_str().unwrap_or_default().to_owned();
        let line = statement["line"].as_u64().map(|line| format!("{line} ")).unwrap_or_default();
        format!("{} {line}{}", text("from"), text("text"))
    });
    assert_eq!(told.collect::<Vec<_>>(), here(&case.statements), "{from}");
    assert_eq!(usage.is_null(), case.statements.is_empty(), "{from}: {usage:#}");
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(|text| text.as_str().map(str::to_owned)).collect()
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/usage");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let read = |path: &std::path::PathBuf| toml::from_str::<Cases>(&fs::read_to_string(path).unwrap()).unwrap().case;
    files.iter().flat_map(read).collect()
}

fn crawler() -> String {
    "crawler".to_owned()
}

fn root() -> String {
    "/".to_owned()
}

fn ok() -> u16 {
    200
}

fn outcome() -> String {
    "ok".to_owned()
}
