//! Automatic persisted queries: clients store documents under their hash.

use super::world::{ECHO, PRESS, World, hashed, said, sha256};
use bff::config::Trust;
use kit::json;

async fn world(bytes: u64) -> World {
    World::with(Trust::Off, &[], |settings| settings.documents.automatic_bytes = bytes).await
}

#[tokio::test]
async fn a_text_that_came_with_its_hash_is_known_by_it() {
    let world = world(1 << 20).await;
    let alone = json!({"extensions": hashed(&sha256(ECHO)), "variables": {"text": "x"}});
    let both = json!({"query": ECHO, "extensions": hashed(&sha256(ECHO)), "variables": {"text": "x"}});
    let answer = world.post(alone.clone()).await;
    assert_eq!(answer.json()["errors"][0]["message"], "PersistedQueryNotFound");
    assert_eq!(answer.code(), "PERSISTED_QUERY_NOT_FOUND");
    assert_eq!(world.ran(), 0);
    assert_eq!(world.post(both).await.json(), said("x"));
    assert_eq!(world.post(alone).await.json(), said("x"));
    let extensions = hashed(&sha256(ECHO)).to_string();
    assert_eq!(world.get("/graphql", &[("extensions", &extensions)]).await.json(), said("hello"));
    assert_eq!(world.get(&format!("/graphql/sha256:{}", sha256(ECHO)), &[]).await.json(), said("hello"));
    for (how, times) in [("stored", 3), ("unknown", 1)] {
        assert_eq!(world.documents(how).await, times, "{how}");
    }
}

#[tokio::test]
async fn only_what_is_right_is_stored() {
    let world = world(1 << 20).await;
    let hash = sha256(PRESS);
    let lie = world.post(json!({"query": ECHO, "extensions": hashed(&hash)})).await;
    assert_eq!(lie.code(), "BAD_REQUEST");
    assert_eq!(world.ran(), 0);
    assert_eq!(world.post(json!({"extensions": hashed(&hash)})).await.code(), "PERSISTED_QUERY_NOT_FOUND");
    for (wrong, code) in [("{ nothing }", "GRAPHQL_VALIDATION_FAILED"), ("{", "GRAPHQL_PARSE_FAILED")] {
        let both = json!({"query": wrong, "extensions": hashed(&sha256(wrong))});
        assert_eq!(world.post(both).await.code(), code);
        let alone = json!({"extensions": hashed(&sha256(wrong))});
        assert_eq!(world.post(alone).await.code(), "PERSISTED_QUERY_NOT_FOUND");
    }
    // A text without a hash is run and not stored.
    assert_eq!(world.post(json!({"query": ECHO})).await.json(), said("hello"));
    assert_eq!(world.post(json!({"documentId": sha256(ECHO)})).await.code(), "PERSISTED_QUERY_NOT_FOUND");
}

#[tokio::test]
async fn enforced_nothing_is_stored() {
    let files = [("echo.graphql", ECHO)];
    let world = World::with(Trust::Enforce, &files, |settings| settings.documents.automatic_bytes = 1 << 20);
    let world = world.await;
    let text = "{ echo(text: \"stored\") }";
    let both = json!({"query": text, "extensions": hashed(&sha256(text))});
    assert_eq!(world.post(both).await.code(), "PERSISTED_QUERY_NOT_IN_LIST");
    assert_eq!(world.post(json!({"documentId": sha256(text)})).await.code(), "PERSISTED_QUERY_NOT_FOUND");
    assert_eq!(world.ran(), 0);
}

#[tokio::test]
async fn one_client_does_not_flood_out_what_others_use() {
    let world = world(16 << 10).await;
    let ask = async |text: &str| {
        let extensions = hashed(&sha256(text));
        let answer = world.post(json!({"extensions": extensions})).await;
        let known = answer.json()["data"].is_object();
        if !known {
            world.post(json!({"query": text, "extensions": extensions})).await;
        }
        known
    };
    for flood in 0..300 {
        ask(ECHO).await;
        ask(&format!("query Flood{flood} {{ echo(text: \"{flood}\") }}")).await;
    }
    assert!(ask(ECHO).await, "what is used is known");
    let mut known = 0;
    for flood in 0..300 {
        let digest = sha256(&format!("query Flood{flood} {{ echo(text: \"{flood}\") }}"));
        known += usize::from(world.post(json!({"documentId": digest})).await.json()["data"].is_object());
    }
    assert!((1..100).contains(&known), "{known} of 300 fit");
}
