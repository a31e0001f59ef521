//! User and password of a proxy are shown nowhere, and kept nowhere.

use std::fs;
use std::process::Command;

use crate::proxy::{assert_all_ok, assert_nowhere, site, through};
use crate::support::{Crawl, Server, Ways};

#[test]
fn settings_of_proxies_that_contradict_each_other_are_refused() {
    let refused = |crawl: Crawl, words: &str| {
        let crawled = crawl.run();
        assert!(crawled.assert_code(2).stderr.contains(words), "{}", crawled.stderr);
        assert!(!crawled.stderr.contains("hunter2"), "{}", crawled.stderr);
    };
    let seed = "http://localhost:1/";
    let by_name = Crawl::of(seed).arg("--proxy", "socks5h://user:hunter2@127.0.0.1:1");
    refused(by_name, "socks5h://127.0.0.1:1 has the proxy look names up, and fetch.proxy_dns has them looked up here");
    let header = Crawl::of(seed).arg("--proxy", "127.0.0.1:1").arg("--header", "Proxy-Authorization: hunter2");
    refused(header, "fetch.headers has a Proxy-Authorization, which would go to the hosts behind the proxy");
    refused(Crawl::of(seed).arg("--proxy", "http://user:hunter2@127.0.0.1"), "the proxy names no port");
    let in_file = Crawl::of(seed).toml("[fetch]\nproxy = [\"ftp://user:hunter2@127.0.0.1:1\"]\n");
    refused(in_file, "the proxy has a scheme that is not known");
}

#[test]
fn the_settings_in_force_show_a_proxy_without_its_password() {
    let crawl = |args: &[&str]| {
        let dir = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_crawler"));
        let output = command.current_dir(dir.path()).env("PROXY_PW", "hunter2").args(args).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let shown = crawl(&[
        "config",
        "--proxy",
        "http://user:hunter2@e.com:1",
        "--proxy",
        "socks5://${PROXY_PW}:${PROXY_PW}@e.com",
    ]);
    let expected = r#"proxy = ["http://<redacted>@e.com:1", "socks5://${PROXY_PW}:${PROXY_PW}@e.com"]"#;
    assert!(shown.contains(expected), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
    let shown = crawl(&["config", "--proxy", "http://hunter2:@e.com:1", "--proxy", "hunter2@e.com:1"]);
    assert!(shown.contains(r#"proxy = ["http://<redacted>@e.com:1", "<redacted>@e.com:1"]"#), "{shown}");
}

#[test]
fn what_is_no_proxy_is_refused_without_its_secrets_wherever_it_is_written() {
    let shown = |args: &[&str], file: &str| {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("crawl.toml"), file).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_crawler"));
        let output = command.current_dir(dir.path()).args(args).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(!told.contains("hunt") && !told.contains("er2") && !told.contains("s3cr3t"), "{args:?} {file}: {told}");
        told
    };
    for proxy in ["http://s3cr3t:hunt/er2@127.0.0.1:1", "s3cr3t:hunt?er2@127.0.0.1:1", "http://s3cr3t:hunt#er2@[::1]:1"]
    {
        let told = shown(&["config", "--proxy", proxy], "");
        assert!(told.contains("`/` is written %2F") && told.contains("<redacted>@"), "{told}");
        shown(&["config", "--set", &format!("fetch.proxy={proxy}")], "");
        shown(&["config", "--set", &format!("fetch.proxy=['http://e.com:1', '{proxy}']")], "");
        shown(&["config", "--set", &format!("fetch.proxies={proxy}")], "");
        shown(&["config", &format!("--proxi={proxy}")], "");
        for file in [
            format!("[fetch]\nproxy = ['http://a:b@e.com:1', '{proxy}']\n"),
            format!("[fetch]\nproxy = [\n  'http://a:b@e.com:1',\n  '{proxy}',\n]\n"),
            format!("[fetch]\nproxy = '{proxy}'\n"),
            format!("[fetch]\nproxy = ['{proxy}\n"),
            format!("fetch = {{ proxy = ['{proxy}'], depth = 1 }}\n"),
            format!("[fetch]\nproxies = ['{proxy}']\n"),
        ] {
            shown(&["config"], &file);
        }
    }
}

#[test]
fn the_user_of_a_proxy_is_kept_nowhere() {
    let server = Server::start(site().routes());
    let proxy = Ways::default().http();
    for credentials in ["s3cr3ttok", "s3cr3ttok:", "s3cr3ttok:hunter2"] {
        let crawled = through(&server, &format!("http://{credentials}@{}", proxy.address())).talkative().run();
        assert_all_ok(&crawled, 3);
        assert_nowhere(&crawled, "s3cr3ttok");
        assert_nowhere(&crawled, "hunter2");
    }
}

#[cfg(unix)]
#[test]
fn a_file_of_flags_with_a_secret_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let modes = |args: &[&str]| {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("crawl.toml");
        [&[][..], &["--force"]].map(|force| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_crawler"));
            let command = command.current_dir(dir.path()).args(["init", "--from-flags"]).args(force).args(args);
            assert!(command.output().unwrap().status.success(), "{args:?}");
            let mode = fs::metadata(&file).unwrap().permissions().mode() & 0o777;
            // What is replaced may be anybody's.
            fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
            mode
        })
    };
    assert_eq!(modes(&["--proxy", "http://hunter2@e.com:1"]), [0o600; 2]);
    assert_eq!(modes(&["--header", "Authorization: Bearer hunter2"]), [0o600; 2]);
    assert_eq!(modes(&["--seed", "http://user:hunter2@e.com/"]), [0o600; 2]);
    assert_eq!(modes(&["--proxy", "http://e.com:1"])[1], 0o666, "as it was");
}
