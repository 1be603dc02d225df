//! A server whose edge is tested, and a peer that sends whatever bytes it likes.

use axum::{
    Router,
    body::{Body, Bytes},
    routing::{get, post},
};
use bff::{
    app::Running,
    config::{Limits, Settings},
};
use serde_json::Value;
use std::net::SocketAddr;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::mpsc,
};

use crate::client::{serve, settings};

/// Longer than any test takes.
pub const LONG: u64 = 60_000;

pub const LARGE: usize = 16 << 20;

pub async fn server(change: impl FnOnce(&mut Limits)) -> Running {
    let mut settings = settings();
    change(&mut settings.limits);
    with(settings).await
}

pub async fn with(settings: Settings) -> Running {
    serve(settings, router(mpsc::unbounded_channel().0)).await
}

/// A server that tells when one of its large answers is kept no longer.
pub async fn telling(change: impl FnOnce(&mut Limits)) -> (Running, mpsc::UnboundedReceiver<()>) {
    let (sender, gone) = mpsc::unbounded_channel();
    let mut settings = settings();
    change(&mut settings.limits);
    (serve(settings, router(sender)).await, gone)
}

fn router(gone: mpsc::UnboundedSender<()>) -> Router {
    Router::new()
        .route("/", get(async || "fine"))
        .route("/length", post(async |body: Bytes| body.len().to_string()))
        .route(
            "/large",
            get(async move || Body::from(Bytes::from_owner(Large { bytes: vec![b'x'; LARGE], gone }))),
        )
}

struct Large {
    bytes: Vec<u8>,
    gone: mpsc::UnboundedSender<()>,
}

impl AsRef<[u8]> for Large {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Large {
    fn drop(&mut self) {
        let _ = self.gone.send(());
    }
}

pub struct Peer(pub TcpStream);

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Peer {
    pub async fn of(server: &Running) -> Self {
        Self::at(server.addr).await
    }

    pub async fn at(addr: SocketAddr) -> Self {
        Self(TcpStream::connect(addr).await.unwrap())
    }

    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        self.0.write_all(bytes.as_ref()).await.unwrap();
        self
    }

    /// Sends a byte again and again until the other side has had enough, then what it said.
    pub async fn drip(mut self, byte: u8) -> Reply {
        let (mut read, mut write) = self.0.split();
        let mut said = Vec::new();
        let mut pace = tokio::time::interval(std::time::Duration::from_millis(5));
        loop {
            tokio::select! {
                got = read.read_buf(&mut said) => if matches!(got, Ok(0) | Err(_)) { return Reply::of(&said) },
                _ = pace.tick() => { let _ = write.write_all(&[byte]).await; }
            }
        }
    }

    /// Sends that again and again until the other side has had enough.
    pub async fn until_gone(mut self, bytes: &[u8]) {
        let (mut read, mut write) = self.0.split();
        let mut pace = tokio::time::interval(std::time::Duration::from_millis(5));
        let mut said = Vec::new();
        loop {
            tokio::select! {
                got = read.read_buf(&mut said) => if matches!(got, Ok(0) | Err(_)) { return },
                _ = pace.tick() => { let _ = write.write_all(bytes).await; }
            }
        }
    }

    /// Reads until that comes.
    pub async fn until(&mut self, expected: &[u8]) {
        let mut said = Vec::new();
        while !said.windows(expected.len()).any(|bytes| bytes == expected) {
            assert_ne!(
                self.0.read_buf(&mut said).await.unwrap(),
                0,
                "it ends: {}",
                String::from_utf8_lossy(&said)
            );
        }
    }

    /// One answer with a length.
    pub async fn reply(&mut self) -> Reply {
        self.try_reply().await.unwrap()
    }

    pub async fn try_reply(&mut self) -> std::io::Result<Reply> {
        let mut said = Vec::new();
        loop {
            if let Some(end) = said.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&said[..end]).to_ascii_lowercase();
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                if said.len() >= end + 4 + length.map_or(0, |length| length.parse().unwrap()) {
                    return Ok(Reply::of(&said));
                }
            }
            if self.0.read_buf(&mut said).await? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Everything until the other side ends.
    pub async fn rest(mut self) -> Reply {
        let mut said = Vec::new();
        // A reset is an end, too.
        while !matches!(self.0.read_buf(&mut said).await, Ok(0) | Err(_)) {}
        Reply::of(&said)
    }
}

impl Reply {
    fn of(said: &[u8]) -> Self {
        let said = String::from_utf8_lossy(said);
        let (head, body) = said.split_once("\r\n\r\n").unwrap_or((&said, ""));
        let status = head.split(' ').nth(1).map_or(0, |status| status.parse().unwrap());
        Self { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
    }

    /// Status and code.
    pub fn told(&self) -> (u16, String) {
        let body: Value = serde_json::from_str(&self.body).unwrap_or_default();
        (self.status, body["errors"][0]["extensions"]["code"].as_str().unwrap_or_default().to_owned())
    }
}

/// A request without a body.
pub fn asking(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n")
}
