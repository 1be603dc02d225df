//! The load: as many clients as connections, each asking again once it has its answer.

use crate::Fault;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request, StatusCode, body::Incoming, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio::net::TcpStream;

/// One operation, asked of one server.
pub struct Load {
    pub to: SocketAddr,
    pub body: Bytes,
    /// What every answer must measure, in bytes.
    pub length: usize,
    pub connections: usize,
}

/// What a run saw. Every request begun is finished and counted.
pub struct Sample {
    pub latencies: Vec<Duration>,
    pub elapsed: Duration,
}

impl Load {
    pub async fn run(&self, time: Duration) -> Result<Sample, Fault> {
        let mut connections = Vec::with_capacity(self.connections);
        for _ in 0..self.connections {
            connections.push(connect(self.to).await?);
        }
        let begun = Instant::now();
        let clients: Vec<_> = connections
            .into_iter()
            .map(|connection| {
                tokio::spawn(client(connection, self.to, self.body.clone(), self.length, begun + time))
            })
            .collect();
        let mut latencies = Vec::new();
        for client in clients {
            latencies.extend(client.await??);
        }
        Ok(Sample { latencies, elapsed: begun.elapsed() })
    }
}

pub type Connection = http1::SendRequest<Full<Bytes>>;

async fn client(
    mut connection: Connection,
    to: SocketAddr,
    body: Bytes,
    length: usize,
    until: Instant,
) -> Result<Vec<Duration>, Fault> {
    let mut latencies = Vec::with_capacity(4096);
    let mut now = Instant::now();
    while now < until {
        let response = connection.send_request(request(to, "POST", "/graphql", body.clone())?).await?;
        let got = drained(response).await?;
        if got != length {
            return Err(format!("an answer of {got} bytes, where {length} were compared; on a busy machine a deadline may have passed").into());
        }
        let done = Instant::now();
        latencies.push(done - now);
        now = done;
    }
    Ok(latencies)
}

/// Reads the whole body without keeping it.
async fn drained(response: hyper::Response<Incoming>) -> Result<usize, Fault> {
    checked(response.status())?;
    let (mut body, mut length) = (response.into_body(), 0);
    while let Some(frame) = body.frame().await {
        length += frame?.data_ref().map_or(0, Bytes::len);
    }
    Ok(length)
}

/// One request on a connection of its own.
pub async fn once(to: SocketAddr, method: &str, path: &str, body: Bytes) -> Result<Bytes, Fault> {
    let response = connect(to).await?.send_request(request(to, method, path, body)?).await?;
    let status = response.status();
    let body = response.into_body().collect().await?.to_bytes();
    checked(status).map_err(|e| format!("{e}: {}", String::from_utf8_lossy(&body)))?;
    Ok(body)
}

fn checked(status: StatusCode) -> Result<(), Fault> {
    if status.is_success() { Ok(()) } else { Err(format!("answered {status}").into()) }
}

pub async fn connect(to: SocketAddr) -> Result<Connection, Fault> {
    let stream = TcpStream::connect(to).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // Ends with its sender; what goes wrong on it, the sender reports.
    tokio::spawn(async { drop(connection.await) });
    Ok(sender)
}

pub fn request(to: SocketAddr, method: &str, path: &str, body: Bytes) -> Result<Request<Full<Bytes>>, Fault> {
    Ok(Request::builder()
        .method(Method::from_bytes(method.as_bytes())?)
        .uri(path)
        .header(header::HOST, to.to_string())
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "application/json")
        .body(Full::new(body))?)
}
