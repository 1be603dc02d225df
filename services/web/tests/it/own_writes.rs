//! Counts and comments may be kept, but not across a change that somebody makes here: everybody sees it at once.

use crate::world::World;
use kit::{Call, Fake, Reply, Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

/// Reads say how many writes came before them, and may be kept.
fn counting(
    fake: &Fake,
    path: &str,
    keys: &'static str,
    row: fn(&str, usize) -> Value,
    writes: &Arc<AtomicUsize>,
) {
    let writes = writes.clone();
    fake.get(path, move |call: &Call| {
        let now = writes.load(SeqCst);
        let rows: Vec<_> = call.list(keys).iter().map(|key| row(key, now)).collect();
        Reply::from(json!({"items": rows})).header("cache-control", "public, max-age=600")
    });
}

fn comment(track: &str, writes: usize) -> Value {
    json!({"id": format!("co-{writes}"), "user_id": "us-1", "track_id": track, "at_ms": 0, "body": "", "cursor": "c",
           "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"})
}

#[tokio::test]
async fn a_change_is_seen_at_once_by_everybody_and_nothing_else_is_read_again() {
    let world = World::start().await;
    let writes = Arc::new(AtomicUsize::new(0));
    let likes = |id: &str, n: usize| json!({"track_id": id, "likes": n});
    counting(&world.library, "/like-counts", "track_ids", likes, &writes);
    let followers = |id: &str, n: usize| json!({"artist_id": id, "followers": n});
    counting(&world.library, "/follower-counts", "artist_ids", followers, &writes);
    let plays = |id: &str, n: usize| json!({"track_id": id, "plays": n});
    counting(&world.activity, "/play-counts", "track_ids", plays, &writes);
    let comments = |id: &str, n: usize| json!({"track_id": id, "comments": n});
    counting(&world.activity, "/comment-counts", "track_ids", comments, &writes);
    counting(&world.activity, "/comments", "track_ids", comment, &writes);
    for (fake, path) in [
        (&world.library, "/likes/{id}"),
        (&world.library, "/follows/{id}"),
        (&world.activity, "/comments/{id}"),
        (&world.activity, "/comments"),
        (&world.activity, "/plays"),
    ] {
        for method in ["PUT", "POST", "PATCH", "DELETE"] {
            let writes = writes.clone();
            fake.on(method.parse().unwrap(), path, move |_| {
                writes.fetch_add(1, SeqCst);
                Reply::from(comment("tr-1", 0))
            });
        }
    }
    let read = async || {
        let document = r#"{ track(id: "tr-1") { likeCount playCount commentCount comments(first: 1) { nodes { id } } }
                            artist(id: "ar-1") { followerCount } }"#;
        let answer = world.web.query(document).await;
        let count = |path: &str| answer.data(path).to_string().trim_matches('"').to_owned();
        [
            count("track.likeCount"),
            count("artist.followerCount"),
            count("track.playCount"),
            count("track.commentCount"),
            count("track.comments.nodes.0.id").replace("co-", ""),
        ]
    };
    assert_eq!(read().await, ["0"; 5]);
    let token = world.token("us-1");
    for (mutation, expected) in [
        (
            r#"likeTrack(input: {idempotencyKey: "k", trackId: "tr-1", liked: true}) { __typename }"#,
            "1 0 0 0 0",
        ),
        (
            r#"followArtist(input: {idempotencyKey: "k", artistId: "ar-1", followed: true}) { __typename }"#,
            "1 2 0 0 0",
        ),
        (
            r#"reportPlay(input: {idempotencyKey: "k", trackId: "tr-1", playedAt: "2026-01-01T00:00:00Z", msPlayed: 1}) { __typename }"#,
            "1 2 3 0 0",
        ),
        (
            r#"addComment(input: {idempotencyKey: "k", trackId: "tr-1", body: "x", atMs: 0}) { __typename }"#,
            "1 2 3 4 4",
        ),
        (
            r#"editComment(input: {idempotencyKey: "k", commentId: "co-1", body: "y"}) { __typename }"#,
            "1 2 3 4 5",
        ),
        (r#"deleteComment(input: {idempotencyKey: "k", commentId: "co-1"}) { __typename }"#, "1 2 3 6 6"),
    ] {
        world.web.query(&format!("mutation {{ {mutation} }}")).bearer(&token).await.ok();
        assert_eq!(read().await.join(" "), expected, "{mutation}");
    }
}
