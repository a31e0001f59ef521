//! What is wrong with a site, as people and programs read it: for `crawler links` and `crawler audit`.

use std::fmt::Write as _;
use std::io::{BufWriter, Write};
use std::path::Path;

use crate::checkup::{Detail, Finding, Findings, Place, SourceFiles, format};
use crate::error::{Error, Result};
use crate::observe::{count, counted, printable};
use clap::{Args, ValueEnum};
use serde_json::{Map, Value};

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[expect(clippy::doc_markdown, reason = "the texts of --help are plain text, not Markdown")]
pub(crate) enum Format {
    /// For people
    Text,
    /// One JSON object
    Json,
    /// SARIF 2.1.0, for code hosts
    Sarif,
    /// The XML of JUnit, for most CI systems
    Junit,
    /// Workflow commands of GitHub Actions
    Github,
}

#[derive(Debug, Args)]
pub(crate) struct Shown {
    /// How it is printed
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Print one JSON object, as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
}

impl Shown {
    /// Prints what was found, with what is said of it as a whole.
    pub(crate) fn print(&self, findings: &Findings, about: &About<'_>) -> Result<()> {
        let mut stdout = BufWriter::new(std::io::stdout().lock());
        let to = &mut stdout;
        let files = || SourceFiles::of(about.dir);
        match if self.json { Format::Json } else { self.format } {
            Format::Text => text(findings, to)?,
            Format::Json => format::json(findings, &about.json, to)?,
            Format::Sarif => {
                let files = files()?;
                format::sarif(findings, &|page| files.file(page), to)?;
            }
            Format::Junit => format::junit(findings, about.name, to)?,
            Format::Github => {
                let files = files()?;
                format::github(findings, &|page| files.file(page), to)?;
            }
        }
        to.flush().map_err(to_stdout)
    }

    /// Whether it is printed for people.
    pub(crate) fn is_text(&self) -> bool {
        !self.json && self.format == Format::Text
    }
}

/// What is said of all findings together.
#[derive(Debug)]
pub(crate) struct About<'a> {
    /// What programs call it.
    pub(crate) name: &'a str,
    /// The crawl directory.
    pub(crate) dir: &'a Path,
    /// What JSON has in front of the findings.
    pub(crate) json: Map<String, Value>,
}

fn text(findings: &Findings, to: &mut dyn Write) -> Result<()> {
    let counts = findings.counts()?;
    let mut last = None;
    findings.each(|finding, places| {
        let mut text = String::new();
        let is_first = last.replace(finding.rule.id) != Some(finding.rule.id);
        let counted_by = counts.iter().find(|(rule, ..)| is_first && rule.id == finding.rule.id);
        if let Some((rule, urls, places)) = counted_by {
            let (urls, places) = (counted(*urls, "URL", "URLs"), counted(*places, "place", "places"));
            let _ = writeln!(text, "{} ({}): {urls} at {places}, {}", rule.id, rule.severity.name(), rule.title);
        }
        text.push_str(&head(finding));
        to.write_all(text.as_bytes()).map_err(to_stdout)?;
        for place in places {
            let place = place?;
            to.write_all(line(&place, &finding.url).as_bytes()).map_err(to_stdout)?;
        }
        Ok(())
    })
}

fn head(finding: &Finding) -> String {
    let Detail { why, chain, to, .. } = &finding.detail;
    let mut text = format!("  {}\n    {}", printable(&finding.url), printable(why));
    if finding.places > 1 {
        let _ = write!(text, "; {} places on {}", count(finding.places), counted(finding.pages, "page", "pages"));
    }
    text.push('\n');
    for hop in chain {
        let _ = writeln!(text, "    {} {}", hop.status, printable(&hop.url));
    }
    if let Some(to) = to {
        let _ = writeln!(text, "     -> {}", printable(to));
    }
    text
}

/// A place, on a line; nothing when the URL itself says it all.
fn line(place: &Place, url: &str) -> String {
    let (page, is_bare) = (&place.page, place.line.is_none() && place.text.is_none());
    if page == url && is_bare {
        return String::new();
    }
    let mut text = format!("      {}", if page == url { String::new() } else { printable(page) });
    if let (Some(line), Some(column)) = (place.line, place.column) {
        let _ = write!(text, "  {line}:{column}");
    }
    if let Some(found_by) = &place.found_by {
        let _ = write!(text, "  {}", printable(found_by));
    }
    if let Some(said) = &place.text {
        let _ = write!(text, "  “{}”", printable(said));
    }
    text.push('\n');
    text
}

fn to_stdout(error: std::io::Error) -> Error {
    Error::io("write to", Path::new("stdout"), error)
}
