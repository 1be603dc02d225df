//! The library screen is the user's own.

use crate::world::world;
use kit::{Value, json};

const SCREEN: &str = "{ libraryScreen {
    playlists(first: 1) { nodes { title } pageInfo { hasNextPage } }
    likedTracks(first: 1) { nodes { track { title } } pageInfo { hasNextPage endCursor } }
    followedArtists(first: 5) { nodes { artist { name followed } } }
} }";

#[tokio::test]
async fn shows_what_the_user_keeps() {
    let world = world(3).await;
    let answer = world.mobile.query(SCREEN).bearer(&world.token).await;
    assert_eq!(
        answer.ok()["libraryScreen"],
        json!({
            "playlists": {"nodes": [{"title": "Mix 1"}], "pageInfo": {"hasNextPage": true}},
            "likedTracks": {"nodes": [{"track": {"title": "Track 1"}}],
                "pageInfo": {"hasNextPage": true, "endCursor": "o1"}},
            "followedArtists": {"nodes": [
                {"artist": {"name": "Artist 1", "followed": true}}, {"artist": {"name": "Artist 3", "followed": true}},
            ]},
        })
    );
    assert!(world.library.calls().iter().all(|call| call.caller().as_deref() == Some("us-1")));
    assert!(
        world.catalog.calls().iter().all(|call| call.service().as_deref() == Some("mobile")),
        "the catalogue is the same for all"
    );
}

#[tokio::test]
async fn of_nobody_is_null_and_the_rest_of_the_query_arrives() {
    let world = world(1).await;
    let answer = world
        .mobile
        .query(r#"{ libraryScreen { likedTracks { nodes { track { id } } } } track(id: "tr-1") { id } }"#)
        .await;
    assert_eq!(*answer.data(""), json!({"libraryScreen": null, "track": {"id": "tr-1"}}));
    assert_eq!((answer.codes(), answer.paths()), (vec!["UNAUTHENTICATED"], vec!["libraryScreen".to_owned()]));
    assert_eq!(world.library.total(), 0);
    assert_eq!(answer.data("libraryScreen"), &Value::Null);
}
