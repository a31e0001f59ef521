//! All: whether what a database has of a crawl fits together, over all of its nodes and buckets, as it is at one moment.

use std::num::NonZeroU16;

use serde::Serialize;

use super::problems::Problems;
use crate::error::{Error, Result};
use crate::frontier::{Edge, NodeState, Split};
use crate::outcome::SkipReason;
use crate::store::postgres::{ELSEWHERE, NodeRecords, Snapshot, StoredRow, Value};
use crate::store_place::StorePlace;

/// What a check of all that a database has of a crawl has found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct AllVerified {
    /// The version of this format.
    pub(crate) version: u32,
    /// Whether nothing is wrong.
    pub(crate) ok: bool,
    /// URLs that the crawl has discovered, each counted at its home.
    pub(crate) urls: u64,
    /// What buckets know of URLs that are at home in others.
    pub(crate) elsewhere: u64,
    /// URLs that are settled.
    pub(crate) records: u64,
    /// Links between them that depths are told along.
    pub(crate) links: u64,
    /// Hosts that something was wanted of.
    pub(crate) hosts: u64,
    /// Letters that nobody has read yet.
    pub(crate) letters: u64,
    /// Nodes that have crawled.
    pub(crate) nodes: u64,
    /// Buckets.
    pub(crate) buckets: u64,
    /// What is wrong, the first 20 of it. URLs in it come from sites: escape them before they reach a terminal.
    pub(crate) problems: Vec<String>,
    /// How many things are wrong in all.
    pub(crate) problem_count: u64,
}

/// Checks what a database has of a crawl, while nodes crawl or after it; no output of any node is looked at. Takes some passes over
/// all of it in the database, and 8 bytes of memory for each URL.
///
/// # Errors
/// There is no crawl, or the database does not answer. What is wrong is in the [`AllVerified`].
pub(crate) fn verify_all(place: &StorePlace) -> Result<AllVerified> {
    let Some(mut snapshot) = Snapshot::of(place)? else {
        return Err(Error::Usage(format!("there is no crawl {place}")));
    };
    let overview = snapshot.overview()?;
    let split = u16::try_from(overview.buckets).ok().and_then(NonZeroU16::new).map_or(Split::ONE, Split::into);
    let mut all = All { split, ..All::default() };
    all.read_hosts(&mut snapshot)?;
    all.read_urls(&mut snapshot)?;
    all.check_edges(&mut snapshot)?;
    all.check_letters(&mut snapshot)?;
    all.check_by_questions(&mut snapshot)?;
    all.check_records(&snapshot.records_of_nodes()?);
    let All { mut found, problems, .. } = all;
    found.problem_count = problems.count;
    Ok(AllVerified {
        version: 1,
        ok: found.problem_count == 0,
        letters: overview.letters,
        nodes: overview.nodes.len() as u64,
        buckets: overview.buckets,
        problems: problems.into_plain_texts(),
        ..found
    })
}

/// What is known while all is read.
#[derive(Debug, Default)]
struct All {
    split: Split,
    /// How many hosts each bucket has.
    hosts: Vec<i64>,
    /// The depth of each URL of each bucket, with [`SETTLED`] and [`UNTOLD`].
    urls: Vec<Vec<u32>>,
    found: AllVerified,
    problems: Problems,
}

/// A bucket, a URL of it when its place is to be compared, its number, and that of its referrer.
type Referred = (i64, Option<i64>, i64, i64);

impl All {
    fn read_hosts(&mut self, snapshot: &mut Snapshot) -> Result<()> {
        snapshot.each(
            "SELECT bucket, count(*), max(id)::bigint + 1 FROM host GROUP BY bucket ORDER BY bucket",
            &mut |row| {
                let [bucket, count, end] = [0, 1, 2].map(|at| row.get(at).and_then(Value::integer).unwrap_or_default());
                let at = usize::try_from(bucket).unwrap_or_default();
                if self.hosts.len() <= at {
                    self.hosts.resize(at + 1, 0);
                }
                if let Some(hosts) = self.hosts.get_mut(at) {
                    *hosts = end;
                }
                self.found.hosts += count.max(0).cast_unsigned();
                if end != count {
                    self.problems
                        .say(|| format!("the bucket {bucket} has {count} hosts, which are numbered up to {end}"));
                }
                Ok(())
            },
        )
    }

