//! Parts where answers follow each other anyhow: server-sent events and sockets.

use super::{
    forms::{cases, first_and_rest},
    world::{World, bare},
};
use http::Method;
use kit::{EventStream, Socket, Value, json};

const SLOW: &str = r#"{ post(id: "p1") { title ...@defer { comments { text } } } }"#;

async fn streamed(world: &World, document: &str, accept: &str) -> EventStream {
    let request = world.bff.request(Method::POST, "/graphql").json(&json!({"query": document}));
    let stream = EventStream::open(request.header("accept", accept)).await;
    assert_eq!(stream.header("content-type"), Some("text/event-stream; charset=utf-8"));
    stream
}

async fn part(stream: &mut EventStream) -> Option<Value> {
    stream.next().await.map(|answer| bare(answer.json))
}

async fn all(mut stream: EventStream) -> Vec<Value> {
    let mut parts = Vec::new();
    while let Some(next) = part(&mut stream).await {
        parts.push(next);
    }
    parts
}

async fn started(world: &World, document: &str) -> Socket {
    let mut socket = world.bff.socket(None).await;
    socket.acknowledged().await;
    socket.start("1", document, json!({})).await;
    socket
}

#[tokio::test]
async fn each_event_is_a_part_in_the_form_that_is_asked_for() {
    let world = World::start().await;
    for (document, current, former) in cases() {
        for (accept, expected) in [
            ("text/event-stream", &current),
            ("text/event-stream; incrementalSpec=v0.2", &current),
            ("text/event-stream; deferSpec=20220824", &former),
        ] {
            let parts = all(streamed(&world, document, accept).await).await;
            assert_eq!(first_and_rest(parts), *expected, "{accept}: {document}");
        }
    }
}

#[tokio::test]
async fn a_get_is_told_in_parts_too() {
    let world = World::start().await;
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("query", SLOW).finish();
    let request = world.bff.request(Method::GET, &format!("/graphql/stream?{query}"));
    let parts = all(EventStream::open(request.header("graphql-require-preflight", "1")).await).await;
    assert_eq!((parts.len(), &parts[0]["data"]), (2, &json!({"post": {"title": "One"}})));
}

#[tokio::test]
async fn whoever_asks_for_a_form_that_is_not_spoken_gets_all_in_one() {
    let world = World::start().await;
    let parts = all(streamed(&world, SLOW, "text/event-stream; deferSpec=20990101").await).await;
    assert_eq!(
        parts,
        [json!({"data": {"post": {"title": "One", "comments": [{"text": "Good"}, {"text": "Bad"}]}}})]
    );
}

#[tokio::test]
async fn the_first_event_does_not_wait_for_what_is_put_off() {
    let world = World::start().await;
    let gate = world.hold_comments();
    let mut stream = streamed(&world, SLOW, "text/event-stream").await;
    let first = part(&mut stream).await.unwrap();
    assert_eq!((&first["data"], &first["hasNext"]), (&json!({"post": {"title": "One"}}), &json!(true)));
    world.rest.until_under_way("/comments", 1).await;
    gate.open();
    let last = part(&mut stream).await.unwrap();
    assert_eq!((&last["completed"], &last["hasNext"]), (&json!([{"id": "0"}]), &json!(false)));
    assert_eq!(part(&mut stream).await, None);
}

#[tokio::test]
async fn whoever_leaves_the_stream_ends_what_is_under_way() {
    let world = World::start().await;
    let _gate = world.hold_comments();
    let mut stream = streamed(&world, SLOW, "text/event-stream").await;
    part(&mut stream).await.unwrap();
    world.rest.until_under_way("/comments", 1).await;
    drop(stream);
    world.rest.until_abandoned("/comments", 1).await;
}

#[tokio::test]
async fn what_fails_is_told_where_it_is_delivered() {
    let world = World::start().await;
    world.rest.get("/comments", |_| kit::Reply::problem(500, "no"));
    let parts = all(streamed(&world, SLOW, "text/event-stream").await).await;
    let error = &parts[1]["incremental"][0]["errors"][0];
    assert_eq!(error["path"], json!(["post", "comments"]), "{parts:#?}");
    assert!(error["extensions"]["code"].as_str().unwrap().starts_with("UPSTREAM_"), "{error}");
    // A document that is refused is one event, however it is delivered.
    let mut refused = streamed(&world, "{ posts { ...@defer { nonsense } } }", "text/event-stream").await;
    assert_eq!(refused.answer().await.codes(), ["GRAPHQL_VALIDATION_FAILED"]);
    assert!(refused.next().await.is_none());
}

#[tokio::test]
async fn on_a_socket_each_message_is_a_part() {
    let world = World::start().await;
    let gate = world.hold_comments();
    let mut socket = started(&world, SLOW).await;
    let next = async |socket: &mut Socket| {
        let message = socket.receive().await.unwrap();
        assert_eq!((&message["type"], &message["id"]), (&json!("next"), &json!("1")), "{message}");
        bare(message["payload"].clone())
    };
    let first = next(&mut socket).await;
    assert_eq!((&first["data"], &first["hasNext"]), (&json!({"post": {"title": "One"}}), &json!(true)));
    world.rest.until_under_way("/comments", 1).await;
    // Others on this socket do not wait for it.
    socket.start("2", "{ answer }", json!({})).await;
    assert_eq!(socket.receive().await.unwrap()["payload"]["data"], json!({"answer": 42}));
    assert_eq!(socket.receive().await.unwrap(), json!({"id": "2", "type": "complete"}));
    gate.open();
    let last = next(&mut socket).await;
    assert_eq!((&last["completed"], &last["hasNext"]), (&json!([{"id": "0"}]), &json!(false)));
    assert_eq!(socket.receive().await.unwrap(), json!({"id": "1", "type": "complete"}));
}

#[tokio::test]
async fn complete_ends_parts_that_are_still_to_come() {
    let world = World::start().await;
    let _gate = world.hold_comments();
    let mut socket = started(&world, SLOW).await;
    assert_eq!(socket.receive().await.unwrap()["type"], "next");
    world.rest.until_under_way("/comments", 1).await;
    socket.send(json!({"id": "1", "type": "complete"})).await;
    world.rest.until_abandoned("/comments", 1).await;
    assert!(socket.try_silence().await);
}
