//! Comments on moments: read with their authors, written as the visitor.

use crate::world::{World, comment};
use kit::{Reply, json};

#[tokio::test]
async fn comments_come_with_their_authors_in_the_order_asked_for() {
    let world = World::start().await;
    let answer = world
        .web
        .query(
            r#"{ track(id: "tr-1") { commentCount comments(order: MOMENT, first: 2) {
                nodes { id body atMs edited viewerWrote createdAt author { displayName path } track { id } }
            } } }"#,
        )
        .bearer(&world.token("us-2"))
        .await;
    let comments = &answer.ok()["track"]["comments"]["nodes"];
    assert_eq!(
        comments[1],
        json!({
            "id": "co-2", "body": "I love co-2", "atMs": 2_000, "edited": false, "viewerWrote": true,
            "createdAt": "2026-01-01T00:00:00Z", "author": {"displayName": "Ben", "path": "/users/us-2"},
            "track": {"id": "tr-1"},
        })
    );
    assert_eq!(comments[0]["viewerWrote"], false);
    assert_eq!(answer.data("track.commentCount"), 3_000_000_000_u64);
    assert_eq!(world.activity.calls_of("/comments")[0].param("sort").as_deref(), Some("at_ms"));
    assert_eq!(world.identity.urls().len(), 1);
}

const ADD: &str = r#"mutation { addComment(input: {idempotencyKey: "k-1", trackId: "tr-1", body: "So good", atMs: 61000}) {
    comment { id body author { displayName } } track { id comments(first: 1) { nodes { id } } } } }"#;

#[tokio::test]
async fn commenting_is_written_once_as_the_visitor_and_read_back() {
    let world = World::start().await;
    let token = world.token("us-1");
    world.activity.post("/comments", |_| Reply::json(201, comment("co-1", "us-1", 61_000)));
    let answer = world.web.query(ADD).bearer(&token).await;
    assert_eq!(
        answer.ok()["addComment"],
        json!({
            "comment": {"id": "co-1", "body": "I love co-1", "author": {"displayName": "Aiko"}},
            "track": {"id": "tr-1", "comments": {"nodes": [{"id": "co-1"}]}},
        })
    );
    let write = &world.activity.calls()[0];
    assert_eq!(write.json(), json!({"track_id": "tr-1", "body": "So good", "at_ms": 61_000}));
    assert_eq!(write.header("idempotency-key"), Some("k-1"));
    assert_eq!(write.caller().as_deref(), Some("us-1"));
}

#[tokio::test]
async fn rewording_and_taking_back_name_the_comment_and_nothing_else() {
    let world = World::start().await;
    let token = world.token("us-1");
    world.activity.patch("/comments/{id}", |_| comment("co-1", "us-1", 1_000));
    world.activity.delete("/comments/{id}", |_| Reply::json(204, json!(null)));
    let answer = world
        .web
        .query(
            r#"mutation { edit: editComment(input: {idempotencyKey: "k-2", commentId: "co-1", body: "Better"}) { comment { id } }
                gone: deleteComment(input: {idempotencyKey: "k-3", commentId: "../x"}) { deletedId } }"#,
        )
        .bearer(&token)
        .await;
    assert_eq!(*answer.ok(), json!({"edit": {"comment": {"id": "co-1"}}, "gone": {"deletedId": "../x"}}));
    let writes: Vec<_> = world.activity.calls().into_iter().filter(|call| call.method != "GET").collect();
    assert_eq!(writes[0].json(), json!({"body": "Better"}));
    assert_eq!(writes[0].header("idempotency-key"), Some("k-2"));
    assert_eq!(writes[1].path, "/comments/..%2Fx");
    assert_eq!(writes[1].header("idempotency-key"), Some("k-3"));
}

#[tokio::test]
async fn who_is_not_signed_in_writes_nothing() {
    let world = World::start().await;
    let answer = world.web.query(ADD).await;
    assert_eq!(answer.codes(), ["UNAUTHENTICATED"]);
    assert_eq!(answer.paths(), ["addComment"]);
    assert_eq!(world.calls(), [0, 0, 0, 0]);
}

#[tokio::test]
async fn what_the_service_refuses_is_told_with_its_reason() {
    let world = World::start().await;
    let token = world.token("us-1");
    for (status, code, detail) in [
        (422, "BAD_USER_INPUT", "`body`: must be 1 to 1,000 characters"),
        (404, "NOT_FOUND", "no comment `co-1`"),
        (403, "FORBIDDEN", "You may not do this."),
    ] {
        world.activity.post("/comments", move |_| Reply::problem(status, detail));
        let answer = world.web.query(ADD).bearer(&token).await;
        assert_eq!(answer.codes(), [code]);
        assert_eq!(answer.messages(), [detail]);
    }
}
