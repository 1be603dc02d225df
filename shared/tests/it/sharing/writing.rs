//! A write names what it makes stale; its reader sees it at once, and nobody keeps what was read before it.

use super::world::World;
use kit::{Gate, Reply, Value, json};
use std::{
    future::IntoFuture,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

/// Each read of an item answers with the number of writes before it, and may be kept.
async fn counting() -> (World, Arc<AtomicUsize>) {
    let world = World::start().await;
    let writes = Arc::new(AtomicUsize::new(0));
    let now = writes.clone();
    world.store.get("/items", move |call| {
        let name = format!("write {}", now.load(SeqCst));
        let items = call.list("ids").iter().map(|id| json!({"id": id, "name": name})).collect();
        Reply::from(Value::Array(items)).header("cache-control", "max-age=600")
    });
    let now = writes.clone();
    world.store.put("/items/{id}", move |_| {
        now.fetch_add(1, SeqCst);
        Reply::json(204, Value::Null)
    });
    (world, writes)
}

async fn names(world: &World) -> [String; 2] {
    let answer = world.bff.query("{ a: item(id: \"a\") { name } b: item(id: \"b\") { name } }").await;
    ["a.name", "b.name"].map(|path| answer.data(path).as_str().unwrap().to_owned())
}

#[tokio::test]
async fn what_a_write_names_is_read_anew_by_everybody_and_the_rest_is_not() {
    let (world, _) = counting().await;
    assert_eq!(names(&world).await, ["write 0", "write 0"]);
    let answer = world.bff.query("mutation { rename(id: \"a\", name: \"x\") { item { name } } }").await;
    assert_eq!(answer.ok()["rename"]["item"]["name"], "write 1", "a reader sees its own write");
    assert_eq!(names(&world).await, ["write 1", "write 0"]);
    world.bff.query("mutation { renameAny(id: \"a\", name: \"x\") { item { name } } }").await.ok();
    assert_eq!(names(&world).await, ["write 2", "write 2"]);
}

#[tokio::test]
async fn some_questions_of_a_type_can_be_named_by_what_they_ask() {
    let world = World::start().await;
    world.store.get("/parts", |call| {
        let parts: Vec<_> =
            call.list("item_ids").iter().map(|item| json!({"id": "p", "item_id": item})).collect();
        Reply::from(json!(parts)).header("cache-control", "max-age=600")
    });
    world.store.put("/items/{id}", |_| Reply::json(204, Value::Null));
    let read = || async {
        let document = "{ parts(of: \"a\", first: 1) { id } b: parts(of: \"a\", first: 2) { id } c: parts(of: \"c\") { id } }";
        world.store.clear();
        world.bff.query(document).await.ok();
        let calls = world.store.calls_of("/parts");
        let mut read: Vec<_> = calls.iter().flat_map(|call| call.list("item_ids")).collect();
        read.sort();
        read
    };
    assert_eq!(read().await, ["a", "a", "c"]);
    assert!(read().await.is_empty());
    world.bff.query("mutation { dropParts(id: \"a\") { item { id } } }").await.ok();
    assert_eq!(read().await, ["a", "a"]);
}

#[tokio::test]
async fn a_reader_sees_its_own_write_also_where_nothing_was_named() {
    let (world, _) = counting().await;
    names(&world).await;
    let answer =
        world.bff.query("mutation { renameQuietly(id: \"a\", name: \"x\") { item { name } } }").await;
    assert_eq!(answer.ok()["renameQuietly"]["item"]["name"], "write 1");
}

#[tokio::test]
async fn a_flight_that_left_before_a_write_is_neither_joined_nor_kept() {
    left_before("rename", "write 0").await;
}

#[tokio::test]
async fn nor_is_one_whose_type_was_named() {
    left_before("renameAny", "write 1").await;
}

/// Asks for a and b, and writes before they come; `of_b` is what is read of b then.
async fn left_before(write: &str, of_b: &str) {
    let (world, writes) = counting().await;
    let (gate, mark) = (Gate::closed(), Gate::closed());
    let (held, now) = (gate.clone(), writes.clone());
    world.store.get("/items", move |call| {
        let before = now.load(SeqCst);
        let ids = call.list("ids");
        let items = ids.iter().map(|id| json!({"id": id, "name": format!("write {before}")}));
        let reply = Reply::from(Value::Array(items.collect())).header("cache-control", "max-age=600");
        if before == 0 { reply.after(&held) } else { reply }
    });
    let early = world.begin(1, "a: item(id: \"a\") { name } b: item(id: \"b\") { name }", &mark).await;
    world.store.until_under_way("/items", 1).await;
    // Whoever comes later does not wait for the flight that is under way.
    world.bff.query(&format!("mutation {{ {write}(id: \"a\", name: \"x\") {{ __typename }} }}")).await.ok();
    let later = world.bff.query("{ item(id: \"a\") { name } }").await;
    assert_eq!(later.ok()["item"]["name"], "write 1");
    mark.open();
    gate.open();
    assert_eq!(early.answer().await.data("a.name"), "write 0");
    // It has landed: what it says of a is not kept, what it says of b is, unless that was named, too.
    let calls = world.store.count("/items");
    assert_eq!(names(&world).await, ["write 1", of_b]);
    assert_eq!(world.store.count("/items"), calls + usize::from(of_b != "write 0"));
}

#[tokio::test]
async fn a_reader_does_not_join_what_left_before_its_own_write() {
    let (world, writes) = counting().await;
    let (gate, mark) = (Gate::closed(), Gate::closed());
    let (held, now) = (gate.clone(), writes.clone());
    world.store.get("/items", move |call| {
        let before = now.load(SeqCst);
        let ids = call.list("ids");
        let items = ids.iter().map(|id| json!({"id": id, "name": format!("write {before}")}));
        let reply = Reply::from(Value::Array(items.collect()));
        if before == 0 { reply.after(&held) } else { reply }
    });
    let early = world.begin(1, "item(id: \"a\") { name }", &mark).await;
    world.store.until_under_way("/items", 1).await;
    let answer =
        world.bff.query("mutation { renameQuietly(id: \"a\", name: \"x\") { item { name } } }").await;
    assert_eq!(answer.ok()["renameQuietly"]["item"]["name"], "write 1");
    mark.open();
    gate.open();
    assert_eq!(early.answer().await.data("item.name"), "write 0");
}

#[tokio::test]
async fn a_write_whose_caller_leaves_makes_stale_all_the_same() {
    let (world, writes) = counting().await;
    names(&world).await;
    let (gate, now) = (Gate::closed(), writes.clone());
    let held = gate.clone();
    world.store.put("/items/{id}", move |_| {
        now.fetch_add(1, SeqCst);
        Reply::json(204, Value::Null).after(&held)
    });
    #[expect(clippy::disallowed_methods, reason = "a client of its own")]
    let writing = tokio::spawn(
        world.bff.query("mutation { rename(id: \"a\", name: \"x\") { item { name } } }").into_future(),
    );
    world.store.until_under_way("/items/{id}", 1).await;
    writing.abort();
    world.store.until_abandoned("/items/{id}", 1).await;
    assert_eq!(names(&world).await, ["write 1", "write 0"]);
}

#[tokio::test]
async fn a_write_that_fails_makes_stale_too() {
    let (world, writes) = counting().await;
    names(&world).await;
    let now = writes.clone();
    world.store.put("/items/{id}", move |_| {
        now.fetch_add(1, SeqCst);
        Reply::problem(500, "done, and then something broke")
    });
    let answer = world.bff.query("mutation { rename(id: \"a\", name: \"x\") { item { name } } }").await;
    assert_eq!(answer.errors().len(), 1);
    assert_eq!(names(&world).await, ["write 1", "write 0"]);
}

#[tokio::test]
async fn what_an_event_tells_of_is_read_anew() {
    let (world, writes) = counting().await;
    names(&world).await;
    let events = world.store.events("/events");
    let mut changes =
        world.bff.subscribe("subscription { changed(id: \"a\") { item { name } } }", json!({}), None).await;
    world.store.until_under_way("/events", 1).await;
    for n in 1..3 {
        writes.fetch_add(1, SeqCst);
        events.send(None, &json!({}));
        assert_eq!(changes.event().await.data("changed.item.name"), &format!("write {n}"));
    }
}
