//! What is played: told once, and what everybody plays.

use crate::world::World;
use kit::json;

#[tokio::test]
async fn what_everybody_plays_comes_in_order_with_its_tracks() {
    let world = World::start().await;
    let answer = world.web.query("{ trending(first: 5) { rank plays track { title playCount } } }").await;
    let track = json!({"title": "Track 2", "playCount": 3_000_000_000_u64});
    assert_eq!(answer.ok()["trending"], json!([{"rank": 1, "plays": 40, "track": track}]));
    assert_eq!(world.calls(), [1, 0, 0, 2]);
}

#[tokio::test]
async fn a_play_is_named_by_its_key_so_that_it_counts_once() {
    let world = World::start().await;
    let token = world.token("us-1");
    world.activity.post("/plays", |_| json!({"results": [{"report_id": "k-1", "status": "accepted"}]}));
    let report = r#"mutation { reportPlay(input: {idempotencyKey: "k-1", trackId: "tr-1",
        playedAt: "2026-01-01T00:00:00Z", msPlayed: 240000}) { track { playCount } } }"#;
    let answer = world.web.query(report).bearer(&token).await;
    assert_eq!(answer.ok()["reportPlay"]["track"]["playCount"], 3_000_000_000_u64);
    let write = &world.activity.calls_of("/plays")[0];
    assert_eq!(
        write.json(),
        json!({"reports": [
            {"report_id": "k-1", "track_id": "tr-1", "played_at": "2026-01-01T00:00:00Z", "ms_played": 240_000},
        ]})
    );
    assert_eq!(write.header("idempotency-key"), Some("k-1"));
    assert_eq!(write.caller().as_deref(), Some("us-1"));
    assert_eq!(world.web.query(report).await.codes(), ["UNAUTHENTICATED"]);
}
