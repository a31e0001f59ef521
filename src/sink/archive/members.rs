//! The members of an archive: what becomes of an exchange, of a record, and of the start of a file.

use std::fmt::Write as _;
use std::hash::{BuildHasher as _, RandomState};

use http::{StatusCode, Version};
use jiff::Timestamp;

use crate::exchange::{BodyEnd, Exchange, LookedUp};
use crate::for_update::Carried;
use crate::outcome::FailureKind;
use crate::sink::Record;
use crate::warc::{
    Digest, Draft, Fields, Kind, NOT_MODIFIED_PROFILE, Packer, REVISIT_PROFILE, RecordId, Sha1Sum, date_text,
    read_head, request_head, response_head, sha1, timestamp14,
};

/// Packs records, each in a member of its own, into one piece.
pub(super) struct Members {
    packer: Packer,
    piece: Vec<u8>,
    /// What makes the names of this run's records its own.
    salt: [u8; 32],
    made: u64,
}

/// An exchange, and how it went.
#[derive(Debug, Clone, Copy)]
pub(super) struct Captured<'a> {
    exchange: &'a Exchange,
    at: Timestamp,
    failure: Option<FailureKind>,
    /// The SHA-1 of its body; `None` when nothing of that was read.
    digest: Option<[u8; 20]>,
}

/// What was packed for an exchange.
#[derive(Debug)]
pub(super) struct Packed {
    /// The name of the record of its response; `None` when there is none.
    pub(super) id: Option<String>,
    /// Whether that has the body.
    pub(super) is_response: bool,
}

/// The record that has a body already.
#[derive(Debug)]
pub(super) struct Original {
    /// Its name, when that is known: an index does not have it.
    pub(super) id: Option<String>,
    pub(super) uri: String,
    pub(super) date: String,
}

impl Original {
    /// What a host says has not changed, by the record of its page; `None` of all else.
    pub(super) fn unchanged(record: &Record, exchange: &Exchange) -> Option<Self> {
        let is_unchanged =
            record.carried == Some(Carried::NotModified) && exchange.response.status == StatusCode::NOT_MODIFIED;
        let read_at = record.for_update.as_ref()?.read_at.filter(|_| is_unchanged)?;
        let date = date_text(Timestamp::from_millisecond(read_at).ok()?);
        Some(Self { id: None, uri: exchange.request.url.to_string(), date })
    }
}

impl<'a> Captured<'a> {
    pub(super) fn new(exchange: &'a Exchange, at: Timestamp, failure: Option<FailureKind>) -> Self {
        let body = &exchange.response.body;
        let digest = (body.end != BodyEnd::NotRead).then(|| sha1(&body.bytes));
        Self { exchange, at, failure, digest }
    }

    /// The digest of its body, when all of that is here and it has one: only then another one may be the same.
    pub(super) fn of_whole_body(&self) -> Option<[u8; 20]> {
        let body = &self.exchange.response.body;
        let is_http = self.exchange.response.version.is_some();
        self.digest.filter(|_| is_http && body.end == BodyEnd::Whole && !body.bytes.is_empty())
    }

    fn payload_digest(&self) -> Option<String> {
        self.digest.map(|digest| Digest::Sha1(digest).to_string())
    }

    /// Why the body is not all that there was (WARC 1.1, section 5.13).
    fn truncated(&self) -> Option<&'static str> {
        match (self.exchange.response.body.end, self.failure) {
            (BodyEnd::Whole, _) => None,
            (_, Some(FailureKind::TooLarge)) => Some("length"),
            (_, Some(FailureKind::Timeout)) => Some("time"),
            (BodyEnd::Cut, Some(FailureKind::Reset | FailureKind::Protocol)) => Some("disconnect"),
            (BodyEnd::Cut | BodyEnd::NotRead, _) => Some("unspecified"),
        }
    }
}

impl Members {
    pub(super) fn new(level: u32) -> Self {
        let random = RandomState::new();
        let mut salt = [0; 32];
        for (nth, part) in salt.chunks_mut(8).enumerate() {
            part.copy_from_slice(&random.hash_one(nth).to_le_bytes());
        }
        Self { packer: Packer::new(level), piece: Vec::new(), salt, made: 0 }
    }

