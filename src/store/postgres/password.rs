//! Passwords: where libpq looks for one, but never in a URL.

use std::fs;
use std::path::{Path, PathBuf};

use tokio_postgres::Config;
use tokio_postgres::config::Host;

use crate::error::{Error, Result};

/// The password for a server: that of a file that was named for it, of `PGPASSWORD`, or of the file of passwords that
/// `PGPASSFILE` names, `~/.pgpass` without it. `None` where there is none: not every server asks for one.
///
/// # Errors
/// [`Error::Usage`] when the file that was named is empty, and [`Error::Io`] when it cannot be read.
pub(super) fn find(config: &Config, file: &Path) -> Result<Option<String>> {
    if !file.as_os_str().is_empty() {
        let text = fs::read_to_string(file).map_err(|error| Error::io("open", file, error))?;
        let password = text.lines().next().unwrap_or_default();
        if password.is_empty() {
            let shown = file.display();
            return Err(Error::Usage(format!(
                "store_password_file: the first line of {shown} is to be the password, and is empty"
            )));
        }
        return Ok(Some(password.to_owned()));
    }
    if let Some(password) = std::env::var("PGPASSWORD").ok().filter(|password| !password.is_empty()) {
        return Ok(Some(password));
    }
    let named = std::env::var_os("PGPASSFILE").map(PathBuf::from);
    let home = || Some(std::env::home_dir()?.join(".pgpass"));
    let Some(path) = named.or_else(home) else { return Ok(None) };
    let Ok(text) = fs::read_to_string(&path) else { return Ok(None) };
    if is_readable_by_others(&path) {
        tracing::warn!("{} is not read, since others may read it too: chmod 600 {0}", path.display());
        return Ok(None);
    }
    Ok(of_passfile(&text, config))
}

/// The password of the first line that fits a server (postgresql.org/docs/current/libpq-pgpass.html).
fn of_passfile(text: &str, config: &Config) -> Option<String> {
    let hosts: Vec<_> = config.get_hosts().iter().map(host_name).collect();
    let port = config.get_ports().first().copied().unwrap_or(5432).to_string();
    let user = config.get_user().unwrap_or_default();
    let database = config.get_dbname().unwrap_or(user);
    let fits = |field: &str, value: &str| field == "*" || field == value;
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let fields = fields(line);
        let [host, its_port, its_database, its_user, password] = fields.as_slice() else { return None };
        let is_it = hosts.iter().any(|name| fits(host, name))
            && fits(its_port, &port)
            && fits(its_database, database)
            && fits(its_user, user);
        is_it.then(|| password.clone())
    })
}

/// A socket is called `localhost` there.
fn host_name(host: &Host) -> String {
    match host {
        Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        Host::Unix(_) => "localhost".to_owned(),
    }
}

/// The fields of a line: between colons, with `\` before a colon and before itself. The last one is all that is left.
fn fields(line: &str) -> Vec<String> {
    let (mut fields, mut field) = (Vec::new(), String::new());
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => field.extend(rest.next()),
            ':' if fields.len() < 4 => fields.push(std::mem::take(&mut field)),
            c => field.push(c),
        }
    }
    fields.push(field);
    fields
}

#[cfg(unix)]
fn is_readable_by_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_readable_by_others(_: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_fits_has_the_password() {
        let text = "# h:5432:d:u:no\nh:5433:*:*:other\nh:5432:e:u:no\n*:*:d:u:a\\:b\\\\c:d\nh:5432:d:u:late\nlocalhost:*:*:*:socket\n";
        let of = |url: &str| of_passfile(text, &url.parse().unwrap());
        assert_eq!(of("postgres://u@h/d").as_deref(), Some("a:b\\c:d"));
        assert_eq!(of("postgres://u@h:5433/d").as_deref(), Some("other"));
        assert_eq!(of("postgres://v@%2Frun/d").as_deref(), Some("socket"));
        assert_eq!(of("postgres://v@h/d"), None);
    }
}
