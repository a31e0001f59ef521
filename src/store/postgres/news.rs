//! News: what a bucket knows of URLs of others that those have not been told yet, for a copy in which there is one bucket: no
//! letter can be read there.

use std::collections::{BTreeMap, HashMap};

use super::numbers::Numbers;
use super::overview::{integer, text};
use super::snapshot::{Snapshot, Value};
use crate::error::{Error, Result};

/// A way to a URL that its home does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct News {
    /// The number of the URL.
    pub(crate) number: u32,
    /// Whether there is no row of it.
    pub(crate) is_new: bool,
    pub(crate) key: Vec<u8>,
    pub(crate) url: String,
    /// Why it is no URL that can be requested: the number of a reason to skip.
    pub(crate) other: Option<i64>,
    pub(crate) depth: i64,
    pub(crate) hops: i64,
    pub(crate) referrer: Option<u32>,
    pub(crate) mention: Option<i64>,
    pub(crate) link_text: Option<String>,
}

/// Reads all of it, and numbers what is new from `next` on.
pub(super) fn read(snapshot: &mut Snapshot, buckets: &mut BTreeMap<i64, Numbers>, mut next: u32) -> Result<Vec<News>> {
    let mut all = HashMap::<Vec<u8>, News>::new();
    snapshot.each(NEWS, &mut |row| {
        let Some(Value::Bytes(key)) = row.first() else { return Ok(()) };
        let of = |bucket: usize, id: usize| {
            let (bucket, id) = (row.get(bucket)?.integer()?, row.get(id)?.integer()?);
            buckets.get(&bucket)?.url(id)
        };
        let home = of(9, 10);
        let (depth, hops) = (integer(row.get(2)), integer(row.get(3)));
        let link_text = row.get(7).map(|text_of| text(Some(text_of))).filter(|text| !text.is_empty());
        let number = |at: usize| row.get(at).and_then(Value::integer);
        let told = News {
            number: home.unwrap_or_default(),
            is_new: home.is_none(),
            key: key.clone(),
            url: text(row.get(1)),
            other: number(8),
            depth,
            hops,
            referrer: of(4, 5),
            mention: number(6),
            link_text,
        };
        match all.get_mut(key) {
            Some(known) if order(&told) < order(known) => *known = told,
            Some(_) => {}
            None => drop(all.insert(key.clone(), told)),
        }
        Ok(())
    })?;
    let mut news: Vec<_> = all.into_values().collect();
    // In an order that does not differ from call to call.
    news.sort_by(|one, other| (order(one), &one.url).cmp(&(order(other), &other.url)));
    let mut numbers = HashMap::new();
    for told in news.iter_mut().filter(|told| told.is_new) {
        told.number = next;
        numbers.insert(told.key.clone(), next);
        next = next.checked_add(1).ok_or_else(|| Error::Damaged("more than 4 billion URLs".to_owned()))?;
    }
    if !numbers.is_empty() {
        snapshot.each(HOMELESS, &mut |row| {
            let Some(Value::Bytes(key)) = row.get(2) else { return Ok(()) };
            let urls = buckets.get_mut(&integer(row.first())).map(|numbers| &mut numbers.urls);
            let entry = usize::try_from(integer(row.get(1))).ok().and_then(|id| urls?.get_mut(id));
            if let (Some(entry), Some(number)) = (entry, numbers.get(key)) {
                *entry = *number;
            }
            Ok(())
        })?;
    }
    Ok(news)
}

/// The shortest way first; links that are not to be followed are none.
fn order(told: &News) -> (bool, i64, i64) {
    (told.hops == NO_WAY, told.depth, told.hops)
}

/// What only links that are not to be followed lead to.
pub(crate) const NO_WAY: i64 = 1023;
/// Columns that a letter may lack are read so that they are none then.
const NEWS: &str = "SELECT t.key, t.url, t.depth, t.hops, coalesce(r.bucket, t.bucket), coalesce(r.id, t.referrer), t.mention, t.link_text, \
    t.other, h.bucket, h.id FROM (SELECT CASE WHEN hops & 1024 <> 0 THEN \
    decode(translate(encode(key, 'hex'), '0123456789abcdef', 'fedcba9876543210'), 'hex') ELSE key END AS key, url, depth, hops, bucket, \
    referrer, referrer_url, mention, link_text, NULL::bigint AS other FROM url WHERE state = 15 AND untold \
    UNION ALL SELECT key, url, depth, hops, NULL::smallint, NULL::int, referrer, (to_jsonb(m) ->> 'mention')::smallint, \
    to_jsonb(m) ->> 'link_text', (to_jsonb(m) ->> 'other')::bigint FROM mail AS m WHERE kind BETWEEN 0 AND 3) AS t \
    LEFT JOIN (SELECT bucket, id, url FROM url WHERE state BETWEEN 0 AND 5) AS r ON r.url = t.referrer_url \
    LEFT JOIN url AS h ON h.key = t.key AND h.state <> 15";
const HOMELESS: &str = "SELECT e.bucket, e.id, e.key FROM (SELECT bucket, id, CASE WHEN hops & 1024 <> 0 THEN \
    decode(translate(encode(key, 'hex'), '0123456789abcdef', 'fedcba9876543210'), 'hex') ELSE key END AS key FROM url WHERE state = 15) AS e \
    LEFT JOIN url AS h ON h.key = e.key AND h.state <> 15 WHERE h.id IS NULL";
