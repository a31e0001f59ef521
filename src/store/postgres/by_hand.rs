//! By hand: buckets that a test takes and gives, in place of the share of each node.

use super::Postgres;
use crate::frontier::Bucket;

impl Postgres {
    /// A node that gives away what it has, and takes nothing by itself.
    pub(crate) fn by_hand(mut self) -> Self {
        self.crowd.is_by_hand = true;
        let own = self.holdings.all().collect();
        self.holdings.give(&own);
        let node = self.remote.node.id.clone();
        self.rows("UPDATE bucket SET owner = NULL WHERE owner = $1", &[&node], |_| Ok(())).unwrap();
        self
    }

    /// Takes a bucket; whether nobody has it.
    pub(crate) fn take_by_hand(&mut self, bucket: Bucket) -> bool {
        let (node, number) = (self.remote.node.id.clone(), bucket.number().cast_signed());
        let sql = "UPDATE bucket SET owner = $1 WHERE id = $2 AND owner IS NULL RETURNING id";
        let taken = self.rows(sql, &[&node, &number], |row| Ok(row.try_get(0)?)).unwrap();
        self.holdings.take(&taken);
        !taken.is_empty()
    }

    /// Runs some SQL on the connection that reads.
    pub(crate) fn sql(&mut self, sql: &'static str) -> Vec<String> {
        self.rows(sql, &[], |row| Ok(row.try_get::<_, Option<String>>(0)?.unwrap_or_default())).unwrap()
    }

    /// Who this node is.
    pub(crate) fn id(&self) -> &str {
        &self.remote.node.id
    }
}
