//! A track's page while it is open: events carry ids, and what they are about is asked anew as the visitor.

use crate::world::World;
use kit::json;

const FOLLOW: &str = r#"subscription ($id: ID!) { trackActivity(id: $id) { __typename track { title }
    ... on TrackPlayed { playCount }
    ... on TrackCommented { commentId comment { body author { displayName } } } } }"#;

#[tokio::test]
async fn plays_and_comments_arrive_as_they_happen() {
    let world = World::start().await;
    let token = world.token("us-1");
    let events = world.activity.events("/events");
    let mut page = world.web.subscribe(FOLLOW, json!({"id": "tr-1"}), Some(&token)).await;
    world.activity.until_under_way("/events", 1).await;

    events.send(Some("1"), &json!({"track_id": "tr-1"}));
    let played =
        json!({"__typename": "TrackPlayed", "track": {"title": "Track 1"}, "playCount": 3_000_000_000_u64});
    assert_eq!(page.event().await.ok()["trackActivity"], played);

    events.send(Some("2"), &json!({"track_id": "tr-1", "comment_id": "co-2"}));
    assert_eq!(
        page.event().await.ok()["trackActivity"],
        json!({"__typename": "TrackCommented", "track": {"title": "Track 1"}, "commentId": "co-2",
            "comment": {"body": "I love co-2", "author": {"displayName": "Ben"}}})
    );

    // Taken back: the comment is not there any more, its name is.
    events.send(Some("3"), &json!({"track_id": "tr-1", "comment_id": "co-9"}));
    let gone = page.event().await;
    assert_eq!(gone.ok()["trackActivity"]["comment"], json!(null));
    assert_eq!(gone.data("trackActivity.commentId"), "co-9");

    events.send(Some("4"), &json!({}));
    let missed = json!({"__typename": "ActivityMissed", "track": {"title": "Track 1"}});
    assert_eq!(page.event().await.ok()["trackActivity"], missed);

    let listening = &world.activity.calls_of("/events")[0];
    assert_eq!(listening.url(), "/events?track_ids=tr-1");
    assert_eq!(listening.service().as_deref(), Some("web"), "all who look at this page share it");
    // Each event is asked anew, never answered from what was known at the last.
    assert_eq!(world.catalog.count("/tracks"), 4);

    page.complete().await;
    events.until_nobody_listens().await;
}

#[tokio::test]
async fn nobody_in_particular_may_listen_too() {
    let world = World::start().await;
    let events = world.activity.events("/events");
    let mut page = world.web.subscribe(FOLLOW, json!({"id": "tr-2"}), None).await;
    world.activity.until_under_way("/events", 1).await;
    events.send(None, &json!({"track_id": "tr-2"}));
    assert_eq!(page.event().await.ok()["trackActivity"]["track"]["title"], "Track 2");
}

#[tokio::test]
async fn a_service_that_is_away_is_said_to_be() {
    let world = World::start().await;
    world.activity.get("/events", |_| kit::Reply::problem(503, "down"));
    let mut page = world.web.subscribe(FOLLOW, json!({"id": "tr-1"}), None).await;
    assert_eq!(page.event().await.codes(), ["UPSTREAM_UNAVAILABLE"]);
}
