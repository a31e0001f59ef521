//! What docs/output.md says of reading records in other programs, with these programs. Skipped where they are not installed:
//! `DATA_TOOLS` names a folder with `python` and what belongs to it, as `.ci/run` makes one.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cli::Run;

#[test]
fn other_programs_read_all_that_the_documents_say() {
    let Some(tools) = tools() else { return };
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    fs::create_dir(dir.join("crawl")).unwrap();
    fs::write(dir.join("crawl/pages.jsonl"), records()).unwrap();
    for name in ["out.csv", "out.sqlite", "out.jsonl.gz", "out.jsonl.zst"] {
        let run = Run::new(dir, &["export", "--to", name]);
        assert_eq!(run.code, 0, "{name}: {}", run.stderr);
    }
    if cfg!(feature = "parquet") {
        assert_eq!(Run::new(dir, &["export", "--to", "out.parquet"]).code, 0);
    }
    for tool in ["polars", "pandas"] {
        fs::write(dir.join(format!("{tool}_call.py")), Run::new(dir, &["schema", "record", "--for", tool]).stdout)
            .unwrap();
    }
    let (python, shell) = (block("python"), block("sh"));
    fs::write(dir.join("check.py"), format!("ROWS, LATE = {ROWS}, {LATE}\n{python}\n{CHECKS}")).unwrap();
    run(&tools, dir, &["sh", "-ec", &shell]);
    run(&tools, dir, &["python", "check.py"]);
}

#[test]
fn a_call_is_printed_for_records_only() {
    let folder = tempfile::tempdir().unwrap();
    let call = Run::new(folder.path(), &["schema", "record", "--for", "duckdb"]);
    assert_eq!((call.code, call.stderr.as_str()), (0, ""));
    assert!(call.stdout.contains("    error: 'STRUCT(kind VARCHAR, message VARCHAR)',\n"), "{}", call.stdout);
    let refused = Run::new(folder.path(), &["schema", "config", "--for", "duckdb"]);
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""));
    assert!(refused.stderr.contains("crawler schema record --for"), "{}", refused.stderr);
}

/// Where the programs are.
#[expect(clippy::print_stdout, reason = "who runs the tests should know that this one did nothing")]
fn tools() -> Option<PathBuf> {
    let Some(tools) = std::env::var_os("DATA_TOOLS").map(PathBuf::from) else {
        println!(
            "skipped: DATA_TOOLS names no folder with duckdb, polars, pandas, pyarrow and sqlite-utils for python"
        );
        return None;
    };
    Some(std::path::absolute(tools).unwrap())
}

#[track_caller]
fn run(tools: &Path, dir: &Path, call: &[&str]) {
    let binary = Path::new(env!("CARGO_BIN_EXE_crawler")).parent().unwrap();
    let mut path: Vec<PathBuf> = vec![tools.to_owned(), binary.to_owned()];
    path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let path: OsString = std::env::join_paths(path).unwrap();
    let program = if call[0] == "python" { tools.join("python") } else { PathBuf::from(call[0]) };
    let output = Command::new(program).args(&call[1..]).current_dir(dir).env("PATH", path).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{call:?}: {said}{}", String::from_utf8_lossy(&output.stdout));
}

/// The code that stands in the section on reading.
fn block(language: &str) -> String {
    let (_, section) = OUTPUT.split_once("\n## Reading it\n").unwrap();
    let (_, code) = section.split_once(&format!("\n```{language}\n")).unwrap();
    code.split("\n```\n").next().unwrap().to_owned()
}

