#!/usr/bin/env bash
# FastWARC 2.0.1 compares the WARC-Payload-Digest of a revisit with what is in the record, where there is no payload: that
# digest is of the body that the revisit refers to (WARC 1.1, section 6.7.2: it is how the two are known to be the same). So
# `fastwarc check -p` calls each revisit wrong that has an HTTP head. Without -p it checks the digests of blocks only.
#
# Checks a revisit that warcio 1.8.1 agrees with. Exits 0 while FastWARC fails it. Needs python3 and PyPI.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check fastwarc==2.0.1 warcio==1.8.1
venv/bin/python - <<'PY'
from io import BytesIO
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter
with open("a.warc.gz", "wb") as file:
    writer = WARCWriter(file, gzip=True)
    head = lambda: StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
    first = writer.create_warc_record("http://e.com/1", "response", payload=BytesIO(b"same"), http_headers=head())
    writer.write_record(first)
    digest, date = (first.rec_headers.get_header(name) for name in ("WARC-Payload-Digest", "WARC-Date"))
    writer.write_record(writer.create_revisit_record("http://e.com/2", digest, "http://e.com/1", date, http_headers=head()))
PY
venv/bin/warcio check a.warc.gz
seen=$(venv/bin/fastwarc check -p a.warc.gz -o seen.txt >/dev/null 2>&1 || true; cat seen.txt)
echo "fastwarc 2.0.1: $seen"
[ "$(grep -c PAYLOAD_FAIL <<<"$seen")" = 1 ] && venv/bin/fastwarc check -q a.warc.gz
