#!/usr/bin/env bash
# polars 2.1.0 takes the types of read_ndjson from the first 100 rows. A list that is empty in all of these is read as a list
# of nulls, and what later rows have in it becomes null without an error: ["a"] is read as [None]. With
# infer_schema_length=None, or with `schema`, nothing is lost.
#
# Reads 100 empty lists, then ["a"]. Exits 0 while polars gives [None] for it. Needs python3 and PyPI.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check polars==2.1.0
seen=$(venv/bin/python - <<'PY'
import io, polars
rows = b'{"links":[]}\n' * 100 + b'{"links":["a"]}\n'
print(polars.read_ndjson(io.BytesIO(rows))["links"].to_list()[-1])
print(polars.read_ndjson(io.BytesIO(rows), infer_schema_length=None)["links"].to_list()[-1])
PY
)
echo "polars 2.1.0: $seen"
[ "$seen" = "[None]
['a']" ]