    fn read_urls(&mut self, snapshot: &mut Snapshot) -> Result<()> {
        let mut referred = Vec::new();
        snapshot.each_url(&mut |row| {
            self.take(&row, &mut referred);
            Ok(())
        })?;
        for (bucket, at_home, id, referrer) in referred {
            let depth = |id: i64| self.node(bucket, id).map(|node| node & DEPTH);
            let named = || format!("URL {id} of the bucket {bucket}");
            match (at_home.and_then(depth), depth(referrer)) {
                (_, None) => {
                    self.problems.say(|| format!("{} was found on URL {referrer}, which is not there", named()));
                }
                (Some(to), Some(from)) if to < from => self
                    .problems
                    .say(|| format!("{} lies at depth {to}, but was found on URL {referrer} at depth {from}", named())),
                _ => {}
            }
        }
        Ok(())
    }

    fn take(&mut self, row: &StoredRow<'_>, referred: &mut Vec<Referred>) {
        let StoredRow { bucket, id, url, state, .. } = *row;
        let named = || format!("URL {id} of the bucket {bucket} ({url})");
        let at = usize::try_from(bucket).unwrap_or_default();
        if self.urls.len() <= at {
            self.urls.resize_with(at + 1, Vec::new);
        }
        let Some(urls) = self.urls.get_mut(at) else { return };
        let id_at = usize::try_from(id).unwrap_or(usize::MAX);
        if id_at != urls.len() {
            self.problems.say(|| format!("the bucket {bucket} has no URL {}", urls.len()));
            // What is missing is told once, and what leads there is not wrong because of it.
            urls.resize(id_at.min(urls.len() + MOST_MISSING), DEPTH);
        }
        let mark = |set: bool, mark: u32| if set { mark } else { 0 };
        let depth = u32::try_from(row.depth).unwrap_or_default().min(DEPTH);
        let is_settled = matches!(state, Some(NodeState::Settled));
        urls.push(depth | mark(is_settled, SETTLED) | mark(row.untold, UNTOLD));
        let Some(state) = state else {
            return self.problems.say(|| format!("{} is in no state that there is", named()));
        };
        if state == NodeState::Elsewhere {
            self.found.elsewhere += 1;
        } else {
            self.found.urls += 1;
            self.found.records += u64::from(is_settled);
            self.check_at_home(row, state);
        }
        if let Some(referrer) = row.referrer {
            // What is elsewhere may lie less deep by a way of another bucket than by this page.
            referred.push((bucket, (state != NodeState::Elsewhere).then_some(id), id, referrer));
        }
        if is_settled != row.record.is_some() || row.record.is_some() != row.file.is_some() {
            let record = row.record.map_or("no record".to_owned(), |record| format!("the record {record}"));
            let file = row.file.map_or("no file".to_owned(), |file| format!("the file {file}"));
            let is = if is_settled { "settled" } else { "not settled" };
            self.problems.say(|| format!("{} is {is}, and has {record} in {file}", named()));
        }
    }

    fn check_at_home(&mut self, row: &StoredRow<'_>, state: NodeState) {
        let StoredRow { bucket, id, url, .. } = *row;
        let named = || format!("URL {id} of the bucket {bucket} ({url})");
        let home = row.key.map(|key| self.split.of_stored(url, key, state));
        match home {
            None => self.problems.say(|| format!("{} has a key that is none", named())),
            // What is too long is where it was found first, whatever the greatest length is now.
            Some(home) if i64::from(home.number()) != bucket && state != NodeState::Skipped(SkipReason::TooLong) => {
                self.problems.say(|| format!("{} is at home in the bucket {home}", named()));
            }
            Some(_) => {}
        }
        let hosts = usize::try_from(bucket).ok().and_then(|bucket| self.hosts.get(bucket)).copied();
        match row.host {
            None if !matches!(state, NodeState::Skipped(_)) => self.problems.say(|| format!("{} has no host", named())),
            Some(host) if host >= hosts.unwrap_or_default() => {
                self.problems.say(|| format!("{} is of host {host}, which is not there", named()));
            }
            _ => {}
        }
    }

    fn node(&self, bucket: i64, id: i64) -> Option<u32> {
        let urls = self.urls.get(usize::try_from(bucket).ok()?)?;
        urls.get(usize::try_from(id).ok()?).copied()
    }

