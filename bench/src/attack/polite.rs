//! Who is not to notice: a client that asks, has its answer, and asks again a little later.

use crate::{Fault, load, queries};
use ::bytes::Bytes;
use http_body_util::BodyExt;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio::net::TcpSocket;

pub struct Polite {
    pub latencies: Vec<Duration>,
    /// Answers that were none, or not the right ones.
    pub lost: usize,
}

impl Polite {
    pub fn p99(&self) -> Duration {
        let mut latencies = self.latencies.clone();
        latencies.sort_unstable();
        let at = (latencies.len() * 99).div_ceil(100).saturating_sub(1);
        latencies.get(at).copied().unwrap_or(Duration::MAX)
    }
}

/// From here it asks: another address than the attackers', as everybody else has.
const HOME: &str = "127.0.0.2:0";

/// Between two questions.
const PAUSE: Duration = Duration::from_millis(5);

/// After so long it gives up.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks for `time`, every tenth question over a new connection.
pub async fn ask(addr: SocketAddr, time: Duration) -> Result<Polite, Fault> {
    let body = queries::ALL[0].body();
    let truth = once(addr, &mut None, body.clone()).await?;
    let until = Instant::now() + time;
    let mut polite = Polite { latencies: Vec::new(), lost: 0 };
    let mut connection = None;
    for question in 0_u64.. {
        let begun = Instant::now();
        if begun >= until {
            break;
        }
        if question % 10 == 0 {
            connection = None;
        }
        let asked = tokio::time::timeout(PATIENCE, once(addr, &mut connection, body.clone())).await;
        polite.latencies.push(begun.elapsed());
        if !asked.is_ok_and(|answer| answer.is_ok_and(|answer| answer == truth)) {
            polite.lost += 1;
            connection = None;
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(polite)
}

async fn once(
    addr: SocketAddr,
    connection: &mut Option<load::Connection>,
    body: Bytes,
) -> Result<Bytes, Fault> {
    let open = match connection {
        Some(open) => open,
        None => {
            let socket = TcpSocket::new_v4()?;
            socket.bind(HOME.parse()?)?;
            let stream = socket.connect(addr).await?;
            stream.set_nodelay(true)?;
            let (sender, turning) = http1::handshake(TokioIo::new(stream)).await?;
            tokio::spawn(async { drop(turning.await) });
            connection.insert(sender)
        }
    };
    let response = open.send_request(load::request(addr, "POST", "/graphql", body)?).await?;
    Ok(response.into_body().collect().await?.to_bytes())
}
