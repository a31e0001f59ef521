//! `crawler requeue`: the pages of a node whose directory is gone, to be asked for again.

use std::process::ExitCode;

use super::database::Database;
use super::place::Place;
use crate::error::Result;
#[cfg(feature = "postgres")]
use crate::observe::counted;
#[cfg(feature = "postgres")]
use crate::store::postgres::Postgres;
use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct Requeue {
    /// The node whose records are gone: its number, as `crawler status` tells it
    #[arg(long, value_name = "NODE")]
    node: String,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    database: Database,
}

/// Makes the pages of a node pending again.
#[cfg(feature = "postgres")]
pub(crate) fn requeue(asked: &Requeue) -> Result<ExitCode> {
    let place = asked.database.of(&asked.place)?;
    let requeued = Postgres::requeue(&place, &asked.node)?;
    let node = format!("the node {} (on {})", asked.node, requeued.machine);
    let said = match requeued.urls {
        0 => format!("{node} has no records in {place}: nothing is to be asked for again"),
        urls => format!(
            "{} of {node} will be asked for again by the next start of {place}; what its files hold counts no more",
            counted(urls, "page", "pages")
        ),
    };
    super::voice::say(&said);
    Ok(ExitCode::SUCCESS)
}

/// Nobody can be asked.
#[cfg(not(feature = "postgres"))]
pub(crate) fn requeue(asked: &Requeue) -> Result<ExitCode> {
    let (place, _) = (asked.database.of(&asked.place)?, &asked.node);
    Err(super::database::unbuilt(&place))
}

pub(crate) const EPILOGUE: &str = "\
For a node whose crawl directory is lost, with all records in it. Of one that is there nothing has to be \
asked for again: start it once more. No node may be alive. What was found on the lost pages stays known.

Exit codes:
  0  the pages wait to be asked for again, or there were none
  1  the database does not answer
  2  wrong usage, no such node, or one that is alive";
