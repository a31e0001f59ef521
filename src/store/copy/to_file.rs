//! To a file: what a database has of a crawl becomes the store of the directory whose records it knows. The file has its name when it is
//! whole, and the directory is of the database until then.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::Path;

use super::Copied;
use super::written_place::with_place;
use crate::error::{Error, Result};
use crate::observe::counted;
use crate::store::postgres::Snapshot;
use crate::store::sqlite::Database;
use crate::store::{NODE, NodeFile, NodeOverview, Overview, Standing, file};
use crate::store_place::StorePlace;

/// Copies a crawl out of a database into the directory of its node, which nobody else may use meanwhile; from then on that has a
/// store of its own. What is in the database stays as it is, and counts no more.
///
/// # Errors
/// [`Error::Usage`] when the directory is not that of the crawl, when another node has records or is alive.
pub(crate) fn to_file(place: &StorePlace, dir: &Path) -> Result<Copied> {
    let shown = dir.display();
    let Some(node) = NodeFile::read(dir)? else {
        return Err(Error::Usage(format!(
            "{shown} is no directory of a crawl in a database: it has no file `node`\n = help: name the one that has the records: \
             they stay where they are"
        )));
    };
    // What is no store of ours is not replaced.
    file::is_own(dir)?;
    let Some(snapshot) = Snapshot::of(place)? else { return Err(Error::Usage(format!("there is no crawl {place}"))) };
    let mut snapshot = snapshot.seen_by(&node.id);
    let overview = snapshot.overview()?;
    expect_alone(&overview, place, dir)?;
    let waiting = snapshot.sitemap_letters()?;
    if waiting > 0 {
        let waiting = counted(waiting, "letter about a sitemap waits", "letters about sitemaps wait");
        let problem = format!("{waiting} in {place}, and there are none in a crawl directory");
        let help = format!("`crawler --dir {shown}` reads them; stop it then");
        return Err(Error::Usage(format!("{problem}\n = help: {help}")));
    }
    let (to, beside) = (dir.join(file::FILE), dir.join(format!("{}.new", file::FILE)));
    remove(&beside)?;
    let taken = Database::take_back(&beside, &mut snapshot, &|toml| with_place(toml, None));
    let (urls, records) = taken.inspect_err(|_| drop(remove(&beside)))?;
    // One that an earlier copy has left: its log would be taken for that of this one.
    for ending in ["-wal", "-shm", "-journal"] {
        remove(&dir.join(format!("{}{ending}", file::FILE)))?;
    }
    fs::rename(&beside, &to).map_err(|error| Error::io("write", &to, error))?;
    let _ = File::open(dir).and_then(|folder| folder.sync_all());
    remove(&dir.join(NODE))?;
    let _ = File::open(dir).and_then(|folder| folder.sync_all());
    Ok(Copied { urls, records, buckets: overview.buckets })
}

/// Refuses a crawl of which this directory has not all records, or that somebody crawls.
fn expect_alone(overview: &Overview, place: &StorePlace, dir: &Path) -> Result<()> {
    let shown = dir.display();
    if overview.node(&overview.here).is_none() {
        return Err(Error::Usage(format!("{shown} is no node of the crawl in {place}")));
    }
    let others = || overview.nodes.iter().filter(|node| node.id != overview.here);
    // This one is not: its directory is locked.
    if let Some(NodeOverview { id, machine, .. }) = others().find(|node| node.standing == Standing::Alive) {
        return Err(Error::Usage(format!(
            "the node {id} (on {machine}) crawls {place}\n = help: stop all nodes first"
        )));
    }
    let having: Vec<_> = others().filter(|node| node.records > 0).collect();
    let Some(first) = having.first() else { return Ok(()) };
    let told = |node: &&NodeOverview| {
        format!("{} (on {}, {})", node.id, node.machine, counted(node.records, "record", "records"))
    };
    Err(Error::Usage(format!(
        "not all records of the crawl in {place} are in {shown}: others are those of the node {}\n = help: a crawl with a store in its \
         directory has one output; `crawler requeue --node {}` has those pages asked for again",
        having.iter().map(told).collect::<Vec<_>>().join(", "),
        first.id
    )))
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::io("delete", path, error)),
        _ => Ok(()),
    }
}
