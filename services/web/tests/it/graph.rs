//! Everything links to what it belongs to and to what belongs to it, and a level of links is one call an upstream.

use crate::world::{World, artists};
use kit::json;

#[tokio::test]
async fn links_lead_there_and_back() {
    let world = World::start().await;
    let answer = world
        .web
        .query(
            r#"{ artist(id: "ar-1") {
                name path monthlyListeners
                genres { name parent { name subgenres { id } } artists(first: 2) { nodes { id } pageInfo { hasNextPage endCursor } } }
                albums { nodes { title kind artist { id } genres { id }
                    tracks { edges { cursor node { title album { id } artist { id } genres { name } } } } } }
                topTracks(first: 1) { nodes { id } }
                related(first: 2) { id }
            } }"#,
        )
        .await;
    let artist = &answer.ok()["artist"];
    assert_eq!(artist["path"], "/artists/ar-1/artist-1");
    assert_eq!(artist["monthlyListeners"], 5_000_000_000_u64);
    assert_eq!(
        artist["genres"],
        json!([
            {
                "name": "Dream Pop",
                "parent": {"name": "Pop", "subgenres": [{"id": "dream-pop"}]},
                "artists": {
                    "nodes": [{"id": "ar-1"}, {"id": "ar-2"}],
                    "pageInfo": {"hasNextPage": true, "endCursor": "c-ar-2"},
                },
            },
            {
                "name": "Pop",
                "parent": null,
                "artists": {"nodes": [], "pageInfo": {"hasNextPage": false, "endCursor": null}},
            },
        ])
    );
    assert_eq!(
        artist["albums"]["nodes"],
        json!([{
            "title": "Ágætis 1", "kind": "ALBUM", "artist": {"id": "ar-1"}, "genres": [{"id": "dream-pop"}],
            "tracks": {"edges": [
                {"cursor": "c-tr-1", "node": {"title": "Track 1", "album": {"id": "al-1"}, "artist": {"id": "ar-1"},
                    "genres": [{"name": "Dream Pop"}]}},
                {"cursor": "c-tr-2", "node": {"title": "Track 2", "album": {"id": "al-1"}, "artist": {"id": "ar-1"},
                    "genres": [{"name": "Dream Pop"}]}},
            ]},
        }])
    );
    assert_eq!(artist["topTracks"]["nodes"], json!([{"id": "tr-1"}]));
    assert_eq!(artist["related"], json!([{"id": "ar-1"}, {"id": "ar-2"}]));
}

const SHELF: &str = r#"query ($id: ID!) { genre(id: $id) { artists(first: 50) { nodes {
    name genres { name } followerCount
    albums(first: 2) { nodes { title tracks(first: 2) { nodes { title playCount likeCount commentCount
        comments(first: 2) { nodes { body author { displayName } } } } } } }
} } } }"#;

#[tokio::test]
async fn more_rows_are_not_more_calls() {
    let mut calls = Vec::new();
    for n in [2, 40] {
        let world = World::with(artists(n)).await;
        let answer = world.web.query(SHELF).variables(json!({"id": "dream-pop"})).await;
        let found = answer.ok()["genre"]["artists"]["nodes"].as_array().unwrap().len();
        assert_eq!(found, n);
        calls.push(world.calls());
    }
    // Catalog: the genre, its artists, their genres, their albums, the albums' tracks. Identity: the authors. Library:
    // followers, likes. Activity: plays, counts of comments, comments.
    assert_eq!(calls[0], [5, 1, 2, 3]);
    assert_eq!(calls[1], calls[0]);
}

#[tokio::test]
async fn lists_of_ids_are_asked_in_one_batch_each_id_once() {
    let world = World::start().await;
    let answer = world
        .web
        .query("{ newReleases(first: 3) { nodes { id genres { id } artist { genres { id } } } } }")
        .await;
    answer.ok();
    let genres = world.catalog.calls_of("/genres");
    // The albums' genres first; of the artists' genres, only the one that is not known yet.
    assert_eq!(
        genres.iter().map(|call| call.list("ids")).collect::<Vec<_>>(),
        [vec!["dream-pop"], vec!["pop"]]
    );
}

#[tokio::test]
async fn a_connection_asks_one_row_more_and_goes_on_behind_a_cursor() {
    let world = World::start().await;
    let page = |after: Option<&str>| {
        world
            .web
            .query("query ($after: String) { newReleases(first: 2, after: $after, kind: ALBUM) { nodes { id } pageInfo { hasNextPage endCursor } } }")
            .variables(json!({"after": after}))
    };
    let first = page(None).await;
    assert_eq!(first.ok()["newReleases"]["nodes"], json!([{"id": "al-1"}, {"id": "al-2"}]));
    let end = first.data("newReleases.pageInfo.endCursor").as_str();
    let second = page(end).await;
    assert_eq!(second.ok()["newReleases"]["nodes"], json!([{"id": "al-3"}]));
    assert_eq!(second.data("newReleases.pageInfo.hasNextPage"), false);
    let asked = world.catalog.calls_of("/albums");
    assert_eq!(asked[0].param("limit").as_deref(), Some("3"));
    assert_eq!(asked[0].param("kind").as_deref(), Some("album"));
    assert_eq!(asked[1].param("after").as_deref(), Some("c-al-2"));
}

#[tokio::test]
async fn what_is_not_there_is_null_and_no_failure() {
    let world = World::start().await;
    let answer = world
        .web
        .query(r#"{ artist(id: "ar-9") { name } album(id: "") { title } track(id: "a b&c") { title }
            user(id: "us-9") { displayName } playlist(id: "pl-9") { title } comment(id: "co-9") { body } genre(id: "x") { name } }"#)
        .await;
    let nobody = json!({"artist": null, "album": null, "track": null, "user": null, "playlist": null, "comment": null, "genre": null});
    assert_eq!(*answer.ok(), nobody);
}

#[tokio::test]
async fn a_picture_comes_in_the_sizes_a_browser_chooses_from() {
    let world = World::start().await;
    let answer = world
        .web
        .query(
            r#"{ album(id: "al-1") { image { alt src(width: 99999) srcSet(widths: [640, 320, 320, 7]) } }
            track(id: "tr-1") { image { src srcSet } } }"#,
        )
        .await;
    assert_eq!(
        answer.ok()["album"]["image"],
        json!({
            "alt": "Cover of Ágætis 1 by Artist 1",
            "src": "https://img.example/al-1?w=2048",
            "srcSet": "https://img.example/al-1?w=320 320w, https://img.example/al-1?w=640 640w",
        })
    );
    assert_eq!(answer.data("track.image.src"), "https://img.example/al-1?w=320");
    let set = answer.data("track.image.srcSet").as_str().unwrap().split(", ").count();
    assert_eq!(set, 5);
}

#[tokio::test]
async fn an_argument_out_of_bounds_is_refused_before_anything_is_asked() {
    let world = World::start().await;
    let answer = world.web.query(r#"{ artist(id: "ar-1") { albums(first: 0) { nodes { id } } } }"#).await;
    assert_eq!(answer.codes(), ["BAD_USER_INPUT"], "{answer}");
    assert!(answer.messages()[0].contains("from 1 to 100"), "{answer}");
}
