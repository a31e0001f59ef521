//! Survey: what is kept of pages for those who check them, one page a line, in a file of its own.

use std::path::PathBuf;

use super::durable_file::DurableFile;
use super::{Checkpoint, Settled, Sink};
use crate::error::{Error, Result};

/// A file of [surveys](crate::survey::Survey), one a line. Only pages that were read, and some redirects, have one.
///
/// It only grows by whole lines, and is cut back to those of the pages that are settled.
#[derive(Debug)]
pub struct SurveyFile {
    lines: DurableFile,
}

impl SurveyFile {
    /// Goes on with the file, or begins it; what lies behind its checkpoint is cut off.
    ///
    /// # Errors
    /// [`Error::Damaged`] when it is not the file that the crawl has left; it is then not touched.
    pub fn resume(path: impl Into<PathBuf>, checkpoint: &Checkpoint) -> Result<Self> {
        let path = path.into();
        Ok(Self { lines: DurableFile::resume(&path, checkpoint, b"\n")? })
    }
}

impl Sink for SurveyFile {
    fn write(&mut self, settled: &Settled) -> Result<()> {
        let Some(survey) = &settled.survey else { return Ok(()) };
        self.lines.append(|lines| {
            serde_json::to_writer(&mut *lines, survey)
                .map_err(|error| Error::Internal(format!("the survey of {} is no JSON: {error}", survey.url)))?;
            lines.push(b'\n');
            Ok(())
        })
    }

    fn flush(&mut self) -> Result<Option<Checkpoint>> {
        self.lines.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::record::tests::page;
    use super::*;
    use crate::survey::Survey;

    fn settled(nth: usize) -> Settled {
        let url = format!("http://e.com/{nth}");
        let mut settled = Settled::new(page(&url, 1, None));
        settled.survey = Some(Box::new(Survey { url: url.into(), ids: vec!["a".to_owned()], ..Survey::default() }));
        settled
    }

    #[test]
    fn each_page_is_there_once_whatever_happens() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("survey.jsonl");
        let mut file = SurveyFile::resume(&path, &Checkpoint::length(0)).unwrap();
        file.write(&settled(0)).unwrap();
        file.write(&Settled::new(page("http://e.com/none", 1, None))).unwrap();
        let committed = file.flush().unwrap().unwrap();
        file.write(&settled(1)).unwrap();
        file.flush().unwrap();
        drop(file);
        let mut file = SurveyFile::resume(&path, &committed).unwrap();
        file.write(&settled(1)).unwrap();
        file.flush().unwrap();
        insta::assert_snapshot!(fs::read_to_string(&path).unwrap(), @r#"
        {"url":"http://e.com/0","ids":["a"]}
        {"url":"http://e.com/1","ids":["a"]}
        "#);
    }
}
