//! Optimistic concurrency: whoever writes says from which version.

use reqwest::{Method, Response};
use serde_json::json;

use crate::notes::Notes;

async fn rename(notes: &Notes, path: &str, if_match: Option<&str>) -> Response {
    let request = notes.call(Method::PATCH, path).json(&json!({ "owner": "ann", "text": "new" }));
    match if_match {
        Some(tag) => request.header("if-match", tag),
        None => request,
    }
    .send()
    .await
    .unwrap()
}

#[tokio::test]
async fn the_second_of_two_writers_is_told() {
    let notes = Notes::start().await;
    notes.post(None, "hello").send().await.unwrap();
    assert_eq!(rename(&notes, "/notes/1", None).await.status(), 428);
    let first = rename(&notes, "/notes/1", Some("\"1\"")).await;
    assert_eq!((first.status().as_u16(), &first.headers()["etag"]), (204, &"\"2\"".parse().unwrap()));
    let second = rename(&notes, "/notes/1", Some("\"1\"")).await;
    assert_eq!(second.status(), 412);
    let problem: serde_json::Value = second.json().await.unwrap();
    assert!(problem["detail"].as_str().unwrap().contains("the version is now \"2\""), "{problem}");
    assert_eq!(rename(&notes, "/notes/1", Some("W/\"2\"")).await.status(), 412, "a weak tag never matches");
    assert_eq!(rename(&notes, "/notes/1", Some("\"7\", \"2\"")).await.status(), 204);
    assert_eq!(rename(&notes, "/notes/1", Some("*")).await.status(), 204);
    assert_eq!(rename(&notes, "/notes/9", Some("*")).await.status(), 404);
    assert_eq!(rename(&notes, "/notes/x", Some("*")).await.status(), 400);
}
