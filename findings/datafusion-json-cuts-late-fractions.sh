#!/usr/bin/env bash
# DataFusion 55.0.0 takes the types of a JSON file from its first 1,000 rows. A column that held whole numbers in these cuts
# off the fractions that come later, without an error: 1.5 is read as 1 (DuckDB rounds it to 2). With a greater
# schema_infer_max_records nothing is lost.
#
# Reads 1,000 whole numbers, then 1.5. Exits 0 while DataFusion gives 1 for it. Needs python3 and PyPI.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check datafusion==55.0.0
seen=$(venv/bin/python - <<'PY'
import datafusion
with open("rows.json", "w") as rows:
    rows.writelines('{"n":0}\n' for _ in range(1000))
    rows.write('{"n":1.5}\n')
for most in (1000, 2000):
    context = datafusion.SessionContext()
    context.register_json("rows", "rows.json", schema_infer_max_records=most)
    print(context.sql("SELECT max(n) AS n FROM rows").to_pylist()[0]["n"])
PY
)
echo "datafusion 55.0.0: $seen"
[ "$seen" = "1
1.5" ]
