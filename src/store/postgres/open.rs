//! Opening: a new crawl in a database, or one that an earlier run has left there.

use std::path::Path;
use std::time::Instant;

use super::batch::Batch;
use super::beside::known_sitemap;
use super::blocking::Blocking;
use super::crowd::Crowd;
use super::fail_point::{Side, pass};
use super::holdings::Holdings;
use super::join::Node;
use super::link::Link;
use super::notes::SITEMAPS;
use super::outage::pause;
use super::remote::Remote;
use super::schema::Found;
use super::server::{Purpose, Server};
use super::trouble::Answer;
use super::{Postgres, Run};
use crate::error::Result;
use crate::frontier::Split;
use crate::store::node_file::NodeFile;
use crate::store_place::StorePlace;
use crate::wall_clock::WallClock;

impl Postgres {
    /// Whether a crawl has begun in a place.
    ///
    /// # Errors
    /// [`Usage`](crate::error::Error::Usage) when the server cannot be used, or what has the name is not ours; `Io` when it does not answer.
    pub(crate) fn is_there(place: &StorePlace) -> Result<bool> {
        let (blocking, server) = (Blocking::new()?, Server::new(place)?);
        let found = blocking.wait(async {
            let mut link = server.connect(Purpose::Turns).await?;
            server.look(&mut link).await
        });
        let found = found.map_err(|trouble| server.error("open", trouble))?;
        Ok(found == Found::Crawl { has_begun: true })
    }

    /// Deletes the crawl in a place, if there is one. `dir`: the directory of the process that asks for it.
    ///
    /// # Errors
    /// [`Usage`](crate::error::Error::Usage) when a process crawls it, or what has the name is not ours: nothing is deleted then.
    pub(crate) fn delete(place: &StorePlace, dir: &Path) -> Result<()> {
        let (blocking, server) = (Blocking::new()?, Server::new(place)?);
        let node = NodeFile::read(dir).ok().flatten();
        let id = node.as_ref().map(|node| node.id.as_str());
        let deleted = blocking.wait(async {
            let mut link = server.connect(Purpose::Everything).await?;
            if server.look(&mut link).await? == Found::Nothing {
                return Ok(());
            }
            server.expect_idle(&mut link, id).await?;
            server.drop(&mut link).await
        });
        deleted.map_err(|trouble| server.error("delete", trouble))
    }

    /// Opens the store of a crawl directory, and makes one when there is none. The directory learns who it is there.
    ///
    /// # Errors
    /// [`Usage`](crate::error::Error::Usage) when the server cannot be used, or what is there is of another program; `Io` when it
    /// does not answer.
    pub(crate) fn open(place: &StorePlace, dir: &Path) -> Result<Self> {
        let (blocking, mut server) = (Blocking::new()?, Server::new(place)?);
        let known = NodeFile::expect_of(dir, place)?;
        let is_new = known.is_none();
        let node_file = known.unwrap_or_else(|| NodeFile::new(place));
        let found = blocking.wait(async {
            let mut link = server.connect(Purpose::Turns).await?;
            if server.look(&mut link).await? == Found::Nothing {
                server.create(&mut link).await?;
            }
            let made = server.made(&mut link).await?;
            Ok((link, made))
        });
        let (mut link, made) = found.map_err(|trouble| server.error("open", trouble))?;
        server.ttl = made.ttl;
        // Before the database knows this node: or whoever is killed in between would be another one at the next start, and
        // what it has begun somebody else's.
        if is_new {
            node_file.write(dir)?;
        }
        let began = Instant::now();
        let opened = blocking.wait(begin(&mut server, &mut link, &node_file.id, made.split));
        let Begun { node, clock, records, holdings, others } =
            opened.map_err(|trouble| server.error("open", trouble))?;
        let (epoch, turn, kept_turn) = (node.seen_epoch, node.turn, node_file.turn);
        let crowd = Crowd::begin(epoch, others);
        let mut store = Self {
            blocking,
            read_back: None,
            remote: Remote { server, node, writer: Some(link), reader: None },
            clock,
            batch: Batch::default(),
            asked: Vec::new(),
            records,
            out_of_date: Vec::new(),
            holdings,
            crowd,
            is_at_rest: false,
            is_full: false,
            run: Run::NotBegun,
            sent_at: began,
            valid_until: began + made.ttl,
            counted_at: began,
            back: None,
            dir: dir.to_owned(),
            node_file,
        };
        if turn < kept_turn {
            store.wait_for_others()?;
        }
        Ok(store)
    }

    /// The database is older than this node: others may ask the hosts that are this node's by it now, until they know as well.
    fn wait_for_others(&mut self) -> Result<()> {
        let Server { shown, ttl, .. } = self.remote.server.clone();
        tracing::warn!(
            "{shown} is in an older state than this directory has left it in; for {} seconds nothing is asked for, until all that \
             crawl it know",
            ttl.as_secs()
        );
        let until = Instant::now() + ttl;
        while Instant::now() < until {
            self.blocking.wait(pause(ttl / 6));
            self.renew()?;
        }
        Ok(())
    }
}

/// What a node begins with.
struct Begun {
    node: Node,
    clock: WallClock,
    /// Lines of its outputs.
    records: i64,
    holdings: Holdings,
    /// How many other nodes live.
    others: usize,
}

async fn begin(server: &mut Server, link: &mut Link, id: &str, split: Split) -> Answer<Begun> {
    link.run(&server.settings(Purpose::Turns)).await?;
    pass("join", Side::Before)?;
    let node = server.join(link, id).await?;
    pass("join", Side::After)?;
    let clock = server.clock(link).await?;
    let last = link.query("SELECT records FROM session WHERE node = $1 ORDER BY id DESC LIMIT 1", &[&id]).await?.pop();
    let records = last.map_or(Ok(0), |row| row.try_get(0))?;
    let own = server.owned(link, id).await?;
    let mut holdings = Holdings::new(split, &own);
    for row in link.query(SITEMAPS, &[&own]).await? {
        let (bucket, (key, id, done)) = known_sitemap(&row)?;
        holdings.census(bucket).into_iter().for_each(|census| census.sitemap(key, id, done));
    }
    server.session_name = format!("crawler {id} {}", node.incarnation);
    link.run(&format!("SET application_name = '{}'", server.session_name)).await?;
    let others = link.query(OTHERS, &[&id]).await?.pop();
    let others: i64 = others.map_or(Ok(0), |row| row.try_get(0))?;
    let others = usize::try_from(others).unwrap_or_default();
    Ok(Begun { node, clock, records, holdings, others })
}

const OTHERS: &str = "SELECT count(*) FROM node WHERE id <> $1 AND state = 'alive' AND until > clock_timestamp()";
