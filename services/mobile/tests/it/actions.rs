//! What the user does: sent on once, as the user, with the phone's key.

use crate::world::{World, world};
use kit::{Answer, Call, Reply, Value, json};

async fn act(world: &World, document: &str, input: Value) -> Answer {
    world.mobile.query(document).variables(json!({"input": input})).bearer(&world.token).await
}

/// The one write that a service got.
fn written(calls: Vec<Call>) -> Call {
    let mut writes: Vec<Call> = calls.into_iter().filter(|call| call.method != "GET").collect();
    assert_eq!(writes.len(), 1, "one write: {writes:?}");
    writes.remove(0)
}

const SET_LIKED: &str = "mutation($input: SetLikedInput!) { setLiked(input: $input) { track { id liked } } }";

#[tokio::test]
async fn a_like_is_set_and_read_again() {
    let world = world(2).await;
    world.library.put("/likes/{id}", |call| json!({"track_id": call.segment("id")}));
    let input = json!({"idempotencyKey": "tap-1", "trackId": "tr-1", "liked": true});
    let answer = act(&world, SET_LIKED, input).await;
    assert_eq!(answer.ok()["setLiked"]["track"], json!({"id": "tr-1", "liked": true}));
    let write = written(world.library.calls());
    assert_eq!((write.method.as_str(), write.url().as_str()), ("PUT", "/likes/tr-1"));
    assert_eq!(write.header("idempotency-key"), Some("tap-1"));
    assert_eq!(write.caller().as_deref(), Some("us-1"));
}

#[tokio::test]
async fn a_like_is_taken_back() {
    let world = world(2).await;
    world.library.delete("/likes/{id}", |_| Reply::json(200, json!({})));
    let input = json!({"idempotencyKey": "tap-2", "trackId": "tr-2", "liked": false});
    let answer = act(&world, SET_LIKED, input).await;
    assert_eq!(answer.ok()["setLiked"]["track"], json!({"id": "tr-2", "liked": false}));
    let write = written(world.library.calls());
    assert_eq!((write.method.as_str(), write.header("idempotency-key")), ("DELETE", Some("tap-2")));
}

#[tokio::test]
async fn an_id_stays_in_its_place_of_the_path() {
    let world = world(1).await;
    world.library.put("/likes/{id}", |_| json!({}));
    let input = json!({"idempotencyKey": "tap", "trackId": "../playlists/pl-1?x", "liked": true});
    act(&world, SET_LIKED, input).await;
    assert_eq!(written(world.library.calls()).path, "/likes/..%2Fplaylists%2Fpl-1%3Fx");
}

#[tokio::test]
async fn an_artist_is_followed() {
    let world = world(1).await;
    world.library.put("/follows/{id}", |_| json!({"artist_id": "ar-1"}));
    let document =
        "mutation($input: SetFollowedInput!) { setFollowed(input: $input) { artist { name followed } } }";
    let answer =
        act(&world, document, json!({"idempotencyKey": "tap-3", "artistId": "ar-1", "followed": true})).await;
    assert_eq!(answer.ok()["setFollowed"]["artist"], json!({"name": "Artist 1", "followed": true}));
    let write = written(world.library.calls());
    assert_eq!((write.url().as_str(), write.header("idempotency-key")), ("/follows/ar-1", Some("tap-3")));
}

#[tokio::test]
async fn a_playlist_is_made() {
    let world = world(1).await;
    world.library.post("/playlists", |_| Reply::json(201, json!({"id": "pl-1", "version": 1})));
    let document =
        "mutation($input: CreatePlaylistInput!) { createPlaylist(input: $input) { playlist { id title } } }";
    let input = json!({"idempotencyKey": "new-1", "title": "Mix 1", "trackIds": ["tr-1"], "shareable": true});
    let answer = act(&world, document, input).await;
    assert_eq!(answer.ok()["createPlaylist"]["playlist"], json!({"id": "pl-1", "title": "Mix 1"}));
    let write = written(world.library.calls());
    assert_eq!(
        write.json(),
        json!({"title": "Mix 1", "description": "", "public": true, "track_ids": ["tr-1"]})
    );
    assert_eq!(write.header("idempotency-key"), Some("new-1"));
}

