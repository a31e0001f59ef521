//! A row of the table `url`, as far as a batch knows it: all of one that is new, and what has changed of one that is there.

use std::time::{Duration, SystemTime};

use crate::error::{Error, Result};
use crate::frontier::{Bucket, Change, HostId, NodeState, StoredUrl};
use crate::outcome::FailureKind;
use crate::store::Facts;
use crate::store::code::code;
use crate::url::UrlKey;
use crate::wall_clock::WallClock;

/// The columns that may change, with a bit for each that was set.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct UrlRow {
    pub(super) set: i32,
    pub(super) state: i16,
    pub(super) depth: i32,
    pub(super) hops: i16,
    pub(super) referrer: Option<i32>,
    pub(super) referrer_url: Option<String>,
    pub(super) host: Option<i32>,
    pub(super) attempts: i16,
    pub(super) due: Option<SystemTime>,
    pub(super) record: Option<i64>,
    pub(super) status: Option<i16>,
    pub(super) error: Option<&'static str>,
    pub(super) bytes: Option<i64>,
    pub(super) untold: Option<bool>,
    pub(super) mention: Option<i16>,
    pub(super) link_text: Option<String>,
}

impl UrlRow {
    /// That of a URL that was discovered.
    pub(super) fn new(url: &StoredUrl) -> Result<Self> {
        Ok(Self {
            state: state(url.state)?,
            depth: number(url.path.depth)?,
            hops: small(url.path.hops)?,
            referrer: url.path.referrer.map(number).transpose()?,
            referrer_url: url.referrer_url.as_deref().map(text),
            host: url.host.map(host).transpose()?,
            mention: url.mention.map(|mention| i16::from(mention.code())),
            link_text: url.link_text.as_deref().map(text),
            ..Self::default()
        })
    }

    /// Takes what a change says of it. `settled`: its record, with the number of that.
    pub(super) fn take(&mut self, change: &Change, settled: Option<(i64, Facts)>, clock: &WallClock) -> Result<()> {
        match change {
            Change::Placed { depth, hops, state: now, host: of, .. } => {
                (self.depth, self.hops) = (number(*depth)?, small(*hops)?);
                self.set |= DEPTH | HOPS;
                if *now == NodeState::Settled {
                    self.untold = Some(true);
                    self.set |= UNTOLD;
                } else {
                    if *now == NodeState::Elsewhere {
                        self.untold = Some(true);
                        self.set |= UNTOLD;
                    }
                    (self.state, self.host) = (state(*now)?, of.map(host).transpose()?);
                    self.set |= STATE | HOST;
                }
            }
            Change::Told { .. } => {
                self.untold = None;
                self.set |= UNTOLD;
            }
            Change::Moved { referrer, referrer_url, mention, link_text, .. } => {
                self.referrer = referrer.map(number).transpose()?;
                self.referrer_url = referrer_url.as_deref().map(text);
                self.mention = mention.map(|mention| i16::from(mention.code()));
                self.link_text = link_text.as_deref().map(text);
                self.set |= REFERRER | MENTION;
            }
            Change::Settled { id, kind, .. } => {
                let (record, facts) =
                    settled.ok_or_else(|| Error::Internal(format!("URL {id} is settled without a record")))?;
                self.state = small_code(code(NodeState::Settled, Some(*kind)))?;
                self.attempts = attempts(facts.attempts);
                (self.record, self.due) = (Some(record), None);
                self.status = facts.status.map(u16::cast_signed);
                self.error = facts.error.map(FailureKind::name);
                self.bytes = facts.bytes.map(u64::cast_signed);
                self.set |= STATE | ATTEMPTS | DUE | RECORD;
            }
            Change::Retry { attempts: tried, due, .. } => {
                (self.attempts, self.due) = (attempts(*tried), Some(time(clock.to_millis(*due))));
                self.set |= ATTEMPTS | DUE;
            }
            Change::Skipped { reason, .. } => {
                self.state = state(NodeState::Skipped(*reason))?;
                self.set |= STATE;
            }
            Change::Host { .. } | Change::Found(_) | Change::Sent(_) | Change::Read { .. } => {}
        }
        Ok(())
    }
}

/// A moment as the database has it.
pub(super) fn time(millis: i64) -> SystemTime {
    let distance = Duration::from_millis(millis.unsigned_abs());
    let moved = if millis < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(distance)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(distance)
    };
    moved.unwrap_or(SystemTime::UNIX_EPOCH)
}

/// A moment of the database in milliseconds since 1970.
pub(super) fn millis(time: SystemTime) -> i64 {
    let signed = |distance: Duration| i64::try_from(distance.as_millis()).unwrap_or(i64::MAX);
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => signed(since),
        Err(before) => -signed(before.duration()),
    }
}

/// A number of a URL or a depth as the database counts: half as far as the frontier could.
pub(super) fn number(number: u32) -> Result<i32> {
    i32::try_from(number).map_err(|_| Error::Internal(format!("{number} is more than this store counts")))
}

/// The number of a bucket as the database has it.
pub(super) fn number_of(bucket: Bucket) -> Result<i16> {
    i16::try_from(bucket.number())
        .map_err(|_| Error::Internal(format!("bucket {bucket} is more than this store counts")))
}

/// A text as the database takes it: without the one character that it cannot hold.
pub(super) fn text(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// A number that cannot be less than nothing.
pub(super) fn count(number: i32) -> Result<u32> {
    u32::try_from(number).map_err(|_| Error::Damaged(format!("a URL has the number {number}")))
}

/// A key as the database has it.
pub(super) fn key(bytes: &[u8]) -> Result<UrlKey> {
    let key =
        bytes.try_into().map_err(|_| Error::Damaged(format!("a key has {} bytes in place of 16", bytes.len())))?;
    Ok(UrlKey::of_bytes(key))
}

pub(super) fn host(id: HostId) -> Result<i32> {
    number(id.number())
}

fn state(state: NodeState) -> Result<i16> {
    small_code(code(state, None))
}

fn small_code(code: i64) -> Result<i16> {
    i16::try_from(code).map_err(|_| Error::Internal(format!("{code} is no number of a state")))
}

pub(super) fn small(number: u32) -> Result<i16> {
    i16::try_from(number).map_err(|_| Error::Internal(format!("{number} redirects in a row are more than are counted")))
}

fn attempts(attempts: u32) -> i16 {
    i16::try_from(attempts).unwrap_or(i16::MAX)
}

pub(super) const STATE: i32 = 1;
pub(super) const DEPTH: i32 = 2;
pub(super) const HOPS: i32 = 4;
/// With its text.
pub(super) const REFERRER: i32 = 8;
pub(super) const HOST: i32 = 16;
pub(super) const ATTEMPTS: i32 = 32;
pub(super) const DUE: i32 = 64;
/// With file, status, error and bytes.
pub(super) const RECORD: i32 = 128;
pub(super) const UNTOLD: i32 = 256;
/// With the text of the link.
pub(super) const MENTION: i32 = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_the_same_when_it_comes_back() {
        for at in [0, 1, 1_700_000_000_123, -5, i64::from(i32::MAX) * 1000] {
            assert_eq!(millis(time(at)), at);
        }
    }

    #[test]
    fn a_text_has_no_character_that_the_database_refuses() {
        assert_eq!(text("a\0b"), "a\u{fffd}b");
    }
}
