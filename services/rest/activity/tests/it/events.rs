//! Plays and comments arrive as ids, in order, once each, also after a lost connection.

use serde_json::json;

use crate::comments::comment;
use crate::plays::{play, report};
use crate::world::World;
use kit::Subscriber;
use kit::text;

#[tokio::test]
async fn a_subscriber_hears_of_plays_and_comments_and_resumes() {
    let world = World::start().await;
    let mika = world.user("us-1");
    let at = "2026-09-30T10:00:00Z";
    let mut first = Subscriber::connect(&world.nobody(), "/events?track_ids=tr-1", None).await;
    report(&mika, &[play("r1", "tr-2", at), play("r2", "tr-1", at), play("r3", "tr-1", at)]).await;
    let heard = first.next().await;
    assert_eq!((heard.kind.as_str(), &heard.data), ("play", &json!({ "track_id": "tr-1" })));
    drop(first);
    // Nothing new is no event.
    report(&mika, &[play("r2", "tr-1", at)]).await;
    let id = text(&comment(&mika, "tr-1", "Now", 1).await.body["id"]);
    mika.send("DELETE", &format!("/comments/{id}"), &[], None).await.expect(204);
    report(&mika, &[play("r4", "tr-1", at)]).await;
    let mut again = Subscriber::connect(&world.nobody(), "/events?track_ids=tr-1", Some(&heard.id)).await;
    for kind in ["comment", "comment", "play"] {
        let heard = again.next().await;
        assert_eq!(heard.kind, kind);
        if kind == "comment" {
            assert_eq!(heard.data, json!({ "track_id": "tr-1", "comment_id": id }));
        }
    }
    let mut lost = Subscriber::connect(&world.nobody(), "/events?track_ids=tr-1", Some("bogus")).await;
    assert_eq!(lost.next().await.kind, "reset");
}
