//! A server that is told to stop loses not one request.

use super::world::{LONG, Peer, asking, with};
use crate::{
    client::{self, serve, settings},
    process::Service,
};
use axum::{Extension, Router, extract::WebSocketUpgrade, routing::get};
use bff::app::Draining;
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::Notify,
};

const WORKERS: usize = 8;

fn address(line: &serde_json::Value, key: &str) -> SocketAddr {
    line[key].as_str().unwrap().parse().unwrap()
}

/// Asks over one connection until it is told that it is closed; how often, if it lost nothing.
async fn ask_until_closed(addr: SocketAddr, started: Arc<Notify>) -> std::io::Result<usize> {
    let mut peer = Peer::at(addr).await;
    let mut answered = 0;
    loop {
        peer.0.write_all(asking("/slow").as_bytes()).await?;
        let reply = peer.try_reply().await?;
        assert_eq!((reply.status, reply.body.as_str()), (200, "done"));
        answered += 1;
        started.notify_one();
        if reply.head.contains("connection: close") {
            return Ok(answered);
        }
    }
}

#[tokio::test]
async fn connections_in_use_are_closed_with_their_answer() {
    let mut service = Service::start(&["--profile", "development"]);
    let addr = address(&service.json(), "http.addr");
    let started = Arc::new(Notify::new());
    let workers: Vec<_> =
        (0..WORKERS).map(|_| tokio::spawn(ask_until_closed(addr, Arc::clone(&started)))).collect();
    for _ in 0..WORKERS * 2 {
        started.notified().await;
    }
    service.terminate();
    let mut answered = 0;
    for worker in workers {
        answered += worker.await.unwrap().unwrap();
    }
    assert!(answered >= WORKERS);
    assert_eq!(service.end().0, Some(0));
}

/// Sends requests, each over a connection of its own, for as long as the server says that it is ready.
async fn ask_while_ready(addr: SocketAddr, ready: Arc<AtomicBool>) -> std::io::Result<usize> {
    let mut answered = 0;
    while ready.load(Relaxed) {
        let mut peer = Peer(tokio::net::TcpStream::connect(addr).await?);
        peer.0.write_all(asking("/slow").as_bytes()).await?;
        assert_eq!(peer.try_reply().await?.body, "done");
        answered += 1;
    }
    Ok(answered)
}

#[tokio::test]
async fn who_looks_whether_it_is_ready_never_meets_a_closed_door() {
    let mut service = Service::start(&["--set", "drain_lead_ms=60000", "--set", "log=json"]);
    let listening = service.json();
    let (addr, admin) = (address(&listening, "http.addr"), address(&listening, "admin.addr"));
    let ready = Arc::new(AtomicBool::new(true));
    let workers: Vec<_> =
        (0..WORKERS).map(|_| tokio::spawn(ask_while_ready(addr, Arc::clone(&ready)))).collect();
    let state = async || client::get(format!("http://{admin}/health/ready")).await.json()["status"].clone();
    assert_eq!(state().await, "ready");
    service.terminate();
    while state().await == "ready" {}
    assert_eq!(state().await, "draining");
    ready.store(false, Relaxed);
    let mut answered = 0;
    for worker in workers {
        answered += worker.await.unwrap().unwrap();
    }
    assert!(answered >= WORKERS);
    // Nobody is left to be waited for.
    service.terminate();
    assert_eq!(service.end().0, Some(0));
}

/// A balancer needs a moment to notice: until that is over, the door is open.
#[tokio::test]
async fn who_has_not_looked_yet_comes_all_the_same() {
    let mut settings = settings();
    settings.drain_lead_ms = Some(LONG);
    let server = with(settings).await;
    let addr = server.addr;
    let stopping = tokio::spawn(server.shutdown());
    let ask = async |path: &str| Peer::at(addr).await.send(asking(path)).await.reply().await;
    while ask("/health/ready").await.status == 200 {}
    assert_eq!(ask("/").await.body, "fine");
    stopping.abort();
}

#[tokio::test]
async fn a_socket_is_waited_for() {
    let farewell = Arc::new(Notify::new());
    let socket = {
        let farewell = Arc::clone(&farewell);
        get(async move |Extension(draining): Extension<Draining>, upgrade: WebSocketUpgrade| {
            upgrade.on_upgrade(async move |mut socket| {
                draining.begun().await;
                farewell.notified().await;
                let _ = socket.send(axum::extract::ws::Message::Close(None)).await;
            })
        })
    };
    let server = serve(settings(), Router::new().route("/socket", socket)).await;
    let mut peer = Peer::of(&server).await;
    let handshake = "GET /socket HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
                     sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    assert_eq!(peer.send(handshake).await.reply().await.status, 101);
    let addr = server.addr;
    let shutdown = tokio::spawn(server.shutdown());
    while tokio::net::TcpStream::connect(addr).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(!shutdown.is_finished());
    farewell.notify_one();
    let mut frame = [0; 2];
    peer.0.read_exact(&mut frame).await.unwrap();
    assert_eq!(frame[0], 0x88, "a close frame, before the end");
    drop(peer);
    shutdown.await.unwrap();
}
