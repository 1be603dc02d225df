//! The visitor: nobody, or somebody whose token goes where it belongs and nowhere else.

use crate::world::World;
use kit::{Reply, json};

const VIEWER: &str = r#"{ viewer { id email plan user { displayName } playlists { nodes { id } }
    likedTracks { nodes { likedAt track { title } } } followedArtists { nodes { artist { name } } } }
  track(id: "tr-2") { viewerLikes } artist(id: "ar-1") { viewerFollows } user(id: "us-1") { isViewer } }"#;

#[tokio::test]
async fn somebody_sees_what_is_theirs() {
    let world = World::start().await;
    let token = world.token("us-1");
    let answer = world.web.query(VIEWER).bearer(&token).await;
    assert_eq!(
        *answer.ok(),
        json!({
            "viewer": {
                "id": "us-1", "email": "aiko@example.org", "plan": "premium", "user": {"displayName": "Aiko"},
                "playlists": {"nodes": [{"id": "pl-1"}, {"id": "pl-2"}]},
                "likedTracks": {"nodes": [{"likedAt": "2026-01-03T00:00:00Z", "track": {"title": "Track 2"}}]},
                "followedArtists": {"nodes": [{"artist": {"name": "Artist 1"}}]},
            },
            "track": {"viewerLikes": true},
            "artist": {"viewerFollows": true},
            "user": {"isViewer": true},
        })
    );
    let private = ["/me", "/playlists", "/likes", "/follows"];
    for call in [world.identity.calls(), world.library.calls(), world.catalog.calls()].concat() {
        let is_private = private.contains(&call.path.as_str());
        assert_eq!(call.caller().as_deref(), is_private.then_some("us-1"), "{}", call.url());
    }
}

#[tokio::test]
async fn nobody_sees_what_is_public_and_is_not_scolded() {
    let world = World::start().await;
    let answer = world.web.query(VIEWER).await;
    let nobody = json!({
        "viewer": null, "track": {"viewerLikes": null}, "artist": {"viewerFollows": null}, "user": {"isViewer": false},
    });
    assert_eq!(*answer.ok(), nobody);
    assert_eq!(world.library.total(), 0);
    assert_eq!(world.identity.count("/me"), 0);
}

#[tokio::test]
async fn liking_and_following_are_put_and_taken_back_with_their_key() {
    let world = World::start().await;
    let token = world.token("us-1");
    for path in ["/likes/{id}", "/follows/{id}"] {
        world.library.put(path, |_| json!({}));
        world.library.delete(path, |_| Reply::json(204, json!(null)));
    }
    let answer = world
        .web
        .query(
            r#"mutation {
                a: likeTrack(input: {idempotencyKey: "k-1", trackId: "tr-2", liked: true}) { track { title viewerLikes likeCount } }
                b: likeTrack(input: {idempotencyKey: "k-2", trackId: "tr-2", liked: false}) { track { id } }
                c: followArtist(input: {idempotencyKey: "k-3", artistId: "ar-1", followed: true}) { artist { viewerFollows } }
                d: followArtist(input: {idempotencyKey: "k-4", artistId: "ar-1", followed: false}) { artist { id } }
            }"#,
        )
        .bearer(&token)
        .await;
    assert_eq!(answer.ok()["a"]["track"]["viewerLikes"], true);
    let writes: Vec<_> = world.library.calls().into_iter().filter(|call| call.method != "GET").collect();
    let told: Vec<_> = writes
        .iter()
        .map(|call| format!("{} {} {}", call.method, call.path, call.header("idempotency-key").unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            "PUT /likes/tr-2 k-1",
            "DELETE /likes/tr-2 k-2",
            "PUT /follows/ar-1 k-3",
            "DELETE /follows/ar-1 k-4"
        ]
    );
    assert!(writes.iter().all(|call| call.caller().as_deref() == Some("us-1")));
}

#[tokio::test]
async fn a_change_needs_somebody() {
    let world = World::start().await;
    let answer = world
        .web
        .query(r#"mutation { likeTrack(input: {idempotencyKey: "k", trackId: "tr-2", liked: true}) { track { id } } }"#)
        .await;
    assert_eq!(answer.codes(), ["UNAUTHENTICATED"]);
    assert_eq!(world.calls(), [0, 0, 0, 0]);
}
