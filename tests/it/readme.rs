//! Every command of README.md, in the order in which they stand, in a folder with nothing but the fixtures: each ends well, and
//! says what README says that it does, but for times.

use std::path::Path;
use std::process::Command;

use regex::Regex;

/// A command, and what is shown below it.
#[derive(Debug)]
struct Shown {
    command: String,
    output: String,
}

#[test]
fn every_command_of_the_readme_does_what_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    std::os::unix::fs::symlink(fixtures, folder.path().join("fixtures")).unwrap();
    let times = Times::new();
    let mut ran = 0;
    for Shown { command, output } in commands(README) {
        let Some(offline) = offline(&command) else { continue };
        let (ended_well, said) = run(folder.path(), &offline);
        assert!(ended_well, "$ {command}\n{said}");
        if !output.is_empty() {
            assert_eq!(times.left_out(&said), times.left_out(&output), "$ {command}");
        }
        ran += 1;
    }
    assert!(ran > 15, "{ran}");
}

/// The command as it can be run here; `None` for those that build with cargo, and those that need what may not be there.
fn offline(command: &str) -> Option<String> {
    // The build is done: this test is part of it.
    let command = command.replace("cargo run --locked -- ", "crawler ");
    let is_there =
        |program: &str| Command::new(program).arg("--version").output().is_ok_and(|run| run.status.success());
    let needs_jq = command.contains("jq ");
    if command.contains("cargo ") || command.contains("/usr/share/") || needs_jq && !is_there("jq") {
        return None;
    }
    // No test leaves loopback: the flags are read, and nobody is asked.
    if command.contains("://example.com/") && !command.contains("config") {
        return Some(command.replacen("crawler ", "crawler config ", 1) + " > config.out");
    }
    Some(command)
}

fn run(folder: &Path, command: &str) -> (bool, String) {
    let binary = Path::new(env!("CARGO_BIN_EXE_crawler")).parent().unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
    let script = format!("{{ {command}\n}} 2>&1");
    let run = Command::new("sh").args(["-c", &script]).current_dir(folder).env("PATH", path).output().unwrap();
    (run.status.success(), String::from_utf8(run.stdout).unwrap())
}

fn commands(text: &str) -> Vec<Shown> {
    let mut all: Vec<Shown> = Vec::new();
    for block in text.split("```console\n").skip(1).filter_map(|rest| rest.split("```").next()) {
        let mut lines = block.lines();
        while let Some(line) = lines.next() {
            let Some(command) = line.strip_prefix("$ ") else {
                let shown = all.last_mut().expect("a command comes first");
                shown.output.extend([line, "\n"]);
                continue;
            };
            let mut command = command.to_owned();
            while command.ends_with('\\') {
                command.extend(["\n", lines.next().unwrap()]);
            }
            all.push(Shown { command, output: String::new() });
        }
    }
    all
}

/// What is another time each time.
struct Times(Vec<Regex>);

impl Times {
    fn new() -> Self {
        let patterns = [
            r"\d{4}-\d\d-\d\dT[\d:.]+Z",
            r"\b[\d.]+(ms|s)\b",
            r"\b[\d.,]+/s",
            r"[\d.,]+ (B|KiB|MiB)",
            r" +",
            r"localhost [\d -]+",
        ];
        Self(patterns.map(|pattern| Regex::new(pattern).unwrap()).into())
    }

    fn left_out(&self, text: &str) -> String {
        self.0
            .iter()
            .fold(text.to_owned(), |text, pattern| pattern.replace_all(&text, " ").into_owned())
            .replace('\r', "")
    }
}

const README: &str = include_str!("../../README.md");
