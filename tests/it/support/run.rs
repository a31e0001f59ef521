//! Runs of the real binary in a directory of their own. Every run that wrote a summary has its accounts checked.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, OnceLock, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

use super::crawled::DIR;
use super::log::FAIL_SAFE;
use super::{Authority, Crawled};

/// A crawl to be run: flags and the keys of a `crawl.toml` that hold for tests unless they set them otherwise.
#[derive(Debug)]
pub(crate) struct Crawl {
    dir: Arc<TempDir>,
    args: Vec<String>,
    config: BTreeMap<&'static str, String>,
    /// What follows that in `crawl.toml`.
    toml: String,
    env: BTreeMap<&'static str, String>,
    quiet: bool,
    /// What a shell does before it becomes the binary.
    shell: Vec<String>,
    /// The first word of the call: a command that crawls.
    command: Option<&'static str>,
}

/// A crawl under way. Dropping it ends the process.
#[derive(Debug)]
pub(crate) struct Running {
    dir: Arc<TempDir>,
    pid: Pid,
    ended: mpsc::Receiver<ExitStatus>,
    status: Option<ExitStatus>,
    stdout: Option<JoinHandle<String>>,
    stderr: Arc<Talk>,
    stderr_reader: Option<JoinHandle<()>>,
}

/// What the process has said on stderr so far.
#[derive(Debug, Default)]
struct Talk {
    text: Mutex<String>,
    more: Condvar,
}

impl Crawl {
    /// A quiet crawl from a seed, without a rate, without retries.
    pub(crate) fn of(seed: impl AsRef<str>) -> Self {
        let bare = Self::bare().set("politeness.rate", "'none'").set("politeness.retries", "0");
        bare.set("politeness.backoff", "'10ms'").arg("--seed", seed)
    }

    /// The binary without any argument.
    pub(crate) fn bare() -> Self {
        let dir = Arc::new(tempfile::tempdir().unwrap());
        Self {
            dir,
            args: Vec::new(),
            config: BTreeMap::new(),
            toml: String::new(),
            env: BTreeMap::new(),
            quiet: true,
            shell: Vec::new(),
            command: None,
        }
    }

    pub(crate) fn seed(self, seed: impl AsRef<str>) -> Self {
        self.arg("--seed", seed)
    }

    pub(crate) fn arg(self, flag: &str, value: impl AsRef<str>) -> Self {
        self.flag(flag).flag(value.as_ref())
    }

    pub(crate) fn flag(mut self, flag: &str) -> Self {
        self.args.push(flag.to_owned());
        self
    }

    /// A key of `crawl.toml` with its value in TOML.
    pub(crate) fn set(mut self, key: &'static str, value: &str) -> Self {
        self.config.insert(key, value.to_owned());
        self
    }

    /// Tables of `crawl.toml`, behind the keys.
    pub(crate) fn toml(mut self, text: &str) -> Self {
        self.toml.push_str(text);
        self
    }

    /// How many requests may be in flight: in all and to each host.
    pub(crate) fn concurrency(self, n: usize) -> Self {
        self.arg("--concurrency", n.to_string()).arg("--per-host-concurrency", n.to_string())
    }

    /// Takes every host, as long as it is on loopback.
    pub(crate) fn any_host(self) -> Self {
        self.set("scope.kind", "'any'").set("fetch.allow_hosts", "['127.0.0.0/8']")
    }

    /// Makes the authority the only one that the run trusts, in place of the system's.
    pub(crate) fn trusting(self, authority: &Authority) -> Self {
        fs::write(self.dir.path().join(ROOTS), authority.pem()).unwrap();
        self.env("SSL_CERT_FILE", ROOTS)
    }

    pub(crate) fn env(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.env.insert(name, value.into());
        self
    }

    /// Runs where an earlier crawl has run: on what that has left.
    pub(crate) fn on(mut self, earlier: &Crawled) -> Self {
        self.dir = earlier.place();
        self
    }

    /// Runs where another process runs now.
    pub(crate) fn beside(mut self, running: &Running) -> Self {
        self.dir = Arc::clone(&running.dir);
        self
    }

