//! Search with total and facets: hits of all kinds in one order, each kind's rows in one call.

use crate::world::World;
use kit::{Call, Reply, Value, json};

fn found(call: &Call) -> Value {
    let hit =
        |kind: &str, id: &str| json!({"type": kind, "id": id, "match": "whole", "cursor": format!("c-{id}")});
    let limit: usize = call.param("limit").unwrap().parse().unwrap();
    let hits = [hit("track", "tr-1"), hit("artist", "ar-1"), hit("album", "al-2"), hit("artist", "ar-2")];
    let facets = (call.param("facets").as_deref() == Some("true")).then(|| {
        json!({
            "types": [{"value": "artist", "count": 2}, {"value": "track", "count": 1}],
            "genres": [{"value": "dream-pop", "count": 4}],
            "decades": [{"value": "1990", "count": 3}],
        })
    });
    json!({"items": &hits[..limit.min(hits.len())], "next": null, "total": 4, "facets": facets})
}

const SEARCH: &str = r#"query ($filter: SearchFilter) { search(query: "ágæ tis&", filter: $filter, first: 3) {
    query total
    hits { edges { cursor node { __typename ... on ArtistHit { artist { name } } ... on AlbumHit { album { title } }
        ... on TrackHit { track { title } } } } pageInfo { hasNextPage } }
    facets { types { type count } genres { genre { name } count } decades { decade count } }
} }"#;

#[tokio::test]
async fn hits_of_all_kinds_stand_in_one_order() {
    let world = World::start().await;
    world.catalog.get("/search", found);
    let answer = world.web.query(SEARCH).await;
    assert_eq!(
        answer.ok()["search"],
        json!({
            "query": "ágæ tis&",
            "total": 4,
            "hits": {
                "edges": [
                    {"cursor": "c-tr-1", "node": {"__typename": "TrackHit", "track": {"title": "Track 1"}}},
                    {"cursor": "c-ar-1", "node": {"__typename": "ArtistHit", "artist": {"name": "Artist 1"}}},
                    {"cursor": "c-al-2", "node": {"__typename": "AlbumHit", "album": {"title": "Ágætis 2"}}},
                ],
                "pageInfo": {"hasNextPage": true},
            },
            "facets": {
                "types": [{"type": "ARTIST", "count": 2}, {"type": "TRACK", "count": 1}],
                "genres": [{"genre": {"name": "Dream Pop"}, "count": 4}],
                "decades": [{"decade": 1990, "count": 3}],
            },
        })
    );
    // Total and hits are one call, facets another; then one a kind, and the facets' genres.
    assert_eq!(world.catalog.count("/search"), 2);
    assert_eq!(world.calls(), [6, 0, 0, 0]);
}

#[tokio::test]
async fn filters_are_passed_on_and_facets_cost_only_those_who_want_them() {
    let world = World::start().await;
    world.catalog.get("/search", found);
    let answer = world
        .web
        .query(r#"{ search(query: "x", filter: {types: [ARTIST, ALBUM], genre: "dream-pop", decade: 1990}, after: "c") { total } }"#)
        .await;
    assert_eq!(answer.ok()["search"]["total"], 4);
    assert_eq!(
        world.catalog.urls(),
        ["/search?q=x&types=artist,album&genre=dream-pop&decade=1990&limit=21&after=c"]
    );
}

#[tokio::test]
async fn an_endless_query_is_refused_with_the_way_out() {
    let world = World::start().await;
    let query = "x".repeat(201);
    let answer = world
        .web
        .query("query ($query: String!) { search(query: $query) { total } }")
        .variables(json!({"query": query}))
        .await;
    assert_eq!(answer.codes(), ["BAD_USER_INPUT"]);
    assert!(answer.messages()[0].contains("200"), "{answer}");
    assert_eq!(world.calls(), [0, 0, 0, 0]);
}

#[tokio::test]
async fn a_cursor_of_something_else_is_the_visitors_to_correct() {
    let world = World::start().await;
    world.catalog.get("/search", |_| {
        Reply::json(
            400,
            json!({"status": 400, "detail": "no", "errors": [{"field": "after", "detail": "no"}]}),
        )
    });
    let answer = world
        .web
        .query(r#"{ search(query: "x", after: "nonsense") { hits { nodes { __typename } } } }"#)
        .await;
    assert_eq!(answer.codes(), ["BAD_USER_INPUT"]);
    assert_eq!(answer.paths(), ["search.hits"]);
    assert!(answer.messages()[0].contains("\"after\""), "{answer}");
}
