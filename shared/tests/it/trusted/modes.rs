//! What becomes of a document that nobody registered: it is refused, or told of, or nobody asks.

use super::world::{ECHO, World, hashed, said, sha256};
use crate::client::send;
use bff::config::Trust;
use http::Method;
use kit::json;

const FILES: [(&str, &str); 1] = [("echo.graphql", ECHO)];
const OTHER: &str = "{ echo(text: \"other\") }";

#[tokio::test]
async fn enforced_only_what_is_registered_runs() {
    let world = World::start(Trust::Enforce, &FILES).await;
    for other in [OTHER, "{ __typename }", "query Echo($text: String = \"bye\") { echo(text: $text) }"] {
        let answer = world.post(json!({"query": other})).await;
        assert_eq!(answer.told(), (200, "application/json", "PERSISTED_QUERY_NOT_IN_LIST".into()));
        let both = json!({"query": other, "extensions": hashed(&sha256(other))});
        assert_eq!(world.post(both).await.code(), "PERSISTED_QUERY_NOT_IN_LIST");
        assert_eq!(
            world.post(json!({"documentId": sha256(other)})).await.code(),
            "PERSISTED_QUERY_NOT_FOUND"
        );
    }
    assert_eq!(world.ran(), 0, "nothing was run, and nothing stored");
    let modern =
        world.bff.request(Method::POST, "/graphql").header("accept", "application/graphql-response+json");
    let modern = send(modern.json(&json!({"query": OTHER}))).await;
    assert_eq!(modern.status, 400);
    assert_eq!(world.post(json!({"query": ECHO})).await.json(), said("hello"));
    assert_eq!((world.documents("unlisted").await, world.documents("registered").await), (7, 1));
}

#[tokio::test]
async fn a_registered_text_may_be_spelled_in_another_way() {
    let world = World::start(Trust::Enforce, &FILES).await;
    for spelled in [
        "query Echo($text:String=\"hello\"){echo(text:$text)}",
        "# Says it again.\nquery Echo(\n  $text: String = \"hello\"\n) {\n  echo(text: $text),\n}\n",
    ] {
        assert_eq!(world.post(json!({"query": spelled})).await.json(), said("hello"), "{spelled}");
        let both = json!({"query": spelled, "extensions": hashed(&sha256(spelled))});
        assert_eq!(world.post(both).await.json(), said("hello"), "{spelled}");
    }
}

#[tokio::test]
async fn who_only_logs_runs_all_and_counts() {
    let world = World::start(Trust::Log, &FILES).await;
    assert_eq!(world.post(json!({"query": OTHER})).await.json(), said("other"));
    assert_eq!(world.post(json!({"query": ECHO})).await.json(), said("hello"));
    assert_eq!(world.post(json!({"documentId": sha256(ECHO)})).await.json(), said("hello"));
    assert_eq!(world.post(json!({"documentId": sha256(OTHER)})).await.code(), "PERSISTED_QUERY_NOT_FOUND");
    for (how, times) in [("unlisted", 1), ("registered", 2), ("unknown", 1), ("stored", 0)] {
        assert_eq!(world.documents(how).await, times, "{how}");
    }
}

#[tokio::test]
async fn switched_off_texts_run_and_ids_are_said_to_be_no_use() {
    let world = World::start(Trust::Off, &[("echo.json", "nobody reads this")]).await;
    assert_eq!(world.post(json!({"query": OTHER})).await.json(), said("other"));
    let answer = world.post(json!({"extensions": hashed(&sha256(OTHER))})).await;
    assert_eq!(answer.json()["errors"][0]["message"], "PersistedQueryNotSupported");
    assert_eq!(answer.code(), "PERSISTED_QUERY_NOT_SUPPORTED");
    let both = json!({"query": OTHER, "extensions": hashed(&sha256(OTHER))});
    assert_eq!(world.post(both).await.json(), said("other"));
}

#[tokio::test]
async fn in_development_another_mode_holds() {
    let world = World::with(Trust::Enforce, &FILES, |settings| {
        settings.profile = bff::config::Profile::Development;
        settings.documents.trusted_in_development = Trust::Log;
    });
    let world = world.await;
    assert_eq!(world.post(json!({"query": OTHER})).await.json()["data"], said("other")["data"]);
    let page = world.bff.get("/graphiql").await;
    assert_eq!(page.status, 200);
    assert_eq!(world.post(json!({"query": "{ __schema { queryType { name } } }"})).await.code(), json!(null));
}
