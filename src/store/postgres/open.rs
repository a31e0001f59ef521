//! Opening: a new crawl in a database, or one that an earlier run has left there.

use std::collections::HashMap;
use std::path::Path;

use tokio_postgres::Row;

use super::batch::Batch;
use super::blocking::Blocking;
use super::fail_point::{Side, pass};
use super::remote::Remote;
use super::schema::Found;
use super::server::{Purpose, Server};
use super::trouble::{Answer, Trouble};
use super::{BUCKET, Postgres};
use crate::error::{Error, Result};
use crate::store::node_file::NodeFile;
use crate::store_place::StorePlace;
use crate::url::UrlKey;

impl Postgres {
    /// Whether a crawl has begun in a place.
    ///
    /// # Errors
    /// [`Error::Usage`] when the server cannot be used, or what has the name is not ours; [`Error::Io`] when it does not answer.
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
    /// [`Error::Usage`] when a process crawls it, or what has the name is not ours: nothing is deleted then.
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
    /// [`Error::Usage`] when the server cannot be used, or the crawl is that of another directory or program; [`Error::Io`]
    /// when it does not answer.
    pub(crate) fn open(place: &StorePlace, dir: &Path) -> Result<Self> {
        let (blocking, mut server) = (Blocking::new()?, Server::new(place)?);
        let known = NodeFile::expect_of(dir, place)?;
        let is_new = known.is_none();
        let node = known.unwrap_or_else(|| NodeFile::new(place));
        let found = blocking.wait(async {
            let mut link = server.connect(Purpose::Turns).await?;
            if server.look(&mut link).await? == Found::Nothing {
                server.create(&mut link).await?;
            }
            server.expect_nobody_else(&mut link, &node.id).await?;
            Ok(link)
        });
        let mut link = found.map_err(|trouble| server.error("open", trouble))?;
        // Before the database knows this node: or whoever is killed in between would be another one at the next start, and
        // the crawl somebody else's.
        if is_new {
            node.write(dir)?;
        }
        let opened = blocking.wait(async {
            pass("join", Side::Before)?;
            let joined = server.join(&mut link, &node.id).await?;
            pass("join", Side::After)?;
            let clock = server.clock(&mut link).await?;
            let last = "SELECT records FROM session WHERE node = $1 ORDER BY id DESC LIMIT 1";
            let last = link.query(last, &[&node.id]).await?.pop();
            let records: i64 = last.map_or(Ok(0), |row| row.try_get(0))?;
            let sitemaps = link.query("SELECT key, id FROM sitemap WHERE bucket = $1", &[&BUCKET]).await?;
            let sitemaps = sitemaps.iter().map(known_sitemap).collect::<Answer<HashMap<_, _>>>()?;
            server.session_name = format!("crawler {} {}", joined.id, joined.incarnation);
            link.run(&format!("SET application_name = '{}'", server.session_name)).await?;
            Ok((joined, clock, records, sitemaps))
        });
        let (joined, clock, records, sitemaps) = opened.map_err(|trouble| match trouble {
            Trouble::Fenced => {
                // It has not joined, and is free to be of another crawl.
                if is_new {
                    NodeFile::remove(dir);
                }
                Error::Usage(format!("{} is just being started from another directory", server.shown))
            }
            trouble => server.error("open", trouble),
        })?;
        Ok(Self {
            blocking,
            remote: Remote { server, node: joined, writer: Some(link), reader: None },
            clock,
            batch: Batch::default(),
            asked: Vec::new(),
            records,
            sitemaps,
        })
    }
}

fn known_sitemap(row: &Row) -> Answer<(UrlKey, i32)> {
    Ok((key(row.try_get(0)?)?, row.try_get(1)?))
}

/// A key as the database has it.
pub(super) fn key(bytes: &[u8]) -> Result<UrlKey> {
    let key =
        bytes.try_into().map_err(|_| Error::Damaged(format!("a key has {} bytes in place of 16", bytes.len())))?;
    Ok(UrlKey::of_bytes(key))
}
