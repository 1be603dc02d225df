//! Validators, lifetimes, and what every service answers.

use crate::house::{House, sample};

#[tokio::test]
async fn an_unchanged_answer_is_not_sent_twice() {
    let house = House::with(&sample()).await;
    let first = house.response("/artists?ids=ar-1").await;
    assert_eq!(first.headers()["cache-control"], "public, max-age=3600");
    let etag = first.headers()["etag"].to_str().unwrap().to_owned();
    assert!(etag.starts_with('"'), "strong: {etag}");

    for known in [etag.clone(), format!("\"other\", W/{etag}"), "*".to_owned()] {
        let again = house.request("/artists?ids=ar-1", ("if-none-match", &known)).await;
        assert_eq!(again.status(), 304, "{known}");
        assert_eq!(again.headers()["etag"], etag.as_str());
        assert_eq!(again.headers()["cache-control"], "public, max-age=3600");
        assert!(again.bytes().await.unwrap().is_empty());
    }
    let other = house.request("/artists?ids=ar-2", ("if-none-match", &etag)).await;
    assert_eq!(other.status(), 200);
    assert_ne!(other.headers()["etag"], etag.as_str());
}

#[tokio::test]
async fn refusals_are_not_kept() {
    let house = House::with(&sample()).await;
    let response = house.response("/artists/none").await;
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert!(response.headers().get("etag").is_none());
}

#[tokio::test]
async fn health_and_documentation() {
    let house = House::with(&[]).await;
    assert_eq!(house.response("/health/live").await.status(), 200);
    assert_eq!(house.get("/health/ready").await["checks"]["database"], "ok");
    let document = house.get("/openapi.json").await;
    for path in
        ["/artists", "/albums", "/tracks", "/genres", "/charts", "/chart-entries", "/search", "/artwork/{id}"]
    {
        let operation = &document["paths"][path]["get"];
        assert!(operation["responses"]["200"].is_object(), "{path}");
        let problem =
            &operation["responses"]["default"]["content"]["application/problem+json"]["schema"]["$ref"];
        assert_eq!(problem, "#/components/schemas/Problem", "{path}");
    }
    let mut references = Vec::new();
    collect_references(&document, &mut references);
    for reference in references {
        let pointer = reference.trim_start_matches('#');
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
}

fn collect_references(value: &serde_json::Value, into: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_str() {
                    Some(target) if name == "$ref" => into.push(target.to_owned()),
                    _ => collect_references(value, into),
                }
            }
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect_references(item, into)),
        _ => {}
    }
}
