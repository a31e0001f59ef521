//! Exposed: files of settings that hold secrets, and that others than their owner can read or write.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::path::Path;

use super::layers::{Loaded, SettingOrigin};
use super::{Config, secret};

impl Loaded {
    /// Whether a setting is a secret as it is, not one that the environment has.
    pub fn holds_secret(&self) -> bool {
        !secrets(&self.config).is_empty()
    }

    /// What is to be told of the files that settings come from: that one holds secrets, and that others can read or write
    /// it. Empty when there is nothing to tell, and where files have no such permissions.
    pub fn exposed(&self) -> Vec<String> {
        let mut files: BTreeMap<&Path, &str> = BTreeMap::new();
        let secrets = secrets(&self.config);
        for (key, origin) in &self.origins {
            if let SettingOrigin::File { path, .. } = origin
                && secrets.contains(key)
            {
                files.entry(path).or_insert(key);
            }
        }
        let told = files.into_iter().filter_map(|(path, key)| {
            // A file that is gone since it was read is nobody's any more.
            let what = others_can(&std::fs::metadata(path).ok()?)?;
            let file = path.display();
            Some(format!(
                "{file} holds a secret ({key}), and others than its owner can {what} it: chmod 600 {file}, or take it from \
                 the environment with ${{NAME}}"
            ))
        });
        told.collect()
    }
}

/// The keys of all settings that hold a secret as it is: headers that are secret and have no variable, and lists of URLs
/// with a password.
fn secrets(config: &Config) -> Vec<String> {
    let mut found = Vec::new();
    let has_password = |text: &String| secret::redact_url(text) != *text;
    if config.seeds.iter().any(has_password) {
        found.push("seeds".to_owned());
    }
    if config.sitemaps.urls.iter().any(has_password) {
        found.push("sitemaps.urls".to_owned());
    }
    if config.fetch.proxy.iter().cloned().map(String::from).any(|proxy| secret::redact_proxy(&proxy) != proxy) {
        found.push("fetch.proxy".to_owned());
    }
    let mut take = |table: &str, headers: &mut dyn Iterator<Item = (&str, &str)>| {
        for (name, _) in headers.filter(|(name, value)| secret::is_secret_header(name) && !value.contains("${")) {
            found.push(super::keys::join(table, name));
        }
    };
    take("fetch.headers", &mut config.fetch.headers.iter());
    for (host, options) in &config.hosts {
        let table = super::keys::join("hosts", &host.to_string());
        take(&format!("{table}.headers"), &mut options.fetch.headers.iter());
    }
    found
}

/// What those can do with a file who do not own it.
#[cfg(unix)]
fn others_can(file: &Metadata) -> Option<&'static str> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = file.permissions().mode();
    match (mode & READ != 0, mode & WRITE != 0) {
        (true, true) => Some("read and write"),
        (true, false) => Some("read"),
        (false, true) => Some("write"),
        (false, false) => None,
    }
}

#[cfg(not(unix))]
fn others_can(_: &Metadata) -> Option<&'static str> {
    None
}

/// What the group and all others may have of a mode (POSIX.1-2024, `<sys/stat.h>`).
#[cfg(unix)]
const READ: u32 = 0o044;
#[cfg(unix)]
const WRITE: u32 = 0o022;

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    use crate::config::Layers;

    /// What is told of a file with this text and mode, which is called FILE.
    fn told(text: &str, mode: u32) -> Vec<String> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("crawl.toml");
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
        let mut layers = Layers::default();
        layers.file(&file).unwrap();
        let told = layers.finish().unwrap().exposed();
        told.into_iter().map(|line| line.replace(&file.display().to_string(), "FILE")).collect()
    }

    #[test]
    fn a_file_with_a_secret_is_its_owners_alone() {
        let header = "[fetch.headers]\nAuthorization = \"Bearer hunter2\"\n";
        insta::assert_snapshot!(told(header, 0o644).join("\n"), @"FILE holds a secret (fetch.headers.Authorization), and others than its owner can read it: chmod 600 FILE, or take it from the environment with ${NAME}");
        for (mode, can) in [(0o640, "can read it"), (0o602, "can write it"), (0o666, "can read and write it")] {
            let told = told(header, mode);
            assert!(told.len() == 1 && told[0].contains(can), "{mode:o}: {told:?}");
        }
        assert!(told(header, 0o600).is_empty() && told(header, 0o700).is_empty());
    }

    #[test]
    fn what_is_in_the_environment_is_not_in_the_file() {
        for (text, key) in [
            ("[fetch.headers]\nCookie = \"${PATH}\"\nAccept = \"text/html\"\n", None),
            ("seeds = [\"http://e.com/\"]\n", None),
            ("seeds = [\"http://user:hunter2@e.com/\"]\n", Some("(seeds)")),
            ("[sitemaps]\nurls = [\"http://user:hunter2@e.com/s.xml\"]\n", Some("(sitemaps.urls)")),
            ("[fetch]\nproxy = [\"http://user:hunter2@e.com:1\"]\n", Some("(fetch.proxy)")),
            ("[fetch]\nproxy = [\"http://hunter2@e.com:1\"]\n", Some("(fetch.proxy)")),
            ("[fetch]\nproxy = [\"http://${CARGO_PKG_NAME}:${CARGO_PKG_NAME}@e.com:1\"]\n", None),
            ("[hosts.\"e.com:8080\".headers]\nX-Api-Key = \"hunter2\"\n", Some(".headers.X-Api-Key)")),
        ] {
            let told = told(text, 0o644);
            assert_eq!(told.len(), usize::from(key.is_some()), "{text}: {told:?}");
            assert!(told.iter().all(|line| key.is_some_and(|key| line.contains(key)) && !line.contains("hunter2")));
        }
        let mut layers = Layers::default();
        layers.flag("--header", "fetch.headers", "Cookie: hunter2").unwrap();
        assert!(layers.finish().unwrap().exposed().is_empty(), "it is in no file");
    }
}
