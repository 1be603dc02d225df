//! More rows make larger answers, not more calls: for every operation that the app has registered.

use crate::world::{World, world};
use kit::{Value, json};

const OPERATIONS: [(&str, &str); 6] = [
    ("home", include_str!("../../../../schema/mobile/operations/home_screen.graphql")),
    ("artist", include_str!("../../../../schema/mobile/operations/artist_screen.graphql")),
    ("album", include_str!("../../../../schema/mobile/operations/album_screen.graphql")),
    ("playlist", include_str!("../../../../schema/mobile/operations/playlist_screen.graphql")),
    ("search", include_str!("../../../../schema/mobile/operations/search_screen.graphql")),
    ("library", include_str!("../../../../schema/mobile/operations/library_screen.graphql")),
];

fn variables(operation: &str) -> Value {
    match operation {
        "artist" => json!({"id": "ar-1", "dpr": 3}),
        "album" => json!({"id": "al-1"}),
        "playlist" => json!({"id": "pl-1"}),
        "search" => json!({"term": "x"}),
        _ => json!({}),
    }
}

async fn calls(world: &World, name: &str, document: &str) -> [usize; 4] {
    world.clear();
    let answer = world.mobile.query(document).variables(variables(name)).bearer(&world.token).await;
    assert!(answer.ok().as_object().unwrap().values().all(|root| !root.is_null()), "{name}: {answer}");
    world.calls()
}

#[tokio::test]
async fn calls_do_not_grow_with_rows() {
    // Three rows are enough for one of every kind of search hit.
    let (small, large) = (world(3).await, world(30).await);
    for (name, document) in OPERATIONS {
        let (few, many) = (calls(&small, name, document).await, calls(&large, name, document).await);
        assert_eq!(few, many, "{name}: calls to catalog, identity, library, activity");
    }
}

#[tokio::test]
async fn each_operation_costs_what_it_is_known_to_cost() {
    let world = world(30).await;
    let mut costs = Vec::new();
    for (name, document) in OPERATIONS {
        costs.push((name, calls(&world, name, document).await));
    }
    assert_eq!(
        costs,
        [
            // Catalogue: charts, their places, albums of followed artists, and tracks.
            ("home", [4, 0, 3, 3]),
            ("artist", [4, 0, 4, 1]),
            ("album", [3, 0, 1, 1]),
            ("playlist", [1, 1, 3, 0]),
            ("search", [4, 0, 0, 0]),
            ("library", [2, 0, 3, 0]),
        ]
    );
}
