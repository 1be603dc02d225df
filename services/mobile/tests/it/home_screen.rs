//! The home screen: which shelves, in which order, with what on them.

use crate::world::world;
use kit::{Value, json};

const SHELVES: &str = "{ homeScreen { sections { __typename } } }";

fn kinds(sections: &Value) -> Vec<&str> {
    sections.as_array().unwrap().iter().map(|section| section["__typename"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn shelves_come_in_their_order_and_ask_nobody_until_they_are_opened() {
    let world = world(1).await;
    let anonymous = world.mobile.query(SHELVES).await;
    assert_eq!(kinds(anonymous.data("homeScreen.sections")), ["Trending", "Charts"]);
    let answer = world.mobile.query(SHELVES).bearer(&world.token).await;
    assert_eq!(
        kinds(answer.data("homeScreen.sections")),
        ["ContinueListening", "NewFromFollowed", "Trending", "Charts", "YourPlaylists"]
    );
    assert_eq!(world.calls(), [0; 4]);
}

#[tokio::test]
async fn each_shelf_shows_its_own() {
    let world = world(4).await;
    let answer = world
        .mobile
        .query(
            "{ homeScreen { sections {
                ... on ContinueListening { recent(first: 1) { resumeAtMs track { title } } }
                ... on NewFromFollowed { albums(first: 3) { id } }
                ... on Trending { hits(first: 1) { rank track { title } } }
                ... on Charts { charts(first: 1) { title places(first: 4) { rank movement track { id } } } }
                ... on YourPlaylists { playlists(first: 2) { title ownerName } }
            } } }",
        )
        .bearer(&world.token)
        .await;
    let place = |rank: usize, movement: &str| json!({"rank": rank, "movement": movement, "track": {"id": format!("tr-{rank}")}});
    assert_eq!(
        answer.ok()["homeScreen"]["sections"],
        json!([
            {"recent": [{"resumeAtMs": 1000, "track": {"title": "Track 1"}}]},
            // The newest of the two that were asked of each artist.
            {"albums": [{"id": "al-2"}, {"id": "al-1"}]},
            {"hits": [{"rank": 1, "track": {"title": "Track 1"}}]},
            {"charts": [{"title": "Top 1",
                "places": [place(1, "NEW"), place(2, "UP"), place(3, "SAME"), {"rank": 4, "movement": "DOWN", "track": {"id": "tr-1"}}]}]},
            {"playlists": [{"title": "Mix 1", "ownerName": "Ada"}, {"title": "Mix 2", "ownerName": "Ada"}]},
        ])
    );
    assert_eq!(world.library.count("/follows"), 1);
    assert!(world.catalog.urls().iter().any(|url| url.starts_with("/albums?artist_ids=ar-1,ar-3&limit=2")));
    assert_eq!(world.catalog.count("/chart-entries"), 1);
}

#[tokio::test]
async fn who_follows_nobody_gets_no_albums_rather_than_everybodys() {
    let world = world(2).await;
    world.library.table("/follows", &[], json!([]));
    let query = "{ homeScreen { sections { ... on NewFromFollowed { albums { id } } } } }";
    let answer = world.mobile.query(query).bearer(&world.token).await;
    assert_eq!(answer.ok()["homeScreen"]["sections"][1], json!({"albums": null}));
    assert_eq!(world.catalog.total(), 0);
}
