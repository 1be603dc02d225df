//! A request's head is bounded in bytes, headers, its URL, and the time it takes to come.

use super::world::{LONG, Peer, asking, server};
use crate::client::settings;
use axum::Router;
use bff::app::{self, App, ErrorBody};

#[tokio::test]
async fn a_head_that_is_too_long_is_answered_with_a_reason() {
    let server = server(|_| {}).await;
    let ask = async |head: String| {
        let mut peer = Peer::of(&server).await;
        peer.send(head).await;
        peer.rest().await
    };
    let header = |bytes: usize| {
        format!("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx: {}\r\n\r\n", "x".repeat(bytes))
    };
    assert_eq!(ask(header(15 * 1024)).await.body, "fine");
    for bytes in [17 * 1024, 300 * 1024] {
        let reply = ask(header(bytes)).await;
        assert_eq!(reply.told(), (431, "HEADERS_TOO_LARGE".into()), "{reply:?}");
        assert!(reply.head.contains("application/graphql-response+json"), "{reply:?}");
        assert!(reply.head.contains("connection: close"), "{reply:?}");
    }
    let headers = |count: usize| {
        let headers: String = (0..count).map(|number| format!("x-{number}: x\r\n")).collect();
        format!("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n")
    };
    assert_eq!(ask(headers(98)).await.body, "fine");
    assert_eq!(ask(headers(99)).await.told(), (431, "HEADERS_TOO_LARGE".into()));
    let url = |bytes: usize| {
        format!("GET /?{} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", "x".repeat(bytes))
    };
    assert_eq!(ask(url(8 * 1024 - 2)).await.body, "fine");
    assert_eq!(ask(url(8 * 1024 - 1)).await.told(), (414, "URL_TOO_LONG".into()));
    assert_eq!(ask("nonsense\r\n\r\n".into()).await.told(), (400, "BAD_REQUEST".into()));
}

#[tokio::test]
async fn the_number_of_headers_can_be_chosen() {
    let server = server(|limits| limits.headers = 3).await;
    for (more, status) in [("", 200), ("b: b\r\n", 431)] {
        let mut peer = Peer::of(&server).await;
        peer.send(format!("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\na: a\r\n{more}\r\n")).await;
        assert_eq!(peer.rest().await.status, status);
    }
}

#[tokio::test]
async fn what_is_no_request_is_refused_in_the_servers_own_shape() {
    let mut app = App::new(settings(), Router::new());
    app.errors = ErrorBody::Problem;
    let server = app::start(app).await.unwrap();
    let mut peer = Peer::of(&server).await;
    peer.send("nonsense\r\n\r\n").await;
    let reply = peer.rest().await;
    assert!(
        reply.head.contains("application/problem+json") && reply.body.contains("urn:problem:bad-request")
    );
}

#[tokio::test]
async fn who_drips_a_head_is_gone() {
    let server = server(|limits| {
        limits.head_timeout_ms = 100;
        limits.idle_timeout_ms = LONG;
    })
    .await;
    let mut first = Peer::of(&server).await;
    first.send("GET / HTTP/1.1\r\nx: ").await;
    assert_eq!(first.drip(b'x').await.told(), (408, "REQUEST_TIMEOUT".into()));
    let mut second = Peer::of(&server).await;
    assert_eq!(second.send(asking("/")).await.reply().await.body, "fine");
    second.send("GET / HTTP/1.1\r\nx: ").await;
    assert_eq!(
        second.drip(b'x').await.told(),
        (408, "REQUEST_TIMEOUT".into()),
        "after a request as before one"
    );
}

#[tokio::test]
async fn who_asks_nothing_is_gone_and_who_has_asked_is_kept_longer() {
    let server = server(|limits| {
        limits.head_timeout_ms = 100;
        limits.idle_timeout_ms = LONG;
    })
    .await;
    let mut kept = Peer::of(&server).await;
    assert_eq!(kept.send(asking("/")).await.reply().await.body, "fine");
    for _ in 0..2 {
        assert_eq!(Peer::of(&server).await.rest().await.head, "");
    }
    assert_eq!(kept.send(asking("/")).await.reply().await.body, "fine");
}

#[tokio::test]
async fn a_connection_that_is_silent_for_too_long_is_closed() {
    let server = server(|limits| {
        limits.head_timeout_ms = LONG;
        limits.idle_timeout_ms = 100;
    })
    .await;
    let mut idle = Peer::of(&server).await;
    assert_eq!(idle.send(asking("/")).await.reply().await.body, "fine");
    assert_eq!(idle.rest().await.head, "");
}
