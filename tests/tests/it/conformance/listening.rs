//! The reference clients of subscriptions, npm `graphql-ws` and `graphql-sse`, against real BFFs over real services.

use crate::journeys::house::{House, operation};
use kit::{Place, Process, Value, json};
use std::{path::Path, process::Command};

/// What a client was told: of its queries, its mutations, its mistake, of what happened, and of a token that is none.
async fn told(kind: &'static str, bff: &Process, token: &str, operations: &Value) -> Value {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance");
    assert!(
        directory.join("node_modules/graphql-ws").is_dir(),
        "the clients are not installed: npm ci --prefix tests/conformance (make conformance does it)"
    );
    let arguments = [kind.to_owned(), bff.url(), token.to_owned(), operations.to_string()];
    let listen =
        move || Command::new("node").arg("listen.mjs").args(arguments).current_dir(directory).output();
    let output = tokio::task::spawn_blocking(listen).await.expect("no panic").expect("node starts");
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{kind}: {said}");
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_str(&said).expect("JSON")
}

/// What it is refused with: the close code, the status.
fn refusal(kind: &str) -> u16 {
    if kind == "ws" { 4403 } else { 401 }
}

/// Nobody is there.
const NOWHERE: &str = "http://127.0.0.1:9";

#[track_caller]
fn failed(told: &Value, path: Value, code: &str) {
    assert_eq!(told["errors"][0]["path"], path, "{told}");
    assert_eq!(told["errors"][0]["extensions"]["code"], code, "{told}");
}

#[tokio::test]
async fn the_reference_clients_get_along_with_web() {
    let house = House::start().await;
    let web = house.front("web").set("upstreams.library", NOWHERE).start().await;
    let mika = house.token("us-1").await;
    for kind in ["ws", "sse"] {
        let comment =
            json!({"idempotencyKey": format!("{kind}-#"), "trackId": "tr-1", "atMs": 1_000, "body": kind});
        let denied = json!({"idempotencyKey": kind, "trackId": "tr-1", "atMs": 1_000, "body": ""});
        let operations = json!({
            "partial": {"query": "{ track(id: \"tr-1\") { id viewerLikes } }"},
            "denied": {"query": operation("web", "AddComment"), "variables": {"comment": denied}},
            "query": {"query": "query($id: ID!) { track(id: $id) { id title } }", "variables": {"id": "tr-1"}},
            "mutation": {"query": operation("web", "AddComment"), "variables": {"comment": comment}},
            "wrong": {"query": "{ nonsense }"},
            "subscription": {"query": operation("web", "TrackActivity"), "variables": {"id": "tr-1"}},
        });
        let told = told(kind, &web, &mika, &operations).await;
        assert_eq!(told["query"]["data"]["track"]["id"], "tr-1", "{kind}");
        assert_eq!(told["partial"]["data"]["track"], json!({"id": "tr-1", "viewerLikes": null}), "{kind}");
        failed(&told["partial"], json!(["track", "viewerLikes"]), "UPSTREAM_UNAVAILABLE");
        failed(&told["denied"], json!(["addComment"]), "BAD_USER_INPUT");
        assert_eq!(told["wrong"]["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{kind}");
        assert_eq!(told["mutation"]["data"]["addComment"]["comment"]["body"], kind);
        let event = &told["event"]["data"]["trackActivity"];
        assert_eq!(
            (&event["__typename"], &event["comment"]["body"]),
            (&json!("TrackCommented"), &json!(kind))
        );
        assert_eq!(told["refused"], refusal(kind), "{kind}");
    }
}

#[tokio::test]
async fn the_reference_clients_get_along_with_mobile() {
    let house = House::start().await;
    let mobile = house.front("mobile").set("upstreams.catalog", NOWHERE).start().await;
    let mika = house.token("us-1").await;
    let create =
        "mutation($input: CreatePlaylistInput!) { createPlaylist(input: $input) { playlist { id } } }";
    let add =
        "mutation($input: AddToPlaylistInput!) { addToPlaylist(input: $input) { playlist { trackCount } } }";
    for kind in ["ws", "sse"] {
        let input = json!({"input": {"idempotencyKey": kind, "title": "Live"}});
        let made = mobile.query(create).variables(input).bearer(&mika).await;
        let id = made.data("createPlaylist.playlist.id");
        let added = json!({"idempotencyKey": format!("{kind}-#"), "playlistId": id, "trackIds": ["tr-1"]});
        let denied =
            json!({"idempotencyKey": format!("{kind}-d"), "playlistId": "pl-none", "trackIds": ["tr-1"]});
        let operations = json!({
            "partial": {"query": "{ __typename track(id: \"tr-1\") { id } }"},
            "denied": {"query": add, "variables": {"input": denied}},
            "query": {"query": operation("mobile", "playlist_screen"), "variables": {"id": id}},
            "mutation": {"query": add, "variables": {"input": added}},
            "wrong": {"query": "subscription { playlistChanged(id: \"nobodys\") { id } }"},
            "subscription": {"query": operation("mobile", "playlist_changed"), "variables": {"id": id}},
        });
        let told = told(kind, &mobile, &mika, &operations).await;
        assert_eq!(told["query"]["data"]["playlistScreen"]["id"], *id, "{kind}");
        assert_eq!(told["partial"]["data"], json!({"__typename": "Query", "track": null}), "{kind}");
        failed(&told["partial"], json!(["track"]), "UPSTREAM_UNAVAILABLE");
        failed(&told["denied"], json!(["addToPlaylist"]), "NOT_FOUND");
        assert_eq!(told["wrong"]["errors"][0]["extensions"]["code"], "FORBIDDEN", "{kind}");
        assert!(told["mutation"]["data"]["addToPlaylist"]["playlist"]["trackCount"].is_u64(), "{kind}");
        assert_eq!(told["event"]["data"]["playlistChanged"]["id"], *id, "{kind}");
        assert_eq!(told["refused"], refusal(kind), "{kind}");
    }
}
