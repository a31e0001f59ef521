# The binary on its own: docker build -t crawler . && docker run --rm --user "$(id -u):$(id -g)" -v "$PWD:/data" crawler https://example.com/
# (--user: what a crawl makes in the folder is yours then, and it may write there.)
FROM rust:1.95-slim-bookworm AS build
# A C compiler, for SQLite.
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cargo build --release --locked

FROM debian:bookworm-slim
# The certificates that TLS is verified with.
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 crawler && install --directory --owner crawler --group crawler /data
COPY --from=build /src/target/release/crawler /usr/local/bin/crawler
USER crawler
# What a crawl makes is here: a volume keeps it, and the same command goes on with it.
WORKDIR /data
# As Ctrl-C: what is in flight is finished.
STOPSIGNAL SIGINT
ENTRYPOINT ["crawler"]
