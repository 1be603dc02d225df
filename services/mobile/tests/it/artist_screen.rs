//! The artist screen, and what it costs.

use crate::world::world;
use kit::{Value, json};

const SCREEN: &str = r#"{
    artistScreen(id: "ar-1") {
        name bio monthlyListenersLabel followersLabel artwork(width: 100, dpr: 3)
        topTracks(first: 2) { title durationLabel playCountLabel explicit artwork(width: 48) }
        releases(first: 1) { nodes { title yearLabel } pageInfo { hasNextPage endCursor } }
        fansAlsoLike(first: 1) { name }
    }
}"#;

#[tokio::test]
async fn is_a_header_tracks_releases_and_others_in_three_waves() {
    let world = world(3).await;
    let answer = world.mobile.query(SCREEN).await;
    assert_eq!(
        *answer.ok(),
        json!({"artistScreen": {
            "name": "Artist 1", "bio": null, "monthlyListenersLabel": "48K", "followersLabel": "1.2K",
            "artwork": "http://127.0.0.1:7101/artwork/ar-1?w=384",
            "topTracks": [
                {"title": "Track 1", "durationLabel": "3:45", "playCountLabel": "1.2M", "explicit": true,
                    "artwork": "http://127.0.0.1:7101/artwork/al-1?w=64"},
                {"title": "Track 2", "durationLabel": "3:45", "playCountLabel": "2.4M", "explicit": false,
                    "artwork": "http://127.0.0.1:7101/artwork/al-1?w=64"},
            ],
            "releases": {"nodes": [{"title": "Album 1", "yearLabel": "2001"}],
                "pageInfo": {"hasNextPage": true, "endCursor": "c1"}},
            "fansAlsoLike": [{"name": "Artist 2"}],
        }})
    );
    let mut urls = world.catalog.urls();
    urls[1..].sort();
    assert_eq!(
        urls,
        [
            "/artists?ids=ar-1&fields=id,name,bio,monthly_listeners",
            "/albums?artist_ids=ar-1&limit=2&fields=id,title,artist_name,artist_id,released_on,cursor",
            "/artists?related_to=ar-1&limit=1&fields=id,name,related_to",
            "/tracks?artist_ids=ar-1&limit=2&fields=id,title,artist_name,artist_id,album_title,album_id,explicit,\
             duration_ms",
        ]
    );
    assert_eq!(world.activity.urls(), ["/play-counts?track_ids=tr-1,tr-2&fields=track_id,plays"]);
    assert_eq!(world.library.urls(), ["/follower-counts?artist_ids=ar-1&fields=artist_id,followers"]);
    assert_eq!(world.identity.total(), 0);
}

#[tokio::test]
async fn releases_go_on_where_the_page_before_ended() {
    let world = world(3).await;
    let page = r#"query($after: String) { artistScreen(id: "ar-1") {
        releases(first: 2, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } } }"#;
    let first = world.mobile.query(page).await;
    assert_eq!(first.data("artistScreen.releases.nodes"), &json!([{"id": "al-1"}, {"id": "al-2"}]));
    let after = first.data("artistScreen.releases.pageInfo.endCursor");
    let second = world.mobile.query(page).variables(json!({"after": after})).await;
    assert_eq!(
        second.data("artistScreen.releases"),
        &json!({"nodes": [{"id": "al-3"}], "pageInfo": {"hasNextPage": false, "endCursor": "c3"}})
    );
}

#[tokio::test]
async fn of_nobody_is_null_without_an_error() {
    let world = world(1).await;
    let answer = world.mobile.query(r#"{ artistScreen(id: "ar-9") { name topTracks { id } } }"#).await;
    assert_eq!(answer.ok()["artistScreen"], Value::Null);
    assert_eq!(world.calls(), [1, 0, 0, 0]);
}
