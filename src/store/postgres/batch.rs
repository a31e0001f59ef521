//! The batch: everything since the last commit, folded so that each row is written once. It stays until the database has said
//! that it is committed, and can be sent again as it is.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use super::letters::LetterRow;
use super::row::{UrlRow, host, number, text};
use crate::error::Result;
use crate::frontier::{Change, StoredUrl};
use crate::observe::State;
use crate::sink::Checkpoint;
use crate::store::{Facts, RunSettings, edges};
use crate::url::UrlKey;
use crate::wall_clock::WallClock;

/// A row of a bucket.
pub(super) type Id = (i16, i32);

/// What is to be committed.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// What was done about records that outputs have lost: comes first.
    pub(super) repairs: Vec<Repair>,
    pub(super) hosts: Vec<(Id, String)>,
    pub(super) found: Vec<NewUrl>,
    /// Where among these a URL is.
    new: HashMap<Id, usize>,
    /// What has changed of URLs that are there.
    pub(super) changed: BTreeMap<Id, UrlRow>,
    pub(super) edges: BTreeMap<Id, Vec<u8>>,
    /// The records of this node that are not out of date any more, each with how often it was when that was read.
    pub(super) corrected: Vec<(i64, i64)>,
    /// Whose records are out of date, if they have any.
    pub(super) moved: BTreeSet<Id>,
    /// Letters to other buckets.
    pub(super) mail: Vec<LetterRow>,
    /// Letters that have had their effect, with their buckets.
    pub(super) read: Vec<(i16, i64)>,
    /// What politeness knows, by the bucket and the name of the host.
    pub(super) manners: BTreeMap<(i16, String), String>,
    /// Of the node, by their names.
    pub(super) notes: BTreeMap<String, String>,
    pub(super) crawl_notes: BTreeMap<String, String>,
    /// Of the hosts of buckets, by their names.
    pub(super) bucket_notes: BTreeMap<(i16, String), String>,
    pub(super) settings: Option<RunSettings>,
    pub(super) sitemaps: BTreeMap<Id, SitemapRow>,
    /// By their names; `None` of one that is void.
    pub(super) outputs: BTreeMap<String, Option<Checkpoint>>,
    pub(super) seeds: Vec<(UrlKey, String)>,
    pub(super) redirects: Vec<(String, String)>,
    pub(super) begins: Option<Begin>,
    pub(super) ends: Option<State>,
    /// Buckets that are given away after all of that.
    pub(super) gives: BTreeSet<i16>,
}

/// A URL that was discovered.
#[derive(Debug)]
pub(super) struct NewUrl {
    pub(super) id: Id,
    pub(super) key: UrlKey,
    pub(super) text: String,
    pub(super) row: UrlRow,
}

#[derive(Debug)]
pub(super) struct SitemapRow {
    pub(super) key: UrlKey,
    pub(super) url: String,
    pub(super) saved: String,
    pub(super) done: bool,
}

/// A run begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Begin {
    pub(super) pid: i32,
    pub(super) at_millis: i64,
    pub(super) records: i64,
    /// How far all times are kept back anew, since the clock was set back.
    pub(super) back: Duration,
}

/// Something about records that outputs have lost.
#[derive(Debug)]
pub(super) enum Repair {
    /// Whatever has a greater record is pending.
    AskAgain { after: i64 },
    /// These are pending.
    Forget { urls: Vec<Id>, left: i64 },
    /// These have other numbers; whose of all are out of date.
    Number { urls: Vec<(Id, i64)>, moved: Vec<Id> },
}

impl Batch {
    pub(super) fn is_empty(&self) -> bool {
        let Self { repairs, hosts, found, new: _, changed, edges, corrected, moved, mail, read, gives, .. } = self;
        let Self { manners, notes, crawl_notes, bucket_notes, settings, sitemaps, outputs, .. } = self;
        let Self { seeds, redirects, begins, ends, .. } = self;
        let frontier =
            hosts.is_empty() && found.is_empty() && changed.is_empty() && edges.is_empty() && moved.is_empty();
        let told = mail.is_empty() && read.is_empty() && gives.is_empty();
        let of_hosts = manners.is_empty() && bucket_notes.is_empty() && sitemaps.is_empty();
        let noted = notes.is_empty() && crawl_notes.is_empty() && settings.is_none() && outputs.is_empty();
        let of_crawl = seeds.is_empty() && redirects.is_empty() && begins.is_none() && ends.is_none();
        frontier && told && of_hosts && noted && of_crawl && repairs.is_empty() && corrected.is_empty()
    }

