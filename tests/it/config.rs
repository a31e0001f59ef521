//! Settings: what a file and flags give together, and what is said of each mistake.

use std::path::Path;

use crawler::config::Config;
use crawler::internals::{Layers, SettingOrigin, reference};

use crate::cli::{Run, fixtures};

#[test]
fn the_file_of_the_repository_names_every_default() {
    matches_generated("crawl.toml", &reference::defaults());
    let config = Config::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("crawl.toml")).unwrap();
    assert_eq!(config, Config::default());
}

#[test]
fn the_reference_is_generated() {
    matches_generated("docs/config.md", &reference::markdown());
}

#[test]
fn a_file_changes_only_what_it_names() {
    let config = Config::load(&fixtures().join("minimal.toml")).unwrap();
    assert_eq!(config, Config { seeds: vec!["https://example.com/".to_owned()], ..Config::default() });
}

#[test]
fn the_settings_in_force_are_shown_with_their_origin_and_without_secrets() {
    let flags = ["--rate", "none", "--set", "parse.max_links=10", "-v", "--set", "hosts.example.com.burst=30"];
    let run = Run::config(&[&["--config", "full.toml"], &flags[..]].concat());
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    assert!(!run.stdout.contains("hunter2"));
    insta::assert_snapshot!("settings_in_force", run.stdout);
}

#[test]
fn what_is_shown_is_a_file_that_gives_the_same_settings() {
    let flags = [
        "--config",
        "precedence.toml",
        "--set",
        "hosts.*.e.com.headers.x-a='b c'",
        "--header",
        "x-flag: a \"b\"",
        "--include",
        "re:\\d",
        "--max-body",
        "1kB",
    ];
    let run = Run::config(&flags);
    let mut layers = Layers::default();
    layers.file(&fixtures().join("precedence.toml")).unwrap();
    layers.set("hosts.\"*.e.com\".headers.x-a=b c").unwrap();
    layers.flag("--header", "fetch.headers", "x-flag: a \"b\"").unwrap();
    layers.flag("--include", "scope.include", "re:\\d").unwrap();
    layers.flag("--max-body", "fetch.max_body", "1kB").unwrap();
    assert_eq!(Config::from_toml(&run.stdout, "stdout").unwrap(), layers.finish().unwrap().config);
}

#[test]
fn flags_win_over_the_file_and_the_later_flag_wins() {
    let shown = |args: &[&str], key: &str| {
        let run = Run::config(&[&["--config", "precedence.toml"], args].concat());
        assert_eq!(run.code, 0, "{}", run.stderr);
        let line = run.stdout.lines().find(|line| line.starts_with(key)).unwrap_or_else(|| panic!("{}", run.stdout));
        let (setting, origin) = line.split_once("  #").unwrap();
        format!("{} #{origin}", setting.trim_end())
    };
    let check = |args: &[&str], key: &str, expected: &str| assert_eq!(shown(args, key), expected, "{args:?}");
    check(&[], "rate", "rate = 1 # precedence.toml:8");
    check(&[], "X-File", "X-File = \"1\" # precedence.toml:11");
    check(&[], "burst", "burst = 1 # default");
    check(&["--rate", "2"], "rate", "rate = 2 # --rate");
    check(&["--rate", "2", "--set", "politeness.rate=3"], "rate", "rate = 3 # --set");
    check(&["--set", "politeness.rate=3", "--rate", "2"], "rate", "rate = 2 # --rate");
    check(&["--no-links", "--links"], "links", "links = true # --links");
    check(&["--links", "--set", "output.links=false"], "links", "links = false # --set");
    check(&["--ignore-robots"], "robots", "robots = false # --ignore-robots");
    check(&["--rate", "2", "--rate", "4"], "rate", "rate = 4 # --rate");
    check(&["-vv"], "log_level", "log_level = \"trace\" # -v");
    check(&["-q"], "progress", "progress = \"never\" # -q");
    check(&["--progress", "always", "-q"], "progress", "progress = \"always\" # --progress");
}

#[test]
fn a_flag_replaces_a_list_and_adds_when_it_repeats() {
    let loaded = |flags: &[(&str, &str)]| {
        let mut layers = Layers::default();
        layers.file(&fixtures().join("precedence.toml")).unwrap();
        for (flag, value) in flags {
            match *flag {
                "--set" => layers.set(value).unwrap(),
                "--exclude" => layers.flag(flag, "scope.exclude", value).unwrap(),
                _ => layers.flag(flag, "fetch.headers", value).unwrap(),
            }
        }
        layers.finish().unwrap()
    };
    let excluded = |flags| loaded(flags).config.scope.exclude.texts().to_vec();
    assert_eq!(excluded(&[]), ["*/file/*"]);
    assert_eq!(excluded(&[("--exclude", "*a"), ("--exclude", "*b")]), ["*a", "*b"]);
    assert_eq!(
        excluded(&[("--exclude", "*a"), ("--set", "scope.exclude=[\"*b\", '*c']"), ("--exclude", "*d")]),
        ["*d"]
    );
    assert_eq!(excluded(&[("--exclude", "*[a]")]), ["*[a]"]);
    assert_eq!(excluded(&[("--set", "scope.exclude=[]")]), [""; 0]);

    let headers = loaded(&[("--header", "accept-language: de"), ("--set", "fetch.headers.X-Set=2")]);
    let values: Vec<_> = headers.config.fetch.headers.iter().collect();
    assert_eq!(values, [("X-File", "1"), ("X-Set", "2"), ("accept-language", "de")]);
    assert_eq!(headers.origins["fetch.headers.accept-language"], SettingOrigin::Flag("--header".to_owned()));
    assert!(!headers.origins.contains_key("fetch.headers.Accept-Language"));
}

