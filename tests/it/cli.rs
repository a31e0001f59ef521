//! The command line: exit codes, what goes to stdout and what to stderr, the helpers that need no crawl.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How a call of the binary ended.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// Calls the binary in this folder.
    pub(crate) fn new(dir: &Path, args: &[&str]) -> Self {
        Self::with_input(dir, args, "")
    }

    /// Calls the binary in this folder with this text as its stdin.
    pub(crate) fn with_input(dir: &Path, args: &[&str], input: &str) -> Self {
        let mut child = command(dir, args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary is built before its tests");
        let mut stdin = child.stdin.take().expect("piped above");
        // A call that reads no stdin may have ended already.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        let output = child.wait_with_output().expect("the binary was started");
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("text"),
            stderr: String::from_utf8(output.stderr).expect("text"),
        }
    }

    /// `crawler config` among the fixtures.
    pub(crate) fn config(args: &[&str]) -> Self {
        Self::new(&fixtures(), &[&["config"], args].concat())
    }
}

pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/configs")
}

fn command(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crawler"));
    command.current_dir(dir).args(args).env("COLUMNS", "100").env_remove("CLICOLOR_FORCE");
    command
}

#[test]
fn help_goes_to_stdout_and_names_every_flag() {
    let run = Run::new(&fixtures(), &["--help"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    assert_eq!(run.stdout, Run::new(&fixtures(), &["-h"]).stdout);
    insta::assert_snapshot!("help", run.stdout);
}

#[test]
fn what_crawls_nothing_shows_no_crawl() {
    let dir = tempfile::tempdir().unwrap();
    for command in [&["init", "--from-flags"][..], &["config"], &["plan"]] {
        let run = Run::new(dir.path(), &[command, &["--dashboard", "127.0.0.1:0", "http://localhost:1/"]].concat());
        let words = format!("--dashboard shows a crawl while it runs, and `crawler {}` runs none", command[0]);
        assert!(run.code == 2 && run.stdout.is_empty() && run.stderr.contains(&words), "{}", run.stderr);
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "nothing is written");
}

#[test]
fn the_version_is_one_line() {
    let run = Run::new(&fixtures(), &["--version"]);
    assert_eq!((run.code, run.stdout), (0, format!("crawler {}\n", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn wrong_usage_exits_with_two_and_says_what_to_write() {
    let dir = tempfile::tempdir().unwrap();
    let mut messages = String::new();
    let calls: &[&[&str]] = &[
        &[],
        &["--depth", "2"],
        &["user:hunter2@example.com"],
        &["ftp://user:hunter2@example.com/"],
        &["https:/example.com"],
        &["nowhere/docs"],
        &["urls.txt"],
        &["--depth", "2", "status"],
        &["confg"],
        &["crawl"],
        &["--max-page", "3"],
        &["--scope", "hosts"],
        &["-q", "-v"],
        &["--depth"],
        &["schema"],
        &["schema", "page"],
        &["completions", "tcsh"],
    ];
    for args in calls {
        let run = Run::new(dir.path(), args);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{args:?}");
        assert!(!run.stderr.contains("hunter2"), "{}", run.stderr);
        messages.extend(["$ crawler ", args.join(" ").as_str(), "\n", run.stderr.as_str(), "\n"]);
    }
    insta::assert_snapshot!("wrong_usage", messages);
}

#[test]
fn init_writes_what_flags_say() {
    let dir = tempfile::tempdir().unwrap();
    let flags = ["--seed", "http://localhost:1/", "--field", "image=img@src", "--field", "price:number=.price"];
    let refused = Run::new(dir.path(), &[&["init"], &flags[..]].concat());
    assert_eq!((refused.code, refused.stderr.as_str()), (2, "error: flags are written with --from-flags\n"));
    let run = Run::new(dir.path(), &[&["init", "--from-flags"], &flags[..]].concat());
    assert_eq!((run.code, run.stderr.as_str()), (0, "wrote crawl.toml: run `crawler`\n"));
    let written = std::fs::read_to_string(dir.path().join("crawl.toml")).unwrap();
    insta::assert_snapshot!(written, @r#"
    seeds = ["http://localhost:1/"]

    [[extract]]
    [extract.fields]
    image = { css = "img", attr = "src", type = "url" }
    price = { css = ".price", type = "number" }
    "#);
    let wrong = Run::new(dir.path(), &["init", "--force", "--from-flags", "--field", "price=.price["]);
    assert_eq!(wrong.code, 2, "{}", wrong.stderr);
}

#[test]
fn init_writes_a_file_that_changes_nothing_and_replaces_none() {
    let dir = tempfile::tempdir().unwrap();
    let run = Run::new(dir.path(), &["init"]);
    assert_eq!((run.code, run.stdout.as_str(), run.stderr.lines().count()), (0, "", 1), "{}", run.stderr);
    let file = dir.path().join("crawl.toml");
    let config = crawler::config::Config::load(&file).unwrap();
    assert_eq!(config, crawler::config::Config::default());

    std::fs::write(&file, "depth = 1\n").unwrap();
    let again = Run::new(dir.path(), &["init"]);
    assert_eq!(again.code, 2);
    assert!(again.stderr.contains("--force"), "{}", again.stderr);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "depth = 1\n");

    assert_eq!(Run::new(dir.path(), &["init", "--force"]).code, 0);
    assert!(std::fs::read_to_string(&file).unwrap().contains("#depth = \"none\""));
}

#[test]
fn the_file_of_the_current_folder_is_taken_without_being_named() {
    let dir = tempfile::tempdir().unwrap();
    let depth = |run: Run| run.stdout.lines().find(|line| line.starts_with("depth")).unwrap_or_default().to_owned();
    assert!(depth(Run::new(dir.path(), &["config"])).contains("# default"));
    std::fs::write(dir.path().join("crawl.toml"), "\u{feff}depth = 1\r\n").unwrap();
    assert!(depth(Run::new(dir.path(), &["config"])).ends_with("# crawl.toml:1"));
    std::fs::write(dir.path().join("other.toml"), "").unwrap();
    assert!(depth(Run::new(dir.path(), &["config", "--config", "other.toml"])).contains("# default"));

    std::fs::remove_file(dir.path().join("crawl.toml")).unwrap();
    std::fs::create_dir(dir.path().join("crawl.toml")).unwrap();
    let run = Run::new(dir.path(), &["config"]);
    assert_eq!((run.code, run.stderr.as_str()), (2, "error: crawl.toml: cannot be read: it is a folder, not a file\n"));
}

#[test]
fn seeds_come_from_stdin_too() {
    let input = "# mine\nhttps://a.example/\n\n  https://b.example/ \r\n";
    let run = Run::with_input(&fixtures(), &["config", "--seeds-file", "-"], input);
    let expected = "seeds = [\"https://a.example/\", \"https://b.example/\"]";
    assert!(run.stdout.starts_with(expected), "{}{}", run.stdout, run.stderr);

    let run = Run::with_input(&fixtures(), &["config", "--seeds-file", "-"], "https://a.example/\nnot a seed\n");
    assert_eq!(run.code, 2);
    assert!(run.stderr.starts_with("error: stdin:2:1: "), "{}", run.stderr);

    let run = Run::with_input(&fixtures(), &["config", "--seeds-file", "-"], "# nothing\n");
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("no seed"), "{}", run.stderr);
}

#[test]
fn the_schema_describes_every_table() {
    let run = Run::new(&fixtures(), &["schema", "config"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    let schema: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    for table in ["scope", "frontier", "politeness", "fetch", "parse", "output", "observe"] {
        assert!(schema["properties"][table].is_object(), "{table}");
    }
    let host = &schema["$defs"]["HostOptions"];
    assert_eq!(host["additionalProperties"], false);
    for key in ["rate", "delay", "robots", "headers", "include", "exclude"] {
        assert!(host["properties"][key].is_object(), "{key}");
        assert_eq!(host["required"], serde_json::Value::Null);
    }
}

#[test]
fn completions_and_the_manual_page_know_the_flags() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = Run::new(&fixtures(), &["completions", shell]);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{shell}");
        assert!(run.stdout.contains("per-host-concurrency"), "{shell}");
    }
    let run = Run::new(&fixtures(), &["man"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    for part in [".TH crawler 1", "max\\-pages", "Exit codes", "Examples"] {
        assert!(run.stdout.contains(part), "{part}");
    }
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = command(&fixtures(), &["config"]).stdout(writer).stderr(Stdio::piped()).output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap()), (Some(0), String::new()));
}
