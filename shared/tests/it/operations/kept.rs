//! Answers of public operations are kept as bytes while every row behind them is fresh.

use super::world::{KEPT, World, fresh, parts, things};
use bff::config::{Section, Settings, SharingSettings};
use kit::{PATIENCE, Reply, Value, json};

const DOCUMENT: &str = "query ($id: ID! = \"t1\") { thing(id: $id) { greeting parts { label } } }";

/// Asks until the answer would be kept: the first run only teaches that the operation is public.
async fn asked_twice(world: &World, query: impl Fn() -> kit::Query) {
    query().await;
    query().await;
    world.shop.clear();
}

#[tokio::test]
async fn a_fresh_answer_is_given_again_without_a_call() {
    let world = World::start(KEPT).await;
    let first = world.bff.query(DOCUMENT).await;
    world.bff.query(DOCUMENT).await;
    world.shop.clear();
    let token = world.issuer.token("us-1");
    let again = world.bff.query(DOCUMENT).bearer(&token).await;
    assert_eq!(
        (again.status, &again.text, again.header("content-type")),
        (200, &first.text, first.header("content-type"))
    );
    assert_eq!((world.shop.total(), world.shared("kept").await), (0, 1));
    // Whatever else it depends on is another answer.
    assert_eq!(
        world.bff.query(DOCUMENT).header("accept-language", "de").await.data("thing.greeting"),
        "de: Thing t1"
    );
    let other = world.bff.query(DOCUMENT).variables(json!({"id": "t2"})).await;
    assert_eq!(other.data("thing.parts.0.label"), "Part of t2");
    assert_eq!((world.shop.count("/things"), world.shared("kept").await), (2, 1));
}

#[tokio::test]
async fn however_its_variables_are_spelled() {
    let world = World::start(KEPT).await;
    asked_twice(&world, || world.bff.query(DOCUMENT)).await;
    for variables in [Value::Null, json!({}), json!({"id": "t1"}), json!({"id": "t1", "other": 1})] {
        for _ in 0..2 {
            let answer = world.bff.query(DOCUMENT).variables(variables.clone()).await;
            assert_eq!(answer.data("thing.greeting"), "en: Thing t1");
        }
    }
    assert_eq!((world.shop.total(), world.shared("kept").await), (0, 8));
    // What cannot be is refused, and another value is another answer.
    let wrong = world.bff.query(DOCUMENT).variables(json!({"id": [1]})).await;
    assert_eq!(wrong.codes(), ["BAD_USER_INPUT"]);
    let other = world.bff.query(DOCUMENT).variables(json!({"id": "t2"})).await;
    assert_eq!(other.data("thing.greeting"), "en: Thing t2");
}

#[tokio::test]
async fn the_upstreams_say_for_how_long() {
    for (headers, kept) in [
        (&[("cache-control", "max-age=60")][..], true),
        (&[("cache-control", "max-age=60"), ("age", "10")], true),
        (&[("cache-control", "max-age=60"), ("age", "60")], false),
        (&[("cache-control", "max-age=0, s-maxage=60")], true),
        (&[("cache-control", "no-store")], false),
        (&[("cache-control", "private, max-age=60")], false),
        (&[("cache-control", "no-cache, max-age=60")], false),
        (&[("cache-control", "max-age=60"), ("vary", "*")], false),
        (&[], false),
    ] {
        // The strictest counts, whichever it is.
        for path in ["/things", "/parts"] {
            let world = World::start(KEPT).await;
            world.shop.get(path, move |call| {
                let rows = if path == "/things" { things(call) } else { parts(call) };
                headers.iter().fold(Reply::json(200, rows), |reply, (name, value)| reply.header(name, value))
            });
            asked_twice(&world, || world.bff.query(DOCUMENT)).await;
            world.bff.query(DOCUMENT).await.ok();
            assert_eq!(world.shop.total() == 0, kept, "{path} {headers:?}");
        }
    }
}

#[tokio::test]
async fn a_stale_answer_is_not_given() {
    let world = World::start(KEPT).await;
    world.shop.get("/parts", |call| Reply::json(200, parts(call)).header("cache-control", "max-age=1"));
    asked_twice(&world, || world.bff.query(DOCUMENT)).await;
    let asked_anew = async {
        while world.shop.total() == 0 {
            world.bff.query(DOCUMENT).await.ok();
        }
    };
    tokio::time::timeout(PATIENCE, asked_anew).await.unwrap();
    assert_eq!(world.shop.count("/things"), 1);
}

