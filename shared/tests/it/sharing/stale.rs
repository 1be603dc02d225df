//! Rows past their time: used while they are asked for again, and in place of a failure, if their upstream allows.

use super::world::{HastyItem, ItemById, LONG, World, items, request, upstreams};
use bff::fanout::by_hand;
use kit::{Call, Fake, Gate, Reply, Value, json};
use std::time::Duration;

const A: &str = "{ item(id: \"a\") { name } }";

fn renamed(call: &Call, name: &str) -> Value {
    Value::Array(call.list("ids").iter().map(|id| json!({"id": id, "name": name})).collect())
}

fn answers(store: &Fake, name: &'static str, cache_control: &'static str) {
    store.get("/items", move |call| Reply::from(renamed(call, name)).header("cache-control", cache_control));
}

#[tokio::test]
async fn rows_are_used_while_they_are_asked_for_again_once() {
    let world = World::start().await;
    answers(&world.store, "old", "max-age=0, stale-while-revalidate=600");
    assert_eq!(world.bff.query(A).await.data("item.name"), "old");
    let gate = Gate::closed();
    let held = gate.clone();
    world.store.get("/items", move |call| {
        Reply::from(renamed(call, "new")).header("cache-control", "max-age=600").after(&held)
    });
    // Answered though the upstream does not answer; however many come, one call is under way.
    for _ in 0..5 {
        assert_eq!(world.bff.query(A).await.data("item.name"), "old");
    }
    world.store.until_under_way("/items", 1).await;
    assert_eq!(world.store.count("/items"), 2);
    gate.open();
    // Soon the new rows are there, and stay.
    let new = async { while world.bff.query(A).await.data("item.name") != "new" {} };
    tokio::time::timeout(kit::PATIENCE, new).await.unwrap();
    assert_eq!(world.store.count("/items"), 2);
}

#[tokio::test]
async fn a_refresh_that_fails_leaves_what_is_there() {
    let world = World::start().await;
    answers(&world.store, "old", "max-age=0, stale-while-revalidate=600");
    world.bff.query(A).await.ok();
    world.store.get("/items", |_| Reply::problem(500, "down"));
    for _ in 0..3 {
        assert_eq!(world.bff.query(A).await.ok()["item"]["name"], "old");
    }
}

#[tokio::test]
async fn a_refresh_is_asked_as_nobody_and_ends_by_itself() {
    let store = Fake::start().await;
    answers(&store, "old", "max-age=0, stale-while-revalidate=600");
    let upstreams = upstreams(&store, 4);
    let ask = || async { by_hand::load(&request(&upstreams, LONG), HastyItem("a".into())).await.unwrap() };
    ask().await;
    store.get("/items", |_| Reply::hang());
    ask().await;
    store.until_under_way("/items", 1).await;
    // The upstream's own time-out ends it, though nobody waits.
    store.until_abandoned("/items", 1).await;
}

#[tokio::test]
async fn rows_stand_in_for_a_failure_and_say_how_old_they_are() {
    for failure in [Reply::problem(503, "down"), Reply::reset(), Reply::hang()] {
        let store = Fake::start().await;
        store.get("/items", |call| {
            let reply = Reply::from(renamed(call, "old"));
            reply.header("cache-control", "max-age=10, stale-if-error=600").header("age", "30")
        });
        let upstreams = upstreams(&store, 4);
        by_hand::load(&request(&upstreams, LONG), ItemById("a".into())).await.unwrap();
        store.get("/items", move |_| failure.clone());
        let soon = Duration::from_secs(2);
        let rows = by_hand::load(&request(&upstreams, soon), ItemById("a".into())).await.unwrap();
        assert_eq!(rows.first().unwrap().name, "old");
        assert!(rows.stale().unwrap() >= Duration::from_secs(30));
    }
}

#[tokio::test]
async fn a_deadline_that_passes_is_a_failure_that_rows_stand_in_for() {
    let store = Fake::start().await;
    answers(&store, "old", "max-age=0, stale-if-error=600");
    let upstreams = upstreams(&store, 4);
    by_hand::load(&request(&upstreams, LONG), ItemById("a".into())).await.unwrap();
    store.get("/items", |_| Reply::hang());
    // The first's call ends with its own deadline; the second, who joined it, leaves before.
    let hasty = request(&upstreams, Duration::from_millis(200));
    let patient = request(&upstreams, Duration::from_secs(2));
    let (first, second) =
        tokio::join!(async { by_hand::load(&patient, ItemById("a".into())).await.unwrap().stale() }, async {
            store.until_under_way("/items", 1).await;
            by_hand::load(&hasty, ItemById("a".into())).await.unwrap().stale()
        });
    assert!(first.is_some() && second.is_some());
}

