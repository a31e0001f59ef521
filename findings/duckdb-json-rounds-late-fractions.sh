#!/usr/bin/env bash
# DuckDB 2.0.1 takes the types of read_json from the first 20,480 rows. A column that held whole numbers in these rounds the
# fractions that come later without an error: 1.5 is read as 2. (A field that comes later is an error when all columns are
# read, and nothing is said of it when some are.) With sample_size = -1, or with `columns`, nothing is lost.
#
# Reads 20,480 whole numbers, then 1.5. Exits 0 while DuckDB gives 2 for it. Needs python3 and PyPI.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check duckdb==2.0.1
seen=$(venv/bin/python - <<'PY'
import duckdb
with open("rows.jsonl", "w") as rows:
    rows.writelines('{"n":0}\n' for _ in range(20480))
    rows.write('{"n":1.5}\n')
print(duckdb.sql("SELECT max(n) FROM 'rows.jsonl'").fetchall()[0][0])
print(duckdb.sql("SELECT max(n) FROM read_json('rows.jsonl', sample_size = -1)").fetchall()[0][0])
PY
)
echo "duckdb 2.0.1: $seen"
[ "$seen" = "2
1.5" ]
