//! Where a store is that lies in a database, and what the crawl is called there: as a user writes it.

use std::fmt;
use std::num::NonZeroU16;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::problem::Problem;

/// The URL of a database of PostgreSQL, without a password; empty where there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StoreUrl(String);

/// What a crawl is called in a database; empty where it is in none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CrawlName(String);

/// Where the store of a crawl is, when that is a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StorePlace {
    /// The database.
    pub(crate) url: StoreUrl,
    /// The name of the crawl there.
    pub(crate) name: CrawlName,
    /// The file that has the password; empty where another place has it.
    pub(crate) password_file: PathBuf,
    /// Whether the connection may be one that others can read.
    pub(crate) insecure: bool,
    /// How the crawl is made, when it is not there.
    pub(crate) making: Making,
}

/// What is fixed when a crawl is made in a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Making {
    /// Into how many buckets its hosts are split.
    pub(crate) buckets: NonZeroU16,
    /// How long a node is believed to live without a word of it.
    pub(crate) lease: Duration,
}

impl Default for Making {
    fn default() -> Self {
        Self { buckets: BUCKETS, lease: LEASE }
    }
}

impl StoreUrl {
    /// The text; empty where there is none.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl CrawlName {
    /// The text; empty where there is none.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The schema that holds the crawl.
    pub fn schema(&self) -> String {
        format!("crawl_{}", self.0)
    }
}

impl fmt::Display for StorePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Where sockets lie or how it is connected to says nothing to who has written it.
        let url = self.url.0.split('?').next().unwrap_or_default();
        write!(f, "{url} (crawl {})", self.name.0)
    }
}

impl FromStr for StoreUrl {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let rest = SCHEMES.iter().find_map(|scheme| text.strip_prefix(scheme)?.strip_prefix("://"));
        // Nothing of it is shown: whatever it is, it may hold a password.
        let Some(rest) = rest else {
            return Err(Problem::new("this is not the URL of a store").allowed("postgres://USER@HOST/DATABASE"));
        };
        let (place, options) = rest.split_once('?').unwrap_or((rest, ""));
        let authority = place.split('/').next().unwrap_or_default();
        let user = authority.rsplit_once('@').map(|(user, _)| user);
        let has_password = user.is_some_and(|user| user.contains(':'))
            // One that should have been percent-encoded has ended the authority.
            || place.contains('@') && user.is_none()
            || options.split('&').any(|option| option.split('=').next() == Some("password"));
        if has_password {
            return Err(Problem::new("the URL of the store has a password, which others would see in it")
                .allowed("PGPASSWORD or PGPASSFILE in the environment, or a file (store_password_file)"));
        }
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(Problem::new("the URL of the store has a space or a control character in it"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for CrawlName {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if text.chars().all(is_plain) && text.len() <= LONGEST_NAME {
            return Ok(Self(text.to_owned()));
        }
        Err(Problem::new(format!("`{text}` is not a name of a crawl"))
            .allowed(format!("1 to {LONGEST_NAME} of a to z, 0 to 9 and _")))
    }
}

impl TryFrom<String> for StoreUrl {
    type Error = Problem;

    fn try_from(text: String) -> Result<Self, Problem> {
        text.parse()
    }
}

impl TryFrom<String> for CrawlName {
    type Error = Problem;

    fn try_from(text: String) -> Result<Self, Problem> {
        text.parse()
    }
}

impl From<StoreUrl> for String {
    fn from(url: StoreUrl) -> Self {
        url.0
    }
}

impl From<CrawlName> for String {
    fn from(name: CrawlName) -> Self {
        name.0
    }
}

const SCHEMES: [&str; 2] = ["postgres", "postgresql"];
/// With `crawl_` before it, it has to be a name of PostgreSQL, which keeps 63 bytes.
const LONGEST_NAME: usize = 40;

/// As many as no crawl has nodes, and each still has many hosts.
pub(crate) const BUCKETS: NonZeroU16 = NonZeroU16::new(1024).expect("it is not zero");
pub(crate) const LEASE: Duration = Duration::from_mins(1);
/// Leases that lapse from mere load pass buckets around.
pub(crate) const LEAST_LEASE: Duration = Duration::from_secs(15);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_refused_wherever_it_stands_and_not_shown() {
        for text in [
            "postgres://u:hunter2@h/d",
            "postgresql://u:hunter2@h",
            "postgres://u:hun/hunter2@h/d",
            "postgres://u@h/d?sslmode=require&password=hunter2",
            "postgres:///d?password=hunter2",
            "mysql://u:hunter2@h/d",
            "hunter2",
        ] {
            let problem = text.parse::<StoreUrl>().unwrap_err().to_string();
            assert!(!problem.contains("hunter2"), "{text}: {problem}");
        }
        for text in ["", "postgres://u@h/d", "postgresql://h:5433,i/d", "postgres://u@%2Ftmp%2Fx/d?sslmode=require"] {
            assert_eq!(text.parse::<StoreUrl>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn a_name_is_part_of_the_name_of_a_schema() {
        assert_eq!("news_2".parse::<CrawlName>().unwrap().schema(), "crawl_news_2");
        for text in ["News", "a-b", "a.b", "é", &"a".repeat(41)] {
            assert!(text.parse::<CrawlName>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_place_is_told_without_how_it_is_connected_to() {
        let url = "postgres://u@h/d?host=/tmp/x".parse().unwrap();
        let place = StorePlace {
            url,
            name: "a".parse().unwrap(),
            password_file: PathBuf::new(),
            insecure: false,
            making: Making::default(),
        };
        assert_eq!(place.to_string(), "postgres://u@h/d (crawl a)");
    }
}
