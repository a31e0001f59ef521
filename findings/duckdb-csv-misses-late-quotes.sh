#!/usr/bin/env bash
# DuckDB 2.0.1 finds out from the first 20,480 rows of a CSV file what its quote is. When no cell needs quotes in these, it
# takes the file for one without, and gives the quotes of later cells as a part of their values, without an error where no
# comma and no line end is in them. The file is RFC 4180 all the way. With quote = '"', with sample_size = -1, or with quotes
# around the names in the first line, nothing is wrong.
#
# Reads 20,480 plain cells, then "say ""hi""". Exits 0 while DuckDB keeps the quotes. Needs python3 and PyPI.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check duckdb==2.0.1
seen=$(venv/bin/python - <<'PY'
import duckdb
def read(names, options=""):
    with open("rows.csv", "w", newline="") as rows:
        rows.write(names + "\r\n" + "1,x\r\n" * 20480 + '2,"say ""hi"""\r\n')
    return duckdb.sql(f"SELECT max(b) FROM read_csv('rows.csv'{options}) WHERE a = 2").fetchall()[0][0]
print(read("a,b"))
print(read("a,b", """, quote = '"'"""))
print(read('"a","b"'))
PY
)
echo "duckdb 2.0.1: $seen"
[ "$seen" = '"say ""hi"""
say "hi"
say "hi"' ]
