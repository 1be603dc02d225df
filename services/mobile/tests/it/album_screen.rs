//! The album screen.

use crate::world::world;
use kit::json;

#[tokio::test]
async fn has_all_tracks_and_other_releases_but_not_itself() {
    let world = world(3).await;
    let answer = world
        .mobile
        .query(
            r#"{ albumScreen(id: "al-1") {
                title kind yearLabel trackCount runningTimeLabel label
                tracks { id }
                moreByArtist(first: 2) { id }
            } }"#,
        )
        .await;
    assert_eq!(
        answer.ok()["albumScreen"],
        json!({"title": "Album 1", "kind": "EP", "yearLabel": "2001", "trackCount": 3, "runningTimeLabel": "48 min",
            "label": null, "tracks": [{"id": "tr-1"}, {"id": "tr-2"}, {"id": "tr-3"}],
            "moreByArtist": [{"id": "al-2"}, {"id": "al-3"}]})
    );
    assert_eq!(world.calls(), [3, 0, 0, 0]);
}

#[tokio::test]
async fn a_kind_of_release_that_is_new_to_this_server_is_an_album() {
    let world = world(1).await;
    world.catalog.table(
        "/albums",
        &[("ids", "id")],
        json!([{"id": "al-1", "artist_id": "ar-1", "artist_name": "A", "title": "T", "kind": "cassette",
            "label": "L", "track_count": 0, "duration_ms": 0, "released_on": "1997"}]),
    );
    let answer = world.mobile.query(r#"{ albumScreen(id: "al-1") { kind yearLabel } }"#).await;
    assert_eq!(answer.ok()["albumScreen"], json!({"kind": "ALBUM", "yearLabel": "1997"}));
}
