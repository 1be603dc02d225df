//! A write that is repeated answers the same and does nothing twice.

use serde_json::Value;

use crate::notes::Notes;

#[tokio::test]
async fn a_replay_answers_the_same_and_does_nothing() {
    let notes = Notes::start().await;
    let first = notes.post(Some("k-1"), "hello").send().await.unwrap();
    assert_eq!(first.status(), 201);
    assert_eq!(first.headers()["etag"], "\"1\"");
    let location = first.headers()["location"].clone();
    let body: Value = first.json().await.unwrap();
    for key in ["k-1", "\"k-1\""] {
        let again = notes.post(Some(key), "hello").send().await.unwrap();
        assert_eq!(again.status(), 201);
        assert_eq!(again.headers()["location"], location);
        assert_eq!(again.headers()["etag"], "\"1\"");
        assert_eq!(again.headers()["idempotency-replayed"], "true");
        assert_eq!(again.json::<Value>().await.unwrap(), body);
    }
    assert_eq!(notes.count().await, 1);
    // No key, no memory.
    notes.post(None, "hello").send().await.unwrap();
    assert_eq!(notes.count().await, 2);
}

#[tokio::test]
async fn a_replay_survives_a_restart() {
    let notes = Notes::start().await;
    notes.post(Some("k"), "hello").send().await.unwrap();
    let Notes { running, folder, .. } = notes;
    running.shutdown().await;
    let notes = Notes::over(folder).await;
    assert_eq!(notes.post(Some("k"), "hello").send().await.unwrap().status(), 201);
    assert_eq!(notes.count().await, 1);
}

#[tokio::test]
async fn a_key_stands_for_one_request_of_one_caller() {
    let notes = Notes::start().await;
    notes.post(Some("k"), "hello").send().await.unwrap();
    let other = notes.post(Some("k"), "something else").send().await.unwrap();
    assert_eq!(other.status(), 422);
    let body: Value = other.json().await.unwrap();
    assert_eq!(body["errors"][0]["field"], "Idempotency-Key");
    let somebody = notes.post(Some("k"), "hello").header("x-caller", "bob").send().await.unwrap();
    assert_eq!(somebody.status(), 201);
    assert!(somebody.headers().get("idempotency-replayed").is_none());
    assert_eq!(notes.count().await, 2);
}

#[tokio::test]
async fn a_refused_write_may_be_tried_again_under_its_key() {
    let notes = Notes::start().await;
    assert_eq!(notes.post(Some("k"), "").send().await.unwrap().status(), 422);
    assert_eq!(notes.post(Some("k"), "better").send().await.unwrap().status(), 201);
    assert_eq!(notes.count().await, 1);
}

#[tokio::test]
async fn of_many_at_once_one_writes_and_all_get_its_answer() {
    let notes = Notes::start().await;
    let all = futures::future::join_all((0..20).map(|_| notes.post(Some("k"), "hello").send())).await;
    let mut bodies = Vec::new();
    for response in all {
        let response = response.unwrap();
        assert_eq!(response.status(), 201);
        bodies.push(response.text().await.unwrap());
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1);
    assert_eq!(notes.count().await, 1);
}

#[tokio::test]
async fn keys_have_a_form() {
    let notes = Notes::start().await;
    for key in ["", "a b", &"x".repeat(129), "\"\""] {
        let response = notes.post(Some(key), "hello").send().await.unwrap();
        assert_eq!(response.status(), 400, "{key:?}");
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["errors"][0]["field"], "Idempotency-Key", "{key:?}");
    }
    assert_eq!(notes.count().await, 0);
}
