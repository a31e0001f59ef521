//! The server: how it is connected to, and what it has to be.

use std::path::Path;
use std::str::FromStr as _;
use std::time::{Duration, Instant};

use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};
use tokio_postgres::{Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::link::Link;
use super::password;
use super::trouble::{Answer, Trouble, said};
use crate::error::{Error, Result};
use crate::fetch::client_config;
use crate::store_place::{Making, StorePlace};
use crate::wall_clock::WallClock;

/// A database, as this process connects to it.
#[derive(Clone)]
pub(super) struct Server {
    config: Config,
    /// `None` where nobody but the two can read what they say to each other, or that was asked for.
    tls: Option<MakeRustlsConnect>,
    pub(super) schema: String,
    /// What messages call it.
    pub(super) shown: String,
    /// What its session is called at the server, once it is of a node.
    pub(super) session_name: String,
    /// How a crawl is made that is not there.
    pub(super) making: Making,
    /// How long a node is believed to live without a word of it.
    pub(super) ttl: Duration,
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Commits, and questions that are answered at once.
    Turns,
    /// To read a million rows: there is no limit of time.
    Everything,
}

impl Server {
    /// # Errors
    /// [`Error::Usage`] when the URL cannot be understood, the password not be read, or others could read what is sent.
    pub(super) fn new(place: &StorePlace) -> Result<Self> {
        // What libpq does with these this client does with the first already: certificate and name are always verified.
        let url = place.url.as_str().replace("sslmode=verify-full", "sslmode=require");
        let url = url.replace("sslmode=verify-ca", "sslmode=require");
        let mut config = Config::from_str(&url).map_err(|error| unusable(place, &said(&error)))?;
        let is_open = !config.get_hosts().iter().all(is_private);
        let asks = url.contains("sslmode=");
        let mode = match (config.get_ssl_mode(), asks) {
            (SslMode::Require, _) => SslMode::Require,
            (_, false) if is_open && !place.insecure => SslMode::Require,
            (_, true) if is_open && !place.insecure => return Err(in_the_open(place)),
            _ => SslMode::Disable,
        };
        config.ssl_mode(mode);
        if config.get_user().is_none() {
            return Err(unusable(place, "it names no user (postgres://USER@HOST/DATABASE)"));
        }
        if let Some(password) = password::find(&config, &place.password_file)? {
            config.password(password);
        }
        config
            .application_name("crawler")
            .target_session_attrs(TargetSessionAttrs::ReadWrite)
            .connect_timeout(CONNECT)
            .keepalives(true)
            .keepalives_idle(KEEP_ALIVE)
            .keepalives_interval(KEEP_ALIVE)
            .keepalives_retries(2)
            .tcp_user_timeout(KEEP_ALIVE * 2);
        let tls = (mode == SslMode::Require).then(|| {
            let mut tls = client_config();
            // Two that are not HTTP speak to each other.
            tls.alpn_protocols.clear();
            MakeRustlsConnect::new(tls)
        });
        let (schema, shown) = (place.name.schema(), place.to_string());
        let (session_name, making) = ("crawler".to_owned(), place.making);
        Ok(Self { config, tls, schema, shown, session_name, making, ttl: making.lease })
    }

    /// Connects, and sets up the session.
    pub(super) async fn connect(&self, purpose: Purpose) -> Answer<Link> {
        let link = match &self.tls {
            None => {
                let (client, connection) = self.config.connect(NoTls).await?;
                Link::new(client, Box::pin(connection))
            }
            Some(tls) => {
                let (client, connection) = self.config.connect(tls.clone()).await?;
                Link::new(client, Box::pin(connection))
            }
        };
        let mut link = match purpose {
            Purpose::Turns => link.patient_for(self.ttl.max(LEAST_PATIENCE)),
            Purpose::Everything => link,
        };
        self.expect_usable(&mut link).await?;
        link.run(&self.settings(purpose)).await?;
        Ok(link)
    }

    /// What a session is set to. Plans are made once, and by index: at the first commits there is nothing in the tables, and a
    /// plan that reads them whole would be kept until somebody counts them.
    pub(super) fn settings(&self, purpose: Purpose) -> String {
        let Self { schema, session_name, ttl, .. } = self;
        let quarter = (*ttl / 4).max(LEAST_PATIENCE / 4).as_millis();
        let half = (*ttl / 2).max(LEAST_PATIENCE / 2).as_millis();
        let own = match purpose {
            Purpose::Turns => format!(
                "SET statement_timeout = {half}; SET plan_cache_mode = force_generic_plan; SET enable_hashjoin = off; \
                 SET enable_mergejoin = off; SET enable_seqscan = off"
            ),
            Purpose::Everything => "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0".to_owned(),
        };
        format!(
            "SET search_path = {schema}; SET application_name = '{session_name}'; SET synchronous_commit = on; \
             SET idle_in_transaction_session_timeout = {quarter}; SET lock_timeout = {quarter}; SET jit = off; \
             SET client_min_messages = error; SET default_transaction_isolation = 'read committed'; {own}"
        )
    }

    /// Refuses a server that cannot be relied on, before anything is written.
    async fn expect_usable(&self, link: &mut Link) -> Answer<()> {
        let asked = "SELECT current_setting('server_version_num')::int, current_setting('server_encoding'), \
                     current_setting('synchronous_commit'), current_setting('fsync'), pg_backend_pid()";
        let rows = link.query_once(asked).await?;
        let row = rows.first().ok_or_else(|| Trouble::Passing("no answer".to_owned()))?;
        let (version, encoding, synchronous): (i32, String, String) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let (fsync, pid): (String, i32) = (row.try_get(3)?, row.try_get(4)?);
        if version < LEAST_VERSION {
            return Err(
                self.refused(&format!("it is PostgreSQL {}, and 15 is the oldest that will do", version / 10_000))
            );
        }
        if encoding != "UTF8" {
            return Err(
                self.refused(&format!("the database keeps texts as {encoding}, and URLs need UTF8 (createdb -E UTF8)"))
            );
        }
        if synchronous == "off" {
            return Err(self.refused(
                "synchronous_commit is off for this user or database, so what was committed could be forgotten (ALTER ROLE … \
                 RESET synchronous_commit)",
            ));
        }
        if fsync == "off" {
            tracing::debug!("{} runs with fsync = off: a crash of its machine can damage the crawl", self.shown);
        }
        let rows = link.query_once("SELECT pg_backend_pid()").await?;
        let again: Option<i32> = rows.first().map(|row| row.try_get(0)).transpose()?;
        if again != Some(pid) {
            return Err(self.refused(
                "each statement is answered by another session: a pooler of transactions is in between (name the server itself, \
                 or set pool_mode = session)",
            ));
        }
        Ok(())
    }

    /// Both clocks at one moment: times are kept by that of the database, which is the same for all.
    pub(super) async fn clock(&self, link: &mut Link) -> Answer<WallClock> {
        let mut best: Option<(Duration, Instant, i64)> = None;
        // The sooner the answer is here, the less it can be wrong.
        for _ in 0..3 {
            let before = Instant::now();
            let rows = link.query_once("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint").await?;
            let took = before.elapsed();
            let row = rows.first().ok_or_else(|| Trouble::Passing("no answer".to_owned()))?;
            if best.is_none_or(|(least, ..)| took < least) {
                best = Some((took, before + took / 2, row.try_get(0)?));
            }
        }
        let (_, instant, micros) = best.ok_or_else(|| Trouble::Passing("no answer".to_owned()))?;
        let time = jiff::Timestamp::from_microsecond(micros);
        let time =
            time.map_err(|error| Error::Internal(format!("the clock of the database shows no time: {error}")))?;
        Ok(WallClock::new(instant, time))
    }

    fn refused(&self, why: &str) -> Trouble {
        Error::Usage(format!("the store {} cannot be used: {why}", self.shown)).into()
    }

    /// An error about something in the store that makes no sense, with what to do about it.
    pub(super) fn named(&self, error: Error) -> Error {
        let shown = &self.shown;
        match error {
            Error::Damaged(what) => Error::Damaged(format!(
                "the store {shown} is damaged: {what}; put a backup of it back, or start over with --fresh"
            )),
            error => error,
        }
    }

    /// What a trouble is for the crawl, which it ends.
    pub(super) fn error(&self, action: &'static str, trouble: Trouble) -> Error {
        let path = Path::new(&self.shown);
        match trouble {
            Trouble::Lasting(error) => error,
            Trouble::Fenced => Error::Fenced(self.shown.clone()),
            Trouble::Passing(what) | Trouble::Collided(what) | Trouble::Refused(what) => {
                Error::io(action, path, std::io::Error::other(what))
            }
        }
    }
}

impl std::fmt::Debug for Server {
    /// Without the password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("shown", &self.shown).finish_non_exhaustive()
    }
}

/// Whether nobody else can read what is sent there.
fn is_private(host: &Host) -> bool {
    match host {
        Host::Tcp(name) if name == "localhost" => true,
        Host::Tcp(name) => name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback()),
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

fn unusable(place: &StorePlace, why: &str) -> Error {
    Error::Usage(format!("the store {place} cannot be connected to: {why}"))
}

fn in_the_open(place: &StorePlace) -> Error {
    Error::Usage(format!(
        "the store {place} is on another machine, and sslmode does not ask for TLS, so others could read or change what is \
         sent\n = help: sslmode=require, which verifies certificate and name; or --store-insecure in a network of your own"
    ))
}

/// A test may set a lease that is shorter than a busy server takes to answer.
const LEAST_PATIENCE: Duration = Duration::from_secs(10);
const CONNECT: Duration = Duration::from_secs(10);
const KEEP_ALIVE: Duration = Duration::from_secs(5);
const LEAST_VERSION: i32 = 150_000;
