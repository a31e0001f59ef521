-- The store of a crawl in PostgreSQL, version 2: one schema for each crawl. docs/design/store.md says what each column means.
--
-- No index but the primary keys: one over `record` would end HOT updates of `url`, so records that are out of date are rows of
-- `moved`; one over keys would be written in another place for each URL, and who owns a bucket knows them. What is JSON is text:
-- jsonb refuses the \u0000 that a robots.txt may hold.

CREATE TABLE crawl (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  version int NOT NULL,
  buckets int NOT NULL,
  split text NOT NULL,
  state text NOT NULL,
  epoch bigint NOT NULL DEFAULT 0,
  ttl interval NOT NULL,
  deadline timestamptz,
  max_pages bigint
);

-- `file` is what `url.file` and `moved.file` mean: a record goes to each output of a node that holds records, line for line the
-- same, so its number is one of the node and not of a file.
CREATE TABLE node (
  id text PRIMARY KEY,
  file int NOT NULL GENERATED ALWAYS AS IDENTITY,
  incarnation uuid NOT NULL,
  turn bigint NOT NULL DEFAULT 0,
  state text NOT NULL,
  until timestamptz NOT NULL,
  since timestamptz NOT NULL,
  reserved bigint NOT NULL DEFAULT 0,
  used bigint NOT NULL DEFAULT 0,
  seen_epoch bigint NOT NULL DEFAULT 0,
  machine text NOT NULL,
  pid int NOT NULL,
  version text NOT NULL,
  started_at timestamptz NOT NULL
) WITH (fillfactor = 10);

-- A bucket: a share of the hosts. `open`: something of it is pending, in flight or untold, or a sitemap is not done. `settings`: the
-- version of the settings by which it was judged. `settled[n]` are those in state n, `skipped[n]` those in state 15 + n.
CREATE TABLE bucket (
  id smallint PRIMARY KEY,
  owner text REFERENCES node,
  open boolean NOT NULL DEFAULT false,
  settings int NOT NULL DEFAULT 0,
  pending bigint NOT NULL DEFAULT 0,
  settled bigint[] NOT NULL DEFAULT '{}',
  skipped bigint[] NOT NULL DEFAULT '{}',
  urls bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

CREATE TABLE state (
  code smallint PRIMARY KEY,
  name text NOT NULL
);

CREATE TABLE host (
  bucket smallint,
  id int,
  name text NOT NULL,
  PRIMARY KEY (bucket, id)
);

-- What politeness knows of a host, by its name: also of one that the frontier has no number for, since no page of it was found
-- but the hop of a robots.txt or a sitemap.
CREATE TABLE manners (
  bucket smallint,
  host text,
  saved text NOT NULL,
  PRIMARY KEY (bucket, host)
) WITH (fillfactor = 70);

-- `mention` and `link_text`: what names a URL on its referrer.
CREATE TABLE url (
  bucket smallint,
  id int,
  key bytea NOT NULL,
  url text NOT NULL,
  state smallint NOT NULL,
  depth int NOT NULL,
  hops smallint NOT NULL,
  referrer int,
  referrer_url text,
  host int,
  attempts smallint NOT NULL DEFAULT 0,
  due timestamptz,
  file int,
  record bigint,
  status smallint,
  error text,
  bytes bigint,
  untold boolean,
  mention smallint,
  link_text text,
  PRIMARY KEY (bucket, id)
) WITH (fillfactor = 85);

CREATE TABLE edges (
  bucket smallint,
  id int,
  links bytea NOT NULL,
  PRIMARY KEY (bucket, id)
);

-- A letter to a bucket, until its effect is in the rows of that. `other`: why the target is no URL that can be requested.
CREATE TABLE mail (
  bucket smallint,
  id bigint GENERATED ALWAYS AS IDENTITY,
  kind smallint NOT NULL,
  key bytea NOT NULL,
  url text NOT NULL,
  other smallint,
  depth int NOT NULL,
  hops smallint NOT NULL,
  referrer text,
  mention smallint,
  link_text text,
  skip smallint,
  told_again boolean NOT NULL DEFAULT false,
  body text,
  PRIMARY KEY (bucket, id)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);

-- `crc`: of as many bytes as are committed, as in every store.
CREATE TABLE output (
  node text NOT NULL REFERENCES node,
  name text NOT NULL,
  length bigint NOT NULL,
  amended bigint,
  crc bigint,
  PRIMARY KEY (node, name)
) WITH (fillfactor = 10);

-- `nth`: how often it was out of date anew since it was corrected last, in whichever bucket that was found.
CREATE TABLE moved (
  file int,
  record bigint,
  nth bigint NOT NULL DEFAULT 1,
  bucket smallint NOT NULL,
  id int NOT NULL,
  PRIMARY KEY (file, record)
);

CREATE TABLE sitemap (
  bucket smallint,
  id int,
  key bytea NOT NULL,
  url text NOT NULL,
  saved text NOT NULL,
  done boolean NOT NULL,
  PRIMARY KEY (bucket, id)
);

CREATE TABLE seed (
  key bytea PRIMARY KEY,
  url text NOT NULL
);

CREATE TABLE seed_redirect (
  epoch bigint PRIMARY KEY,
  url text NOT NULL,
  target text NOT NULL
);

-- `common`: those of them that all nodes that crawl together have, as TOML; when these are others, all buckets are judged anew.
-- `folder` and `archives`: what else the next run is compared with.
CREATE TABLE settings (
  version int PRIMARY KEY,
  common text NOT NULL,
  toml text NOT NULL,
  url_rules text NOT NULL,
  robots text NOT NULL,
  folder text NOT NULL,
  archives text NOT NULL
);

-- The runs: what a summary says of all of them, and how far the records of each node are.
CREATE TABLE session (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  node text NOT NULL REFERENCES node,
  incarnation uuid NOT NULL,
  version text NOT NULL,
  pid int NOT NULL,
  started_at timestamptz NOT NULL,
  committed_at timestamptz NOT NULL,
  records_before bigint NOT NULL,
  records bigint NOT NULL,
  state text NOT NULL
) WITH (fillfactor = 10);

-- What else the next run has to know, each by its name: of the crawl, where `node` is empty, and of a node (what was met and not
-- read, what rules have found, …).
CREATE TABLE note (
  node text,
  name text,
  value text NOT NULL,
  PRIMARY KEY (node, name)
) WITH (fillfactor = 70);

-- The same of the hosts of a bucket: cookies of a site, closed traps.
CREATE TABLE bucket_note (
  bucket smallint,
  name text,
  value text NOT NULL,
  PRIMARY KEY (bucket, name)
) WITH (fillfactor = 70);

-- For people.
CREATE VIEW page AS
SELECT url.bucket, url.id, url.url, state.name AS state, url.depth, coalesce(referrer.url, url.referrer_url) AS referrer,
  host.name AS host, url.attempts, url.due, url.file, url.record, url.status, url.error, url.bytes
FROM url
LEFT JOIN state ON state.code = url.state
LEFT JOIN url AS referrer ON referrer.bucket = url.bucket AND referrer.id = url.referrer
LEFT JOIN host ON host.bucket = url.bucket AND host.id = url.host;
