//! Events carry ids; each is answered with rows asked anew, as the subscriber.

use super::world::World;
use kit::{Reply, json};

const DOCUMENT: &str =
    "subscription($id: ID!) { writerChanged(id: $id) { version writer { name } me { name } } }";

#[tokio::test]
async fn every_event_is_asked_anew_as_the_subscriber() {
    let world = World::start().await;
    let events = world.shop.events("/events");
    world.shop.get("/me", |_| json!({"id": "w9", "name": "Me", "phone": ""}));
    let token = world.issuer.token("us-1");
    let mut subscription = world.bff.subscribe(DOCUMENT, json!({"id": "w1"}), Some(&token)).await;
    world.shop.until_under_way("/events", 1).await;
    assert_eq!(world.shop.calls()[0].caller().as_deref(), Some("us-1"));

    events.send(Some("1"), &json!({"version": 1}));
    let first = subscription.event().await;
    assert_eq!(
        first.data("writerChanged"),
        &json!({"version": 1, "writer": {"name": "Ada"}, "me": {"name": "Me"}})
    );

    world.shop.table("/writers", &[("ids", "id")], json!([{"id": "w1", "name": "Renamed", "phone": ""}]));
    events.send(Some("2"), &json!({"version": 2}));
    let second = subscription.event().await;
    assert_eq!(second.data("writerChanged.writer.name"), "Renamed");
    assert_eq!(world.shop.count("/writers"), 2);
    assert!(world.shop.calls_of("/me").iter().all(|call| call.caller().as_deref() == Some("us-1")));

    subscription.complete().await;
    events.until_nobody_listens().await;
}

#[tokio::test]
async fn a_failed_field_of_an_event_is_told_and_the_stream_goes_on() {
    let world = World::start().await;
    let events = world.shop.events("/events");
    world.shop.get("/writers", |_| Reply::problem(500, "down"));
    let document = "subscription { writerChanged(id: \"w1\") { version writer { name } } }";
    let mut subscription = world.bff.subscribe(document, json!({}), None).await;
    world.shop.until_under_way("/events", 1).await;
    events.send(Some("1"), &json!({"version": 1}));
    let event = subscription.event().await;
    assert_eq!(event.data("writerChanged"), &json!({"version": 1, "writer": null}));
    assert_eq!(
        (event.codes(), event.paths()),
        (vec!["UPSTREAM_UNAVAILABLE"], vec!["writerChanged.writer".to_owned()])
    );
    events.send_raw("data: {not json\n\n");
    world.shop.table("/writers", &[("ids", "id")], super::world::writers());
    events.send(None, &json!({"version": 2}));
    assert_eq!(subscription.event().await.data("writerChanged.writer.name"), "Ada");
}

#[tokio::test]
async fn a_stream_that_breaks_is_taken_up_behind_its_last_event() {
    let world = World::start().await;
    let events = world.shop.events("/events");
    let document = "subscription { writerChanged(id: \"w1\") { version } }";
    let mut subscription = world.bff.subscribe(document, json!({}), None).await;
    world.shop.until_under_way("/events", 1).await;
    events.send(Some("e-7"), &json!({"version": 7}));
    subscription.event().await;
    world.shop.clear();
    events.break_off();
    world.shop.until_under_way("/events", 1).await;
    assert_eq!(world.shop.calls()[0].header("last-event-id"), Some("e-7"));
    events.send(Some("e-8"), &json!({"version": 8}));
    assert_eq!(subscription.event().await.data("writerChanged.version"), 8);
}

#[tokio::test]
async fn a_subscriber_who_leaves_closes_the_stream() {
    let world = World::start().await;
    let events = world.shop.events("/events");
    let document = "subscription { writerChanged(id: \"w1\") { version } }";
    let subscription = world.bff.subscribe(document, json!({}), None).await;
    world.shop.until_under_way("/events", 1).await;
    drop(subscription);
    events.until_nobody_listens().await;
}

#[tokio::test]
async fn a_subscriber_who_may_not_is_told() {
    let world = World::start().await;
    world.shop.get("/events", |_| Reply::problem(403, "no"));
    let document = "subscription { writerChanged(id: \"w1\") { version } }";
    let mut subscription = world.bff.subscribe(document, json!({}), None).await;
    let refused = subscription.event().await;
    assert_eq!(refused.codes(), ["FORBIDDEN"], "{refused}");
    assert!(subscription.next().await.is_none());
}

#[tokio::test]
async fn a_wrong_document_is_refused_on_the_socket_too() {
    let world = World::start().await;
    let mut subscription = world.bff.subscribe("subscription { nonsense }", json!({}), None).await;
    let refused = subscription.event().await;
    assert_eq!(refused.codes(), ["GRAPHQL_VALIDATION_FAILED"], "{refused}");
}

#[tokio::test]
async fn queries_run_on_the_socket_as_well() {
    let world = World::start().await;
    let mut subscription = world.bff.subscribe("{ writer(id: \"w1\") { name } }", json!({}), None).await;
    assert_eq!(subscription.event().await.ok(), &json!({"writer": {"name": "Ada"}}));
    assert!(subscription.next().await.is_none());
}

#[tokio::test]
async fn a_subscription_over_plain_http_says_where_to_go() {
    let world = World::start().await;
    let answer = world.bff.query("subscription { writerChanged(id: \"w1\") { version } }").await;
    assert_eq!(answer.codes(), ["BAD_USER_INPUT"]);
    assert!(answer.messages()[0].contains("WebSocket"), "{answer}");
}
