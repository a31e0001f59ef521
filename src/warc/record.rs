//! A record that was read.

use jiff::Timestamp;

use super::{Digest, Fields, Message, parse_date};

/// What a record is (WARC 1.1, section 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// What made the records behind it.
    Warcinfo,
    /// What a host answered.
    Response,
    /// A thing as it is, without how it came.
    Resource,
    /// What a host was asked.
    Request,
    /// What is known of another record.
    Metadata,
    /// What a host answered, whose body an earlier record has.
    Revisit,
    /// Another form of an earlier record.
    Conversion,
    /// More of a record that was cut in pieces.
    Continuation,
    /// Something that this reader does not know, which the standard lets it pass over.
    Other,
}

/// One record, as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    /// The named fields of its head.
    pub(crate) fields: Fields,
    /// Its block, or the start of that.
    pub(crate) block: Vec<u8>,
    /// How long the block is in the archive: longer than what is in `block` when it was longer than may be read.
    pub(crate) block_length: u64,
}

impl Kind {
    /// The name in `WARC-Type`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Warcinfo => "warcinfo",
            Self::Response => "response",
            Self::Resource => "resource",
            Self::Request => "request",
            Self::Metadata => "metadata",
            Self::Revisit => "revisit",
            Self::Conversion => "conversion",
            Self::Continuation => "continuation",
            Self::Other => "other",
        }
    }

    fn of(name: &str) -> Self {
        let known = [
            Self::Warcinfo,
            Self::Response,
            Self::Resource,
            Self::Request,
            Self::Metadata,
            Self::Revisit,
            Self::Conversion,
            Self::Continuation,
        ];
        known.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(name)).unwrap_or(Self::Other)
    }
}

impl Record {
    /// What it is.
    pub(crate) fn kind(&self) -> Kind {
        self.fields.get("WARC-Type").map_or(Kind::Other, Kind::of)
    }

    /// Its name, with the brackets that belong to it.
    pub(crate) fn id(&self) -> Option<&str> {
        self.fields.get("WARC-Record-ID")
    }

    /// The URI that it is about. The brackets that GNU wget puts around it, by an error in the grammar of WARC 1.0, are
    /// taken off.
    pub(crate) fn target_uri(&self) -> Option<&str> {
        self.fields.get("WARC-Target-URI").map(bare)
    }

    /// When it was captured.
    pub(crate) fn date(&self) -> Option<Timestamp> {
        self.fields.get("WARC-Date").and_then(parse_date)
    }

    /// The type of its block, lower case, without parameters.
    pub(crate) fn content_type(&self) -> Option<String> {
        let value = self.fields.get("Content-Type")?;
        Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
    }

    /// What the whole block is said to come to.
    pub(crate) fn block_digest(&self) -> Option<Digest> {
        self.fields.get("WARC-Block-Digest").map(Digest::parse)
    }

    /// What the payload is said to come to: the body of an HTTP message, else the block.
    pub(crate) fn payload_digest(&self) -> Option<Digest> {
        self.fields.get("WARC-Payload-Digest").map(Digest::parse)
    }

    /// Why it is not all that there was, when it is not: `length`, `time`, `disconnect`, `unspecified`.
    pub(crate) fn truncated(&self) -> Option<&str> {
        self.fields.get("WARC-Truncated")
    }

    /// The records that came of the same exchange.
    pub(crate) fn concurrent_to(&self) -> impl Iterator<Item = &str> {
        self.fields.all("WARC-Concurrent-To")
    }

    /// Of a revisit: the URI and the date of the record that has its body.
    pub(crate) fn refers_to(&self) -> Option<(&str, Timestamp)> {
        let uri = self.fields.get("WARC-Refers-To-Target-URI").map(bare)?;
        Some((uri, self.fields.get("WARC-Refers-To-Date").and_then(parse_date)?))
    }

    /// Whether all of its block is here.
    pub(crate) fn is_whole(&self) -> bool {
        self.block.len() as u64 == self.block_length
    }

    /// Whether its block is an HTTP message, as its type and its URI say.
    pub(crate) fn is_http(&self) -> bool {
        let of_http = matches!(self.kind(), Kind::Response | Kind::Request | Kind::Revisit);
        of_http && self.content_type().is_some_and(|content_type| content_type == "application/http")
    }

    /// Its block as an HTTP message; `None` when it is none.
    pub(crate) fn message(&self) -> Option<Message<'_>> {
        if self.is_http() { Message::parse(&self.block) } else { None }
    }
}

fn bare(uri: &str) -> &str {
    uri.strip_prefix('<').and_then(|uri| uri.strip_suffix('>')).unwrap_or(uri)
}