    /// A path in the directory in which it will run.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.dir.path().join(relative)
    }

    /// Lets the run speak on stderr as it does for a user.
    pub(crate) fn talkative(mut self) -> Self {
        self.quiet = false;
        self
    }

    /// Lets a shell do this before it becomes the binary: `ulimit`, `trap`.
    pub(crate) fn after(mut self, command: &str) -> Self {
        self.shell.push(command.to_owned());
        self
    }

    /// Crawls by this command, and not by flags alone.
    pub(crate) fn by(mut self, command: &'static str) -> Self {
        self.command = Some(command);
        self
    }

    /// Runs to the end.
    #[track_caller]
    pub(crate) fn run(self) -> Crawled {
        self.start().finish()
    }

    /// Starts the process, its stdout read to the end.
    pub(crate) fn start(self) -> Running {
        let (mut running, mut stdout) = self.start_piped();
        running.stdout = Some(std::thread::spawn(move || {
            let mut text = String::new();
            stdout.read_to_string(&mut text).unwrap();
            text
        }));
        running
    }

    /// Starts the process and hands its stdout over.
    pub(crate) fn start_piped(self) -> (Running, ChildStdout) {
        let config: Vec<String> = self.config.iter().map(|(key, value)| format!("{key} = {value}")).collect();
        fs::write(self.dir.path().join("crawl.toml"), config.join("\n") + "\n" + &self.toml).unwrap();
        let binary = env!("CARGO_BIN_EXE_crawler");
        let mut command = Command::new(if self.shell.is_empty() { binary } else { "sh" });
        if !self.shell.is_empty() {
            command.args(["-c", &format!("{}; exec \"$@\"", self.shell.join("; ")), "sh", binary]);
        }
        command.args(self.command);
        command.current_dir(self.dir.path()).args(["--config", "crawl.toml", "--dir", DIR]).args(&self.args);
        command.args(self.quiet.then_some("-q"));
        for proxy in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "https_proxy", "HTTPS_PROXY"] {
            command.env_remove(proxy);
        }
        command.env_remove("SSL_CERT_DIR").envs(&self.env);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        hear_hangups();
        let mut child = command.spawn().unwrap();
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let pid = Pid::from_child(&child);
        let (tell, ended) = mpsc::channel();
        std::thread::spawn(move || tell.send(child.wait().unwrap()));
        let talk = Arc::new(Talk::default());
        let stderr_reader = Some(std::thread::spawn({
            let talk = Arc::clone(&talk);
            move || talk.listen(stderr)
        }));
        let dir = self.dir;
        (Running { dir, pid, ended, status: None, stdout: None, stderr: talk, stderr_reader }, stdout)
    }
}

impl Running {
    /// Sends a signal to the process.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid, signal).unwrap();
    }

    /// Waits until stderr holds the text.
    #[track_caller]
    pub(crate) fn wait_for_stderr(&self, part: &str) {
        let text = self.stderr.text.lock().unwrap();
        let (text, timeout) =
            self.stderr.more.wait_timeout_while(text, FAIL_SAFE, |text| !text.contains(part)).unwrap();
        let said = text.clone();
        drop(text);
        assert!(!timeout.timed_out(), "`{part}` was never said on stderr: {said}");
    }

    /// What is said on stderr behind a text, up to the end of that line.
    #[track_caller]
    pub(crate) fn said_behind(&self, part: &str) -> String {
        self.wait_for_stderr(part);
        let text = self.stderr.text.lock().unwrap();
        text.split_once(part).unwrap().1.lines().next().unwrap_or_default().to_owned()
    }

    /// A path in the directory in which it runs.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.dir.path().join(relative)
    }

    /// The process.
    pub(crate) fn pid(&self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }

    /// Ends the process as `kill -9` does. It may have ended by itself before.
    #[track_caller]
    pub(crate) fn kill(self) -> Crawled {
        let _ = kill_process(self.pid, Signal::KILL);
        self.finish()
    }

    /// Waits so long for the end; whether it has come.
    pub(crate) fn ends_within(&mut self, time: Duration) -> bool {
        self.status = self.status.or_else(|| self.ended.recv_timeout(time).ok());
        self.status.is_some()
    }

    /// Waits for the end and checks the accounts.
    #[track_caller]
    pub(crate) fn finish(self) -> Crawled {
        self.finish_within(FAIL_SAFE)
    }

    /// Waits for the end of a crawl that takes its time, and checks the accounts.
    #[track_caller]
    pub(crate) fn finish_within(mut self, time: Duration) -> Crawled {
        self.ends_within(time);
        let Some(status) = self.status else {
            let said = self.stderr.text.lock().unwrap().clone();
            panic!("the crawl does not end; stderr: {said}");
        };
        let stdout = self.stdout.take().map(|reader| reader.join().unwrap());
        self.stderr_reader.take().unwrap().join().unwrap();
        let stderr = self.stderr.text.lock().unwrap().clone();
        let crawled = Crawled::read(status, stdout, stderr, Arc::clone(&self.dir));
        crawled.assert_accounts_add_up();
        crawled
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.status.is_none() {
            // It may have ended by itself in the meantime.
            let _ = kill_process(self.pid, Signal::KILL);
        }
    }
}

impl Talk {
    /// Reads to the end and tells each line to whoever waits.
    fn listen(&self, stderr: ChildStderr) {
        let mut stderr = BufReader::new(stderr);
        let mut line = Vec::new();
        while stderr.read_until(b'\n', &mut line).unwrap() > 0 {
            self.text.lock().unwrap().push_str(&String::from_utf8_lossy(&line));
            self.more.notify_all();
            line.clear();
        }
    }
}

/// Gives what is started from here on the SIGHUP that a terminal gives it. A process passes on that it ignores a signal,
/// as `nohup cargo test` does, but not that it listens to one.
fn hear_hangups() {
    static LISTENER: OnceLock<(Runtime, tokio::signal::unix::Signal)> = OnceLock::new();
    LISTENER.get_or_init(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
        let listener = runtime.block_on(async { signal(SignalKind::hangup()).unwrap() });
        (runtime, listener)
    });
}

/// The roots of a run, relative to the directory in which it runs.
const ROOTS: &str = "roots.pem";
