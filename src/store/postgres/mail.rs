//! Mail: the letters that wait for the buckets of this node.

use super::Postgres;
use super::letters::letter;
use crate::error::Result;
use crate::frontier::Mail;

impl Postgres {
    /// The letters to what is read back, but for those that were given out before.
    pub(super) fn letters(&mut self) -> Result<Vec<Mail>> {
        let (buckets, handed_out) = (self.holdings.to_read(), self.holdings.handed_out());
        if self.is_full || buckets.is_empty() || handed_out.len() >= MOST {
            return Ok(Vec::new());
        }
        let rows = self.rows(LETTERS, &[&buckets, &handed_out], |row| {
            let (bucket, id): (i16, i64) = (row.try_get(0)?, row.try_get(1)?);
            Ok((bucket, id, letter(bucket, row)?))
        })?;
        let mut mail = Vec::with_capacity(rows.len());
        for (bucket, id, letter) in rows {
            self.holdings.hand_out(bucket, id);
            mail.push(Mail { id: id.cast_unsigned(), letter });
        }
        Ok(mail)
    }
}

/// As many as a process has at a time.
const MOST: usize = 2000;
/// Not those with greater ids than the last: they become visible out of order.
const LETTERS: &str = "SELECT bucket, id, kind, key, url, other, depth, hops, referrer, mention, link_text, skip, told_again, body FROM mail \
    WHERE bucket = ANY($1::smallint[]) AND NOT id = ANY($2::bigint[]) ORDER BY bucket, id LIMIT 1000";
