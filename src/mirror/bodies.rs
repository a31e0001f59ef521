//! The bodies of a mirror: from the archive of its crawl, and of what has not changed since from those of the crawls before.

use std::path::Path;

use bytes::Bytes;
use http::header::LOCATION;

use super::records::{Kept, Redirect};
use crate::committed::ArchiveFile;
use crate::error::{Error, Result};
use crate::fetch::Archive;
use crate::media_type::MediaType;
use crate::response::Body;
use crate::url::{Base, header_text};

/// What the URLs of a crawl were answered with.
#[derive(Debug)]
pub(super) struct Bodies {
    archive: Archive,
}

impl Bodies {
    /// Those of the crawl in a directory.
    ///
    /// # Errors
    /// [`Error::Usage`] when it has no archive, [`Error::Damaged`] when that cannot be read.
    pub(super) fn open(dir: &Path) -> Result<Self> {
        let own = ArchiveFile::of_crawl(dir).map_err(|error| match error {
            Error::Usage(why) if why.contains("no archive") => Error::Usage(format!(
                "the crawl in {} has no archive, and the bodies of pages are nowhere else\n = help: {WITH_ARCHIVE}",
                dir.display()
            )),
            error => error,
        })?;
        let files = ArchiveFile::of_crawls_before(dir).into_iter().chain(own);
        let parts: Vec<_> = files.map(|file| (file.path, file.committed)).collect();
        let options = crate::fetch::Options {
            content_types: vec!["*/*".parse().expect("it is a media range")],
            max_body: LONGEST,
            ..crate::fetch::Options::default()
        };
        Ok(Self { archive: Archive::of_crawl(&parts, &options)? })
    }

    /// What a URL was answered with; or why nobody knows it, for a person.
    pub(super) fn of(&self, kept: &Kept) -> Result<(Option<MediaType>, Bytes), String> {
        let answer = self.archive.captured(&kept.asked, kept.at).map_err(|failure| failure.message.into_owned())?;
        let media_type = MediaType::extract(&answer.headers);
        match answer.body {
            // Where the right archive is gone, that of another time answers.
            Body::Read(body) if answer.status.is_success() && kept.is_hash_of(&body) => Ok((media_type, body)),
            Body::Read(_) if answer.status.is_success() => {
                Err("the archive has the body of another time only".to_owned())
            }
            Body::Read(_) | Body::Unwanted => {
                Err(format!("the archive has a response with status {}", answer.status.as_u16()))
            }
            Body::Failed(failure) => Err(failure.message.into_owned()),
        }
    }

    /// Where a redirect leads, with the fragment that only its response has.
    pub(super) fn location(&self, from: &Redirect) -> String {
        let answer = self.archive.captured(&from.url, from.at).ok();
        let written = answer
            .and_then(|answer| answer.headers.get(LOCATION).map(|value| header_text(value.as_bytes()).into_owned()));
        let absolute = written.and_then(|written| Base::new(from.url.clone()).absolute(&written, None));
        // A page that sends its readers on is no redirect of HTTP.
        let is_same = |absolute: &String| absolute.split('#').next() == Some(from.location.as_str());
        absolute.filter(is_same).unwrap_or_else(|| from.location.clone())
    }
}

/// How long a body may be, in bytes: the crawl that has written it had a lower limit.
const LONGEST: u64 = 1 << 30;
const WITH_ARCHIVE: &str = "crawl with --warc --set 'parse.follow=[\"page\", \"embed\", \"style\"]'";
