//! Survey: what is kept of pages for those who check them, one page a line, in a file of its own.

use std::path::PathBuf;

use super::durable_file::DurableFile;
use super::{Checkpoint, Settled, Sink, json_line};
use crate::error::Result;

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
    /// [`Error::Damaged`](crate::error::Error::Damaged) when it is not the file that the crawl has left; it is then not touched.
    pub fn resume(path: impl Into<PathBuf>, checkpoint: &Checkpoint) -> Result<Self> {
        let path = path.into();
        Ok(Self { lines: DurableFile::resume(&path, checkpoint, b"\n")? })
    }
}

impl Sink for SurveyFile {
    fn write(&mut self, settled: &Settled) -> Result<()> {
        let Some(survey) = &settled.survey else { return Ok(()) };
        self.lines.append(|lines| json_line::push(lines, survey, || format!("the survey of {}", survey.url)))
    }

    fn flush(&mut self) -> Result<Option<Checkpoint>> {
        self.lines.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::durable_file::tests::after_a_kill;
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
        let open = |path: &Path, checkpoint: &Checkpoint| SurveyFile::resume(path, checkpoint).unwrap();
        let without_one = Settled::new(page("http://e.com/none", 1, None));
        insta::assert_snapshot!(after_a_kill(open, [&[settled(0), without_one], &[settled(1)]]), @r#"
        {"url":"http://e.com/0","ids":["a"]}
        {"url":"http://e.com/1","ids":["a"]}
        "#);
    }
}
