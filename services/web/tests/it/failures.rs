//! A service that is away takes its own fields with it, and nothing else.

use crate::world::World;
use kit::{Fake, Reply, json};

const PAGE: &str = r#"{ track(id: "tr-1") {
    title playCount likeCount artist { name followerCount }
    comments(first: 1) { nodes { body author { displayName } } } }
  playlist(id: "pl-1") { title owner { displayName } entries { nodes { position track { title } } } } }"#;

fn dead(fake: &Fake, paths: &[&str]) {
    for path in paths {
        fake.get(path, |_| Reply::problem(503, "the database is at 10.0.0.7"));
    }
}

#[tokio::test]
async fn identity_takes_only_names() {
    let world = World::start().await;
    dead(&world.identity, &["/users"]);
    let answer = world.web.query(PAGE).await;
    assert_eq!(answer.paths(), ["track.comments.nodes.0.author", "playlist.owner"]);
    assert_eq!(answer.codes(), ["UPSTREAM_UNAVAILABLE"; 2]);
    assert!(!answer.text.contains("10.0.0.7"), "{answer}");
    assert_eq!(answer.data("track.comments.nodes.0"), &json!({"body": "I love co-1", "author": null}));
    assert_eq!(answer.data("playlist.entries.nodes.0.track.title"), "Track 1");
}

#[tokio::test]
async fn activity_takes_only_plays_and_comments() {
    let world = World::start().await;
    dead(&world.activity, &["/play-counts", "/comments"]);
    let answer = world.web.query(PAGE).await;
    assert_eq!(answer.paths(), ["track.playCount", "track.comments"]);
    assert_eq!(answer.codes(), ["UPSTREAM_UNAVAILABLE"; 2]);
    assert_eq!(
        answer.data("track"),
        &json!({
            "title": "Track 1", "playCount": null, "likeCount": 3_000_000_000_u64,
            "artist": {"name": "Artist 1", "followerCount": 3_000_000_000_u64}, "comments": null,
        })
    );
}

#[tokio::test]
async fn library_takes_only_likes_followers_and_playlists() {
    let world = World::start().await;
    dead(&world.library, &["/like-counts", "/follower-counts", "/playlists", "/likes"]);
    let signed_in =
        world.web.query(r#"{ track(id: "tr-1") { title viewerLikes } }"#).bearer(&world.token("us-1")).await;
    assert_eq!(signed_in.data("track"), &json!({"title": "Track 1", "viewerLikes": null}));
    assert_eq!(signed_in.paths(), ["track.viewerLikes"]);
    let answer = world.web.query(PAGE).await;
    assert_eq!(answer.paths(), ["track.likeCount", "track.artist.followerCount", "playlist"]);
    assert_eq!(answer.data("track.artist"), &json!({"name": "Artist 1", "followerCount": null}));
    assert_eq!(answer.data("track.playCount"), 3_000_000_000_u64);
}

#[tokio::test]
async fn the_catalogue_takes_what_it_alone_knows() {
    let world = World::start().await;
    dead(&world.catalog, &["/tracks", "/genres"]);
    let answer = world.web.query(PAGE).await;
    assert_eq!(answer.paths(), ["track", "playlist.entries.nodes.0.track", "playlist.entries.nodes.1.track"]);
    assert_eq!(answer.data("playlist.title"), "Rainy days");
    // A list of ids whose rows cannot be had is null, not an empty list.
    let genres = world.web.query(r#"{ artist(id: "ar-1") { name genres { name } } }"#).await;
    assert_eq!(genres.data("artist"), &json!({"name": "Artist 1", "genres": null}));
    assert_eq!(genres.paths(), ["artist.genres"]);
}

#[tokio::test]
async fn a_search_without_facets_is_a_search() {
    let world = World::start().await;
    world.catalog.get("/search", |call| match call.param("facets") {
        Some(_) => Reply::problem(503, "down"),
        None => json!({"items": [], "next": null, "total": 0}).into(),
    });
    let answer = world
        .web
        .query(r#"{ search(query: "x") { total hits { nodes { __typename } } facets { types { count } } } }"#)
        .await;
    assert_eq!(answer.data("search"), &json!({"total": 0, "hits": {"nodes": []}, "facets": null}));
    assert_eq!(answer.paths(), ["search.facets"]);
}
