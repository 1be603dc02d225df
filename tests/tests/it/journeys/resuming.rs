//! Open screens while a service is killed and comes back: they are told what happened, without being opened anew.

use super::house::{House, mutate, operation, soon};
use kit::{Process, Value, json};

#[tokio::test]
async fn an_open_screen_hears_what_happened_after_the_library_came_back() {
    let mut house = House::start().await;
    let mobile = house.bff("mobile").await;
    let mika = house.token("us-1").await;
    let input = json!({"idempotencyKey": "new", "title": "Live"});
    let made =
        mutate(&mobile, &mika, "createPlaylist", "CreatePlaylistInput", input, "playlist { id }").await;
    let id = made.data("createPlaylist.playlist.id").clone();
    let document = operation("mobile", "playlist_changed");
    let mut heard_some = mobile.subscribe(&document, json!({"id": id}), Some(&mika)).await;
    listens(&mobile, 1).await;
    add(&mobile, &mika, &id, "tr-1").await;
    assert_eq!(heard_some.event().await.data("playlistChanged.playlist.trackCount"), 1);
    // This one is opened after the last change: it has heard of nothing yet.
    let mut heard_none = mobile.subscribe(&document, json!({"id": id}), Some(&mika)).await;
    listens(&mobile, 2).await;

    house.kill("library").await;
    house.restart("library").await;
    // At once: perhaps before anybody listens again.
    add(&mobile, &mika, &id, "tr-2").await;
    for open in [&mut heard_some, &mut heard_none] {
        assert_eq!(open.event().await.data("playlistChanged.playlist.trackCount"), 2);
    }
}

/// Waits until so many subscriptions listen on this side, too: one that is refused at first is the subscriber's to know.
async fn listens(mobile: &Process, subscriptions: usize) {
    let line = format!("upstream_event_listeners{{service=\"mobile\",upstream=\"library\"}} {subscriptions}");
    soon(&line, async || mobile.admin("/metrics").await.text.lines().any(|metric| metric == line)).await;
}

async fn add(mobile: &Process, token: &str, playlist: &Value, track: &str) {
    let input = json!({"idempotencyKey": track, "playlistId": playlist, "trackIds": [track]});
    mutate(mobile, token, "addToPlaylist", "AddToPlaylistInput", input, "playlist { id }").await.ok();
}
