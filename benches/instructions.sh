#!/usr/bin/env bash
# Counts instructions, which hardly depend on who else uses the machine: of a whole crawl, a page, and of parsing one.
#
#   benches/instructions.sh            compares with the last figures of benches/instructions.tsv; 1 when one is over its bound
#   benches/instructions.sh --record   adds the figures to it as well, with the commit that they are of
#
# CRAWLER=FILE counts that binary's crawl, and no parsing: to compare builds. Needs valgrind and Python 3.11.
set -euo pipefail
cd "$(dirname "$0")/.."

PAGES=400
# How many of a hundred instructions more are too many. Two counts of the crawl of one build differ by up to 0.8.
BOUND=2
figures=benches/instructions.tsv
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
for needed in valgrind python3 cargo; do
  command -v "$needed" > /dev/null || { echo "instructions.sh: $needed is not there; install it" >&2; exit 2; }
done
export CARGO_PROFILE_RELEASE_STRIP=none CARGO_PROFILE_BENCH_STRIP=none

# A site as documentation generators write it: navigation that stands on every page, links that lead further as in a tree,
# links to anywhere and out of the site, and pages of some 16 kB.
make_site() {
  mkdir -p "$1/page"
  printf 'User-agent: *\nDisallow: /private/\n' > "$1/robots.txt"
  awk -v pages="$PAGES" -v to="$1" '
    function entry(n) {
      return "<dt class=\"sig sig-object py\" id=\"m.f" n "\"><code class=\"descname\">f" n "</code><a class=\"headerlink\" href=\"#m.f" n "\" title=\"Link here\">&#182;</a></dt>\n" \
        "<dd><p>See <a class=\"reference internal\" href=\"../page/" n ".html#f\" title=\"f of " n "\">f &amp; g of " n "</a>. " words "</p></dd>\n"
    }
    BEGIN {
      for (n = 0; n < 5; n++) words = words "Words that say what it is for. "
      nav = "<nav><a href=\"../index.html\">Home</a> <a href=\"http://www.example.org/project/\">Project</a> <a href=\"https://bugs.example.org/new?from=docs\">Bugs</a> <a href=\"javascript:show(&quot;all&quot;)\">All</a>"
      for (n = 1; n <= 10; n++) nav = nav " <a href=\"../page/" n ".html\" accesskey=\"" n % 10 "\">Chapter " n "</a>"
      nav = nav "</nav>\n"
      for (page = 0; page < pages; page++) {
        lines = ""
        for (child = 1; child <= 3; child++) if (page * 3 + child < pages) lines = lines entry(page * 3 + child)
        for (n = 1; n <= 37; n++) lines = lines entry(1 + (page * 31 + n * n * 17) % (pages - 1))
        file = page ? to "/page/" page ".html" : to "/index.html"
        start = page ? nav : "<base href=\"page/\">" nav
        printf "<!doctype html><html lang=en><head><meta charset=utf-8><title>Page %d</title>\n%s<body><dl>%s</dl></body></html>\n", page, start, lines > file
        close(file)
      }
    }'
}

# Serves a folder on a port that is free, which is printed by the server.
serve() {
  python3 -u -m http.server --protocol HTTP/1.1 --bind 127.0.0.1 --directory "$1" 0 > "$work/served" 2> "$work/asked" &
  server=$!
  until port=$(sed -n 's/.* port \([0-9]*\) .*/\1/p' "$work/served") && [ -n "$port" ]; do
    kill -0 "$server" || { cat "$work/asked" >&2; exit 2; }
    sleep 0.1
  done
}

# Runs a program under callgrind; prints how many instructions that took.
count() {
  valgrind --tool=callgrind --callgrind-out-file=/dev/null "$@" > "$work/out" 2> "$work/err" || { cat "$work/err" >&2; exit 2; }
  sed -n 's/.*Collected : \([0-9]*\).*/\1/p' "$work/err"
}

crawl_a_page() {
  local total records
  total=$(cd "$work" && count "$1" --seed "http://127.0.0.1:$port/" --rate none --per-host-concurrency 64 --dir crawl --fresh -q)
  records=$(wc -l < "$work/crawl/pages.jsonl")
  [ "$records" -ge "$PAGES" ] || { echo "instructions.sh: $records records of $PAGES pages" >&2; exit 2; }
  echo $((total / records))
}

# What the bench does before and after its rounds is in both counts, and so in none of their difference.
parse_a_page() {
  local few many
  few=$(count "$1" --bench --sample-count 1 --sample-size 50 "parser.*$2")
  many=$(count "$1" --bench --sample-count 1 --sample-size 550 "parser.*$2")
  echo $(((many - few) / 500))
}

# Prints a figure beside the last one that was recorded.
tell() {
  local before
  before=$(awk -F '\t' -v what="$1" '$2 == what { last = $3 } END { print last }' "$figures")
  awk -v what="$1" -v now="$2" -v before="${before:-0}" -v bound="$BOUND" 'BEGIN {
    change = before ? 100 * (now - before) / before : 0
    printf "%-28s %10d   %s\n", what, now, before ? sprintf("%+.2f %% of %d%s", change, before, change > bound ? ", TOO MANY" : "") : "nothing to compare with"
    exit change > bound
  }' || over=1
  if [ -n "$record" ]; then printf '%s\t%s\t%s\t%s\n' "$commit" "$1" "$2" "$subject" >> "$figures"; fi
}

over=0
record=
[ "${1:-}" != --record ] || record=yes
commit=$(git rev-parse --short HEAD)
subject=$(git log -1 --format=%s)
make_site "$work/site"
serve "$work/site"
if [ -z "${CRAWLER:-}" ]; then
  cargo build --release --locked --quiet
  target=$(cargo metadata --format-version 1 --no-deps --locked | python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')
  tell "crawl, a page" "$(crawl_a_page "$target/release/crawler")"
  bench=$(cargo bench --bench parse --features internals --locked --no-run --message-format json 2> "$work/built" \
    | python3 -c 'import json, sys; print([m["executable"] for m in map(json.loads, sys.stdin) if m.get("target", {}).get("name") == "parse"][-1])')
  for page in documentation article fixtures; do
    tell "parse, $page" "$(parse_a_page "$bench" "$page")"
  done
else
  tell "crawl, a page" "$(crawl_a_page "$(realpath "$CRAWLER")")"
fi
exit "$over"
