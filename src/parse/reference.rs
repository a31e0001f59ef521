//! A reference of a page, before it is resolved.

use std::borrow::Cow;
use std::num::NonZeroU32;

use crate::mention::Mention;

/// A link as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reference<'a> {
    /// What the attribute says, without the white space around it.
    pub(super) text: Cow<'a, str>,
    /// Its `rel` asks not to follow it.
    pub(super) nofollow: bool,
    pub(super) start: Start,
    /// What it stands in.
    pub(super) mention: Mention,
    /// Where the name begins of the tag that it stands in, in bytes of the page; only of an element that says something.
    pub(super) tag: Option<NonZeroU32>,
}

/// What a reference starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// The base of the page.
    Base,
    /// The URL of the page, whatever its base: so does what stands in the head of the response.
    Url,
    /// One of the inner bases.
    Inner(u16),
}
