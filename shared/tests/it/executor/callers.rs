//! Who asks matters: guards, identity passed on, nothing shared between two.

use super::world::World;
use kit::{Gate, Reply, Value, json};
use std::future::IntoFuture;

#[tokio::test]
async fn a_guard_nulls_its_field_and_asks_nothing() {
    let world = World::start().await;
    let answer = world.bff.query("{ writers { name email secretBooks { title } } }").await;
    assert_eq!(answer.data("writers.1"), &json!({"name": "Bo", "email": null, "secretBooks": null}));
    assert_eq!(world.shop.total(), 1);
    assert!(answer.codes().iter().all(|code| *code == "UNAUTHENTICATED"));
    assert_eq!(answer.paths().len(), 6, "{answer}");

    let token = world.issuer.token("us-1");
    let answer = world.bff.query("{ writers { email secretBooks { title } } }").bearer(&token).await;
    assert_eq!(answer.ok()["writers"][0]["email"], "ada@x");
    assert_eq!(answer.data("writers.1.secretBooks"), &json!([{"title": "Four"}]));
}

#[tokio::test]
async fn a_guarded_field_that_may_not_be_null_takes_its_parent() {
    let world = World::start().await;
    let answer = world.bff.query("{ writer(id: \"w1\") { name phone } writers { phone } answer }").await;
    assert_eq!(answer.data(""), &json!({"writer": null, "writers": null, "answer": 42}));
    assert_eq!(answer.paths(), ["writer.phone", "writers.0.phone"]);
}

#[tokio::test]
async fn a_guarded_root_runs_for_those_who_may() {
    let world = World::start().await;
    let answer = world.bff.query("{ whoami answer }").await;
    assert_eq!(answer.data(""), &json!({"whoami": null, "answer": 42}));
    assert_eq!(answer.codes(), ["UNAUTHENTICATED"]);
    let token = world.issuer.token("us-7");
    assert_eq!(world.bff.query("{ whoami }").bearer(&token).await.ok(), &json!({"whoami": "us-7"}));
}

#[tokio::test]
async fn the_callers_questions_carry_the_caller_and_public_ones_do_not() {
    let world = World::start().await;
    world.shop.get("/me", |_| json!({"id": "w1", "name": "Ada", "phone": "1"}));
    let token = world.issuer.token("us-1");
    let answer = world.bff.query("{ me { name books { title } } }").bearer(&token).await;
    assert_eq!(answer.ok()["me"]["name"], "Ada");
    let calls = world.shop.calls();
    assert_eq!(calls[0].caller().as_deref(), Some("us-1"));
    assert_eq!(calls[1].path, "/books");
    assert!(calls[1].service().is_some(), "a public question is never asked as anybody but the BFF");
}

#[tokio::test]
async fn two_callers_at_once_share_nothing() {
    let world = World::start().await;
    let gate = Gate::closed();
    let held = gate.clone();
    world.shop.get("/me", move |call| {
        let name = call.caller().unwrap_or_default();
        Reply::from(json!({"id": "w", "name": name, "phone": "1"})).after(&held)
    });
    let (one, two) = (world.issuer.token("us-1"), world.issuer.token("us-2"));
    let ask = |token: &str| world.bff.query("{ me { name } }").bearer(token).into_future();
    let both = async {
        world.shop.until_under_way("/me", 2).await;
        gate.open();
    };
    let (first, second, ()) = tokio::join!(ask(&one), ask(&two), both);
    assert_eq!(first.ok(), &json!({"me": {"name": "us-1"}}));
    assert_eq!(second.ok(), &json!({"me": {"name": "us-2"}}));
}

#[tokio::test]
async fn every_request_asks_anew() {
    let world = World::start().await;
    let document = "{ writer(id: \"w1\") { name } }";
    world.bff.query(document).await;
    world.shop.table("/writers", &[("ids", "id")], json!([{"id": "w1", "name": "New", "phone": ""}]));
    assert_eq!(world.bff.query(document).await.data("writer.name"), "New");
}

#[tokio::test]
async fn mutations_run_in_order_and_read_what_they_wrote() {
    let world = World::start().await;
    world.shop.put("/writers/{id}", |_| Reply::json(204, Value::Null));
    let count = std::sync::atomic::AtomicUsize::new(0);
    world.shop.get("/writers", move |_| {
        let name = format!("read {}", count.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1);
        json!([{"id": "w1", "name": name, "phone": ""}])
    });
    let token = world.issuer.token("us-1");
    let answer = world
        .bff
        .query(
            "mutation { a: rename(input: {id: \"w1\", name: \"A\", idempotencyKey: \"k1\"}) { writer { name } }
                        b: rename(input: {id: \"w1\", name: \"B\"}) { writer { name } } }",
        )
        .bearer(&token)
        .await;
    // Each reads before it writes; the payload reads after it.
    assert_eq!(
        answer.ok(),
        &json!({"a": {"writer": {"name": "read 2"}}, "b": {"writer": {"name": "read 3"}}})
    );
    let calls = world.shop.calls();
    let methods: Vec<_> = calls.iter().map(|call| call.method.as_str()).collect();
    assert_eq!(methods, ["GET", "PUT", "GET", "PUT", "GET"]);
    assert_eq!(calls[1].header("idempotency-key"), Some("k1"));
    assert_eq!(calls[1].caller().as_deref(), Some("us-1"));
    assert_eq!((calls[1].json(), calls[3].json()), (json!({"name": "A"}), json!({"name": "B"})));
}

#[tokio::test]
async fn what_came_of_a_write_is_told_with_a_code() {
    for (status, code) in [
        (404, "NOT_FOUND"),
        (409, "CONFLICT"),
        (412, "CONFLICT"),
        (422, "BAD_USER_INPUT"),
        (401, "UNAUTHENTICATED"),
        (403, "FORBIDDEN"),
        (500, "UPSTREAM_UNAVAILABLE"),
    ] {
        let world = World::start().await;
        world.shop.put("/writers/{id}", move |_| Reply::problem(status, "the reason"));
        let answer = world
            .bff
            .query("mutation { rename(input: {id: \"w1\", name: \"A\"}) { writer { name } } }")
            .await;
        assert_eq!(answer.codes(), [code]);
        assert_eq!(answer.data("rename"), &Value::Null);
    }
}
