//! The search screen: hits of three kinds, each kind asked for at once.

use crate::world::world;
use kit::json;

const SCREEN: &str = r#"query($term: String!, $kinds: [SearchKind!], $after: String) {
    searchScreen(term: $term) {
        hits(kinds: $kinds, first: 3, after: $after) {
            nodes { ... on ArtistHit { artist { name } } ... on AlbumHit { album { title } } ... on TrackHit { track { title } } }
            pageInfo { hasNextPage endCursor }
        }
    }
}"#;

#[tokio::test]
async fn hits_stay_in_their_order_whatever_they_are() {
    let world = world(4).await;
    let answer = world.mobile.query(SCREEN).variables(json!({"term": " blå & grøn "})).await;
    assert_eq!(
        answer.ok()["searchScreen"]["hits"],
        json!({
            "nodes": [{"album": {"title": "Album 1"}}, {"track": {"title": "Track 2"}}, {"artist": {"name": "Artist 3"}}],
            "pageInfo": {"hasNextPage": true, "endCursor": "s3"},
        })
    );
    let search = &world.catalog.calls()[0];
    assert_eq!(search.param("q").unwrap(), "blå & grøn");
    assert_eq!(search.list("types"), ["artist", "album", "track"]);
    assert_eq!(world.catalog.total(), 4, "the search, and one batch of each kind");
}

#[tokio::test]
async fn tabs_narrow_the_search_and_scrolling_goes_on() {
    let world = world(4).await;
    let variables = json!({"term": "x", "kinds": ["TRACK"], "after": "s3"});
    world.mobile.query(SCREEN).variables(variables).await;
    let search = &world.catalog.calls()[0];
    assert_eq!(search.param("types").unwrap(), "track");
    assert_eq!(search.param("after").unwrap(), "s3");
}

#[tokio::test]
async fn a_term_that_nothing_can_match_is_refused_in_words() {
    let world = world(1).await;
    let answer = world.mobile.query(SCREEN).variables(json!({"term": "x".repeat(201)})).await;
    assert_eq!(answer.codes(), ["BAD_USER_INPUT"]);
    assert_eq!(answer.messages(), ["`term` is 201 characters long; the search takes at most 200."]);
    assert_eq!(world.calls(), [0; 4]);
}
