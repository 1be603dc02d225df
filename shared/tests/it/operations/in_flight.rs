//! Identical public operations that are under way at once run once.

use super::world::{ALONE, IN_FLIGHT, World};
use kit::{Gate, Reply, Value, json};

const DOCUMENT: &str = "query ($limit: Int = 2) { things(limit: $limit) { greeting parts { label } } }";

#[tokio::test]
async fn two_at_once_ask_upstreams_once_and_get_the_same_bytes() {
    let world = World::knowing(IN_FLIGHT, DOCUMENT, Value::Null).await;
    let gate = world.hold_things();
    let (one, two) = (world.issuer.token("us-1"), world.issuer.token("us-2"));
    let first = world.ask(world.bff.query(DOCUMENT).bearer(&one));
    // A default that is spelled out is the same value.
    let second = world.ask(world.bff.query(DOCUMENT).bearer(&two).variables(json!({"limit": 2, "other": 1})));
    let third = world.ask(world.bff.query(DOCUMENT));
    world.shop.until_under_way("/things", 1).await;
    world.until_joined(2).await;
    gate.open();
    let (first, second, third) = (first.await.unwrap(), second.await.unwrap(), third.await.unwrap());
    assert_eq!(first.ok()["things"][1]["parts"], json!([{"label": "Part of t2"}]));
    for other in [&second, &third] {
        assert_eq!(
            (other.status, &other.text, other.header("content-type")),
            (first.status, &first.text, first.header("content-type"))
        );
    }
    assert_eq!((world.shop.count("/things"), world.shop.count("/parts")), (1, 1));
    assert!(world.shop.calls().iter().all(|call| call.service().is_some()));
    // Under way is not kept: who comes later asks anew.
    world.bff.query(DOCUMENT).await.ok();
    assert_eq!(world.shop.count("/things"), 2);
}

#[tokio::test]
async fn nothing_is_shared_where_it_is_not_switched_on() {
    let world = World::knowing(ALONE, DOCUMENT, Value::Null).await;
    let gate = world.hold_things();
    let both = [world.ask(world.bff.query(DOCUMENT)), world.ask(world.bff.query(DOCUMENT))];
    world.shop.until_under_way("/things", 2).await;
    gate.open();
    for one in both {
        one.await.unwrap().ok();
    }
}

#[tokio::test]
async fn what_an_answer_depends_on_tells_operations_apart() {
    let document = "query A($limit: Int) { things(limit: $limit) { greeting } }
                    query B($limit: Int) { things(limit: $limit) { greeting name } }";
    let world = World::start(IN_FLIGHT).await;
    let ask = |operation| world.bff.query(document).operation(operation);
    ask("A").await.ok();
    ask("B").await.ok();
    world.shop.clear();
    let gate = world.hold_things();
    let all = [
        world.ask(ask("A")),
        world.ask(ask("B")),
        world.ask(ask("A").variables(json!({"limit": 1}))),
        world.ask(ask("A").header("accept-language", "de")),
    ];
    world.shop.until_under_way("/things", 4).await;
    // And who is equal to one of them joins.
    let equal = world.ask(ask("A").header("accept-language", "de"));
    world.until_joined(1).await;
    gate.open();
    let mut answers = Vec::new();
    for one in all {
        answers.push(one.await.unwrap());
    }
    assert_eq!(answers[0].data("things.0.greeting"), "en: Thing t1");
    assert_eq!(answers[1].data("things.0.name"), "Thing t1");
    assert_eq!(answers[3].data("things.0.greeting"), "de: Thing t1");
    assert_eq!(equal.await.unwrap().text, answers[3].text);
    assert_eq!(world.shop.count("/things"), 4);
}

#[tokio::test]
async fn whoever_leaves_hands_over_to_those_who_wait() {
    let world = World::knowing(IN_FLIGHT, DOCUMENT, Value::Null).await;
    let gate = world.hold_things();
    let leader = world.ask(world.bff.query(DOCUMENT));
    world.shop.until_under_way("/things", 1).await;
    let waiting = [world.ask(world.bff.query(DOCUMENT)), world.ask(world.bff.query(DOCUMENT))];
    world.until_joined(2).await;
    leader.abort();
    world.until_ended("cancelled", 1).await;
    gate.open();
    for one in waiting {
        assert_eq!(one.await.unwrap().data("things.0.parts.0.label"), "Part of t1");
    }
    assert_eq!((world.shop.count("/things"), world.shop.count("/parts")), (1, 1), "the call went on");
}

#[tokio::test]
async fn an_execution_that_nobody_waits_for_ends() {
    let world = World::knowing(IN_FLIGHT, DOCUMENT, Value::Null).await;
    let gate = world.hold_things();
    let leader = world.ask(world.bff.query(DOCUMENT));
    world.shop.until_under_way("/things", 1).await;
    let joined = world.ask(world.bff.query(DOCUMENT));
    world.until_joined(1).await;
    leader.abort();
    joined.abort();
    world.shop.until_abandoned("/things", 1).await;
    gate.open();
    world.bff.query(DOCUMENT).await.ok();
    assert_eq!(world.shop.count("/things"), 2, "and its place is free");
}

#[tokio::test]
async fn a_failure_is_shared_and_is_each_ones_own() {
    let world = World::knowing(IN_FLIGHT, DOCUMENT, Value::Null).await;
    let gate = Gate::closed();
    let held = gate.clone();
    world.shop.get("/things", move |_| Reply::problem(500, "no").after(&held));
    let both = [world.ask(world.bff.query(DOCUMENT)), world.ask(world.bff.query(DOCUMENT))];
    world.until_joined(1).await;
    gate.open();
    for one in both {
        let answer = one.await.unwrap();
        assert_eq!(
            (answer.status, answer.codes(), answer.paths()),
            (200, vec!["UPSTREAM_UNAVAILABLE"], vec!["things".to_owned()])
        );
    }
    world.until_ended("partial", 2).await;
    world.bff.query(DOCUMENT).await;
    assert!(world.shop.count("/things") > 1, "who comes later asks anew");
}

#[tokio::test]
async fn who_comes_after_a_write_does_not_join_what_left_before_it() {
    let world = World::knowing(IN_FLIGHT, DOCUMENT, Value::Null).await;
    let gate = world.hold_things();
    let before = [world.ask(world.bff.query(DOCUMENT)), world.ask(world.bff.query(DOCUMENT))];
    world.until_joined(1).await;
    assert_eq!(world.shop.count("/things"), 1);
    world.bff.query("mutation { rename(id: \"t1\", name: \"New\") }").await.ok();
    let after = [world.ask(world.bff.query(DOCUMENT)), world.ask(world.bff.query(DOCUMENT))];
    world.shop.until_under_way("/things", 2).await;
    world.until_joined(2).await;
    gate.open();
    for one in before.into_iter().chain(after) {
        one.await.unwrap().ok();
    }
    assert_eq!(world.shop.count("/things"), 2);
}

#[tokio::test]
async fn a_get_joins_a_post() {
    let world = World::knowing(IN_FLIGHT, "{ things { name } }", Value::Null).await;
    let gate = world.hold_things();
    let post = world.ask(world.bff.query("{ things { name } }"));
    world.shop.until_under_way("/things", 1).await;
    let get = async {
        let get = world.bff.query("{ things { name } }").by_get().into_future();
        let (get, ()) = tokio::join!(get, async {
            world.until_joined(1).await;
            gate.open();
        });
        get
    };
    assert_eq!(get.await.text, post.await.unwrap().text);
    assert_eq!(world.shop.count("/things"), 1);
}
