//! Format: what the file of an export is, by the ending of its name.

use std::path::Path;

use crate::problem::Problem;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// One JSON object a line.
    Jsonl(Packing),
    /// RFC 4180, with a line of names.
    Csv,
    /// A database of SQLite.
    Sqlite,
    /// Apache Parquet.
    Parquet,
}

/// How lines are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    None,
    Gzip,
    Zstd,
}

impl Format {
    /// The format of a file of this name.
    pub(crate) fn of(path: &Path) -> Result<Self, Problem> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        if let Some((_, format)) = ENDINGS.iter().find(|(ending, _)| name.ends_with(ending)) {
            return Ok(*format);
        }
        let allowed: Vec<_> = ENDINGS.iter().map(|(ending, _)| *ending).collect();
        let problem = Problem::new(format!("the ending of {} names no format", path.display()));
        let near = NEAR.iter().find(|(ending, _)| name.ends_with(ending)).map(|(_, near)| (*near).to_owned());
        Err(problem.allowed(allowed.join(", ")).help(near))
    }
}

const ENDINGS: &[(&str, Format)] = &[
    (".parquet", Format::Parquet),
    (".csv", Format::Csv),
    (".sqlite", Format::Sqlite),
    (".sqlite3", Format::Sqlite),
    (".db", Format::Sqlite),
    (".jsonl", Format::Jsonl(Packing::None)),
    (".jsonl.gz", Format::Jsonl(Packing::Gzip)),
    (".jsonl.zst", Format::Jsonl(Packing::Zstd)),
    (".ndjson", Format::Jsonl(Packing::None)),
    (".ndjson.gz", Format::Jsonl(Packing::Gzip)),
    (".ndjson.zst", Format::Jsonl(Packing::Zstd)),
];

/// What is probably meant by some others.
const NEAR: &[(&str, &str)] = &[
    (".json", "one JSON object a line is .jsonl"),
    (".gz", "a compressed file needs both endings: .jsonl.gz"),
    (".zst", "a compressed file needs both endings: .jsonl.zst"),
    (".duckdb", "DuckDB reads .parquet: CREATE TABLE pages AS FROM 'pages.parquet'"),
    (".tsv", "a file of rows is .csv"),
    (".xlsx", "spreadsheets read .csv"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_it_ends_with() {
        let of = |name: &str| Format::of(Path::new(name)).map_err(|problem| problem.to_string());
        assert_eq!(of("a/b.c.PARQUET"), Ok(Format::Parquet));
        assert_eq!(of("pages.jsonl.gz"), Ok(Format::Jsonl(Packing::Gzip)));
        let all = "allowed: .parquet, .csv, .sqlite, .sqlite3, .db, .jsonl, .jsonl.gz, .jsonl.zst, .ndjson, .ndjson.gz, \
                   .ndjson.zst";
        assert_eq!(of("pages"), Err(format!("the ending of pages names no format; {all}")));
        let json = format!("the ending of a.json names no format; {all}; one JSON object a line is .jsonl");
        assert_eq!(of("a.json"), Err(json));
        assert!(of("csv").is_err(), "a name is no ending");
    }
}
