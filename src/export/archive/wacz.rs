//! WACZ: an archive with its index and its pages, in one file that a browser can read in parts.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write as _};
use std::path::PathBuf;

use sha2::{Digest as _, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::datapackage::{self, Datapackage};
use super::zip_num::{ZipNum, hex};
use super::{index, page_list};
use crate::committed::{ArchiveFile, Output, Source};
use crate::config::Config;
use crate::crawl_dir::is_own_file;
use crate::error::{Error, Result};
use crate::export::target::Target;

/// What is packed, and where to.
#[derive(Debug)]
pub(crate) struct Wacz {
    /// The crawl directory.
    pub(crate) dir: PathBuf,
    /// The file.
    pub(crate) to: PathBuf,
    /// What people call it.
    pub(crate) title: Option<String>,
    /// Whether a file that is there is replaced.
    pub(crate) replaces: bool,
}

/// What was packed.
#[derive(Debug)]
pub(crate) struct Packed {
    pub(crate) pages: u64,
    pub(crate) captures: u64,
    /// How many of them say only that nothing has changed: the body is in the archive of an earlier crawl.
    pub(crate) unchanged: u64,
    /// The length of the file.
    pub(crate) bytes: u64,
}

/// Writes a WACZ 1.1.1 of the archive of a crawl: of what is committed, while the crawl runs or after it. All in it is
/// stored as it is, so that readers can ask for parts of it.
///
/// # Errors
/// [`Error::Usage`] when there is no archive, or no place for the file. [`Error::Damaged`] when the archive or the records
/// cannot be read.
pub(crate) fn wacz(request: &Wacz) -> Result<Packed> {
    if is_own_file(&request.dir, &request.to) {
        let to = request.to.display();
        return Err(Error::Usage(format!("--to: {to} is a file of the crawl\n = help: take another name")));
    }
    let files = ArchiveFile::of_crawl(&request.dir)?;
    let mut source = Source::open(&request.dir, Output::Records)?;
    let target = Target::begin(&request.to, request.replaces)?;
    let mut package = Package::new(&target);
    for file in &files {
        package.put(&format!("archive/{}", file.name()), &mut file.open()?)?;
    }
    let (captures, unchanged) = package.put_index(&files, &target)?;
    let (pages, main_page) = package.put_pages(&mut source)?;
    let title = request.title.clone().or_else(|| main_page.clone()).unwrap_or_else(|| "crawl".to_owned());
    package.finish(&title, main_page.as_deref())?;
    Ok(Packed { pages, captures, unchanged, bytes: target.finish()? })
}

/// A WACZ on its way.
struct Package<'a> {
    target: &'a Target,
    zip: ZipWriter<BufWriter<&'a File>>,
    contents: Datapackage,
}

impl<'a> Package<'a> {
    fn new(target: &'a Target) -> Self {
        let zip = ZipWriter::new(BufWriter::with_capacity(BUFFER, target.file()));
        Self { target, zip, contents: Datapackage::default() }
    }

    /// Puts in a file, and notes it in the datapackage.
    fn put(&mut self, path: &str, from: &mut dyn Read) -> Result<()> {
        self.begin(path)?;
        let (mut hash, mut bytes, mut buffer) = (Sha256::new(), 0, vec![0; BUFFER]);
        loop {
            let read = match from.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Error::io("read", self.target.shown(), error)),
            };
            let part = buffer.get(..read).unwrap_or_default();
            hash.update(part);
            bytes += read as u64;
            self.zip.write_all(part).map_err(|error| self.io(error))?;
        }
        self.contents.add(path, bytes, &hex(&hash.finalize()));
        Ok(())
    }

    fn put_index(&mut self, files: &[ArchiveFile], target: &Target) -> Result<(u64, u64)> {
        let mut packed = Vec::new();
        let mut index = ZipNum::new(&mut packed, "index.cdx.gz");
        let io = |error| Error::io("write", target.shown(), error);
        let (lines, unchanged) = index::lines(files, target.beside())?;
        let captures = lines.drain(|line| index.push(line).map_err(io))?;
        let keys = index.finish().map_err(io)?;
        self.put("indexes/index.cdx.gz", &mut packed.as_slice())?;
        self.put("indexes/index.idx", &mut keys.as_bytes())?;
        Ok((captures, unchanged))
    }

    fn put_pages(&mut self, source: &mut Source) -> Result<(u64, Option<String>)> {
        let path = "pages/pages.jsonl";
        let has_text = source.settings.as_ref().is_some_and(has_text);
        self.begin(path)?;
        let (mut hash, mut bytes) = (Sha256::new(), 0);
        let (zip, shown) = (&mut self.zip, self.target.shown());
        let listed = page_list::write(&mut *source.lines, has_text, |line| {
            for part in [line.as_bytes(), b"\n"] {
                hash.update(part);
                bytes += part.len() as u64;
                zip.write_all(part).map_err(|error| Error::io("write", shown, error))?;
            }
            Ok(())
        })?;
        self.contents.add(path, bytes, &hex(&hash.finalize()));
        Ok(listed)
    }

    fn finish(mut self, title: &str, main_page: Option<&str>) -> Result<()> {
        let contents = std::mem::take(&mut self.contents);
        let (package, digest) = contents.write(title, main_page, jiff::Timestamp::now());
        for (path, text) in [(datapackage::NAME, package), ("datapackage-digest.json", digest)] {
            self.begin(path)?;
            self.zip.write_all(text.as_bytes()).map_err(|error| self.io(error))?;
        }
        let shown = self.target.shown();
        let mut file = self.zip.finish().map_err(|error| Error::io("write", shown, error.into()))?;
        file.flush().map_err(|error| Error::io("write", shown, error))
    }

    fn begin(&mut self, path: &str) -> Result<()> {
        // Any of them may be longer than the first version of the format can say.
        let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored).large_file(true);
        self.zip.start_file(path, stored).map_err(|error| self.io(error.into()))
    }

    fn io(&self, error: io::Error) -> Error {
        Error::io("write", self.target.shown(), error)
    }
}

/// Whether records have the text of their pages.
fn has_text(settings: &Config) -> bool {
    settings.content.text
}

const BUFFER: usize = 256 << 10;
