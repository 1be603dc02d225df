//! The playlist screen, and news of it.

use crate::world::world;
use kit::json;

#[tokio::test]
async fn lists_its_items_and_knows_whose_it_is() {
    let world = world(3).await;
    world.catalog.table(
        "/tracks",
        &[("ids", "id")],
        json!([{"id": "tr-1", "title": "Track 1", "artist_id": "ar-1", "artist_name": "A", "album_id": "al-1",
            "album_title": "B", "explicit": false, "duration_ms": 1}]),
    );
    let screen = r#"{ playlistScreen(id: "pl-1") {
        title ownerName mine shareable trackCount
        items(first: 2) { nodes { id track { title } } pageInfo { hasNextPage endCursor } }
    } }"#;
    let answer = world.mobile.query(screen).bearer(&world.token).await;
    assert_eq!(
        answer.ok()["playlistScreen"],
        json!({"title": "Mix 1", "ownerName": "Ada", "mine": true, "shareable": true, "trackCount": 3,
        "items": {
            // The second track has left the catalogue; its line stays.
            "nodes": [{"id": "en-1", "track": {"title": "Track 1"}}, {"id": "en-2", "track": null}],
            "pageInfo": {"hasNextPage": true, "endCursor": "e2"},
        }})
    );
    assert_eq!(world.calls(), [1, 1, 2, 0]);
    let anonymous = world.mobile.query(r#"{ playlistScreen(id: "pl-1") { mine } }"#).await;
    assert_eq!(anonymous.ok()["playlistScreen"]["mine"], false);
}

#[tokio::test]
async fn news_make_each_listener_read_the_playlist_anew_and_as_itself() {
    let world = world(2).await;
    let news = world.library.events("/events");
    let document = r#"subscription($id: ID!) {
        playlistChanged(id: $id) { id playlist { title items { nodes { track { title } } } } }
    }"#;
    let mut open = world.mobile.subscribe(document, json!({"id": "pl-1"}), Some(&world.token)).await;
    world.library.until_under_way("/events", 1).await;
    let listening = &world.library.calls_of("/events")[0];
    assert_eq!(listening.url(), "/events?playlist_ids=pl-1");
    assert_eq!(listening.service().as_deref(), Some("mobile"), "all who have it open share it");

    news.send(Some("1"), &json!({"playlist_id": "pl-1", "version": 2}));
    let event = open.event().await;
    assert_eq!(
        event.ok()["playlistChanged"],
        json!({"id": "pl-1", "playlist": {"title": "Mix 1",
            "items": {"nodes": [{"track": {"title": "Track 1"}}, {"track": {"title": "Track 2"}}]}}})
    );

    world.library.get("/playlists", |_| json!({"items": []}));
    news.send(Some("2"), &json!({}));
    assert_eq!(open.event().await.codes(), ["FORBIDDEN"], "it was deleted");
    assert!(open.next().await.is_none());
    // When it subscribed, and for each event: the right to know of it and its row are one question.
    assert_eq!(world.library.count("/playlists"), 3, "nothing is remembered from one event to the next");
    assert!(world.library.calls_of("/playlists").iter().all(|call| call.caller().as_deref() == Some("us-1")));
    drop(open);
    news.until_nobody_listens().await;
}

#[tokio::test]
async fn who_may_not_see_a_playlist_may_not_listen_to_it() {
    let world = world(1).await;
    world.library.get("/playlists", |_| json!({"items": []}));
    let document = r#"subscription { playlistChanged(id: "pl-7") { id } }"#;
    let mut refused = world.mobile.subscribe(document, json!({}), None).await;
    assert_eq!(refused.event().await.codes(), ["FORBIDDEN"]);
    assert_eq!(world.library.count("/events"), 0);
}