#[test]
fn the_tables_of_one_host_are_one_table_whatever_its_case_and_whoever_sets_it() {
    let mut layers = Layers::default();
    let file = "[hosts.\"E.com\"]\nrate = 1\nburst = 2\nheaders = { X-A = \"1\", X-B = \"1\" }";
    layers.text("crawl.toml", file).unwrap();
    for set in ["hosts.e.COM.rate=3", "hosts.\"e.com\".headers={x-b = \"2\"}", "hosts.'*.e.com'.delay=1s"] {
        layers.set(set).unwrap();
    }
    let loaded = layers.finish().unwrap();
    let hosts: Vec<_> = loaded.config.hosts.keys().map(ToString::to_string).collect();
    assert_eq!(hosts, ["e.com", "*.e.com"]);
    let host = &loaded.config.hosts[&"e.com".parse().unwrap()];
    assert_eq!((host.politeness.rate, host.politeness.burst), ("3".parse().ok(), Some(2)));
    let headers: Vec<_> = host.fetch.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    assert_eq!(headers, ["X-A: 1", "x-b: 2"]);
    let origin = |key: &str| loaded.origins[key].to_string();
    let keys = ["rate", "burst", "headers.X-A", "headers.x-b"].map(|key| origin(&format!("hosts.\"e.com\".{key}")));
    assert_eq!(keys, ["--set", "crawl.toml:3", "crawl.toml:4", "--set"]);
}

#[test]
fn seeds_of_flags_and_files_add_up() {
    let run =
        Run::config(&["--config", "precedence.toml", "--seed", "https://a.example/", "--seeds-file", "seeds.txt"]);
    let expected = "seeds = [\"https://a.example/\", \"https://example.com/\", \"https://example.org/#part\"]  # --seed, --seeds-file";
    assert_eq!(run.stdout.lines().next(), Some(expected), "{}", run.stderr);
}

#[test]
fn each_mistake_in_a_file_is_named_with_its_place() {
    let mut names: Vec<_> = std::fs::read_dir(fixtures())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("invalid-") && !name.contains("seeds."))
        .collect();
    names.sort();
    assert!(names.len() > 30, "{names:?}");
    let mut messages = String::new();
    for name in names {
        let run = Run::config(&["--config", &name]);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{name}");
        assert!(run.stderr.starts_with(&format!("error: {name}:")), "{name}: {}", run.stderr);
        assert!(!run.stderr.contains("hunter2"), "{}", run.stderr);
        messages.extend([run.stderr.as_str(), "\n"]);
    }
    insta::assert_snapshot!("mistakes_in_files", messages);
}

#[test]
fn each_mistake_in_a_flag_is_named_with_the_flag() {
    let mistakes: &[&[&str]] = &[
        &["--timeout", "30"],
        &["--max-body", "8"],
        &["--rate", "fast"],
        &["--rate", "-1"],
        &["--depth", "-1"],
        &["--max-pages", "0"],
        &["--max-time", "soon"],
        &["--concurrency", "0"],
        &["--per-host-concurrency", "four"],
        &["--seed", "nas.lan"],
        &["--seed", "nowhere"],
        &["--seed", "minimal.toml"],
        &["--seed", "ftp://user:hunter2@example.com/"],
        &["--seeds-file", "invalid-seeds.txt"],
        &["--seeds-file", "missing.txt"],
        &["--include", "re:("],
        &["--exclude", "[z-a]"],
        &["--header", "hunter2"],
        &["--header", "Authorization: hunter2\u{7}"],
        &["--header", "Host: example.com"],
        &["--user-agent", ""],
        &["--origin", "localhost"],
        &["--dir", ""],
        &["--set", "politeness.rate"],
        &["--set", "politeness.rat=5"],
        &["--set", "rate=5"],
        &["--set", "foo.bar=1"],
        &["--set", "politness.rate=1"],
        &["--set", "foo.rate=1"],
        &["--set", "hotss.example.com.rate=1"],
        &["--set", "politeness.rate.max=1"],
        &["--set", "seeds.first=1"],
        &["--set", "hosts.rate=1"],
        &["--set", "hosts.localhost=1"],
        &["--set", "hosts.example.com.foo=1"],
        &["--set", "politeness=5"],
        &["--set", "fetch.timeout=30"],
        &["--set", "scope.kind=hosts"],
        &["--set", "scope.include=[a"],
        &["--set", "politeness.burst=many"],
        &["--set", "politeness.burst=1\nrate=2"],
        &["--set", "output.links=no"],
        &["--set", "fetch.headers.cookie=hunter2\u{7}"],
        &["--set", "hosts.\"example.com\".rat=5"],
        &["--set", "hosts.\"example.com\".rate=fast"],
        &["--set", "hosts.\"example.com/\".rate=5"],
        &["--set", "hosts.example.com.headers.Authorization=hunter2\u{7}"],
        &["--set", "hosts=5"],
        &["--config", "missing.toml"],
        &["--config", "."],
    ];
    let mut messages = String::new();
    for args in mistakes {
        let run = Run::config(args);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{args:?}");
        assert!(args[0] == "--header" || !run.stderr.contains("hunter2"), "{}", run.stderr);
        messages.extend([run.stderr.as_str(), "\n"]);
    }
    insta::assert_snapshot!("mistakes_in_flags", messages);
}

fn matches_generated(name: &str, generated: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::write(&path, generated).expect("the repository can be written to");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == generated, "{name} is out of date: UPDATE_GENERATED=1 cargo test --test it generated");
}
