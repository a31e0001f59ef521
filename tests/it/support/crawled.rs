//! What a crawl left: exit code, records, summary; and whether its accounts add up.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::Arc;

use serde_json::Value;
use tempfile::TempDir;

/// A crawl that has ended.
#[derive(Debug)]
pub(crate) struct Crawled {
    /// The exit code; `None` when a signal ended the process.
    pub(crate) code: Option<i32>,
    /// The signal that ended the process.
    pub(crate) signal: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// Sorted by URL. Empty when nothing was written.
    pub(crate) records: Vec<Value>,
    /// `summary.json`; null when there is none.
    pub(crate) summary: Value,
    /// Whether the test could read what was recorded: not when it closed stdout early or sent the output elsewhere.
    readable: bool,
    dir: Arc<TempDir>,
}

impl Crawled {
    /// Takes in what the process left. Panics when a line of the records is not a whole JSON object. Of a process that was
    /// killed nothing is taken in: what is there is for the next one.
    pub(super) fn read(status: ExitStatus, stdout: Option<String>, stderr: String, dir: Arc<TempDir>) -> Self {
        let (code, signal) = (status.code(), status.signal());
        if code.is_none() {
            let (stdout, summary) = (stdout.unwrap_or_default(), Value::Null);
            return Self { code, signal, stdout, stderr, records: Vec::new(), summary, readable: false, dir };
        }
        let left = |name: &str| fs::read_to_string(dir.path().join(DIR).join(name)).ok();
        let summary = left("summary.json").map_or(Value::Null, |text| serde_json::from_str(&text).unwrap());
        let lines = match summary["output"].as_str() {
            Some("stdout") => stdout.clone(),
            Some(named) => fs::read_to_string(dir.path().join(named)).ok(),
            None => left("pages.jsonl"),
        };
        let records = lines.as_deref().map_or_else(|| Ok(Vec::new()), parse_lines);
        // What a process has refused to go on with may be anything.
        let mut records = if matches!(code, Some(1 | 2)) { records.unwrap_or_default() } else { records.unwrap() };
        records.sort_by(|a, b| a["url"].as_str().cmp(&b["url"].as_str()));
        let readable = lines.is_some() && code != Some(1);
        Self { code, signal, stdout: stdout.unwrap_or_default(), stderr, records, summary, readable, dir }
    }

    /// Where the crawl ran.
    pub(super) fn place(&self) -> Arc<TempDir> {
        Arc::clone(&self.dir)
    }

    /// A path in the directory in which the crawl ran.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.dir.path().join(relative)
    }

    /// Asserts the exit code, and shows stderr when it is another.
    #[track_caller]
    pub(crate) fn assert_code(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "stderr: {}", self.stderr);
        self
    }

    /// The requested URLs, sorted.
    pub(crate) fn urls(&self) -> Vec<String> {
        self.records.iter().map(|record| record["url"].as_str().unwrap().to_owned()).collect()
    }

    /// The record of a URL.
    #[track_caller]
    pub(crate) fn record(&self, url: &str) -> &Value {
        let record = self.records.iter().find(|record| record["url"] == url);
        record.unwrap_or_else(|| panic!("no record of {url} among {:?}; stderr: {}", self.urls(), self.stderr))
    }

    /// What the summary says of a host.
    #[track_caller]
    pub(crate) fn host(&self, name: &str) -> &Value {
        let host = self.summary["hosts"].as_array().into_iter().flatten().find(|host| host["host"] == name);
        host.unwrap_or_else(|| panic!("no host {name}: {}", self.summary))
    }

    /// The depth of each requested URL.
    pub(crate) fn depths(&self) -> BTreeMap<String, u64> {
        self.urls().into_iter().zip(self.records.iter().map(|record| record["depth"].as_u64().unwrap())).collect()
    }

    /// How many discovered URLs were skipped for a reason.
    pub(crate) fn skipped(&self, reason: &str) -> u64 {
        number(&self.summary["skipped"][reason])
    }

    /// A count of the summary; 0 when it is not there.
    pub(crate) fn count(&self, name: &str) -> u64 {
        number(&self.summary[name])
    }

    /// What holds after every crawl: each URL once, and everything that was discovered is in exactly one state.
    #[track_caller]
    pub(super) fn assert_accounts_add_up(&self) {
        // It has written no summary: one that is there is of an earlier run.
        if matches!(self.code, None | Some(1 | 2)) {
            return;
        }
        assert!(!self.summary.is_null(), "no summary.json after exit code {:?}: {}", self.code, self.stderr);
        let settled: u64 = sum(&self.summary["settled"]);
        let states = self.count("pending") + settled + sum(&self.summary["skipped"]);
        assert_eq!(self.count("discovered"), states, "discovered = pending + settled + skipped: {}", self.summary);
        assert_eq!(self.count("records"), settled, "one record for each settled URL: {}", self.summary);
        if self.readable {
            self.assert_records_match(settled);
        }
    }

    #[track_caller]
    fn assert_records_match(&self, settled: u64) {
        assert_eq!(self.records.len() as u64, settled, "{}", self.summary);
        assert_eq!(
            self.urls().into_iter().collect::<BTreeSet<_>>().len(),
            self.records.len(),
            "a URL was recorded twice"
        );
        let tally = |key: &dyn Fn(&Value) -> Value| {
            let mut counts = BTreeMap::new();
            for value in self.records.iter().map(key).filter(|value| !value.is_null()) {
                let name = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                *counts.entry(name).or_insert(0_u64) += 1;
            }
            counts
        };
        let told = |name: &str| {
            let counts = self.summary[name].as_object().into_iter().flatten();
            counts.map(|(name, n)| (name.clone(), number(n))).filter(|(_, n)| *n > 0).collect::<BTreeMap<_, _>>()
        };
        assert_eq!(told("settled"), tally(&|record| record["outcome"].clone()));
        assert_eq!(told("statuses"), tally(&|record| record["status"].clone()));
        assert_eq!(told("errors"), tally(&|record| record["error"]["kind"].clone()));
    }
}

fn parse_lines(lines: &str) -> Result<Vec<Value>, String> {
    if !lines.is_empty() && !lines.ends_with('\n') {
        return Err(format!("the last line is not whole: {lines}"));
    }
    let parse = |line| match serde_json::from_str(line) {
        Ok(record @ Value::Object(_)) => Ok(record),
        other => Err(format!("not a JSON object: {line}: {other:?}")),
    };
    lines.lines().map(parse).collect()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or(0)
}

fn sum(counts: &Value) -> u64 {
    counts.as_object().into_iter().flatten().map(|(_, n)| number(n)).sum()
}

/// The crawl directory, relative to the directory in which the crawl runs.
pub(super) const DIR: &str = "crawl";
