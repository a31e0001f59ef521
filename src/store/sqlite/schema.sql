-- The store of a crawl, version 2. docs/design/store.md says what each column means.

CREATE TABLE state (
  code INTEGER PRIMARY KEY,
  name TEXT NOT NULL
) STRICT;

CREATE TABLE host (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  checksum INTEGER
) STRICT;

CREATE TABLE url (
  id INTEGER PRIMARY KEY,
  key BLOB NOT NULL,
  url TEXT NOT NULL,
  state INTEGER NOT NULL,
  depth INTEGER NOT NULL,
  hops INTEGER NOT NULL,
  referrer INTEGER,
  host INTEGER,
  attempts INTEGER NOT NULL DEFAULT 0,
  due INTEGER,
  record INTEGER,
  status INTEGER,
  error TEXT,
  bytes INTEGER,
  moved INTEGER,
  untold INTEGER,
  mention INTEGER,
  link_text TEXT,
  checksum INTEGER
) STRICT;

CREATE INDEX moved ON url (record) WHERE moved IS NOT NULL;

CREATE TABLE edges (
  id INTEGER PRIMARY KEY,
  links BLOB NOT NULL,
  checksum INTEGER
) STRICT;

CREATE TABLE manners (
  host TEXT PRIMARY KEY,
  saved TEXT NOT NULL,
  checksum INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE sitemap (
  id INTEGER PRIMARY KEY,
  url TEXT NOT NULL UNIQUE,
  saved TEXT NOT NULL,
  checksum INTEGER
) STRICT;

CREATE TABLE seed (
  url TEXT PRIMARY KEY,
  checksum INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE seed_redirect (
  id INTEGER PRIMARY KEY,
  url TEXT NOT NULL,
  target TEXT NOT NULL,
  checksum INTEGER
) STRICT;

CREATE TABLE output (
  name TEXT PRIMARY KEY,
  length INTEGER NOT NULL,
  amended INTEGER,
  crc INTEGER,
  checksum INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
  id INTEGER PRIMARY KEY,
  version TEXT NOT NULL,
  pid INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  committed_at INTEGER NOT NULL,
  records_before INTEGER NOT NULL,
  records INTEGER NOT NULL,
  state TEXT NOT NULL,
  checksum INTEGER
) STRICT;

CREATE TABLE setting (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  checksum INTEGER
) STRICT, WITHOUT ROWID;

CREATE VIEW page AS
SELECT
  url.id,
  url.url,
  state.name AS state,
  url.depth,
  referrer.url AS referrer,
  host.name AS host,
  url.attempts,
  strftime('%Y-%m-%dT%H:%M:%fZ', url.due / 1000.0, 'unixepoch') AS due,
  url.record,
  url.status,
  url.error,
  url.bytes
FROM url
JOIN state ON state.code = url.state
LEFT JOIN url AS referrer ON referrer.id = url.referrer
LEFT JOIN host ON host.id = url.host;
