//! A connection that breaks is taken up where it was: nobody loses an event.

use super::world::World;
use futures::future::join_all;
use kit::{Reply, json};

const COUNTED: &str = "subscription { counted(id: \"c1\") { version } }";

#[tokio::test]
async fn whatever_breaks_in_between_everybody_hears_everything_once_and_in_order() {
    let world = World::start().await;
    let events = world.desk.resumable_events("/counted");
    let mut open = join_all((0..20).map(|_| world.bff.subscribe(COUNTED, json!({}), None))).await;
    world.listening(20).await;
    // It breaks before the first event, between events, twice in a row, and behind the last.
    let mut version = 0;
    for breaks in [1, 0, 1, 0, 0, 2, 1, 0, 1] {
        for _ in 0..breaks {
            world.desk.clear();
            events.break_off();
            world.desk.until_under_way("/counted", 1).await;
            let resumed = &world.desk.calls_of("/counted")[0];
            assert_eq!(resumed.header("last-event-id"), Some(version.to_string().as_str()));
        }
        version += 1;
        events.send(Some(&version.to_string()), &json!({"version": version}));
    }
    // And some happen while nobody is connected.
    events.break_off();
    for _ in 0..3 {
        version += 1;
        events.send(Some(&version.to_string()), &json!({"version": version}));
    }
    for listener in &mut open {
        for expected in 1..=version {
            assert_eq!(listener.event().await.data("counted.version"), expected);
        }
    }
    assert_eq!(events.listeners(), 1);
}

#[tokio::test]
async fn an_upstream_that_is_away_for_a_while_is_taken_up_again() {
    let world = World::with(|server| {
        server.settings(|settings| {
            settings.resilience.entry("desk".to_owned()).or_default().open_ms = Some(50);
        })
    })
    .await;
    let events = world.desk.resumable_events("/counted");
    let mut open = world.bff.subscribe(COUNTED, json!({}), None).await;
    world.listening(1).await;
    events.send(Some("1"), &json!({"version": 1}));
    open.event().await.ok();
    // Dead for so long that its breaker opens.
    world.desk.get("/counted", |_| Reply::reset());
    events.break_off();
    world.desk.clear();
    world.desk.until_called("/counted", 6).await;
    events.send(Some("2"), &json!({"version": 2}));
    world.desk.resume("/counted", &events);
    assert_eq!(open.event().await.data("counted.version"), 2);
}

#[tokio::test]
async fn an_event_that_is_none_is_left_out_and_the_rest_goes_on() {
    let world = World::start().await;
    let events = world.desk.resumable_events("/counted");
    let mut open = world.bff.subscribe(COUNTED, json!({}), None).await;
    world.listening(1).await;
    events.send_raw("id: 0\ndata: {not json\n\n");
    events.send_raw(": a comment\n\nevent: nothing\n\nretry: 10\n\n");
    events.send(Some("1"), &json!({"version": 1}));
    assert_eq!(open.event().await.data("counted.version"), 1);
    // One that does not end is cut off, and does not fill the memory.
    world.desk.clear();
    events.send_raw(format!("data: {}", "x".repeat(70_000)));
    world.desk.until_under_way("/counted", 1).await;
    assert_eq!(world.desk.calls_of("/counted")[0].header("last-event-id"), Some("1"));
    events.send(Some("2"), &json!({"version": 2}));
    assert_eq!(open.event().await.data("counted.version"), 2);
}
