//! What ends a stream from outside: the caller's token, a drain, the client.

use super::world::World;
use kit::json;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A world without leeway, and a token that ends soon.
async fn expiring() -> (World, String) {
    let world = World::with(|server| server.settings(|settings| settings.auth.skew_s = 0)).await;
    let soon = SystemTime::now() + Duration::from_secs(3);
    let soon = soon.duration_since(UNIX_EPOCH).unwrap().as_secs() + 1;
    let token = world.issuer.token_with("us-1", json!({"exp": soon}));
    (world, token)
}

#[tokio::test]
async fn a_token_that_ends_ends_its_socket() {
    let (world, token) = expiring().await;
    let events = world.desk.events("/counted");
    let mut open = world
        .bff
        .subscribe("subscription { counted(id: \"c1\") { version } }", json!({}), Some(&token))
        .await;
    world.desk.until_under_way("/counted", 1).await;
    events.send(None, &json!({"version": 1}));
    open.event().await.ok();
    assert_eq!(open.socket().closed().await, (4403, "Forbidden: TOKEN_EXPIRED".to_owned()));
    events.until_nobody_listens().await;
}

#[tokio::test]
async fn a_token_in_the_upgrades_headers_counts_as_well() {
    let (world, token) = expiring().await;
    let bearer = format!("Bearer {token}");
    let mut socket = world.bff.try_socket(&[("authorization", bearer.as_str())]).await.unwrap();
    socket.init(json!({})).await;
    socket.acknowledged().await;
    socket.start("1", "{ note(id: \"n1\") { reader } }", json!({})).await;
    assert_eq!(socket.receive().await.unwrap()["payload"]["data"]["note"]["reader"], "us-1");
    assert_eq!(socket.closed().await.0, 4403);
}

#[tokio::test]
async fn a_token_that_ends_ends_its_event_stream_and_says_so() {
    let (world, token) = expiring().await;
    let events = world.desk.events("/counted");
    let mut open =
        world.bff.events("subscription { counted(id: \"c1\") { version } }", json!({}), Some(&token)).await;
    world.desk.until_under_way("/counted", 1).await;
    events.send(None, &json!({"version": 1}));
    open.answer().await.ok();
    assert_eq!(open.answer().await.codes(), ["TOKEN_EXPIRED"]);
    assert!(open.next().await.is_none());
    events.until_nobody_listens().await;
}

#[tokio::test]
async fn a_drain_closes_sockets_with_a_code_to_come_back_on() {
    let World { bff, desk, .. } = World::start().await;
    let events = desk.events("/counted");
    let document = "subscription { counted(id: \"c1\") { version } }";
    let mut socket = bff.subscribe(document, json!({}), None).await;
    let mut stream = bff.events(document, json!({}), None).await;
    desk.until_under_way("/counted", 1).await;
    events.send(None, &json!({"version": 1}));
    socket.event().await.ok();
    stream.answer().await.ok();
    let shutdown = bff.shutdown();
    let told = async {
        // Without `complete`: it is not over, and a client comes back.
        assert_eq!(stream.event().await, None);
        socket.socket().closed().await
    };
    let ((), (code, _)) = tokio::join!(shutdown, told);
    assert_eq!(code, 1012);
    events.until_nobody_listens().await;
}
