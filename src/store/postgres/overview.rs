//! Overview: what a database says of all nodes of a crawl, and of their outputs.

use super::Snapshot;
use super::snapshot::Value;
use crate::error::Result;
use crate::sink::Checkpoint;
use crate::store::overview::{NodeOverview, Overview, Standing};

/// The records of a node, as URLs have them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NodeRecords {
    /// Of which node: its file.
    pub(crate) file: i64,
    pub(crate) count: u64,
    /// How many numbers there are among them.
    pub(crate) numbers: u64,
    /// The first and the last number.
    pub(crate) first: u64,
    pub(crate) last: u64,
}

impl Snapshot {
    /// Who crawls, and how far each is.
    pub(crate) fn overview(&mut self) -> Result<Overview> {
        let mut overview = Overview::default();
        self.each(CRAWL, &mut |row| {
            overview.state = text(row.first());
            let [buckets, open, free, letters] = [1, 2, 3, 4].map(|at| number(row.get(at)));
            (overview.buckets, overview.open, overview.free, overview.letters) = (buckets, open, free, letters);
            Ok(())
        })?;
        self.each(NODES, &mut |row| {
            overview.nodes.push(node(&row));
            Ok(())
        })?;
        self.each("SELECT owner FROM bucket ORDER BY id", &mut |row| {
            overview.owners.push(Some(text(row.first())).filter(|owner| !owner.is_empty()));
            Ok(())
        })?;
        overview.here.clone_from(&self.node);
        Ok(overview)
    }

    /// The records that URLs have, node by node. Each record once is: as many numbers as records, from 1 on, without a gap.
    pub(crate) fn records_of_nodes(&mut self) -> Result<Vec<NodeRecords>> {
        let mut all = Vec::new();
        self.each(RECORDS, &mut |row| {
            let [count, numbers, first, last] = [1, 2, 3, 4].map(|at| number(row.get(at)));
            all.push(NodeRecords { file: integer(row.first()), count, numbers, first, last });
            Ok(())
        })?;
        Ok(all)
    }

    /// How many letters tell of a sitemap that is to be asked for.
    pub(crate) fn sitemap_letters(&mut self) -> Result<u64> {
        let mut letters = 0;
        self.each("SELECT count(*) FROM mail WHERE kind = 6", &mut |row| {
            letters = number(row.first());
            Ok(())
        })?;
        Ok(letters)
    }

    /// How many records of each node, by its file, are out of date.
    pub(crate) fn moved_of_nodes(&mut self) -> Result<Vec<(i64, u64)>> {
        let mut all = Vec::new();
        self.each("SELECT file, count(*) FROM moved GROUP BY file ORDER BY file", &mut |row| {
            all.push((integer(row.first()), number(row.get(1))));
            Ok(())
        })?;
        Ok(all)
    }

    /// The outputs of all nodes: each with the node, its name and how far it is durable.
    pub(crate) fn outputs_of_nodes(&mut self) -> Result<Vec<(String, String, Checkpoint)>> {
        let mut all = Vec::new();
        self.each("SELECT node, name, length, amended, crc FROM output ORDER BY node, name", &mut |row| {
            let amended = row.get(3).and_then(Value::integer).map(i64::cast_unsigned);
            let crc = row.get(4).and_then(Value::integer).and_then(|crc| u32::try_from(crc).ok());
            let checkpoint = Checkpoint::Length { committed: number(row.get(2)), amended, crc };
            all.push((text(row.first()), text(row.get(1)), checkpoint));
            Ok(())
        })?;
        Ok(all)
    }
}

fn node(row: &[Value]) -> NodeOverview {
    let lease = row.get(3).and_then(Value::integer).filter(|left| *left > 0).map(i64::cast_unsigned);
    let standing = match text(row.get(2)).as_str() {
        "ended" => Standing::Ended,
        "alive" if lease.is_some() => Standing::Alive,
        "alive" => Standing::Silent,
        _ => Standing::Lost,
    };
    let machine = text(row.get(4));
    NodeOverview {
        id: text(row.first()),
        file: integer(row.get(1)),
        standing,
        lease: lease.filter(|_| standing == Standing::Alive),
        // Behind the number of its boot.
        machine: machine.split_once(' ').map_or(machine.as_str(), |(_, host)| host).to_owned(),
        buckets: number(row.get(5)),
        records: number(row.get(6)),
        started_at: row.get(7).and_then(Value::integer),
        committed_at: row.get(8).and_then(Value::integer),
    }
}

pub(super) fn text(value: Option<&Value>) -> String {
    match value {
        Some(Value::Text(text)) => text.clone(),
        _ => String::new(),
    }
}

pub(super) fn integer(value: Option<&Value>) -> i64 {
    value.and_then(Value::integer).unwrap_or_default()
}

pub(super) fn number(value: Option<&Value>) -> u64 {
    integer(value).max(0).cast_unsigned()
}

const CRAWL: &str = "SELECT state, (SELECT count(*) FROM bucket), (SELECT count(*) FROM bucket WHERE open), \
    (SELECT count(*) FROM bucket WHERE owner IS NULL), \
    (SELECT count(*) FROM mail) + (SELECT count(*) FROM url WHERE state = 15 AND untold) FROM crawl";
const NODES: &str = "SELECT n.id, n.file, n.state, (extract(epoch FROM n.until - clock_timestamp()) * 1000)::bigint, n.machine, \
    (SELECT count(*) FROM bucket WHERE owner = n.id), coalesce(r.records, 0), s.started_at, s.committed_at FROM node AS n \
    LEFT JOIN (SELECT file, count(*) AS records FROM url WHERE file IS NOT NULL GROUP BY file) AS r ON r.file = n.file \
    LEFT JOIN LATERAL (SELECT (extract(epoch FROM started_at) * 1000)::bigint AS started_at, \
    (extract(epoch FROM committed_at) * 1000)::bigint AS committed_at FROM session WHERE node = n.id ORDER BY id DESC LIMIT 1) AS s \
    ON true ORDER BY n.file";
const RECORDS: &str = "SELECT file, count(*), count(DISTINCT record), min(record), max(record) FROM url WHERE file IS NOT NULL \
    GROUP BY file ORDER BY file";
