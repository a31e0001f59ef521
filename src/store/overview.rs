//! Overview: who crawls together in a database, and how far each of them is.

/// A crawl over all of its nodes, as it is at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Overview {
    /// How the crawl stands, in the word of the database: `running`, `complete` or `limit`.
    pub(crate) state: String,
    /// Into how many buckets its hosts are split.
    pub(crate) buckets: u64,
    /// How many of them have something left to do, and how many have no owner.
    pub(crate) open: u64,
    pub(crate) free: u64,
    /// Letters that wait to be read, or to be written.
    pub(crate) letters: u64,
    /// In the order of their files.
    pub(crate) nodes: Vec<NodeOverview>,
    /// Whose each bucket is, in their order.
    pub(crate) owners: Vec<Option<String>>,
    /// The node by which this is seen; empty when it is seen by none.
    pub(crate) here: String,
}

/// One node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NodeOverview {
    /// As in `DIR/node`.
    pub(crate) id: String,
    /// What `url.file` means.
    pub(crate) file: i64,
    pub(crate) standing: Standing,
    /// How long it is still believed to live without a word of it, in milliseconds.
    pub(crate) lease: Option<u64>,
    /// The name of its machine.
    pub(crate) machine: String,
    /// How many buckets it owns.
    pub(crate) buckets: u64,
    /// How many URLs have their records there.
    pub(crate) records: u64,
    /// When its last run began and when it has committed last, in milliseconds since 1970.
    pub(crate) started_at: Option<i64>,
    pub(crate) committed_at: Option<i64>,
}

/// How a node stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It crawls, or was killed less than its lease ago.
    Alive,
    /// Nothing was heard of it for longer than its lease.
    Silent,
    /// It was declared lost.
    Lost,
    /// It has come to its end.
    Ended,
}

impl Overview {
    /// A node by its number.
    pub(crate) fn node(&self, id: &str) -> Option<&NodeOverview> {
        self.nodes.iter().find(|node| node.id == id)
    }

    /// Whether it is of more than one process, or may be.
    pub(crate) fn is_shared(&self) -> bool {
        self.nodes.len() > 1 || self.buckets > 1
    }
}

impl Standing {
    /// The word for it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Alive => "alive",
            Self::Silent => "silent",
            Self::Lost => "lost",
            Self::Ended => "ended",
        }
    }
}
