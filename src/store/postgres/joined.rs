//! Joined: the rows of all buckets of a crawl, numbered as if they were of one.
//!
//! A URL that is elsewhere is the one at its home: what a page leads to in another bucket gets the number of that. One of which
//! its home has not been told yet has no row, and nothing leads there.

use std::collections::BTreeMap;

use super::news::{self, News};
use super::numbers::{NONE, Numbers};
use super::overview::{integer, number};
use super::snapshot::{Snapshot, Value};
use super::stored_rows::ELSEWHERE;
use crate::error::{Error, Result};
use crate::frontier::Edge;
use crate::store::edges;

/// A crawl of which all rows are given out by one numbering.
pub(crate) struct Joined<'a> {
    pub(crate) snapshot: &'a mut Snapshot,
    /// `None` of a crawl of one bucket: its numbers are those that it has.
    buckets: Option<BTreeMap<i64, Numbers>>,
    /// What homes have not been told yet, when that is asked for: each URL once, with its shortest way.
    pub(crate) news: Vec<News>,
}

/// What the rows of a question begin with, which says what they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    /// Nothing in particular: they are given as they are.
    Nothing,
    /// Bucket and number of a host, which are given as one number.
    Hosts,
    /// Bucket and number of a URL, of its referrer, and its host: given as the numbers of the three.
    Urls,
    /// Bucket and number of a URL, and what it leads to: given with one number, and with what that leads to by these numbers.
    Edges,
}

impl<'a> Joined<'a> {
    /// Numbers all URLs: 4 bytes of memory for each, where there is more than one bucket.
    pub(crate) fn new(snapshot: &'a mut Snapshot) -> Result<Self> {
        let mut last = 0;
        snapshot.each("SELECT max(id)::bigint FROM bucket", &mut |row| {
            last = integer(row.first());
            Ok(())
        })?;
        let buckets = if last > 0 { Some(numbered(snapshot)?.0) } else { None };
        Ok(Self { snapshot, buckets, news: Vec::new() })
    }

    /// One of which no URL is asked for.
    pub(crate) fn unjoined(snapshot: &'a mut Snapshot) -> Self {
        Self { snapshot, buckets: None, news: Vec::new() }
    }

    /// The same, in which what letters tell of, or will, has numbers as well: behind all others.
    pub(crate) fn with_news(snapshot: &'a mut Snapshot) -> Result<Self> {
        let (mut buckets, next) = numbered(snapshot)?;
        let news = news::read(snapshot, &mut buckets, next)?;
        Ok(Self { snapshot, buckets: Some(buckets), news })
    }

    /// Gives the rows of a question to somebody.
    pub(crate) fn each(&mut self, of: Of, sql: &str, each: &mut dyn FnMut(Vec<Value>) -> Result<()>) -> Result<()> {
        let buckets = self.buckets.as_ref();
        self.snapshot.each(sql, &mut |row| each(renumbered(of, row, buckets)?))
    }
}

fn renumbered(of: Of, row: Vec<Value>, buckets: Option<&BTreeMap<i64, Numbers>>) -> Result<Vec<Value>> {
    let url = |bucket: &Value, id: &Value| -> Result<Value> {
        let (Some(bucket), Some(id)) = (bucket.integer(), id.integer()) else { return Ok(Value::None) };
        let Some(buckets) = buckets else { return Ok(Value::Integer(id)) };
        let known = buckets.get(&bucket).and_then(|numbers| numbers.url(id));
        known.map(|known| Value::Integer(known.into())).ok_or_else(|| {
            Error::Damaged(format!("there is no URL {id} in the bucket {bucket}, but something is said of it"))
        })
    };
    let host = |bucket: &Value, id: &Value| match (bucket.integer(), id.integer(), buckets) {
        (Some(bucket), Some(id), Some(buckets)) => {
            Value::Integer(buckets.get(&bucket).map_or(0, |numbers| numbers.first_host) + id)
        }
        _ => id.clone(),
    };
    let mut given = Vec::with_capacity(row.len());
    let rest = match (of, row.as_slice()) {
        (Of::Nothing, _) => return Ok(row),
        (Of::Hosts, [bucket, id, rest @ ..]) => {
            given.push(host(bucket, id));
            rest
        }
        (Of::Urls, [bucket, id, of_referrer, referrer, of, rest @ ..]) => {
            given.extend([url(bucket, id)?, url(of_referrer, referrer)?, host(bucket, of)]);
            rest
        }
        (Of::Edges, [bucket, id, Value::Bytes(links), rest @ ..]) => {
            given.extend([url(bucket, id)?, Value::Bytes(led(bucket, links, buckets)?)]);
            rest
        }
        _ => return Err(Error::Internal(format!("rows are not {of:?}"))),
    };
    given.extend(rest.iter().cloned());
    Ok(given)
}

