//! When what is put off is asked for, and how often.

use super::world::{CURRENT, World};
use kit::{json, put_together};

#[tokio::test]
async fn the_first_part_does_not_wait_for_what_is_put_off() {
    let world = World::start().await;
    let gate = world.hold_comments();
    let mut parts = world.ask(r#"{ post(id: "p1") { title ...@defer { comments { text } } } }"#).await;
    let first = parts.next().await.unwrap();
    assert_eq!(first["data"], json!({"post": {"title": "One"}}));
    world.rest.until_under_way("/comments", 1).await;
    gate.open();
    let rest = parts.rest().await;
    assert_eq!(
        rest[0]["incremental"],
        json!([{"id": "0", "data": {"comments": [{"text": "Good"}, {"text": "Bad"}]}}])
    );
    assert_eq!(rest.len(), 1);
}

#[tokio::test]
async fn what_is_put_off_is_asked_for_when_the_first_part_has_left() {
    let world = World::start().await;
    let gate = kit::Gate::closed();
    let held = gate.clone();
    world.rest.get("/users", move |_| kit::Reply::json(200, json!({"items": []})).after(&held));
    let document = r#"{ post(id: "p1") { title author { name } ...@defer { comments { text } } } }"#;
    let asked = world.bff.query(document).in_parts(CURRENT);
    let held = async {
        world.rest.until_under_way("/users", 1).await;
        assert_eq!(world.rest.count("/comments"), 0);
        gate.open();
    };
    let (parts, ()) = tokio::join!(asked, held);
    assert_eq!(parts.rest().await.len(), 2);
    assert_eq!(world.rest.count("/comments"), 1);
}

#[tokio::test]
async fn a_question_asked_before_is_not_asked_again_and_items_share_a_batch() {
    let world = World::start().await;
    let document =
        "{ posts { id author { name } ...@defer { comments { author { name } } author { bio } } } }";
    let parts = world.all(CURRENT, document, json!({})).await;
    assert_eq!(parts.len(), 2);
    // Once for the whole answer, and once for that in parts.
    let urls = world.rest.urls();
    let comments: Vec<_> = urls.iter().filter(|url| url.starts_with("/comments")).collect();
    assert_eq!(comments, [comments[0]; 2], "{urls:?}");
    assert!(comments[0].starts_with("/comments?post_ids=p1,p2,p3"), "{urls:?}");
    assert_eq!(world.rest.count("/users"), 2, "{urls:?}");
}

#[tokio::test]
async fn one_fragment_does_not_wait_for_another() {
    let world = World::start().await;
    let gate = world.hold_comments();
    let document = r#"{ post(id: "p1") { id ...@defer(label: "slow") { comments { text } } ...@defer(label: "fast") { author { name } } } }"#;
    let mut parts = world.ask(document).await;
    parts.next().await.unwrap();
    let fast = parts.next().await.unwrap();
    assert_eq!(fast["incremental"], json!([{"id": "1", "data": {"author": {"name": "Ada"}}}]));
    assert_eq!((&fast["completed"], &fast["hasNext"]), (&json!([{"id": "1"}]), &json!(true)));
    gate.open();
    let slow = parts.next().await.unwrap();
    assert_eq!((&slow["completed"], &slow["hasNext"]), (&json!([{"id": "0"}]), &json!(false)));
    assert_eq!(parts.next().await, None);
}

#[tokio::test]
async fn what_stands_in_a_fragment_is_asked_for_after_it() {
    let world = World::start().await;
    let gate = world.hold_comments();
    let document =
        r#"{ post(id: "p1") { id ...@defer { comments { text } ...@defer { author { name } } } } }"#;
    let mut parts = world.ask(document).await;
    parts.next().await.unwrap();
    world.rest.until_under_way("/comments", 1).await;
    assert_eq!(world.rest.count("/users"), 0);
    gate.open();
    assert_eq!(parts.rest().await.len(), 2);
    assert_eq!(world.rest.count("/users"), 1);
}

#[tokio::test]
async fn slow_roots_can_be_put_off() {
    let world = World::start().await;
    let gate = world.hold_comments();
    let document = r#"{ answer ...@defer(label: "R") { post(id: "p1") { title comments { text ...@defer { author { name } } } } } }"#;
    let mut parts = world.ask(document).await;
    let first = parts.next().await.unwrap();
    assert_eq!(first["data"], json!({"answer": 42}));
    assert_eq!(first["pending"], json!([{"id": "0", "path": [], "label": "R"}]));
    gate.open();
    let mut all = vec![first];
    all.extend(parts.rest().await);
    assert_eq!(
        put_together(&all)["data"]["post"]["comments"][1],
        json!({"text": "Bad", "author": {"name": "Ada"}})
    );
}

#[tokio::test]
async fn below_what_a_resolver_made_by_hand() {
    let world = World::start().await;
    for document in [
        r#"{ screen(id: "p1") { title ...@defer { post { title ...@defer { author { name } } } } } }"#,
        "{ have { title ...@defer { post { title } } } }",
    ] {
        let parts = world.all(CURRENT, document, json!({})).await;
        assert!(parts.len() > 1 && parts[0]["data"].to_string().find("post").is_none(), "{parts:?}");
    }
}

#[tokio::test]
async fn below_the_root_of_a_mutation() {
    let world = World::start().await;
    let document = r#"mutation { retitle(id: "p1", title: "New") { title ...@defer { post { id } } } }"#;
    let parts = world.ask(document).await.rest().await;
    assert_eq!(parts[0]["data"], json!({"retitle": {"title": "New"}}));
    assert_eq!(parts[1]["incremental"], json!([{"id": "0", "data": {"post": {"id": "p1"}}}]));
    assert_eq!(world.rest.count("/posts/p1"), 1);
}

#[tokio::test]
async fn nobody_shares_an_answer_in_parts() {
    let world = World::with(|server| server.settings(|settings| settings.sharing.operations = true)).await;
    let document = r#"{ post(id: "p1") { title ...@defer { author { name } } } }"#;
    for _ in 0..3 {
        let parts = world.ask(document).await.rest().await;
        assert_eq!(parts.len(), 2);
    }
    let whole = world.bff.query(document).await;
    assert_eq!(whole.data("post.author.name"), "Ada");
}

#[tokio::test]
async fn compression_keeps_no_part_back() {
    let world = World::start().await;
    let gate = world.hold_comments();
    let document = r#"{ post(id: "p1") { title ...@defer { comments { text } } } }"#;
    // Not one that the client here would take off again without a word.
    let mut parts = world.bff.query(document).header("accept-encoding", "br, zstd").in_parts(CURRENT).await;
    assert!(!parts.headers.contains_key("content-encoding"));
    assert!(parts.next().await.is_some());
    gate.open();
    assert_eq!(parts.rest().await.len(), 1);
}

#[tokio::test]
async fn the_last_part_tells_what_all_of_it_cost() {
    let world = World::start().await;
    let document = r#"{ post(id: "p1") { title ...@defer { comments { text } } } }"#;
    let parts = world.ask(document).await.rest().await;
    assert_eq!(parts[0].get("extensions"), None);
    let fanout = &parts[1]["extensions"]["fanout"];
    assert_eq!(fanout["calls"], 2, "{fanout}");
}
