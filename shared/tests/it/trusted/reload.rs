//! The folder is looked at while the BFF runs.

use super::world::{ECHO, World, said, sha256};
use bff::config::Trust;
use kit::{PATIENCE, Value, json};

const OTHER: &str = "query Other { echo(text: \"other\") }";

/// Asks until the answer is that.
async fn until(world: &World, id: &str, wanted: impl Fn(&Value) -> bool) {
    let come = async { while !wanted(&world.post(json!({"documentId": id})).await.json()) {} };
    assert!(tokio::time::timeout(PATIENCE, come).await.is_ok(), "waited for {id}");
}

fn unknown(answer: &Value) -> bool {
    answer["errors"][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"
}

/// Writes a file, and waits until that is refused.
async fn refused(world: &World, what: &str, text: &str) {
    let refused = world.reloads(false).await;
    world.write(what, text);
    let come = async { while world.reloads(false).await == refused {} };
    assert!(tokio::time::timeout(PATIENCE, come).await.is_ok(), "waited for {what} to be refused");
}

#[tokio::test]
async fn what_is_added_is_served_and_what_is_taken_away_is_not() {
    let world = World::start(Trust::Enforce, &[("echo.graphql", ECHO)]).await;
    assert!(unknown(&world.post(json!({"documentId": sha256(OTHER)})).await.json()));
    world.write("other.graphql", OTHER);
    until(&world, &sha256(OTHER), |answer| *answer == said("other")).await;
    assert_eq!(world.post(json!({"query": OTHER})).await.json(), said("other"));
    std::fs::remove_file(world.folder.path().join("other.graphql")).unwrap();
    until(&world, &sha256(OTHER), unknown).await;
    assert_eq!(world.post(json!({"query": OTHER})).await.code(), "PERSISTED_QUERY_NOT_IN_LIST");
    assert_eq!(world.post(json!({"documentId": sha256(ECHO)})).await.json(), said("hello"));
}

#[tokio::test]
async fn a_change_that_is_wrong_is_not_taken_and_mended_is() {
    let relay = |documents: Value| documents.to_string();
    let world = World::start(Trust::Enforce, &[("a.json", &relay(json!({"echo": ECHO})))]).await;
    for wrong in [&relay(json!({"other": OTHER}))[1..], &relay(json!({"other": OTHER, "x": "{ nothing }"}))] {
        refused(&world, "a.json", wrong).await;
        // Nothing is taken while anything is wrong.
        refused(&world, "z.json", &relay(json!({"late": OTHER}))).await;
        assert_eq!(world.post(json!({"documentId": "echo"})).await.json(), said("hello"));
        assert!(unknown(&world.post(json!({"documentId": "other"})).await.json()));
        assert!(unknown(&world.post(json!({"documentId": "late"})).await.json()));
    }
    world.write("a.json", &relay(json!({"other": OTHER})));
    until(&world, "other", |answer| *answer == said("other")).await;
    until(&world, "late", |answer| *answer == said("other")).await;
    until(&world, "echo", unknown).await;
}
