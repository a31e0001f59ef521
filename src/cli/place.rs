//! Place: which crawl directory a command is about, named as an argument or by `--dir`, as a crawl has it.

use std::path::{Path, PathBuf};

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct Place {
    /// The crawl directory [default: crawl]
    #[arg(value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    dir: Option<PathBuf>,
    /// The same, as the crawl was told it
    #[arg(long = "dir", value_name = "DIR", value_hint = clap::ValueHint::DirPath, conflicts_with = "dir")]
    named: Option<PathBuf>,
}

impl Place {
    /// The directory.
    pub(crate) fn path(&self) -> &Path {
        self.dir.as_deref().or(self.named.as_deref()).unwrap_or(Path::new(super::voice::DIR))
    }
}
