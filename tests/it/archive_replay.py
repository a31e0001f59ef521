"""Replays an archive with pywb, in this process, and compares each page with what its server answers, byte by byte."""
import gzip, http.client, json, os, sys, tempfile, urllib.request, warnings

warnings.simplefilter("ignore")
folder, origin = os.path.abspath(sys.argv[1]), sys.argv[2]
most = int(sys.argv[3]) if len(sys.argv) > 3 else 1000
os.chdir(tempfile.mkdtemp())
with open("config.yaml", "w") as config:
    config.write(f"collections:\n  a:\n    index_paths: {folder}/index.cdxj\n    archive_paths: {folder}/\n")
from webtest import TestApp
from pywb.apps.frontendapp import FrontEndApp

app = TestApp(FrontEndApp(config_file="config.yaml"), lint=False)
compared = 0
for line in open(f"{folder}/index.cdxj"):
    capture = json.loads(line[line.index("{"):])
    if not capture["url"].startswith(origin) or capture.get("status") != "200" or compared >= most:
        continue
    stamp = line.split(" ")[1]
    try:
        with urllib.request.urlopen(capture["url"]) as answer:
            live, coding = answer.read(), answer.headers.get("Content-Encoding")
    except (OSError, http.client.HTTPException):
        # It does not answer to the end, so there is nothing to compare with.
        continue
    replayed = app.get(f"/a/{stamp}id_/{capture['url']}", headers={"Accept-Encoding": "identity"}, status="*")
    if coding == "gzip":
        live = gzip.decompress(live)
    body = replayed.body
    if replayed.headers.get("Content-Encoding") == "gzip":
        body = gzip.decompress(body)
    if replayed.status_int != 200 or body != live:
        sys.exit(f"{capture['url']} is replayed otherwise: {replayed.status}, {len(body)} bytes, not {len(live)}")
    compared += 1
if not compared:
    sys.exit("nothing was compared")
print(f"{compared} pages are replayed as they are")
