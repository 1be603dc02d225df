//! The clients that apps are written with, against web over real services.

use crate::journeys::house::House;
use kit::{Place, Process, Value, json};
use std::{path::Path, process::Command};

/// What a client was told: of its queries, its mistake, its mutations, and of what happened.
async fn told(client: &'static str, web: &Process, token: &str) -> Value {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance");
    assert!(
        directory.join("node_modules/relay-runtime").is_dir(),
        "the clients are not installed: npm ci --prefix tests/conformance (make conformance does it)"
    );
    let mut node = Command::new("node");
    node.args(["clients.mjs", client, &web.url(), token, "tr-1"]).current_dir(directory);
    let output =
        tokio::task::spawn_blocking(move || node.output()).await.expect("no panic").expect("node starts");
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{client}: {said}");
    assert!(output.status.success(), "{client}: {said}\n{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_str(&said).expect("JSON")
}

/// Queries, a mistake and mutations, and what was told of events.
async fn event(client: &'static str) -> Value {
    let house = House::start().await;
    // Nobody is there: a part of what is asked cannot be answered.
    let web = house.front("web").set("upstreams.library", "http://127.0.0.1:9").start().await;
    let told = told(client, &web, &house.token("us-1").await).await;
    assert_eq!(told["query"]["data"]["track"]["id"], "tr-1");
    assert!(told["query"]["data"]["track"]["title"].is_string());
    let partial = &told["partial"];
    assert!(partial["data"]["track"]["durationMs"].is_u64(), "{client}: {partial}");
    assert_eq!(partial["data"]["track"]["viewerLikes"], Value::Null, "{client}: {partial}");
    // Relay keeps errors of fields to itself, as long as there is data.
    if client != "relay" {
        let error = &partial["errors"][0];
        assert_eq!(error["path"], json!(["track", "viewerLikes"]), "{client}: {partial}");
        assert_eq!(error["extensions"]["code"], "UPSTREAM_UNAVAILABLE", "{client}: {partial}");
    }
    let refused = &told["refused"];
    assert_eq!(refused["errors"][0]["path"], json!(["addComment"]), "{client}: {refused}");
    assert_eq!(refused["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{client}: {refused}");
    assert_eq!(told["wrong"]["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED");
    assert_eq!(told["mutation"]["data"]["addComment"]["comment"]["body"], client);
    told["event"].clone()
}

async fn subscribes(client: &'static str) {
    let event = event(client).await;
    let activity = &event["data"]["trackActivity"];
    assert_eq!(
        (&activity["__typename"], &activity["comment"]["body"]),
        (&json!("TrackCommented"), &json!(client))
    );
}

#[tokio::test]
async fn apollo_client_gets_along_with_web() {
    subscribes("apollo").await;
}

#[tokio::test]
async fn urql_gets_along_with_web_over_sockets() {
    subscribes("urql").await;
}

#[tokio::test]
async fn urql_gets_along_with_web_over_event_streams() {
    subscribes("urql-sse").await;
}

#[tokio::test]
async fn urql_gets_along_with_web_by_its_own_fetch() {
    subscribes("urql-fetch").await;
}

#[tokio::test]
async fn relay_gets_along_with_web() {
    subscribes("relay").await;
}

/// It knows of no subscriptions: `graphql-ws` stands beside it.
#[tokio::test]
async fn graphql_request_gets_along_with_web() {
    subscribes("graphql-request").await;
}