#[tokio::test]
async fn tracks_are_added_to_a_playlist_or_the_user_is_told_why_not() {
    let world = world(1).await;
    world.library.post("/playlists/{id}/entries", |_| json!({"id": "pl-1"}));
    let document = "mutation($input: AddToPlaylistInput!) {
        addToPlaylist(input: $input) { playlist { id trackCount } } }";
    let input = json!({"idempotencyKey": "add-1", "playlistId": "pl-1", "trackIds": ["tr-1", "tr-1"]});
    let answer = act(&world, document, input.clone()).await;
    assert_eq!(answer.ok()["addToPlaylist"]["playlist"], json!({"id": "pl-1", "trackCount": 1}));
    let write = written(world.library.calls());
    assert_eq!(write.url(), "/playlists/pl-1/entries");
    assert_eq!(write.json(), json!({"track_ids": ["tr-1", "tr-1"]}));
    assert_eq!(write.header("idempotency-key"), Some("add-1"));

    for (status, code) in [(404, "NOT_FOUND"), (409, "CONFLICT"), (422, "BAD_USER_INPUT"), (403, "FORBIDDEN")]
    {
        world.library.post("/playlists/{id}/entries", move |_| Reply::problem(status, "because of this"));
        let answer = act(&world, document, input.clone()).await;
        assert_eq!(*answer.data(""), json!({"addToPlaylist": null}));
        assert_eq!((answer.codes(), answer.paths()), (vec![code], vec!["addToPlaylist".to_owned()]));
    }
}

#[tokio::test]
async fn plays_are_reported_in_one_batch_and_each_has_its_receipt() {
    let world = world(1).await;
    world.activity.post("/plays", |call| {
        let body = call.json();
        let receipts = body["reports"].as_array().unwrap().iter().map(|report| {
            let status = if report["report_id"] == "r-1" { "duplicate" } else { "accepted" };
            json!({"report_id": report["report_id"], "status": status})
        });
        json!({"results": receipts.collect::<Value>()})
    });
    let report = |id: &str| json!({"reportId": id, "trackId": "tr-1", "playedAt": "2026-03-01T18:30:00Z", "msPlayed": 1000});
    let document =
        "mutation($input: ReportPlaysInput!) { reportPlays(input: $input) { results { reportId status } } }";
    let input = json!({"idempotencyKey": "batch-1", "reports": [report("r-1"), report("r-2")]});
    let answer = act(&world, document, input).await;
    assert_eq!(
        answer.ok()["reportPlays"]["results"],
        json!([{"reportId": "r-1", "status": "DUPLICATE"}, {"reportId": "r-2", "status": "ACCEPTED"}])
    );
    let write = written(world.activity.calls());
    assert_eq!(write.header("idempotency-key"), Some("batch-1"));
    assert_eq!(
        write.json()["reports"][0],
        json!({"report_id": "r-1", "track_id": "tr-1", "played_at": "2026-03-01T18:30:00Z", "ms_played": 1000})
    );
    assert!(write.json().get("idempotency_key").is_none());
}

#[tokio::test]
async fn counts_that_are_kept_are_read_again_once_the_user_has_changed_them() {
    let world = world(1).await;
    let kept = |body: Value| Reply::from(body).header("cache-control", "public, max-age=600");
    world.library.get("/follower-counts", move |_| kept(json!([{"artist_id": "ar-1", "followers": 1}])));
    world.activity.get("/play-counts", move |_| kept(json!([{"track_id": "tr-1", "plays": 1}])));
    world.library.put("/follows/{id}", |_| json!({}));
    world.activity.post("/plays", |_| json!({"results": []}));
    let read = async || {
        let document =
            r#"{ artistScreen(id: "ar-1") { followersLabel } track(id: "tr-1") { playCountLabel } }"#;
        world.mobile.query(document).await.ok();
        [world.library.count("/follower-counts"), world.activity.count("/play-counts")]
    };
    assert_eq!(read().await, [1, 1]);
    assert_eq!(read().await, [1, 1]);
    let follow = "mutation($input: SetFollowedInput!) { setFollowed(input: $input) { __typename } }";
    act(&world, follow, json!({"idempotencyKey": "k", "artistId": "ar-1", "followed": true})).await.ok();
    assert_eq!(read().await, [2, 1]);
    let report = "mutation($input: ReportPlaysInput!) { reportPlays(input: $input) { __typename } }";
    let play = json!({"reportId": "r", "trackId": "tr-1", "playedAt": "2026-03-01T18:30:00Z", "msPlayed": 1});
    act(&world, report, json!({"idempotencyKey": "k", "reports": [play]})).await.ok();
    assert_eq!(read().await, [2, 2]);
}

#[tokio::test]
async fn nobody_acts_without_signing_in() {
    let world = world(1).await;
    let answer = world
        .mobile
        .query(
            r#"mutation {
                setLiked(input: {idempotencyKey: "k", trackId: "tr-1", liked: true}) { track { id } }
                setFollowed(input: {idempotencyKey: "k", artistId: "ar-1", followed: true}) { artist { id } }
                createPlaylist(input: {idempotencyKey: "k", title: "t"}) { playlist { id } }
                addToPlaylist(input: {idempotencyKey: "k", playlistId: "pl-1", trackIds: ["tr-1"]}) { playlist { id } }
                reportPlays(input: {idempotencyKey: "k", reports: []}) { results { status } }
            }"#,
        )
        .await;
    assert_eq!(answer.codes(), ["UNAUTHENTICATED"; 5]);
    assert!(answer.data("").as_object().unwrap().values().all(Value::is_null));
    assert_eq!(world.calls(), [0; 4]);
}
