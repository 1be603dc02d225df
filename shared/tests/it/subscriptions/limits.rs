//! How many may listen, and what the next one is told.

use super::world::World;
use kit::{Server, json};

const NEVER: &str = "subscription { never }";

fn few(server: Server) -> Server {
    server.settings(|settings| {
        settings.subscriptions.places_per_caller = 2;
        settings.subscriptions.places_per_address = 3;
        settings.subscriptions.operations_per_socket = 2;
    })
}

#[tokio::test]
async fn a_socket_has_so_many_operations_and_no_more() {
    let world = World::with(few).await;
    let mut socket = world.bff.socket(None).await;
    socket.acknowledged().await;
    for id in ["1", "2", "3"] {
        socket.start(id, NEVER, json!({})).await;
    }
    let refused = socket.receive().await.unwrap();
    assert_eq!((&refused["id"], &refused["type"]), (&json!("3"), &json!("error")));
    assert_eq!(refused["payload"][0]["extensions"]["code"], "RATE_LIMITED");
    socket.send(json!({"id": "1", "type": "complete"})).await;
    socket.start("3", "{ echo(text: \"a\") }", json!({})).await;
    assert_eq!(socket.receive().await.unwrap()["payload"]["data"]["echo"], "a");
}

#[tokio::test]
async fn a_caller_has_so_many_places_whatever_they_are() {
    let world = World::with(few).await;
    let (token, other) = (world.issuer.token("us-1"), world.issuer.token("us-2"));
    let mut first = world.bff.socket(Some(&token)).await;
    first.acknowledged().await;
    let stream = world.bff.events(NEVER, json!({}), Some(&token)).await;
    assert_eq!(stream.status(), 200);

    let mut third = world.bff.socket(Some(&token)).await;
    let (code, reason) = third.closed().await;
    assert_eq!((code, reason.contains("has 2 subscriptions open")), (4429, true), "{reason}");
    let refused = world.bff.events(NEVER, json!({}), Some(&token)).await;
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.json().await["errors"][0]["extensions"]["code"], "RATE_LIMITED");

    // Others have their own, and so have plain requests.
    world.bff.socket(Some(&other)).await.acknowledged().await;
    world.bff.query("{ echo(text: \"a\") }").bearer(&token).await.ok();

    // A place that was left is free, as soon as it is known that it was.
    drop(first);
    drop(stream);
    let again = async {
        loop {
            let mut socket = world.bff.socket(Some(&token)).await;
            if socket.receive().await.is_some() {
                return socket;
            }
        }
    };
    again.await;
}

#[tokio::test]
async fn an_address_has_so_many_places_until_somebody_signs_in_on_them() {
    let world = World::with(few).await;
    let mut held = Vec::new();
    for _ in 0..3 {
        let mut socket = world.bff.silent_socket().await;
        // Counted before the first message: answered, so that it is open.
        socket.send(json!({"type": "ping"})).await;
        assert_eq!(socket.receive().await.unwrap()["type"], "pong");
        held.push(socket);
    }
    let (code, reason) = world.bff.silent_socket().await.closed().await;
    assert_eq!((code, reason.contains("address")), (4429, true), "{reason}");
    // Whoever signs in is counted for itself, and leaves its place to the next.
    let token = world.issuer.token("us-1");
    held[0].init(json!({"authorization": format!("Bearer {token}")})).await;
    held[0].acknowledged().await;
    let mut next = world.bff.silent_socket().await;
    next.init(json!({})).await;
    next.acknowledged().await;
}

#[tokio::test]
async fn who_does_not_read_is_told_and_closed() {
    let world =
        World::with(|server| server.settings(|settings| settings.subscriptions.write_ms = 1_500)).await;
    let mut socket = world.bff.socket(None).await;
    socket.acknowledged().await;
    // More than the kernel takes for somebody who reads nothing: this socket is not polled before it is closed.
    socket.start("1", "subscription { flood(bytes: 1000000) }", json!({})).await;
    let mut reader = world.bff.socket(None).await;
    reader.acknowledged().await;
    reader.start("1", "subscription { never }", json!({})).await;
    // What goes on for others: by then the time of the one who does not read is over, and it is waited for to read why.
    world.until_closing().await;
    let (code, reason) = socket.closed().await;
    assert_eq!((code, reason.contains("too slowly")), (1013, true), "{reason}");
}