/// Records of which the last ones have what none of the others has.
fn records() -> String {
    let mut text = String::new();
    for n in 0..ROWS {
        let (outcome, rest) = match n {
            _ if n + LATE < ROWS => ("ok", r#""links":[]"#.to_owned()),
            // Longer than what pyarrow reads at once.
            _ if n + LATE == ROWS => {
                ("ok", format!(r#""title":"{}","links":["http://e.com/"]"#, "long ".repeat(600_000)))
            }
            _ => ("failed", r#""error":{"kind":"dns","message":"ü, \"☃\"\n= 1"},"links_left_out":7"#.to_owned()),
        };
        writeln!(
            text,
            r#"{{"url":"http://e.com/{n}","outcome":"{outcome}","depth":{},"attempts":1,"fetched_at":"2026-11-{:02}T11:01:17.{:03}Z","elapsed_ms":{n},{rest}}}"#,
            n % 9,
            1 + n % 28,
            n % 1000,
        )
        .unwrap();
    }
    text
}

const OUTPUT: &str = include_str!("../../docs/output.md");
/// More than any of the programs looks at.
const ROWS: usize = 21_000;
const LATE: usize = 20;

/// What holds after the code of the documents has run.
const CHECKS: &str = r#"
import csv, os, sqlite3, sys
import pandas

FAILED = LATE - 1
SUM = sum(range(ROWS))
csv.field_size_limit(1 << 30)

for relation in (by_types, by_rows):
    counts = duckdb.sql("SELECT count(*), count(DISTINCT url), count(kind), sum(links_left_out) FROM relation").fetchall()[0]
    assert counts == (ROWS, ROWS, FAILED, 7 * FAILED), counts
late = duckdb.sql("SELECT links, content, fields, fetched_at FROM pages WHERE depth >= 0 AND len(links) > 0").fetchall()
assert len(late) == 1 and late[0][0] == ["http://e.com/"] and late[0][1:3] == (None, None), late
assert table.num_rows == ROWS and pyarrow.compute.sum(table["links_left_out"]).as_py() == 7 * FAILED

exec(open("polars_call.py").read())
typed = pages
for frame in (frame, typed):
    assert frame.height == ROWS and frame["url"].n_unique() == ROWS, frame
    assert frame["elapsed_ms"].sum() == SUM and frame["links_left_out"].sum() == 7 * FAILED
    assert frame["links"].drop_nulls().list.len().sum() == 1
assert typed["fetched_at"].null_count() == 0 and typed.schema["fetched_at"] == polars.Datetime("ms", "UTC")

exec(open("pandas_call.py").read())
assert len(pages) == ROWS and pages["url"].nunique() == ROWS and pages["links_left_out"].sum() == 7 * FAILED
assert str(pages["status"].dtype) == "Int64" and str(pages["fetched_at"].dt.tz) == "UTC", pages.dtypes

database = sqlite3.connect("out.sqlite")
counts = database.execute("SELECT count(*), sum(elapsed_ms), sum(links_left_out), count(\"error.kind\") FROM pages").fetchone()
assert counts == (ROWS, SUM, 7 * FAILED, FAILED), counts
assert database.execute("SELECT count(*) FROM pages_fts WHERE pages_fts MATCH 'long'").fetchone() == (1,)
assert sqlite3.connect("pages.db").execute("SELECT count(*), sum(links_left_out) FROM pages").fetchone() == (ROWS, 7 * FAILED)

rows = list(csv.DictReader(open("out.csv", newline="", encoding="utf-8")))
message = 'ü, "☃"\n= 1'
assert len(rows) == ROWS and rows[-1]["error.message"] == message and rows[0]["status"] == "", rows[-1]
frame = polars.read_csv("out.csv", infer_schema_length=None)
assert frame.height == ROWS and frame["error.message"].to_list()[-1] == message
assert len(pandas.read_csv("out.csv")) == ROWS
counts = duckdb.sql("SELECT count(*), sum(elapsed_ms) FROM read_csv('out.csv', max_line_size = 8000000)").fetchall()[0]
assert counts == (ROWS, SUM), counts

for name in ("out.jsonl.gz", "out.jsonl.zst"):
    counts = duckdb.sql(f"SELECT count(*), sum(elapsed_ms) FROM read_json('{name}', sample_size = -1)").fetchall()[0]
    assert counts == (ROWS, SUM), (name, counts)

if os.path.exists("out.parquet"):
    import pyarrow.parquet
    query = """SELECT count(*), sum(elapsed_ms), sum(links_left_out), count(error.kind), sum(len(links)), min(fetched_at) = min(fetched_at)
               FROM 'out.parquet'"""
    counts = duckdb.sql(query).fetchall()[0]
    assert counts == (ROWS, SUM, 7 * FAILED, FAILED, 1, True), counts
    types = dict(duckdb.sql("SELECT column_name, column_type FROM (DESCRIBE FROM 'out.parquet')").fetchall())
    expected = dict(duckdb.sql("SELECT column_name, column_type FROM (DESCRIBE pages)").fetchall())
    expected = {name: kind.replace("JSON", "VARCHAR") for name, kind in expected.items()}
    assert types == expected, (types, expected)
    frame = polars.read_parquet("out.parquet")
    assert frame.equals(typed), (frame.schema, typed.schema)
    assert pyarrow.parquet.read_table("out.parquet").num_rows == ROWS
    assert len(pandas.read_parquet("out.parquet")) == ROWS
"#;
