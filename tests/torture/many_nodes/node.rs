//! A node: a crawl directory, and the processes that come and go in it.

use std::fs;
use std::io::Read as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

/// A crawl directory, with its process while there is one.
pub(super) struct Node {
    pub(super) dir: TempDir,
    pub(super) process: Option<Child>,
    /// When a process that stands still goes on.
    pub(super) goes_on: Option<Instant>,
    pub(super) said: String,
    /// Whether the last process has come to the end of the crawl.
    pub(super) is_done: bool,
}

impl Node {
    pub(super) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), process: None, goes_on: None, said: String::new(), is_done: false }
    }

    pub(super) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_crawler"));
        command.args(args).current_dir(self.dir.path()).stdin(Stdio::null()).stdout(Stdio::piped());
        command
    }

    pub(super) fn start(&mut self, args: &[&str]) {
        let log = fs::OpenOptions::new().create(true).append(true).open(self.log()).unwrap();
        fs::write(self.dir.path().join("crawl.toml"), "[fetch]\nallow_hosts = [\"127.0.0.0/8\"]\n").unwrap();
        let mut command = self.command(&["--config", "crawl.toml"]);
        self.process = Some(command.args(args).stdout(Stdio::null()).stderr(log).spawn().unwrap());
        self.is_done = false;
    }

    fn log(&self) -> PathBuf {
        self.dir.path().join("said")
    }

    pub(super) fn said(&self) -> String {
        let mut said = String::new();
        fs::File::open(self.log()).unwrap().read_to_string(&mut said).unwrap();
        said
    }

    pub(super) fn signal(&self, signal: Signal) {
        if let Some(process) = &self.process {
            kill_process(Pid::from_child(process), signal).unwrap();
        }
    }

    /// Whether the process has ended by itself.
    pub(super) fn look(&mut self) {
        if let Some(status) = self.process.as_mut().and_then(|process| process.try_wait().unwrap()) {
            self.over(status);
        }
    }

    pub(super) fn wait(&mut self) {
        let begun = Instant::now();
        while self.process.is_some() {
            assert!(begun.elapsed() < LONGEST, "it does not end: {}", self.said());
            std::thread::park_timeout(Duration::from_millis(20));
            self.look();
        }
    }

    fn over(&mut self, status: std::process::ExitStatus) {
        (self.process, self.goes_on, self.said) = (None, None, self.said());
        self.is_done = status.code() == Some(0);
        // Who is asked to end before he listens ends by the signal.
        let is_wanted = matches!(status.signal(), Some(9 | 15)) || matches!(status.code(), Some(0 | 143));
        // Who begins while the database is down says so at once.
        let is_down = status.code() == Some(1) && self.said.contains("error: cannot open");
        // And who is asked to end, and has lost its lease meanwhile, cannot say that it has.
        let is_fenced =
            status.code() == Some(1) && self.said.contains("another process has taken the place of this one");
        assert!(is_wanted || is_down || is_fenced, "{status}: {}", self.said);
    }

    pub(super) fn records(&self) -> Vec<Value> {
        let lines = fs::read_to_string(self.dir.path().join("crawl/pages.jsonl")).unwrap_or_default();
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

const LONGEST: Duration = Duration::from_mins(4);
