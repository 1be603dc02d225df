//! The names by which a document may be asked for, on every way in.

use super::world::{COUNT, ECHO, MARK, PRESS, World, hashed, said, sha256};
use crate::client::send;
use bff::config::Trust;
use http::Method;
use kit::{Value, json};

async fn world() -> World {
    let relay = json!({"c0ffee": ECHO}).to_string();
    let files = [("echo.graphql", ECHO), ("press.graphql", PRESS), ("count.graphql", COUNT)];
    World::start(Trust::Enforce, &[files.as_slice(), &[("relay.json", &relay)]].concat()).await
}

#[tokio::test]
async fn by_post_a_document_has_many_names() {
    let world = world().await;
    let (hash, variables) = (sha256(ECHO), json!({"text": "x"}));
    for names in [
        json!({"documentId": hash}),
        json!({"documentId": format!("sha256:{hash}")}),
        json!({"documentId": "c0ffee"}),
        json!({"doc_id": hash}),
        json!({"doc_id": "c0ffee", "query": ""}),
        json!({"extensions": hashed(&hash)}),
        json!({"extensions": hashed("c0ffee")}),
        json!({"extensions": hashed(&hash), "documentId": format!("sha256:{hash}")}),
        json!({"extensions": hashed(&hash), "query": ECHO}),
    ] {
        let mut body = names.clone();
        body["variables"] = variables.clone();
        body["operationName"] = "Echo".into();
        let answer = world.post(body).await;
        assert_eq!((answer.status.as_u16(), answer.json()), (200, said("x")), "{names}");
    }
    let path = format!("/graphql/sha256:{hash}");
    assert_eq!(world.post_to(&path, json!({"variables": variables})).await.json(), said("x"));
    assert_eq!(world.post_to(&path, json!({})).await.json(), said("hello"));
    let empty = world.bff.request(Method::POST, &path).header("content-type", "application/json");
    assert_eq!(send(empty).await.json(), said("hello"));
    let press = format!("/graphql/sha256:{}", sha256(PRESS));
    assert_eq!(world.post_to(&press, json!({})).await.json(), json!({"data": {"press": true}}));
}

#[tokio::test]
async fn by_get_too() {
    let world = world().await;
    let hash = sha256(ECHO);
    let (prefixed, extensions) = (format!("sha256:{hash}"), hashed(&hash).to_string());
    for named in [
        ("documentId", hash.as_str()),
        ("documentId", &prefixed),
        ("documentId", "c0ffee"),
        ("doc_id", "c0ffee"),
        ("extensions", &extensions),
    ] {
        let answer = world.get("/graphql", &[named, ("variables", "{\"text\":\"x\"}")]).await;
        assert_eq!((answer.status.as_u16(), answer.json()), (200, said("x")), "{named:?}");
    }
    let path = format!("/graphql/sha256:{hash}");
    assert_eq!(world.get(&path, &[]).await.json(), said("hello"));
    assert_eq!(world.get(&path, &[("variables", "{\"text\":\"x\"}")]).await.json(), said("x"));
}

#[tokio::test]
async fn a_mutation_never_runs_by_get_whatever_its_name() {
    let world = world().await;
    let path = format!("/graphql/sha256:{}", sha256(PRESS));
    for answer in
        [world.get(&path, &[]).await, world.get("/graphql", &[("documentId", &sha256(PRESS))]).await]
    {
        assert_eq!(answer.told(), (405, "application/json", "METHOD_NOT_ALLOWED".into()));
        assert_eq!(answer.header("allow"), "POST");
    }
    assert_eq!(world.ran(), 0);
    let unmarked = send(world.bff.request(Method::GET, &format!("/graphql/sha256:{}", sha256(ECHO)))).await;
    assert_eq!(unmarked.told(), (403, "application/json", "CSRF_PREVENTED".into()));
    assert_eq!(world.ran(), 0);
}

#[tokio::test]
async fn what_nobody_knows_is_told_as_clients_expect_it() {
    let world = world().await;
    let hash = sha256("{ other }");
    let unknown = json!({"message": "PersistedQueryNotFound", "code": "PERSISTED_QUERY_NOT_FOUND"});
    for answer in [
        world.post(json!({"documentId": hash})).await,
        world.post(json!({"extensions": hashed(&hash)})).await,
        world.post(json!({"doc_id": "nothing"})).await,
        world.post(json!({"documentId": hash.to_uppercase()})).await,
        world.get(&format!("/graphql/sha256:{hash}"), &[]).await,
    ] {
        assert_eq!(answer.status, 200, "{}", answer.text);
        let error = &answer.json()["errors"][0];
        assert_eq!(json!({"message": error["message"], "code": error["extensions"]["code"]}), unknown);
        assert_eq!(answer.json()["data"], Value::Null);
    }
}

#[tokio::test]
async fn a_request_that_names_two_documents_or_none_is_told() {
    let world = world().await;
    let hash = sha256(ECHO);
    for (body, told) in [
        (json!({}), "no `query`"),
        (json!({"query": ""}), "no `query`"),
        (json!({"documentId": ""}), "no `query`"),
        (json!({"documentId": 5}), "`documentId` is a number"),
        (json!({"documentId": hash, "query": ECHO}), "not both"),
        (json!({"documentId": "c0ffee", "extensions": hashed(&hash)}), "different documents"),
        (json!({"extensions": hashed(&hash), "query": PRESS}), "not the SHA-256"),
        (json!({"extensions": hashed("c0ffee"), "query": ECHO}), "not the SHA-256"),
        (json!({"extensions": {"persistedQuery": {"version": 2, "sha256Hash": hash}}}), "\"version\\\": 1"),
        (json!({"extensions": {"persistedQuery": {"version": 1}}}), "sha256Hash"),
        (json!({"extensions": {"persistedQuery": true}, "query": ECHO}), "sha256Hash"),
    ] {
        let answer = world.post(body.clone()).await;
        assert_eq!(answer.code(), "BAD_REQUEST", "{body}: {}", answer.text);
        assert!(answer.text.contains(told), "{body}: {}", answer.text);
    }
    let path = format!("/graphql/sha256:{hash}");
    for answer in [
        world.post_to(&path, json!({"query": ECHO})).await,
        world.post_to(&path, json!({"documentId": "c0ffee"})).await,
        world.get(&path, &[("query", ECHO)]).await,
    ] {
        assert_eq!(answer.told(), (400, "application/json", "BAD_REQUEST".into()), "{}", answer.text);
    }
    assert_eq!(world.ran(), 0);
}

#[tokio::test]
async fn other_paths_are_not_served() {
    let world = world().await;
    for path in ["/graphql/c0ffee", "/graphql/", "/graphql/sha256:x/y"] {
        assert_eq!(world.get(path, &[]).await.told().0, 404, "{path}");
        assert_eq!(world.post_to(path, json!({})).await.told().0, 404, "{path}");
    }
    let answer = send(world.bff.request(Method::PUT, "/graphql/sha256:00").header(MARK.0, MARK.1)).await;
    assert_eq!(answer.told().0, 405);
}

#[tokio::test]
async fn sockets_know_the_same_documents() {
    let world = world().await;
    let mut counted = world.bff.subscribe(COUNT, Value::Null, None).await;
    assert_eq!(counted.next().await.unwrap().data("count"), 1);
    let mut refused = world.bff.subscribe("subscription { count }", Value::Null, None).await;
    assert_eq!(refused.next().await.unwrap().codes(), ["PERSISTED_QUERY_NOT_IN_LIST"]);
}
