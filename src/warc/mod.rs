//! WARC (ISO 28500): records as data, written and read without a file.
//!
//! What is written is WARC/1.1, one gzip member for each record. What is read is whatever is found in archives: WARC/0.18
//! to 1.1, of any program, in members, in one member for the whole file, or not compressed. Files of strangers are
//! hostile: heads and blocks are bounded, and no bytes make a panic.

mod cdxj;
mod date;
mod digest;
mod draft;
mod fields;
mod http_head;
mod message;
mod next_start;
mod packer;
mod record;
mod record_id;
mod records;
mod surt;

pub(crate) use cdxj::{CdxLine, capture};
pub(crate) use date::{date_text, parse_date, timestamp14};
pub(crate) use digest::{Digest, Sha1Sum, sha1};
pub(crate) use draft::{Draft, NOT_MODIFIED_PROFILE, REVISIT_PROFILE};
pub(crate) use fields::Fields;
pub(crate) use http_head::{request_head, response_head};
pub(crate) use message::Message;
pub(crate) use next_start::next_start;
pub(crate) use packer::Packer;
pub(crate) use record::{Kind, Record};
pub(crate) use record_id::RecordId;
pub(crate) use records::{Bounds, Fault, Place, Placed, Records, read_head};
pub(crate) use surt::surt;
