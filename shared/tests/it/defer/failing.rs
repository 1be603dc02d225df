//! Failures in what is put off.

use super::world::{CURRENT, FORMER, World, bare};
use kit::{Reply, Value, json};

fn codes(errors: &Value) -> Vec<&str> {
    errors.as_array().unwrap().iter().map(|error| error["extensions"]["code"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn what_may_be_null_is_null_in_its_part_with_an_error() {
    let world = World::start().await;
    world.rest.get("/comments", |_| Reply::problem(500, "no"));
    let document = r#"{ post(id: "p1") { title ...@defer { comments { text } author { name } } } }"#;
    let parts = world.ask(document).await.rest().await;
    let item = &parts[1]["incremental"][0];
    assert_eq!(item["data"], json!({"comments": null, "author": {"name": "Ada"}}));
    assert_eq!(item["errors"][0]["path"], json!(["post", "comments"]));
    assert_eq!(codes(&item["errors"]), ["UPSTREAM_UNAVAILABLE"]);
    assert_eq!(parts[1]["completed"], json!([{"id": "0"}]));
    assert_eq!(parts[1]["extensions"]["degraded"], json!([{"path": ["post", "comments"], "policy": "soft"}]));
}

#[tokio::test]
async fn what_may_not_be_null_takes_its_fragment_and_nothing_else() {
    let world = World::start().await;
    world.rest.get("/comments", |_| Reply::problem(500, "no"));
    let document = r#"{ post(id: "p1") { title
        ...@defer(label: "A") { id theComments { text } ...@defer { author { name } } }
        ...@defer(label: "B") { writer: author { bio } } } }"#;
    let mut parts = Vec::new();
    for part in world.ask(document).await.rest().await {
        parts.push(bare(part));
    }
    assert_eq!(parts[0]["data"], json!({"post": {"title": "One"}}));
    let completed: Vec<_> =
        parts.iter().flat_map(|part| part["completed"].as_array().cloned().unwrap_or_default()).collect();
    let incremental: Vec<_> =
        parts.iter().flat_map(|part| part["incremental"].as_array().cloned().unwrap_or_default()).collect();
    let failed = completed.iter().find(|completed| completed["id"] == "0").unwrap();
    assert_eq!(codes(&failed["errors"]), ["UPSTREAM_UNAVAILABLE"]);
    assert_eq!(failed["errors"][0]["path"], json!(["post", "theComments"]));
    // What stands in it is never promised.
    assert_eq!(completed.len(), 2, "{parts:#?}");
    assert_eq!(incremental, [json!({"id": "1", "data": {"writer": {"bio": "Counts"}}})]);

    let former = world.bff.query(document).in_parts(FORMER).await.rest().await;
    let items: Vec<_> =
        former.iter().flat_map(|part| part["incremental"].as_array().cloned().unwrap_or_default()).collect();
    let failed = items.iter().find(|item| item["label"] == "A").unwrap();
    assert_eq!((&failed["data"], &failed["path"]), (&Value::Null, &json!(["post"])));
    assert_eq!(codes(&failed["errors"]), ["UPSTREAM_UNAVAILABLE"]);
}

#[tokio::test]
async fn what_is_put_off_in_what_became_null_is_not_asked_for() {
    let world = World::start().await;
    world.rest.get("/users", |_| Reply::problem(500, "no"));
    let document = "{ posts { id theAuthor { name } ...@defer { comments { text } } } }";
    let whole = world.ask(document).await.whole().await;
    assert_eq!(whole.data("posts"), &Value::Null);
    assert_eq!(world.rest.count("/comments"), 0);
    // Neither where all of the data did.
    let document = r#"{ post(id: "p1") { id ...@defer { comments { text } } } thePost(id: "p9") { id } }"#;
    let whole = world.ask(document).await.whole().await;
    assert_eq!(whole.data(""), &Value::Null);
    assert_eq!(world.rest.count("/comments"), 0);
}

#[tokio::test]
async fn a_root_that_may_not_be_null_fails_its_fragment() {
    let world = World::start().await;
    let document = r#"{ answer ...@defer { thePost(id: "p9") { id } user(id: "u1") { name ...@defer { posts { id } } } } }"#;
    let parts = world.ask(document).await.rest().await;
    assert_eq!(parts[0]["data"], json!({"answer": 42}));
    assert_eq!(parts.len(), 2);
    assert_eq!(parts[1].get("incremental"), None);
    assert_eq!(parts[1]["completed"][0]["errors"][0]["path"], json!(["thePost"]));
    assert_eq!(world.rest.urls().iter().filter(|url| url.contains("author_ids")).count(), 0);
}

#[tokio::test]
async fn a_guard_that_refuses_is_an_error_in_its_part() {
    let world = World::start().await;
    let document = r#"{ user(id: "u1") { name ...@defer { email } } }"#;
    let parts = world.ask(document).await.rest().await;
    assert_eq!(parts[1]["incremental"][0]["data"], json!({"email": null}));
    assert_eq!(codes(&parts[1]["incremental"][0]["errors"]), ["UNAUTHENTICATED"]);
}

#[tokio::test]
async fn all_parts_together_have_one_deadline() {
    let world = World::with(|server| server.settings(|settings| settings.deadline_ms = 400)).await;
    world.rest.get("/comments", |_| Reply::hang());
    let document = r#"{ post(id: "p1") { title ...@defer { comments { text } } } }"#;
    let parts = world.bff.query(document).in_parts(CURRENT).await.rest().await;
    assert_eq!(codes(&parts[1]["incremental"][0]["errors"]), ["DEADLINE_EXCEEDED"]);
    assert_eq!(parts[1]["hasNext"], false);
}

#[tokio::test]
async fn all_parts_together_are_no_longer_than_an_answer_may_be() {
    let world = World::with(|server| server.settings(|settings| settings.limits.answer_bytes = 300)).await;
    let document = r#"{ post(id: "p1") { title ...@defer(label: "A") { author { name } } ...@defer(label: "B") {
        a: comments { text } b: comments { text } c: comments { text } d: comments { text } e: comments { text } f: comments { text } } } }"#;
    let parts = world.ask(document).await.rest().await;
    let completed: Vec<_> =
        parts.iter().flat_map(|part| part["completed"].as_array().cloned().unwrap_or_default()).collect();
    let of = |id: &str| completed.iter().find(|completed| completed["id"] == id).unwrap();
    assert_eq!(of("0").get("errors"), None);
    assert_eq!(codes(&of("1")["errors"]), ["DOCUMENT_TOO_COMPLEX"]);
}
