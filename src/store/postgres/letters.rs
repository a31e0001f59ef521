//! Letters: rows of `mail`, from and to what the frontier calls so.

use std::sync::Arc;

use tokio_postgres::Row;

use super::row::{count, key, number, number_of, small, text};
use super::told::{AT_ONCE, Told, told};
use super::trouble::Answer;
use crate::error::{Error, Result};
use crate::frontier::{Bucket, Letter, LetterKind};
use crate::mention::Mention;
use crate::outcome::SkipReason;
use crate::url::{CrawlUrl, Target, UrlKey};

/// A letter that is to be kept.
#[derive(Debug)]
pub(super) struct LetterRow {
    bucket: i16,
    kind: i16,
    key: UrlKey,
    url: String,
    /// Why the target is none that can be requested.
    other: Option<i16>,
    depth: i32,
    hops: i16,
    referrer: Option<String>,
    mention: Option<i16>,
    link_text: Option<String>,
    skip: Option<i16>,
    told_again: bool,
    body: Option<String>,
}

impl LetterRow {
    pub(super) fn new(letter: &Letter) -> Result<Self> {
        let reason = |reason: SkipReason| i16::from(reason.code());
        Ok(Self {
            bucket: number_of(letter.to)?,
            kind: code(letter.kind),
            key: letter.target.key(),
            url: text(letter.target.text()),
            other: match &letter.target {
                Target::Url(_) => None,
                Target::Other { reason: why, .. } => Some(reason(*why)),
            },
            depth: number(letter.depth)?,
            hops: small(letter.hops)?,
            referrer: letter.referrer.as_deref().map(text),
            mention: letter.mention.map(|mention| mention.code().into()),
            link_text: letter.link_text.as_deref().map(text),
            skip: letter.skip.map(reason),
            told_again: letter.is_told_again,
            body: letter.body.as_deref().map(text),
        })
    }
}

/// What a batch has to say of letters: those that are new, and those that have had their effect.
pub(super) fn of_mail(new: &[LetterRow], read: &[(i16, i64)]) -> Vec<Told> {
    let mut told = Vec::new();
    for letters in new.chunks(AT_ONCE) {
        fn column<T>(letters: &[LetterRow], of: impl Fn(&LetterRow) -> T) -> Vec<T> {
            letters.iter().map(of).collect()
        }
        told.push(told!(
            "mail",
            MAIL,
            column(letters, |row| row.bucket),
            column(letters, |row| row.kind),
            column(letters, |row| row.key.as_bytes().to_vec()),
            column(letters, |row| row.url.clone()),
            column(letters, |row| row.other),
            column(letters, |row| row.depth),
            column(letters, |row| row.hops),
            column(letters, |row| row.referrer.clone()),
            column(letters, |row| row.mention),
            column(letters, |row| row.link_text.clone()),
            column(letters, |row| row.skip),
            column(letters, |row| row.told_again),
            column(letters, |row| row.body.clone()),
        ));
    }
    for read in read.chunks(AT_ONCE) {
        let (buckets, letters): (Vec<_>, Vec<_>) = read.iter().copied().unzip();
        told.push(told!("mail-read", READ, buckets, letters));
    }
    told
}

/// The letter of a row, which is to this bucket.
pub(super) fn letter(bucket: i16, row: &Row) -> Answer<Letter> {
    let damaged = |what: &str| Error::Damaged(format!("a letter has {what}"));
    let reason = |code: i16| {
        u8::try_from(code).ok().and_then(SkipReason::of_code).ok_or_else(|| damaged("no known reason to skip"))
    };
    let mention =
        |code: i16| u8::try_from(code).ok().and_then(Mention::of_code).ok_or_else(|| damaged("no known mention"));
    let (text, key): (Arc<str>, UrlKey) = (row.try_get::<_, &str>(4)?.into(), key(row.try_get(3)?)?);
    let target = if let Some(why) = row.try_get::<_, Option<i16>>(5)? {
        Target::Other { text, key, reason: reason(why)? }
    } else {
        let url = CrawlUrl::stored(text, key);
        if !url.is_sound() {
            return Err(damaged("a target that is no URL").into());
        }
        Target::Url(url)
    };
    let shared = |at: usize| -> Answer<Option<Arc<str>>> { Ok(row.try_get::<_, Option<&str>>(at)?.map(Arc::from)) };
    Ok(Letter {
        to: Bucket::at(bucket.cast_unsigned()),
        kind: of_code(row.try_get(2)?).ok_or_else(|| damaged("no known kind"))?,
        target,
        depth: count(row.try_get(6)?)?,
        hops: count(row.try_get::<_, i16>(7)?.into())?,
        referrer: shared(8)?,
        mention: row.try_get::<_, Option<i16>>(9)?.map(mention).transpose()?,
        link_text: shared(10)?,
        skip: row.try_get::<_, Option<i16>>(11)?.map(reason).transpose()?,
        is_told_again: row.try_get(12)?,
        body: shared(13)?,
    })
}

/// The number of a kind in the database: its place in [`KINDS`].
fn code(kind: LetterKind) -> i16 {
    let at = KINDS.iter().position(|known| *known == kind);
    at.and_then(|at| i16::try_from(at).ok()).expect("all kinds are there")
}

fn of_code(code: i16) -> Option<LetterKind> {
    KINDS.get(usize::try_from(code).ok()?).copied()
}

/// It only ever grows at its end.
const KINDS: [LetterKind; 7] = [
    LetterKind::Seed,
    LetterKind::Link,
    LetterKind::Nofollow,
    LetterKind::Listed,
    LetterKind::Robots,
    LetterKind::RobotsAnswer,
    LetterKind::Sitemap,
];
const MAIL: &str = "INSERT INTO mail (bucket, kind, key, url, other, depth, hops, referrer, mention, link_text, skip, told_again, \
    body) SELECT * FROM unnest($1::smallint[], $2::smallint[], $3::bytea[], $4::text[], $5::smallint[], $6::int[], $7::smallint[], \
    $8::text[], $9::smallint[], $10::text[], $11::smallint[], $12::boolean[], $13::text[])";
const READ: &str =
    "DELETE FROM mail USING unnest($1::smallint[], $2::bigint[]) AS n(b, i) WHERE mail.bucket = n.b AND mail.id = n.i";
