//! Who does not take its answer does not keep it here.

use super::world::{LARGE, LONG, Peer, asking, telling};

#[tokio::test]
async fn who_takes_nothing_of_its_answer_is_cut_off() {
    let (server, mut gone) = telling(|limits| limits.write_timeout_ms = 200).await;
    let mut peer = Peer::of(&server).await;
    peer.send(asking("/large")).await;
    gone.recv().await.unwrap();
    assert!(peer.rest().await.body.len() < LARGE);
    // And who takes it has all of it.
    let mut peer = Peer::of(&server).await;
    assert_eq!(peer.send(asking("/large")).await.reply().await.body.len(), LARGE);
}

#[tokio::test]
async fn where_too_much_waits_the_slow_are_cut_off_earlier() {
    let (server, mut gone) = telling(|limits| {
        limits.write_timeout_ms = LONG;
        limits.unsent_bytes = LARGE / 2;
    })
    .await;
    let mut peer = Peer::of(&server).await;
    peer.send(asking("/large")).await;
    gone.recv().await.unwrap();
    assert!(peer.rest().await.body.len() < LARGE);
}
