//! Bodies: what cannot be read is refused with the right status and by name; what is our fault is masked.

use reqwest::Method;
use serde_json::Value;

use crate::notes::Notes;

#[tokio::test]
async fn a_body_is_refused_by_name() {
    let notes = Notes::start().await;
    let json = "application/json";
    let large = format!("{{\"owner\": \"ann\", \"text\": \"{}\"}}", "x".repeat(300 * 1024));
    for (content_type, body, status, field) in [
        ("text/plain", "{\"owner\": \"ann\", \"text\": \"x\"}", 415, None),
        (json, "{\"owner\": ", 400, None),
        (json, "\u{0}", 400, None),
        (json, "{\"owner\": \"ann\", \"text\": \"x\"} tail", 400, None),
        (json, "", 400, None),
        (json, "[[[", 400, None),
        (json, "[]", 422, Some("body")),
        (json, "{\"owner\": \"ann\"}", 422, Some("text")),
        (json, "{\"owner\": 7, \"text\": \"x\"}", 422, Some("owner")),
        (
            json,
            "{\"owner\": \"a\", \"text\": \"x\", \"tags\": [{\"name\": \"b\"}, {\"name\": 1}]}",
            422,
            Some("tags[1].name"),
        ),
        (json, "{\"owner\": \"a\", \"text\": \"x\", \"tags\": [{}]}", 422, Some("tags[0].name")),
        ("application/json; charset=utf-8", "{\"owner\": \"a\", \"text\": \"\"}", 422, Some("text")),
        (json, &large, 413, None),
    ] {
        let request =
            notes.call(Method::POST, "/notes").header("content-type", content_type).body(body.to_owned());
        let response = request.send().await.unwrap();
        let start: String = body.chars().take(60).collect();
        assert_eq!(response.status(), status, "{start}");
        assert_eq!(response.headers()["content-type"], "application/problem+json", "{start}");
        let problem: Value = response.json().await.unwrap();
        assert_eq!(problem["status"], status, "{start}");
        assert_eq!(problem["errors"][0]["field"].as_str(), field, "{start}: {problem}");
    }
    assert_eq!(notes.count().await, 0);
}

#[tokio::test]
async fn our_own_fault_is_masked_and_has_an_incident() {
    let notes = Notes::start().await;
    let response = notes.call(Method::GET, "/broken").send().await.unwrap();
    assert_eq!(response.status(), 500);
    let text = response.text().await.unwrap();
    assert!(!text.contains("nowhere") && !text.contains("secret"), "{text}");
    let problem: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(problem["type"], "urn:problem:internal");
    assert!(problem["incident"].is_string());
}

#[tokio::test]
async fn a_user_s_own_is_kept_by_nobody() {
    let notes = Notes::start().await;
    let response = notes.call(Method::GET, "/notes").send().await.unwrap();
    assert_eq!(response.headers()["cache-control"], "private, no-store");
}