/// What a page of a bucket leads to. What cannot be read is left to who reads it.
fn led(bucket: &Value, links: &[u8], buckets: Option<&BTreeMap<i64, Numbers>>) -> Result<Vec<u8>> {
    let (Some(buckets), Ok(edges)) = (buckets, edges::decode(links)) else { return Ok(links.to_vec()) };
    let numbers = bucket.integer().and_then(|bucket| buckets.get(&bucket));
    let mut led = Vec::with_capacity(edges.len());
    for Edge { to, redirect } in edges {
        match numbers.and_then(|numbers| numbers.urls.get(to as usize)) {
            Some(&NONE) => {}
            Some(&to) => led.push(Edge { to, redirect }),
            None => {
                return Err(Error::Damaged(format!("a page leads to the URL {to} of its bucket, which is not there")));
            }
        }
    }
    Ok(edges::encode(&led))
}

/// The numbers of all that has a row, and the next one.
fn numbered(snapshot: &mut Snapshot) -> Result<(BTreeMap<i64, Numbers>, u32)> {
    let mut buckets = BTreeMap::<i64, Numbers>::new();
    let mut next = 0;
    snapshot.each("SELECT bucket, (max(id) + 1)::bigint FROM host GROUP BY bucket ORDER BY bucket", &mut |row| {
        buckets.entry(integer(row.first())).or_default().first_host = next;
        next += integer(row.get(1));
        Ok(())
    })?;
    let mut next = 0_u32;
    snapshot.each("SELECT bucket, id, state FROM url ORDER BY bucket, id", &mut |row| {
        let urls = &mut buckets.entry(integer(row.first())).or_default().urls;
        let id = usize::try_from(integer(row.get(1))).unwrap_or(usize::MAX);
        // What is not there is missed by whoever reads all of them, and has a number for that.
        let gap = u32::try_from(id.saturating_sub(urls.len())).unwrap_or(u32::MAX);
        urls.extend((0..gap).map(|at| next.saturating_add(at)));
        next = next.saturating_add(gap);
        if integer(row.get(2)) == ELSEWHERE {
            urls.push(NONE);
        } else {
            urls.push(next);
            next = next.checked_add(1).ok_or_else(|| Error::Damaged("more than 4 billion URLs".to_owned()))?;
        }
        Ok(())
    })?;
    snapshot.each(HOMES, &mut |row| {
        let home = buckets.get(&integer(row.get(2))).and_then(|numbers| numbers.url(integer(row.get(3))));
        let (bucket, id) = (integer(row.first()), usize::try_from(number(row.get(1))).unwrap_or(usize::MAX));
        let entry = buckets.get_mut(&bucket).and_then(|numbers| numbers.urls.get_mut(id));
        if let (Some(entry), Some(home)) = (entry, home) {
            *entry = home;
        }
        Ok(())
    })?;
    Ok((buckets, next))
}

/// Where what is elsewhere is at home. As a part of a page it is known by the opposite of its key
/// (`frontier/elsewhere.rs`).
const HOMES: &str = "SELECT e.bucket, e.id, h.bucket, h.id FROM url AS e JOIN url AS h ON h.key = CASE WHEN e.hops & 1024 <> 0 \
    THEN decode(translate(encode(e.key, 'hex'), '0123456789abcdef', 'fedcba9876543210'), 'hex') ELSE e.key END AND h.state <> 15 \
    WHERE e.state = 15";

#[cfg(test)]
mod tests {
    use super::*;

    fn integers(numbers: &[i64]) -> Vec<Value> {
        numbers.iter().map(|number| Value::Integer(*number)).collect()
    }

    #[test]
    fn rows_of_buckets_are_given_by_one_numbering() {
        let one = Numbers { first_host: 0, urls: vec![0, 2, 1] };
        let other = Numbers { first_host: 5, urls: vec![2, NONE, 3] };
        let buckets = BTreeMap::from([(0, one), (7, other)]);
        let given = |of, row: &[i64]| renumbered(of, integers(row), Some(&buckets));
        assert_eq!(given(Of::Hosts, &[7, 1]).unwrap(), integers(&[6]));
        assert_eq!(given(Of::Urls, &[7, 2, 0, 2, 1, 99]).unwrap(), integers(&[3, 1, 6, 99]));
        assert!(given(Of::Urls, &[7, 1, 0, 2, 1]).is_err(), "it has no row");
        let links =
            |to: &[u32]| edges::encode(&to.iter().map(|to| Edge { to: *to, redirect: true }).collect::<Vec<_>>());
        let row = |to| vec![Value::Integer(7), Value::Integer(0), Value::Bytes(links(to))];
        let led = renumbered(Of::Edges, row(&[2, 1, 0]), Some(&buckets)).unwrap();
        assert_eq!(led, [Value::Integer(2), Value::Bytes(links(&[3, 2]))]);
        assert!(renumbered(Of::Edges, row(&[3]), Some(&buckets)).is_err(), "it is not there");
        let alone = renumbered(Of::Edges, row(&[3]), None).unwrap();
        assert_eq!(alone, [Value::Integer(0), Value::Bytes(links(&[3]))]);
    }
}
