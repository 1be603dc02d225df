//! Executed, refused, from layers, over sockets: all errors are told alike.

use super::world::{told, told_in};
use crate::executor::world::World;
use bff::Code;
use http::Method;
use kit::{Answer, Reply, json};

/// A request as it is, with these headers.
async fn send(
    world: &World,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: &'static str,
) -> Answer {
    let request = world.bff.request(method, path).body(body);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    kit::exchange(request).await
}

#[tokio::test]
async fn what_ran_and_failed() {
    let world = World::start().await;
    world.shop.get("/books", |_| Reply::problem(500, "boom"));
    let answer =
        world.bff.query("{ writer(id: \"w1\") { books { title } email } panics foreign forbidden }").await;
    let codes = told(&answer);
    assert_eq!(
        codes,
        [
            "UPSTREAM_UNAVAILABLE",
            "UNAUTHENTICATED",
            "INTERNAL_SERVER_ERROR",
            "INTERNAL_SERVER_ERROR",
            "FORBIDDEN"
        ]
    );
    // The client's own trace, if it has one.
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let answer = world.bff.query("{ forbidden }").header("traceparent", parent).await;
    told(&answer);
    assert_eq!(answer.errors()[0]["extensions"]["traceId"], "4bf92f3577b34da6a3ce929d0e0e4736");
}

#[tokio::test]
async fn what_did_not_run() {
    let world = World::with(kit::Server::production).await;
    for (document, code) in [
        ("{ answer } }", Code::GraphqlParseFailed),
        ("{ nothing }", Code::GraphqlValidationFailed),
        ("{ __schema { description } }", Code::IntrospectionDisabled),
        ("query($id: ID!) { writer(id: $id) { name } }", Code::BadUserInput),
        ("query A { answer } query B { answer }", Code::BadUserInput),
        ("subscription { writerChanged(id: \"w1\") { version } }", Code::BadUserInput),
    ] {
        let modern = world.bff.query(document).header("accept", "application/graphql-response+json").await;
        assert_eq!(told(&modern), [code.as_str()], "{document}");
        assert_eq!(Some(modern.status), code.status().map(|status| status.as_u16()), "{document}");
        let classic = world.bff.query(document).header("accept", "application/json").await;
        assert_eq!((told(&classic), classic.status), (vec![code.as_str().to_owned()], 200), "{document}");
    }
}

/// A request that is refused: method, path, headers, body, and the code.
type Refused = (Method, &'static str, &'static [(&'static str, &'static str)], &'static str, Code);

#[tokio::test]
async fn what_no_layer_lets_through() {
    let world = World::with(|server| server.settings(|settings| settings.limits.body_bytes = 200)).await;
    const JSON: (&str, &str) = ("content-type", "application/json");
    let fine = r#"{"query": "{ answer }"}"#;
    let long: &'static str = Box::leak(" ".repeat(300).into_boxed_str());
    let cases: [Refused; 12] = [
        (Method::POST, "/graphql", &[JSON], "", Code::BadRequest),
        (Method::POST, "/graphql", &[JSON], "[]", Code::BatchingDisabled),
        (Method::POST, "/graphql", &[JSON, ("authorization", "Bearer nonsense")], fine, Code::TokenInvalid),
        (Method::GET, "/graphql?query=%7Banswer%7D", &[], "", Code::CsrfPrevented),
        (Method::POST, "/graphql", &[JSON, ("origin", "https://evil.example")], fine, Code::OriginNotAllowed),
        (Method::GET, "/nowhere", &[], "", Code::NotFound),
        (Method::PUT, "/graphql", &[JSON], fine, Code::MethodNotAllowed),
        (
            Method::GET,
            "/graphql?query=mutation%7Brename(input:%7Bid:1,name:%22%22%7D)%7B__typename%7D%7D",
            &[("graphql-require-preflight", "1")],
            "",
            Code::MethodNotAllowed,
        ),
        (Method::POST, "/graphql", &[JSON, ("accept", "text/html")], fine, Code::NotAcceptable),
        (Method::POST, "/graphql", &[JSON], long, Code::PayloadTooLarge),
        (Method::POST, "/graphql", &[("content-type", "text/plain")], fine, Code::UnsupportedMediaType),
        (Method::DELETE, "/graphql", &[], "", Code::MethodNotAllowed),
    ];
    for (method, path, headers, body, code) in cases {
        let answer = send(&world, method.clone(), path, headers, body).await;
        assert_eq!(told(&answer), [code.as_str()], "{method} {path} {headers:?}");
        assert_eq!(Some(answer.status), code.status().map(|status| status.as_u16()), "{answer}");
    }
}

#[tokio::test]
async fn what_takes_longer_than_a_request_may() {
    let world = World::with(|server| server.settings(|settings| settings.deadline_ms = 50)).await;
    let answer = world.bff.query("{ forEver }").header("accept", "application/graphql-response+json").await;
    assert_eq!((told(&answer), answer.status), (vec!["DEADLINE_EXCEEDED".to_owned()], 504));
}

#[tokio::test]
async fn what_sockets_say() {
    let world = World::start().await;
    let mut refused = world.bff.subscribe("subscription { nothing }", json!({}), None).await;
    assert_eq!(told_in(&refused.event().await, None), ["GRAPHQL_VALIDATION_FAILED"]);
    let mut refused = world
        .bff
        .subscribe("subscription($id: ID!) { writerChanged(id: $id) { version } }", json!({}), None)
        .await;
    assert_eq!(told_in(&refused.event().await, None), ["BAD_USER_INPUT"]);

    let events = world.shop.events("/events");
    world.shop.get("/writers", |_| Reply::problem(500, "down"));
    let document = "subscription { writerChanged(id: \"w1\") { writer { name } me { name } } }";
    let mut failing = world.bff.subscribe(document, json!({}), None).await;
    world.shop.until_under_way("/events", 1).await;
    events.send(Some("1"), &json!({"version": 1}));
    let event = failing.event().await;
    assert_eq!(told_in(&event, None), ["UPSTREAM_UNAVAILABLE", "UPSTREAM_UNAVAILABLE"]);
    // All of one event are of one trace.
    let trace = event.errors()[0]["extensions"]["traceId"].as_str();
    told_in(&event, trace);
}