#[tokio::test]
async fn what_does_not_exist_is_kept_as_long_as_its_upstream_says() {
    for (reply, kept) in [
        (Reply::problem(404, "none").header("cache-control", "max-age=60"), true),
        (Reply::problem(404, "none"), false),
    ] {
        let world = World::start(KEPT).await;
        world.shop.get("/things", move |_| reply.clone());
        asked_twice(&world, || world.bff.query(DOCUMENT)).await;
        assert_eq!(world.bff.query(DOCUMENT).await.ok(), &json!({"thing": null}));
        assert_eq!(world.shop.total() == 0, kept);
    }
}

#[tokio::test]
async fn an_answer_with_an_error_is_not_kept() {
    let world = World::start(KEPT).await;
    world.shop.get("/parts", |_| Reply::problem(500, "no").header("cache-control", "max-age=60"));
    asked_twice(&world, || world.bff.query(DOCUMENT)).await;
    let answer = world.bff.query(DOCUMENT).await;
    assert_eq!((answer.codes(), world.shop.count("/things")), (vec!["UPSTREAM_UNAVAILABLE"], 1));
    // Nor one whose rows are all fresh, and one of whose values cannot be.
    let document = "{ thing(id: \"t1\") { parts { weight } } }";
    world
        .shop
        .get("/parts", |_| fresh(json!([{"thing_id": "t1", "label": "heavy", "weight": 3_000_000_000_i64}])));
    asked_twice(&world, || world.bff.query(document)).await;
    let answer = world.bff.query(document).await;
    assert_eq!((answer.paths(), world.shop.count("/things")), (vec!["thing.parts.0.weight".to_owned()], 1));
}

#[tokio::test]
async fn a_reader_sees_a_write_at_once() {
    for status in [204, 500] {
        let world = World::start(KEPT).await;
        world.shop.put("/things/{id}", move |_| Reply::json(status, Value::Null));
        asked_twice(&world, || world.bff.query(DOCUMENT)).await;
        world.bff.query(DOCUMENT).await.ok();
        assert_eq!(world.shop.total(), 0);
        // Whether or not it answers that it is done, it may be.
        let write = world.bff.query("mutation { rename(id: \"t1\", name: \"New\") }").await;
        assert_eq!(write.errors().is_empty(), status == 204);
        world.shop.get("/things", |_| fresh(json!([{"id": "t1", "name": "New"}])));
        assert_eq!(world.bff.query(DOCUMENT).await.data("thing.greeting"), "en: New");
    }
}

#[tokio::test]
async fn what_was_begun_before_a_write_is_not_kept_after_it() {
    let world = World::start(KEPT).await;
    world.bff.query(DOCUMENT).await.ok();
    world.shop.clear();
    let gate = world.hold_things();
    let begun = world.ask(world.bff.query(DOCUMENT));
    world.shop.until_under_way("/things", 1).await;
    world.bff.query("mutation { rename(id: \"t1\", name: \"New\") }").await.ok();
    gate.open();
    begun.await.unwrap().ok();
    world.bff.query(DOCUMENT).await.ok();
    assert_eq!(world.shop.count("/things"), 2);
}

#[tokio::test]
async fn answers_are_kept_within_their_budget() {
    let few = SharingSettings { batches_in_flight: 0, operations: true, answers_bytes: 4_000 };
    let world = World::start(few).await;
    let ask = |n: usize| world.bff.query(DOCUMENT).variables(json!({"id": format!("t{n}")}));
    ask(0).await.ok();
    for n in 0..40 {
        ask(n).await.ok();
    }
    world.shop.clear();
    for n in 0..40 {
        ask(n).await.ok();
    }
    // An answer is some 80 bytes, and counted with what it takes to keep it.
    let kept = 40 - world.shop.count("/things");
    assert!((1..20).contains(&kept), "{kept} of 40 are kept");
}

#[tokio::test]
async fn a_mutation_is_never_kept() {
    let world = World::start(KEPT).await;
    let rename = || world.bff.query("mutation { rename(id: \"t1\", name: \"New\") }");
    asked_twice(&world, rename).await;
    rename().await.ok();
    assert_eq!(world.shop.count("/things/{id}"), 1);
}

#[test]
fn answers_cannot_be_kept_where_operations_are_not_shared() {
    let mut settings = Settings::ephemeral("shop");
    settings.sharing.answers_bytes = 1;
    assert!(settings.check().iter().any(|problem| problem.contains("sharing.operations = true")));
    settings.sharing.operations = true;
    assert!(settings.check().is_empty());
}