    fn check_edges(&mut self, snapshot: &mut Snapshot) -> Result<()> {
        snapshot.each_edges(&mut |bucket, id, edges| {
            let Some(from) = self.node(bucket, id).filter(|node| node & SETTLED != 0) else {
                self.problems.say(|| format!("URL {id} of the bucket {bucket} has links and is not settled"));
                return Ok(());
            };
            let Ok(edges) = edges else {
                self.problems.say(|| format!("the links of URL {id} of the bucket {bucket} are not readable"));
                return Ok(());
            };
            self.found.links += edges.len() as u64;
            for Edge { to, redirect } in edges {
                let Some(node) = self.node(bucket, to.into()) else {
                    self.problems
                        .say(|| format!("URL {id} of the bucket {bucket} links to URL {to}, which is not there"));
                    continue;
                };
                let (depth, from_depth) = (node & DEPTH, from & DEPTH);
                // A redirect may be one too many in a row, and then is no way.
                if !redirect && from & UNTOLD == 0 && depth > from_depth + 1 && depth != DEPTH {
                    self.problems.say(|| {
                        format!(
                            "URL {to} of the bucket {bucket} lies at depth {depth}, but URL {id} at depth {from_depth} links to it"
                        )
                    });
                }
            }
            Ok(())
        })
    }

    fn check_letters(&mut self, snapshot: &mut Snapshot) -> Result<()> {
        let buckets = i64::from(self.split.buckets());
        snapshot.each("SELECT bucket, id, url FROM mail ORDER BY bucket, id", &mut |row| {
            let bucket = row.first().and_then(Value::integer).unwrap_or_default();
            if !(0..buckets).contains(&bucket) {
                let (id, url) = (row.get(1).and_then(Value::integer).unwrap_or_default(), shown(row.get(2)));
                self.problems.say(|| format!("the letter {id} about {url} is to the bucket {bucket}, which is none"));
            }
            Ok(())
        })
    }

    /// What the database can say by itself.
    fn check_by_questions(&mut self, snapshot: &mut Snapshot) -> Result<()> {
        for (question, told) in QUESTIONS {
            snapshot.each(question, &mut |row| {
                let values: Vec<_> = row.iter().map(|value| shown(Some(value))).collect();
                self.problems.say(|| {
                    let mut values = values.into_iter();
                    told.split('%')
                        .map(str::to_owned)
                        .reduce(|text, part| format!("{text}{}{part}", values.next().unwrap_or_default()))
                        .unwrap_or_default()
                });
                Ok(())
            })?;
        }
        Ok(())
    }

    fn check_records(&mut self, records: &[NodeRecords]) {
        for NodeRecords { file, count, numbers, first, last } in records {
            if numbers < count {
                self.problems.say(|| {
                    format!("the file {file} has {count} records with {numbers} numbers: some are there twice")
                });
            } else if (*first, last) != (1, count) {
                self.problems.say(|| {
                    format!("the file {file} has {count} records, numbered {first} to {last}: some are missing")
                });
            }
        }
        let recorded: u64 = records.iter().map(|of| of.count).sum();
        if recorded != self.found.records {
            let settled = self.found.records;
            self.problems.say(|| format!("all files together have {recorded} records, but {settled} URLs are settled"));
        }
    }
}

fn shown(value: Option<&Value>) -> String {
    match value {
        Some(Value::Integer(number)) => number.to_string(),
        Some(Value::Text(text)) => text.clone(),
        _ => "?".to_owned(),
    }
}