    /// What was packed since the last [`clear`](Self::clear).
    pub(super) fn bytes(&self) -> &[u8] {
        &self.piece
    }

    pub(super) fn clear(&mut self) {
        self.piece.clear();
        // After an unusually long body.
        self.piece.shrink_to(KEPT);
    }

    /// Packs what stands at the start of a file.
    pub(super) fn info(&mut self, filename: &str, at: Timestamp, info: &Fields) {
        let mut block = Vec::new();
        info.write(&mut block);
        let draft = Draft::new(Kind::Warcinfo, self.id(), at).with("WARC-Filename", filename);
        self.pack(draft, WARC_FIELDS, &[&block]);
    }

    /// Packs an exchange: its response, or a revisit when another record has the same body, and its request.
    pub(super) fn exchange(&mut self, captured: &Captured<'_>, known: Option<&Original>) -> Packed {
        let Captured { exchange: Exchange { request, response }, at, .. } = captured;
        let id = self.id();
        let Some(version) = response.version else {
            return self.resource(captured, id);
        };
        let (body, url) = (&response.body.bytes, &request.url);
        let head = response_head(response, body.len());
        let address = response.address.map(|address| address.to_string());
        let described = |kind: Kind, id: RecordId| {
            Draft::new(kind, id, *at)
                .with("WARC-Target-URI", url)
                .with_some("WARC-IP-Address", address.as_deref())
                .with("WARC-Protocol", protocol(version))
        };
        let draft = described(if known.is_some() { Kind::Revisit } else { Kind::Response }, id);
        let is_unchanged = known.is_some() && response.status == StatusCode::NOT_MODIFIED;
        // Of what has not changed the payload is elsewhere, and its digest was not compared.
        let digest = captured.payload_digest().filter(|_| !is_unchanged);
        let draft = draft.with_some("WARC-Payload-Digest", digest.as_deref());
        if let Some(original) = known {
            let draft = draft
                .with("WARC-Profile", if is_unchanged { NOT_MODIFIED_PROFILE } else { REVISIT_PROFILE })
                .with_some("WARC-Refers-To", original.id.as_deref())
                .with("WARC-Refers-To-Target-URI", &original.uri)
                .with("WARC-Refers-To-Date", &original.date);
            self.pack(draft, RESPONSE, &[&head]);
        } else {
            let draft = draft.with_some("WARC-Truncated", captured.truncated());
            self.pack(draft, RESPONSE, &[&head, body]);
        }
        let name = id.to_string();
        let (host, path) = place(url);
        let head = request_head(request, host, path);
        let asked = self.id();
        let draft = described(Kind::Request, asked).with("WARC-Concurrent-To", &name);
        self.pack(draft, REQUEST, &[&head]);
        Packed { id: Some(name), is_response: known.is_none() }
    }

    /// Packs what is known of a settled URL beside its exchange; all that there is, when it was not answered.
    pub(super) fn metadata(&mut self, record: &Record, concurrent_to: Option<&str>) {
        let mut fields = Fields::default();
        match &record.referrer {
            Some(referrer) => {
                fields.push("via", &**referrer);
                fields.push("hopsFromSeed", hops(record.depth));
            }
            // As Heritrix marks them.
            None => fields.push("seed", ""),
        }
        fields.push("depth", record.depth.to_string());
        fields.push("fetchTimeMs", record.elapsed_ms.to_string());
        fields.push("outcome", record.outcome.name());
        if let Some(failure) = &record.error {
            fields.push("error", failure.kind.name());
        }
        let mut block = Vec::new();
        fields.write(&mut block);
        let draft = Draft::new(Kind::Metadata, self.id(), record.fetched_at)
            .with("WARC-Target-URI", &record.url)
            .with_some("WARC-Concurrent-To", concurrent_to);
        self.pack(draft, WARC_FIELDS, &[&block]);
    }