#[tokio::test]
async fn a_turn_that_never_comes_is_a_failure_that_rows_stand_in_for() {
    let store = Fake::start().await;
    answers(&store, "old", "max-age=0, stale-if-error=600");
    let upstreams = upstreams(&store, 1);
    by_hand::load(&request(&upstreams, LONG), ItemById("a".into())).await.unwrap();
    let gate = Gate::closed();
    let held = gate.clone();
    store.get("/items", move |call| Reply::from(items(call)).after(&held));
    let (hasty, patient) = (request(&upstreams, Duration::from_millis(200)), request(&upstreams, LONG));
    let calls = store.total();
    let (first, second) = tokio::join!(
        async { by_hand::load(&patient, ItemById("b".into())).await.map(|rows| rows.stale()) },
        async {
            store.until_under_way("/items", 1).await;
            let rows = by_hand::load(&hasty, ItemById("a".into())).await.map(|rows| rows.stale());
            gate.open();
            rows
        }
    );
    assert_eq!(first.unwrap(), None);
    assert!(second.unwrap().is_some());
    assert_eq!(store.total(), calls + 1);
}

#[tokio::test]
async fn only_the_keys_that_were_kept_are_there_when_a_batch_fails() {
    let world = World::start().await;
    answers(&world.store, "old", "max-age=0, stale-if-error=600");
    world.bff.query(A).await.ok();
    world.store.get("/items", |_| Reply::problem(500, "down"));
    let answer = world.bff.query("{ a: item(id: \"a\") { name } b: item(id: \"b\") { name } }").await;
    assert_eq!(answer.data(""), &json!({"a": {"name": "old"}, "b": null}));
    assert_eq!((answer.paths(), answer.codes()), (vec!["b".to_owned()], vec!["UPSTREAM_UNAVAILABLE"]));
}

#[tokio::test]
async fn what_an_upstream_does_not_allow_stands_in_for_nothing() {
    for cache_control in [
        "max-age=0",
        "max-age=0, stale-if-error=600, must-revalidate",
        "max-age=0, stale-if-error=600, no-store",
        "max-age=0, stale-while-revalidate=600, no-cache",
    ] {
        let world = World::start().await;
        answers(&world.store, "old", cache_control);
        world.bff.query(A).await.ok();
        world.store.get("/items", |_| Reply::problem(500, "down"));
        assert_eq!(world.bff.query(A).await.codes(), ["UPSTREAM_UNAVAILABLE"], "{cache_control}");
    }
    let world = World::start().await;
    world.store.get("/items", |call| {
        let reply = Reply::from(renamed(call, "old"));
        reply
            .header("cache-control", "max-age=10, stale-if-error=10, stale-while-revalidate=10")
            .header("age", "21")
    });
    world.bff.query(A).await.ok();
    world.store.get("/items", |_| Reply::problem(500, "down"));
    assert_eq!(world.bff.query(A).await.codes(), ["UPSTREAM_UNAVAILABLE"], "its time is over");
}

#[tokio::test]
async fn an_answer_that_must_not_be_kept_takes_away_the_one_that_was() {
    let world = World::start().await;
    answers(&world.store, "old", "max-age=0, stale-if-error=600");
    world.bff.query(A).await.ok();
    answers(&world.store, "new", "no-store");
    assert_eq!(world.bff.query(A).await.data("item.name"), "new");
    world.store.get("/items", |_| Reply::problem(500, "down"));
    assert_eq!(world.bff.query(A).await.codes(), ["UPSTREAM_UNAVAILABLE"]);
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_no_outage() {
    let world = World::start().await;
    answers(&world.store, "old", "max-age=0, stale-if-error=600");
    world.bff.query(A).await.ok();
    world.store.get("/items", |_| Reply::html());
    assert_eq!(world.bff.query(A).await.codes(), ["UPSTREAM_BAD_RESPONSE"]);
    world.store.get("/items", items);
    assert_eq!(world.bff.query(A).await.data("item.name"), "the a");
}