/// Questions that have no answer when all is well, and what an answer means: each `%` is the next of its columns.
const QUESTIONS: [(&str, &str); 9] = [
    (
        // While nodes crawl, counts are written now and then.
        "SELECT b.id, b.urls, b.pending, (SELECT coalesce(sum(n), 0) FROM unnest(b.settled) AS n)::bigint AS settled, \
         coalesce(c.urls, 0), coalesce(c.pending, 0), coalesce(c.settled, 0) FROM crawl, bucket AS b LEFT JOIN (SELECT bucket, \
         count(*) AS urls, count(*) FILTER (WHERE state = 0) AS pending, count(*) FILTER (WHERE state BETWEEN 1 AND 5) AS settled \
         FROM url GROUP BY bucket) AS c ON c.bucket = b.id WHERE crawl.state = 'complete' AND b.owner IS NULL \
         AND (b.urls, b.pending, (SELECT coalesce(sum(n), 0) FROM unnest(b.settled) AS n)) \
         IS DISTINCT FROM (coalesce(c.urls, 0), coalesce(c.pending, 0), coalesce(c.settled, 0)) ORDER BY b.id",
        "the bucket % has counted % URLs, % pending, % settled, and has %, % and %",
    ),
    (
        "SELECT bucket, min(id)::bigint, max(id)::bigint, min(url) FROM url GROUP BY bucket, key HAVING count(*) > 1 ORDER BY 1, 2",
        "the bucket % knows URL % once more as URL % (%)",
    ),
    (
        // What is too long is at home by its key, and, once longer URLs are taken, by its host.
        "SELECT min(u.url), min(u.bucket)::bigint, max(u.bucket)::bigint FROM url AS u LEFT JOIN state AS s ON s.code = u.state \
         WHERE u.state <> 15 AND s.name IS DISTINCT FROM 'skipped: too_long' GROUP BY u.key \
         HAVING count(DISTINCT u.bucket) > 1 ORDER BY 1",
        "% is at home in two buckets, % and %",
    ),
    (
        // By a letter, or by the mark that one is to be sent, it is on its way.
        "SELECT e.bucket, e.id, e.url, e.depth, coalesce(h.depth::text, 'no depth') FROM (SELECT bucket, id, url, depth, untold, \
         CASE WHEN hops & 1024 <> 0 THEN decode(translate(encode(key, 'hex'), '0123456789abcdef', 'fedcba9876543210'), 'hex') \
         ELSE key END AS key, hops & 1023 = 1023 AS is_no_way FROM url WHERE state = 15) AS e \
         LEFT JOIN url AS h ON h.key = e.key AND h.state <> 15 LEFT JOIN state AS s ON s.code = h.state \
         WHERE (h.id IS NULL OR NOT e.is_no_way AND h.depth > e.depth \
         AND s.name NOT IN ('skipped: scheme', 'skipped: too_long')) \
         AND e.untold IS NOT TRUE AND NOT EXISTS (SELECT FROM mail WHERE mail.key = e.key) ORDER BY 1, 2",
        "the bucket % knows URL % (%) at depth %; at its home it has %, and no letter tells of it",
    ),
    (
        "SELECT b.id FROM bucket AS b WHERE NOT b.open AND EXISTS (SELECT FROM url WHERE bucket = b.id AND (state = 0 OR untold)) \
         ORDER BY b.id",
        "the bucket % says that nothing is left to do in it, and something is",
    ),
    (
        "SELECT crawl.state, count(*) FROM crawl, bucket AS b WHERE crawl.state = 'complete' AND b.open GROUP BY crawl.state",
        "the crawl is %, and % of its buckets have something left to do",
    ),
    (
        "SELECT crawl.state, count(*) FROM crawl, mail WHERE crawl.state = 'complete' GROUP BY crawl.state",
        "the crawl is %, and % letters wait to be read",
    ),
    (
        "SELECT m.file, m.record FROM moved AS m LEFT JOIN url AS u ON u.bucket = m.bucket AND u.id = m.id \
         WHERE (u.file, u.record) IS DISTINCT FROM (m.file, m.record) ORDER BY 1, 2",
        "in the file % the record % is said to be out of date, and is no URL's",
    ),
    (
        "SELECT n.id, s.records, coalesce(r.records, 0) FROM node AS n JOIN LATERAL (SELECT records FROM session \
         WHERE node = n.id ORDER BY id DESC LIMIT 1) AS s ON true LEFT JOIN (SELECT file, count(*) AS records FROM url \
         WHERE file IS NOT NULL GROUP BY file) AS r ON r.file = n.file WHERE s.records <> coalesce(r.records, 0) ORDER BY n.file",
        "the node % has counted % records, and % URLs have one of them",
    ),
];
const SETTLED: u32 = 1 << 31;
const UNTOLD: u32 = 1 << 30;
const DEPTH: u32 = UNTOLD - 1;
/// How many numbers that nobody has are taken to be only that.
const MOST_MISSING: usize = 1 << 20;

const _: () = assert!(ELSEWHERE == 15, "the questions say it as a number");