    /// Packs what a name stands for, as Heritrix does (RFC 4027: the form of a zone file). How long it will is not known: the
    /// resolver of the system does not say so.
    pub(super) fn lookup(&mut self, lookup: &LookedUp) {
        let mut block = format!("{}\n", timestamp14(lookup.at));
        for address in &lookup.addresses {
            let of_type = if address.is_ipv4() { "A" } else { "AAAA" };
            let _ = writeln!(block, "{}.\tIN\t{of_type}\t{address}", lookup.name.trim_end_matches('.'));
        }
        let digest = Digest::sha1(block.as_bytes()).to_string();
        let draft = Draft::new(Kind::Response, self.id(), lookup.at)
            .with("WARC-Target-URI", &format!("dns:{}", lookup.name))
            .with("WARC-Payload-Digest", &digest);
        self.pack(draft, "text/dns", &[block.as_bytes()]);
    }

    /// Packs what did not come over HTTP: a file of a site on disk, as it is. That there is none, or that it is elsewhere,
    /// is in its metadata only.
    fn resource(&mut self, captured: &Captured<'_>, id: RecordId) -> Packed {
        let Captured { exchange: Exchange { request, response }, at, .. } = captured;
        let is_file = response.status.is_success();
        if is_file {
            let of_type = response.headers.iter().find(|line| line.name() == "content-type");
            let of_type = of_type.map(|line| String::from_utf8_lossy(line.value()).into_owned());
            let draft = Draft::new(Kind::Resource, id, *at)
                .with("WARC-Target-URI", &request.url)
                .with_some("WARC-Payload-Digest", captured.payload_digest().as_deref())
                .with_some("WARC-Truncated", captured.truncated());
            self.pack(draft, of_type.as_deref().unwrap_or("application/octet-stream"), &[&response.body.bytes]);
        }
        Packed { id: is_file.then(|| id.to_string()), is_response: false }
    }

    fn pack(&mut self, draft: Draft, content_type: &str, block: &[&[u8]]) {
        let mut sum = Sha1Sum::default();
        for part in block {
            sum.add(part);
        }
        self.packer.pack(draft.pieces(content_type, &sum.finish(), block).iter(), &mut self.piece);
    }

    fn id(&mut self) -> RecordId {
        self.made += 1;
        let hash = blake3::keyed_hash(&self.salt, &self.made.to_le_bytes());
        let half = hash.as_bytes().first_chunk::<16>().expect("a hash has 32 bytes");
        RecordId::new(u128::from_le_bytes(*half))
    }
}

/// The record at the start of these bytes, when it has the body of this digest.
pub(super) fn original(bytes: &[u8], digest: [u8; 20]) -> Option<Original> {
    let fields = read_head(bytes).ok()?;
    let is_it = fields.get("WARC-Payload-Digest").map(Digest::parse) == Some(Digest::Sha1(digest))
        && fields.get("WARC-Type") == Some(Kind::Response.name());
    let text = |name: &str| fields.get(name).map(str::to_owned);
    Some(Original { id: text("WARC-Record-ID"), uri: text("WARC-Target-URI")?, date: text("WARC-Date")? })
        .filter(|_| is_it)
}

/// The host and the path of a URL, as a request has them.
fn place(url: &str) -> (&str, &str) {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find(['/', '?']).map_or((rest, "/"), |at| rest.split_at(at))
}

/// The way from a seed as Heritrix writes it: a letter for each hop, and the number of those that are left out of a long
/// one. Which of them was no link is not kept.
fn hops(depth: u32) -> String {
    let shown = depth.min(MOST_HOPS);
    let letters = "L".repeat(shown as usize);
    if depth > shown { format!("{}+{letters}", depth - shown) } else { letters }
}

/// The name of a version in `WARC-Protocol`, a field that tools agree on and the standard does not have yet.
fn protocol(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "http/0.9",
        Version::HTTP_10 => "http/1.0",
        Version::HTTP_2 => "h2",
        Version::HTTP_3 => "h3",
        _ => "http/1.1",
    }
}

const WARC_FIELDS: &str = "application/warc-fields";
const RESPONSE: &str = "application/http; msgtype=response";
const REQUEST: &str = "application/http; msgtype=request";
const MOST_HOPS: u32 = 50;
/// How much room is kept for the next piece.
const KEPT: usize = 1 << 20;
