//! Connections are bounded, in all and for each address.

use super::world::{Peer, asking, server, with};
use crate::client::settings;

#[tokio::test]
async fn an_address_has_so_many_connections_and_is_told_so() {
    let server = server(|limits| limits.connections_per_address = 2).await;
    let (mut first, mut second) = (Peer::of(&server).await, Peer::of(&server).await);
    for peer in [&mut first, &mut second] {
        assert_eq!(peer.send(asking("/")).await.reply().await.body, "fine");
    }
    let third = Peer::of(&server).await.rest().await;
    assert_eq!(third.told(), (429, "TOO_MANY_CONNECTIONS".into()));
    assert!(third.head.contains("retry-after: 1") && third.head.contains("connection: close"), "{third:?}");
    assert_eq!(first.send(asking("/")).await.reply().await.body, "fine", "those that are open go on");
    drop(second);
    // The place is free as soon as the server has seen it go.
    loop {
        let mut next = Peer::of(&server).await;
        let _ = tokio::io::AsyncWriteExt::write_all(&mut next.0, asking("/").as_bytes()).await;
        if next.try_reply().await.is_ok_and(|reply| reply.body == "fine") {
            break;
        }
    }
}

#[tokio::test]
async fn a_trusted_proxy_speaks_for_many() {
    let mut settings = settings();
    settings.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    settings.limits.connections_per_address = 1;
    let server = with(settings).await;
    let mut peers = Vec::new();
    for _ in 0..5 {
        let mut peer = Peer::of(&server).await;
        assert_eq!(peer.send(asking("/")).await.reply().await.body, "fine");
        peers.push(peer);
    }
}

#[tokio::test]
async fn idle_connections_give_way_to_new_ones() {
    let server = server(|limits| limits.connections = 2).await;
    let (mut first, mut second) = (Peer::of(&server).await, Peer::of(&server).await);
    for peer in [&mut first, &mut second] {
        assert_eq!(peer.send(asking("/")).await.reply().await.body, "fine");
    }
    let mut third = Peer::of(&server).await;
    assert_eq!(third.send(asking("/")).await.reply().await.body, "fine");
    assert_eq!(first.rest().await.head, "", "closed without a word");
}
