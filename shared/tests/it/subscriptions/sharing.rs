//! One connection to an upstream's stream, however many listen.

use super::world::World;
use futures::future::join_all;
use kit::{Reply, json};

const COUNTED: &str = "subscription { counted(id: \"c1\") { version count { times } } }";
const MINE: &str = "subscription { mine { version } }";

#[tokio::test]
async fn a_hundred_listen_over_one_connection_and_ask_together() {
    let world =
        World::with(|server| server.settings(|settings| settings.subscriptions.places_per_address = 1_000))
            .await;
    let events = world.desk.events("/counted");
    let sockets = (0..50).map(|_| world.bff.subscribe(COUNTED, json!({}), None));
    let streams = (0..50).map(|_| world.bff.events(COUNTED, json!({}), None));
    let (mut sockets, mut streams) = tokio::join!(join_all(sockets), join_all(streams));
    world.listening(100).await;
    assert_eq!((world.desk.count("/counted"), events.listeners()), (1, 1));
    assert!(world.desk.calls_of("/counted")[0].service().is_some());

    for version in 1..=3 {
        events.send(Some(&version.to_string()), &json!({"version": version}));
        let all = json!({"version": version, "count": {"times": 7}});
        for answer in join_all(sockets.iter_mut().map(|socket| socket.event())).await {
            assert_eq!(answer.data("counted"), &all);
        }
        for answer in join_all(streams.iter_mut().map(|stream| stream.answer())).await {
            assert_eq!(answer.data("counted"), &all);
        }
    }
    // What is the same for all is asked for all, and anew for each event.
    let asked = world.desk.count("/counts");
    assert!((3..=9).contains(&asked), "{asked} calls for 300 events");

    // It is up until the last has left.
    let last = sockets.pop().unwrap();
    drop((sockets, streams));
    world.listening(1).await;
    assert_eq!(events.listeners(), 1);
    drop(last);
    events.until_nobody_listens().await;
    assert_eq!(world.desk.count("/counted"), 1);
}

#[tokio::test]
async fn what_is_a_callers_own_is_shared_with_nobody_else() {
    let world = World::start().await;
    let events = world.desk.events("/mine");
    let (ada, bo) = (world.issuer.token("ada"), world.issuer.token("bo"));
    let mut open = Vec::new();
    for token in [&ada, &ada, &bo] {
        open.push(world.bff.subscribe(MINE, json!({}), Some(token)).await);
    }
    world.listening(3).await;
    let mut bearers: Vec<_> = world.desk.calls_of("/mine").iter().map(super::world::subject).collect();
    bearers.sort();
    assert_eq!(bearers, ["ada", "bo"]);
    assert_eq!(events.listeners(), 2);
}

#[tokio::test]
async fn who_comes_while_it_connects_waits_for_the_same_connection() {
    let world = World::start().await;
    let gate = kit::Gate::closed();
    let held = gate.clone();
    world.desk.get("/counted", move |_| Reply::problem(503, "not now").after(&held));
    let mut first = world.bff.subscribe(COUNTED, json!({}), None).await;
    world.desk.until_under_way("/counted", 1).await;
    let mut second = world.bff.subscribe(COUNTED, json!({}), None).await;
    world.listening(2).await;
    assert_eq!(world.desk.count("/counted"), 1);
    gate.open();
    assert_eq!(first.event().await.codes(), ["UPSTREAM_UNAVAILABLE"]);
    assert_eq!(second.event().await.codes(), ["UPSTREAM_UNAVAILABLE"]);
}
