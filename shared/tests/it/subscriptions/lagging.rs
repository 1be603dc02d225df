//! Who reads slowly: the same again is told once; who missed something is told that.

use super::world::World;
use kit::{Gate, Reply, json};

/// Held up by its row.
const SLOW: &str = "subscription { counted(id: \"c1\") { version count { times } } }";
const QUICK: &str = "subscription { counted(id: \"c1\") { version } }";

/// A world in which `/counts` waits at a gate.
async fn held() -> (World, Gate) {
    let (world, gate) = (World::start().await, Gate::closed());
    let held = gate.clone();
    world.desk.get("/counts", move |_| Reply::from(json!({"items": []})).after(&held));
    (world, gate)
}

#[tokio::test]
async fn what_happens_again_and_again_is_told_once_to_who_is_busy() {
    let (world, gate) = held().await;
    let events = world.desk.events("/counted");
    let mut slow = world.bff.subscribe(SLOW, json!({}), None).await;
    let mut quick = world.bff.subscribe(QUICK, json!({}), None).await;
    world.listening(2).await;
    events.send(None, &json!({"version": 0}));
    world.desk.until_under_way("/counts", 1).await;
    for _ in 0..1_000 {
        events.send(None, &json!({"version": 1}));
    }
    events.send(None, &json!({"version": 2}));
    while quick.event().await.data("counted.version") != 2 {}
    gate.open();
    for version in 0..=2 {
        assert_eq!(slow.event().await.data("counted.version"), version);
    }
}

#[tokio::test]
async fn who_missed_something_is_told_and_nobody_else_is_bothered() {
    let (world, gate) = held().await;
    let events = world.desk.events("/counted");
    let mut slow = world.bff.subscribe(SLOW, json!({}), None).await;
    let mut quick = world.bff.subscribe(QUICK, json!({}), None).await;
    world.listening(2).await;
    events.send(None, &json!({"version": 0}));
    world.desk.until_under_way("/counts", 1).await;
    quick.event().await.ok();
    for version in 1..300 {
        events.send(None, &json!({"version": version}));
        assert_eq!(quick.event().await.data("counted.version"), version);
    }
    gate.open();
    assert_eq!(slow.event().await.data("counted.version"), 0);
    let told = slow.event().await;
    assert_eq!(told.codes(), ["TOO_SLOW"], "{told}");
    events.send(None, &json!({"version": 300}));
    assert_eq!(quick.event().await.data("counted.version"), 300);
    assert!(slow.socket().try_silence().await);
}