    /// Takes a change of a bucket. `settled`: what the record says of the URL that is settled by it, with its number.
    pub(super) fn take(
        &mut self,
        bucket: i16,
        change: &Change,
        settled: Option<(i64, Facts)>,
        clock: &WallClock,
    ) -> Result<()> {
        let id = match change {
            Change::Host { id, name } => {
                self.hosts.push(((bucket, host(*id)?), text(name.as_str())));
                return Ok(());
            }
            Change::Found(url) => return self.find(bucket, url),
            Change::Sent(letter) => {
                self.mail.push(LetterRow::new(letter)?);
                return Ok(());
            }
            Change::Read { letter } => {
                self.read.push((bucket, letter.cast_signed()));
                return Ok(());
            }
            Change::Placed { id, .. }
            | Change::Told { id }
            | Change::Moved { id, .. }
            | Change::Settled { id, .. }
            | Change::Retry { id, .. }
            | Change::Skipped { id, .. } => (bucket, number(*id)?),
        };
        let row = match self.new.get(&id).and_then(|at| self.found.get_mut(*at)) {
            Some(new) => &mut new.row,
            None => self.changed.entry(id).or_default(),
        };
        row.take(change, settled, clock)?;
        match change {
            Change::Moved { .. } => drop(self.moved.insert(id)),
            Change::Settled { edges: to, .. } => {
                // What is recorded now is as it is now.
                self.moved.remove(&id);
                if !to.is_empty() {
                    self.edges.insert(id, edges::encode(to));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn find(&mut self, bucket: i16, url: &StoredUrl) -> Result<()> {
        let id = (bucket, number(url.id)?);
        self.new.insert(id, self.found.len());
        self.found.push(NewUrl { id, key: url.key, text: text(&url.text), row: UrlRow::new(url)? });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Instant;

    use super::*;
    use crate::frontier::{NodeState, Path};
    use crate::outcome::OutcomeKind;
    use crate::store::postgres::row::{ATTEMPTS, DUE, RECORD, STATE};
    use crate::url::UrlRules;

    fn clock() -> WallClock {
        WallClock::new(Instant::now(), jiff::Timestamp::UNIX_EPOCH)
    }

    fn found(id: u32) -> Change {
        let url = UrlRules::new(99).parse("http://e.com/").unwrap();
        let path = Path { depth: 1, hops: 0, referrer: None };
        Change::Found(StoredUrl::bare(id, &url, path, NodeState::Pending, None))
    }

    fn settled(id: u32) -> Change {
        Change::Settled { id, kind: OutcomeKind::Ok, edges: Vec::new() }
    }

    #[test]
    fn what_becomes_of_a_new_url_before_the_commit_is_in_its_row() {
        let mut batch = Batch::default();
        assert!(batch.is_empty());
        let facts = Facts { attempts: 2, status: Some(200), ..Facts::default() };
        let link_text = Some(Arc::from("a\0"));
        let moved = |id| Change::Moved {
            id,
            referrer: Some(3),
            referrer_url: None,
            mention: None,
            link_text: link_text.clone(),
        };
        let changes = [
            (found(0), None),
            (moved(0), None),
            (Change::Retry { id: 0, attempts: 1, due: clock().instant() }, None),
            (settled(0), Some((7, facts))),
            (found(1), None),
            (moved(1), None),
        ];
        for (change, settled) in changes {
            batch.take(0, &change, settled, &clock()).unwrap();
        }
        assert!(batch.changed.is_empty() && !batch.is_empty());
        let row = &batch.found[0].row;
        assert_eq!((row.state, row.attempts, row.record, row.due), (1, 2, Some(7), None));
        assert_eq!((row.referrer, row.link_text.as_deref()), (Some(3), Some("a\u{fffd}")));
        assert_eq!(batch.moved, BTreeSet::from([(0, 1)]), "what is recorded later is not out of date");
    }

    #[test]
    fn changes_of_a_url_are_one_row_and_only_what_was_said() {
        let mut batch = Batch::default();
        let retry = Change::Retry { id: 5, attempts: 1, due: clock().instant() };
        batch.take(2, &retry, None, &clock()).unwrap();
        batch.take(2, &settled(5), Some((1, Facts::default())), &clock()).unwrap();
        assert_eq!(batch.changed.len(), 1);
        assert_eq!(batch.changed[&(2, 5)].set, STATE | ATTEMPTS | DUE | RECORD);
    }
}
