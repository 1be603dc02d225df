//! GraphQL over server-sent events, a connection for each operation.

use super::world::World;
use async_graphql::{EmptyMutation, EmptySubscription};
use http::Method;
use kit::{EventStream, Server, Value, json};
use reqwest::RequestBuilder;

const COUNTED: &str = "subscription { counted(id: \"c1\") { version } }";

fn posted(world: &World, path: &str, document: &str) -> RequestBuilder {
    world.bff.request(Method::POST, path).json(&json!({"query": document}))
}

fn got(world: &World, path: &str, document: &str) -> RequestBuilder {
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("query", document).finish();
    let request = world.bff.request(Method::GET, &format!("{path}?{query}"));
    request.header("accept", "text/event-stream").header("graphql-require-preflight", "1")
}

#[tokio::test]
async fn a_query_is_one_next_and_complete_wherever_it_is_asked() {
    let world = World::start().await;
    let query = "{ echo(text: \"a\") }";
    for request in [
        posted(&world, "/graphql", query).header("accept", "text/event-stream"),
        posted(&world, "/graphql/stream", query).header("accept", "text/event-stream"),
        posted(&world, "/graphql/stream", query),
        got(&world, "/graphql", query),
        got(&world, "/graphql/stream", query),
    ] {
        let mut stream = EventStream::open(request.header("accept-encoding", "gzip, br, zstd")).await;
        assert_eq!(stream.status(), 200);
        assert_eq!(stream.header("content-type"), Some("text/event-stream; charset=utf-8"));
        assert_eq!(stream.header("cache-control"), Some("no-store"));
        // An event that waits in a compressor's buffer is late.
        assert_eq!(stream.header("content-encoding"), None);
        assert_eq!(stream.event().await, Some(("next".into(), "{\"data\":{\"echo\":\"a\"}}".into())));
        assert_eq!(stream.event().await, Some(("complete".into(), String::new())));
        assert_eq!(stream.event().await, None);
    }
}

#[tokio::test]
async fn who_would_rather_have_one_answer_gets_one() {
    let world = World::start().await;
    for accept in ["application/json, text/event-stream", "*/*", "application/json, text/event-stream;q=0.9"]
    {
        let request = posted(&world, "/graphql", "{ echo(text: \"a\") }").header("accept", accept);
        let answer = EventStream::open(request).await;
        assert_eq!(answer.json().await, json!({"data": {"echo": "a"}}), "{accept}");
    }
}

#[tokio::test]
async fn events_come_as_they_happen_and_leaving_ends_the_upstreams_stream() {
    let world = World::start().await;
    let events = world.desk.events("/counted");
    for request in [posted(&world, "/graphql/stream", COUNTED), got(&world, "/graphql", COUNTED)] {
        world.desk.clear();
        let mut stream = EventStream::open(request).await;
        world.desk.until_under_way("/counted", 1).await;
        for version in 1..=3 {
            events.send(None, &json!({"version": version}));
            assert_eq!(stream.answer().await.data("counted.version"), version);
        }
        drop(stream);
        events.until_nobody_listens().await;
    }
}

#[tokio::test]
async fn mutations_are_posted() {
    let world = World::start().await;
    let press = "mutation { press }";
    let refused = EventStream::open(got(&world, "/graphql/stream", press)).await;
    assert_eq!((refused.status(), refused.header("allow")), (405, Some("POST")));
    assert_eq!(world.pressed(), 0);
    let mut stream = EventStream::open(posted(&world, "/graphql/stream", press)).await;
    assert_eq!(stream.answer().await.ok(), &json!({"press": 1}));
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn what_a_document_is_refused_for_is_an_event() {
    let world = World::start().await;
    for (document, code) in [
        ("subscription {", "GRAPHQL_PARSE_FAILED"),
        ("{ nonsense }", "GRAPHQL_VALIDATION_FAILED"),
        ("query($t: String!) { echo(text: $t) }", "BAD_USER_INPUT"),
        ("subscription { noteChanged(id: \"n1\") { version } }", "FORBIDDEN"),
    ] {
        for request in [posted(&world, "/graphql/stream", document), got(&world, "/graphql/stream", document)]
        {
            let mut stream = EventStream::open(request).await;
            assert_eq!(stream.status(), 200, "{document}");
            let answer = stream.answer().await;
            assert_eq!(answer.codes()[0], code, "{document}: {answer}");
            assert_eq!(answer.json.get("data"), None, "nothing ran: {answer}");
            assert!(stream.next().await.is_none());
        }
    }
}

#[tokio::test]
async fn what_is_no_request_or_may_be_forged_is_refused_as_everywhere() {
    let world = World::start().await;
    let press = json!({"query": "mutation { press }"}).to_string();
    let raw = |kind: &str, body: &str| {
        let request = world.bff.request(Method::POST, "/graphql/stream");
        request.header("content-type", kind).body(body.to_owned())
    };
    let unmarked = world.bff.request(Method::GET, "/graphql/stream?query={echo(text:\"a\")}");
    for (request, status, code) in [
        (raw("application/json", "{"), 400, "BAD_REQUEST"),
        (raw("application/json", "[]"), 400, "BATCHING_DISABLED"),
        (raw("text/plain", &press), 415, "UNSUPPORTED_MEDIA_TYPE"),
        (raw("application/json", &press).header("origin", "https://evil.example"), 403, "ORIGIN_NOT_ALLOWED"),
        (unmarked, 403, "CSRF_PREVENTED"),
        (world.bff.request(Method::PUT, "/graphql/stream"), 405, "METHOD_NOT_ALLOWED"),
    ] {
        let refused = EventStream::open(request.header("accept", "text/event-stream")).await;
        assert_eq!(refused.status(), status, "{code}");
        let body: Value = refused.json().await;
        assert_eq!(body["errors"][0]["extensions"]["code"], code, "{body}");
    }
    assert_eq!(world.pressed(), 0);
}

#[tokio::test]
async fn a_panic_is_one_masked_event_and_the_end() {
    let world = World::start().await;
    let mut stream = world.bff.events("subscription { breaks }", json!({}), None).await;
    assert_eq!(stream.answer().await.ok(), &json!({"breaks": 0}));
    let broken = stream.answer().await;
    assert_eq!(broken.messages(), ["Internal server error"], "{broken}");
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn a_stream_is_one_request_told_when_its_body_is_over() {
    let bff = bff::Bff::new("streams-told", "").schema(super::world::Query, EmptyMutation, EmptySubscription);
    let bff = Server::of(bff).start().await;
    let told = async || {
        let metrics = bff.admin("/metrics").await.text;
        let counts = metrics.lines().filter(|line| {
            line.starts_with("request_duration_seconds_count") && line.contains("\"streams-told\"")
        });
        counts.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum::<u64>()
    };
    let mut stream = bff.events("{ echo(text: \"a\") }", json!({}), None).await;
    stream.answer().await;
    assert!(stream.next().await.is_none());
    assert!(stream.event().await.is_none());
    let in_time = tokio::time::timeout(kit::PATIENCE, async { while told().await == 0 {} }).await;
    assert!(in_time.is_ok(), "{}", bff.admin("/metrics").await.text);
    assert_eq!(told().await, 1, "{}", bff.admin("/metrics").await.text);
}
