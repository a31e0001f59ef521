#!/usr/bin/env bash
# hyper 1.12.0 ends the body of an HTTP/2 response without an error when the server resets the stream with NO_ERROR, also
# when bytes that `content-length` announced are missing: half a page looks like a whole one. Whoever collects such a body
# has to ask `is_end_stream()`, or compare the length (RFC 9113, sections 8.1 and 8.1.1).
#
# Sends 50 of 80 announced bytes, then RST_STREAM(NO_ERROR). Exits 0 while hyper gives 50 bytes and no error.
# Needs cargo and python3; all servers are on loopback.
set -euo pipefail
dir=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
mkdir src
cat > Cargo.toml <<'TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2024"
[dependencies]
bytes = "=1.12.1"
http-body-util = "=0.1.3"
hyper = { version = "=1.12.0", features = ["client", "http2"] }
hyper-util = { version = "=0.1.21", features = ["tokio"] }
tokio = { version = "=1.54.1", features = ["macros", "net", "rt-multi-thread"] }
TOML
cat > src/main.rs <<'RUST'
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};

#[tokio::main]
async fn main() {
    let port = std::env::args().nth(1).unwrap();
    let io = TokioIo::new(tokio::net::TcpStream::connect(format!("127.0.0.1:{port}")).await.unwrap());
    let (mut send, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.unwrap();
    tokio::spawn(connection);
    let request = hyper::Request::get("http://localhost/").body(Empty::<bytes::Bytes>::new()).unwrap();
    let response = send.send_request(request).await.unwrap();
    println!("content-length {}", response.headers()["content-length"].to_str().unwrap());
    match response.into_body().collect().await {
        Ok(body) => println!("body of {} bytes, no error", body.to_bytes().len()),
        Err(error) => println!("error {error}"),
    }
}
RUST
cat > server.py <<'PY'
import socket, struct
def frame(kind, flags, stream, data=b""):
    return struct.pack(">I", len(data))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + data
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
client, _ = listener.accept()
client.sendall(frame(4, 0, 0))  # SETTINGS
seen = b""
while b"PRI" not in seen or len(seen) < 60:
    seen += client.recv(4096)
client.sendall(frame(4, 1, 0))  # SETTINGS, acknowledged
# `:status: 200` by its index, `content-length: 80` as a literal (RFC 7541).
client.sendall(frame(1, 4, 1, b"\x88\x0f\x0d\x0280") + frame(0, 0, 1, b"x" * 50))
client.sendall(frame(3, 0, 1, struct.pack(">I", 0)))  # RST_STREAM(NO_ERROR)
while client.recv(4096):
    pass
PY
cargo build -q
python3 server.py > port & server=$!
until [ -s port ]; do sleep 0.1; done
seen=$(timeout 20 "${CARGO_TARGET_DIR:-target}/debug/finding" "$(cat port)")
echo "hyper 1.12.0: $seen"
[ "$seen" = "content-length 80
body of 50 bytes, no error" ]
