//! Each event and each operation begins anew: with rows of then, and with all the time there is.

use super::world::World;
use kit::{Reply, json};

/// Rows that may be kept for ten minutes, but not beyond an event that tells of them.
#[tokio::test]
async fn what_an_event_tells_of_is_read_anew_also_by_those_who_had_to_be_asked() {
    let world = World::start().await;
    let events = world.desk.events("/changes");
    world.desk.get("/counts", |call| {
        let rows: Vec<_> = call.list("ids").iter().map(|id| json!({"id": id, "times": 7})).collect();
        Reply::from(json!({"items": rows})).header("cache-control", "max-age=600")
    });
    let document = "subscription { noteChanged(id: \"n1\") { version count { times } } }";
    let token = world.issuer.token("ada");
    let mut subscription = world.bff.subscribe(document, json!({}), Some(&token)).await;
    world.listening(1).await;
    for version in 1..=3 {
        events.send(None, &json!({"version": version}));
        assert_eq!(subscription.event().await.data("noteChanged.count.times"), 7);
        assert_eq!(world.desk.count("/counts"), version);
    }
}

/// A socket lives longer than a request may take.
#[tokio::test]
async fn an_operation_has_its_own_time_however_long_its_socket_is_open() {
    let world = World::with(|server| server.settings(|settings| settings.deadline_ms = 300)).await;
    world.desk.get("/counts", |_| Reply::hang());
    let events = world.desk.events("/counted");
    let document = "subscription { counted(id: \"c1\") { version count { times } } }";
    let mut subscription = world.bff.subscribe(document, json!({}), None).await;
    world.listening(1).await;
    events.send(None, &json!({"version": 1}));
    assert_eq!(subscription.event().await.codes(), ["DEADLINE_EXCEEDED"]);
    // All of the first's time is over.
    world.desk.get("/counts", |call| {
        let rows: Vec<_> = call.list("ids").iter().map(|id| json!({"id": id, "times": 7})).collect();
        json!({"items": rows})
    });
    events.send(None, &json!({"version": 2}));
    assert_eq!(subscription.event().await.ok()["counted"], json!({"version": 2, "count": {"times": 7}}));
    let socket = subscription.socket();
    world.desk.get("/notes", |_| Reply::hang());
    for (id, code) in [("late", "DEADLINE_EXCEEDED"), ("later", "DEADLINE_EXCEEDED")] {
        socket.start(id, "{ note(id: \"n1\") { text } }", json!({})).await;
        let next = socket.receive().await.unwrap();
        assert_eq!((&next["id"], &next["type"]), (&json!(id), &json!("next")));
        assert_eq!(next["payload"]["errors"][0]["extensions"]["code"], code);
        assert_eq!(socket.receive().await.unwrap()["type"], "complete");
    }
    world.desk.get("/notes", |call| super::world::notes(call, |_, _| true));
    socket.start("fine", "{ note(id: \"n1\") { id } }", json!({})).await;
    assert_eq!(socket.receive().await.unwrap()["payload"]["data"], json!({"note": {"id": "n1"}}));
}
